"""Notices to residents, against the simulated platform: which way they go, what is spent, what becomes of them when things go wrong."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.adapters.notifier import ChannelNotifier
from intake.domain.errors import RetryableDeliveryError
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeKind, NoticeState
from intake.domain.outcome import Verdict
from intake.models import Decision, Notification, Outcome, Submission, WeChatAccount, WeChatFollower, WeChatRight
from intake.ports import Notice, NullJobQueue
from intake.services import submission_decide as decide
from intake.services.message import note_read, write_to_resident
from intake.services.notice_letter import Desk
from intake.services.notice_link import notice_by_token
from intake.services.notify import LOST_AFTER, announce, announce_out, cancel_notices, claim_due, write_out
from intake.services.notify_arrival import note_arrival, note_subscriptions
from intake.services.notify_send import claim_out
from intake.services.notify_settle import Fate, settle_out
from intake.services.submission_detail import ask
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.wechat_account import secret_context
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, topic_of
from tests.factories.notices import TEMPLATES, account_row, answered, follower, open_account, outward, said_by
from tests.factories.town import Town, actor
from tests.factories.wechat import ORIGINAL_ID, make_account
from tests.integration.jobs import jobs_in_this_process
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer
from workers.jobs import escalate, send_notices

C, S = NoticeChannel, NoticeState
AN = "o-an"


@pytest.fixture
def platform(with_platform: WeChatServer, wiring: Wiring, town: Town) -> Iterator[WeChatServer]:
    """The account is open on both sides, and jobs run in this process."""
    wiring.queue = NullJobQueue()
    open_account(wiring, town)
    with jobs_in_this_process(wiring):
        yield with_platform


def due(clock: TestClock) -> None:
    """The minute to undo is over; the sender looks."""
    clock.forward(seconds=61)
    send_notices.run()


def fates(session: Session) -> list[tuple[NoticeChannel, NoticeState]]:
    return [(notice.channel, notice.state) for notice in outward(session)]


def a_lamp(wiring: Wiring, town: Town, follower_id: int | None, *, contact: str = "") -> Stored:
    stored = said_by(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了，晚上看不见路", follower_id, contact=contact)
    answered(wiring, town, stored)
    return stored


# --- by which way ---------------------------------------------------------------------------------------------------------------------


def test_whoever_wrote_within_two_days_reads_it_in_the_chat_with_a_link_for_each_verdict(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    stored = a_lamp(wiring, town, one)
    due(clock)
    (sent,) = platform.world.sent(AN)
    assert sent.kind == "text"
    for fact in ("您反映的事有了答复", "幸福里 3 号楼路灯坏了", stored.receipt_number, "周明远：委员答复了您"):
        assert fact in sent.words
    links = re.findall(r'href="https://zhibao\.example/n/([^"/]+)(?:/(\w+))?"', sent.words)
    assert [verdict for _, verdict in links] == ["", *(one.value for one in Verdict)]
    (notice,) = outward(session)
    assert notice_by_token(session, wiring.vault, links[0][0], at=clock.now()).id == notice.id
    assert (notice.channel, notice.state, notice.once_key) == (C.CUSTOMER, S.SENT, f"decision:{notice.decision_id}:out")
    assert session.get_one(WeChatFollower, one).replies_used == 1


# The order of the ladder: each next one is used when those before it are gone.
def test_each_channel_is_used_when_those_before_it_are_gone(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    people = {
        "chat": follower(wiring, "o-chat", platform=platform, wrote_at=clock.now(), long=True, once=1),
        "long": follower(wiring, "o-long", platform=platform, long=True, once=1),
        "once": follower(wiring, "o-once", platform=platform, once=1),
        "template": follower(wiring, "o-template", platform=platform),
        "gone": follower(wiring, "o-gone", platform=platform, following=False),
    }
    for follower_id in people.values():
        a_lamp(wiring, town, follower_id)
    due(clock)
    expected = dict(zip(people.values(), (C.CUSTOMER, C.LONG, C.ONCE, C.TEMPLATE, C.BOARD), strict=True))
    assert {notice.follower_id: notice.channel for notice in outward(session)} == expected
    assert {notice.state for notice in outward(session) if notice.channel is not C.BOARD} == {S.SENT}
    assert {name: [one.template_id or one.kind for one in platform.world.sent(f"o-{name}")] for name in people} == {
        "chat": ["text"],
        "long": ["LONG-progress"],
        "once": ["ONCE-progress"],
        "template": ["TM-progress"],
        "gone": [],
    }
    (template,) = platform.world.sent("o-template")
    assert template.fields["thing2"].startswith("幸福里 3 号楼路灯坏了")
    assert template.link.startswith("https://zhibao.example/n/")
    rights = {right.follower_id: right.remaining for right in session.scalars(select(WeChatRight).where(WeChatRight.channel == C.ONCE))}
    assert rights == {people["chat"]: 1, people["long"]: 1, people["once"]: 0}


def test_the_platforms_count_is_the_true_one_and_the_next_channel_has_its_turn(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now(), once=1)
    platform.account.people.known(AN).replies_used = 5
    a_lamp(wiring, town, one)
    due(clock)
    assert fates(session) == [(C.ONCE, S.SENT)]
    (notice,) = outward(session)
    assert [(entry["channel"], entry["code"]) for entry in notice.tried] == [("customer", "45047")]
    assert session.get_one(WeChatFollower, one).replies_used == 5, "it isn't asked again until the resident writes"
    assert [sent.template_id for sent in platform.world.sent(AN)] == ["ONCE-progress"]


def test_a_refused_subscription_is_gone_and_the_template_carries_it(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, once=1)
    platform.account.people.refuse(AN, TEMPLATES[C.ONCE])
    a_lamp(wiring, town, one)
    due(clock)
    assert fates(session) == [(C.TEMPLATE, S.SENT)]
    assert session.scalars(select(WeChatRight.remaining)).one() == 0


def test_residents_without_wechat_are_told_on_the_receipt_alone(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    a_lamp(wiring, town, None, contact="13800000021")
    due(clock)
    assert outward(session) == []
    assert session.scalars(select(Notification.state)).all() == [S.SENT]


class Telephone:
    """A gateway that remembers."""

    on = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, number: str, words: str) -> str:
        self.sent.append((number, words))
        return str(len(self.sent))


class Instead:
    """A channel that does what the test wants."""

    def __init__(self, do: Callable[[Notice], str]) -> None:
        self._do = do

    def send(self, notice: Notice) -> str:
        return self._do(notice)


def with_telephone(wiring: Wiring) -> Telephone:
    wiring.sms = gateway = Telephone()
    wiring.notifier = ChannelNotifier(wechat=wiring.wechat, sms=gateway)
    return gateway


def test_where_short_messages_are_on_a_mobile_number_gets_one_and_another_contact_none(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    gateway = with_telephone(wiring)
    stored = a_lamp(wiring, town, None, contact="138 0000 0021")
    for contact in ("resident@example.com", "0550-12345678", "13800000021x99990021", ""):
        a_lamp(wiring, town, None, contact=contact)
    due(clock)
    ((number, words),) = gateway.sent
    assert number == "13800000021"
    assert stored.receipt_number in words
    assert "路灯" not in words
    assert (C.SMS, S.SENT) in fates(session)
    assert not [notice for notice in outward(session) if notice.state in {S.PENDING, S.SENDING}]


def test_a_follower_who_cannot_be_reached_in_wechat_gets_a_short_message(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    gateway = with_telephone(wiring)
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, following=False), contact="13800000021")
    due(clock)
    assert len(gateway.sent) == 1
    assert fates(session) == [(C.SMS, S.SENT)]


# --- once, together, in time ------------------------------------------------------------------------------------------------------------


def test_a_decision_taken_back_in_time_tells_nobody(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    stored = a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now()))
    with wiring.sessions.begin() as other:
        decide.undo(
            other,
            actor=actor(other, town.zhou_id),
            submission_id=stored.submission_id,
            workflow=wiring.workflow,
            undo_seconds=60,
            at=clock.now(),
        )
    due(clock)
    assert platform.world.sent() == []
    assert session.scalars(select(Notification.state)).all() == [S.CANCELLED]


def test_cancelling_takes_back_both_rows_while_they_wait(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    clock.time = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)  # ten at night
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now()))
    due(clock)
    assert fates(session) == [(C.CUSTOMER, S.PENDING)]
    with wiring.sessions.begin() as other:
        cancel_notices(other, decision_id=other.scalars(select(Decision.id)).one(), at=clock.now())
    assert fates(session) == [(C.CUSTOMER, S.CANCELLED)]


def test_several_notices_of_one_resident_are_one_message_and_one_right(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    other = follower(wiring, "o-other", platform=platform, wrote_at=clock.now())
    stored = [a_lamp(wiring, town, one) for _ in range(3)]
    clock.forward(seconds=5)
    newest = a_lamp(wiring, town, one)
    a_lamp(wiring, town, other)
    due(clock)
    (sent,) = platform.world.sent(AN)
    assert "您反映的事有 4 条新进展" in sent.words
    assert all(each.receipt_number in sent.words for each in [*stored, newest])
    assert sent.words.index(newest.receipt_number) < sent.words.index(stored[0].receipt_number), "the newest first"
    assert len(platform.world.sent("o-other")) == 1
    assert set(fates(session)) == {(C.CUSTOMER, S.SENT)}
    assert session.get_one(WeChatFollower, one).replies_used == 1


def test_ten_messages_of_a_member_are_one_notice_and_none_when_they_were_read_before(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    stored = said_by(wiring, town.longchi_code, "路灯坏了", one)

    def write(number: int) -> None:
        with wiring.sessions.begin() as other:
            write_to_resident(
                other,
                actor=actor(other, town.zhou_id),
                submission_id=stored.submission_id,
                words=f"请问是哪一盏？{number}",
                nonce="a",
                most_a_day=99,
                digest_minutes=10,
                at=clock.now(),
            )

    for number in range(10):
        write(number)
        clock.forward(seconds=20)
    send_notices.run()
    assert platform.world.sent() == []
    clock.forward(minutes=10)
    send_notices.run()
    (sent,) = platform.world.sent(AN)
    assert "有人给您留言" in sent.words
    assert [(notice.kind, notice.state) for notice in outward(session)] == [(NoticeKind.MESSAGE, S.SENT)]

    write(11)
    with wiring.sessions.begin() as other:
        note_read(other, submission_id=stored.submission_id, at=clock.now())
    clock.forward(minutes=11)
    send_notices.run()
    assert len(platform.world.sent(AN)) == 1
    assert [notice.state for notice in outward(session)] == [S.SENT, S.EXPIRED]


def test_joining_a_topic_and_being_asked_are_told_as_such(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one, two = (follower(wiring, name, platform=platform, wrote_at=clock.now()) for name in (AN, "o-two"))
    topic_of(wiring, town.zhou_id, "幸福里路灯", said_by(wiring, town.longchi_code, "路灯坏了", one))
    asked = said_by(wiring, town.longchi_code, "门口有积水", two)
    card = deciding(wiring, town.zhou_id, asked)
    with wiring.sessions.begin() as other:
        ask(other, card, words="请问是哪个门？", workflow=wiring.workflow)
    due(clock)
    assert {notice.kind for notice in outward(session)} == {NoticeKind.JOINED, NoticeKind.MESSAGE}
    assert "并入了议题" in platform.world.sent(AN)[0].words
    assert "委员想请您补充" in platform.world.sent("o-two")[0].words


def test_nobody_is_woken_at_night_but_for_the_receipt_they_wait_for(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    clock.time = datetime(2026, 11, 3, 12, 59, 30, tzinfo=UTC)  # half a minute before nine in the evening
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    two = follower(wiring, "o-two", platform=platform, wrote_at=clock.now())
    a_lamp(wiring, town, one)
    clock.forward(seconds=61)
    written = said_by(wiring, town.longchi_code, "门口有积水", two)
    with wiring.sessions.begin() as other:
        now = clock.now()
        announce_out(other, submission_id=written.submission_id, kind=NoticeKind.RECEIVED, once_key="received", due_at=now, at=now)
    send_notices.run()
    assert [sent.openid for sent in platform.world.sent()] == ["o-two"]
    assert written.receipt_number in platform.world.sent("o-two")[0].words
    assert [notice.due_at.astimezone(UTC) for notice in outward(session) if notice.state is S.PENDING] == [
        datetime(2026, 11, 4, 0, 0, tzinfo=UTC)
    ]
    clock.time = datetime(2026, 11, 4, 0, 0, tzinfo=UTC)
    send_notices.run()
    assert len(platform.world.sent(AN)) == 1


def test_what_is_no_news_any_more_is_not_sent(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    names = ("withdrawn", "superseded", "judged", "late")
    stored = {name: a_lamp(wiring, town, follower(wiring, f"o-{name}", platform=platform, wrote_at=clock.now())) for name in names}
    with wiring.sessions.begin() as other:
        withdraw(other, submission_id=stored["withdrawn"].submission_id, at=clock.now())
        for name, values in (("superseded", {"superseded_at": clock.now()}), ("judged", {"verdict": Verdict.SOLVED})):
            other.execute(update(Outcome).where(Outcome.submission_id == stored[name].submission_id).values(**values))
        long_ago = clock.now() - timedelta(days=wiring.workflow.wechat.notice_days)
        receipt = update(Notification).where(Notification.submission_id == stored["late"].submission_id)
        other.execute(receipt.values(created_at=long_ago))
    clock.forward(seconds=61)
    with wiring.sessions.begin() as other:
        write_out(other, claim_due(other, at=clock.now(), limit=10), sms=False, at=clock.now())
        other.execute(update(Notification).where(Notification.submission_id == stored["late"].submission_id).values(created_at=long_ago))
    send_notices.run()
    assert platform.world.sent() == []
    assert {notice.state for notice in outward(session)} == {S.EXPIRED}
    assert len(outward(session)) == len(names)


def test_a_result_that_nobody_judged_is_asked_about_once_more_and_only_once(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    silent, judged = (follower(wiring, name, platform=platform, wrote_at=clock.now(), long=True) for name in (AN, "o-judged"))
    a_lamp(wiring, town, silent)
    said = a_lamp(wiring, town, judged)
    due(clock)
    with wiring.sessions.begin() as other:
        other.execute(update(Outcome).where(Outcome.submission_id == said.submission_id).values(verdict=Verdict.SOLVED))
    clock.forward(days=3)
    clock.time = clock.time.replace(hour=2)
    for _ in range(2):
        escalate.run()
        send_notices.run()
    assert [sent.template_id or sent.kind for sent in platform.world.sent(AN)] == ["text", "LONG-progress"]
    assert len(platform.world.sent("o-judged")) == 1
    assert [notice.kind for notice in outward(session)].count(NoticeKind.RATE) == 1


def test_the_same_decision_announced_twice_tells_everybody_once(wiring: Wiring, town: Town, session: Session) -> None:
    stored = a_lamp(wiring, town, None)
    with wiring.sessions.begin() as other:
        decision = other.scalars(select(Decision)).one()
        for _ in range(2):
            announce(
                other,
                decision=decision,
                submission_ids=[stored.submission_id] * 2,
                kind=NoticeKind.OUTCOME,
                due_at=wiring.clock.now(),
                at=wiring.clock.now(),
            )
    assert len(session.scalars(select(Notification)).all()) == 1


# --- when things go wrong ---------------------------------------------------------------------------------------------------------------


def test_a_platform_that_is_down_for_an_hour_costs_nothing_but_time(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    people = [follower(wiring, f"o-{number}", platform=platform, wrote_at=clock.now(), once=1) for number in range(5)]
    for follower_id in people:
        a_lamp(wiring, town, follower_id)
    platform.world.faults.order("", Fault.STATUS, times=10_000, code=503)
    due(clock)
    asked = sum(platform.world.asked.values())
    for _ in range(20):
        clock.forward(minutes=3)
        send_notices.run()
    assert platform.world.sent() == []
    assert {notice.state for notice in outward(session)} == {S.PENDING}
    assert sum(platform.world.asked.values()) - asked < 5 * 8, "it isn't asked all the time"
    counts = session.execute(select(WeChatFollower.replies_used)).scalars().all()
    assert set(counts) == {0}, "what didn't leave was given back"
    platform.world.faults.clear()
    for _ in range(8):
        clock.forward(hours=1)
        clock.time = clock.time if 1 <= clock.time.hour <= 11 else clock.time.replace(hour=1) + timedelta(days=1)
        send_notices.run()
    assert sorted(sent.openid for sent in platform.world.sent()) == sorted(f"o-{number}" for number in range(5))


def test_the_days_quota_stops_one_account_until_midnight_and_the_other_goes_on(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    city = platform.world.open_account(app_id="wxcity0123456789", secret="s" * 32, original_id="gh_city")
    with wiring.sessions.begin() as other:
        account_id = make_account(
            other, wiring.vault, area_id=town.district_id, original_id="gh_city", app_id="wxcity0123456789", callback_key="city"
        )
        other.get_one(WeChatAccount, account_id).secret_cipher = wiring.vault.seal("s" * 32, context=secret_context(account_id, "secret"))
    mine = [follower(wiring, f"o-{number}", platform=platform, wrote_at=clock.now()) for number in range(6)]
    theirs = [follower(wiring, f"c-{number}", account="gh_city", wrote_at=clock.now()) for number in range(3)]
    for number in range(3):
        city.people.write(f"c-{number}")
    platform.account.day_limits["/cgi-bin/message/custom/send"] = 2
    for follower_id in [*mine, *theirs]:
        a_lamp(wiring, town, follower_id)
    due(clock)
    send_notices.run()
    arrived = [sent.openid for sent in platform.world.sent()]
    assert len([openid for openid in arrived if openid.startswith("o-")]) == 2
    assert len([openid for openid in arrived if openid.startswith("c-")]) == 3
    waiting = [notice for notice in outward(session) if notice.state is S.PENDING]
    assert len(waiting) == 4
    assert all(notice.due_at > clock.now() + timedelta(hours=1) for notice in waiting)
    asked = platform.world.asked["/cgi-bin/message/custom/send"]
    wiring.redis.flushdb()
    clock.forward(minutes=30)
    send_notices.run()
    assert platform.world.asked["/cgi-bin/message/custom/send"] == asked, "rows know it, even if Redis forgot"
    platform.account.day_limits["/cgi-bin/message/custom/send"] = 6
    clock.time = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
    send_notices.run()
    assert sorted(sent.openid for sent in platform.world.sent()) == sorted([f"o-{n}" for n in range(6)] + [f"c-{n}" for n in range(3)])


def test_one_whose_answer_never_came_is_uncertain_and_not_sent_twice(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    platform.world.faults.order("custom/send", Fault.DROPPED)
    a_lamp(wiring, town, one)
    due(clock)
    for _ in range(3):
        clock.forward(hours=1)
        send_notices.run()
    assert len(platform.world.sent(AN)) == 1
    (notice,) = outward(session)
    assert (notice.channel, notice.state) == (C.CUSTOMER, S.UNCERTAIN)
    assert session.get_one(WeChatFollower, one).replies_used == 1, "it may have arrived"


def desk(wiring: Wiring) -> Desk:
    return Desk(vault=wiring.vault, rules=wiring.workflow.wechat, base_url=wiring.settings.base_url, sms=False)


def test_a_sender_that_died_leaves_an_uncertain_notice(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now()))
    clock.forward(seconds=61)
    with wiring.sessions.begin() as dying:
        write_out(dying, claim_due(dying, at=clock.now(), limit=1), sms=False, at=clock.now())
    with wiring.sessions.begin() as dying:
        assert len(claim_out(dying, desk(wiring), at=clock.now(), limit=1).claimed) == 1
    send_notices.run()
    clock.time += LOST_AFTER + timedelta(seconds=1)
    send_notices.run()
    assert platform.world.sent() == []
    assert fates(session) == [(C.CUSTOMER, S.UNCERTAIN)]


def test_two_senders_at_once_send_each_message_once(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    for number in range(22):
        one = follower(wiring, f"o-{number}", platform=platform, wrote_at=clock.now())
        for _ in range(2):
            a_lamp(wiring, town, one)
    clock.forward(seconds=61)
    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(send_notices.run) for _ in range(2)]:
            done.result()
    send_notices.run()
    assert sorted(sent.openid for sent in platform.world.sent()) == sorted(f"o-{number}" for number in range(22))
    assert len(fates(session)) == 44
    assert set(fates(session)) == {(C.CUSTOMER, S.SENT)}
    assert set(session.scalars(select(WeChatFollower.replies_used))) == {1}


def test_an_emptied_redis_loses_nothing(platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    for number in range(5):
        a_lamp(wiring, town, follower(wiring, f"o-{number}", platform=platform, wrote_at=clock.now()))

    before = wiring.notifier

    def empty_in_between(notice: Notice) -> str:
        wiring.redis.flushdb()
        return before.send(notice)

    wiring.notifier = Instead(empty_in_between)
    due(clock)
    assert len(platform.world.sent()) == 5
    assert set(fates(session)) == {(C.CUSTOMER, S.SENT)}


def test_what_a_settled_message_spent_is_given_back_only_to_the_same_budget(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    a_lamp(wiring, town, one)
    wiring.notifier = Instead(_busy)
    due(clock)
    assert session.get_one(WeChatFollower, one).replies_used == 0
    clock.forward(seconds=31)
    with wiring.sessions.begin() as other:
        (claimed,) = claim_out(other, desk(wiring), at=clock.now(), limit=1).claimed
    with wiring.sessions.begin() as other:
        other.execute(update(WeChatFollower).values(wrote_at=clock.now(), replies_used=2))
    with wiring.sessions.begin() as other:
        settle_out(other, [(claimed, Fate(NoticeAction.RETRY, code="busy"))], rules=wiring.workflow.wechat, at=clock.now())
    session.rollback()
    assert session.get_one(WeChatFollower, one, populate_existing=True).replies_used == 2


def _busy(_notice: Notice) -> str:
    raise RetryableDeliveryError(code="-1", after_seconds=10)


def test_a_channel_that_stays_busy_gives_way_to_the_next(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now(), long=True))
    platform.world.faults.order("custom/send", Fault.ERROR, times=99, code=-1)
    due(clock)
    for _ in range(6):
        clock.forward(seconds=11)
        send_notices.run()
    assert fates(session) == [(C.LONG, S.SENT)]
    assert [sent.template_id for sent in platform.world.sent(AN)] == ["LONG-progress"]


# --- what the platform reports ------------------------------------------------------------------------------------------------------------


def test_a_report_of_arrival_is_noted_and_one_of_failure_opens_the_next_channel(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    gateway = with_telephone(wiring)
    a_lamp(wiring, town, follower(wiring, AN, platform=platform), contact="13800000021")
    a_lamp(wiring, town, follower(wiring, "o-two", platform=platform), contact="13800000022")
    due(clock)
    first, second = sorted(outward(session), key=lambda notice: notice.submission_id)
    assert first.platform_id
    for notice, ok in ((first, True), (second, False)):
        for _ in range(2):
            with wiring.sessions.begin() as other:
                note_arrival(other, account=ORIGINAL_ID, platform_id=notice.platform_id, ok=ok, at=clock.now())
                note_arrival(other, account="gh_other", platform_id=notice.platform_id, ok=False, at=clock.now())
    send_notices.run()
    first, second = sorted(outward(session), key=lambda notice: notice.submission_id)
    assert (first.channel, first.state, first.arrived_at) == (C.TEMPLATE, S.SENT, clock.now())
    assert (second.channel, second.state, second.arrived_at) == (C.SMS, S.SENT, None)
    assert [entry["code"] for entry in second.tried] == ["not_arrived"]
    assert len(gateway.sent) == 1


def test_subscriptions_are_counted_as_they_are_given_and_taken_back(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    one = follower(wiring, AN, platform=platform)
    hashed = session.get_one(WeChatFollower, one).openid_hash
    long, once = TEMPLATES[C.LONG], TEMPLATES[C.ONCE]

    def event(*changes: tuple[str, bool], who: bytes = hashed) -> dict[str, int]:
        with wiring.sessions.begin() as other:
            note_subscriptions(other, account=ORIGINAL_ID, openid_hash=who, changes=changes, at=clock.now())
        session.rollback()
        return {
            right.template_id: right.remaining for right in session.scalars(select(WeChatRight).execution_options(populate_existing=True))
        }

    assert event((once, True), (long, True), ("somebody-elses", True)) == {once: 1, long: 1}
    assert event((once, True), (once, True), (long, True)) == {once: 3, long: 1}
    assert event((long, False)) == {once: 3, long: 0}
    assert event((once, False), (long, True)) == {once: 0, long: 1}
    assert event((once, True), who=b"nobody") == {once: 0, long: 1}


def test_an_account_out_of_use_writes_to_nobody(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now()))
    account_row(session).active = False
    session.commit()
    due(clock)
    assert platform.world.sent() == []
    assert fates(session) == [(C.BOARD, S.FAILED)]


def test_an_address_that_cannot_be_opened_holds_up_nobody(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    broken = follower(wiring, AN, platform=platform, wrote_at=clock.now())
    a_lamp(wiring, town, broken)
    a_lamp(wiring, town, follower(wiring, "o-two", platform=platform, wrote_at=clock.now()))
    session.get_one(WeChatFollower, broken).openid_cipher = b"\x02k1" + b"0" * 40
    session.commit()
    due(clock)
    assert sorted(fates(session)) == [(C.BOARD, S.FAILED), (C.CUSTOMER, S.SENT)]


def test_nothing_of_a_residents_words_or_address_stands_in_the_row(
    platform: WeChatServer, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    a_lamp(wiring, town, follower(wiring, AN, platform=platform, wrote_at=clock.now()))
    due(clock)
    (notice,) = outward(session)
    row = {column.name: getattr(notice, column.name) for column in Notification.__table__.columns}
    assert "路灯" not in str(row)
    assert AN not in str(row)
    assert session.get_one(Submission, notice.submission_id).follower_id == notice.follower_id
