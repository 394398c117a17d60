"""Earlier submissions that share rare grams with a new one, and how common each gram is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Float, Integer, Select, Text, any_, bindparam, cast, func, select, true
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.point import AreaKind
from intake.domain.submission import SubmissionState
from intake.domain.topic import JOINABLE
from intake.models import Area, Contributor, GramCount, Submission, SubmissionGrams, Topic

TEXT_CHARACTERS = 600
"""As much of a text as triage reads when it compares."""

_NOT_COMPARED = (SubmissionState.WITHDRAWN, SubmissionState.QUARANTINED, SubmissionState.DECLINED)
"""Taken back, perhaps spam, or not taken up: nothing should gather around these."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """An earlier submission that may be about the same matter."""

    submission_id: int
    topic_id: int | None
    """The topic it is suggested for or confirmed in, if a submission may still join that."""
    grams: tuple[int, ...]
    text: str
    """The masked words and the place, cut."""
    area_id: int
    received_at: datetime
    weight: float
    """Summed weight of the rare grams it shares, plus the bonus for the same street."""


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Where a submission came from: names from the district down, and the path of the street whose subtree is looked at first."""

    names: tuple[str, ...]
    street_path: str


def candidates(
    session: Session, *, district_id: int, area_path: str, rare: Mapping[int, float], since: datetime, limit: int = 20
) -> tuple[CandidateRow, ...]:
    """The `limit` submissions of the district received after `since` whose rare grams weigh most together, heaviest first.

    `rare` gives a weight to each gram that is looked for; `area_path` is the path of the street. The whole district is searched, since
    residents stand at another street's code or write through WeChat; being in the same street counts as one more shared gram of the
    heaviest kind, so that the street comes first among equals without hiding a far better match elsewhere.
    """
    if not rare:
        return ()
    rows = session.execute(
        _CANDIDATES,
        {
            "district": district_id,
            "street": area_path,
            "grams": list(rare),
            "weights": list(rare.values()),
            "bonus": max(rare.values()),
            "since": since,
            "enough": 2 * limit,
            "limit": limit,
        },
    )
    return tuple(
        CandidateRow(submission_id, topic_id, tuple(grams), f"{text}。{place}" if place else text, area_id, received_at, float(sum_))
        for submission_id, topic_id, grams, text, place, area_id, received_at, sum_ in rows
    )


def _candidates() -> Select[Any]:
    """Built once: a worker asks it for every message."""
    grams = bindparam("grams", type_=ARRAY(Integer))
    # By the grams alone, and as a step of its own: left free, the planner joins in the index of the district's last 90 days, which
    # grows with the district, while the caller keeps the rows that share rare grams few.
    sharing = (
        select(
            SubmissionGrams.submission_id,
            SubmissionGrams.district_id,
            SubmissionGrams.area_id,
            SubmissionGrams.received_at,
            SubmissionGrams.rare,
        )
        .where(SubmissionGrams.rare.bool_op("&&")(grams))
        .cte("sharing")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    asked = func.unnest(grams, bindparam("weights", type_=ARRAY(Float))).table_valued("gram", "weight", name="asked").render_derived()
    has = func.unnest(sharing.c.rare).table_valued("gram", name="has").render_derived()
    street = select(Area.id).where(func.starts_with(Area.path, bindparam("street", type_=Text)))
    weight = func.sum(asked.c.weight) + cast(sharing.c.area_id.in_(street), Integer) * bindparam("bonus", type_=Float)
    best = (
        select(sharing.c.submission_id, weight.label("weight"))
        .select_from(sharing)
        .join(has, true())
        .join(asked, asked.c.gram == has.c.gram)
        .where(sharing.c.district_id == bindparam("district"), sharing.c.received_at >= bindparam("since"))
        .group_by(sharing.c.submission_id, sharing.c.area_id)
        .order_by(weight.desc(), sharing.c.submission_id.desc())
        # Twice as many as are wanted, since some will have been taken back.
        .limit(bindparam("enough", type_=Integer))
        .cte("best")
    )
    return (
        select(
            best.c.submission_id,
            Topic.id,
            SubmissionGrams.grams,
            func.left(Submission.text_masked, TEXT_CHARACTERS),
            Submission.place_masked,
            SubmissionGrams.area_id,
            SubmissionGrams.received_at,
            best.c.weight,
        )
        .select_from(best)
        .join(SubmissionGrams, SubmissionGrams.submission_id == best.c.submission_id)
        .join(Submission, (Submission.id == best.c.submission_id) & Submission.state.not_in(_NOT_COMPARED))
        .outerjoin(Contributor, (Contributor.submission_id == best.c.submission_id) & (Contributor.status != ContributorStatus.REMOVED))
        .outerjoin(Topic, (Topic.id == Contributor.topic_id) & Topic.state.in_(JOINABLE))
        .order_by(best.c.weight.desc(), best.c.submission_id.desc())
        .limit(bindparam("limit", type_=Integer))
    )


_CANDIDATES = _candidates()


def document_counts(session: Session, *, district_id: int, grams: Collection[int]) -> dict[int, int]:
    """In how many submissions of the district each of `grams` stands; grams that stand in none are left out."""
    if not grams:
        return {}
    rows = session.execute(
        select(GramCount.gram, GramCount.documents).where(
            GramCount.district_id == district_id, GramCount.gram == any_(cast(list(grams), ARRAY(Integer)))
        )
    )
    return {row.gram: row.documents for row in rows}


def documents_total(session: Session, *, district_id: int) -> int:
    """How many submissions of the district are in the index; reads the whole index of the district, so keep the answer a while."""
    return session.scalar(select(func.count()).select_from(SubmissionGrams).where(SubmissionGrams.district_id == district_id)) or 0


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
