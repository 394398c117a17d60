"""Looking for submissions by what residents said, in the areas of whoever asks.

A word of two characters is enough. First the latest LATEST of the district are read as they are: what is said often stands among them. What
is rarer is found through an index of two-character pieces and areas, which leads to few rows for just that reason (docs/adr/0033). Each row
is read before it is shown: its masked words must hold every word that was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, FromClause, Integer, Select, cast, literal_column, or_, select, true, type_coerce
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import InvalidInput
from intake.domain.language.grams import grams_of
from intake.domain.language.matching_form import matching_form
from intake.domain.permission import Permission
from intake.domain.receipt import parse_receipt_number
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionState, Urgency
from intake.models import Area, Decision, Submission, SubmissionGrams
from intake.models.gram import SAID_WHERE
from intake.queries.lease import recused
from intake.queries.member_queue import area_ids
from intake.queries.pages import covers_district, key_of
from intake.queries.public_search import Piece, excerpt, marked

PAGE = 20
LATEST = 4_000
"""So many of the district's latest are read without an index: some milliseconds."""
MOST_WORDS = 5
SHORTEST = 2
"""Characters of the word that is looked for; shorter ones beside it only narrow."""
NEVER_FOUND = (SubmissionState.RECEIVED, SubmissionState.QUARANTINED, SubmissionState.WITHDRAWN, SubmissionState.REJOINED)
"""Not read by the machine, perhaps abuse, taken back, or standing in another."""
_LARGEST = 2**31 - 1
_COLUMNS: tuple[Any, ...] = (
    Submission.id,
    Submission.text_masked,
    Submission.state,
    Submission.urgency,
    Submission.category,
    Submission.area_id,
    Submission.received_at,
)
_SAID = literal_column(SAID_WHERE, ARRAY(Integer))


class Part(StrEnum):
    """Which of them."""

    WAITING = "waiting"
    """待研判."""
    DONE = "done"
    """处理过的."""
    MINE = "mine"
    """我处理的."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A submission that says it."""

    id: int
    excerpt: tuple[Piece, ...]
    """Some of the masked words, what was asked for told apart."""
    state: SubmissionState
    urgency: Urgency
    category: str | None
    area_name: str
    received_at: datetime


Rows = tuple[FoundRow, ...]
"""The newest first, one more than a page holds where there are more."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One page, the newest first, and the key of the next."""

    rows: tuple[FoundRow, ...]
    next_key: str = ""
    """Empty on the last page."""
    is_latest_only: bool = False
    """Whether only the latest were looked through: no word had a piece that the index knows."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question in all its parts."""

    actor: Actor
    areas: list[int]
    words: tuple[tuple[str, ...], ...]
    """Each word as it was typed and in simplified characters."""
    part: Part | None
    before: int | None

    @property
    def marks(self) -> list[str]:
        """What is told apart in the text."""
        return [one for ways in self.words for one in ways]


def search(session: Session, actor: Actor, words: str, *, part: Part | None, after: str = "") -> FoundPage:
    """A page of what the actor may see that holds each of the first five of `words`, or has them as its receipt number; at most five statements.

    Empty where no word has two characters. `after` is a page's `next_key`, anything else starts with the newest.
    """
    typed = words.split()[:MOST_WORDS]
    if not worth_looking(words):
        return FoundPage(())
    ways = tuple(tuple(dict.fromkeys((one, matching_form(one) or one))) for one in typed)
    asked = _Asked(actor, area_ids(session, actor, Permission.TRIAGE_VIEW), ways, part, key_of(after))
    if asked.before is None and (numbered := _by_number(session, asked, words)):
        return _joined(numbered, ())
    if part is Part.MINE:
        return _joined(_among(session, asked, _decided_by_me(asked)), ())
    latest, oldest_read, grams = _among_latest(session, asked), _oldest_read(session, asked), grams_of(matching_form(words))
    if len(latest) > PAGE or oldest_read is None:
        return _joined(latest, ())
    if not grams:
        return replace(_joined(latest, ()), is_latest_only=True)
    return _joined(latest, _among(session, asked, _indexed(replace(asked, before=oldest_read), grams)))


def worth_looking(words: str) -> bool:
    """Whether one of the words is long enough."""
    return any(len(one) >= SHORTEST for one in words.split()[:MOST_WORDS])


