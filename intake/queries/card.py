"""One card: the resident's masked words, the machine's suggestion with its reasons, and what else it might be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.elsewhere import Elsewhere
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission, Role
from intake.domain.recognised import Piece, pieces
from intake.domain.submission import OPEN_FOR_DECISION, Channel, SubmissionState, Urgency
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, Decision, Finding, IntakePoint, Submission, Topic, User
from intake.queries.appeal import barred
from intake.queries.lease import STEPPED_BACK, recused
from intake.queries.member_report import reported_by
from intake.queries.similar import or_said

NotMine = Literal["", "declined", "reported"]
"""Why whoever reads the card may not decide on it: they declined what came back for another look, or wrote it down themselves."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The topic the machine has in mind."""

    topic_id: int
    title: str
    number: str
    state: TopicState
    people: int
    last_at: datetime
    score: float | None
    reasons: tuple[str, ...]
    is_new: bool
    """True when the machine opened the topic for this submission alone."""


@dataclass(frozen=True, slots=True)
class OtherTopic:
    """Another possibility, or a topic to choose by hand."""

    topic_id: int
    title: str
    state: TopicState
    area_name: str
    people: int


@dataclass(frozen=True, slots=True)
class DemandOnCard:
    """One of several things a message asks for."""

    text: str
    category: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """Everything on a member's card."""

    id: int
    version: int
    state: SubmissionState
    text: str
    pieces: tuple[Piece, ...]
    """`text` again, cut so that what the machine recognised can be marked."""
    place: str
    area_name: str
    point_name: str
    channel: Channel
    urgency: Urgency
    urgency_reasons: tuple[str, ...]
    category: str | None
    category_reasons: tuple[str, ...]
    category_others: tuple[str, ...]
    """Codes of what else it may be, likeliest first."""
    elsewhere: Elsewhere | None
    """Who else could help sooner, if somebody."""
    demands: tuple[DemandOnCard, ...]
    """Two or more, where the message asks for several things."""
    received_at: datetime
    has_contact: bool
    owner_name: str
    owner_role: Role | None
    escalate_at: datetime | None
    suggestion: Suggestion | None
    others: tuple[OtherTopic, ...]
    title_hint: str
    decided_words: str
    decided_by: str
    is_open: bool
    not_mine: NotMine


