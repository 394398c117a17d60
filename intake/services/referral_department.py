"""承办单位's steps: sign, say that it isn't theirs, ask for time, report, help, hand over, answer."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.permission import Role
from intake.domain.referral import (
    AT_DEPARTMENT,
    NEEDS_REASON,
    AnswerOutcome,
    EntryKind,
    HelperAction,
    HelperState,
    ReferralAction,
    ReferralState,
)
from intake.domain.text import clean, clean_line
from intake.models import Answer, Attachment, Extension, Referral, RoleGrant, User
from intake.services.referral_clock import set_due
from intake.services.referral_lock import (
    ANSWER_MAX,
    Acting,
    helper_of,
    lock_referral,
    note,
    report_needed,
    require_lead,
    unit_of,
    within_length,
    words_needed,
    write_entry,
)
from intake.services.referral_office import refuse_open_extension, stop_pause
from intake.services.transition import begin, move

NAME_MAX = 20


def sign(session: Session, acting: Acting) -> Referral:
    """The lead has it in hand; whoever signs is its officer."""
    referral, path = lock_referral(session, acting)
    require_lead(acting, referral)
    _move(session, acting, referral, path, ReferralAction.SIGN)
    referral.officer_id = acting.actor.user_id
    return referral


def dispute(session: Session, acting: Acting, *, proposed_id: int | None, words: str) -> Referral:
    """Say that it is another unit's; the lead goes on leading until the office has decided (首接负责).

    Raises InvalidInput: `words` when empty, `proposed` when the unit named can't answer.
    """
    referral, path = lock_referral(session, acting)
    require_lead(acting, referral)
    text = words_needed(words)
    proposed = unit_of(session, referral.district_id, proposed_id, assigning=False, field="proposed") if proposed_id is not None else None
    if proposed is not None and proposed.id == referral.lead_id:
        raise InvalidInput("这是您自己的单位，请选别的单位，或不选。", field="proposed")
    write_entry(session, acting, referral, EntryKind.DISPUTE, text, other_department_id=proposed.id if proposed is not None else None)
    _move(session, acting, referral, path, ReferralAction.DISPUTE, reason_code="disputed")
    return referral


def ask_extension(session: Session, acting: Acting, *, days: int, words: str) -> Extension:
    """Ask the office for `days` working days more; InvalidInput (fields `days`, `words`), Conflict when one is asked for or none is left."""
    referral, _ = lock_referral(session, acting)
    require_lead(acting, referral)
    rules = acting.workflow.referral
    if not 1 <= days <= rules.extension_most_working_days:
        raise InvalidInput(f"一次可以申请延 1 到 {rules.extension_most_working_days} 个工作日。", field="days")
    if referral.state is not ReferralState.IN_PROGRESS:
        raise Conflict("签收以后、答复之前才能申请延期。")
    # Those of a former lead, or of the time before it was reopened, were another clock's.
    asked = session.scalars(
        select(Extension.state).where(Extension.referral_id == referral.id, Extension.created_at >= referral.assigned_at)
    ).all()
    if any(state == "asked" for state in asked):
        raise Conflict("已经申请过延期，正在等交办机关答复。")
    if sum(state == "granted" for state in asked) >= rules.extensions_most:
        raise Conflict(f"这一件已经延过 {rules.extensions_most} 次，不能再延。办不完的部分请在答复里写明安排。")
    assert acting.actor.user_id is not None
    extension = Extension(
        district_id=referral.district_id, referral_id=referral.id, days=days, asked_by=acting.actor.user_id, created_at=acting.at
    )
    begin(session, extension, actor=acting.actor, at=acting.at)
    write_entry(session, acting, referral, EntryKind.EXTENSION, words_needed(words), reason_code=str(days))
    referral.version += 1
    note(session, acting, referral, "ask_extension", days=days)
    return extension


def report_progress(session: Session, acting: Acting, *, words: str, for_resident: bool) -> Referral:
    """Write down how far it is; those behind it read it where `for_resident`."""
    referral, _ = lock_referral(session, acting)
    require_lead(acting, referral)
    if referral.state not in AT_DEPARTMENT:
        raise Conflict("已经答复了，不用再写进展。")
    write_entry(session, acting, referral, EntryKind.PROGRESS, report_needed(words), for_resident=for_resident)
    referral.version += 1
    note(session, acting, referral, "progress")
    return referral


def hand_over(session: Session, acting: Acting, *, officer_id: int) -> Referral:
    """A colleague of the same unit is its officer from now on; InvalidInput (field `officer`)."""
    referral, _ = lock_referral(session, acting)
    require_lead(acting, referral)
    colleague = session.scalars(
        select(User)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.id == officer_id, User.active, User.department_id == referral.lead_id, RoleGrant.role == Role.DEPARTMENT)
        .limit(1)
    ).one_or_none()
    if colleague is None:
        raise InvalidInput("请选择本单位的同事。", field="officer")
    referral.officer_id = colleague.id
    write_entry(session, acting, referral, EntryKind.HAND_OVER, "", reason_code=str(colleague.id))
    referral.version += 1
    note(session, acting, referral, "hand_over", officer=colleague.id)
    return referral


def helper_sign(session: Session, acting: Acting) -> Referral:
    """A helping unit has seen it."""
    referral, path = lock_referral(session, acting)
    helper = helper_of(session, acting, referral)
    move(session, helper, HelperAction.SIGN, actor=acting.actor, at=acting.at, area_path=path)
    referral.version += 1
    note(session, acting, referral, "helper_sign")
    return referral


def helper_report(session: Session, acting: Acting, *, words: str) -> Referral:
    """What a helping unit tells the lead; more may follow until the answer."""
    referral, path = lock_referral(session, acting)
    helper = helper_of(session, acting, referral)
    if referral.state not in AT_DEPARTMENT:
        raise Conflict("主办单位已经答复，不用再写协办意见。")
    write_entry(session, acting, referral, EntryKind.HELP, report_needed(words))
    if helper.state is not HelperState.DONE:
        move(session, helper, HelperAction.REPORT, actor=acting.actor, at=acting.at, area_path=path)
    referral.version += 1
    note(session, acting, referral, "helper_report")
    return referral


def reply(session: Session, acting: Acting, *, outcome: str, words: str, reason: str, signed_name: str) -> Answer:
    """The unit's answer, to be checked before anybody is told.

    Raises InvalidInput: `outcome` when none is chosen, `words` when empty or over 2,000 characters, `reason` when the outcome needs one or
    `done` has neither evidence nor a reason why not, `signed_name` when nobody answers for it.
    """
    referral, path = lock_referral(session, acting)
    require_lead(acting, referral)
    answer = write_answer(session, acting, referral, outcome=outcome, words=words, reason=reason, signed_name=signed_name)
    _move(session, acting, referral, path, ReferralAction.REPLY)
    finish_answer(session, acting, referral, answer)
    return answer


def write_answer(
    session: Session, acting: Acting, referral: Referral, *, outcome: str, words: str, reason: str, signed_name: str
) -> Answer:
    """The checked answer of the referral's lead, stored with the evidence that was sent in; InvalidInput as `reply`."""
    chosen = next((one for one in AnswerOutcome if one.value == outcome), None)
    if chosen is None:
        raise InvalidInput("请选择办理结果。", field="outcome")
    text = within_length(clean(words).text, most=ANSWER_MAX)
    if not text:
        raise InvalidInput("请写答复内容：做了什么、什么时候、以后谁管。", field="words")
    why = within_length(clean(reason).text, field="reason")
    if chosen in NEEDS_REASON and not why:
        raise InvalidInput("没有全部办好的，请写明原因或安排的时间，居民会看到。", field="reason")
    pending = (Attachment.referral_id == referral.id, Attachment.answer_id.is_(None), Attachment.removed_at.is_(None))
    evidence = session.scalar(select(func.count()).select_from(Attachment).where(*pending, Attachment.state != AttachmentState.REFUSED))
    if chosen is AnswerOutcome.DONE and not evidence and not why:
        raise InvalidInput("请附上佐证（照片或文件），没有的话写明原因。", field="reason")
    signed = clean_line(signed_name, limit=NAME_MAX, field="signed_name")
    if not signed:
        raise InvalidInput("请填写答复由谁负责（姓名）。", field="signed_name")
    assert referral.lead_id is not None
    assert acting.actor.user_id is not None
    answer = Answer(
        district_id=referral.district_id,
        referral_id=referral.id,
        department_id=referral.lead_id,
        outcome=chosen,
        words=text,
        reason=why,
        signed_name=signed,
        written_by=acting.actor.user_id,
        written_at=acting.at,
    )
    session.add(answer)
    session.flush()
    for attachment in session.scalars(select(Attachment).where(*pending, Attachment.kind.in_(list(AttachmentKind)))):
        attachment.answer_id = answer.id
    return answer


def finish_answer(session: Session, acting: Acting, referral: Referral, answer: Answer) -> None:
    """After the move to `replied`: the clock of the lead ends."""
    stop_pause(session, acting, referral)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    referral.replied_at = acting.at
    refuse_open_extension(session, acting, referral)
    note(session, acting, referral, "answer", answer=answer.id)


def _move(
    session: Session, acting: Acting, referral: Referral, path: str, action: ReferralAction, *, reason_code: str | None = None
) -> None:
    move(session, referral, action, actor=acting.actor, at=acting.at, area_path=path, reason_code=reason_code)
    set_due(referral, workflow=acting.workflow, at=acting.at)
    note(session, acting, referral, action.value)
