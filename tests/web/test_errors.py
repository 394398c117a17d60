"""When something goes wrong: a page that says what to do, keeps what was typed, and tells nothing of the inside."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.app import create_app
from intake.domain.actor import MACHINE
from intake.domain.point import PointAction
from intake.models import Decision, IntakePoint, Submission
from intake.queries.public_page import Operator
from intake.services.place import change_point
from intake.web.guard import open_to_all
from intake.wiring import Wiring, wire
from tests.conftest import test_database_url
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.town import Town
from tests.web.conftest import ParsingClient
from tests.web.pages import hidden, send_sentence, sign_in, words_of

INSIDE = ("Traceback", "psycopg", "sqlalchemy", "SELECT", "werkzeug", ".py")


def tells_nothing_of_the_inside(page: str) -> bool:
    return not any(word in page for word in INSIDE)


# What does not exist, or not this way, says so in a sentence and leads home.
@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing-here", 404, "没有找到这一页"),
        ("GET", "/p/", 404, "没有找到这一页"),
        ("GET", "/p/%ff%fe", 404, "没有这个直报点"),
        ("GET", "/r/x/y/z/w", 404, "没有找到这一页"),
        ("GET", "/r/%00/%00", 404, "没有找到这张回执"),
        ("GET", "/d/topics/-1", 404, "没有找到这一页"),
        ("GET", "/static/../../config/settings.py", 404, "没有找到这一页"),
        ("POST", "/privacy", 405, "不能这样打开"),
        ("DELETE", "/r", 405, "不能这样打开"),
        ("PUT", "/m/cards/1/answer", 405, "不能这样打开"),
    ],
)
def test_an_address_that_leads_nowhere_leads_home(client: FlaskClient, method: str, path: str, status: int, words: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert words in words_of(answer)
    assert 'href="/"' in answer.get_data(as_text=True)
    assert tells_nothing_of_the_inside(answer.get_data(as_text=True))


def test_a_body_over_half_a_megabyte_is_refused_with_a_cure(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    answer = client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "灯" * 200_000})
    assert answer.status_code == 413
    assert "文字最多 5000 个字" in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 0


def test_a_long_text_below_that_comes_back_in_the_box(client: FlaskClient, town: Town) -> None:
    text = "灯" * 50_000
    answer = send_sentence(client, town.longchi_code, text)
    assert answer.status_code == 422
    assert text in answer.get_data(as_text=True)


def test_an_error_of_ours_keeps_the_words_and_tells_nothing(app: Flask) -> None:
    @open_to_all
    def broken() -> str:
        raise RuntimeError("the-secret-of-the-house")

    app.add_url_rule("/broken", view_func=broken, methods=["GET", "POST"])
    answer = app.test_client().post("/broken", data={"text": "幸福里路灯坏了", "words": "<b>明天修</b>"})
    assert answer.status_code == 500
    assert "我们这边出了错" in words_of(answer)
    assert "幸福里路灯坏了" in words_of(answer)
    assert "<b>明天修</b>" in words_of(answer)
    assert "the-secret-of-the-house" not in answer.get_data(as_text=True)
    assert tells_nothing_of_the_inside(answer.get_data(as_text=True))


@pytest.fixture
def nowhere(settings: Settings, clock: TestClock) -> Iterator[Wiring]:
    """The same installation, whose database answers at no address."""
    wired = wire(replace(settings, database_url="postgresql+psycopg://zhibao_app@127.0.0.1:1/zhibao"), clock=clock)
    yield wired
    wired.close()


@pytest.fixture
def without_database(nowhere: Wiring) -> FlaskClient:
    app = create_app(nowhere)
    app.test_client_class = ParsingClient
    return app.test_client()


def test_while_the_database_is_away_the_resident_keeps_the_words(client: FlaskClient, without_database: FlaskClient, town: Town) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    along = {"key": key, "draft": "7.of-the-chat", "seen": "12", "c": "of-the-link", "pass_on": "1"}
    answer = without_database.post(f"/p/{town.longchi_code}", data={**along, "text": "幸福里路灯坏了"})
    assert {name: hidden(answer.get_data(as_text=True), name) for name in along} == along
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "幸福里路灯坏了" in words_of(answer)
    assert "没有丢" in words_of(answer)
    assert tells_nothing_of_the_inside(answer.get_data(as_text=True))
    # The same page, sent again when the database is back, is the first one.
    assert client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "幸福里路灯坏了"}).status_code == 303


def test_while_the_database_is_away_the_member_keeps_the_words(
    client: FlaskClient, without_database: FlaskClient, wiring: Wiring, town: Town
) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    sign_in(client, "zhou")
    fields = {
        name: hidden(client.get(f"/m/cards/{stored.submission_id}").get_data(as_text=True), name) for name in ("csrf_token", "version")
    }
    cookie = client.get_cookie("zhibao")
    assert cookie is not None
    without_database.set_cookie("zhibao", cookie.value)
    answer = without_database.post(f"/m/cards/{stored.submission_id}/answer", data={**fields, "words": "师傅明天来修。"})
    assert answer.status_code == 503
    assert "师傅明天来修。" in words_of(answer)


def test_the_process_lives_and_is_not_ready_while_the_database_is_away(without_database: FlaskClient) -> None:
    assert without_database.get("/healthz").status_code == 200
    assert without_database.get("/privacy").status_code == 200
    assert without_database.get("/readyz").status_code == 503
    assert without_database.get("/p/nvgch2345a").status_code == 503


@contextlib.contextmanager
def dying_at_commit(wiring: Wiring) -> Iterator[None]:
    """The database cuts the connection of the next commit of something written."""
    admin = test_database_url("zhibao_super", "postgres").replace("postgresql+psycopg://", "postgresql://")
    died: list[int] = []

    def cut(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        if driver.autocommit or died:  # a page that only reads commits nothing
            return
        died.append(driver.info.backend_pid)
        with psycopg.connect(admin, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", died)

    event.listen(wiring.engine, "commit", cut)
    yield
    event.remove(wiring.engine, "commit", cut)
    assert died


def test_a_database_that_dies_at_the_commit_is_told_as_such_and_nothing_is_promised(
    client: FlaskClient, town: Town, wiring: Wiring
) -> None:
    key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    with dying_at_commit(wiring):
        answer = send_sentence(client, town.longchi_code, "幸福里路灯坏了", key=key)
    assert answer.status_code == 503
    assert answer.location is None
    assert "幸福里路灯坏了" in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 0
    assert send_sentence(client, town.longchi_code, "幸福里路灯坏了", key=key).status_code == 303


def test_a_database_that_dies_under_the_foot_of_a_page_is_told_as_such(
    client: FlaskClient, town: Town, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page goes on without its foot, and only the commit finds that nothing can be committed."""

    def dying(session: Session) -> tuple[Operator, ...]:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return ()

    monkeypatch.setattr("intake.web.footer.operators", dying)
    answer = client.get("/privacy")
    assert answer.status_code == 503
    assert tells_nothing_of_the_inside(answer.get_data(as_text=True))
    monkeypatch.undo()
    assert client.get("/privacy").status_code == 200