def card(session: Session, actor: Actor, submission_id: int) -> Card:
    """The card in four queries; NotFound for another district's, Forbidden outside the actor's areas and for whoever stepped back."""
    row = session.execute(
        select(Submission, Area, IntakePoint.name, User.name, recused(actor), barred(actor), reported_by(actor))
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(User, User.id == Submission.owner_id)
        .where(Submission.id == submission_id, Submission.district_id == actor.district_id)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这件来件，或者不在您的区。")
    submission, area, point_name, owner_name, stepped_back, declined, wrote = row
    if not actor.may(Permission.TRIAGE_VIEW, area_path=area.path):
        raise Forbidden("这件来件不在您联系的社区。")
    if stepped_back:
        raise Forbidden(STEPPED_BACK)
    finding = session.scalars(
        select(Finding).where(Finding.submission_id == submission_id).order_by(Finding.id.desc()).limit(1)
    ).one_or_none()
    content = finding.content if finding is not None else {}
    suggestion = _suggestion(session, submission_id)
    other_ids = [int(one[0]) for one in content.get("others", []) if suggestion is None or int(one[0]) != suggestion.topic_id][:3]
    decision = session.execute(
        select(Decision.words, User.name)
        .join(User, User.id == Decision.decided_by)
        .where(Decision.submission_id == submission_id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    return Card(
        id=submission.id,
        version=submission.version,
        state=submission.state,
        text=submission.text_masked,
        pieces=pieces(
            submission.text_masked,
            (*content.get("urgency_reasons", ()), *content.get("category_reasons", ()), *(suggestion.reasons if suggestion else ())),
        ),
        place=submission.place_masked,
        area_name=area.name,
        point_name=point_name,
        channel=submission.channel,
        urgency=submission.urgency,
        urgency_reasons=tuple(content.get("urgency_reasons", ())),
        category=submission.category,
        category_reasons=tuple(content.get("category_reasons", ())),
        category_others=tuple(code for code, _ in content.get("category_others", ()) if code != submission.category),
        elsewhere=_elsewhere(content.get("route_out")),
        demands=_demands(submission.text_masked, content.get("demands", ())),
        received_at=submission.received_at,
        has_contact=submission.contact_cipher is not None,
        owner_name=owner_name or "",
        owner_role=submission.owner_role,
        escalate_at=submission.escalate_at,
        suggestion=suggestion,
        others=_others(session, other_ids),
        title_hint=str(content.get("title", "")),
        decided_words=decision.words if decision is not None else "",
        decided_by=decision.name if decision is not None else "",
        is_open=submission.state in OPEN_FOR_DECISION,
        not_mine="declined" if declined else "reported" if wrote else "",
    )


def _elsewhere(note: Mapping[str, Any] | None) -> Elsewhere | None:
    """The kind as an earlier version may have written it; one that is no more says nothing."""
    return next((one for one in Elsewhere if note is not None and one.value == note.get("kind")), None)


def _demands(text: str, found: Sequence[Mapping[str, Any]]) -> tuple[DemandOnCard, ...]:
    if len(found) < 2 or not text:
        return ()
    return tuple(DemandOnCard(text[one["start"] : one["end"]].strip(), one["category"]) for one in found)


def lately(session: Session, topic_id: int, *, since: datetime) -> int:
    """How many voices behind a topic came in after `since`; one index scan over the topic's own contributors."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Contributor)
            .join(Submission, Submission.id == Contributor.submission_id)
            .where(Contributor.topic_id == topic_id, Contributor.status != ContributorStatus.REMOVED, Submission.received_at > since)
        )
        or 0
    )


def _suggestion(session: Session, submission_id: int) -> Suggestion | None:
    row = session.execute(
        select(Contributor, Topic)
        .join(Topic, Topic.id == Contributor.topic_id)
        .where(Contributor.submission_id == submission_id, Contributor.status == ContributorStatus.SUGGESTED, Topic.state.in_(JOINABLE))
    ).one_or_none()
    if row is None:
        return None
    contributor, topic = row
    people = topic.confirmed_count + topic.suggested_count
    return Suggestion(
        topic_id=topic.id,
        title=topic.title,
        number=topic.number,
        state=topic.state,
        people=people,
        last_at=topic.last_at,
        score=contributor.score,
        reasons=tuple(contributor.reasons),
        is_new=topic.opened_by is None and people == 1,
    )


def _others(session: Session, ids: list[int]) -> tuple[OtherTopic, ...]:
    if not ids:
        return ()
    rows = session.execute(topic_rows().where(Topic.id.in_(ids), Topic.state.in_(JOINABLE)))
    return tuple(OtherTopic(*row) for row in rows)


def topic_rows() -> Any:
    """The columns of OtherTopic, to be narrowed and put in order."""
    people = Topic.confirmed_count + Topic.suggested_count
    return select(Topic.id, Topic.title, Topic.state, Area.name, people).join(Area, Area.id == Topic.area_id)


def joinable_topics(session: Session, actor: Actor, *, words: str = "", limit: int = 30) -> tuple[OtherTopic, ...]:
    """Topics a submission may join, newest first; `words` must all stand in the title or the number, or be what residents said."""
    query = topic_rows().where(Topic.district_id == actor.district_id, Topic.kind == TopicKind.MATTER, Topic.state.in_(JOINABLE))
    holds = [
        or_(Topic.title.contains(word, autoescape=True), Topic.number.contains(word.upper(), autoescape=True)) for word in words.split()[:5]
    ]
    query = query.where(*or_said(session, holds, district_id=actor.district_id, words=words))
    return tuple(OtherTopic(*row) for row in session.execute(query.order_by(Topic.last_at.desc(), Topic.id.desc()).limit(limit)))
