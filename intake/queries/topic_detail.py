"""One topic with its residents' words, its heat and what was decided, as staff and members see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import Channel, SubmissionState
from intake.domain.topic import TOPIC_TABLE, TopicAction
from intake.models import Area, Contributor, Decision, Submission, Topic, User
from intake.queries.endorsement import wordless
from intake.queries.topic_board import ROW_COLUMNS, TopicRow


@dataclass(frozen=True, slots=True)
class Voice:
    """One resident's masked words behind a topic."""

    submission_id: int
    text: str
    area_name: str
    channel: Channel
    received_at: datetime
    status: ContributorStatus
    state: SubmissionState
    reasons: tuple[str, ...]
    decided_by: str
    has_contact: bool


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What was decided before, and by whom."""

    action: TopicAction
    words: str
    by: str
    at: datetime
    target_title: str


@dataclass(frozen=True, slots=True)
class HeatShown:
    """One part of a topic's heat, as it was counted."""

    code: str
    points: int
    most: int
    words: str


@dataclass(frozen=True, slots=True)
class TopicDetail:
    """Everything on a topic's page."""

    row: TopicRow
    version: int
    heat_parts: tuple[HeatShown, ...]
    summary: tuple[str, ...]
    """Sentences of residents, masked; empty before there are any."""
    keywords: tuple[str, ...]
    class_id: int | None
    class_title: str
    """The class this matter belongs to."""
    opened_by: str
    """Empty when the machine opened it."""
    proposed_by: str
    merged_into_id: int | None
    merged_into_title: str
    voices: tuple[Voice, ...]
    endorsed: int
    """Who joined without a word of their own (附议), beside the voices."""
    decisions: tuple[PastDecision, ...]
    actions: tuple[TopicAction, ...]


def topic_detail(session: Session, actor: Actor, topic_id: int) -> TopicDetail:
    """One topic in four queries; NotFound for another district's, Forbidden without a permission that reaches it."""
    opener, proposer, survivor, of_class = aliased(User), aliased(User), aliased(Topic), aliased(Topic)
    found = session.execute(
        select(
            *ROW_COLUMNS,
            Topic.version,
            Area.path,
            opener.name,
            proposer.name,
            Topic.merged_into_id,
            survivor.title,
            Topic.heat_parts,
            Topic.summary,
            Topic.keywords,
            of_class.id,
            of_class.title,
            _endorsed(),
        )
        .join(Area, Area.id == Topic.area_id)
        .outerjoin(opener, opener.id == Topic.opened_by)
        .outerjoin(proposer, proposer.id == Topic.proposed_by)
        .outerjoin(survivor, survivor.id == Topic.merged_into_id)
        .outerjoin(of_class, of_class.id == Topic.class_topic_id)
        .where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    version, path, opened_by, proposed_by, merged_into_id, merged_into_title, *more = found[len(ROW_COLUMNS) :]
    heat_parts, summary, keywords, class_id, class_title, endorsed = more
    if not (actor.may(Permission.SCREEN_VIEW, area_path=path) or actor.may(Permission.TRIAGE_VIEW, area_path=path)):
        raise Forbidden("这个议题不在您联系的社区。")
    row = TopicRow(*found[: len(ROW_COLUMNS)])
    return TopicDetail(
        row=row,
        version=version,
        heat_parts=tuple(HeatShown(**part) for part in heat_parts),
        summary=tuple(line for line in summary.splitlines() if line),
        keywords=tuple(str(word) for word in keywords),
        class_id=class_id,
        class_title=class_title or "",
        opened_by=opened_by or "",
        proposed_by=proposed_by or "",
        merged_into_id=merged_into_id,
        merged_into_title=merged_into_title or "",
        voices=_voices(session, topic_id),
        endorsed=endorsed,
        decisions=_decisions(session, topic_id),
        actions=tuple(TopicAction(action) for action in TOPIC_TABLE.allowed(row.state)),
    )


def with_matters(topic_id: int) -> Select[int]:
    """The ids of a topic and, of a class, of its matters: whose contributors are the topic's voices."""
    return select(Topic.id).where(or_(Topic.id == topic_id, Topic.class_topic_id == topic_id))


def _endorsed() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(Contributor.topic_id == Topic.id, Contributor.status == ContributorStatus.CONFIRMED, wordless())
        .correlate(Topic)
        .scalar_subquery()
    )


def _voices(session: Session, topic_id: int) -> tuple[Voice, ...]:
    rows = session.execute(
        select(Contributor, Submission, Area.name, User.name)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(User, User.id == Contributor.decided_by)
        .where(Contributor.topic_id.in_(with_matters(topic_id)), Contributor.status != ContributorStatus.REMOVED, ~wordless())
        .order_by(Contributor.status, Submission.received_at.desc())
        .limit(100)
    )
    return tuple(
        Voice(
            submission_id=s.id,
            text=s.text_masked,
            area_name=area,
            channel=s.channel,
            received_at=s.received_at,
            status=c.status,
            state=s.state,
            reasons=tuple(c.reasons),
            decided_by=by or "",
            has_contact=s.contact_cipher is not None,
        )
        for c, s, area, by in rows
    )


def _decisions(session: Session, topic_id: int) -> tuple[PastDecision, ...]:
    target = aliased(Topic)
    rows = session.execute(
        select(Decision.action, Decision.words, User.name, Decision.decided_at, func.coalesce(target.title, ""))
        .join(User, User.id == Decision.decided_by)
        .outerjoin(target, target.id == Decision.target_topic_id)
        .where(Decision.topic_id == topic_id, Decision.action.in_([action.value for action in TopicAction]))
        .order_by(Decision.id.desc())
        .limit(50)
    )
    return tuple(PastDecision(TopicAction(action), words, by, at, title) for action, words, by, at, title in rows)