def test_a_members_decision_lost_at_the_commit_is_not_shown_as_done(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    stored = told(wiring, town.longchi_code, "路灯坏了")
    zhou = sign_in(client, "zhou")
    with dying_at_commit(wiring):
        answer = zhou.press(f"/m/cards/{stored.submission_id}", "/answer", words="师傅明天来修。")
    assert answer.status_code == 503
    assert "师傅明天来修。" in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Decision).count() == 0


def test_error_pages_speak_english_to_whoever_asked_for_it(client: FlaskClient) -> None:
    client.get("/?lang=en")
    assert "没有找到这一页" not in words_of(client.get("/nothing-here"))


# At the desk: an address nobody has, a row that isn't there, a page for others, a form open too long, a form too large.
@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("GET", "/d/nothing-here", {}, 404),
        ("GET", "/d/topics/999999", {}, 404),
        ("GET", "/d/people", {}, 403),
        ("POST", "/d/topics/1/take-up", {"words": "路灯坏了"}, 400),
        ("POST", "/d/topics/1/take-up", {"words": "灯" * 200_000}, 413),
    ],
)
def test_staff_stay_at_the_desk_when_a_page_refuses(
    client: FlaskClient, town: Town, method: str, path: str, data: dict[str, str], status: int
) -> None:
    jing = sign_in(client, "wangjing")
    answer = jing.client.open(path, method=method, data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert '<nav class="side"' in page
    assert 'href="/start"' in page
    assert tells_nothing_of_the_inside(page)
    if status == 400:
        assert "路灯坏了" in words_of(answer), "what was typed is lost"


def test_the_slower_of_two_at_the_desk_stays_there(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    """A retired point has no poster: 409, from a view that shows no form again."""
    jing = sign_in(client, "wangjing")
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one().id
        change_point(session, actor=MACHINE, point_id=point, action=PointAction.RETIRE, note="撤点", at=wiring.clock.now())
    answer = jing.client.get(f"/d/points/{point}/poster.pdf")
    assert answer.status_code == 409
    assert '<nav class="side"' in answer.get_data(as_text=True)


def test_who_has_no_desk_and_who_is_elsewhere_read_the_plain_page(app: Flask, town: Town) -> None:
    zhou, jing, nobody = sign_in(app.test_client(), "zhou").client, sign_in(app.test_client(), "wangjing").client, app.test_client()
    for browser, path in ((zhou, "/d"), (zhou, "/d/nothing-here"), (jing, "/m/cards/999999"), (jing, "/nothing-here"), (nobody, "/d/x")):
        answer = browser.get(path)
        assert answer.status_code in {403, 404}, path
        assert '<nav class="side"' not in answer.get_data(as_text=True), path


def test_an_error_of_ours_at_the_desk_asks_for_nobody(client: FlaskClient, without_database: FlaskClient, town: Town) -> None:
    sign_in(client, "wangjing")
    cookie = client.get_cookie("zhibao")
    assert cookie is not None
    without_database.set_cookie("zhibao", cookie.value)
    for path in ("/d", "/d/topics/1"):
        assert without_database.get(path).status_code == 503
    assert without_database.get("/d/nothing-here").status_code >= 500
