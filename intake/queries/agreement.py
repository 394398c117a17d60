"""研判质量: month by month, how often people agreed with what the machine had suggested; every share with what it is a share of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Double, and_, case, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.learnt_part import LearntPart
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import SubmissionAction
from intake.domain.triage_model import ExampleKind, ModelState
from intake.domain.triage_result import Verdict
from intake.models import Area, Decision, Finding, Submission, Topic, TrainingExample, TriageModel
from intake.queries.pages import within
from intake.queries.pair_example import count_pairs

MONTHS = 6
SURE, LIKELY = 0.8, 0.5
"""From here on the machine joins by itself, and from here on it shows a possibility (triage.md)."""
_PLACING = (SubmissionAction.ATTACH.value, SubmissionAction.OPEN_TOPIC.value)
_OTHERWISE = (SubmissionAction.REFER.value, SubmissionAction.ANSWER.value, SubmissionAction.DECLINE.value)


class Outcome(StrEnum):
    """What a person made of a suggestion."""

    CONFIRMED = "confirmed"
    """The same as was suggested (同意)."""
    CHANGED = "changed"
    """Another topic, or none where one was suggested (改了)."""
    ELSEWHERE = "elsewhere"
    """Answered, referred or declined: nobody said where it belongs (没有归题)."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded; None of nothing."""
        return round(self.part * 100 / self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class AgreementMonth:
    """One month in Shanghai of people's first decisions on submissions the machine had looked at."""

    month: date
    decided: int
    suggested: Share
    """It said where they belong; of all."""
    unsure: Share
    """It said that it wasn't sure; of all."""
    confirmed: Share
    """People did what was suggested; of those that people placed."""
    changed: Share
    elsewhere: Share
    """People placed them nowhere; of those suggested."""
    joins: Share
    """Suggestions to join a topic that people confirmed; of those that people placed."""
    sure: Share
    """The same of those it was sure of (SURE and above)."""
    likely: Share
    """The same of those below."""
    category: Share
    """Categories that nobody changed; of those it gave."""
    versions: tuple[str, ...]
    """Model versions whose word this was."""


@dataclass(frozen=True, slots=True)
class ModelShown:
    """One part of triage as the district has learnt it, and how that was judged."""

    part: LearntPart
    version: str
    state: ModelState
    """`adopted` as long as the part serves, also in a later version that changed the other one."""
    examples: int
    """Learnt from."""
    judged_by: int
    """Held-out examples: messages for a category, pairs for the same matter."""
    candidate: Mapping[str, Any]
    """Its figures on them, as the comparison recorded them: `right` and `wrong`, or `right` and `joined`."""
    in_force: Mapping[str, Any]
    """Those of what it was to take the place of."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ModelsShown:
    """A district's own models, and how far it is from learning what is one matter."""

    models: tuple[ModelShown, ...]
    own: frozenset[LearntPart]
    """The parts that are the district's own now; the others are those that ship with the project."""
    pairs: int
    """Pairs of messages that people have joined or kept apart."""


_SUGGESTED = aliased(Topic)


def agreement(session: Session, actor: Actor, *, at: datetime) -> tuple[AgreementMonth, ...]:
    """The last MONTHS months up to `at`, the latest first, in one statement; months without decisions are left out."""
    first = _first_of(at, MONTHS - 1)
    decided = (
        select(Decision.submission_id, Decision.action, Decision.target_topic_id, Decision.decided_at)
        .ext(distinct_on(Decision.submission_id))
        .where(
            Decision.district_id == actor.district_id,
            Decision.submission_id.is_not(None),
            Decision.undone_at.is_(None),
            Decision.action.in_((*_PLACING, *_OTHERWISE)),
            Decision.decided_at >= first,
        )
        .order_by(Decision.submission_id, Decision.id)
        .subquery("decided")
    )
    said = (
        select(Finding.content, Finding.model_version)
        .where(Finding.submission_id == decided.c.submission_id, Finding.created_at <= decided.c.decided_at)
        .order_by(Finding.id.desc())
        .limit(1)
        .lateral("said")
    )
    corrected = (
        select(TrainingExample.suggested, (TrainingExample.label != TrainingExample.suggested).label("differs"))
        .where(
            TrainingExample.submission_id == decided.c.submission_id,
            TrainingExample.kind == ExampleKind.CATEGORY,
            TrainingExample.undone_at.is_(None),
        )
        .order_by(TrainingExample.id.desc())
        .limit(1)
        .lateral("corrected")
    )
    verdict = said.c.content["verdict"].astext
    same = or_(decided.c.target_topic_id == _SUGGESTED.id, decided.c.target_topic_id == _SUGGESTED.merged_into_id)
    opened = and_(verdict == Verdict.OPEN.value, decided.c.action == SubmissionAction.OPEN_TOPIC.value)
    outcome = case(
        (decided.c.action.in_(_OTHERWISE), Outcome.ELSEWHERE.value),
        (or_(opened, and_(decided.c.action.in_(_PLACING), same)), Outcome.CONFIRMED.value),
        else_=Outcome.CHANGED.value,
    )
    month = cast(func.date_trunc("month", func.timezone("Asia/Shanghai", decided.c.decided_at)), Date)
    given = func.coalesce(corrected.c.suggested, Submission.category).is_not(None)
    grouped = [
        month.label("month"),
        verdict.label("verdict"),
        outcome.label("outcome"),
        (cast(said.c.content["score"].astext, Double) >= SURE).label("sure"),
        said.c.model_version.label("version"),
    ]
    rows = session.execute(
        select(
            *grouped,
            func.count().label("count"),
            func.count().filter(given).label("given"),
            func.count().filter(given, corrected.c.differs).label("corrected"),
        )
        .select_from(decided)
        .join(Submission, Submission.id == decided.c.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .join(said, true())
        .outerjoin(corrected, true())
        .outerjoin(_SUGGESTED, _SUGGESTED.id == cast(said.c.content["topic_id"].astext, Decision.id.type))
        # What was held back for staff was suggested to nobody.
        .where(within(actor, Permission.TRIAGE_REPORT), verdict.is_not(None), said.c.content["screen"].astext.is_(None))
        .group_by(*grouped)
    ).all()
    by_month: dict[date, list[Any]] = defaultdict(list)
    for row in rows:
        by_month[row.month].append(row)
    return tuple(_month(one, by_month[one]) for one in sorted(by_month, reverse=True))


def models_shown(session: Session, actor: Actor, *, limit: int = 12) -> ModelsShown:
    """What the district has learnt, the version in force first, then the youngest; in two statements."""
    in_use = case((TriageModel.state == ModelState.ADOPTED, 0), else_=1)
    rows = session.execute(
        select(
            TriageModel.model_version,
            TriageModel.state,
            TriageModel.examples,
            TriageModel.measured,
            TriageModel.created_at,
        )
        .where(TriageModel.district_id == actor.district_id)
        .order_by(in_use, TriageModel.id.desc())
        .limit(limit)
    ).all()
    serving = rows[0].model_version.split("+") if rows and rows[0].state is ModelState.ADOPTED else []
    models = tuple(_shown(row, serving) for row in rows)
    own = frozenset(part for part in LearntPart if any(name.startswith(f"{part.value}-") for name in serving))
    pairs = count_pairs(session, district_id=actor.district_id) if actor.district_id is not None else 0
    return ModelsShown(models, own, pairs)


def _shown(row: Any, serving: Sequence[str]) -> ModelShown:
    measured = row.measured
    version = measured.get("version", row.model_version)
    serves = row.state is ModelState.RETIRED and version in serving
    return ModelShown(
        part=LearntPart(measured.get("part", LearntPart.CATEGORY)),
        version=version,
        state=ModelState.ADOPTED if serves else row.state,
        examples=row.examples,
        judged_by=measured.get("candidate", {}).get("examples", 0),
        candidate=measured.get("candidate", {}),
        in_force=measured.get("in_force", {}),
        created_at=row.created_at,
    )


def _month(month: date, rows: list[Any]) -> AgreementMonth:
    def count(*, verdict: Verdict | None = None, outcome: Outcome | None = None, sure: bool | None = None) -> int:
        return sum(
            row.count
            for row in rows
            if (row.verdict != Verdict.UNSURE.value if verdict is None else row.verdict == verdict.value)
            and (outcome is None or row.outcome == outcome.value)
            and (sure is None or bool(row.sure) is sure)
        )

    def joined(*, sure: bool | None) -> Share:
        confirmed = count(verdict=Verdict.ATTACH, outcome=Outcome.CONFIRMED, sure=sure)
        return Share(confirmed, confirmed + count(verdict=Verdict.ATTACH, outcome=Outcome.CHANGED, sure=sure))

    decided = sum(row.count for row in rows)
    suggested, confirmed, changed = count(), count(outcome=Outcome.CONFIRMED), count(outcome=Outcome.CHANGED)
    given = sum(row.given for row in rows)
    return AgreementMonth(
        month=month,
        decided=decided,
        suggested=Share(suggested, decided),
        unsure=Share(decided - suggested, decided),
        confirmed=Share(confirmed, confirmed + changed),
        changed=Share(changed, confirmed + changed),
        elsewhere=Share(count(outcome=Outcome.ELSEWHERE), suggested),
        joins=joined(sure=None),
        sure=joined(sure=True),
        likely=joined(sure=False),
        category=Share(given - sum(row.corrected for row in rows), given),
        versions=tuple(sorted({row.version for row in rows})),
    )


def _first_of(at: datetime, months_before: int) -> datetime:
    """Midnight in Shanghai on the first day of the month so many months before."""
    local = at.astimezone(SHANGHAI)
    number = local.year * 12 + local.month - 1 - months_before
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=SHANGHAI)
