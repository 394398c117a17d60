"""A point under attack: traps, proof of work, and what staff see; every send gets a receipt, and a neighbour gets through."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from altcha import Challenge, Payload, solve_challenge
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from config.settings import Settings
from intake.domain.point import PointGuard
from intake.domain.submission import SubmissionState
from intake.domain.suspicion import SUSPICION_WORDS, Suspicion
from intake.models import AuditEntry, IntakePoint, Submission
from intake.ports import NullJobQueue
from intake.services.alarm import raise_missing
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import hidden, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import triage_batch

LAMP = "幸福里3栋门口的路灯坏了半个月，晚上老人出门摔了"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Traps as in earnest, and a guard that one can reach."""
    return replace(
        settings, form_seconds=2, guard_limit="4/10 minutes", flood_limit="3/hour", point_limit="2000/hour", address_limit="5000/hour"
    )


@pytest.fixture(autouse=True)
def jobs(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def post(
    client: FlaskClient, code: str, text: str, clock: TestClock, *, phone: str = "phone", page: str = "", seconds: float = 5, **fields: str
) -> TestResponse:
    """Open the form, wait, send it."""
    page = page or client.get(f"/p/{code}").get_data(as_text=True)
    clock.forward(seconds=seconds)
    return client.post(f"/p/{code}", data={"key": hidden(page, "key"), "text": text, **fields}, headers={"User-Agent": phone})


def triaged(wiring: Wiring) -> dict[str, tuple[SubmissionState, Suspicion | None]]:
    """State and suspicion of each message by its words, after triage."""
    triage_batch.run()
    with wiring.sessions() as session:
        return {
            text: (state, why)
            for text, state, why in session.execute(
                select(Submission.text_written, Submission.state, Submission.suspicion).order_by(Submission.id)
            )
        }


def set_guard(wiring: Wiring, code: str, guard: PointGuard) -> None:
    with wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).where(IntakePoint.code == code).values(guard=guard))


def solved(page: str) -> str:
    """What a browser with script sends."""
    challenge = Challenge.from_dict(json.loads(hidden_proof(page)))
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge, solution).to_base64()


def hidden_proof(page: str) -> str:
    """The challenge that the form carries."""
    return unescape(page.split('data-proof="', 1)[1].split('"', 1)[0])


# Whoever fills in what nobody sees, or sends sooner than a person reads, gets a receipt like everybody; staff look first.
@pytest.mark.parametrize(
    ("fields", "seconds", "why"),
    [
        ({"website": "https://spam.example"}, 5, Suspicion.TRAP),
        ({}, 0.5, Suspicion.FAST),
        ({}, 5, None),
    ],
)
def test_programs_get_a_receipt_and_are_held(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock, fields: dict[str, str], seconds: float, why: Suspicion | None
) -> None:
    answer = post(client, town.longchi_code, LAMP, clock, seconds=seconds, **fields)
    assert answer.status_code == 303
    assert triaged(wiring)[LAMP] == (SubmissionState.QUARANTINED if why else SubmissionState.TRIAGED, why)
    receipt = words_of(client.get(answer.location))
    assert ("正在核对内容" in receipt) is (why is not None)
    if why is not None:
        jing = sign_in(client, "wangjing")
        assert SUSPICION_WORDS[why] in words_of(jing.get("/d/quarantine"))
        assert "已放行" in words_of(jing.press("/d/quarantine", "/release"))
        assert triaged(wiring)[LAMP][0] is SubmissionState.TRIAGED, "it isn't held again"


