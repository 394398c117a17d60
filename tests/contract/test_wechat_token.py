"""One token per account for all processes: who fetches, who waits, and what happens when something in between is gone."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from intake.adapters.redis_queue import web_redis
from intake.adapters.wechat import token as token_module
from intake.adapters.wechat.client import WeChatClient
from intake.adapters.wechat.token import FORCE_PAUSE_SECONDS, PREFIX, place_of
from intake.domain.errors import RetryableDeliveryError
from intake.ports import SystemClock
from tests.contract.conftest import client_of
from tests.contract.wechat_calls import AUNT, KEYS
from tests.factories.clock import TestClock
from tests.wechat_platform.calls import Asked, File
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer

STABLE = "/cgi-bin/stable_token"
LOCK = f"{PREFIX}{KEYS.app_id}:lock"


def fetches(platform: WeChatServer) -> int:
    return platform.world.asked[STABLE]


def ask(client: WeChatClient) -> str:
    """A call that may be made without end."""
    return client.make_scene(KEYS, "longchi-3")


def at_once(times: int, act: Callable[[], object]) -> list[object]:
    barrier = threading.Barrier(times)

    def one(_: int) -> object:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_token_is_fetched_once_and_used_by_every_process(platform: WeChatServer, redis: Redis, clock: TestClock) -> None:
    one, other = client_of(platform, redis, clock), client_of(platform, redis, clock)
    for client in (one, other, one, other):
        ask(client)

    assert fetches(platform) == 1


def test_twenty_threads_that_begin_at_once_fetch_once(client: WeChatClient, platform: WeChatServer) -> None:
    at_once(20, lambda: ask(client))

    assert fetches(platform) == 1
    assert platform.world.asked["/cgi-bin/qrcode/create"] == 20


def test_a_token_revoked_in_mid_burst_costs_one_refresh_and_no_message(client: WeChatClient, platform: WeChatServer) -> None:
    ask(client)
    platform.account.tokens.withdraw()
    at_once(20, lambda: ask(client))

    assert fetches(platform) == 2
    assert not platform.account.tokens.stale


def _burst(api_url: str, redis_url: str, times: int, together: Barrier) -> None:
    client = WeChatClient(web_redis(redis_url), api_url=api_url, connect_url=api_url, clock=SystemClock())
    together.wait()
    for _ in range(times):
        ask(client)


def test_two_processes_share_a_token_and_a_refresh(
    platform: WeChatServer, redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.world.seconds = time.time  # processes of their own have the machine's clock
    assert redis.dbsize() == 0
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    withdrawn: list[int] = []
    answer = platform.answer

    def answer_and_withdraw(asked: Asked) -> dict[str, Any] | File:
        said = answer(asked)
        with platform.world.lock:
            if not withdrawn and platform.world.asked["/cgi-bin/qrcode/create"] == 20:
                withdrawn.append(1)
                platform.account.tokens.withdraw()
        return said

    monkeypatch.setattr(platform, "answer", answer_and_withdraw)
    processes = [context.Process(target=_burst, args=(platform.url, settings.redis_url, 40, together)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)

    assert [process.exitcode for process in processes] == [0, 0]
    assert len(platform.account.scenes) == 1
    assert fetches(platform) == 2


# --- the end of a token ---------------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_before_its_end(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    ask(client)
    clock.forward(minutes=114)
    ask(client)
    assert fetches(platform) == 1

    clock.forward(minutes=2)  # four minutes before the end
    ask(client)
    ask(client)
    assert fetches(platform) == 2


def test_while_one_renews_the_others_use_the_old_one(client: WeChatClient, platform: WeChatServer, redis: Redis, clock: TestClock) -> None:
    ask(client)
    clock.forward(minutes=116)
    redis.set(LOCK, "somebody else", ex=600)

    began = time.monotonic()
    ask(client)
    assert time.monotonic() - began < 30, "half of what it would have waited"
    assert fetches(platform) == 1


def test_a_platform_that_gives_no_token_early_does_no_harm(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    ask(client)
    clock.forward(minutes=116)
    platform.world.faults.order("stable_token", Fault.STATUS, code=503)

    ask(client)
    assert platform.world.asked["/cgi-bin/qrcode/create"] == 2


def test_a_token_is_not_used_after_its_end(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    ask(client)
    clock.forward(hours=3)
    ask(client)

    assert fetches(platform) == 2
    assert platform.world.asked["/cgi-bin/qrcode/create"] == 2  # no call was wasted on the old one


def test_a_token_that_is_over_is_not_used_while_another_renews(
    client: WeChatClient, platform: WeChatServer, redis: Redis, clock: TestClock
) -> None:
    ask(client)
    clock.forward(hours=3)
    redis.set(LOCK, "somebody else", ex=1)
    ask(client)

    assert fetches(platform) == 2
    assert platform.world.asked["/cgi-bin/qrcode/create"] == 2


# --- a token that is refused -----------------------------------------------------------------------------------------------------------


def test_a_token_that_only_a_forced_refresh_mends_is_forced_once(client: WeChatClient, platform: WeChatServer) -> None:
    ask(client)
    platform.account.tokens.spoil()
    at_once(10, lambda: ask(client))

    assert fetches(platform) == 3  # the first, the one that brought the same again, the forced one


def test_forcing_is_left_alone_for_a_while(client: WeChatClient, platform: WeChatServer, redis: Redis, clock: TestClock) -> None:
    ask(client)
    platform.account.tokens.spoil()
    ask(client)
    clock.forward(minutes=10)
    platform.account.tokens.spoil()

    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert (refused.value.code, refused.value.after_seconds) == ("token_refused", 60)
    assert 0 < int(redis.ttl(f"{PREFIX}{KEYS.app_id}:forced")) <= FORCE_PAUSE_SECONDS


def test_the_common_token_of_another_system_does_not_disturb_ours(client: WeChatClient, platform: WeChatServer) -> None:
    ask(client)
    platform.account.tokens.common()
    ask(client)

    assert fetches(platform) == 1


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_platform_that_always_refuses_is_asked_twice_not_for_ever(client: WeChatClient, platform: WeChatServer, code: int) -> None:
    platform.world.faults.order("qrcode/create", Fault.ERROR, code=code, times=1000)

    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert (refused.value.code, refused.value.after_seconds) == (str(code), 60)
    assert sum(order.times for order in platform.world.faults.left()) == 998


def test_a_refused_message_is_sent_once_by_the_second_try(client: WeChatClient, platform: WeChatServer) -> None:
    ask(client)
    platform.account.tokens.withdraw()
    client.send_text(KEYS, AUNT, "收到了")

    assert [sent.words for sent in platform.world.sent(AUNT)] == ["收到了"]
    assert platform.account.people.known(AUNT).replies_used == 1


# --- keys ------------------------------------------------------------------------------------------------------------------------------


def test_each_account_has_its_own_token(client: WeChatClient, platform: WeChatServer) -> None:
    platform.world.open_account(app_id="wxfedcba9876543210", secret="o" * 32, original_id="gh_000000000001")
    other = replace(KEYS, account="gh_000000000001", app_id="wxfedcba9876543210", secret="o" * 32)
    ask(client)
    client.make_scene(other, "ziwei-1")
    ask(client)

    assert fetches(platform) == 2
    assert list(platform.account.scenes) == ["longchi-3"]


def test_a_foreign_app_id_without_its_secret_gets_no_token(client: WeChatClient, platform: WeChatServer) -> None:
    """Another district's administrator enters it: what was fetched with the right secret isn't theirs."""
    ask(client)
    with pytest.raises(RetryableDeliveryError) as refused:
        client.put_menu(replace(KEYS, account="gh_000000000001", secret="w" * 32), [("我要反映", "https://zhibao.example/")])
    assert refused.value.code == "40125"
    assert platform.account.menu is None


def test_an_account_without_a_token_harms_no_message(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    """A frozen AppSecret is a code that stands in no table of ours, and it passes."""
    platform.world.faults.order("stable_token", Fault.ERROR, code=40243)
    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert (refused.value.code, refused.value.after_seconds) == ("40243", 600)
    ask(client)
    clock.forward(minutes=116)
    platform.world.faults.order("stable_token", Fault.ERROR, code=40243)
    ask(client)  # the token in hand lasts four more minutes


def test_a_corrected_secret_works_at_once(client: WeChatClient) -> None:
    mistyped = replace(KEYS, secret="w" * 32)
    with pytest.raises(RetryableDeliveryError) as refused:
        client.make_scene(mistyped, "longchi-3")
    assert (refused.value.code, refused.value.after_seconds) == ("40125", 600)

    ask(client)


def test_a_secret_that_was_reset_is_told_from_a_stale_token(client: WeChatClient, platform: WeChatServer) -> None:
    platform.world.faults.order("stable_token", Fault.ERROR, code=40001)  # the older of the two codes for a wrong secret
    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert (refused.value.code, refused.value.after_seconds) == ("40125", 600)


def test_a_server_that_is_not_on_the_whitelist_waits_instead_of_giving_up(client: WeChatClient, platform: WeChatServer) -> None:
    platform.account.whitelisted = False
    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert (refused.value.code, refused.value.after_seconds) == ("40164", 600)

    platform.account.whitelisted = True
    ask(client)


# --- locks and Redis --------------------------------------------------------------------------------------------------------------------


def test_a_lock_whose_holder_died_holds_nobody_up_for_long(client: WeChatClient, platform: WeChatServer, redis: Redis) -> None:
    began = time.monotonic()
    redis.set(LOCK, "a process that was killed", ex=1)

    ask(client)
    assert 0.9 < time.monotonic() - began < 30
    assert fetches(platform) == 1


def test_every_lock_ends_by_itself(client: WeChatClient, platform: WeChatServer, redis: Redis) -> None:
    platform.world.faults.order("stable_token", Fault.SLOW, seconds=60)
    thread = threading.Thread(target=ask, args=(client,))
    thread.start()
    while not redis.exists(LOCK) and thread.is_alive():
        time.sleep(0.01)

    assert 0 < int(redis.ttl(LOCK)) <= token_module.LOCK_SECONDS
    platform.let_go.set()
    thread.join()
    assert not redis.exists(LOCK)


def test_who_outlived_its_lock_leaves_the_next_ones_alone(
    client: WeChatClient, platform: WeChatServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "LOCK_SECONDS", 1)
    platform.world.faults.order("stable_token", Fault.SLOW, seconds=60)
    slow = threading.Thread(target=ask, args=(client,))
    slow.start()
    while fetches(platform) == 0 or redis.exists(LOCK):
        time.sleep(0.02)
    redis.set(LOCK, "the next one", ex=600)
    platform.let_go.set()
    slow.join(60)

    assert redis.get(LOCK) == b"the next one"


def test_who_waits_too_long_tries_again_later(
    client: WeChatClient, platform: WeChatServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "WAIT_SECONDS", 0.3)
    redis.set(LOCK, "somebody slow", ex=600)

    with pytest.raises(RetryableDeliveryError) as refused:
        ask(client)
    assert refused.value.code == "token_busy"
    assert fetches(platform) == 0
    assert redis.get(LOCK) == b"somebody slow"


def test_who_waits_takes_the_token_that_the_other_fetched(
    client: WeChatClient, platform: WeChatServer, redis: Redis, clock: TestClock
) -> None:
    redis.set(LOCK, "another process", ex=600)
    waiting = threading.Thread(target=ask, args=(client,))
    waiting.start()
    time.sleep(0.2)
    held = token_module.Held(
        platform.account.tokens.stable(force=False).value, clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    )
    redis.set(
        place_of(KEYS),
        f'{{"token": "{held.token}", "renew_at": "{held.renew_at.isoformat()}", "ends_at": "{held.ends_at.isoformat()}"}}',
    )
    waiting.join(60)

    assert fetches(platform) == 0
    assert list(platform.account.scenes) == ["longchi-3"]
    assert redis.get(LOCK) == b"another process"


def test_while_redis_is_away_each_process_remembers_for_itself_and_harms_nobody(platform: WeChatServer, clock: TestClock) -> None:
    away = web_redis("redis://127.0.0.1:9")
    one, other = client_of(platform, away, clock), client_of(platform, away, clock)
    at_once(8, lambda: ask(one))
    for client in (other, one, other, one):
        ask(client)

    assert fetches(platform) == 2
    platform.account.tokens.withdraw()
    ask(one)
    ask(other)
    assert fetches(platform) == 4


def test_redis_emptied_costs_one_fetch(client: WeChatClient, platform: WeChatServer, redis: Redis) -> None:
    ask(client)
    redis.flushdb()
    ask(client)

    assert fetches(platform) == 2


@pytest.mark.parametrize("stored", ["", "{}", "not json", "[]", "null", '{"token": 1, "renew_at": 2, "ends_at": 3}'])
def test_nonsense_in_redis_is_no_token(client: WeChatClient, redis: Redis, stored: str) -> None:
    redis.set(place_of(KEYS), stored)
    ask(client)


# --- the ticket -------------------------------------------------------------------------------------------------------------------------


def test_a_ticket_is_left_for_the_pages(client: WeChatClient, platform: WeChatServer, redis: Redis, clock: TestClock) -> None:
    page = client_of(platform, redis, clock)
    assert page.ticket(KEYS) is None

    client.renew_ticket(KEYS)
    assert page.ticket(KEYS) == f"ticket-of-{KEYS.app_id}-{int(clock.now().timestamp()) // 7200}"
    assert platform.world.asked["/cgi-bin/ticket/getticket"] == 1


def test_a_ticket_is_renewed_in_its_last_ten_minutes_only(client: WeChatClient, platform: WeChatServer, clock: TestClock) -> None:
    client.renew_ticket(KEYS)
    clock.forward(minutes=109)
    client.renew_ticket(KEYS)
    assert platform.world.asked["/cgi-bin/ticket/getticket"] == 1

    clock.forward(minutes=2)
    client.renew_ticket(KEYS)
    assert platform.world.asked["/cgi-bin/ticket/getticket"] == 2


def test_a_ticket_that_is_over_is_none(client: WeChatClient, clock: TestClock) -> None:
    client.renew_ticket(KEYS)
    clock.forward(hours=2)
    assert client.ticket(KEYS) is None


def test_without_redis_there_is_no_ticket_and_no_error_on_a_page(platform: WeChatServer, clock: TestClock) -> None:
    client = client_of(platform, web_redis("redis://127.0.0.1:9"), clock)
    assert client.ticket(KEYS) is None
    with pytest.raises(RetryableDeliveryError) as refused:
        client.renew_ticket(KEYS)
    assert refused.value.code == "redis"
