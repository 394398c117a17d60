"""What the demo shows of a message that says two things: one was split by a member, one waits to be; and the answers staff keep ready."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intake.cli.demo_life import key_of
from intake.domain.actor import Actor
from intake.domain.notification import NoticeAction
from intake.domain.submission import Channel
from intake.models import Submission
from intake.queries.point import PointView
from intake.queries.submission_part import family_of
from intake.services.answer_template import take_defaults
from intake.services.notify import claim_due, settle
from intake.services.submission_decide import Deciding
from intake.services.submission_split import parting_of, split
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.wiring import Wiring

Triage = Callable[[str, Stored, PointView, str, datetime], None]

TWO = (
    "小区北门的减速带松了，车一过就响，半夜睡不着。另外活动室的门锁坏了，老人进不去。",
    "菜场后门的污水流到路上，一下雨就淌进店里。还有公交站的座椅断了一条腿，坐上去要摔的。",
)
"""The first is split; the second waits."""


def part_messages(session: Session, wiring: Wiring, *, staff: Actor, member: Actor, point: PointView, triage: Triage, at: datetime) -> None:
    """Answers to start from, and two messages of two matters at `point` shortly before `at`, one of them in parts since."""
    take_defaults(session, actor=staff, at=at - timedelta(days=60))
    for number, words in enumerate(TWO):
        said, told_at = f"two-matters/{number}", at - timedelta(hours=3 + number)
        origin = Origin(Channel.FORM, device_hash=key_of(said))
        sentence = read_sentence(text=words, place="", contact="")
        stored = submit(session, vault=wiring.vault, point=point, key=key_of(said), sentence=sentence, origin=origin, at=told_at)
        triage(said, stored, point, words, told_at)
        if number == 0:
            _split(session, wiring, stored, member=member, point=point, triage=triage, at=at - timedelta(hours=2))


def _split(session: Session, wiring: Wiring, stored: Stored, *, member: Actor, point: PointView, triage: Triage, at: datetime) -> None:
    """The second sentence leaves, its resident is told, and the machine reads it."""
    submission = session.get_one(Submission, stored.submission_id)
    last = parting_of(session, submission).sentences[-1][0]
    deciding = Deciding(
        actor=member, submission_id=submission.id, version=submission.version, at=at, undo_seconds=wiring.settings.undo_seconds
    )
    split(session, deciding, choice={last: 1}, vault=wiring.vault)
    for notice in claim_due(session, at=at + timedelta(seconds=wiring.settings.undo_seconds), limit=10):
        settle(session, notice_id=notice.id, action=NoticeAction.DELIVER, at=at)
    (part,) = family_of(session, submission.id).parts
    triage("two-matters/part", Stored(part.submission_id, part.number, part.salt, repeated=False), point, part.written, at)
