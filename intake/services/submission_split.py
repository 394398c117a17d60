"""分件: sentences of a message that leave as submissions of their own, and come back while nobody decided on them (docs/adr/0035)."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.message import MessageFrom
from intake.domain.notification import NoticeKind, NoticeState
from intake.domain.permission import Permission
from intake.domain.receipt import receipt_number
from intake.domain.split import PARTS_MOST, Span, Words, parts_of_choice
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionAction, SubmissionState, Urgency
from intake.models import Area, Decision, Finding, Message, Notification, Submission, SubmissionFile, SubmissionPart
from intake.ports import Vault, Wake
from intake.queries.appeal import barred_from
from intake.services.audit import record
from intake.services.contribution import live_contributor, lock_topics_of, recount, remove
from intake.services.imported_row import refuse_imported
from intake.services.lease import refuse_if_held
from intake.services.member_report import refuse_own_report
from intake.services.notify import announce, cancel_notices
from intake.services.ownership import stop_clock
from intake.services.recusal import inherit_recusals, refuse_recused
from intake.services.retention import erase_words
from intake.services.submission_decide import Deciding, hold
from intake.services.submission_submit import contact_context, draw_number
from intake.services.topic_proposal import outdate_for
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

TAKES_BACK = OPEN_FOR_DECISION | {SubmissionState.NEEDS_DETAIL}
"""States of a message that its parts may return to: nobody has decided on it, so that no word is lost."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A message's words, the sentences that may leave, and where the machine's last finding sees a demand begin, which is a cut, too."""

    words: Words
    sentences: tuple[Span, ...]
    demands: tuple[int, ...]


def parting_of(session: Session, submission: Submission) -> Parting:
    """What may be parted of a message; one statement."""
    content = session.scalar(select(Finding.content).where(Finding.submission_id == submission.id).order_by(Finding.id.desc()).limit(1))
    demands = tuple(int(one["start"]) for one in (content or {}).get("demands", ()))
    words = Words(submission.text_written, submission.text_masked)
    return Parting(words, words.sentences(starts=demands), demands)


def refuse_to_split(session: Session, submission: Submission) -> None:
    """Conflict for a part, and for what came back by an appeal or a second look: somebody else than before decides on all of it."""
    if submission.parent_id is not None:
        raise Conflict("这一件是从别的来件分出来的，不能再分。可以先并回原件，再重新分。")
    if barred_from(session, submission.id) is not None:
        raise Conflict("居民申请了复核（或抽查后重新受理）的来件要由同一位同志看完，不能再分。请就这一件处理。")


def split(session: Session, deciding: Deciding, *, choice: Mapping[int, int], vault: Vault) -> Decision:
    """Make a submission of each chosen part; `choice` is STAYS or the part's number, by the place where a sentence begins.

    Raises what a decision on a card raises, what `refuse_to_split` raises, InvalidInput (field `parts`) for a choice that parts nothing,
    Conflict when the sentences are not those that were on the screen.
    """
    decision = hold(session, deciding, SubmissionAction.SPLIT, words="")
    parent = session.get_one(Submission, deciding.submission_id)
    refuse_to_split(session, parent)
    parting = parting_of(session, parent)
    if not set(choice) <= {start for start, _ in parting.sentences}:
        raise Conflict("这件来件的句子刚刚有变化，请重新选。")
    before = _live_parts(session, parent.id)
    gone = [(start, end) for part in before for start, end in part.spans]
    parts = parts_of_choice(choice, parting.sentences, gone=gone)
    if len(before) + len(parts) > PARTS_MOST:
        raise InvalidInput(f"一件最多分出 {PARTS_MOST} 件，已经分出 {len(before)} 件。", field="parts")
    for number, spans in enumerate(parts):
        _leave(session, parent, parting.words, spans, deciding=deciding, number=number, vault=vault)
    wake_after_commit(session, Wake.TRIAGE)
    return decision


def rejoin(session: Session, *, actor: Actor, submission_id: int, version: int, at: datetime) -> int:
    """The part's sentences are handled with its message again and its copy of them is erased; returns the message's id.

    Raises NotFound for what is no part or of another district, Forbidden outside the actor's areas, for whoever stepped back from it or reported
    it, Conflict when somebody decided on the part or on the message, looks at one of them just now, or was faster, and when the resident added
    something to the part.
    """
    part = session.get(SubmissionPart, submission_id)
    if part is None or part.district_id != actor.district_id:
        raise NotFound("没有这一件，或者它不是分出来的。")
    lock_topics_of(session, submission_id)
    parent, child = _locked(session, [part.parent_id, submission_id])
    path = session.get_one(Area, child.area_id).path
    if not actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_imported(child, actor, area_path=path)
    refuse_recused(session, actor=actor, submission_id=submission_id)
    refuse_own_report(session, child, actor)
    if child.version != version:
        raise Conflict("这一件刚刚有变化，请看看现在的情况。")
    if parent.state not in TAKES_BACK:
        raise Conflict("原来的那一件已经有了处理，不能再并回去。这一件请单独处理。")
    if session.scalar(select(Decision.id).where(Decision.submission_id == child.id, Decision.undone_at.is_(None)).limit(1)):
        raise Conflict("已经有人处理过这一件，不能并回。")
    if _was_added_to(session, child.id):
        raise Conflict("居民在这一件里又补充了话或照片，不能并回。请单独处理这一件。")
    for held in (parent, child):
        refuse_if_held(session, actor=actor, submission_id=held.id, at=at)
    decision = _written(session, child, actor=actor, at=at)
    move(session, child, SubmissionAction.REJOIN, actor=actor, at=at, area_path=path, decision=decision)
    part.rejoined_by, part.rejoined_at = actor.user_id, at
    parent.version += 1
    stop_clock(child)
    _leave_topic(session, child, actor=actor, at=at)
    _forget(session, child, at=at)
    _tell_rejoined(session, parent, part, decision, at=at)
    return parent.id


