"""Voices spoken anew: whatever came in is decoded and written as an MP3 that every phone plays, and nothing else of the file goes along."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from intake.domain.attachment import Unusable
from intake.domain.submission_file import BROKEN, MOST_SECONDS, VOICE_TOO_LONG, FileKind

RATE = 16_000
"""Samples a second: speech needs no more, and recognisers want it."""
BITS = 32_000
"""A second."""
_GRACE_SECONDS = 2
"""Beyond the bound: recorders round up, and coders add silence."""
_DEMUXERS = {
    "audio/amr": "amr", "audio/amr-wb": "amr", "audio/mpeg": "mp3", "audio/ogg": "ogg",
    "audio/webm": "webm", "audio/mp4": "mp4", "audio/aac": "aac", "audio/wav": "wav",
}  # fmt: skip
"""The one reader that is let at the bytes, by what they begin with: ours to choose, not the file's."""


def speak_anew(source: BinaryIO, target: BinaryIO, *, media_type: str) -> float:
    """Write an MP3, mono, of what is spoken in `source`; how many seconds it lasts.

    Raises Unusable with a sentence when there is no voice in it, or more than a minute.
    """
    samples = 0
    try:
        with (
            av.open(source, mode="r", format=_DEMUXERS[media_type], options={"probesize": "65536"}) as heard,
            av.open(target, mode="w", format="mp3", options={"write_xing": "1", "id3v2_version": "0"}) as spoken,
        ):
            stream = spoken.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=BITS)
            for frame in _frames(heard):
                samples += frame.samples
                if samples > (MOST_SECONDS + _GRACE_SECONDS) * RATE:
                    raise Unusable(VOICE_TOO_LONG)
                spoken.mux(stream.encode(frame))
            if not samples:
                raise Unusable(BROKEN[FileKind.VOICE])
            spoken.mux(stream.encode(None))
    except (FFmpegError, ValueError, IndexError, KeyError, EOFError):
        raise Unusable(BROKEN[FileKind.VOICE]) from None
    return round(samples / RATE, 1)


def _frames(heard: Any) -> Iterator[Any]:
    """Decoded and resampled, frame by frame, so that no length of it lies in memory; damaged frames end it."""
    if len(heard.streams.audio) != 1 or len(heard.streams) != 1:
        raise Unusable(BROKEN[FileKind.VOICE])
    resampler = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
    for frame in heard.decode(heard.streams.audio[0]):
        yield from _numbered(resampler.resample(frame))
    yield from _numbered(resampler.resample(None))


def _numbered(frames: list[Any]) -> Iterator[Any]:
    """Without times of the file's own: they may run backwards."""
    for frame in frames:
        frame.pts = None
        yield frame
