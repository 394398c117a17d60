"""某委员的一年: what one member did in a year, counted from what was done anyway and what they put on record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.capture import ReportOf
from intake.domain.errors import NotFound
from intake.domain.permission import Permission, roles_with
from intake.domain.submission import SubmissionAction
from intake.domain.topic import TopicAction, TopicState
from intake.domain.year import Done, Year, YearCounts
from intake.models import Activity, Area, AuditEntry, Decision, DutyShift, MemberReport, RoleGrant, Topic, TopicProposer, User
from intake.queries.ledger import ActivityRow, record_between
from intake.queries.pages import within

TOPICS_SHOWN = 60
RECORDS_SHOWN = 600
LOOKS_SHOWN = 100
POOLED = frozenset({TopicState.POOLED, TopicState.PLANNED, TopicState.CONSULTING, TopicState.DELIVERING, TopicState.DELIVERED})
_CARD_ACTS = (
    SubmissionAction.ATTACH,
    SubmissionAction.OPEN_TOPIC,
    SubmissionAction.ANSWER,
    SubmissionAction.REFER,
    SubmissionAction.DECLINE,
    SubmissionAction.ASK,
)


@dataclass(frozen=True, slots=True)
class TopicOfYear:
    """A topic that the member proposed, and what it is now; of a merged one, what its survivor is."""

    id: int
    number: str
    title: str
    state: TopicState
    into_title: str
    """Of a merged one."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody of the staff opened this person's year."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class YearRecord:
    """All of one member's year."""

    user_id: int
    name: str
    year: Year
    counts: YearCounts
    topics: tuple[TopicOfYear, ...]
    """The latest first, at most TOPICS_SHOWN."""
    records: tuple[ActivityRow, ...]
    """The latest first, at most RECORDS_SHOWN."""

    @property
    def records_left_out(self) -> int:
        """Counted, but not listed."""
        return sum(done.times for done in self.counts.done.values()) - len(self.records)

    @property
    def topics_left_out(self) -> int:
        """Counted, but not listed."""
        return self.counts.proposed - len(self.topics)


def year_record(session: Session, user_id: int, year: Year, *, today: date) -> YearRecord:
    """Everything of one person's year in seven queries; the caller has checked who asks."""
    name = session.scalars(select(User.name).where(User.id == user_id)).one()
    topics = _topics(session, user_id, year)
    own, for_residents = _reports(session, user_id, year)
    counts = YearCounts(
        **_cards(session, user_id, year),
        own_reports=own,
        reports_for_residents=for_residents,
        proposed=len(topics),
        pooled=sum(one.state in POOLED for one in topics),
        delivered=sum(one.state is TopicState.DELIVERED for one in topics),
        shifts=_shifts(session, user_id, year, today=today),
        done=_done(session, user_id, year),
    )
    return YearRecord(
        user_id=user_id,
        name=name,
        year=year,
        counts=counts,
        topics=topics[:TOPICS_SHOWN],
        records=record_between(session, user_id, year.first, year.last, limit=RECORDS_SHOWN),
    )


