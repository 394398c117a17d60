"""One referral with all that its office, its units, its sender and the staff have before them: the same for each, in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.checking import may_check
from intake.domain.errors import Forbidden, NotFound
from intake.domain.language.common_demands import CommonDemand
from intake.domain.language.lexicon import Lexicon
from intake.domain.permission import Permission
from intake.domain.referral import OPEN_REFERRAL, EntryKind, ExtensionState, ReferralKind, ReferralState
from intake.domain.submission import Urgency
from intake.domain.topic import TopicState
from intake.models import Area, Department, Referral, Topic, User
from intake.queries.lease import STEPPED_BACK, recused
from intake.queries.referral_behind import Fact, InstructionShown, VoiceBehind, demands_of, facts_of, instructions_on, voices_behind
from intake.queries.referral_parts import (
    AnswerShown,
    Entry,
    FileShown,
    Helping,
    Stood,
    TimeAsked,
    Told,
    answers_of,
    entries_of,
    extensions_of,
    helpers_of,
    pauses_of,
    told_of,
)


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Everything on a referral's page; the version belongs into each form."""

    id: int
    version: int
    number: str
    kind: ReferralKind
    state: ReferralState
    title: str
    basis: str
    category: str | None
    urgency: Urgency
    area_name: str
    sender_id: int
    sender_name: str
    office_id: int
    office_name: str
    lead_id: int | None
    lead_name: str
    officer_id: int | None
    officer_name: str
    external_number: str
    sent_at: datetime
    assigned_at: datetime | None
    replied_at: datetime | None
    delivered_at: datetime | None
    state_changed_at: datetime
    due_at: datetime | None
    answer_due_at: datetime | None
    paused_at: datetime | None
    revisit_on: date | None
    revisited_at: datetime | None
    revisit_words: str
    sent_back: int
    reopened: int
    submission_id: int | None
    topic_id: int | None
    topic_number: str
    topic_title: str
    topic_state: TopicState | None
    voices: tuple[VoiceBehind, ...]
    voices_count: int
    """All of them, not only those that were read."""
    people: int
    areas: int
    demands: tuple[CommonDemand, ...]
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    helpers: tuple[Helping, ...]
    extensions: tuple[TimeAsked, ...]
    pauses: tuple[Stood, ...]
    answers: tuple[AnswerShown, ...]
    """The newest first."""
    drafted_files: tuple[FileShown, ...]
    """Sent in for an answer that isn't written yet."""
    instructions: tuple[InstructionShown, ...]
    told: Told
    may_check: bool
    """Whether the actor is one of those who check its answer."""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN_REFERRAL

    @property
    def answer(self) -> AnswerShown | None:
        """The one that counts."""
        return self.answers[0] if self.answers else None

    @property
    def time_asked(self) -> TimeAsked | None:
        """The request for more time that waits."""
        return next((one for one in self.extensions if one.state is ExtensionState.ASKED), None)

    @property
    def dispute(self) -> Entry | None:
        """Why the lead says that it isn't theirs, while that is undecided."""
        if self.state is not ReferralState.DISPUTED:
            return None
        return next((one for one in reversed(self.entries) if one.kind is EntryKind.DISPUTE), None)


def newest_referral_of(session: Session, submission_id: int) -> int | None:
    """The id of the referral that a submission was sent on with last; None when it never was."""
    return session.scalar(select(func.max(Referral.id)).where(Referral.submission_id == submission_id))


