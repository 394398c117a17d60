"""Voices as WeChat, browsers and telephones send them, made on the spot."""

import math
from array import array
from io import BytesIO

import av

RATE = 8_000
TYPES = {
    "audio/amr": ("amr", "libopencore_amrnb"), "audio/mpeg": ("mp3", "libmp3lame"), "audio/webm": ("webm", "libopus"),
    "audio/mp4": ("mp4", "aac"), "audio/aac": ("adts", "aac"), "audio/wav": ("wav", "pcm_s16le"),
}  # fmt: skip


def voice(seconds: float = 1.0, *, media_type: str = "audio/amr") -> bytes:
    """A tone of so many seconds, coded as telephones code speech."""
    container, codec = TYPES[media_type]
    rate = RATE if media_type == "audio/amr" else 2 * RATE
    out = BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        samples = array("h", (int(8_000 * math.sin(n / 3)) for n in range(int(seconds * rate))))
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.codec_context.frame_size)
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(one))
        file.mux(stream.encode(None))
    return out.getvalue()
