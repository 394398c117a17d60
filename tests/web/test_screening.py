"""The board complete: marks beside evidence, what is like a topic, who else looks, several at once, and what a return asks for."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.screening import Criterion
from intake.domain.topic import Route, TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Area, AuditEntry, Submission, Topic, TopicMark, TopicWatch
from intake.queries.topic_board import BOARD_STATES, TopicRow, board, topic_after
from intake.queries.topic_order import Order
from intake.services import topic_screen_together
from intake.services.person import create_user, grant_role
from intake.services.submission_submit import Stored
from intake.services.topic_class import open_class
from intake.services.topic_mark import WORDS_MAX, Mark, mark_topic
from intake.services.topic_origin import OriginFacts, register
from intake.services.topic_screen_together import AT_ONCE, screen_together
from intake.web.district import board as desk_board
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.town import ENCODED, Town, actor
from tests.web.pages import Person, as_it_is, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员, at her desk."""
    return sign_in(client, "wangjing")


def colleague(wiring: Wiring, town: Town, name: str, login: str, role: Role = Role.STAFF) -> int:
    """Somebody else of the district's committee."""
    with wiring.sessions.begin() as session:
        at, district = wiring.clock.now(), session.get_one(Area, town.district_id)
        user = create_user(session, district_id=district.id, login=login, name=name, password="", at=at, password_hash=ENCODED)
        grant_role(session, actor=actor(session, town.li_id), user=user, role=role, area=district, at=at)
        return user.id


@pytest.fixture
def min_id(wiring: Wiring, town: Town) -> int:
    """李敏, another of the staff."""
    return colleague(wiring, town, "李敏", "limin")


def a_topic(wiring: Wiring, town: Town, title: str, voices: int = 1) -> int:
    stored = [told(wiring, town.longchi_code, f"{title}，第 {number} 位居民") for number in range(voices)]
    return topic_of(wiring, town.zhou_id, title, *stored)


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> int:
    """A proposed topic of two voices."""
    return taken_up(wiring, town.jing_id, a_topic(wiring, town, "幸福里路灯不亮", 2))


def marks_of(wiring: Wiring, topic_id: int) -> dict[tuple[int, str], tuple[int, str]]:
    with wiring.sessions() as session:
        rows = session.query(TopicMark).filter_by(topic_id=topic_id)
        return {(one.marked_by, one.criterion.value): (one.mark, one.words) for one in rows}


