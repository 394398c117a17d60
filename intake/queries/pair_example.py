"""What people have taught about which messages are one matter, with the words it was taught on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from intake.domain.learnt_part import LearntPart
from intake.domain.triage_model import ExampleKind
from intake.models import Submission, SubmissionGrams, TrainingExample
from intake.queries.same_matter import NOT_COMPARED, TEXT_CHARACTERS
from intake.queries.training_example import latest_made

_PAIR = (ExampleKind.SAME, ExampleKind.DIFFERENT)
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class PairMessage:
    """One of the two; its words are masked, with the place behind them, cut as triage compares them."""

    submission_id: int
    words: str
    area_id: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PairExample:
    """Two submissions of which a person said, with the latest word on them, whether they are one matter."""

    newer: PairMessage
    older: PairMessage
    topic_id: int
    """The topic the decision was about."""
    same: bool
    decided_at: datetime


_NEWER, _OLDER = aliased(Submission), aliased(Submission)


def pair_examples(session: Session, *, district_id: int, limit: int) -> tuple[PairExample, ...]:
    """The district's latest examples, each pair once, oldest decision first; what was undone, withdrawn or wiped is left out."""
    latest = _latest(district_id).subquery()
    rows = session.execute(
        select(
            latest.c.topic_id,
            latest.c.kind,
            latest.c.created_at,
            *(column for side in (_NEWER, _OLDER) for column in (side.id, _words(side), side.place_masked, side.area_id, side.received_at)),
        )
        .join_from(latest, _NEWER, _NEWER.id == latest.c.newer)
        .join(_OLDER, _OLDER.id == latest.c.older)
        .where(*(side.state.not_in(NOT_COMPARED) for side in (_NEWER, _OLDER)), *(side.text_masked != "" for side in (_NEWER, _OLDER)))
        .order_by(latest.c.id.desc())
        .limit(limit)
    )
    found = [
        PairExample(_message(*sides[:5]), _message(*sides[5:]), topic_id, kind == ExampleKind.SAME, decided_at)
        for topic_id, kind, decided_at, *sides in rows
    ]
    return tuple(reversed(found))


def count_pairs(session: Session, *, district_id: int) -> int:
    """How many pairs of messages people have joined or kept apart in the district, whatever became of the messages."""
    return session.scalar(select(func.count()).select_from(_latest(district_id).subquery())) or 0


def districts_with_pairs(session: Session, *, at_least: int) -> tuple[int, ...]:
    """Districts where this many pairs were taught since their latest own pair scorer was made, whatever became of that."""
    made = latest_made(LearntPart.SAME_MATTER)
    pairs = func.count(func.row(_older(), _newer()).distinct())
    return tuple(
        session.scalars(
            select(TrainingExample.district_id)
            .where(*_taught())
            .where(or_(made.is_(None), TrainingExample.created_at > made))
            .group_by(TrainingExample.district_id)
            .having(pairs >= at_least)
            .order_by(TrainingExample.district_id)
        )
    )


def heard(session: Session, *, district_id: int) -> Iterator[tuple[int, list[int]]]:
    """Every submission in the district's index with its grams, in the order in which they were sent; read a part at a time."""
    index = (
        select(SubmissionGrams.submission_id, SubmissionGrams.grams)
        .where(SubmissionGrams.district_id == district_id)
        .order_by(SubmissionGrams.submission_id)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    with session.execute(index) as rows:
        for row in rows:
            yield row.submission_id, row.grams


def _latest(district_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            TrainingExample.id,
            TrainingExample.kind,
            TrainingExample.topic_id,
            TrainingExample.created_at,
            _older().label("older"),
            _newer().label("newer"),
        )
        .ext(distinct_on(_older(), _newer()))
        .where(TrainingExample.district_id == district_id, *_taught())
        .order_by(_older(), _newer(), TrainingExample.id.desc())
    )


def _taught() -> tuple[ColumnElement[bool], ...]:
    return (
        TrainingExample.kind.in_(_PAIR),
        TrainingExample.undone_at.is_(None),
        TrainingExample.other_submission_id.is_not(None),
        TrainingExample.topic_id.is_not(None),
    )


def _older() -> ColumnElement[int]:
    return func.least(TrainingExample.submission_id, TrainingExample.other_submission_id)


def _newer() -> ColumnElement[int]:
    return func.greatest(TrainingExample.submission_id, TrainingExample.other_submission_id)


def _words(side: type[Submission]) -> ColumnElement[str]:
    return func.left(side.text_masked, TEXT_CHARACTERS)


def _message(submission_id: int, words: str, place: str, area_id: int, received_at: datetime) -> PairMessage:
    return PairMessage(submission_id, f"{words}。{place}" if place else words, area_id, received_at)