def _was_added_to(session: Session, child_id: int) -> bool:
    """Whether its resident sent something to the part's own receipt, which stands nowhere else."""
    said = select(Message.id).where(Message.submission_id == child_id, Message.written_from == MessageFrom.RESIDENT)
    sent = select(SubmissionFile.id).where(SubmissionFile.submission_id == child_id, SubmissionFile.removed_at.is_(None))
    return session.scalar(select(said.exists() | sent.exists())) is True


def _leave(
    session: Session, parent: Submission, words: Words, spans: Sequence[Span], *, deciding: Deciding, number: int, vault: Vault
) -> None:
    """One part, born in `received` like any other, so that workers read it as they read everything."""
    key = hashlib.sha256(f"part:{parent.id}:{parent.version}:{number}".encode()).digest()
    child_id = draw_number(session, key=key, district_id=parent.district_id, at=deciding.at)
    receipt = receipt_number(child_id, deciding.at)
    child = Submission(
        id=child_id,
        district_id=parent.district_id,
        point_id=parent.point_id,
        area_id=parent.area_id,
        parent_id=parent.id,
        channel=parent.channel,
        version=1,
        receipt_number=receipt,
        receipt_salt=os.urandom(16),
        text_written=words.taken(spans),
        text_masked="",
        replaced_characters=0,
        place=parent.place,
        place_masked="",
        contact_cipher=_sealed_anew(vault, parent, receipt),
        contact_hint=parent.contact_hint,
        contact_consent_at=parent.contact_consent_at,
        device_hash=parent.device_hash,
        openid_hash=parent.openid_hash,
        follower_id=parent.follower_id,
        open_call_id=parent.open_call_id,
        latitude=parent.latitude,
        longitude=parent.longitude,
        urgency=Urgency.NORMAL,
        # It was said when the message was: its resident has waited since.
        received_at=parent.received_at,
    )
    begin(session, child, actor=deciding.actor, at=deciding.at)
    session.flush()
    inherit_recusals(session, parent=parent, child_id=child_id, at=deciding.at)
    session.add(
        SubmissionPart(
            submission_id=child_id,
            district_id=parent.district_id,
            parent_id=parent.id,
            spans=[list(span) for span in spans],
            split_by=deciding.actor.user_id,
            created_at=deciding.at,
        )
    )


def _sealed_anew(vault: Vault, parent: Submission, receipt: str) -> bytes | None:
    """The contact bound to the part's own receipt; a cipher opens with its own row alone."""
    if parent.contact_cipher is None:
        return None
    contact = vault.open(parent.contact_cipher, context=contact_context(parent.receipt_number))
    return vault.seal(contact, context=contact_context(receipt))


def _live_parts(session: Session, parent_id: int) -> Sequence[SubmissionPart]:
    return session.scalars(select(SubmissionPart).where(SubmissionPart.parent_id == parent_id, SubmissionPart.rejoined_at.is_(None))).all()


def _locked(session: Session, ids: Sequence[int]) -> Sequence[Submission]:
    """Those rows, locked and fresh, by id: a part is always younger than its message."""
    return session.scalars(
        select(Submission).where(Submission.id.in_(ids)).order_by(Submission.id).with_for_update().execution_options(populate_existing=True)
    ).all()


def _written(session: Session, child: Submission, *, actor: Actor, at: datetime) -> Decision:
    assert actor.user_id is not None
    decision = Decision(
        district_id=child.district_id,
        submission_id=child.id,
        action=SubmissionAction.REJOIN.value,
        words="",
        decided_by=actor.user_id,
        decided_at=at,
    )
    session.add(decision)
    record(
        session,
        actor=actor,
        district_id=child.district_id,
        action="submission.rejoin",
        noun="submission",
        entity_id=child.id,
        at=at,
        parent=child.parent_id,
    )
    return decision


def _leave_topic(session: Session, child: Submission, *, actor: Actor, at: datetime) -> None:
    contributor = live_contributor(session, child.id)
    if contributor is None:
        return
    remove(contributor, by=actor.user_id, at=at)
    recount(session, {contributor.topic_id}, at=at)
    outdate_for(session, {contributor.topic_id}, at=at)


def _forget(session: Session, child: Submission, *, at: datetime) -> None:
    """Nothing personal stays in the empty shell: words, contact and sender stand with the message."""
    child.contact_cipher, child.contact_hint, child.contact_consent_at = None, "", None
    child.device_hash = child.openid_hash = child.follower_id = None
    erase_words(session, child, at=at)
    child.erased_at = at


def _tell_rejoined(session: Session, parent: Submission, part: SubmissionPart, decision: Decision, *, at: datetime) -> None:
    """Of a split that was told, the resident hears that it was taken back; one that wasn't is forgotten once nothing of it is left."""
    made = session.scalars(
        select(Decision)
        .where(
            Decision.submission_id == parent.id,
            Decision.action == SubmissionAction.SPLIT.value,
            Decision.decided_at == part.created_at,
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one()
    session.flush()
    if not any(other.created_at == part.created_at for other in _live_parts(session, parent.id)):
        made.undone_at = at
        cancel_notices(session, decision_id=made.id, at=at)
    untold = (NoticeState.PENDING, NoticeState.CANCELLED)
    if session.scalar(select(Notification.id).where(Notification.decision_id == made.id, Notification.state.not_in(untold)).limit(1)):
        announce(session, decision=decision, submission_ids=[parent.id], kind=NoticeKind.DECISION, due_at=at, at=at)
