"""Earlier submissions that share rare grams with a new one, and how common each gram is.

Every question reads rows by their primary key and nothing else, through LATERAL … LIMIT 1, which leaves the planner one way to go; each
gram's list of sightings has at most SIGHTINGS_KEPT entries. So a lookup costs the same however much a district has heard.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Double, Integer, Select, Text, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from intake.domain.contributor import ContributorStatus
from intake.domain.point import AreaKind
from intake.domain.submission import SubmissionState
from intake.domain.topic import JOINABLE
from intake.models import Area, Contributor, GramCount, GramSightings, IntakePoint, Submission, SubmissionGrams, Topic

TEXT_CHARACTERS = 600
"""As much of a text as triage reads when it compares."""

SIGHTINGS_KEPT = 64
"""So many of the last submissions each gram remembers."""

_ID_BITS = 48
NOT_COMPARED = (SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED, SubmissionState.DECLINED, SubmissionState.REJOINED)
"""Taken back, perhaps spam, not taken up, or gone: nothing should gather around these."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for on behalf of one message: a weight for each rare gram, and how far back."""

    rare: Mapping[int, float]
    since: datetime


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """An earlier submission as triage compares it."""

    submission_id: int
    topic_id: int | None
    """The topic it is suggested for or confirmed in, if a submission may still join that."""
    grams: tuple[int, ...]
    text: str
    """The masked words and the place, cut."""
    area_id: int
    area_path: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Where a submission came from: names from the district down, and the path of the street whose subtree is looked at first."""

    names: tuple[str, ...]
    street_path: str


def sighting(submission_id: int, received_at: datetime) -> int:
    """Day and submission in one number, so that what is too old shows without looking it up."""
    return _first_of_day(received_at) | submission_id


def array_of(numbers: Iterable[float]) -> str:
    """Numbers as PostgreSQL writes an array: a tenth of what the driver's own way takes, and a batch sends tens of thousands."""
    return f"{{{','.join(map(str, numbers))}}}"


