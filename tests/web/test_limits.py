"""Limits brake a flooder, spare a neighbour, and never depend on Redis."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from config.settings import Settings
from intake.models import Submission, User
from intake.services import password
from intake.services import sign_in as sign_in_service
from intake.wiring import Wiring, wire
from tests.apps import application
from tests.factories.clock import TestClock
from tests.factories.town import PASSWORD, Town
from tests.web.conftest import ParsingClient
from tests.web.pages import hidden, send_sentence, sign_in, words_of

PHONE, NEIGHBOUR = {"User-Agent": "phone"}, {"User-Agent": "neighbour's phone"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation with limits one can reach; addresses are loose, since an estate shares one."""
    return replace(settings, device_limit="2/hour", point_limit="4/hour", address_limit="6/hour", login_limit="3/hour")


def send(client: FlaskClient, code: str, text: str, headers: dict[str, str], address: str = "10.0.0.1") -> int:
    key = hidden(client.get(f"/p/{code}").get_data(as_text=True), "key")
    return client.post(
        f"/p/{code}", data={"key": key, "text": text}, headers=headers, environ_overrides={"REMOTE_ADDR": address}
    ).status_code


def test_a_device_that_sends_too_much_is_braked_and_its_neighbour_is_not(client: FlaskClient, town: Town) -> None:
    assert [send(client, town.longchi_code, "路灯坏了", PHONE) for _ in range(3)] == [303, 303, 429]
    assert send(client, town.longchi_code, "路灯坏了", NEIGHBOUR) == 303


def test_a_point_under_attack_is_braked_and_the_next_point_is_not(client: FlaskClient, town: Town) -> None:
    tries = [send(client, town.longchi_code, "广告", {"User-Agent": f"bot {n}"}, f"10.0.1.{n}") for n in range(5)]
    assert tries == [303] * 4 + [429]
    assert send(client, town.ziwei_code, "路灯坏了", PHONE) == 303


def test_an_address_has_room_for_several_devices_but_not_for_any_number(client: FlaskClient, town: Town) -> None:
    codes = [town.longchi_code, town.ziwei_code, town.shiqiao_code]
    tries = [send(client, codes[n % 3], "路灯坏了", {"User-Agent": f"phone {n}"}) for n in range(7)]
    assert tries == [303] * 6 + [429]