def section(page: str, begins: str) -> str:
    """Text of the part of a page that begins so, to its end."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index(begins) :].split("</section>", maxsplit=1)[0]))


# --- marks --------------------------------------------------------------------------------------------------------------------------


def test_marks_stand_beside_the_evidence_and_each_keeps_their_own(jing: Person, wiring: Wiring, town: Town, min_id: int, lamp: int) -> None:
    with wiring.sessions.begin() as session:
        mark_topic(session, actor=actor(session, min_id), topic_id=lamp, marks={Criterion.PEOPLE: Mark(1)}, at=wiring.clock.now())
    page = jing.press(f"/d/topics/{lamp}", "/marks", **{"mark-people": "3", "why-people": " 楼里都在说 ", "mark-urgency": "0"})
    assert "打分已记下。" in words_of(page)
    shown = section(page.get_data(as_text=True), 'id="marks"')
    assert "涉及人数 2 人，2 件来件 李敏 1 " in shown
    assert "打分只是说明各人怎么看，不算总分，不代替决定" in shown
    assert marks_of(wiring, lamp) == {
        (min_id, "people"): (1, ""), (town.jing_id, "people"): (3, "楼里都在说"), (town.jing_id, "urgency"): (0, ""),
    }  # fmt: skip
    jing.press(f"/d/topics/{lamp}", "/marks", **{"mark-people": "", "mark-urgency": "2"})
    assert marks_of(wiring, lamp) == {(min_id, "people"): (1, ""), (town.jing_id, "urgency"): (2, "")}
    with wiring.sessions() as session:
        entry = session.query(AuditEntry).filter_by(action="topic.mark", entity_id=lamp).order_by(AuditEntry.id.desc()).first()
        assert entry is not None
        assert entry.detail == {"marks": {"urgency": 2}}
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"mark-people": "4"}, "请选 0 到 3 分。"),
        ({"mark-people": "-1"}, "请选 0 到 3 分。"),
        ({"why-people": "只写了话"}, "写了说明，还没有打分：请选 0 到 3 分。"),
        ({"mark-people": "1", "why-people": "长" * (WORDS_MAX + 1)}, f"最多 {WORDS_MAX} 个字"),
    ],
)
def test_what_is_no_mark_is_said_at_its_criterion_and_nothing_typed_is_lost(
    jing: Person, wiring: Wiring, lamp: int, sent: dict[str, str], refusal: str
) -> None:
    page = jing.press(f"/d/topics/{lamp}", "/marks", **{"mark-spread": "2", "why-spread": "两条街", **sent})
    assert page.status_code == 422
    html = page.get_data(as_text=True)
    assert refusal in section(html, 'id="marks"')
    assert 'value="两条街"' in html
    assert marks_of(wiring, lamp) == {}


def test_nobody_else_marks_and_nothing_that_is_over(app: Flask, wiring: Wiring, town: Town, lamp: int) -> None:
    chair = colleague(wiring, town, "赵主席", "zhao", Role.CHAIR)
    marks = {Criterion.PEOPLE: Mark(2)}
    for user_id, refusal in ((chair, Forbidden), (town.zhou_id, Forbidden), (town.stranger_id, NotFound)):
        with wiring.sessions() as session, pytest.raises(refusal):
            mark_topic(session, actor=actor(session, user_id), topic_id=lamp, marks=marks, at=wiring.clock.now())
    reader = sign_in(app.test_client(), "zhao", "tests-only-password")
    page = reader.get(f"/d/topics/{lamp}").get_data(as_text=True)
    assert "筛选要点和打分" in page
    assert "记下我的打分" not in page
    assert reader.client.post(f"/d/topics/{lamp}/marks", data={"csrf_token": hidden(page, "csrf_token")}).status_code == 403
    decided(wiring, town.jing_id, lamp, TopicAction.REJECT, "已经修好。")
    with wiring.sessions() as session, pytest.raises(Conflict):
        mark_topic(session, actor=actor(session, town.jing_id), topic_id=lamp, marks=marks, at=wiring.clock.now())


# --- evidence -----------------------------------------------------------------------------------------------------------------------


def test_a_silent_community_weighs_more_with_both_numbers_told(app: Flask, wiring: Wiring, town: Town, lamp: int) -> None:
    with wiring.sessions.begin() as session:
        for area_id, residents in ((town.longchi_id, 8_000), (town.ziwei_id, 500), (town.shiqiao_id, 400)):
            session.get_one(Area, area_id).residents = residents
    for code in (town.ziwei_code, town.shiqiao_code):
        for number in range(3):
            told(wiring, code, f"别的事 {number}")
    page = sign_in(app.test_client(), "wangjing").get(f"/d/topics/{lamp}").get_data(as_text=True)
    shown = section(page, 'id="marks"')
    assert "收到 2 件，按校正约 4 件" in shown
    assert "龙池社区一年来每千名居民 0.2 件，区里各社区的中位数是 6 件，说话的人可能偏少，这里 1 件按 2 件看。" in shown
    assert topic_row(wiring, lamp).heat == heat_before(wiring, lamp), "the order on the board knows nothing of it"


def heat_before(wiring: Wiring, topic_id: int) -> int:
    with wiring.sessions() as session:
        return sum(part["points"] for part in session.get_one(Topic, topic_id).heat_parts)


def test_what_waits_for_members_is_told_with_what_is_late(jing: Person, wiring: Wiring, town: Town, clock: TestClock, lamp: int) -> None:
    late, fresh = (told(wiring, town.longchi_code, text, verdict=Verdict.ATTACH, topic_id=lamp) for text in ("灯又坏了", "灯还没修"))
    with wiring.sessions.begin() as session:
        session.get_one(Submission, late.submission_id).escalate_at = clock.now()
        session.get_one(Submission, fresh.submission_id).escalate_at = None
    shown = section(jing.get(f"/d/topics/{lamp}").get_data(as_text=True), 'id="marks"')
    assert "还有 2 件等委员看，其中 1 件过了期限" in shown


def test_topics_called_alike_are_found_here_and_earlier_with_what_came_of_them(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    here = a_topic(wiring, town, "石桥路灯不亮")
    ended = taken_up(wiring, town.jing_id, a_topic(wiring, town, "幸福里路灯一闪一闪"))
    decided(wiring, town.jing_id, ended, TopicAction.REJECT, "上个月已经换过灯泡。")
    a_topic(wiring, town, "楼道堆放杂物")
    page = jing.get(f"/d/topics/{lamp}").get_data(as_text=True)
    shown = section(page, "相似的议题</h3>")
    assert re.search(r"也许是一回事 石桥路灯不亮 候选议题 .*都有“路灯不亮”", shown)
    assert re.search(r"以前的，看看当时怎么处理 幸福里路灯一闪一闪 不立项 .*都有“幸福里路灯” 上个月已经换过灯泡。", shown)
    assert "楼道堆放杂物" not in shown
    assert "以前相似的 1 个议题：办结 0 个，不立项 1 个" in section(page, 'id="marks"')
    assert f'href="/d/topics?topic={here}"' in jing.get(f"/d/topics?topic={lamp}").get_data(as_text=True)


# --- search -------------------------------------------------------------------------------------------------------------------------


# Two characters of a title, a piece of a number in either case, the name of a community; several words must all be there.
@pytest.mark.parametrize("words", ["路灯", "灯不", "NUMBER", "number", "龙池", "路灯 龙池", "亮"])
def test_the_board_finds_a_topic_by_two_characters_number_or_place(wiring: Wiring, town: Town, lamp: int, words: str) -> None:
    other = topic_of(wiring, town.shiqiao_member_id, "台阶破损", told(wiring, town.shiqiao_code, "台阶坏了"))
    number = topic_row(wiring, lamp).number
    asked = {"NUMBER": number[-6:], "number": number.lower()}.get(words, words)
    with wiring.sessions() as session:
        found = board(session, actor(session, town.jing_id), BOARD_STATES, words=asked, at=wiring.clock.now())
        nothing = board(session, actor(session, town.stranger_id), BOARD_STATES, words=asked, at=wiring.clock.now())
    assert [row.id for page in found.pages for row in page.rows] == [lamp]
    assert found.totals == {TopicState.PROPOSED: 1}
    assert other not in [row.id for page in found.pages for row in page.rows]
    assert nothing.totals == {}


@pytest.mark.parametrize("words", ["%", "_", "'", "路%灯", "\\", "{路,灯}", "没有这样的事"])
def test_what_is_special_to_a_database_is_a_letter(jing: Person, lamp: int, words: str) -> None:
    page = jing.client.get("/d/topics", query_string={"q": words})
    assert page.status_code == 200
    assert 'class="card topic"' not in page.get_data(as_text=True)


def test_columns_of_what_was_found_go_on_by_the_same_key(jing: Person, wiring: Wiring, town: Town) -> None:
    made = {a_topic(wiring, town, f"路灯 {number} 号不亮") for number in range(10)}
    first = jing.client.get("/d/topics?q=路灯").get_data(as_text=True)
    more = re.search(r'<li class="more"><a class="btn" href="([^"]*)"', first)
    assert more is not None
    rest = jing.get(more[1].replace("&amp;", "&")).get_data(as_text=True)
    shown = [{int(one) for one in re.findall(r'<a class="card topic" href="[^"]*topic=(\d+)', page)} for page in (first, rest)]
    assert [len(one) for one in shown] == [8, 2]
    assert shown[0] | shown[1] == made


# --- who else looks -----------------------------------------------------------------------------------------------------------------


def test_a_colleague_is_told_who_looks_and_who_writes_for_a_minute(
    app: Flask, jing: Person, wiring: Wiring, town: Town, min_id: int, clock: TestClock, lamp: int
) -> None:
    min_ = sign_in(app.test_client(), "limin", "tests-only-password")
    token = hidden(min_.client.get(f"/d/topics/{lamp}").get_data(as_text=True), "csrf_token")

    def looks(**fields: str) -> str:
        return words_of(min_.client.post(f"/d/topics/{lamp}/watch", data={"csrf_token": token, **fields}))

    assert "王静" not in looks()
    assert "李敏 也在看" in words_of(jing.get(f"/d/topics/{lamp}"))
    looks(typing="1")
    assert "李敏 正在写处理意见" in words_of(jing.get(f"/d/topics?topic={lamp}"))
    assert "李敏 正在看" in words_of(jing.get("/d/topics")), "on its card"
    clock.forward(seconds=61)
    assert "李敏" not in words_of(jing.get(f"/d/topics?topic={lamp}"))
    looks()
    with wiring.sessions() as session:
        assert session.query(TopicWatch).count() == 1, "what is gone is forgotten"
    assert min_.client.post("/d/topics/999999/watch", data={"csrf_token": token}).status_code == 404


def test_a_stranger_neither_looks_nor_is_told(app: Flask, wiring: Wiring, lamp: int) -> None:
    stranger = sign_in(app.test_client(), "sunyi")
    token = hidden(stranger.client.get("/d/topics").get_data(as_text=True), "csrf_token")
    assert stranger.client.post(f"/d/topics/{lamp}/watch", data={"csrf_token": token}).status_code == 404
    assert stranger.client.post(f"/d/topics/{lamp}/marks", data={"csrf_token": token, "mark-people": "1"}).status_code == 404
    chosen = stranger.client.get(f"/d/topics/together?pick={lamp}.1")
    assert "路灯" not in words_of(chosen)
    made = stranger.client.post(
        "/d/topics/together", data={"csrf_token": token, "pick": f"{lamp}.2", "action": "reject", "words": "不办。"}
    )
    assert "不在您范围里的一个议题" in words_of(made)
    assert "路灯" not in words_of(made)
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED


# --- several at once ----------------------------------------------------------------------------------------------------------------


def pick(wiring: Wiring, *topic_ids: int) -> list[str]:
    return [f"{one}.{topic_row(wiring, one).version}" for one in topic_ids]


def test_several_are_returned_with_one_reason_and_what_changed_meanwhile_is_named(
    app: Flask, jing: Person, wiring: Wiring, town: Town
) -> None:
    stored: list[Stored] = [told(wiring, town.longchi_code, f"第 {number} 件事") for number in range(3)]
    topics = [taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, f"第 {n} 个议题", one)) for n, one in enumerate(stored)]
    candidate = a_topic(wiring, town, "还是候选")
    ticked = pick(wiring, *topics, candidate)
    decided(wiring, town.jing_id, topics[2], TopicAction.APPROVE, "同事已经同意。")
    page = jing.client.get("/d/topics/together", query_string={"pick": ticked}).get_data(as_text=True)
    assert page.count("checked>") == 4
    assert "您打开看板以后，它有了变化" in page
    data = {
        "csrf_token": hidden(page, "csrf_token"), "pick": ticked, "action": "return", "words": "说得还不清楚。",
        "missing": ["place", "numbers"],
    }  # fmt: skip
    said = words_of(jing.client.post("/d/topics/together", data=data))
    assert "2 个已经处理：退回" in said
    assert "2 个没有处理 第 2 个议题 刚刚有人处理过，请打开看看现在的情况。" in said
    assert "还是候选 “候选议题”" in said or "现在是“候选议题”" in said
    assert [topic_row(wiring, one).state for one in topics] == [TopicState.CANDIDATE, TopicState.CANDIDATE, TopicState.POOLED]
    receipt = words_of(app.test_client().get(receipt_path(wiring, stored[0])))
    assert "说得还不清楚。 请补充：具体地点、人数和次数。" in receipt
    assert "说得还不清楚" not in words_of(app.test_client().get(receipt_path(wiring, stored[2])))
    again = words_of(jing.client.post("/d/topics/together", data=data))
    assert "4 个没有处理" in again, "pressed twice, nothing happens twice"
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="topic.return").count() == 2


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"action": "reject", "words": " "}, "请写明理由"),
        ({"action": "reject", "words": "好" * 501}, "最多 500 个字"),
        ({"action": "merge", "words": "一起办。"}, "请先选怎么处理。"),
        ({"words": "没有选处理。"}, "请先选怎么处理。"),
        ({"action": "reject", "words": "好。", "pick": []}, "还没有勾选议题"),
        ({"action": "reject", "words": "好。", "pick": ["x.1"]}, "请先选一个再提交。"),
    ],
)
def test_a_refusal_of_all_keeps_what_was_typed_and_decides_nothing(
    jing: Person, wiring: Wiring, lamp: int, sent: dict[str, str], refusal: str
) -> None:
    token = hidden(jing.client.get("/d/topics").get_data(as_text=True), "csrf_token")
    page = jing.client.post("/d/topics/together", data={"csrf_token": token, "pick": pick(wiring, lamp), **sent})
    assert page.status_code == 422
    html = page.get_data(as_text=True)
    assert refusal in html
    if "pick" not in sent:
        assert f'value="{pick(wiring, lamp)[0]}" checked' in html
        assert sent["words"].strip() in html
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED


def test_no_more_than_thirty_and_candidates_are_taken_up_without_words(jing: Person, wiring: Wiring, town: Town) -> None:
    topics = [a_topic(wiring, town, f"第 {number} 个") for number in range(2)]
    with wiring.sessions.begin() as session:
        me, at = actor(session, town.jing_id), wiring.clock.now()
        with pytest.raises(InvalidInput):
            screen_together(
                session, actor=me, chosen=[(one, 1) for one in range(AT_ONCE + 1)], action=TopicAction.TAKE_UP, words="",
                workflow=wiring.workflow, at=at,
            )  # fmt: skip
        chosen = [*((one, session.get_one(Topic, one).version) for one in reversed(topics)), (999_999, 1)]
        made = screen_together(session, actor=me, chosen=chosen, action=TopicAction.TAKE_UP, words="", workflow=wiring.workflow, at=at)
    assert made.done == tuple(topics)
    assert [(one.topic_id, one.title) for one in made.left_out] == [(999_999, "")]
    assert [topic_row(wiring, one).state for one in topics] == [TopicState.PROPOSED] * 2


def test_a_return_of_one_tells_what_is_missing_and_keeps_the_ticks_when_refused(jing: Person, wiring: Wiring, lamp: int) -> None:
    page = jing.press(f"/d/topics/{lamp}", "/decide", action="reject", words="", missing="visit")
    assert page.status_code == 422
    assert re.search(r'value="visit" checked', page.get_data(as_text=True))
    jing.press(f"/d/topics/{lamp}", "/decide", action="return", words="", missing="visit")
    assert topic_row(wiring, lamp).state is TopicState.CANDIDATE
    assert "请补充：现场情况。" in words_of(jing.get(f"/d/topics/{lamp}"))


def test_the_pane_costs_the_same_for_few_marks_and_for_many(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    one = cost(wiring, jing, f"/d/topics/{lamp}", "幸福里路灯不亮")
    for number in range(5):
        user_id = colleague(wiring, town, f"同事{number}", f"staff{number}")
        with wiring.sessions.begin() as session:
            marks = {criterion: Mark(number % 4) for criterion in Criterion}
            mark_topic(session, actor=actor(session, user_id), topic_id=lamp, marks=marks, at=wiring.clock.now())
    assert cost(wiring, jing, f"/d/topics/{lamp}", "同事4") == one
    chosen = "&".join(f"pick={a_topic(wiring, town, f'第 {number} 个')}.1" for number in range(3))
    few = cost(wiring, jing, f"/d/topics/together?pick={lamp}.1", "怎么处理")
    assert cost(wiring, jing, f"/d/topics/together?{chosen}", "怎么处理") == few


# --- the routes ---------------------------------------------------------------------------------------------------------------------


def test_the_pane_reads_the_newest_words_and_leads_to_the_rest(
    jing: Person, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = a_topic(wiring, town, "垃圾桶满了", voices=4)
    own, trail = f"/d/topics/{bin_}", f"/d/topics/{bin_}/lineage"
    newest = [f"第 {number} 位居民" for number in (3, 2, 1, 0)]

    def read(path: str) -> tuple[list[str], list[str]]:
        page = jing.get(path).get_data(as_text=True)
        said = page[page.index("<h3>居民原话") :].split("</section>", maxsplit=1)[0]
        return re.findall("第 [0-9] 位居民", said), re.findall('href="([^"]*)">看更早的', said)

    assert (read(f"/d/topics?topic={bin_}"), read(own)) == ((newest, []), (newest, []))
    monkeypatch.setattr(desk_board, "PANE_VOICES", 2)
    monkeypatch.setattr(desk_board, "VOICES", 3)
    assert (read(f"/d/topics?topic={bin_}"), read(own)) == ((newest[:2], [own]), (newest[:3], [trail]))


def test_the_board_of_one_route_stays_there_from_card_to_card(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    asked = [a_topic(wiring, town, f"区委点的第 {number} 题") for number in range(10)]
    with wiring.sessions.begin() as session:
        session.query(Topic).filter(Topic.id.in_(asked)).update({"route": Route.PARTY_GOVERNMENT})
    shown = jing.get("/d/topics?route=party_government&order=newest")
    page = shown.get_data(as_text=True)
    assert "途径：党政点题" in words_of(shown)
    assert "幸福里路灯不亮" not in page.split('id="pane"')[0]
    assert re.search(r'class="count">10</span>', page)
    ways = page.split('class="elsewhere ways"')[1].split("</nav>")[0]
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/d/topics\?[^"]*)"', page.replace(ways, ""))}
    assert [one for one in links if "route=party_government" not in one] == []
    more = next(one for one in links if "after=" in one)
    assert words_of(jing.get(more)).count("区委点的第") >= 2
    assert 'class="card topic"' not in jing.get("/d/topics?route=network").get_data(as_text=True)
    both = [cost(wiring, jing, f"/d/topics?topic={lamp}{route}", "幸福里") for route in ("", "&route=residents")]
    assert both[0] == both[1]
    with wiring.sessions() as session:
        me = actor(session, town.jing_id)
        assert topic_after(session, me, lamp, state=TopicState.CANDIDATE, route=Route.NETWORK) is None
        assert topic_after(session, me, asked[0], state=TopicState.CANDIDATE, route=Route.PARTY_GOVERNMENT) in asked[1:]
    searched = jing.client.get("/d/topics", query_string={"route": "residents", "q": "区委"}).get_data(as_text=True)
    assert 'class="card topic"' not in searched
    assert jing.get("/d/topics?route=everything").status_code == 200


def cards(person: Person, path: str) -> list[int]:
    """Topics on the board, in its order."""
    return [int(one) for one in re.findall(r'name="pick" value="(\d+)\.', person.get(path).get_data(as_text=True))]


def registered(wiring: Wiring, town: Town, title: str, route: Route = Route.PARTY_GOVERNMENT) -> int:
    """A topic that no message opened, put up for screening."""
    facts = OriginFacts(route, title, town.street_id, None, "请调研。", body="区委办公室", received_on=wiring.clock.now().date())
    with wiring.sessions.begin() as session:
        return register(session, actor=actor(session, town.jing_id), facts=facts, at=wiring.clock.now()).id


# A decision is a change of state, so that of those that wait the one decided on is the youngest from then on.
@pytest.mark.parametrize("order", list(Order))
def test_a_decision_leads_to_what_followed_in_the_order_one_works_in(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, order: Order
) -> None:
    for number in range(4):
        taken_up(wiring, town.jing_id, a_topic(wiring, town, f"第 {number} 件", 1 + number % 2))
        clock.forward(minutes=1)
    board_page = f"/d/topics?state=proposed&order={order.value}"
    _first, second, third, _last = cards(jing, board_page)
    after = jing.press(f"{board_page}&topic={second}", "/decide", action="reject", **as_it_is("街道已经换了新的，不再列入。"))
    assert topic_row(wiring, second).state is TopicState.REJECTED
    assert f"topic={third}&" in f"{after.request.query_string.decode()}&"


# What was asked for by an office has no heat to be found by: the routes stand at the head with how many of each wait.
def test_topics_without_messages_are_found_by_their_route_and_by_waiting(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, lamp: int
) -> None:
    clock.forward(minutes=5)
    asked = [registered(wiring, town, f"老旧小区加装电梯之{number}") for number in "一二"]
    clock.forward(minutes=5)
    taken_up(wiring, town.jing_id, a_topic(wiring, town, "河边栏杆松动", 3))
    page = jing.get("/d/topics").get_data(as_text=True)
    ways = section(page, 'class="elsewhere ways"').split("</nav>")[0]
    assert "待筛选 全部途径 4 党政点题 2 群众出题 2" in ways
    assert "没有来件，不排热度 · 丰山街道 · 11 月" in words_of(jing.get("/d/topics"))
    assert cards(jing, "/d/topics?state=proposed")[-2:] == asked[::-1], "heat is what residents said"
    assert cards(jing, "/d/topics?state=proposed&order=waiting")[:3] == [lamp, *asked], "who waits longest comes first, whoever asked"
    assert cards(jing, "/d/topics?state=proposed&route=party_government") == asked[::-1]
    # The state that stands alone is counted, and what is looked for is not counted again.
    assert "候选议题 全部途径" not in words_of(jing.get("/d/topics?state=candidate"))
    assert 'class="elsewhere ways"' not in jing.client.get("/d/topics", query_string={"q": "电梯"}).get_data(as_text=True)
    few = cost(wiring, jing, f"/d/topics?topic={lamp}", "党政点题")
    for number in range(6):
        registered(wiring, town, f"第 {number} 件", Route.COMMUNITIES if number % 2 else Route.PARTY_GOVERNMENT)
    assert cost(wiring, jing, f"/d/topics?topic={lamp}", "两委找题") == few


PLACE: dict[Order, Callable[[TopicRow], float]] = {
    Order.HEAT: lambda row: -row.heat,
    Order.CORRECTED: lambda row: -row.heat_corrected,
    Order.SPREAD: lambda row: -row.areas,
    Order.WAITING: lambda row: row.since.timestamp(),
    Order.NEWEST: lambda row: -row.last_at.timestamp(),
}


@pytest.mark.parametrize("order", list(Order))
def test_every_order_goes_on_page_by_page_and_ends(wiring: Wiring, town: Town, clock: TestClock, order: Order) -> None:
    made = []
    for number in range(7):
        made.append(a_topic(wiring, town, f"第 {number} 件", 1 + number % 2))
        clock.forward(minutes=number % 3)
    with wiring.sessions.begin() as session:
        for number, topic_id in enumerate(made):
            topic = session.get_one(Topic, topic_id)
            topic.heat, topic.heat_corrected, topic.area_count = 9 - number, 20 + number % 2, 1 + number % 3
    with wiring.sessions() as session:
        me, at = actor(session, town.jing_id), wiring.clock.now()
        whole = board(session, me, [TopicState.CANDIDATE], order=order, limit=20, at=at).pages[0]
        seen: list[int] = []
        after = ""
        for _ in range(4):
            page = board(session, me, [TopicState.CANDIDATE], order=order, limit=2, after=after, at=at).pages[0]
            seen += [row.id for row in page.rows]
            after = page.next_key
        assert after == ""
        assert seen == [row.id for row in whole.rows]
        assert sorted(seen) == sorted(made)
        # Looked for by words, it is the same order, and one goes from one to the next in it.
        found = board(session, me, [TopicState.CANDIDATE], order=order, words="件", limit=20, at=at).pages[0]
        assert [row.id for row in found.rows] == seen
        assert [topic_after(session, me, one, state=TopicState.CANDIDATE, order=order) for one in seen] == [*seen[1:], seen[0]]
        places = [PLACE[order](row) for row in whole.rows]
        assert places == sorted(places)
        for strange in ("9" * 19 + "_1", "1_" + "9" * 30, "x_y", "-1_2", "_", "9" * 15):
            board(session, me, [TopicState.CANDIDATE], order=order, after=strange, at=at)


def test_an_order_of_corrected_heat_says_both_numbers_and_why(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    with wiring.sessions.begin() as session:
        topic = session.get_one(Topic, lamp)
        topic.heat, topic.heat_corrected = 10, 17
    page = words_of(jing.get("/d/topics?order=corrected"))
    assert "热度 10，校正后 17" in page
    assert "来件少的社区，一个人最多按两个人算" in page
    assert "校正后 17" not in words_of(jing.get("/d/topics")).split("来件少的社区一个人多算一些")[0]
    assert "校正后是 17" in words_of(jing.get(f"/d/topics/{lamp}"))
    nothing = jing.get("/d/topics?order=gossip")
    assert nothing.status_code == 200
    assert "来件少的社区，一个人" not in words_of(nothing)


def test_blanks_are_no_search(jing: Person, lamp: int) -> None:
    assert "含有“" not in words_of(jing.client.get("/d/topics", query_string={"q": " \u3000 "}))


def test_the_form_says_who_reads_where_nobody_is_confirmed(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    assert "理由 · 2 件来件的居民都会读到" in words_of(jing.get(f"/d/topics/{lamp}"))
    with wiring.sessions.begin() as session:
        session.get_one(Topic, lamp).confirmed_count = 0
    assert "理由 · 现在没有确认的来件，居民不会收到" in words_of(jing.get(f"/d/topics/{lamp}"))
    with wiring.sessions.begin() as session:
        session.get_one(Topic, lamp).route = Route.COMMUNITIES
    assert "理由 · 提这个题的人会读到" in words_of(jing.get(f"/d/topics/{lamp}"))


# --- what was found wrong once ------------------------------------------------------------------------------------------------------


def test_ones_own_marks_are_still_there_when_it_is_over(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    jing.press(f"/d/topics/{lamp}", "/marks", **{"mark-people": "3", "why-people": "楼里都在说"})
    decided(wiring, town.jing_id, lamp, TopicAction.REJECT, "已经修好。")
    assert "王静 3 · 楼里都在说" in section(jing.get(f"/d/topics/{lamp}").get_data(as_text=True), 'id="marks"')


def test_staff_of_one_community_read_no_title_of_another(app: Flask, wiring: Wiring, town: Town, lamp: int) -> None:
    person_with(wiring, "shiqiao-staff", "石桥工作人员", (Role.STAFF, town.shiqiao_id))
    theirs = topic_of(wiring, town.shiqiao_member_id, "石桥路灯不亮", told(wiring, town.shiqiao_code, "石桥路灯不亮"))
    person = sign_in(app.test_client(), "shiqiao-staff")
    page = person.get(f"/d/topics/{theirs}").get_data(as_text=True)
    assert "石桥路灯不亮" in page
    assert "幸福里" not in page, "among those called alike"
    data = {"csrf_token": hidden(page, "csrf_token"), "action": "reject", "words": "不在协商的范围。"}
    for version in ("99", str(topic_row(wiring, lamp).version)):
        made = words_of(person.client.post("/d/topics/together", data={**data, "pick": f"{lamp}.{version}"}))
        assert "不在您范围里的一个议题" in made
        assert "幸福里" not in made
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED


def test_a_class_is_not_told_that_its_own_matters_are_like_it(jing: Person, wiring: Wiring, town: Town, lamp: int) -> None:
    other = taken_up(wiring, town.jing_id, a_topic(wiring, town, "紫薇路灯不亮"))
    with wiring.sessions.begin() as session:
        me = actor(session, town.jing_id)
        made = open_class(session, actor=me, topic_ids=[lamp, other], title="各处路灯不亮", at=wiring.clock.now()).id
    assert "相似的议题</h3>" not in jing.get(f"/d/topics/{made}").get_data(as_text=True)


def test_a_reason_for_many_is_looked_at_before_it_is_sent_as_one_for_one_is(jing: Person, wiring: Wiring, lamp: int) -> None:
    token = hidden(jing.client.get("/d/topics").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "pick": pick(wiring, lamp), "action": "reject", "words": "我们高度重视，将尽快处理。"}
    page = jing.client.post("/d/topics/together", data=data)
    assert page.status_code == 422
    html = page.get_data(as_text=True)
    assert "还没有发出，请再看一眼" in words_of(page)
    assert "我们高度重视，将尽快处理。" in html
    assert topic_row(wiring, lamp).state is TopicState.PROPOSED
    assert "1 个已经处理" in words_of(jing.client.post("/d/topics/together", data={**data, "checked": hidden(html, "checked")}))


def test_more_than_thirty_ticks_are_told_of_not_cut_in_silence(jing: Person, wiring: Wiring, lamp: int) -> None:
    ticks = [*pick(wiring, lamp), *(f"{90_000 + number}.1" for number in range(39))]
    page = jing.client.get("/d/topics/together", query_string={"pick": ticks})
    assert "勾选了 40 个，一次最多 30 个：" in words_of(page)
    assert "一次最多 30 个：" not in words_of(jing.client.get("/d/topics/together", query_string={"pick": ticks[:30]}))


# A class is counted anew with its matters: locked before anything is decided, two who press at once can't wait for each other.
def test_several_are_locked_with_their_classes_first(wiring: Wiring, town: Town, lamp: int, monkeypatch: pytest.MonkeyPatch) -> None:
    other = taken_up(wiring, town.jing_id, a_topic(wiring, town, "紫薇路灯不亮"))
    with wiring.sessions.begin() as session:
        made = open_class(session, actor=actor(session, town.jing_id), topic_ids=[lamp, other], title="各处路灯", at=wiring.clock.now()).id
    free: list[int] = []

    def look(*_: object, **__: object) -> None:
        with wiring.sessions() as beside:
            asked = select(Topic.id).where(Topic.id.in_([lamp, made])).with_for_update(skip_locked=True)
            free.extend(beside.scalars(asked))

    monkeypatch.setattr(topic_screen_together, "_decide", look)
    with wiring.sessions.begin() as session:
        me, chosen = actor(session, town.jing_id), [(lamp, session.get_one(Topic, lamp).version)]
        done = screen_together(
            session, actor=me, chosen=chosen, action=TopicAction.REJECT, words="不办。", workflow=wiring.workflow, at=wiring.clock.now()
        )
    assert done.done == (lamp,)
    assert free == []
