"""留言: words between a resident without an account and whoever has the matter, on the receipt page."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from intake.domain.message import MESSAGE_MAX, MessageFrom
from intake.domain.permission import Permission
from intake.domain.personal_data import mask, personal_data
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import SubmissionState
from intake.domain.text import clean
from intake.models import Area, Message, Submission
from intake.services.audit import record
from intake.services.notify import announce_message
from intake.services.recusal import refuse_recused


def write_from_resident(session: Session, *, submission_id: int, words: str, nonce: str, most_a_day: int, at: datetime) -> None:
    """The resident writes; the same words with the same `nonce` of the page are one message, however often they are sent.

    Raises InvalidInput (field `words`) when there are none or over 500 characters, Conflict when it was withdrawn, TooMany after
    `most_a_day` on one day in Shanghai.
    """
    text = message_text(words)
    submission = _lock(session, submission_id)
    key = _key(submission, MessageFrom.RESIDENT, text, written_by=None, nonce=nonce)
    _write(session, submission, MessageFrom.RESIDENT, text, written_by=None, key=key, most_a_day=most_a_day, at=at)


def write_to_resident(
    session: Session, *, actor: Actor, submission_id: int, words: str, nonce: str, most_a_day: int, digest_minutes: int, at: datetime
) -> None:
    """A member or staff of the area write, and have read what stood there; what is written within `digest_minutes` is told in one notice.

    Raises what `write_from_resident` raises, and NotFound or Forbidden outside their district or areas.
    """
    text = message_text(words)
    submission = _lock(session, submission_id)
    _require_writer(session, actor, submission)
    key = _key(submission, MessageFrom.MEMBER, text, written_by=actor.user_id, nonce=nonce)
    written = _write(session, submission, MessageFrom.MEMBER, text, written_by=actor.user_id, key=key, most_a_day=most_a_day, at=at)
    _mark_read(session, submission_id, MessageFrom.RESIDENT, at=at)
    if written:
        announce_message(session, submission_id=submission.id, key=key, digest_minutes=digest_minutes, at=at)
        record(
            session,
            actor=actor,
            district_id=submission.district_id,
            action="message.write",
            noun="submission",
            entity_id=submission.id,
            at=at,
        )


def read_by_member(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> None:
    """A member or staff of the area have read the resident's words."""
    submission = session.get(Submission, submission_id)
    if submission is None:
        raise NotFound("没有这件来件，或者不在您的区。")
    _require_writer(session, actor, submission)
    _mark_read(session, submission_id, MessageFrom.RESIDENT, at=at)


def note_read(session: Session, *, submission_id: int, at: datetime) -> None:
    """The resident opened the receipt with what was written to them; one UPDATE that matches a row once."""
    _mark_read(session, submission_id, MessageFrom.MEMBER, at=at)


def message_text(words: str) -> str:
    """The cleaned words of a message; InvalidInput (field `words`) when there are none, or too many."""
    text = clean(words).text
    if not text.replace("\ufffd", "").strip():
        raise InvalidInput("请先写一句话，再发出。", field="words")
    if len(text) > MESSAGE_MAX:
        raise InvalidInput(f"最多 {MESSAGE_MAX} 个字，多了 {len(text) - MESSAGE_MAX} 个。写的内容还在框里。", field="words")
    return text


def _lock(session: Session, submission_id: int) -> Submission:
    """The submission, so that who writes at once is counted one after the other."""
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None:
        raise NotFound("没有这件来件，或者不在您的区。")
    return submission


def _require_writer(session: Session, actor: Actor, submission: Submission) -> None:
    if submission.district_id != actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    if not actor.may(Permission.MESSAGE_WRITE, area_path=session.get_one(Area, submission.area_id).path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_recused(session, actor=actor, submission_id=submission.id)


def _key(submission: Submission, side: MessageFrom, text: str, *, written_by: int | None, nonce: str) -> bytes:
    """The same for the same words sent twice from one page."""
    return hashlib.sha256("\x1f".join((str(submission.id), side.value, str(written_by), nonce, text)).encode()).digest()


def _write(
    session: Session,
    submission: Submission,
    side: MessageFrom,
    text: str,
    *,
    written_by: int | None,
    key: bytes,
    most_a_day: int,
    at: datetime,
) -> bool:
    """Whether it is new."""
    if session.scalar(select(Message.id).where(Message.key == key)) is not None:
        return False
    if submission.state is SubmissionState.WITHDRAWN:
        raise Conflict("这件来件已经撤回，不能再留言。")
    if submission.state is SubmissionState.REJOINED:
        raise Conflict("这一件已经并回原来的那一件，请在那张回执上留言。")
    midnight = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    today = select(func.count()).where(
        Message.submission_id == submission.id,
        Message.written_from == side,
        Message.at >= midnight,
        Message.at < midnight + timedelta(days=1),
    )
    if (session.scalar(today) or 0) >= most_a_day:
        raise TooMany(f"一张回执一天最多留 {most_a_day} 条，请明天再写。着急的话请打电话。")
    session.execute(
        insert(Message).on_conflict_do_nothing(),
        {
            "district_id": submission.district_id,
            "submission_id": submission.id,
            "written_from": side,
            "written_by": written_by,
            "text_written": text,
            "text_masked": mask(text, personal_data(text)) if side is MessageFrom.RESIDENT else text,
            "key": key,
            "at": at,
        },
    )
    return True


def _mark_read(session: Session, submission_id: int, side: MessageFrom, *, at: datetime) -> None:
    session.execute(
        update(Message)
        .where(Message.submission_id == submission_id, Message.written_from == side, Message.read_at.is_(None))
        .values(read_at=at)
        .execution_options(synchronize_session=False)
    )
