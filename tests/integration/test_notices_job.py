"""The notices job: nothing is sent twice, nothing is forgotten, and a channel's trouble stays with its notice."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import PermanentDeliveryError, RetryableDeliveryError
from intake.domain.notification import NoticeState
from intake.models import Notification
from intake.ports import Notice, NullJobQueue
from intake.services.notify import LOST_AFTER, RETRY_AFTER, claim_due
from intake.services.submission_decide import Deciding, answer
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import send_notices, triage_batch


class RecordingNotifier:
    """Remembers what left the house, and does to each notice what the test wants."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.trouble: Callable[[Notice], None] = lambda notice: None

    def send(self, notice: Notice) -> str:
        self.sent.append(notice.id)
        self.trouble(notice)
        return ""


@pytest.fixture
def notifier(wiring: Wiring) -> Iterator[RecordingNotifier]:
    wiring.queue = NullJobQueue()
    wiring.notifier = recording = RecordingNotifier()
    with jobs_in_this_process(wiring):
        yield recording


@pytest.fixture
def answered(wiring: Wiring, notifier: RecordingNotifier, town: Town) -> None:
    """Three residents were answered; their notices become due when the undo window is over."""
    stored = [say(wiring, town.longchi_code, f"幸福里{number}栋路灯不亮") for number in (1, 2, 3)]
    triage_batch.run()
    for one in stored:
        with wiring.sessions.begin() as session:
            deciding = Deciding(
                actor=actor(session, town.zhou_id),
                submission_id=one.submission_id,
                version=submission_of(wiring, one).version,
                at=wiring.clock.now(),
                undo_seconds=60,
            )
            answer(session, deciding, words="已报修，三天内来修。")


def states(session: Session) -> list[NoticeState]:
    session.rollback()
    return list(session.scalars(select(Notification.state).order_by(Notification.id)))


@pytest.mark.usefixtures("answered")
def test_nothing_leaves_before_the_undo_window_is_over(clock: TestClock, notifier: RecordingNotifier, session: Session) -> None:
    clock.forward(seconds=59)
    send_notices.run()
    assert notifier.sent == []
    clock.forward(seconds=1)
    send_notices.run()
    assert len(notifier.sent) == 3
    assert states(session) == [NoticeState.SENT] * 3


@pytest.mark.usefixtures("answered")
def test_a_second_run_sends_nothing_again(clock: TestClock, notifier: RecordingNotifier) -> None:
    clock.forward(minutes=2)
    send_notices.run()
    send_notices.run()
    assert len(notifier.sent) == len(set(notifier.sent)) == 3


@pytest.mark.usefixtures("answered")
def test_a_notice_is_claimed_and_committed_before_it_is_sent(wiring: Wiring, clock: TestClock, notifier: RecordingNotifier) -> None:
    seen: list[NoticeState] = []

    def look(notice: Notice) -> None:
        with wiring.sessions() as other:
            seen.append(other.get_one(Notification, notice.id).state)

    notifier.trouble = look
    clock.forward(minutes=2)
    send_notices.run()
    assert seen == [NoticeState.SENDING] * 3


@pytest.mark.usefixtures("answered")
def test_a_notice_whose_sender_died_becomes_uncertain_and_is_not_sent_again(
    wiring: Wiring, clock: TestClock, notifier: RecordingNotifier, session: Session
) -> None:
    clock.forward(minutes=2)
    with wiring.sessions.begin() as dying:
        claim_due(dying, at=clock.now(), limit=1)
    send_notices.run()
    assert len(notifier.sent) == 2
    assert states(session).count(NoticeState.SENDING) == 1
    clock.time += LOST_AFTER + timedelta(seconds=1)
    send_notices.run()
    assert len(notifier.sent) == 2
    assert states(session).count(NoticeState.UNCERTAIN) == 1


@pytest.mark.usefixtures("answered")
def test_a_busy_channel_is_tried_later_and_given_up_in_the_end(clock: TestClock, notifier: RecordingNotifier, session: Session) -> None:
    def busy(notice: Notice) -> None:
        raise RetryableDeliveryError("later")

    notifier.trouble = busy
    clock.forward(minutes=2)
    send_notices.run()
    assert states(session) == [NoticeState.PENDING] * 3
    send_notices.run()
    assert len(notifier.sent) == 3, "not due yet"
    for wait in RETRY_AFTER:
        clock.time += wait
        send_notices.run()
    assert len(notifier.sent) == 3 * (1 + len(RETRY_AFTER))
    assert states(session) == [NoticeState.FAILED] * 3


@pytest.mark.usefixtures("answered")
def test_one_notices_trouble_does_not_hold_up_the_others(clock: TestClock, notifier: RecordingNotifier, session: Session) -> None:
    def trouble(notice: Notice) -> None:
        if notice.id == notifier.sent[0]:
            raise PermanentDeliveryError("no such address")
        if len(notifier.sent) == 2:
            raise OSError("cut off in the middle")

    notifier.trouble = trouble
    clock.forward(minutes=2)
    send_notices.run()
    assert sorted(states(session)) == sorted([NoticeState.FAILED, NoticeState.UNCERTAIN, NoticeState.SENT])