def _array(name: str, of: type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """A parameter that `array_of` wrote."""
    return cast(bindparam(name, type_=Text), ARRAY(of))


def _first_of_day(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) // 86_400 << _ID_BITS


def sharing_rare_grams(
    session: Session, *, district_id: int, questions: Sequence[Question], limit: int
) -> tuple[tuple[tuple[int, float], ...], ...]:
    """For each question the ids of at most `limit` submissions whose shared rare grams weigh most together, heaviest first, with the weight.

    One statement for all questions. A day too many may be among them; whether they still count, `earlier_rows` knows.
    """
    found: list[list[tuple[int, float]]] = [[] for _ in questions]
    asked = [
        (number, gram, weight, since)
        for number, question in enumerate(questions)
        for since in [_first_of_day(question.since)]
        for gram, weight in question.rare.items()
    ]
    if asked:
        names = ("numbers", "grams", "weights", "since")
        arrays = {name: array_of(column) for name, column in zip(names, zip(*asked, strict=True), strict=True)}
        for number, ids, weights in session.execute(_SHARING, {"district": district_id, "limit": limit, **arrays}):
            found[number] = list(zip(ids, weights, strict=True))
    return tuple(map(tuple, found))


def _sharing() -> Select[Any]:
    """Built once: a worker asks it for every batch."""
    asked = (
        func.unnest(_array("numbers", Integer), _array("grams", Integer), _array("weights", Double), _array("since", BigInteger))
        .table_valued("number", "gram", "weight", "since", name="asked")
        .render_derived()
    )
    known = (
        select(GramSightings.seen)
        .where(GramSightings.district_id == bindparam("district", type_=BigInteger), GramSightings.gram == asked.c.gram)
        .limit(1)
        .lateral("known")
    )
    one = func.unnest(known.c.seen).table_valued("sighting", name="one").render_derived()
    shared = (
        select(asked.c.number, one.c.sighting, func.sum(asked.c.weight).label("weight"))
        .select_from(asked)
        .join(known, true())
        .join(one, true())
        .where(one.c.sighting >= asked.c.since)
        .group_by(asked.c.number, one.c.sighting)
        .subquery("shared")
    )
    place = func.row_number().over(partition_by=shared.c.number, order_by=(shared.c.weight.desc(), shared.c.sighting.desc()))
    ranked = select(shared, place.label("place")).subquery("ranked")
    ids = aggregate_order_by(ranked.c.sighting.bitwise_and((1 << _ID_BITS) - 1), ranked.c.place)
    weights = aggregate_order_by(ranked.c.weight, ranked.c.place)
    return (
        select(ranked.c.number, func.array_agg(ids), func.array_agg(weights))
        .where(ranked.c.place <= bindparam("limit", type_=Integer))
        .group_by(ranked.c.number)
    )


_SHARING = _sharing()


def earlier_rows(session: Session, submission_ids: Collection[int]) -> dict[int, EarlierRow]:
    """Those of `submission_ids` around which something may gather, by id; in one statement."""
    if not submission_ids:
        return {}
    return {
        submission_id: EarlierRow(submission_id, topic_id, tuple(grams), f"{text}。{place}" if place else text, *where_and_when)
        for submission_id, topic_id, grams, text, place, *where_and_when in session.execute(_EARLIER, {"ids": array_of(submission_ids)})
    }


def _earlier() -> Select[Any]:
    wanted = func.unnest(_array("ids", BigInteger)).table_valued("id", name="wanted").render_derived()
    grams = (
        select(SubmissionGrams.grams, SubmissionGrams.area_id, SubmissionGrams.received_at)
        .where(SubmissionGrams.submission_id == wanted.c.id)
        .limit(1)
        .lateral("indexed")
    )
    area = select(Area.path).where(Area.id == grams.c.area_id).limit(1).lateral("area")
    words = (
        select(func.left(Submission.text_masked, TEXT_CHARACTERS).label("text"), Submission.place_masked)
        .where(Submission.id == wanted.c.id, Submission.state.not_in(NOT_COMPARED))
        .limit(1)
        .lateral("words")
    )
    place = (
        select(Contributor.topic_id)
        .where(Contributor.submission_id == wanted.c.id, Contributor.status != ContributorStatus.REMOVED)
        .limit(1)
        .lateral("place")
    )
    joined = select(Topic.id).where(Topic.id == place.c.topic_id, Topic.state.in_(JOINABLE)).limit(1).lateral("joined")
    return (
        select(
            wanted.c.id, joined.c.id, grams.c.grams, words.c.text, words.c.place_masked, grams.c.area_id, area.c.path, grams.c.received_at
        )
        .select_from(wanted)
        .join(grams, true())
        .join(area, true())
        .join(words, true())
        .outerjoin(place, true())
        .outerjoin(joined, true())
    )


_EARLIER = _earlier()


def document_counts(session: Session, *, district_id: int, grams: Collection[int]) -> dict[int, int]:
    """In how many submissions of the district each of `grams` stands; grams that stand in none are left out."""
    if not grams:
        return {}
    known, documents = session.execute(_COUNTS, {"district": district_id, "grams": array_of(grams)}).one()
    return dict(zip(known or (), documents or (), strict=True))


def _counts() -> Select[Any, Any]:
    wanted = func.unnest(_array("grams", Integer)).table_valued("gram", name="wanted").render_derived()
    count = (
        select(GramCount.documents)
        .where(GramCount.district_id == bindparam("district", type_=BigInteger), GramCount.gram == wanted.c.gram)
        .limit(1)
        .lateral("count")
    )
    return select(func.array_agg(wanted.c.gram), func.array_agg(count.c.documents)).select_from(wanted).join(count, true())


_COUNTS = _counts()


def documents_total(session: Session, *, district_id: int) -> int:
    """How many submissions of the district are in the index; reads the whole index of the district, so keep the answer a while."""
    return session.scalar(select(func.count()).select_from(SubmissionGrams).where(SubmissionGrams.district_id == district_id)) or 0


def place_names(session: Session, *, district_id: int) -> tuple[str, ...]:
    """What the district's streets, communities and points are called."""
    areas = select(Area.name).where(Area.district_id == district_id)
    points = select(IntakePoint.name).where(IntakePoint.district_id == district_id)
    return tuple(session.scalars(areas.union(points).order_by("name")))


def area_names(session: Session, area_ids: Collection[int]) -> dict[int, AreaNames]:
    """Names and street of each area, in two queries."""
    paths = {row.id: row.path for row in session.execute(select(Area.id, Area.path).where(Area.id.in_(area_ids)))}
    above = {int(node) for path in paths.values() for node in path.strip("/").split("/")}
    areas = {area.id: area for area in session.scalars(select(Area).where(Area.id.in_(above)))}
    found = {}
    for area_id, path in paths.items():
        line = [areas[int(node)] for node in path.strip("/").split("/")]
        street = next((area for area in line if area.kind is AreaKind.STREET), line[-1])
        found[area_id] = AreaNames(tuple(area.name for area in line if area.kind is not AreaKind.CITY), street.path)
    return found
