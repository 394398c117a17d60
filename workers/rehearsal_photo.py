"""Photos of the demo's life: drawn by these lines, so that no picture of a real place or person is in the project."""

import io
import random
from collections.abc import Callable, Mapping
from datetime import datetime

from PIL import Image, ImageChops, ImageDraw, ImageFilter
from sqlalchemy.orm import Session

from intake.adapters.pictures import SMALL_SIDE
from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.submission_file import FileAction, FileKind
from intake.models import Submission, SubmissionFile
from intake.ports import ObjectStore
from intake.services.attachment import small_key
from intake.services.submission_file import quarantine_key, result_key
from intake.services.transition import begin, move

SIZE = (960, 720)
HORIZON = 430
Pen = ImageDraw.ImageDraw
Colour = tuple[int, int, int]


def keep_photo(session: Session, store: ObjectStore, submission: Submission, *, scene: str, at: datetime) -> SubmissionFile:
    """A ready photo beside the words of `submission`, as if a resident had sent it and a worker had made it anew; KeyError for an unknown
    scene.
    """
    picture = SCENES[scene]()
    file = SubmissionFile(
        district_id=submission.district_id, submission_id=submission.id, kind=FileKind.PHOTO, name=f"{scene}.jpg", created_at=at
    )
    begin(session, file, actor=RESIDENT, at=at)
    session.flush()
    file.file_key = quarantine_key(file.id)
    move(session, file, FileAction.TAKE, actor=MACHINE, at=at)
    move(session, file, FileAction.CLEAN, actor=MACHINE, at=at)
    file.file_key, file.media_type = result_key(file.id, FileKind.PHOTO), "image/jpeg"
    file.size = store.put(file.file_key, _jpeg(picture))
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    store.put(small_key(file.file_key), _jpeg(picture))
    return file


def _jpeg(picture: Image.Image) -> io.BytesIO:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    out.seek(0)
    return out


def _street(sky: Colour, low: Colour, ground: Colour, walls: Colour) -> tuple[Image.Image, Pen]:
    """A road between two rows of houses."""
    page = Image.new("RGB", SIZE, sky)
    pen = ImageDraw.Draw(page)
    for y in range(HORIZON):
        share = y / HORIZON
        pen.line((0, y, SIZE[0], y), fill=tuple(round(a + (b - a) * share) for a, b in zip(sky, low, strict=True)))
    pen.rectangle((0, HORIZON, *SIZE), fill=ground)
    for left, top, right in ((0, 120, 190), (190, 210, 330), (640, 200, 770), (770, 100, 960)):
        pen.rectangle((left, top, right, HORIZON + 60), fill=walls)
        for x in range(left + 24, right - 30, 52):
            for y in range(top + 30, HORIZON - 20, 64):
                pen.rectangle((x, y, x + 26, y + 34), fill=tuple(min(255, one + 18) for one in walls))
    pen.polygon([(400, HORIZON), (560, HORIZON), (900, SIZE[1]), (60, SIZE[1])], fill=tuple(max(0, one - 22) for one in ground))
    return page, pen


def _lamps(*, lit: bool) -> Image.Image:
    page, pen = _street((10, 16, 34), (28, 38, 66), (30, 33, 44), (24, 28, 44))
    glow = Image.new("RGB", SIZE, (0, 0, 0))
    light = ImageDraw.Draw(glow)
    for x, top, scale in ((150, 110, 1.0), (330, 230, 0.6), (650, 230, 0.6), (820, 110, 1.0)):
        foot = round(HORIZON + 40 + 180 * scale)
        pen.line((x, top, x, foot), fill=(70, 74, 86), width=max(3, round(9 * scale)))
        arm = 46 * scale * (1 if x < 480 else -1)
        pen.line((x, top, x + arm, top - 12 * scale), fill=(70, 74, 86), width=max(3, round(7 * scale)))
        if lit:
            reach, lamp = 150 * scale, x + arm
            light.polygon([(lamp, top), (lamp - reach, foot), (lamp + reach, foot)], fill=(52, 42, 20))
            light.ellipse((lamp - reach * 1.3, foot - 34 * scale, lamp + reach * 1.3, foot + 44 * scale), fill=(128, 102, 50))
            light.ellipse((lamp - 24 * scale, top - 30 * scale, lamp + 24 * scale, top + 18 * scale), fill=(255, 240, 196))
    if lit:
        page = _added(page, glow.filter(ImageFilter.GaussianBlur(18)))
    return _grained(page, strength=7)


def _crossing(*, painted: bool) -> Image.Image:
    page, pen = _street((150, 186, 214), (214, 226, 230), (112, 114, 116), (176, 164, 148))
    rng = random.Random(7)  # noqa: S311 -- a repeatable picture, no secret
    for number in range(8):
        left, right = 150 + number * 88, 150 + number * 88 + 46
        colour = (242, 242, 238) if painted else (104, 105, 106)
        pen.polygon([(left + 30, 548), (right + 22, 548), (right, 660), (left, 660)], fill=colour)
        if not painted:
            for _ in range(26):
                x, y = rng.uniform(left, right), rng.uniform(552, 656)
                pen.ellipse((x, y, x + rng.uniform(4, 13), y + rng.uniform(3, 8)), fill=(150, 151, 150))
    if painted:
        pen.line((842, 300, 842, 600), fill=(90, 92, 96), width=8)
        pen.regular_polygon((842, 300, 52), 4, rotation=0, fill=(34, 92, 178), outline=(245, 245, 245), width=5)
        pen.polygon([(842, 272), (866, 322), (818, 322)], fill=(245, 245, 245))
    return _grained(page, strength=9)


def _added(page: Image.Image, light: Image.Image) -> Image.Image:
    return ImageChops.add(page, light)


def _grained(page: Image.Image, *, strength: int) -> Image.Image:
    """As a cheap phone takes it."""
    noise = Image.effect_noise(SIZE, strength * 4).convert("RGB")
    return Image.blend(page, noise, 0.06).filter(ImageFilter.GaussianBlur(0.8))


SCENES: Mapping[str, Callable[[], Image.Image]] = {
    "lamps-dark": lambda: _lamps(lit=False),
    "lamps-lit": lambda: _lamps(lit=True),
    "crossing-worn": lambda: _crossing(painted=False),
    "crossing-new": lambda: _crossing(painted=True),
}
"""Name in `life_topics.toml` → how it is drawn."""
