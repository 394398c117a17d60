"""What a poster says: the district's template, the facts of one point, the papers it can be printed on. A spec that exists can be printed."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from qr_assets.code import ACTION, check_colour, check_url
from qr_assets.emblem import emblem_picture
from qr_assets.fonts import poster_fonts

TITLE = "身边的事，扫码说"

LIMITS = {
    "district": 30, "street": 30, "place": 60, "title": 24, "short_code": 16, "host_for_typing": 40,
    "phone": 24, "phone_hours": 30, "phone_name": 12, "controller": 40,
}  # fmt: skip
"""Longest text of each field in characters: the worst poster still keeps the least code and readable type on every paper."""

NAMES = {
    "district": "区县名称", "street": "街道名称", "place": "直报点名称", "title": "标题", "short_code": "短码",
    "host_for_typing": "手输网址", "phone": "电话", "phone_hours": "接听时间", "phone_name": "接听人", "controller": "主办单位",
}  # fmt: skip
OPTIONAL = {"street", "phone", "phone_hours", "phone_name"}


class Paper(StrEnum):
    """What a poster is printed on."""

    A4 = "a4"
    """海报: 210 × 297 mm, for the notice board."""
    A3 = "a3"
    """大海报: 297 × 420 mm, the same composition √2 times as large, for a gate or a lobby."""
    STICKER = "sticker"
    """不干胶: A6, 105 × 148 mm, for a lift, a door or a counter."""
    CARD = "card"
    """桌牌: A4 landscape folded along its middle into a tent, so that 297 × 105 mm can be read from both sides of a table."""


@dataclass(frozen=True, kw_only=True)
class PosterTemplate:
    """What all posters of a district share; ValueError names what can't be printed and the cure.

    `emblem` is a PNG or JPEG file; it stands in the header and in the middle of the code instead of the product's own marks.
    `title` is coloured after its last comma; `colour` is #RRGGBB, dark enough to be read on white.
    """

    district: str
    controller: str
    title: str = TITLE
    colour: str = ACTION
    emblem: bytes | None = None

    def __post_init__(self) -> None:
        check_colour(self.colour)
        _check_texts(self, ("district", "controller", "title"))
        if self.emblem is not None:
            emblem_picture(self.emblem)

    @property
    def picture(self) -> Image.Image | None:
        """The emblem decoded, on white; not to be changed."""
        return None if self.emblem is None else emblem_picture(self.emblem)

    @property
    def picture_key(self) -> str:
        """Names the picture inside a document, the same for the same picture."""
        return "" if self.emblem is None else hashlib.sha256(self.emblem).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class PosterSpec:
    """What one poster says; ValueError names the field that can't be printed and the cure.

    Without `phone`, `phone_hours` and `phone_name` are left out too.
    """

    template: PosterTemplate
    street: str
    place: str
    url: str
    short_code: str
    host_for_typing: str
    version: int
    date: dt.date
    phone: str = ""
    phone_hours: str = ""
    phone_name: str = ""

    def __post_init__(self) -> None:
        check_url(self.url)
        if self.version < 1:
            raise ValueError("海报版次从 1 开始。")
        _check_texts(self, ("street", "place", "short_code", "host_for_typing", "phone", "phone_hours", "phone_name"))


def _check_texts(holder: PosterTemplate | PosterSpec, fields: Iterable[str]) -> None:
    fonts = poster_fonts()
    for field in fields:
        text, longest = str(getattr(holder, field)), LIMITS[field]
        if not text.strip() and field not in OPTIONAL:
            raise ValueError(f"{NAMES[field]}是空的，请填写。")
        if len(text) > longest:
            raise ValueError(f"{NAMES[field]}有 {len(text)} 个字，海报上最多放 {longest} 个，请用简称。")
        if not text.isprintable():
            raise ValueError(f"{NAMES[field]}里有换行或不可见字符，请删去。")
        if missing := fonts.missing(text):
            raise ValueError(f"{NAMES[field]}里的“{missing}”字体里没有，印出来是空框，请换一个写法。")
