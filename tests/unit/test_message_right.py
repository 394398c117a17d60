"""The budget: which ways are open for a resident, over the four kinds of account, both windows, and every subscription."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from config.workflow import WeChatRules, default_workflow
from intake.domain.message_right import Standing, Window, channels, window
from intake.domain.notification import NoticeChannel
from intake.domain.wechat_account import AccountKind

C = NoticeChannel
RULES: WeChatRules = default_workflow().wechat
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
EVERYTHING = Standing(
    kind=AccountKind.SERVICE,
    following=True,
    wrote_at=NOW - timedelta(hours=1),
    replies_used=0,
    touched_at=None,
    touches_used=0,
    templates=frozenset({C.LONG, C.ONCE, C.TEMPLATE}),
    long=True,
    once=1,
    sms=True,
)

# A resident with every right there is, by the kind of account: a subscription account can only chat, a borrowed one nothing.
BY_KIND = {
    AccountKind.SERVICE: (C.CUSTOMER, C.LONG, C.ONCE, C.TEMPLATE, C.SMS, C.BOARD),
    AccountKind.SUBSCRIPTION: (C.CUSTOMER, C.SMS, C.BOARD),
    AccountKind.PARTNER: (C.SMS, C.BOARD),
    AccountKind.NONE: (C.SMS, C.BOARD),
    None: (C.SMS, C.BOARD),
}


def test_the_table_knows_every_kind() -> None:
    assert set(BY_KIND) == {*AccountKind, None}


@pytest.mark.parametrize("kind", BY_KIND)
def test_an_account_offers_what_its_kind_can(kind: AccountKind | None) -> None:
    assert channels(replace(EVERYTHING, kind=kind), RULES, at=NOW) == BY_KIND[kind]


# Every combination: a channel is open exactly when each of its own conditions holds, and the order never changes.
@pytest.mark.parametrize("kind", BY_KIND)
def test_each_channel_asks_for_its_own_conditions_alone(kind: AccountKind | None) -> None:
    yes_no = (True, False)
    for following, wrote, long, once, sms, templates in product(yes_no, yes_no, yes_no, (0, 1, 2), yes_no, product(yes_no, repeat=3)):
        has = dict(zip((C.LONG, C.ONCE, C.TEMPLATE), templates, strict=True))
        standing = replace(
            EVERYTHING,
            kind=kind,
            following=following,
            wrote_at=NOW - timedelta(hours=1 if wrote else 49),
            long=long,
            once=once,
            sms=sms,
            templates=frozenset(channel for channel, there in has.items() if there),
        )
        is_open = {
            C.CUSTOMER: following and wrote,
            C.LONG: long and has[C.LONG],
            C.ONCE: once > 0 and has[C.ONCE],
            C.TEMPLATE: following and has[C.TEMPLATE],
            C.SMS: sms,
            C.BOARD: True,
        }
        assert channels(standing, RULES, at=NOW) == tuple(channel for channel in BY_KIND[kind] if is_open[channel])


WINDOWS = [
    # 48 hours after a message, at most five.
    (timedelta(hours=48) - timedelta(seconds=1), 4, None, 0, Window.REPLY),
    (timedelta(hours=48), 0, None, 0, None),
    (timedelta(hours=1), 5, None, 0, None),
    # A minute after a scan, at most three.
    (None, 0, timedelta(seconds=59), 2, Window.TOUCH),
    (None, 0, timedelta(seconds=60), 0, None),
    (None, 0, timedelta(seconds=1), 3, None),
    # What ends sooner is used first, and the other when that is used up.
    (timedelta(hours=1), 0, timedelta(seconds=1), 0, Window.TOUCH),
    (timedelta(hours=1), 0, timedelta(seconds=1), 3, Window.REPLY),
    (timedelta(hours=1), 5, timedelta(seconds=1), 0, Window.TOUCH),
    # Never wrote, never touched.
    (None, 0, None, 0, None),
    # The platform's clock is ahead of ours.
    (timedelta(seconds=-30), 0, None, 0, Window.REPLY),
]


@pytest.mark.parametrize(("wrote", "replies", "touched", "touches", "expected"), WINDOWS)
def test_a_customer_message_is_counted_against_one_of_the_residents_acts(
    wrote: timedelta | None, replies: int, touched: timedelta | None, touches: int, expected: Window | None
) -> None:
    standing = replace(
        EVERYTHING,
        wrote_at=NOW - wrote if wrote is not None else None,
        replies_used=replies,
        touched_at=NOW - touched if touched is not None else None,
        touches_used=touches,
    )
    assert window(standing, RULES, at=NOW) is expected
    assert (C.CUSTOMER in channels(standing, RULES, at=NOW)) is (expected is not None)
