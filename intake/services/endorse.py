"""附议: somebody joins a released matter that is under way; once for each person and matter, with a receipt of their own (docs/adr/0028)."""

import os
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.endorsement import PER_DEVICE, WordsRead, clean_words, read_words
from intake.domain.errors import Conflict
from intake.domain.held import Held
from intake.domain.language.lexicon import Lexicon
from intake.domain.submission import URGENCIES, Channel, SubmissionAction, Urgency
from intake.domain.suspicion import EMERGENCIES_MOST, EMERGENCIES_WITHIN, Suspicion
from intake.domain.text import CONTACT_MAX, clean_line
from intake.domain.topic import TopicState
from intake.models import Endorsement, Submission, Topic
from intake.ports import Vault, Wake
from intake.queries.endorsement import Standing, others_on_device, standing, under_way
from intake.queries.point import PointView
from intake.queries.suspect import emergencies_let_through
from intake.services.contribution import confirm, lock_topics_of, recount
from intake.services.submission_submit import Origin, Sentence, Stored, submit
from intake.services.transition import move
from intake.services.wake import wake_after_commit

ENDED = "这件事已经办完，或者不再办了，不能再附议。如果您那里还有，请另外写一件。"


@dataclass(frozen=True, slots=True)
class Endorsing:
    """Who joins what, where, and what they add to it."""

    topic_id: int
    """The matter they saw."""
    point: PointView
    person: bytes
    device: bytes
    openid_hash: bytes | None
    follower_id: int | None
    sentence: Sentence
    at: datetime


@dataclass(frozen=True, slots=True)
class Endorsed:
    """The receipt, whether it was theirs before, and whether staff look first."""

    stored: Stored
    again: bool
    held: bool


def read_endorsement(*, text: str, contact: str) -> Sentence:
    """Clean the two optional fields; InvalidInput names the field."""
    return Sentence(message=clean_words(text), place="", contact=clean_line(contact, limit=CONTACT_MAX, field="contact"))


def endorse(session: Session, endorsing: Endorsing, *, vault: Vault, lexicon: Lexicon) -> Endorsed:
    """Join the matter, or what it was merged into: a submission in that topic, confirmed by nobody's decision but the resident's own.

    Whoever joined before, even a moment ago, gets that receipt. Raises Conflict where the matter has ended, PointClosed.
    """
    survivor = _lock(session, endorsing.topic_id)
    before = standing(session, topic_id=endorsing.topic_id, person=endorsing.person)
    if before is not None:
        return Endorsed(_stored(before), again=True, held=False)
    topic = _under_way(session, survivor)
    if topic is None:
        raise Conflict(ENDED)
    # WeChat tells people apart; elsewhere a device that joins again and again may be one person without cookies.
    crowded = (
        endorsing.openid_hash is None
        and others_on_device(session, topic_id=endorsing.topic_id, person=endorsing.person, device=endorsing.device, at=endorsing.at)
        >= PER_DEVICE
    )
    read = read_words(endorsing.sentence.message.text, endorsing.sentence.place, crowded=crowded, lexicon=lexicon)
    if read.urgency is Urgency.EMERGENCY and _have_rung(session, endorsing):
        read = replace(read, held=Held.FLOODING)
    stored = _submit(session, endorsing, read, vault=vault, topic=topic)
    if read.held is None:
        join(session, session.get_one(Submission, stored.submission_id), topic, at=endorsing.at)
    return Endorsed(stored, again=False, held=read.held is not None)


def join(session: Session, submission: Submission, topic: Topic, *, at: datetime) -> None:
    """Make a received endorsement a voice of the locked `topic`: it has no owner and no clock, since it goes where its topic goes."""
    move(session, submission, SubmissionAction.ENDORSE, actor=RESIDENT, at=at)
    if URGENCIES.index(submission.urgency) > URGENCIES.index(topic.urgency):
        topic.urgency = submission.urgency
    if submission.urgency is Urgency.EMERGENCY:
        wake_after_commit(session, Wake.ALARM)
    recount(session, confirm(session, submission=submission, topic=topic, by=None, at=at), at=at)


def lock_endorsed(session: Session, submission_id: int) -> Topic | None:
    """The topic that a held endorsement waits to join, locked; None for any other submission, or where the matter has ended meanwhile."""
    topic_id = session.scalar(
        select(Endorsement.topic_id).where(Endorsement.submission_id == submission_id, Endorsement.withdrawn_at.is_(None))
    )
    return _under_way(session, _lock(session, topic_id)) if topic_id is not None else None


def _have_rung(session: Session, endorsing: Endorsing) -> bool:
    """Whether enough at this point named a danger of late: joining asks for no proof, and mustn't call everyone as often as a program likes."""
    point_id, since = endorsing.point.id, endorsing.at - EMERGENCIES_WITHIN
    return emergencies_let_through(session, [point_id], since=since).get(point_id, 0) >= EMERGENCIES_MOST


def _lock(session: Session, topic_id: int) -> int:
    """Lock the matter, what it was merged into, and its class; the id of where a voice joins now."""
    survivor, following = topic_id, _merged_into(session, topic_id)
    while following is not None:
        survivor, following = following, _merged_into(session, following)
    lock_topics_of(session, 0, topic_id, survivor)
    if _merged_into(session, survivor) is not None:
        raise Conflict("这件事刚刚和别的合在一起办，请再点一次附议。")
    return survivor


def _merged_into(session: Session, topic_id: int) -> int | None:
    return session.scalar(select(Topic.merged_into_id).where(Topic.id == topic_id, Topic.state == TopicState.MERGED))


def _under_way(session: Session, topic_id: int) -> Topic | None:
    return session.scalars(
        select(Topic).where(Topic.id == topic_id, under_way(Topic)).execution_options(populate_existing=True)
    ).one_or_none()


def _submit(session: Session, endorsing: Endorsing, read: WordsRead, *, vault: Vault, topic: Topic) -> Stored:
    """The submission, read by the machine at once, and the row that holds it to its person and matter."""
    origin = Origin(
        Channel.ENDORSEMENT,
        device_hash=endorsing.device,
        openid_hash=endorsing.openid_hash,
        follower_id=endorsing.follower_id,
        suspicion=Suspicion.FLOOD if read.held is Held.FLOODING else None,
    )
    key = b"endorse" + os.urandom(24)  # a repeat was found behind the topic's lock; who took it back may join again
    stored = submit(session, vault=vault, point=endorsing.point, key=key, sentence=endorsing.sentence, origin=origin, at=endorsing.at)
    submission = session.get_one(Submission, stored.submission_id)
    submission.text_masked, submission.place_masked = read.masked, read.place_masked
    submission.urgency, submission.category, submission.triaged_at = read.urgency, topic.category, endorsing.at
    session.add(
        Endorsement(
            district_id=topic.district_id,
            topic_id=endorsing.topic_id,
            submission_id=stored.submission_id,
            person_hash=endorsing.person,
            device_hash=endorsing.device,
            created_at=endorsing.at,
        )
    )
    if read.held is not None:
        move(session, submission, SubmissionAction.QUARANTINE, actor=MACHINE, at=endorsing.at, reason_code=read.held.value)
    session.flush()
    return stored


def _stored(found: Standing) -> Stored:
    return Stored(found.submission_id, found.receipt_number, found.receipt_salt, repeated=True)
