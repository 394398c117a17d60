"""公开征题: from the draft at the desk to what everybody reads of its result."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from intake.domain.open_call import OpenCallState
from intake.domain.point import PointKind
from intake.domain.submission import Channel, SubmissionState
from intake.domain.topic import Route
from intake.models import Contributor, IntakePoint, OpenCall, Submission, Topic
from intake.ports import NullJobQueue
from intake.queries.open_call import answers_to, question_at
from intake.queries.point import point_by_code, points_under
from intake.services.open_call import answered_call
from intake.wiring import Wiring
from tests.factories.calls import closed_call, drafted_call, published_call, reported_call
from tests.factories.clock import TestClock
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.chatting import AUNT, platform_before
from tests.web.pages import Person, hidden, send_sentence, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import triage_batch

QUESTION = "老菜场要改造，您最想先改哪里？"
FLOOR = "菜场地面太滑，下雨天老人摔了两回，先把地砖换了"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def jobs(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def fields(town: Town, **changed: str) -> dict[str, str]:
    return {
        "title": "菜场怎么改",
        "question": QUESTION,
        "background": "年底前定方案。",
        "area": str(town.street_id),
        "opens_on": "2026-11-03",
        "closes_on": "2026-11-13",
        **changed,
    }


def test_staff_ask_a_street_and_everybody_answers_and_reads_the_result(
    jing: Person, client: FlaskClient, app: Flask, town: Town, wiring: Wiring, clock: TestClock, jobs: None
) -> None:
    made = jing.press("/d/calls/new", "/new", **fields(town))
    assert "已存为草稿" in words_of(made)
    page = made.request.path
    with wiring.sessions() as session:
        call = session.scalars(select(OpenCall)).one()
        point = session.get_one(IntakePoint, call.point_id)
        assert (point.kind, point.area_id, point.name) == (PointKind.EVENT, town.street_id, "菜场怎么改")
    resident = app.test_client()
    assert resident.get(f"/p/{point.code}").status_code == 404
    assert "菜场怎么改" not in words_of(resident.get("/calls"))
    assert jing.get(f"/d/points/{point.id}/poster.pdf").mimetype == "application/pdf"

    assert "已保存" in words_of(jing.press(f"{page}/edit", "/edit", **fields(town, question="先改哪里？")))
    assert "已发布" in words_of(jing.press(page, "/publish"))
    assert "已经发布的征题不能再改" in words_of(
        client.post(f"{page}/edit", data={**fields(town), "csrf_token": _token(jing, page), "version": "3"})
    )
    form = words_of(resident.get(f"/p/{point.code}"))
    assert all(one in form for one in ("先改哪里？", "年底前定方案。", "11 月 13 日", "您怎么看？"))
    assert "已经收到" not in form
    for everybody in ("/calls", "/", f"/c/{town.longchi_id}"):
        assert "菜场怎么改" in words_of(resident.get(everybody))
    answer = send_sentence(resident, point.code, FLOOR)
    assert answer.status_code == 303
    say(wiring, town.longchi_code, "丰山菜场地面太滑，老人下雨天摔了两回，地砖该换")
    triage_batch.run()
    with wiring.sessions() as session:
        stored = session.scalars(select(Submission).order_by(Submission.id)).first()
        assert stored is not None
        assert (stored.channel, stored.open_call_id) == (Channel.OPEN_CALL, call.id)
        topic = session.scalars(
            select(Topic).join(Contributor, Contributor.topic_id == Topic.id).where(Contributor.submission_id == stored.id)
        ).one()
        assert topic.route is Route.OPEN_CALL
        assert topic.suggested_count == 2, "the same matter is found across calls and points"
    assert "公开征题" in words_of(jing.get("/d/topics"))
    assert "收到" in words_of(jing.get(page))

    clock.forward(days=11)
    jing = sign_in(app.test_client(), "wangjing")
    over = words_of(resident.get(f"/p/{point.code}"))
    assert "征集已经截止" in over
    assert "不足 3 件" in over
    refused = jing.press(page, "/report", words="收到很多，请找王师傅 13800000021")
    assert refused.status_code == 422
    assert "手机号" in words_of(refused)
    assert "13800000021" in refused.get_data(as_text=True)
    assert "结果已公开" in words_of(jing.press(page, "/report", words="多数说的是地面滑，十二月换地砖。"))
    assert "十二月换地砖" in words_of(resident.get(f"/p/{point.code}"))


def test_a_call_that_is_closed_before_its_last_day_takes_nothing_more(jing: Person, app: Flask, town: Town, wiring: Wiring) -> None:
    call_id = published_call(wiring, town).id
    closed = jing.press(f"/d/calls/{call_id}", "/close")
    assert closed.status_code == 200
    with wiring.sessions() as session:
        call = session.get_one(OpenCall, call_id)
        code = session.get_one(IntakePoint, call.point_id).code
    assert call.state is OpenCallState.CLOSED
    assert "征集已经截止" in words_of(app.test_client().get(f"/p/{code}"))


def _token(person: Person, page: str) -> str:
    return hidden(person.get(page).get_data(as_text=True), "csrf_token")


# What can't be asked is refused at its field, with what was typed.
@pytest.mark.parametrize(
    ("changed", "cure"),
    [
        ({"title": ""}, "起个名字"),
        ({"question": " "}, "想问大家的那一句话"),
        ({"closes_on": ""}, "请选最后一天"),
        ({"closes_on": "2026-11-01"}, "比第一天还早"),
        ({"opens_on": "2026-10-01", "closes_on": "2026-10-02"}, "已经过了"),
        ({"area": "999999"}, "没有这个区域"),
        ({"background": "联系人 13800000021"}, "手机号"),
        ({"background": "字" * 2001}, "多了 1 个"),
    ],
)
def test_a_call_that_cannot_be_asked_says_what_to_mend(jing: Person, town: Town, changed: dict[str, str], cure: str) -> None:
    refused = jing.press("/d/calls/new", "/new", **fields(town, **changed))
    assert refused.status_code == 422
    assert cure in words_of(refused)


def test_outside_its_days_it_says_when_and_where_else_and_a_form_left_open_keeps_the_words(
    client: FlaskClient, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    coming = published_call(wiring, town, opens_in=3, days=2, area_id=town.longchi_id)
    page = words_of(client.get(f"/p/{coming.code}"))
    assert "11 月 6 日开始" in page
    assert "去龙池社区说" in page
    clock.forward(days=3)
    key = hidden(client.get(f"/p/{coming.code}").get_data(as_text=True), "key")
    stored = send_sentence(client, coming.code, FLOOR, key=key)
    closed_call(wiring, town, coming)
    late = client.post(f"/p/{coming.code}", data={"key": key, "text": "来晚了的一句话"})
    assert late.status_code == 409
    assert "已经截止" in words_of(late)
    assert "来晚了的一句话" in late.get_data(as_text=True)
    assert send_sentence(client, coming.code, FLOOR, key=key).location == stored.location, "a repeat gets its receipt"
    reported_call(wiring, town, coming, "地砖已换。")
    assert "地砖已换。" in words_of(client.get(f"/p/{coming.code}"))


def test_a_draft_is_for_staff_alone_and_its_point_is_offered_nowhere(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    draft = drafted_call(wiring, town, area_id=town.longchi_id)
    assert client.get(f"/p/{draft.code}").status_code == 404
    for path in ("/calls", "/", f"/c/{town.longchi_id}"):
        assert "菜场怎么改" not in words_of(client.get(path))
    with wiring.sessions() as session:
        assert draft.code in {point.code for point in points_under(session, "龙池社区")}, "its poster can be printed"


def test_another_districts_staff_and_members_see_no_call(app: Flask, town: Town, wiring: Wiring) -> None:
    made = published_call(wiring, town)
    assert sign_in(app.test_client(), "sunyi").get(f"/d/calls/{made.id}").status_code == 404
    assert sign_in(app.test_client(), "zhou").get("/d/calls").status_code == 403


def test_what_is_said_in_the_chat_or_on_paper_is_an_answer_even_after_the_last_day(town: Town, wiring: Wiring, clock: TestClock) -> None:
    made = published_call(wiring, town, days=2)
    clock.forward(days=5)
    with wiring.sessions() as session:
        point = point_by_code(session, made.code)
        assert point is not None
        assert answered_call(session, point, Channel.WORKER, at=clock.now()) == made.id
        assert question_at(session, point, at=clock.now()) == ""


def test_both_lists_cost_the_same_for_one_call_and_for_forty_and_have_pages(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    published_call(wiring, town)
    jing = sign_in(client, "wangjing")
    costs = [cost(wiring, jing, path, "菜场怎么改") for path in ("/d/calls", "/calls")]
    for _ in range(39):
        published_call(wiring, town)
    assert [cost(wiring, jing, path, "菜场怎么改") for path in ("/d/calls", "/calls")] == costs
    for path in ("/d/calls", "/calls"):
        page = jing.get(path).get_data(as_text=True)
        assert page.count("<strong>菜场怎么改</strong>") + page.count(">菜场怎么改</a>") == 30
        following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        rest = jing.get(following).get_data(as_text=True)
        assert rest.count("<strong>菜场怎么改</strong>") + rest.count(">菜场怎么改</a>") == 10


def test_withdrawn_and_held_answers_are_not_counted(town: Town, wiring: Wiring) -> None:
    made = published_call(wiring, town)
    for _ in range(3):
        say(wiring, made.code, FLOOR)
    with wiring.sessions.begin() as session:
        first = session.scalars(select(Submission).order_by(Submission.id)).first()
        assert first is not None
        session.execute(update(Submission).where(Submission.id == first.id).values({"state": SubmissionState.WITHDRAWN}))
        assert answers_to(session, made.id) == 2


def test_in_the_chat_its_code_greets_with_the_question_and_what_is_said_answers_it(
    app: Flask, town: Town, wiring: Wiring, clock: TestClock
) -> None:
    made = published_call(wiring, town)
    with wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).where(IntakePoint.code == made.code).values(scene="scene-market"))
    with platform_before(app, wiring, clock, safe=True) as platform:
        assert QUESTION in platform.follow(AUNT, "scene-market")
        platform.text(AUNT, FLOOR)
        platform.text(AUNT, "发送")
    with wiring.sessions() as session:
        stored = session.scalars(select(Submission)).one()
        assert (stored.channel, stored.open_call_id) == (Channel.WECHAT_TEXT, made.id)
