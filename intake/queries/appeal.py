"""申请复核: what was appealed, by whose decision, and whether a resident may still ask for another look."""

from collections.abc import Collection
from typing import Literal

from sqlalchemy import ColumnElement, ScalarSelect, Select, any_, false, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SUBMISSION_TABLE, SubmissionAction, SubmissionState
from intake.domain.topic import TOPIC_TABLE, TopicAction, TopicState
from intake.models import Contributor, HistoryEntry, Message, Submission, Topic
from intake.queries.kept import TOPIC_ID, TOPIC_IDS, written_out

DECLINING = (SubmissionAction.DECLINE.value, SubmissionAction.CONFIRM_QUARANTINE.value)
SECOND_LOOKS = (SubmissionAction.APPEAL.value, SubmissionAction.RECHECK.value)
"""After either, somebody else than who declined decides."""
CAME_BACK = 4
"""The version a submission has at least once it came back: it was told, read by the machine, declined and taken up again, and each of these
steps counts one.
"""


TURNED_DOWN = (TopicAction.REJECT.value, TopicAction.DROP.value)
"""What staff end a topic with; after an appeal somebody else than who did decides whether it ends so again."""
END_TOLD = (SubmissionState.REPORTED_BACK, SubmissionState.CLOSED)
"""States of those who were told that their topic isn't taken up."""
Appealable = Literal["", "submission", "topic"]
"""What another look may be asked for at: nothing, its own decline, or that its topic was not taken up."""


def may_appeal(session: Session, submission: Submission, topic: Topic | None) -> Appealable:
    """What the submission's resident may ask another look at, once each; `topic` is the one it was confirmed in. At most one statement, and
    none for what was not turned down.
    """
    if submission.state is SubmissionState.DECLINED:
        return "" if was_appealed(session, submission.id) else "submission"
    if topic is None or topic.state is not TopicState.REJECTED or submission.state not in END_TOLD:
        return ""
    return "" if topic_was_appealed(session, topic.id) else "topic"


def was_appealed(session: Session, submission_id: int) -> bool:
    """Whether its resident has asked for another look before."""
    return _happened(session, SUBMISSION_TABLE.noun, submission_id, SubmissionAction.APPEAL.value)


def topic_was_appealed(session: Session, topic_id: int) -> bool:
    """Whether somebody behind it has asked for another look before."""
    return _happened(session, TOPIC_TABLE.noun, topic_id, TopicAction.APPEAL.value)


def rejected_topic_of(session: Session, submission_id: int) -> int | None:
    """The rejected topic behind which the submission stands, confirmed by a person; None where there is none."""
    return session.scalar(
        select(Topic.id)
        .join(Contributor, Contributor.topic_id == Topic.id)
        .where(
            Contributor.submission_id == submission_id,
            Contributor.status == ContributorStatus.CONFIRMED,
            Topic.state == TopicState.REJECTED,
        )
    )