def referral_page(session: Session, actor: Actor, referral_id: int, *, lexicon: Lexicon) -> ReferralPage:
    """One referral in ten queries for a submission and eleven for a topic; NotFound for another district's, Forbidden for who has no part in it."""
    row = _referral(session, actor, referral_id)
    one: Referral = row.Referral
    helpers = helpers_of(session, referral_id)
    _require_part(actor, one, row.path, helpers)
    if row.stepped_back and not actor.may(Permission.REFERRAL_FOLLOW, area_path=row.path):  # the desk's register stays whole
        raise Forbidden(STEPPED_BACK)
    voices, count = voices_behind(session, actor, one)
    entries = entries_of(session, referral_id)
    answers, drafted = answers_of(session, referral_id)
    return ReferralPage(
        id=one.id,
        version=one.version,
        number=one.number,
        kind=one.kind,
        state=one.state,
        title=one.title,
        basis=one.basis,
        category=one.category,
        urgency=one.urgency,
        area_name=row.area_name,
        sender_id=one.sent_by,
        sender_name=row.sender_name,
        office_id=one.office_id,
        office_name=row.office_name,
        lead_id=one.lead_id,
        lead_name=row.lead_name or "",
        officer_id=one.officer_id,
        officer_name=row.officer_name or "",
        external_number=one.external_number,
        sent_at=one.sent_at or one.created_at,
        assigned_at=one.assigned_at,
        replied_at=one.replied_at,
        delivered_at=one.delivered_at,
        state_changed_at=one.state_changed_at,
        due_at=one.due_at,
        answer_due_at=one.answer_due_at,
        paused_at=one.paused_at,
        revisit_on=one.revisit_on,
        revisited_at=one.revisited_at,
        revisit_words=one.revisit_words,
        sent_back=one.sent_back,
        reopened=one.reopened,
        submission_id=one.submission_id,
        topic_id=one.topic_id,
        topic_number=row.topic_number or "",
        topic_title=row.topic_title or "",
        topic_state=row.topic_state,
        voices=voices,
        voices_count=count,
        people=max(row.people_count or 0, 1) if one.topic_id is not None else 1,
        areas=max(row.area_count or 0, 1) if one.topic_id is not None else 1,
        demands=demands_of(session, voices, lexicon),
        facts=facts_of(session, one) if one.topic_id is not None else (),
        entries=entries,
        helpers=helpers,
        extensions=extensions_of(session, referral_id, entries),
        pauses=pauses_of(session, referral_id),
        answers=answers,
        drafted_files=drafted,
        instructions=instructions_on(session, actor, one),
        told=told_of(session, referral_id),
        may_check=may_check(actor, sent_by=one.sent_by, area_path=row.path) and not row.stepped_back,
    )


_OFFICE, _LEAD, _SENDER, _OFFICER = aliased(Department), aliased(Department), aliased(User), aliased(User)


def _referral(session: Session, actor: Actor, referral_id: int) -> Any:
    found = session.execute(
        select(
            Referral,
            Area.name.label("area_name"),
            Area.path,
            _OFFICE.name.label("office_name"),
            _LEAD.name.label("lead_name"),
            _SENDER.name.label("sender_name"),
            _OFFICER.name.label("officer_name"),
            Topic.number.label("topic_number"),
            Topic.title.label("topic_title"),
            Topic.state.label("topic_state"),
            Topic.people_count,
            Topic.area_count,
            recused(actor, Referral.submission_id).label("stepped_back"),
        )
        .join(Area, Area.id == Referral.area_id)
        .join(_OFFICE, _OFFICE.id == Referral.office_id)
        .join(_SENDER, _SENDER.id == Referral.sent_by)
        .outerjoin(_LEAD, _LEAD.id == Referral.lead_id)
        .outerjoin(_OFFICER, _OFFICER.id == Referral.officer_id)
        .outerjoin(Topic, Topic.id == Referral.topic_id)
        .where(Referral.id == referral_id, Referral.district_id == actor.district_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这件转报，或者不在您的区。")
    return found


def _require_part(actor: Actor, one: Referral, path: str, helpers: Sequence[Helping]) -> None:
    units = {one.lead_id, *(helper.unit_id for helper in helpers)}
    if not (
        (actor.may(Permission.REFERRAL_ASSIGN) and actor.unit_id == one.office_id)
        or (actor.may(Permission.REFERRAL_ANSWER) and actor.unit_id is not None and actor.unit_id in units)
        or actor.may(Permission.REFERRAL_FOLLOW, area_path=path)
        or actor.may(Permission.REFERRAL_CHECK, area_path=path)
        or actor.user_id == one.sent_by
    ):
        raise Forbidden("这一件不归您办理或核对。")