def _among_latest(session: Session, asked: _Asked) -> Rows:
    """Those of the district's latest that say it."""
    query = select(*_COLUMNS).where(Submission.district_id == asked.actor.district_id)
    latest = _before(query, Submission.id, asked).order_by(Submission.id.desc()).limit(LATEST).subquery("latest")
    return _rows(session, asked, latest, latest.c, *_holds(latest.c, asked))


def _oldest_read(session: Session, asked: _Asked) -> int | None:
    """Where the latest end; None when they were all there are."""
    query = select(Submission.id).where(Submission.district_id == asked.actor.district_id)
    return session.scalar(_before(query, Submission.id, asked).order_by(Submission.id.desc()).offset(max(LATEST - 1, 0)).limit(1))


def _joined(newer: Rows, older: Rows) -> FoundPage:
    rows = newer + older
    return FoundPage(rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else "")


def _among(session: Session, asked: _Asked, ids: Select[int]) -> Rows:
    """Those of `ids`, the newest first, that say it; they are read one after the other until the page is full."""
    given = ids.cte("given").prefix_with("MATERIALIZED")
    said = select(*_COLUMNS).where(Submission.id == given.c.id, *_holds(Submission, asked)).limit(1).lateral("said")
    return _rows(session, asked, given.join(said, true()), said.c)


def _indexed(asked: _Asked, grams: Sequence[int]) -> Select[int]:
    """Ids of all that hold the pieces, in the actor's areas."""
    district_id = asked.actor.district_id
    whole = covers_district(asked.actor, Permission.TRIAGE_VIEW) and district_id is not None
    places = [district_id] if whole and district_id is not None else asked.areas
    tokens = [place % _LARGEST for place in places]
    query = select(SubmissionGrams.submission_id.label("id")).where(
        _SAID.op("@>")(cast(list(grams), ARRAY(Integer))), _SAID.op("&&")(cast(tokens, ARRAY(Integer)))
    )
    return _before(query, SubmissionGrams.submission_id, asked).order_by(SubmissionGrams.submission_id.desc())


def _decided_by_me(asked: _Asked) -> Select[int]:
    """Ids of what the actor decided and didn't take back."""
    mine = select(type_coerce(Decision.submission_id, BigInteger).label("id")).where(
        Decision.decided_by == asked.actor.user_id, Decision.submission_id.is_not(None), Decision.undone_at.is_(None)
    )
    return _before(mine, Decision.submission_id, asked).distinct().order_by(Decision.submission_id.desc())


def _before(query: Select[int], column: Any, asked: _Asked) -> Select[int]:
    return query if asked.before is None else query.where(column < asked.before)


def _rows(session: Session, asked: _Asked, source: FromClause, of: Any, *where: ColumnElement[bool]) -> Rows:
    columns: tuple[Any, ...] = (of.id, of.text_masked, of.state, of.urgency, of.category, Area.name, of.received_at)
    query = select(*columns).select_from(source).join(Area, Area.id == of.area_id).where(*where).order_by(of.id.desc()).limit(PAGE + 1)
    return tuple(
        FoundRow(row_id, marked(excerpt(text, asked.marks), asked.marks), *facts) for row_id, text, *facts in session.execute(query)
    )


def _by_number(session: Session, asked: _Asked, words: str) -> Rows:
    try:
        number = parse_receipt_number(words)
    except InvalidInput:
        return ()
    numbered = select(*_COLUMNS).where(Submission.receipt_number == number, *_within(Submission, asked)).subquery("numbered")
    return _rows(session, asked, numbered, numbered.c)


def _within(one: Any, asked: _Asked) -> list[ColumnElement[bool]]:
    """What the actor may see, of the part that was asked for."""
    where = [one.area_id.in_(asked.areas), one.state.not_in(NEVER_FOUND), ~recused(asked.actor, one.id)]
    if asked.part is Part.WAITING:
        where.append(one.state.in_(OPEN_FOR_DECISION))
    elif asked.part is Part.DONE:
        where.append(one.state.not_in(OPEN_FOR_DECISION))
    return where


def _holds(one: Any, asked: _Asked) -> list[ColumnElement[bool]]:
    return [*_within(one, asked), *(or_(*(_stands(one.text_masked, way) for way in ways)) for ways in asked.words)]


def _stands(column: Any, word: str) -> ColumnElement[bool]:
    """Somewhere. Folding case costs as much as all the rest, so a word that has none, as Chinese has none, is looked for as it is."""
    found: ColumnElement[bool] = (column.contains if word.lower() == word.upper() else column.icontains)(word, autoescape=True)
    return found
