"""One topic with its residents' words, its heat and what was decided, as staff and members see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Select, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import Channel, SubmissionState
from intake.domain.topic import TOPIC_TABLE, TopicAction
from intake.models import Area, Contributor, Decision, Submission, Topic, User
from intake.queries.endorsement import wordless
from intake.queries.kept import DISTRICT_ID, PEOPLE_KEPT, TOPIC_ID, written_out
from intake.queries.lease import recused
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
    area_id: int
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
    has_more_voices: bool
    """Older ones lie behind those read."""
    endorsed: int
    """Who joined without a word of their own (附议), beside the voices."""
    decisions: tuple[PastDecision, ...]
    actions: tuple[TopicAction, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known already of who spoke, for whoever counted them."""

    endorsed: int
    newest: tuple[int, ...]
    """Whose words are to be read: one more than asked for where others follow."""


VOICES = 100
"""Read of those behind a topic, the newest."""
_OPENER, _PROPOSER, _SURVIVOR, _OF_CLASS = aliased(User), aliased(User), aliased(Topic), aliased(Topic)


def topic_detail(session: Session, actor: Actor, topic_id: int, *, voices: int = VOICES, counted: Counted | None = None) -> TopicDetail:
    """One topic with its newest `voices`, in four queries, three where they were `counted`; NotFound for another district's, Forbidden
    without a permission that reaches it.
    """
    found = session.execute(_TOPIC, {"topic_id": topic_id, "district_id": actor.district_id}).one_or_none()
    if found is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    area_id, path, opened_by, proposed_by, merged_into_id, merged_into_title, *more = found[len(ROW_COLUMNS) :]
    heat_parts, summary, keywords, class_id, class_title = more
    if not (actor.may(Permission.SCREEN_VIEW, area_path=path) or actor.may(Permission.TRIAGE_VIEW, area_path=path)):
        raise Forbidden("这个议题不在您联系的社区。")
    row = TopicRow(*found[: len(ROW_COLUMNS)])
    said = _voices(session, actor, topic_id, most=voices + 1, newest=counted.newest if counted is not None else None) if voices else ()
    return TopicDetail(
        row=row,
        version=row.version,
        area_id=area_id,
        heat_parts=tuple(HeatShown(**part) for part in heat_parts),
        summary=tuple(line for line in summary.splitlines() if line),
        keywords=tuple(str(word) for word in keywords),
        class_id=class_id,
        class_title=class_title or "",
        opened_by=opened_by or "",
        proposed_by=proposed_by or "",
        merged_into_id=merged_into_id,
        merged_into_title=merged_into_title or "",
        voices=said[:voices],
        has_more_voices=len(said) > voices,
        endorsed=counted.endorsed if counted is not None else session.scalar(_ENDORSED, {"topic_id": topic_id}) or 0,
        decisions=_decisions(session, topic_id),
        actions=tuple(TopicAction(action) for action in TOPIC_TABLE.allowed(row.state)),
    )


def with_matters(topic_id: int | BindParameter[int]) -> Select[int]:
    """The ids of a topic and, of a class, of its matters: whose contributors are the topic's voices."""
    return select(Topic.id).where(or_(Topic.id == topic_id, Topic.class_topic_id == topic_id))


_ENDORSED = written_out(
    select(func.count())
    .select_from(Contributor)
    .join(Submission, Submission.id == Contributor.submission_id)
    .where(Contributor.topic_id == TOPIC_ID, Contributor.status == ContributorStatus.CONFIRMED, wordless())
)


_TOPIC = written_out(
    select(
        *ROW_COLUMNS,
        Topic.area_id,
        Area.path,
        _OPENER.name,
        _PROPOSER.name,
        Topic.merged_into_id,
        _SURVIVOR.title,
        Topic.heat_parts,
        Topic.summary,
        Topic.keywords,
        _OF_CLASS.id,
        _OF_CLASS.title,
    )
    .join(Area, Area.id == Topic.area_id)
    .outerjoin(_OPENER, _OPENER.id == Topic.opened_by)
    .outerjoin(_PROPOSER, _PROPOSER.id == Topic.proposed_by)
    .outerjoin(_SURVIVOR, _SURVIVOR.id == Topic.merged_into_id)
    .outerjoin(_OF_CLASS, _OF_CLASS.id == Topic.class_topic_id)
    .where(Topic.id == TOPIC_ID, Topic.district_id == DISTRICT_ID)
)


def _voices(session: Session, actor: Actor, topic_id: int, *, most: int, newest: Sequence[int] | None) -> tuple[Voice, ...]:
    """The words behind it, without those that the actor stepped back from; of `newest` alone where they are known."""
    known = {} if newest is None else {"newest": [*newest]}
    rows = session.execute(_said(actor, most, newest is not None), {"topic_id": topic_id, **known})
    return tuple(
        Voice(
            submission_id=row.id,
            text=row.text_masked,
            area_name=row.area_name,
            channel=row.channel,
            received_at=row.received_at,
            status=row.status,
            state=row.state,
            reasons=tuple(row.reasons),
            decided_by=row.decided_by or "",
            has_contact=row.has_contact,
        )
        for row in rows
    )


@lru_cache(maxsize=PEOPLE_KEPT)
def _said(actor: Actor, most: int, are_known: bool) -> Select[*tuple[Any, ...]]:  # noqa: FBT001 - a key of the cache
    known = [Contributor.submission_id == any_(bindparam("newest", type_=ARRAY(BigInteger)))] if are_known else []
    return written_out(
        select(
            Submission.id,
            Submission.text_masked,
            Area.name.label("area_name"),
            Submission.channel,
            Submission.received_at,
            Contributor.status,
            Submission.state,
            Contributor.reasons,
            User.name.label("decided_by"),
            Submission.contact_cipher.is_not(None).label("has_contact"),
        )
        .select_from(Contributor)
        .join(Submission, Submission.id == Contributor.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(User, User.id == Contributor.decided_by)
        .where(
            Contributor.topic_id.in_(with_matters(TOPIC_ID)),
            Contributor.status != ContributorStatus.REMOVED,
            ~wordless(),
            ~recused(actor),
            *known,
        )
        .order_by(Contributor.status, Submission.received_at.desc(), Submission.id.desc())
        .limit(most)
    )


_TARGET = aliased(Topic)


def _decisions(session: Session, topic_id: int) -> tuple[PastDecision, ...]:
    rows = session.execute(_DECIDED, {"topic_id": topic_id})
    return tuple(PastDecision(TopicAction(action), words, by, at, title) for action, words, by, at, title in rows)


_DECIDED = written_out(
    select(Decision.action, Decision.words, User.name, Decision.decided_at, func.coalesce(_TARGET.title, ""))
    .join(User, User.id == Decision.decided_by)
    .outerjoin(_TARGET, _TARGET.id == Decision.target_topic_id)
    .where(Decision.topic_id == TOPIC_ID, Decision.action.in_([action.value for action in TopicAction]))
    .order_by(Decision.id.desc())
    .limit(50)
)
