"""Signing in and out."""

import re
from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.models import AuditEntry, Decision, LoginSession, User
from intake.services import sign_in as service
from intake.services.sign_in import LOCK_LONGEST
from intake.wiring import Wiring
from tests.apps import application
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.town import PASSWORD, Town
from tests.web.pages import hidden, sign_in, words_of


def attempt(client: FlaskClient, login: str, password: str, *, going: str = "", address: str = "127.0.0.1") -> TestResponse:
    """Fill in the page and send it."""
    token = hidden(client.get("/sign-in").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "login": login, "password": password, "next": going}
    return client.post("/sign-in", data=data, environ_overrides={"REMOTE_ADDR": address})


def without_token(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


# Each role has its own first page.
@pytest.mark.parametrize(("login", "first"), [("zhou", "/m"), ("laozhou", "/m"), ("wangjing", "/d"), ("chenli", "/d/upkeep")])
def test_everybody_starts_where_their_work_is(client: FlaskClient, town: Town, login: str, first: str) -> None:
    assert attempt(client, login, PASSWORD).location == "/start"
    assert client.get("/start").location == first


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client: FlaskClient, town: Town) -> None:
    wrong_name, wrong_password = attempt(client, "nobody", "x"), attempt(client, "zhou", "x")
    assert wrong_name.status_code == wrong_password.status_code == 401
    told = [without_token(answer.get_data(as_text=True)) for answer in (wrong_name, wrong_password)]
    assert told[0].replace("nobody", "zhou") == told[1]


def test_a_login_is_found_however_it_is_capitalised(client: FlaskClient, town: Town) -> None:
    assert attempt(client, " Zhou ", PASSWORD).status_code == 303


@pytest.mark.parametrize("login", ["", "\x00", "a" * 5000, "' OR 1=1 --", "周明远"])
def test_nonsense_as_a_name_is_just_wrong(client: FlaskClient, town: Town, login: str) -> None:
    assert attempt(client, login, "x").status_code == 401


def test_somebody_who_left_cannot_sign_in_and_is_out_at_once(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    zhou = sign_in(client, "zhou")
    with wiring.sessions.begin() as session:
        session.get_one(User, town.zhou_id).active = False
    assert client.get("/m").status_code == 303
    assert zhou.get("/m").request.path == "/sign-in"
    assert attempt(client, "zhou", PASSWORD).status_code == 401


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    for _ in range(5):
        assert attempt(client, "zhou", "guess").status_code == 401
    locked = attempt(client, "zhou", PASSWORD)
    assert locked.status_code == 429
    assert "暂时锁定，请过 1 分钟再试" in words_of(locked)
    assert attempt(client, "wangjing", PASSWORD).status_code == 303
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="sign_in.locked", entity_id=town.zhou_id).count() == 1


def test_a_lock_ends_by_itself_and_doubles_with_each_further_failure(client: FlaskClient, town: Town, clock: TestClock) -> None:
    for _ in range(5):
        attempt(client, "zhou", "guess")
    clock.forward(seconds=59)
    assert attempt(client, "zhou", PASSWORD).status_code == 429
    clock.forward(seconds=2)
    assert attempt(client, "zhou", "guess").status_code == 401
    clock.forward(seconds=119)
    assert attempt(client, "zhou", PASSWORD).status_code == 429
    clock.forward(seconds=2)
    assert attempt(client, "zhou", PASSWORD).status_code == 303


def test_a_success_forgets_earlier_failures(client: FlaskClient, town: Town) -> None:
    for _ in range(2):
        for _ in range(4):
            attempt(client, "zhou", "guess")
        assert attempt(client, "zhou", PASSWORD).status_code == 303


