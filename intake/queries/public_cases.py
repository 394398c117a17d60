"""办成的事: released results with the photos from before and after."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from intake.domain.release import PhotoSide, ReleaseKind
from intake.models import Release
from intake.queries.public_page import RELEASED, Entry, PublicArea, after_key, entries_query, entry_page
from intake.queries.public_photo import PublicPhoto, photos_of

PAGE = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One result, and what the place looked like."""

    entry: Entry
    before: tuple[PublicPhoto, ...]
    after: tuple[PublicPhoto, ...]


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases and the key of the next."""

    cases: tuple[Case, ...]
    next_key: str
    """Empty on the last page."""


def cases(session: Session, *, area: PublicArea | None, after: str, limit: int = PAGE) -> CasePage:
    """A page of released results, the latest first, in two queries; `area` narrows to what its page shows."""
    where: list[ColumnElement[bool]] = [RELEASED, Release.kind == ReleaseKind.RESULT]
    if area is not None:
        where += [Release.district_id == area.district_id, Release.area_id.in_(area.about)]
    page = entry_page(session, after_key(entries_query().where(*where), after), limit=limit)
    photos = photos_of(session, [one.id for one in page.entries])
    return CasePage(tuple(_case(one, photos.get(one.id, ())) for one in page.entries), page.next_key)


def _case(entry: Entry, photos: tuple[PublicPhoto, ...]) -> Case:
    return Case(
        entry=entry,
        before=tuple(one for one in photos if one.side is PhotoSide.BEFORE),
        after=tuple(one for one in photos if one.side is PhotoSide.AFTER),
    )