def declined_by(session: Session, submission_id: int) -> int | None:
    """Whoever declined it last."""
    return session.scalar(
        select(HistoryEntry.actor_id)
        .where(
            HistoryEntry.noun == SUBMISSION_TABLE.noun, HistoryEntry.entity_id == submission_id, HistoryEntry.action.in_(DECLINING)
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )  # fmt: skip


def barred_from(session: Session, submission_id: int) -> int | None:
    """Who may not decide on it, since it came back by an appeal or a second look at what they declined; one statement."""
    steps = session.execute(
        select(HistoryEntry.action, HistoryEntry.actor_id)
        .where(
            HistoryEntry.noun == SUBMISSION_TABLE.noun,
            HistoryEntry.entity_id == submission_id,
            HistoryEntry.action.in_([*DECLINING, *SECOND_LOOKS]),
        )
        .order_by(HistoryEntry.id)
    ).all()
    declined = barred = None
    for action, actor_id in steps:
        if action in DECLINING:
            declined = actor_id
        else:
            barred = declined
    return barred


def barred(actor: Actor) -> ColumnElement[bool]:
    """`barred_from` as a condition on Submission: whether it is the actor who may not decide on it. Never NULL, so that it can be negated.

    Its version comes first: of the many that nobody has turned down, history isn't asked.
    """
    if actor.user_id is None:
        return false()
    return _CAME_BACK & func.coalesce(_decliner() == actor.user_id, False)


def barred_people(submission_ids: Collection[int]) -> Select[int, int]:
    """`barred_from` of many: those of the submissions that came back so, and who may not decide on each."""
    decliner = _decliner()
    return select(Submission.id, decliner).where(Submission.id.in_(submission_ids), _CAME_BACK, decliner.is_not(None))


_CAME_BACK = Submission.version >= literal_column(str(CAME_BACK))


def _decliner() -> ScalarSelect[int]:
    """Who declined Submission before the last second look at it; NULL for the machine, and where there was none."""
    looked_again = (
        select(func.max(HistoryEntry.id))
        .where(
            HistoryEntry.noun == SUBMISSION_TABLE.noun, HistoryEntry.entity_id == Submission.id, HistoryEntry.action.in_(SECOND_LOOKS)
        )
        .correlate(Submission)
        .scalar_subquery()
    )  # fmt: skip
    before = aliased(HistoryEntry)
    return (
        select(before.actor_id)
        .where(
            before.noun == SUBMISSION_TABLE.noun,
            before.entity_id == Submission.id,
            before.action.in_(DECLINING),
            before.id < looked_again,
        )
        .order_by(before.id.desc())
        .limit(1)
        .correlate(Submission)
        .scalar_subquery()
    )


def turned_down_before(session: Session, topic_id: int) -> int | None:
    """Who may not turn the topic down, since they did and a resident asked for another look; None where nobody asked. One statement."""
    steps = session.execute(
        select(HistoryEntry.action, HistoryEntry.actor_id)
        .where(
            HistoryEntry.noun == TOPIC_TABLE.noun,
            HistoryEntry.entity_id == topic_id,
            HistoryEntry.action.in_([*TURNED_DOWN, TopicAction.APPEAL.value]),
        )
        .order_by(HistoryEntry.id)
    ).all()
    last = barred = None
    for action, actor_id in steps:
        if action in TURNED_DOWN:
            last = actor_id
        else:
            barred = last
    return barred


def appealed_among(session: Session, topic_ids: Collection[int]) -> frozenset[int]:
    """Those of the topics that a resident asked to look at again; one statement."""
    return frozenset(session.scalars(_APPEALED, {"topic_ids": [*topic_ids]}))


_APPEALED = select(HistoryEntry.entity_id).where(
    HistoryEntry.noun == TOPIC_TABLE.noun, HistoryEntry.entity_id == any_(TOPIC_IDS), HistoryEntry.action == TopicAction.APPEAL.value
)


def words_of_topic_appeal(session: Session, topic_id: int) -> str:
    """What the resident wrote who asked to look at the topic again, masked; empty where nobody did, and once they took their words back."""
    return session.scalar(_APPEAL, {"topic_id": topic_id}) or ""


_APPEAL = written_out(
    select(Message.text_masked)
    .join(Contributor, Contributor.submission_id == Message.submission_id)
    .join(Submission, Submission.id == Message.submission_id)
    .where(
        Contributor.topic_id == TOPIC_ID,
        Message.at.in_(
            select(HistoryEntry.at).where(
                HistoryEntry.noun == TOPIC_TABLE.noun, HistoryEntry.entity_id == TOPIC_ID, HistoryEntry.action == TopicAction.APPEAL.value
            )
        ),
        Message.written_by.is_(None),
        Submission.state != SubmissionState.WITHDRAWN,
    )
    .order_by(Message.id)
    .limit(1)
)


def _happened(session: Session, noun: str, entity_id: int, action: str) -> bool:
    return (
        session.scalar(
            select(HistoryEntry.id)
            .where(HistoryEntry.noun == noun, HistoryEntry.entity_id == entity_id, HistoryEntry.action == action)
            .limit(1)
        )
        is not None
    )
