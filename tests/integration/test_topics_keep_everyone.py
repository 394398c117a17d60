"""Whatever is merged, split, taken back or detached in whatever order: nobody who said something is lost or counted twice."""

import random
from collections import Counter

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import DomainError
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Contributor, Submission, Topic
from intake.services import submission_decide as decide
from intake.services.topic_decision import Screening
from intake.services.topic_screen import screen, unmerge
from intake.services.topic_split import split, unsplit
from intake.wiring import Wiring
from tests.factories.matters import told, topic_of
from tests.factories.town import Town, actor

TOPICS, VOICES, STEPS = 4, 4, 40


class Staff:
    """Somebody at the desk who tries anything."""

    def __init__(self, wiring: Wiring, town: Town, seed: int) -> None:
        self.wiring, self.town, self.chance = wiring, town, random.Random(seed)
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        """One act on rows chosen at random; a refusal must leave everything as it was."""
        act = self.chance.choice([self.merge, self.merge, self.split, self.split, self.unmerge, self.unsplit, self.detach, self.attach])
        with self.wiring.sessions() as session:
            try:
                act(session)
            except DomainError:
                session.rollback()
                self.done["refused"] += 1
            else:
                session.commit()
                self.done[act.__name__] += 1

    def merge(self, session: Session) -> None:
        one, other = self.chance.sample(self._topics(session), 2)
        screen(session, self._holding(session, one), TopicAction.MERGE, words="是一件事", target_topic_id=other.id)

    def split(self, session: Session) -> None:
        topic = self.chance.choice(self._topics(session))
        voices = self._voices(session, topic)
        leaving = self.chance.sample(voices, self.chance.randint(0, len(voices)))
        split(session, self._holding(session, topic), submission_ids=leaving, title="分出的议题", words="是两件事")

    def unmerge(self, session: Session) -> None:
        unmerge(session, self._holding(session, self._one_that(session, TopicState.MERGED)), words="不是一件事")

    def unsplit(self, session: Session) -> None:
        unsplit(session, self._holding(session, self._one_that(session, TopicState.CANDIDATE, title="分出的议题")), words="是一件事")

    def detach(self, session: Session) -> None:
        voices = session.scalars(select(Submission).where(Submission.state == SubmissionState.IN_TOPIC).order_by(Submission.id)).all()
        submission = self.chance.choice(voices)
        decide.detach(session, self._deciding(session, submission), words="不在这里", workflow=self.wiring.workflow)

    def attach(self, session: Session) -> None:
        waiting = session.scalars(select(Submission).where(Submission.state == SubmissionState.TRIAGED).order_by(Submission.id)).all()
        if not waiting:
            raise DomainError("nobody waits")
        topic = self.chance.choice(self._topics(session))
        decide.attach(session, self._deciding(session, self.chance.choice(waiting)), topic_id=topic.id)

    def _deciding(self, session: Session, submission: Submission) -> decide.Deciding:
        who = actor(session, self.town.zhou_id)
        return decide.Deciding(who, submission.id, submission.version, self.wiring.clock.now(), undo_seconds=60)

    def _topics(self, session: Session) -> list[Topic]:
        return list(session.scalars(select(Topic).order_by(Topic.id)))

    def _one_that(self, session: Session, state: TopicState, *, title: str = "") -> Topic:
        fitting = [topic for topic in self._topics(session) if topic.state is state and (not title or topic.title == title)]
        if not fitting:
            raise DomainError("there is none")
        return self.chance.choice(fitting)

    def _voices(self, session: Session, topic: Topic) -> list[int]:
        standing = (Contributor.topic_id == topic.id) & (Contributor.status != ContributorStatus.REMOVED)
        return list(session.scalars(select(Contributor.submission_id).where(standing).order_by(Contributor.submission_id)))

    def _holding(self, session: Session, topic: Topic) -> Screening:
        return Screening(actor(session, self.town.jing_id), topic.id, topic.version, self.wiring.clock.now())


def assert_everyone_is_somewhere(session: Session, everyone: set[int], rows_before: int) -> int:
    """Each submission stands in one topic or waits for a member; counts are those of the rows; no row was deleted. Returns the rows."""
    rows = session.scalars(select(Contributor)).all()
    live = [row for row in rows if row.status is not ContributorStatus.REMOVED]
    standing = Counter(row.submission_id for row in live)
    states = dict(session.execute(select(Submission.id, Submission.state)).all())
    waiting = [one for one in everyone if states[one] is SubmissionState.TRIAGED and one not in standing]
    assert sorted([*standing.elements(), *waiting]) == sorted(everyone)
    assert {one for one in everyone if states[one] is SubmissionState.IN_TOPIC} == set(standing)
    counted = Counter(row.topic_id for row in live)
    for topic in session.scalars(select(Topic)):
        assert topic.confirmed_count + topic.suggested_count == counted[topic.id], topic.title
        assert counted[topic.id] == 0 or topic.state not in {TopicState.MERGED, TopicState.DISSOLVED}
        assert (topic.state is TopicState.MERGED) == (topic.merged_into_id is not None)
    assert len(rows) >= rows_before
    return len(rows)


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_acts_loses_anybody(wiring: Wiring, town: Town, seed: int) -> None:
    everyone = set()
    for number in range(TOPICS):
        voices = [told(wiring, town.longchi_code, f"议题 {number} 的第 {voice} 句话") for voice in range(VOICES)]
        everyone |= {voice.submission_id for voice in voices}
        topic_of(wiring, town.zhou_id, f"议题 {number}", *voices)
    staff, rows = Staff(wiring, town, seed), 0
    for _ in range(STEPS):
        wiring.clock.forward(seconds=1)  # type: ignore[attr-defined]  # the test's clock
        staff.step()
        with wiring.sessions() as session:
            rows = assert_everyone_is_somewhere(session, everyone, rows)
    assert staff.done["merge"], staff.done
    assert staff.done["split"], staff.done
