"""Looking for something among what staff released: words of a title, of the text, of a place, or a number.

First the LATEST are read as they are: what is said often fills the page from there. What is rarer is found through an index of all pieces of
two characters (models/release.py: PIECES). Each text is read before it is shown, so that the index decides only how fast it is found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, cast, func, intersect, literal_column, or_, select, true, union
from sqlalchemy.orm import Session, aliased

from intake.domain.release import ReleaseKind, ReleaseState
from intake.models import Area, Release, Topic
from intake.models.release import PIECES
from intake.queries.public_page import PAGE, RELEASED, Entry, EntryPage, PublicArea, after_key, entries_query, entry_page

MOST_WORDS = 5
LATEST = 500
"""So many are read without an index: some milliseconds."""
BEFORE, AROUND = 16, 70
"""Characters of a text that are shown before the first word found, and in all."""

_PIECES = literal_column(PIECES, ARRAY(Text))
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
    """A page of matters of which a released text holds each of the first five of `words`, the latest first; at most two statements.

    `area` narrows to what its page shows. A word is found wherever it stands, so that two characters are enough.
    """
    asked = words.split()[:MOST_WORDS]
    if not asked:
        return HitPage((), "")
    narrowed = (RELEASED, *_narrowed(Release, area, kind))
    latest = after_key(select(Release.id).where(*narrowed), after).order_by(Release.released_at.desc(), Release.id.desc()).limit(LATEST)
    page = entry_page(session, _matters_among(latest, asked, area, kind), limit=limit)
    if not page.next_key:  # the rest is further back
        page = entry_page(session, _matters_among(_indexed(asked, narrowed, after), asked, area, kind), limit=limit)
    return _hits(page, asked)


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


_ONE = aliased(Release)


def _matters_among(ids: Select[int], asked: Sequence[str], area: PublicArea | None, kind: ReleaseKind | None) -> Any:
    """Entries of those that hold every word and are the newest such text of their matter. Each step is done before the next begins: the planner
    would rather read every matter there is."""
    given = ids.cte("given").prefix_with("MATERIALIZED")
    said = select(Release.topic_id).where(Release.id == given.c.id, *(_stands(Release, word) for word in asked)).limit(1).lateral("said")
    matched = select(given.c.id, said.c.topic_id).select_from(given.join(said, true())).cte("matched").prefix_with("MATERIALIZED")
    newest = (
        select(_ONE.id)
        .where(_ONE.topic_id == matched.c.topic_id, _ONE.state == ReleaseState.RELEASED, *_narrowed(_ONE, area, kind))
        .where(*(_stands(_ONE, word) for word in asked))
        .order_by(_ONE.released_at.desc(), _ONE.id.desc())
        .limit(1)
        .correlate(matched)
        .scalar_subquery()
    )
    shown = select(matched.c.id).where(matched.c.id == newest).cte("shown").prefix_with("MATERIALIZED")
    return entries_query().join(shown, shown.c.id == Release.id)


def _indexed(asked: Sequence[str], narrowed: Sequence[ColumnElement[bool]], after: str) -> Any:
    """Ids of all that may hold every word: what the indexes know of each, together; nothing that holds it is missing."""
    each = []
    for word in asked:
        pieces = _pieces(word)
        ways = [_PIECES.op("@>")(cast(pieces, ARRAY(Text))), *_named(Release, word)] if pieces else [true()]
        each.append(union(*(after_key(select(Release.id).where(*narrowed, way), after) for way in ways)))
    return intersect(*(select(one.subquery().c.id) for one in each)) if len(each) > 1 else each[0]


def _stands(one: Any, word: str) -> ColumnElement[bool]:
    """Somewhere in it."""
    return or_(_contains(one.title, word), _contains(one.words, word), *_named(one, word))


def _named(one: Any, word: str) -> list[ColumnElement[bool]]:
    """Whether the name of its area or the number of its matter holds it; numbers are of capitals and digits."""
    areas = select(Area.id).where(_contains(Area.name, word)).scalar_subquery()
    topics = select(Topic.id).where(Topic.number.contains(word.upper(), autoescape=True)).scalar_subquery()
    named = [one.area_id == func.any(func.array(areas))]
    return [*named, one.topic_id == func.any(func.array(topics))] if word.isascii() else named


def _pieces(word: str) -> list[str]:
    """Each two characters of it. Those with letters that the database might fold in another way than we are left out."""
    pairs = {pair for pair in map("".join, pairwise(word)) if all(one.isascii() or not _is_cased(one) for one in pair)}
    return sorted({pair.lower() for pair in pairs})


def _contains(column: Any, word: str) -> ColumnElement[bool]:
    """Somewhere. Folding case takes as long as all the rest together, so a word that has none, as Chinese has none, is looked for as it is."""
    found: ColumnElement[bool] = (column.icontains if _is_cased(word) else column.contains)(word, autoescape=True)
    return found


def _is_cased(word: str) -> bool:
    return word.lower() != word.upper()


def _narrowed(one: Any, area: PublicArea | None, kind: ReleaseKind | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if area is not None:
        where += [one.district_id == area.district_id, one.area_id.in_(area.about)]
    if kind is not None:
        where.append(one.kind == kind)
    return where


def _hits(page: EntryPage, asked: Sequence[str]) -> HitPage:
    hits = tuple(Hit(one, marked(one.title, asked), marked(excerpt(one.words, asked), asked)) for one in page.entries)
    return HitPage(hits, page.next_key)
