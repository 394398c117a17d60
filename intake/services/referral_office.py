"""交办机关's steps: take in, assign, return, decide disputes and extensions, stop and start the clock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission
from intake.domain.referral import (
    AT_DEPARTMENT,
    EntryKind,
    ExtensionAction,
    ExtensionState,
    PauseReason,
    ReasonCode,
    ReferralAction,
)
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicAction, TopicState
from intake.models import Decision, Extension, Pause, Referral, ReferralEntry, ReferralHelper, Submission, Topic
from intake.queries.actor import actor_of_user
from intake.services.notify import announce
from intake.services.ownership import give_to, start_clock
from intake.services.referral_clock import end_pause, extend, set_due, start_answer_clock
from intake.services.referral_lock import (
    Acting,
    lock_referral,
    note,
    require_follower,
    require_office,
    unit_of,
    within_length,
    words_needed,
    write_entry,
)
from intake.services.topic_decision import confirmed_in
from intake.services.transition import begin, move

HELPERS_MOST = 8
FELL_AWAY = "fell_away"
"""The code of a request for more time that nobody has to decide any more."""
NUMBER_MAX = 40


def accept(session: Session, acting: Acting) -> Referral:
    """The office has it; the sender and the residents see that."""
    referral, path = lock_referral(session, acting)
    require_office(acting, referral)
    _move(session, acting, referral, path, ReferralAction.ACCEPT)
    return referral


def assign(session: Session, acting: Acting, *, lead_id: int | None, helper_ids: Collection[int] = (), words: str = "") -> Referral:
    """Name the lead and who helps, with the office's words to them; the answer's clock starts.

    Raises InvalidInput: field `lead` when none or none that answers, `helpers` for a unit that can't help, `words` when too long.
    """
    referral, path = lock_referral(session, acting)
    require_office(acting, referral)
    _assign(session, acting, referral, path, ReferralAction.ASSIGN, lead_id=lead_id, helper_ids=helper_ids, words=words)
    return referral


def assign_on_paper(
    session: Session, acting: Acting, *, lead_id: int | None, helper_ids: Collection[int] = (), words: str = ""
) -> Referral:
    """Staff enter what the office assigned on paper; InvalidInput as `assign`."""
    referral, path = lock_referral(session, acting)
    require_follower(acting, path)
    _assign(session, acting, referral, path, ReferralAction.PAPER_ASSIGN, lead_id=lead_id, helper_ids=helper_ids, words=words)
    return referral


def hand_back(session: Session, acting: Acting, *, reason: str, words: str) -> Referral:
    """Return it to the sender: the submission waits for its member again, the topic for screening; everyone behind it reads why.

    Raises InvalidInput (fields `reason`, `words`).
    """
    referral, path = lock_referral(session, acting, with_subject=True)
    require_office(acting, referral)
    code = _reason(reason)
    text = words_needed(words)
    assert acting.actor.user_id is not None
    write_entry(session, acting, referral, EntryKind.RETURN, text, reason_code=code.value)
    decision = Decision(
        district_id=referral.district_id,
        submission_id=referral.submission_id,
        topic_id=referral.topic_id,
        action="referral_returned",
        reason_code=None,
        words=text,
        decided_by=acting.actor.user_id,
        decided_at=acting.at,
    )
    session.add(decision)
    _move(session, acting, referral, path, ReferralAction.RETURN, reason_code=code.value)
    settle_open(session, referral, by=acting.actor.user_id, at=acting.at)
    if referral.submission_id is not None:
        _back_to_member(session, acting, referral, decision, path)
    elif referral.topic_id is not None:
        _back_to_screening(session, acting, referral, decision, path)
    return referral


def decide_dispute(session: Session, acting: Acting, *, uphold: bool, lead_id: int | None = None, words: str) -> Referral:
    """The lead stays, or another unit takes over; both read why. InvalidInput (fields `lead`, `words`)."""
    referral, path = lock_referral(session, acting)
    require_office(acting, referral)
    text = words_needed(words)
    if uphold:
        write_entry(session, acting, referral, EntryKind.DISPUTE_DECISION, text)
        _move(session, acting, referral, path, ReferralAction.UPHOLD, reason_code="upheld")
        return referral
    return _reassign(session, acting, referral, path, lead_id=lead_id, words=text, kind=EntryKind.DISPUTE_DECISION)


def reassign(session: Session, acting: Acting, *, lead_id: int | None, words: str) -> Referral:
    """Another unit leads from now on, with a clock of its own; InvalidInput (fields `lead`, `words`)."""
    referral, path = lock_referral(session, acting)
    require_office(acting, referral)
    return _reassign(session, acting, referral, path, lead_id=lead_id, words=words_needed(words), kind=EntryKind.REASSIGNMENT)


def decide_extension(session: Session, acting: Acting, *, extension_id: int, grant: bool, words: str) -> Referral:
    """More time, or not; words are needed to refuse. Conflict when it is decided already."""
    referral, path = lock_referral(session, acting)
    require_office(acting, referral)
    extension = session.scalars(
        select(Extension).where(Extension.id == extension_id, Extension.referral_id == referral.id).with_for_update()
    ).one_or_none()
    if extension is None or extension.state is not ExtensionState.ASKED:
        raise Conflict("这次延期申请已经有了结果，请看看现在的情况。")
    text = within_length(clean(words).text) if grant else words_needed(words)
    if grant and referral.answer_due_at is None:
        raise Conflict("这一件还没有答复期限，不用延期。")
    action = ExtensionAction.GRANT if grant else ExtensionAction.REFUSE
    move(session, extension, action, actor=acting.actor, at=acting.at, area_path=path)
    extension.decided_by = acting.actor.user_id
    write_entry(session, acting, referral, EntryKind.EXTENSION_DECISION, text, reason_code=extension.state.value)
    if grant:
        extend(referral, extension.days, workflow=acting.workflow)
    referral.version += 1
    note(session, acting, referral, f"extension_{action.value}", extension=extension.id)
    return referral


def pause(session: Session, acting: Acting, *, reason: str, words: str) -> Referral:
    """The clock stands still for a stated reason, which the residents read. InvalidInput (fields `reason`, `words`), Conflict when it does."""
    referral, _ = lock_referral(session, acting)
    require_office(acting, referral)
    code = next((one for one in PauseReason if one.value == reason), None)
    if code is None:
        raise InvalidInput("请选择暂停的理由。", field="reason")
    if referral.paused_at is not None:
        raise Conflict("已经暂停了，请看看现在的情况。")
    if referral.state not in AT_DEPARTMENT:
        raise Conflict("只有交办之后、答复之前才能暂停计时。")
    assert acting.actor.user_id is not None
    referral.paused_at = acting.at
    session.add(
        Pause(
            district_id=referral.district_id,
            referral_id=referral.id,
            reason=code,
            begun_by=acting.actor.user_id,
            begun_at=acting.at,
        )
    )
    write_entry(session, acting, referral, EntryKind.PAUSE, words_needed(words), reason_code=code.value, for_resident=True)
    referral.version += 1
    note(session, acting, referral, "pause", reason=code.value)
    return referral


def resume(session: Session, acting: Acting) -> Referral:
    """The clock goes on; what was due moves by the working days it stood still."""
    referral, _ = lock_referral(session, acting)
    require_office(acting, referral)
    if referral.paused_at is None:
        raise Conflict("现在没有暂停，请看看现在的情况。")
    stop_pause(session, acting, referral)
    referral.version += 1
    return referral


def set_external_number(session: Session, acting: Acting, *, number: str) -> Referral:
    """The number in another system, such as a 12345 order; empty takes it away. By the office, or staff."""
    referral, path = lock_referral(session, acting)
    if acting.actor.unit_id != referral.office_id or acting.actor.unit_id is None:
        require_follower(acting, path)
    else:
        require_office(acting, referral)
    referral.external_number = clean_line(number, limit=NUMBER_MAX, field="external_number")
    referral.version += 1
    note(session, acting, referral, "external_number")
    return referral


def stop_pause(session: Session, acting: Acting, referral: Referral) -> None:
    """End the pause that is on, if any, and write it down."""
    if referral.paused_at is None:
        return
    days = end_pause(referral, workflow=acting.workflow, at=acting.at)
    for open_pause in session.scalars(select(Pause).where(Pause.referral_id == referral.id, Pause.ended_at.is_(None)).with_for_update()):
        open_pause.ended_at, open_pause.ended_by = acting.at, acting.actor.user_id
    write_entry(session, acting, referral, EntryKind.RESUME, "", reason_code=str(days), for_resident=True)
    note(session, acting, referral, "resume", days=days)


def _move(
    session: Session, acting: Acting, referral: Referral, path: str, action: ReferralAction, *, reason_code: str | None = None
) -> None:
    move(session, referral, action, actor=acting.actor, at=acting.at, area_path=path, reason_code=reason_code)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    note(session, acting, referral, action.value)


def _assign(
    session: Session,
    acting: Acting,
    referral: Referral,
    path: str,
    action: ReferralAction,
    *,
    lead_id: int | None,
    helper_ids: Collection[int],
    words: str,
) -> None:
    lead = unit_of(session, referral.district_id, lead_id, assigning=False, field="lead")
    text = within_length(clean(words).text)
    move(session, referral, action, actor=acting.actor, at=acting.at, area_path=path)
    referral.lead_id, referral.officer_id, referral.assigned_at = lead.id, None, acting.at
    start_answer_clock(referral, workflow=acting.workflow, at=acting.at)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    _set_helpers(session, acting, referral, helper_ids)
    write_entry(session, acting, referral, EntryKind.INSTRUCTION, text, other_department_id=lead.id)
    note(session, acting, referral, action.value, lead=lead.id)


def _set_helpers(session: Session, acting: Acting, referral: Referral, helper_ids: Collection[int]) -> None:
    wanted = dict.fromkeys(helper_ids)
    wanted.pop(referral.lead_id or 0, None)
    if len(wanted) > HELPERS_MOST:
        raise InvalidInput(f"协办单位最多 {HELPERS_MOST} 个，请去掉几个。", field="helpers")
    session.flush()
    there = set(session.scalars(select(ReferralHelper.department_id).where(ReferralHelper.referral_id == referral.id)))
    for unit_id in wanted:
        unit = unit_of(session, referral.district_id, unit_id, assigning=False, field="helpers")
        if unit.id not in there:
            helper = ReferralHelper(district_id=referral.district_id, referral_id=referral.id, department_id=unit.id, created_at=acting.at)
            begin(session, helper, actor=acting.actor, at=acting.at)


def _reassign(
    session: Session, acting: Acting, referral: Referral, path: str, *, lead_id: int | None, words: str, kind: EntryKind
) -> Referral:
    lead = unit_of(session, referral.district_id, lead_id, assigning=False, field="lead")
    if lead.id == referral.lead_id:
        raise InvalidInput("它已经是主办单位。要维持原交办，请选“维持原交办”。", field="lead")
    stop_pause(session, acting, referral)
    move(session, referral, ReferralAction.REASSIGN, actor=acting.actor, at=acting.at, area_path=path, reason_code="reassigned")
    referral.lead_id, referral.officer_id, referral.assigned_at = lead.id, None, acting.at
    start_answer_clock(referral, workflow=acting.workflow, at=acting.at)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    refuse_open_extension(session, acting, referral)
    drop_help_of_lead(session, referral)
    write_entry(session, acting, referral, kind, words, other_department_id=lead.id)
    note(session, acting, referral, "reassign", lead=lead.id)
    return referral


def settle_open(session: Session, referral: Referral, *, by: int | None, at: datetime) -> None:
    """Of one that ends unanswered nothing stays open: neither a pause nor a request for more time."""
    referral.paused_at = None
    for one in session.scalars(select(Pause).where(Pause.referral_id == referral.id, Pause.ended_at.is_(None)).with_for_update()):
        one.ended_at, one.ended_by = at, by
    _refuse_extension(session, referral, at=at)


def drop_help_of_lead(session: Session, referral: Referral) -> None:
    """Whoever leads from now on doesn't help itself."""
    session.flush()
    session.execute(
        delete(ReferralHelper).where(ReferralHelper.referral_id == referral.id, ReferralHelper.department_id == referral.lead_id)
    )