def member_in_reach(session: Session, actor: Actor, user_id: int) -> str:
    """The name of a member who serves where the actor may see records; NotFound otherwise."""
    name = session.scalar(
        select(User.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(
            User.id == user_id,
            User.district_id == actor.district_id,
            RoleGrant.role.in_(roles_with(Permission.LEDGER_KEEP)),
            within(actor, Permission.LEDGER_VIEW),
        )
        .limit(1)
    )
    if name is None:
        raise NotFound("没有这位委员，或者不在您负责的范围。")
    return name


def looks_at(session: Session, user_id: int) -> tuple[Look, ...]:
    """Who opened this person's years last, for the person themself; at most LOOKS_SHOWN."""
    rows = session.execute(
        select(AuditEntry.at, User.name)
        .join(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.noun == "user", AuditEntry.entity_id == user_id, AuditEntry.action == "ledger.view")
        .order_by(AuditEntry.id.desc())
        .limit(LOOKS_SHOWN)
    )
    return tuple(Look(*row) for row in rows)


def _cards(session: Session, user_id: int, year: Year) -> dict[str, int]:
    def acts(*actions: SubmissionAction) -> Any:
        return func.count().filter(Decision.action.in_([action.value for action in actions]))

    rows = session.execute(
        select(
            func.count(Decision.submission_id.distinct()).label("decided"),
            acts(SubmissionAction.ATTACH).label("attached"),
            acts(SubmissionAction.OPEN_TOPIC).label("opened"),
            acts(SubmissionAction.ANSWER).label("answered"),
            acts(SubmissionAction.REFER).label("referred"),
            acts(SubmissionAction.DECLINE).label("declined"),
            acts(SubmissionAction.ASK).label("asked"),
        ).where(
            Decision.decided_by == user_id,
            Decision.submission_id.is_not(None),
            Decision.action.in_([action.value for action in _CARD_ACTS]),
            Decision.undone_at.is_(None),
            Decision.decided_at >= year.begins,
            Decision.decided_at < year.ends,
        )
    )
    return dict(rows.mappings().one())


def _reports(session: Session, user_id: int, year: Year) -> tuple[int, int]:
    rows = session.execute(
        select(MemberReport.report_of, func.count())
        .where(MemberReport.user_id == user_id, MemberReport.created_at >= year.begins, MemberReport.created_at < year.ends)
        .group_by(MemberReport.report_of)
    )
    found = {ReportOf(of): count for of, count in rows}
    return found.get(ReportOf.OWN, 0), found.get(ReportOf.RESIDENT, 0)


_SURVIVOR = aliased(Topic)


def _topics(session: Session, user_id: int, year: Year) -> tuple[TopicOfYear, ...]:
    """What they sent to screening, and what was sent that they had agreed to propose with others."""
    sent = select(Decision.topic_id).where(
        Decision.decided_by == user_id,
        Decision.topic_id.is_not(None),
        Decision.action == TopicAction.PROPOSE.value,
        Decision.undone_at.is_(None),
        Decision.decided_at >= year.begins,
        Decision.decided_at < year.ends,
    )
    was_sent = (Decision.topic_id == TopicProposer.topic_id, Decision.action == TopicAction.PROPOSE.value, Decision.undone_at.is_(None))
    joined = select(TopicProposer.topic_id).where(
        TopicProposer.user_id == user_id,
        TopicProposer.agreed_at >= year.begins,
        TopicProposer.agreed_at < year.ends,
        select(Decision.id).where(*was_sent).exists(),
    )
    rows = session.execute(
        select(
            Topic.id,
            Topic.number,
            Topic.title,
            case((_SURVIVOR.id.is_not(None), _SURVIVOR.state), else_=Topic.state),
            func.coalesce(_SURVIVOR.title, ""),
        )
        .outerjoin(_SURVIVOR, _SURVIVOR.id == Topic.merged_into_id)
        .where(or_(Topic.id.in_(sent), Topic.id.in_(joined)))
        .order_by(Topic.id.desc())
    )
    return tuple(TopicOfYear(*row) for row in rows)


def _shifts(session: Session, user_id: int, year: Year, *, today: date) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(DutyShift)
            .where(DutyShift.user_id == user_id, DutyShift.day.between(year.first, min(year.last, today)), DutyShift.cancelled_at.is_(None))
        )
        or 0
    )


def _done(session: Session, user_id: int, year: Year) -> dict[ActivityKind, Done]:
    rows = session.execute(
        select(Activity.kind, func.count(), func.sum(Activity.people), func.count().filter(Activity.settled.is_(True)))
        .where(Activity.user_id == user_id, Activity.removed_at.is_(None), Activity.day.between(year.first, year.last))
        .group_by(Activity.kind)
    )
    return {kind: Done(times, people, settled) for kind, times, people, settled in rows}