def test_a_person_who_presses_again_after_a_refusal_is_not_too_fast(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    stale = client.post(f"/p/{town.longchi_code}", data={"key": "x", "text": LAMP}).get_data(as_text=True)
    assert post(client, town.longchi_code, LAMP, clock, page=stale, seconds=0).status_code == 303
    refused = client.post(f"/p/{town.longchi_code}", data={"key": "x", "text": "另一件：井盖松了"}, headers={"Accept": "application/json"})
    key = refused.get_json()["key"]
    assert client.post(f"/p/{town.longchi_code}", data={"key": key, "text": "另一件：井盖松了"}).status_code == 303
    assert {why for _, why in triaged(wiring).values()} == {None}


def test_more_than_people_send_guards_the_point_alone_and_ends_by_itself(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    for number in range(5):
        post(client, town.longchi_code, f"{LAMP}，第{number}次", clock, phone=f"phone {number}")
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert "data-proof=" in page
    assert "您照样可以提交" in page
    assert "data-proof=" not in client.get(f"/p/{town.ziwei_code}").get_data(as_text=True)
    jing = sign_in(client, "wangjing")
    assert "龙池社区正受到大量提交" in words_of(jing.get("/d"))
    assert "正在防刷" in words_of(jing.get("/d/points"))
    with wiring.sessions() as session:
        acts = select(func.count()).where(AuditEntry.action == "point.guarded")
        until = select(IntakePoint.guarded_until).where(IntakePoint.code == town.longchi_code)
        first = session.scalar(until)
        for number in range(5):
            post(client, town.longchi_code, f"{LAMP}，又第{number}次", clock, phone=f"bot {number}", seconds=3)
        assert session.scalar(until) == first, "put off at most once a minute"
        clock.forward(minutes=2)
        for number in range(5):
            post(client, town.longchi_code, f"{LAMP}，还第{number}次", clock, phone=f"other {number}", seconds=3)
        session.rollback()
        later = session.scalar(until)
        assert first is not None
        assert later is not None
        assert later > first
        assert session.scalar(acts) == 1
    clock.forward(minutes=40)
    assert "data-proof=" not in client.get(f"/p/{town.longchi_code}").get_data(as_text=True)


def test_a_guarded_form_takes_a_solved_challenge_once_and_holds_all_else(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    set_guard(wiring, town.longchi_code, PointGuard.ON)
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    answer = solved(page)
    set_guard(wiring, town.ziwei_code, PointGuard.ON)
    foreign = solved(client.get(f"/p/{town.ziwei_code}").get_data(as_text=True))
    late = solved(client.get(f"/p/{town.longchi_code}").get_data(as_text=True))
    sent = {"有校验的": answer, "用过的": answer, "没有的": "", "别处的": foreign, "乱写的": "e30=", "坏的": answer[:-8] + "AAAAAAA="}
    receipts = []
    for words, proof in sent.items():
        stored = post(client, town.longchi_code, f"{LAMP}，{words}", clock, phone=words.encode().hex(), page=page, proof=proof)
        receipts.append(words_of(client.get(stored.location)))
    assert ["先由工作人员核对一下" in one for one in receipts] == [False, *[True] * 5]
    clock.forward(minutes=25)
    post(client, town.longchi_code, f"{LAMP}，过期的", clock, phone="late", proof=late)
    found = {text.split("，")[-1]: why for text, (_, why) in triaged(wiring).items()}
    assert found == dict.fromkeys([*sent, "过期的"], Suspicion.UNPROVEN) | {"有校验的": None}
    again = client.get(f"/p/{town.longchi_code}/proof")
    assert again.get_json()["parameters"]["data"]["point"]
    assert client.get(f"/p/{town.shiqiao_code}/proof").get_json() == {}


def test_a_proof_is_good_once_in_this_process_while_redis_is_away(
    town: Town, wiring: Wiring, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = Challenge.from_dict(json.loads(wiring.proof.challenge(point_id=7, at=clock.now())))
    solution = solve_challenge(challenge)
    assert solution is not None
    answer = Payload(challenge, solution).to_base64()

    def away(*_: object, **__: object) -> None:
        raise RedisAway

    monkeypatch.setattr(wiring.redis, "set", away)
    assert [wiring.proof.spend(answer, point_id=7, at=clock.now()) for _ in range(2)] == [True, False]


def test_a_device_that_sends_more_than_a_person_is_held_before_it_is_refused(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    for number in range(4):
        assert post(client, town.longchi_code, f"{LAMP}，第{number}次", clock).status_code == 303
    assert [why for _, why in triaged(wiring).values()] == [None, None, None, Suspicion.FLOOD]


def test_a_suspect_word_of_danger_rings_but_only_a_few_times(client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock) -> None:
    set_guard(wiring, town.longchi_code, PointGuard.ON)
    for number in range(5):
        post(client, town.longchi_code, f"紫薇苑{number}栋煤气泄漏，味道很大快来人", clock, phone=f"old phone {number}")
    post(client, town.longchi_code, "煤气泄漏，味道很大快来人", clock, phone="bot", website="x")
    states = [state for state, _ in triaged(wiring).values()]
    assert states == [SubmissionState.TRIAGED] * 3 + [SubmissionState.QUARANTINED] * 3
    with wiring.sessions.begin() as session:
        assert raise_missing(session, at=clock.now(), limit=10) == 3
        declined = Submission.state == SubmissionState.QUARANTINED
        session.execute(update(Submission).where(declined).values(state=SubmissionState.DECLINED))
        assert raise_missing(session, at=clock.now(), limit=10) == 0, "nor when staff find it to be none"


ATTACK = 40
"""As in bench: 2,000 behave alike (docs/adr/0031), and take a minute."""


def test_hostile_sends_cost_a_neighbour_nothing_and_are_declined_together(
    app: Flask, town: Town, wiring: Wiring, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.services.quarantine_together.AT_ONCE", 20)
    bot = app.test_client()
    key = hidden(bot.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
    clock.forward(seconds=5)
    for number in range(ATTACK):
        headers = {"User-Agent": f"bot {number}", "Accept": "application/json"}
        answer = bot.post(f"/p/{town.longchi_code}", data={"key": key, "text": f"便宜贷款加微信{number}号，找我办"}, headers=headers)
        assert answer.status_code == 200
    neighbour = app.test_client()
    page = neighbour.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    sent = post(neighbour, town.longchi_code, LAMP, clock, phone="neighbour", page=page, proof=solved(page))
    assert sent.status_code == 303
    found = triaged(wiring)
    assert found[LAMP] == (SubmissionState.TRIAGED, None)
    assert sum(state is SubmissionState.QUARANTINED for state, _ in found.values()) >= ATTACK - 5
    assert len(found) == ATTACK + 1, "nothing is dropped"

    jing = sign_in(app.test_client(), "wangjing")
    groups = cost(wiring, jing, "/d/quarantine", "成批来的")
    first = min(int(one.split('"', 1)[0]) for one in jing.get("/d/quarantine").get_data(as_text=True).split("/together/point/")[1:])
    path = f"/d/quarantine/together/point/{first}"
    alike = cost(wiring, jing, path, "都说了什么")
    assert "理由" in words_of(jing.press(path, path))
    left = ATTACK - 5
    while left > 0:
        done = jing.press(path, path, reason="unclear", words="")
        assert f"已记为不采用 {min(left, 20)} 件" in words_of(done)
        left -= 20
        clock.forward(seconds=1)
    assert "这一批处理完了" in words_of(jing.get(path))
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).where(Submission.state == SubmissionState.DECLINED)) == ATTACK - 5
    assert groups <= 14
    assert alike <= 8
    assert sign_in(app.test_client(), "sunyi").get(path).status_code == 404


def test_the_guard_is_set_by_hand_by_whoever_manages_points(client: FlaskClient, app: Flask, town: Town, wiring: Wiring) -> None:
    with wiring.sessions() as session:
        point_id = session.scalar(select(IntakePoint.id).where(IntakePoint.code == town.longchi_code))
    li = sign_in(client, "chenli")
    path = f"/d/points/{point_id}"
    assert "已保存" in words_of(li.press(path, "/guard", guard="on"))
    assert "data-proof=" in app.test_client().get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert li.press(path, "/guard", guard="off", version="1").status_code == 409
    assert li.press(path, "/guard", guard="nonsense").status_code == 422
    li.press(path, "/guard", guard="off")
    assert "data-proof=" not in app.test_client().get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert "/guard" not in sign_in(app.test_client(), "wangjing").get(path).get_data(as_text=True)


def test_a_paused_point_keeps_the_words_for_a_page_and_for_its_script(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    with wiring.sessions.begin() as session:
        session.execute(
            update(IntakePoint)
            .where(IntakePoint.code == town.longchi_code)
            .values({"state": "paused", "closed_note": "系统维护，下午 3 点恢复。"})
        )
    refused = post(client, town.longchi_code, LAMP, clock, page=page)
    assert refused.status_code == 409
    assert "下午 3 点恢复" in words_of(refused)
    assert LAMP in refused.get_data(as_text=True)
    said = client.post(f"/p/{town.longchi_code}", data={"key": hidden(page, "key"), "text": LAMP}, headers={"Accept": "application/json"})
    assert (said.status_code, said.get_json()["error"]) == (409, "系统维护，下午 3 点恢复。")
    assert "下午 3 点恢复" in words_of(client.get(f"/p/{town.longchi_code}"))
