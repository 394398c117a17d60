"""Brings claimed messages to their channels: several at once, never faster than each account may, and none for an account that is stopped."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

import structlog

from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError, RightSpent
from intake.domain.notification import NoticeAction
from intake.services.notify_send import Claimed
from intake.services.notify_settle import Fate
from intake.wiring import Wiring
from workers.runtime import describe, stopping

log = structlog.get_logger(__name__)

SENDERS = 10
"""Messages under way at once: at 200 ms each that is 50 a second."""
TOGETHER_SECONDS = 0.05
"""How long the first that ended waits for others, so that they are noted with one commit."""
OF_ACCOUNT_SECONDS = 60
"""A channel that asks for a wait of this length or more speaks of the account (quota, settings, token), not of the message."""


class Post:
    """The senders of one run of the job."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="post")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._senders.shutdown(cancel_futures=True)

    def bring(self, batch: Sequence[Claimed]) -> Iterator[list[tuple[Claimed, Fate]]]:
        """What became of them, as soon as it is known: those that end together, together. Never raises for a channel's trouble."""
        under_way = {self._senders.submit(self._bring_one, claimed): claimed for claimed in batch}
        while under_way:
            wait(under_way, return_when=FIRST_COMPLETED)
            ended, _ = wait(under_way, timeout=TOGETHER_SECONDS)
            yield [(under_way.pop(one), one.result()) for one in ended]

    def _bring_one(self, claimed: Claimed) -> Fate:
        if stopping():
            return Fate(NoticeAction.RETRY, after_seconds=0, was_tried=False)
        time.sleep(self._wiring.pace.reserve(claimed.account or claimed.notice.channel, a_second=self._wiring.settings.notice_pace))
        until = self._wiring.pace.stopped([claimed.account]).get(claimed.account) if claimed.account else None
        if until is not None:
            seconds = (until - self._wiring.clock.now()).total_seconds()
            return Fate(NoticeAction.RETRY, after_seconds=max(1, round(seconds)), was_tried=False)
        fate = self._send(claimed)
        if fate.action is not NoticeAction.RETRY:
            self._wiring.pace.went_well(claimed.account)
        return fate

    def _send(self, claimed: Claimed) -> Fate:
        """Hand it to its channel, outside any transaction."""
        notice = claimed.notice
        try:
            return Fate(NoticeAction.DELIVER, platform_id=self._wiring.notifier.send(notice) or "")
        except RetryableDeliveryError as error:
            self._note_trouble(claimed, error.after_seconds)
            log.warning("notice_put_off", notice=notice.id, channel=notice.channel, code=error.code)
            return Fate(NoticeAction.RETRY, code=error.code, after_seconds=error.after_seconds)
        except PermanentDeliveryError as error:
            log.warning("notice_refused", notice=notice.id, channel=notice.channel, code=error.code)
            return Fate(NoticeAction.FALL_BACK, code=error.code, is_spent=isinstance(error, RightSpent))
        except DeliveryUnknown as error:
            log.error("notice_uncertain", notice=notice.id, channel=notice.channel, code=error.code)  # noqa: TRY400 -- an address may stand in the traceback
            return Fate(NoticeAction.LOSE, code=error.code)
        except Exception as error:  # noqa: BLE001 -- whether it left is unknown, so it isn't sent again, and the others still are
            log.error("notice_lost", notice=notice.id, channel=notice.channel, **describe(error))  # noqa: TRY400 -- as above
            return Fate(NoticeAction.LOSE, code="error")

    def _note_trouble(self, claimed: Claimed, after_seconds: int | None) -> None:
        """Stop the account where the channel says so, or where nothing has gone well for a while."""
        if not claimed.account:
            return
        pace = self._wiring.pace
        seconds = after_seconds if after_seconds is not None and after_seconds >= OF_ACCOUNT_SECONDS else 0
        if after_seconds is None:
            seconds = pace.failed(claimed.account)
        if seconds:
            until = pace.stop(claimed.account, seconds=seconds)
            log.warning("account_stopped", account=claimed.account, until=until.isoformat())