def refuse_open_extension(session: Session, acting: Acting, referral: Referral) -> None:
    """A request for more time falls away with the lead who asked, or with the answer."""
    _refuse_extension(session, referral, at=acting.at)


def _refuse_extension(session: Session, referral: Referral, *, at: datetime) -> None:
    session.flush()
    for extension in session.scalars(
        select(Extension).where(Extension.referral_id == referral.id, Extension.state == ExtensionState.ASKED).with_for_update()
    ):
        move(session, extension, ExtensionAction.REFUSE, actor=MACHINE, at=at)
        session.add(
            ReferralEntry(
                district_id=referral.district_id,
                referral_id=referral.id,
                kind=EntryKind.EXTENSION_DECISION,
                reason_code=FELL_AWAY,
                words="",
                at=at,
            )
        )


def _reason(raw: str) -> ReasonCode:
    found = next((one for one in ReasonCode if one.value == raw), None)
    if found is None:
        raise InvalidInput("请选择退回的理由。", field="reason")
    return found


def _back_to_member(session: Session, acting: Acting, referral: Referral, decision: Decision, path: str) -> None:
    """The submission waits again, for whoever sent it while they still may decide."""
    submission = session.get_one(Submission, referral.submission_id)
    if submission.state is not SubmissionState.REFERRED:
        return
    move(session, submission, SubmissionAction.REFERRAL_RETURNED, actor=acting.actor, at=acting.at, area_path=path, decision=decision)
    sender = actor_of_user(session, referral.sent_by)
    if sender is not None and sender.may(Permission.TRIAGE_DECIDE, area_path=path):
        give_to(submission, actor=sender, area_path=path, workflow=acting.workflow, at=acting.at)
    else:
        start_clock(session, submission, workflow=acting.workflow, at=acting.at)
    announce(session, decision=decision, submission_ids=[submission.id], kind=NoticeKind.DECISION, due_at=acting.at, at=acting.at)


def _back_to_screening(session: Session, acting: Acting, referral: Referral, decision: Decision, path: str) -> None:
    topic = session.get_one(Topic, referral.topic_id)
    if topic.state is not TopicState.REFERRED:
        return
    move(session, topic, TopicAction.REFERRAL_RETURNED, actor=acting.actor, at=acting.at, area_path=path, decision=decision)
    announce(
        session,
        decision=decision,
        submission_ids=confirmed_in(session, topic),
        kind=NoticeKind.TOPIC_DECISION,
        due_at=acting.at,
        at=acting.at,
    )
