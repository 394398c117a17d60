"""留言: the words between one resident and those who have the matter, and where a resident's words wait to be read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.message import MessageFrom
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionState
from intake.models import Area, Message, Submission, User
from intake.queries.lease import recused
from intake.queries.pages import Page, key_of, page_of, within

SHOWN = 40
"""The newest messages of one receipt that its page shows."""
PAGE = 20


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    id: int
    side: MessageFrom
    text: str
    at: datetime
    by: str
    """Who of the members or staff; empty for the resident."""
    is_read: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """What was written to and fro, the earliest of the newest `SHOWN` first."""

    messages: tuple[Said, ...]

    @property
    def unread_from_resident(self) -> int:
        """How many of the resident's nobody has read."""
        return self._unread(MessageFrom.RESIDENT)

    @property
    def unread_from_member(self) -> int:
        """How many of the members' and staff's the resident hasn't read."""
        return self._unread(MessageFrom.MEMBER)

    def _unread(self, side: MessageFrom) -> int:
        return sum(1 for one in self.messages if one.side is side and not one.is_read)


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A submission with words of its resident that nobody has read."""

    id: int
    area_name: str
    state: SubmissionState
    excerpt: str
    """Of the submission, masked."""
    said: str
    """The newest unread words, masked."""
    said_at: datetime
    count: int


def thread_for_member(session: Session, submission_id: int) -> Thread:
    """The messages with the resident's masked; the caller has checked who asks."""
    return _thread(session, submission_id, masked=True)


def thread_for_resident(session: Session, submission_id: int) -> Thread:
    """The messages as they were written."""
    return _thread(session, submission_id, masked=False)


def _thread(session: Session, submission_id: int, *, masked: bool) -> Thread:
    text = Message.text_masked if masked else Message.text_written
    rows = session.execute(
        select(Message.id, Message.written_from, text, Message.at, func.coalesce(User.name, ""), Message.read_at.is_not(None))
        .outerjoin(User, User.id == Message.written_by)
        .where(Message.submission_id == submission_id)
        .order_by(Message.id.desc())
        .limit(SHOWN)
    ).all()
    return Thread(tuple(Said(*row) for row in reversed(rows)))


def unread(session: Session, actor: Actor, *, after: str = "") -> Page[UnreadRow]:
    """A page of submissions within the actor's areas whose residents wrote something nobody has read, by submission; two statements."""
    newest = (
        select(Message.text_masked, Message.at)
        .where(Message.submission_id == Submission.id, *_UNREAD)
        .order_by(Message.id.desc())
        .limit(1)
        .lateral()
    )
    count = select(func.count()).where(Message.submission_id == Submission.id, *_UNREAD).scalar_subquery()
    query = (
        select(Submission.id, Area.name, Submission.state, func.left(Submission.text_masked, 80), newest.c.text_masked, newest.c.at, count)
        .join(Area, Area.id == Submission.area_id)
        .join(newest, newest.c.at.is_not(None))
        .where(*_written_to(actor))
    )
    key = key_of(after)
    if key is not None:
        query = query.where(Submission.id > key)
    rows = [UnreadRow(*row) for row in session.execute(query.order_by(Submission.id).limit(PAGE + 1))]
    return page_of(rows, total=unread_count(session, actor), limit=PAGE)


def unread_count(session: Session, actor: Actor) -> int:
    """In how many submissions within the actor's areas residents' words wait to be read."""
    return (
        session.scalar(select(func.count()).select_from(Submission).join(Area, Area.id == Submission.area_id).where(*_written_to(actor)))
        or 0
    )


def has_unread() -> ColumnElement[bool]:
    """Whether a submission's resident wrote something that nobody has read."""
    return exists().where(Message.submission_id == Submission.id, *_UNREAD)


_UNREAD = (Message.written_from == MessageFrom.RESIDENT, Message.read_at.is_(None))


def _written_to(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    waiting = select(Message.submission_id).where(Message.district_id == actor.district_id, *_UNREAD)
    return Submission.district_id == actor.district_id, Submission.id.in_(waiting), within(actor, Permission.MESSAGE_WRITE), ~recused(actor)