def test_no_lock_is_longer_than_an_hour(client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(User, town.zhou_id).failed_tries = 1_000
    attempt(client, "zhou", "guess")
    assert attempt(client, "zhou", PASSWORD).status_code == 429
    clock.forward(seconds=LOCK_LONGEST.total_seconds() + 1)
    assert attempt(client, "zhou", PASSWORD).status_code == 303


def answers(client: FlaskClient, clock: TestClock, login: str, waits: Sequence[int]) -> list[str]:
    """What somebody is told who guesses at `login` after each of so many seconds, always from elsewhere."""
    told = []
    for number, seconds in enumerate(waits):
        clock.forward(seconds=seconds)
        answer = attempt(client, login, "guess", address=f"10.1.0.{number}")
        told.append(f"{answer.status_code} " + without_token(answer.get_data(as_text=True)).replace(login, "somebody"))
    return told


# To the limit, behind it, after the first lock and the second, and after days: what is forgotten is forgotten of both.
def test_a_name_that_nobody_has_locks_as_an_account_does(client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock) -> None:
    day = 24 * 3600
    waits = (0, 1, 1, 1, 1, 1, 61, 1, 121, 241, 5, 2 * day, 1, 1, 1, 1, 1, 2 * day, 0, 0, 0, day + 1, 0, 0, 0, 0, 0)
    with wiring.sessions() as session:
        people = session.query(User).count()
    start = clock.now()
    theirs = answers(client, clock, "zhou", waits)
    clock.forward(seconds=(start - clock.now()).total_seconds())
    nobodys = answers(client, clock, "zhou9", waits)
    assert [told.split(" ")[0] for told in theirs].count("429") >= 4
    assert nobodys == theirs
    assert answers(client, clock, " ZHOU9 ", (0,)) == answers(client, clock, "zhou9", (0,))
    with wiring.sessions() as session:
        assert session.query(User).count() == people
    notes = list(wiring.redis.scan_iter("NOTE/*"))
    assert len(notes) == 1
    assert b"zhou9" not in notes[0]
    assert 24 * 3600 < wiring.redis.ttl(notes[0]) <= 26 * 3600


def test_a_few_wrong_passwords_are_forgotten_after_a_day_without_any(client: FlaskClient, town: Town, clock: TestClock) -> None:
    for _ in range(4):
        attempt(client, "zhou", "guess")
    clock.forward(hours=24, seconds=1)
    for _ in range(4):
        attempt(client, "zhou", "guess")
    assert attempt(client, "zhou", PASSWORD).status_code == 303


def test_a_name_that_nobody_has_takes_a_hash_of_time_unless_locked(
    client: FlaskClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str | None] = []

    def verify(encoded: str | None, typed: str) -> bool:
        hashed.append(encoded)
        return False

    monkeypatch.setattr(service, "verify_password", verify)
    tries = [(login, attempt(client, login, "guess").status_code, len(hashed)) for login in ("zhou", "zhou9") for _ in range(6)]
    assert [status for _, status, _ in tries] == ([401] * 5 + [429]) * 2
    assert [count for _, _, count in tries] == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10]
    assert hashed[5:] == [None] * 5


def test_one_is_led_where_one_was_going(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    asked = client.get(f"/m/cards/{stored.submission_id}?panel=answer")
    assert asked.status_code == 303
    going = hidden(client.get(asked.location).get_data(as_text=True), "next")
    assert attempt(client, "zhou", PASSWORD, going=going).location == f"/m/cards/{stored.submission_id}?panel=answer"


# A link through our sign-in must not end on another site, however it is written.
@pytest.mark.parametrize(
    "going",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "///evil.example",
        "/\\/evil.example",
        "//[",
        "/\\[x",
        "http://[",
        " //evil.example",
    ],
)
def test_sign_in_leads_to_no_other_site(client: FlaskClient, town: Town, going: str) -> None:
    page = client.get("/sign-in", query_string={"next": going})
    assert page.status_code == 200
    assert hidden(page.get_data(as_text=True), "next") == ""
    assert attempt(client, "zhou", PASSWORD, going=going).location == "/start"