def test_a_braked_send_keeps_the_words_and_says_what_to_do(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    for _ in range(2):
        send_sentence(client, town.longchi_code, "路灯坏了")
    answer = send_sentence(client, town.longchi_code, "井盖没了", place="幸福里", contact="13800000021")
    assert answer.status_code == 429
    assert "过一小时再试" in words_of(answer)
    for typed in ("井盖没了", "幸福里", "13800000021"):
        assert typed in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 2


def test_a_text_that_says_nothing_does_not_use_up_the_limit(client: FlaskClient, town: Town) -> None:
    for _ in range(5):
        assert send_sentence(client, town.longchi_code, "").status_code == 422
    assert send_sentence(client, town.longchi_code, "路灯坏了").status_code == 303


def test_a_send_that_was_stored_finds_its_receipt_although_the_limit_is_spent(client: FlaskClient, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    receipts = {send_sentence(client, town.longchi_code, "路灯坏了", key=key).location for _ in range(10)}
    assert len(receipts) == 1
    assert None not in receipts


def test_one_address_cannot_try_passwords_without_end(client: FlaskClient, town: Town) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    tries = [
        client.post("/sign-in", data={"csrf_token": hidden(page, "csrf_token"), "login": f"nobody{n}", "password": "x"}) for n in range(4)
    ]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429]
    assert "一小时后再来" in words_of(tries[-1])


def at_the_door(client: FlaskClient, login: str, password: str = PASSWORD, *, address: str = "10.0.0.9") -> int:
    """Another browser of the address: its own cookies, none of who was here before."""
    door = client.application.test_client()
    token = hidden(door.get("/sign-in").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "login": login, "password": password}
    return door.post("/sign-in", data=data, environ_overrides={"REMOTE_ADDR": address}).status_code


def test_an_office_behind_one_address_is_not_shut_out_by_its_own_work(client: FlaskClient, town: Town) -> None:
    people = ("zhou", "laozhou", "wangjing", "chenli", "zhou", "laozhou", "wangjing", "chenli")
    assert [at_the_door(client, login) for login in people] == [303] * 8


# A spy with an account of their own signs in between guesses at others.
def test_a_success_gives_back_no_guess(client: FlaskClient, town: Town) -> None:
    for login in ("wangjing", "laozhou"):
        assert at_the_door(client, login, "guess") == 401
        assert at_the_door(client, "chenli") == 303
    assert at_the_door(client, "zhou", "guess") == 401
    for login in ("wangjing", "chenli"):
        assert at_the_door(client, login) == 429
    assert at_the_door(client, "wangjing", address="10.0.0.10") == 303


def test_one_login_of_an_address_is_braked_even_when_it_is_right_and_others_are_not(client: FlaskClient, town: Town) -> None:
    assert [at_the_door(client, login) for login in ("zhou", " Zhou", "ZHOU", "zhou")] == [303, 303, 303, 429]
    assert at_the_door(client, "wangjing") == 303
    assert at_the_door(client, "zhou", address="10.0.0.10") == 303


def test_a_locked_account_costs_the_address_its_tries_too(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(User, town.zhou_id).locked_until = wiring.clock.now() + timedelta(minutes=3)
    for _ in range(3):
        assert at_the_door(client, "zhou") == 429
    assert at_the_door(client, "wangjing") == 429


class Together:
    """Checks of passwords that none leaves before all tries are either in one or answered."""

    def __init__(self, tries: int) -> None:
        self._missing, self._all = tries, threading.Condition()
        self.checked = 0

    def arrived(self) -> None:
        with self._all:
            self._missing -= 1
            self._all.notify_all()

    def check(self, encoded: str | None, typed: str) -> bool:
        self.checked += 1
        self.arrived()
        with self._all:
            assert self._all.wait_for(lambda: self._missing <= 0, timeout=60)
        return password.verify_password(encoded, typed)


@pytest.mark.parametrize("typed", ["guess", PASSWORD])
def test_tries_that_come_at_once_are_no_more_than_the_limit(
    client: FlaskClient, town: Town, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    people = ("zhou", "laozhou", "wangjing", "chenli", "nobody", "noone")
    together = Together(len(people))
    monkeypatch.setattr(sign_in_service, "verify_password", together.check)

    def one(login: str) -> int:
        status = at_the_door(client, login, typed)
        if status == 429:
            together.arrived()
        return status

    with ThreadPoolExecutor(len(people)) as pool:
        statuses = sorted(pool.map(one, people))
    assert together.checked == 3
    assert statuses.count(429) == 3
    monkeypatch.undo()
    after = at_the_door(client, "zhou", "guess")
    assert after == (429 if typed == "guess" else 401)


@pytest.fixture
def without_redis(settings: Settings, clock: TestClock) -> Iterator[FlaskClient]:
    """A browser at an installation whose Redis answers at no address."""
    wired = wire(replace(settings, redis_url="redis://127.0.0.1:1/0"), clock=clock)
    app = application(wired)
    app.test_client_class = ParsingClient
    yield app.test_client()
    wired.close()


def test_the_form_and_the_desk_work_without_redis(without_redis: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = send_sentence(without_redis, town.longchi_code, "路灯坏了")
    assert answer.status_code == 303
    assert "路灯坏了" in words_of(without_redis.get(answer.location))
    assert sign_in(without_redis, "zhou").get("/m").status_code == 200
    assert "queue away" in words_of(without_redis.get("/readyz"))
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 1


def test_limits_hold_in_the_process_while_redis_is_away(without_redis: FlaskClient, town: Town) -> None:
    assert [send(without_redis, town.longchi_code, "路灯坏了", PHONE) for _ in range(3)] == [303, 303, 429]


def test_tries_to_sign_in_are_limited_in_the_process_while_redis_is_away(without_redis: FlaskClient, town: Town) -> None:
    assert [at_the_door(without_redis, login) for login in ("zhou", "laozhou", "wangjing", "chenli")] == [303] * 4
    assert [at_the_door(without_redis, login, "guess") for login in ("zhou", "nobody", "noone", "zhou")] == [401, 401, 401, 429]


def test_a_name_that_nobody_has_is_just_wrong_while_redis_is_away(without_redis: FlaskClient, town: Town) -> None:
    tries = [at_the_door(without_redis, "nobody", "guess", address=f"10.0.2.{n}") for n in range(7)]
    assert tries == [401] * 7


def test_what_is_given_back_after_its_window_takes_nothing_from_the_next(wiring: Wiring) -> None:
    limiter, key = wiring.limiter, ("some", "address")
    old = limiter.hold("2/hour", *key)
    assert old is not None
    wiring.redis.flushdb()  # as when an hour is over
    limiter.give_back(old)
    assert wiring.redis.keys() == []
    ends = replace(old, ends=old.ends - 1800)
    assert limiter.hold("2/hour", *key) is not None
    assert limiter.hold("2/hour", *key) is not None
    limiter.give_back(ends)
    assert limiter.hold("2/hour", *key) is None
