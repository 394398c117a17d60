"""Looking for something among what staff released: words of a title, of the text, of a place, or a number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from intake.domain.release import ReleaseKind
from intake.models import Area, Release, Topic
from intake.queries.public_page import PAGE, RELEASED, Entry, EntryPage, PublicArea, after_key, entries_query, entry_page

MOST_WORDS = 5
BEFORE, AROUND = 16, 70
"""Characters of a text that are shown before the first word found, and in all."""

Piece = tuple[str, bool]
"""A piece of a text, and whether it is what was looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One matter: its newest text that holds the words, with what was looked for marked."""

    entry: Entry
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class HitPage:
    """One page of hits and the key of the next."""

    hits: tuple[Hit, ...]
    next_key: str
    """Empty on the last page."""


def search(session: Session, words: str, *, area: PublicArea | None, kind: ReleaseKind | None, after: str, limit: int = PAGE) -> HitPage:
    """A page of matters of which a released text holds each of the first five of `words`, the latest first; one query.

    `area` narrows to what its page shows. A word is found wherever it stands, so that two characters are enough.
    """
    asked = words.split()[:MOST_WORDS]
    if not asked:
        return HitPage((), "")
    newest = (
        select(Release.id)
        .join(Topic, Topic.id == Release.topic_id)
        .join(Area, Area.id == Release.area_id)
        .where(RELEASED, *(_stands(word) for word in asked), *_narrowed(area, kind))
        .ext(distinct_on(Release.topic_id))
        .order_by(Release.topic_id, Release.released_at.desc(), Release.id.desc())
        .subquery()
    )
    query = after_key(entries_query().join(newest, newest.c.id == Release.id), after)
    return _hits(entry_page(session, query, limit=limit), asked)


def marked(text: str, words: Sequence[str]) -> tuple[Piece, ...]:
    """`text` in pieces, those that are one of `words` (upper or lower case) told apart."""
    wanted = "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True))
    parts = re.split(f"({wanted})", text, flags=re.IGNORECASE)
    return tuple((part, place % 2 == 1) for place, part in enumerate(parts) if part)


def excerpt(text: str, words: Sequence[str]) -> str:
    """Some of `text` around the first of `words` that stands in it, its beginning where none does."""
    flat = " ".join(text.split())
    places = [place for place in (flat.lower().find(one.lower()) for one in words) if place >= 0]
    start = max(0, min(places, default=0) - BEFORE)
    cut = flat[start : start + AROUND]
    return ("…" if start else "") + cut + ("…" if start + AROUND < len(flat) else "")


def _stands(word: str) -> ColumnElement[bool]:
    """Somewhere. Folding case takes as long as all the rest together, so a word that has none, as Chinese has none, is looked for as it is."""
    cased = word.lower() != word.upper()
    columns = (Release.title, Release.words, Area.name, Topic.number)
    return or_(*((one.icontains if cased else one.contains)(word, autoescape=True) for one in columns))


def _narrowed(area: PublicArea | None, kind: ReleaseKind | None) -> list[Any]:
    where: list[Any] = []
    if area is not None:
        where += [Release.district_id == area.district_id, Release.area_id.in_(area.about)]
    if kind is not None:
        where.append(Release.kind == kind)
    return where


def _hits(page: EntryPage, asked: Sequence[str]) -> HitPage:
    hits = tuple(Hit(one, marked(one.title, asked), marked(excerpt(one.words, asked), asked)) for one in page.entries)
    return HitPage(hits, page.next_key)