def test_a_session_left_alone_ends(client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock) -> None:
    sign_in(client, "zhou")
    clock.forward(minutes=wiring.settings.session_idle_minutes - 1)
    assert client.get("/m").status_code == 200
    clock.forward(minutes=wiring.settings.session_idle_minutes - 1)
    assert client.get("/m").status_code == 200
    clock.forward(minutes=wiring.settings.session_idle_minutes + 1)
    assert client.get("/m").status_code == 303


def test_a_session_in_constant_use_ends_too(client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock) -> None:
    sign_in(client, "zhou")
    for _ in range(wiring.settings.session_hours - 1):
        clock.forward(hours=1)
        assert client.get("/m").status_code == 200
    clock.forward(hours=1, seconds=1)
    assert client.get("/m").status_code == 303


def test_signing_out_ends_the_session_on_the_server(app: Flask, client: FlaskClient, town: Town, wiring: Wiring) -> None:
    zhou = sign_in(client, "zhou")
    cookie = client.get_cookie("zhibao")
    assert cookie is not None
    assert zhou.press("/account", "/sign-out").request.path == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("zhibao", cookie.value)
    assert thief.get("/m").status_code == 303
    with wiring.sessions() as session:
        assert session.query(LoginSession).one().ended_at is not None


def test_signing_out_here_leaves_the_other_device_signed_in(app: Flask, client: FlaskClient, town: Town) -> None:
    phone, desk = sign_in(client, "zhou"), sign_in(app.test_client(), "zhou")
    phone.press("/account", "/sign-out")
    assert desk.client.get("/m").status_code == 200


def test_every_sign_in_has_a_token_of_its_own_and_only_its_hash_is_stored(
    app: Flask, client: FlaskClient, town: Town, wiring: Wiring
) -> None:
    sign_in(client, "zhou")
    with client.session_transaction() as cookie:
        first = cookie["s"]
    sign_in(client, "zhou")
    with client.session_transaction() as cookie:
        assert cookie["s"] != first
    with wiring.sessions() as session:
        hashes = {row.token_hash for row in session.query(LoginSession)}
    assert len(hashes) == 2
    assert first.encode() not in hashes


def test_a_forged_cookie_is_nobody(client: FlaskClient, town: Town) -> None:
    client.set_cookie("zhibao", "eyJzIjoiYWFhYSJ9.AAAA.BBBB")
    assert client.get("/m").status_code == 303


def test_sign_in_without_a_csrf_token_is_refused(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = client.post("/sign-in", data={"login": "zhou", "password": PASSWORD})
    assert answer.status_code == 400
    with wiring.sessions() as session:
        assert session.query(LoginSession).count() == 0


# What a signed-in person typed is on the page that refuses a missing, foreign or broken token.
@pytest.mark.parametrize("token", [None, "", "x", "foreign"])
def test_a_missing_csrf_token_keeps_the_words_and_changes_nothing(
    app: Flask, client: FlaskClient, town: Town, wiring: Wiring, token: str | None
) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    sign_in(client, "zhou")
    if token == "foreign":
        token = hidden(app.test_client().get("/sign-in").get_data(as_text=True), "csrf_token")
    fields = {"version": "2", "words": "明天有人来修，请放心。", **({} if token is None else {"csrf_token": token})}
    answer = client.post(f"/m/cards/{stored.submission_id}/answer", data=fields)
    assert answer.status_code == 400
    assert "明天有人来修，请放心。" in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Decision).count() == 0


def test_the_cookie_is_for_our_server_alone(wiring: Wiring, town: Town) -> None:
    page = application(wiring).test_client()
    token = hidden(page.get("/sign-in", base_url="https://zhibao.example").get_data(as_text=True), "csrf_token")
    answer = page.post(
        "/sign-in",
        data={"csrf_token": token, "login": "zhou", "password": PASSWORD},
        base_url="https://zhibao.example",
        headers={"Referer": "https://zhibao.example/sign-in"},
    )
    assert answer.status_code == 303
    flags = next(value for name, value in answer.headers if name == "Set-Cookie" and value.startswith("zhibao="))
    for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert flag in flags
    assert "Domain" not in flags
