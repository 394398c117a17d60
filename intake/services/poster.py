"""From rows to a poster: the one place that knows how a point's facts become what is drawn, for pages, batches and the command line."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from config.settings import Settings
from intake.domain.poster_batch import PosterFormat
from intake.domain.working_days import SHANGHAI
from intake.queries.point import PointView
from intake.queries.poster import DistrictLook, PosterPoint
from qr_assets.poster import Paper, PosterSpec, PosterTemplate, poster_pdf, poster_png, write_posters


@dataclass(frozen=True, slots=True)
class PosterDesk:
    """Makes the specs of one district; see `poster_desk`."""

    template: PosterTemplate
    base_url: str
    phone: str
    phone_hours: str
    on: dt.date

    def spec(self, point: PosterPoint | PointView) -> PosterSpec:
        """What the poster of `point` says; ValueError names the field that can't be printed and the cure."""
        own = bool(point.helper_phone)
        return PosterSpec(
            template=self.template,
            street=point.parent_name,
            place=point.name,
            url=form_url(self.base_url, point.code),
            short_code=point.code,
            host_for_typing=urlsplit(self.base_url).netloc,
            version=point.poster_version,
            date=self.on,
            phone=point.helper_phone or self.phone,
            phone_hours=point.helper_hours if own else self.phone_hours,
            phone_name=point.helper_name if own else "",
        )


def poster_desk(look: DistrictLook, settings: Settings, *, at: dt.datetime) -> PosterDesk:
    """The desk of a district; ValueError names what of the district's own settings can't be printed.

    What the district hasn't said is taken from the installation; its telephone stands where a point has none.
    """
    said = {name: value for name, value in (("title", look.title), ("colour", look.colour)) if value.strip()}
    controller = look.operator.strip() or settings.controller_name
    return PosterDesk(
        template=PosterTemplate(district=look.name, controller=controller, emblem=look.emblem, **said),
        base_url=settings.base_url,
        phone=look.phone,
        phone_hours=look.phone_hours,
        on=at.astimezone(SHANGHAI).date(),
    )


def form_url(base_url: str, code: str) -> str:
    """The address behind a point's code."""
    return f"{base_url}/p/{code}"


def single_poster(spec: PosterSpec, format: PosterFormat, *, kind: str) -> bytes:  # noqa: A002 -- the word of the page and the table
    """One poster as `pdf` or `png`."""
    draw = poster_png if kind == "png" else poster_pdf
    return draw(spec, paper=Paper(format.value))


def write_document(specs: Iterable[PosterSpec], out: BinaryIO, format: PosterFormat) -> int:  # noqa: A002 -- as above
    """One PDF with a poster a page; the pages. ValueError, with nothing written, if there are none."""
    return write_posters(specs, out, paper=Paper(format.value))
