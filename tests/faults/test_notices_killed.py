"""A real worker is killed while messages are under way: the others still leave, none twice, and what hung in the air is uncertain."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from intake.domain.notification import NoticeKind, NoticeState
from intake.ports import Wake
from intake.services.notify import LOST_AFTER, announce_out, lose_stale
from intake.wiring import Wiring
from tests.factories.notices import follower, open_account, outward, said_by
from tests.factories.town import Town
from tests.faults.test_worker_process import Start, eventually, start
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer

pytestmark = pytest.mark.faults

__all__ = ["start"]

RESIDENTS = 25


@pytest.fixture
def platform(with_platform: WeChatServer) -> WeChatServer:
    """By the machine's clock, as the worker's."""
    with_platform.world.seconds = lambda: datetime.now(UTC).timestamp()
    return with_platform


def wait(wiring: Wiring, done: Callable[[], object], what: str) -> None:
    def woken() -> object:
        wiring.queue.wake(Wake.NOTIFY)
        return done()

    eventually(woken, what)


def test_killed_in_the_middle_of_a_push(platform: WeChatServer, wiring: Wiring, town: Town, session: Session, start: Start) -> None:
    now = datetime.now(UTC)
    open_account(wiring, town)
    for number in range(RESIDENTS):
        one = follower(wiring, f"o-{number}", platform=platform, wrote_at=now)
        stored = said_by(wiring, town.longchi_code, "路灯坏了", one)
        with wiring.sessions.begin() as other:
            # Receipts that are waited for leave by night too, whenever this runs.
            announce_out(other, submission_id=stored.submission_id, kind=NoticeKind.RECEIVED, once_key="received", due_at=now, at=now)
    platform.world.faults.order("custom/send", Fault.SLOW, times=6, seconds=5)
    first = start("worker", "wechat")
    wait(wiring, lambda: len(platform.world.sent()) >= 3, "messages under way")
    first.kill()
    first.wait()
    platform.world.faults.clear()

    hung = [notice.id for notice in outward(session) if notice.state is NoticeState.SENDING]
    assert hung
    start("worker", "wechat")
    settled = {NoticeState.SENT, NoticeState.UNCERTAIN}
    wait(wiring, lambda: {n.id for n in outward(session) if n.state not in settled} <= set(hung), "the others have left")
    with wiring.sessions.begin() as other:
        lose_stale(other, at=datetime.now(UTC) + LOST_AFTER + timedelta(seconds=1), limit=100)

    fates = Counter(notice.state for notice in outward(session))
    assert fates == {NoticeState.UNCERTAIN: len(hung), NoticeState.SENT: RESIDENTS - len(hung)}
    arrived = Counter(sent.openid for sent in platform.world.sent())
    assert set(arrived.values()) == {1}
    assert len(arrived) >= RESIDENTS - len(hung)
