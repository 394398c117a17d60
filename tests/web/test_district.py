"""区政协工作人员 at the desk: screening, merging, and what every resident behind a topic reads of it."""

import re
import threading
from datetime import datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, DomainError
from intake.domain.permission import Role
from intake.domain.point import PointState
from intake.domain.poster_batch import BatchState
from intake.domain.release import ReleaseKind, ReleaseState
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.domain.working_days import add_working_days
from intake.models import AuditEntry, Contributor, IntakePoint, Notification, PosterBatch, Release, Submission
from intake.queries.district_month import district_month
from intake.services.submission_submit import Stored
from intake.services.topic_screen import screen
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, receipt_path, screening, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.web.pages import Person, hidden, sign_in, words_of


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员, at her desk."""
    return sign_in(client, "wangjing")


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


@pytest.fixture
def alley(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.ziwei_code, "紫薇巷的灯也不亮")


@pytest.fixture
def lights(wiring: Wiring, town: Town, lamp: Stored, alley: Stored) -> int:
    """A candidate with two confirmed voices of two communities."""
    return topic_of(wiring, town.zhou_id, "丰山街道路灯不亮", lamp, alley)


@pytest.fixture
def proposed(wiring: Wiring, town: Town, lights: int) -> int:
    return taken_up(wiring, town.jing_id, lights)


@pytest.fixture
def reads(app: Flask, wiring: Wiring) -> "Reads":
    return Reads(app.test_client(), wiring)


class Reads:
    """What a resident reads on the receipt now."""

    def __init__(self, browser: FlaskClient, wiring: Wiring) -> None:
        self.browser, self.wiring = browser, wiring

    def __call__(self, stored: Stored) -> str:
        return words_of(self.browser.get(receipt_path(self.wiring, stored)))


def together(topic: str, people: int) -> str:
    """How a receipt tells in which topic it is, with how many others."""
    return f"您说的事和另外 {people - 1} 件来件合成了一个议题： {topic}" if people > 1 else f"您说的事在议题里： {topic}"


def at(topic: int) -> str:
    return f"/d/topics/{topic}"


def held_by(person: Person, topic: int) -> dict[str, str]:
    """Token and version of the topic as it is on this person's screen."""
    page = person.client.get(at(topic)).get_data(as_text=True)
    return {name: hidden(page, name) for name in ("csrf_token", "version")}


# --- the decisions ------------------------------------------------------------------------------------------------------------------


def test_staff_take_a_candidate_up_themselves(jing: Person, wiring: Wiring, lights: int, lamp: Stored, reads: Reads) -> None:
    jing.press(at(lights), "/take-up")
    assert topic_row(wiring, lights).state is TopicState.PROPOSED
    assert "区政协开始筛选这个议题。" in reads(lamp)


# Each decision reaches everybody confirmed behind the topic, in the table's words and the staff's own.
@pytest.mark.parametrize(
    ("action", "state", "words"),
    [
        ("approve", TopicState.POOLED, "区政协筛选通过，进入议题库。"),
        ("return", TopicState.CANDIDATE, "区政协请委员再补充情况。"),
        ("refer", TopicState.REFERRED, "转请有关单位办理。"),
        ("reject", TopicState.REJECTED, "区政协筛选后没有立项。"),
    ],
)
def test_a_decision_and_its_reason_stand_on_every_receipt(
    jing: Person, wiring: Wiring, proposed: int, lamp: Stored, alley: Stored, reads: Reads, action: str, state: TopicState, words: str
) -> None:
    page = jing.press(at(proposed), "/decide", action=action, words="城管局已排进本月的计划。")
    assert page.status_code == 200
    assert "每位反映过的居民都能在回执上看到" in words_of(page)
    assert topic_row(wiring, proposed).state is state
    for stored in (lamp, alley):
        assert words in reads(stored)
        assert reads(stored).count("城管局已排进本月的计划。") == 1
        assert "王静" in reads(stored)
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action=f"topic.{action}", entity_id=proposed).count() == 1


@pytest.mark.parametrize("action", ["approve", "return", "refer", "reject", "merge"])
@pytest.mark.parametrize("words", ["", "  \n ", "\u3000"])
def test_nothing_is_decided_without_a_reason(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, reads: Reads, action: str, words: str
) -> None:
    other = topic_of(wiring, town.zhou_id, "石板路", told(wiring, town.longchi_code, "石板路坏了"))
    before = reads(lamp)
    page = jing.press(at(proposed), "/decide", action=action, words=words, target=str(other))
    assert page.status_code == 422
    assert "请写明理由，每位反映过的居民都会看到。" in words_of(page)
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED
    assert reads(lamp) == before


def test_a_reason_too_long_is_refused_where_it_was_written(jing: Person, wiring: Wiring, proposed: int) -> None:
    page = jing.press(at(proposed), "/decide", action="approve", words="好" * 501)
    assert page.status_code == 422
    assert "好" * 501 in page.get_data(as_text=True)
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED


@pytest.mark.parametrize("action", ["", "propose", "dissolve", "delete", "unmerge", "plan"])
def test_only_the_five_ways_of_screening_are_open_here(jing: Person, wiring: Wiring, proposed: int, action: str) -> None:
    page = jing.press(at(proposed), "/decide", action=action, words="试试。")
    assert page.status_code == 422
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED


def test_a_candidate_cannot_be_approved_without_screening(jing: Person, wiring: Wiring, lights: int) -> None:
    page = jing.press(at(lights), "/decide", action="approve", words="好。")
    assert page.status_code == 409
    assert "现在是“候选议题”" in words_of(page)


def test_rejecting_reports_back_and_mere_suggestions_fall_away(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, alley: Stored, reads: Reads
) -> None:
    maybe = told(wiring, town.longchi_code, "灯好像又坏了", verdict=Verdict.ATTACH, topic_id=proposed)
    jing.press(at(proposed), "/decide", action="reject", words="已经全部修好。")
    for stored in (lamp, alley):
        assert submission_of(wiring, stored).state is SubmissionState.REPORTED_BACK
        assert "已反馈" in reads(stored)
        assert "已经全部修好。" in reads(stored)
        assert together("丰山街道路灯不亮", 2) in reads(stored)
    assert submission_of(wiring, maybe).state is SubmissionState.TRIAGED
    assert "已经全部修好。" not in reads(maybe)
    with wiring.sessions() as session:
        assert session.query(Contributor).filter_by(submission_id=maybe.submission_id).one().status is ContributorStatus.REMOVED
    row = topic_row(wiring, proposed)
    assert (row.confirmed_count, row.suggested_count) == (2, 0)


def test_each_confirmed_contributor_gets_one_notice_for_each_decision(jing: Person, wiring: Wiring, town: Town, proposed: int) -> None:
    told(wiring, town.longchi_code, "灯好像又坏了", verdict=Verdict.ATTACH, topic_id=proposed)
    with wiring.sessions() as session:
        before = session.query(Notification).filter_by(kind="topic_decision").count()
    jing.press(at(proposed), "/decide", action="approve", words="好。")
    with wiring.sessions() as session:
        assert session.query(Notification).filter_by(kind="topic_decision").count() == before + 2


def test_the_slower_of_two_keeps_the_reason_and_sees_the_decision(
    app: Flask, jing: Person, wiring: Wiring, town: Town, proposed: int
) -> None:
    held = held_by(jing, proposed)
    decided(wiring, town.jing_id, proposed, TopicAction.APPROVE, "同事已经同意。")
    answer = jing.client.post(f"{at(proposed)}/decide", data={**held, "action": "reject", "words": "我写了很长的理由。"})
    assert answer.status_code == 409
    assert "刚刚有人处理过" in words_of(answer)
    assert "同事已经同意。" in words_of(answer)
    assert "我写了很长的理由。" in words_of(answer)
    assert topic_row(wiring, proposed).state is TopicState.POOLED


# --- merging ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def others(wiring: Wiring, town: Town) -> tuple[int, Stored]:
    """石桥的路灯, another candidate with one voice."""
    stored = told(wiring, town.shiqiao_code, "石桥的路灯不亮")
    return topic_of(wiring, town.shiqiao_member_id, "石桥路灯", stored), stored


def test_merged_contributors_follow_the_survivor_and_hear_why(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, alley: Stored, others: tuple[int, Stored], reads: Reads
) -> None:
    survivor, bridge = others
    maybe = told(wiring, town.longchi_code, "灯好像又坏了", verdict=Verdict.ATTACH, topic_id=proposed)
    jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="都是路灯，一起办。")
    assert topic_row(wiring, proposed).state is TopicState.MERGED
    row = topic_row(wiring, survivor)
    assert (row.confirmed_count, row.suggested_count, row.area_count) == (3, 1, 3)
    for stored in (lamp, alley):
        assert "与同一件事的议题合并办理。“石桥路灯”" in reads(stored)
        assert "都是路灯，一起办。" in reads(stored)
        assert together("石桥路灯", 3) in reads(stored)
        assert submission_of(wiring, stored).state is SubmissionState.IN_TOPIC
    assert "都是路灯，一起办。" not in reads(bridge)
    assert "石桥路灯" in words_of(jing.get(f"/m/cards/{maybe.submission_id}"))


def test_what_is_decided_on_the_survivor_reaches_those_who_came_by_merging(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, others: tuple[int, Stored], reads: Reads, clock: TestClock
) -> None:
    survivor, bridge = others
    jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="都是路灯，一起办。")
    clock.forward(hours=1)
    jing.press(at(survivor), "/take-up")
    jing.press(at(survivor), "/decide", action="approve", words="列入议题库。")
    for stored in (lamp, bridge):
        assert "列入议题库。" in reads(stored)


def test_unmerging_returns_those_who_came_from_it_and_only_those(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, alley: Stored, others: tuple[int, Stored], reads: Reads
) -> None:
    survivor, bridge = others
    jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="都是路灯，一起办。")
    page = jing.press(at(proposed), "/unmerge", words="原来不是一回事。")
    assert page.status_code == 200
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED
    assert topic_row(wiring, proposed).merged_into_id is None
    assert topic_row(wiring, proposed).confirmed_count == 2
    assert topic_row(wiring, survivor).confirmed_count == 1
    for stored in (lamp, alley):
        assert together("丰山街道路灯不亮", 2) in reads(stored)
        assert "合并撤销，单独筛选。" in reads(stored)
        assert "原来不是一回事。" in reads(stored)
    assert together("石桥路灯", 1) in reads(bridge)
    assert "原来不是一回事。" not in reads(bridge)


def test_unmerging_needs_a_reason_and_something_merged(jing: Person, wiring: Wiring, proposed: int, others: tuple[int, Stored]) -> None:
    survivor, _ = others
    held = held_by(jing, proposed)
    assert jing.client.post(f"{at(proposed)}/unmerge", data={**held, "words": "试试。"}).status_code == 404
    jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="一起办。")
    page = jing.press(at(proposed), "/unmerge", words=" ")
    assert page.status_code == 422
    assert topic_row(wiring, proposed).state is TopicState.MERGED


def test_a_chain_of_merges_can_be_taken_back_link_by_link(
    jing: Person,
    wiring: Wiring,
    town: Town,
    proposed: int,
    lamp: Stored,
    alley: Stored,
    others: tuple[int, Stored],
    reads: Reads,
    clock: TestClock,
) -> None:
    middle, bridge = others
    road = told(wiring, town.longchi_code, "主路的灯不亮")
    last = topic_of(wiring, town.zhou_id, "全区路灯", road)
    jing.press(at(proposed), "/decide", action="merge", target=str(middle), words="并到石桥。")
    clock.forward(hours=1)
    jing.press(at(middle), "/decide", action="merge", target=str(last), words="全区一起办。")
    assert topic_row(wiring, last).confirmed_count == 4
    assert topic_row(wiring, proposed).merged_into_id == last
    for stored in (lamp, alley):
        assert together("全区路灯", 4) in reads(stored)
        assert "并到石桥。" in reads(stored)
        assert "全区一起办。" in reads(stored)
    clock.forward(hours=1)
    jing.press(at(proposed), "/unmerge", words="幸福里另办。")
    assert [topic_row(wiring, topic).confirmed_count for topic in (proposed, middle, last)] == [2, 0, 2]
    clock.forward(hours=1)
    jing.press(at(middle), "/unmerge", words="石桥另办。")
    assert [topic_row(wiring, topic).confirmed_count for topic in (proposed, middle, last)] == [2, 1, 1]
    for stored, topic, people in ((lamp, "丰山街道路灯不亮", 2), (bridge, "石桥路灯", 1), (road, "全区路灯", 1)):
        assert together(topic, people) in reads(stored)


# Whoever was merged into the topic that stands alone again belongs with it, not with what it leaves.
def test_who_came_with_a_topic_leaves_with_it(
    jing: Person, wiring: Wiring, town: Town, proposed: int, lamp: Stored, others: tuple[int, Stored], reads: Reads, clock: TestClock
) -> None:
    middle, bridge = others
    last = topic_of(wiring, town.zhou_id, "全区路灯", told(wiring, town.longchi_code, "主路的灯不亮"))
    jing.press(at(proposed), "/decide", action="merge", target=str(middle), words="并到石桥。")
    clock.forward(hours=1)
    jing.press(at(middle), "/decide", action="merge", target=str(last), words="全区一起办。")
    clock.forward(hours=1)
    jing.press(at(middle), "/unmerge", words="石桥另办。")
    assert [topic_row(wiring, topic).confirmed_count for topic in (proposed, middle, last)] == [0, 3, 1]
    assert topic_row(wiring, proposed).merged_into_id == middle
    for stored in (lamp, bridge):
        assert together("石桥路灯", 3) in reads(stored)
        assert "石桥另办。" in reads(stored)
    clock.forward(hours=1)
    jing.press(at(proposed), "/unmerge", words="幸福里另办。")
    assert [topic_row(wiring, topic).confirmed_count for topic in (proposed, middle, last)] == [2, 1, 1]


@pytest.mark.parametrize(
    ("target", "status", "cure"),
    [("", 422, "请选择并入哪个议题"), ("self", 422, "不能并入自己"), ("999999", 404, ""), ("x", 422, "请先选一个")],
)
def test_merging_needs_another_topic(jing: Person, wiring: Wiring, proposed: int, target: str, status: int, cure: str) -> None:
    target = str(proposed) if target == "self" else target
    page = jing.press(at(proposed), "/decide", action="merge", target=target, words="一起办。")
    assert page.status_code == status
    assert cure in words_of(page)
    assert "一起办。" in words_of(page)
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED


def test_nothing_joins_a_topic_that_has_ended(jing: Person, wiring: Wiring, town: Town, proposed: int, others: tuple[int, Stored]) -> None:
    survivor, _ = others
    decided(wiring, town.jing_id, taken_up(wiring, town.jing_id, survivor), TopicAction.REJECT, "不立项。")
    page = jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="一起办。")
    assert page.status_code == 409
    assert "已经有了结论，不能再并入" in words_of(page)


@pytest.mark.parametrize("attempt", range(5))
def test_of_two_merges_in_opposite_directions_one_wins_and_the_other_is_told(
    wiring: Wiring, town: Town, proposed: int, others: tuple[int, Stored], attempt: int
) -> None:
    one, other = proposed, others[0]
    held = {topic: screening(wiring, town.jing_id, topic) for topic in (one, other)}
    ready, outcomes = threading.Barrier(2), dict[int, Exception | None]()

    def merge(topic: int, target: int) -> None:
        with wiring.sessions() as session:
            ready.wait()
            try:
                screen(session, held[topic], TopicAction.MERGE, words="一起办。", target_topic_id=target)
                session.commit()
                outcomes[topic] = None
            except Exception as error:  # noqa: BLE001 -- whatever it is, the assertion below shows it
                session.rollback()
                outcomes[topic] = error

    threads = [threading.Thread(target=merge, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = [error for error in outcomes.values() if error is not None]
    assert len(lost) == 1, outcomes
    assert isinstance(lost[0], Conflict)
    winner, survivor = (one, other) if outcomes[one] is None else (other, one)
    assert topic_row(wiring, winner).merged_into_id == survivor
    assert topic_row(wiring, survivor).merged_into_id is None
    assert topic_row(wiring, survivor).confirmed_count == 3


# --- who may --------------------------------------------------------------------------------------------------------------------------


def test_a_member_sees_no_desk_and_another_districts_staff_see_no_topic(app: Flask, wiring: Wiring, proposed: int) -> None:
    zhou, stranger = sign_in(app.test_client(), "zhou"), sign_in(app.test_client(), "sunyi")
    assert zhou.get("/d").status_code == 403
    assert zhou.get(at(proposed)).status_code == 403
    assert stranger.get(at(proposed)).status_code == 404
    token = hidden(stranger.get("/d").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "version": str(topic_row(wiring, proposed).version), "action": "approve", "words": "好。"}
    assert stranger.client.post(f"{at(proposed)}/decide", data=data).status_code == 404
    assert "丰山街道路灯不亮" not in words_of(stranger.get("/d/topics"))
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED


def test_a_topic_of_another_district_is_no_survivor(wiring: Wiring, town: Town, proposed: int, others: tuple[int, Stored]) -> None:
    held = screening(wiring, town.stranger_id, proposed)
    with wiring.sessions() as session, pytest.raises(DomainError) as refused:
        screen(session, held, TopicAction.MERGE, words="一起办。", target_topic_id=others[0])
    assert refused.value.code == "not_found"


# --- contact ------------------------------------------------------------------------------------------------------------------------


def test_a_contact_is_shown_for_a_stated_reason_and_written_down(jing: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    page = f"/d/submissions/{lamp.submission_id}"
    assert "13800000021" not in jing.get(page).get_data(as_text=True)
    refused = jing.press(page, "/contact", reason="")
    assert refused.status_code == 422
    assert "13800000021" not in refused.get_data(as_text=True)
    shown = jing.press(page, "/contact", reason="tell_result")
    assert "13800000021" in words_of(shown)
    assert "这次查看已记录" in words_of(shown)
    assert shown.headers["Cache-Control"] == "no-store"
    with wiring.sessions() as session:
        entry = session.query(AuditEntry).filter_by(action="contact.reveal").one()
    assert (entry.actor_id, entry.entity_id, entry.detail) == (town.jing_id, lamp.submission_id, {"reason": "tell_result"})


def test_a_reason_of_ones_own_making_is_no_reason(jing: Person, wiring: Wiring, lamp: Stored) -> None:
    assert jing.press(f"/d/submissions/{lamp.submission_id}", "/contact", reason="curious").status_code == 422
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="contact.reveal").count() == 0


def test_members_and_neighbours_never_see_a_contact(app: Flask, wiring: Wiring, lamp: Stored) -> None:
    path = f"/d/submissions/{lamp.submission_id}/contact"
    for login, status in (("zhou", 403), ("laozhou", 403), ("chenli", 403), ("sunyi", 404)):
        person = sign_in(app.test_client(), login)
        token = hidden(person.get("/sign-in").get_data(as_text=True), "csrf_token")
        answer = person.client.post(path, data={"csrf_token": token, "reason": "tell_result"})
        assert answer.status_code == status, login
        assert "13800000021" not in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="contact.reveal").count() == 0


def test_who_left_no_contact_is_not_asked_about(jing: Person, alley: Stored) -> None:
    assert "联系方式" not in words_of(jing.get(f"/d/submissions/{alley.submission_id}"))


# --- the board ----------------------------------------------------------------------------------------------------------------------


def test_the_board_finds_a_topic_by_title_or_number(jing: Person, wiring: Wiring, proposed: int, others: tuple[int, Stored]) -> None:
    number = topic_row(wiring, proposed).number
    for words in ("丰山 路灯", number, number.lower()):
        page = words_of(jing.client.get("/d/topics", query_string={"q": words}))
        assert "丰山街道路灯不亮" in page, words
        assert "石桥路灯" not in page, words
    assert "丰山街道路灯不亮" not in words_of(jing.get("/d/topics?q=%25"))


@pytest.mark.parametrize(
    "query", ["after=" + "9" * 40 + "_1", "after=1_" + "9" * 40, "after=x", "after=-1_1", "after=²_1", "state=nonsense", "q=%00"]
)
def test_an_address_nobody_was_given_does_no_harm(jing: Person, proposed: int, query: str) -> None:
    assert jing.get(f"/d/topics?state=proposed&{query}").status_code == 200


def test_today_counts_what_waits(jing: Person, wiring: Wiring, proposed: int) -> None:
    page = words_of(jing.get("/d"))
    assert "待筛选 1" in page
    assert "11 月 3 日 星期二 · 1 项等您" in page


def test_a_topic_that_is_referred_is_suggested_to_nobody_any_more(jing: Person, wiring: Wiring, town: Town, proposed: int) -> None:
    maybe = told(wiring, town.longchi_code, "灯好像又坏了", verdict=Verdict.ATTACH, topic_id=proposed)
    jing.press(at(proposed), "/decide", action="refer", words="请供电公司办理。")
    with wiring.sessions() as session:
        assert session.query(Contributor).filter_by(submission_id=maybe.submission_id).one().status is ContributorStatus.REMOVED


def test_a_merge_cannot_be_taken_back_once_the_survivor_has_ended(
    jing: Person, wiring: Wiring, proposed: int, others: tuple[int, Stored]
) -> None:
    survivor, _ = others
    jing.press(at(proposed), "/decide", action="merge", target=str(survivor), words="都是路灯，一起办。")
    if topic_row(wiring, survivor).state is TopicState.CANDIDATE:
        jing.press(at(survivor), "/take-up")
    jing.press(at(survivor), "/decide", action="reject", words="已经全部修好。")
    page = jing.press(at(proposed), "/unmerge", words="原来不是一回事。")
    assert page.status_code == 409
    assert "不能再撤销合并" in words_of(page)
    assert topic_row(wiring, proposed).state is TopicState.MERGED


def cards(page: str) -> list[str]:
    """Titles of the cards, in order."""
    return re.findall(r'<a class="card topic"[^>]*>\s*<strong>([^<]*)</strong>', page)


def pane(page: str) -> str:
    """What stands in the pane."""
    return page[page.index('id="pane"') : page.index("</aside>")]


def current(page: str) -> list[str]:
    """The topics that are marked as the one in the pane."""
    return re.findall(r'href="[^"]*topic=(\d+)[^"]*"[^>]*aria-current="true"', page)


def test_the_board_shows_the_chosen_topic_beside_the_columns(jing: Person, proposed: int, others: tuple[int, Stored]) -> None:
    page = jing.get(f"/d/topics?topic={others[0]}").get_data(as_text=True)
    assert set(cards(page)) == {"石桥路灯", "丰山街道路灯不亮"}
    assert "石桥的路灯不亮" in pane(page)
    assert "幸福里 3 号楼路灯坏了" not in pane(page)
    assert current(page) == [str(others[0])]


def test_without_a_choice_the_first_to_be_screened_is_open(jing: Person, proposed: int, others: tuple[int, Stored]) -> None:
    page = jing.get("/d/topics").get_data(as_text=True)
    assert "幸福里 3 号楼路灯坏了" in pane(page)
    assert current(page) == [str(proposed)]


def test_an_empty_board_says_what_will_appear(jing: Person) -> None:
    page = words_of(jing.get("/d/topics"))
    assert "没有等着筛选的议题。" in page
    assert "还没有选议题" in page


def test_a_topic_out_of_reach_opens_no_pane(app: Flask, proposed: int) -> None:
    stranger = sign_in(app.test_client(), "sunyi")
    answer = stranger.get(f"/d/topics?topic={proposed}")
    assert answer.status_code == 404
    assert "路灯" not in words_of(answer)


def test_script_gets_the_pane_alone(jing: Person, proposed: int) -> None:
    answer = jing.client.get(f"/d/topics?topic={proposed}", headers={"HX-Request": "true", "HX-Target": "aside#pane"})
    page = answer.get_data(as_text=True)
    assert len(page) < len(jing.get(f"/d/topics?topic={proposed}").get_data(as_text=True)) / 2
    assert "幸福里 3 号楼路灯坏了" in page
    assert cards(page) == []


# The order is by heat; whoever decided is shown the next in the column, and after the last the first.
def test_after_a_decision_the_next_of_the_column_is_open(jing: Person, wiring: Wiring, town: Town, proposed: int) -> None:
    hot = told(wiring, town.ziwei_code, "菜场门口堵")
    market = taken_up(
        wiring, town.jing_id, topic_of(wiring, town.zhou_id, "菜场占道", hot, *(told(wiring, town.ziwei_code, f"堵 {n}") for n in range(8)))
    )
    steps = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "台阶破损", told(wiring, town.longchi_code, "台阶坏了")))
    follows = {proposed: steps, steps: market}
    for topic, following in follows.items():
        page = jing.press(f"/d/topics?topic={topic}", "/decide", action="approve", words="列入议题库。")
        assert page.status_code == 200
        assert page.request.path == "/d/topics"
        assert page.request.args["topic"] == str(following)
        assert current(page.get_data(as_text=True)) == [str(following)]
        assert "每位反映过的居民都能在回执上看到" in words_of(page)
    page = jing.press(f"/d/topics?topic={market}", "/decide", action="approve", words="列入议题库。")
    assert "“菜场占道”已入库。" in words_of(page)


def test_a_search_and_a_column_are_kept_over_a_decision(jing: Person, wiring: Wiring, town: Town, proposed: int) -> None:
    other = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "巷口路灯", told(wiring, town.longchi_code, "灯不亮")))
    taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "菜场占道", told(wiring, town.ziwei_code, "门口堵了")))
    page = jing.press(f"/d/topics?topic={proposed}&state=proposed&q=路灯", "/decide", action="return", words="请补照片。")
    assert dict(page.request.args) == {"state": "proposed", "q": "路灯", "topic": str(other), "done": "return", "was": str(proposed)}
    assert cards(page.get_data(as_text=True)) == ["巷口路灯"]


def test_a_merge_can_be_taken_back_from_the_note_about_it(jing: Person, wiring: Wiring, proposed: int, others: tuple[int, Stored]) -> None:
    page = jing.press(f"/d/topics?topic={proposed}", "/decide", action="merge", target=str(others[0]), words="一起办。")
    note = page.get_data(as_text=True)
    offered = re.compile(r'<a href="(/d/topics\?topic=\d+)"[^>]*>撤销合并<')
    way_back = offered.search(note)
    assert way_back is not None
    jing.press(unescape(way_back.group(1)), "/unmerge", words="不是一回事。")
    assert topic_row(wiring, proposed).state is TopicState.PROPOSED
    page = jing.press(f"/d/topics?topic={proposed}", "/decide", action="approve", words="好。")
    assert offered.search(page.get_data(as_text=True)) is None


def test_a_refusal_on_the_board_keeps_the_pane_the_words_and_the_address(jing: Person, wiring: Wiring, proposed: int) -> None:
    page = jing.press(f"/d/topics?topic={proposed}", "/decide", action="merge", words="我写了很长的理由。")
    html = page.get_data(as_text=True)
    assert page.status_code == 422
    assert page.headers["HX-Push-Url"] == "false"
    assert "请选择并入哪个议题" in pane(html)
    assert "我写了很长的理由。" in pane(html)
    assert re.search(r'<details class="merging"[^>]* open>', html), "where the topic is chosen lies open"
    assert "丰山街道路灯不亮" in cards(html)


def test_the_slower_of_two_on_the_board_sees_who_decided_and_keeps_the_reason(
    jing: Person, wiring: Wiring, town: Town, proposed: int
) -> None:
    held = held_by(jing, proposed)
    decided(wiring, town.jing_id, proposed, TopicAction.APPROVE, "同事已经同意。")
    data = {**held, "from": "board", "column": "proposed", "action": "reject", "words": "我写了很长的理由。"}
    answer = jing.client.post(f"{at(proposed)}/decide", data=data)
    assert answer.status_code == 409
    shown = pane(answer.get_data(as_text=True))
    for words in ("刚刚有人处理过", "同事已经同意。", "王静", "我写了很长的理由。", "议题库"):
        assert words in shown


def test_topics_to_merge_into_are_found_by_words_and_nothing_typed_is_lost(
    jing: Person, wiring: Wiring, proposed: int, others: tuple[int, Stored]
) -> None:
    before = topic_row(wiring, proposed).version
    for page in (at(proposed), f"/d/topics?topic={proposed}"):
        nothing = jing.press(page, "/decide", action="find", find="没有这个", words="都是路灯。")
        assert nothing.status_code == 200
        assert 'name="target"' not in nothing.get_data(as_text=True)
        found = jing.press(page, "/decide", action="find", find="石桥", words="都是路灯。").get_data(as_text=True)
        assert f'name="target" value="{others[0]}"' in found
        assert f'name="target" value="{proposed}"' not in found, "not into itself"
        assert "都是路灯。</textarea>" in found
    assert topic_row(wiring, proposed).version == before


def test_each_column_goes_on_by_its_own_key(jing: Person, wiring: Wiring, town: Town) -> None:
    for number in range(10):
        topic_of(wiring, town.zhou_id, f"第 {number} 个议题", told(wiring, town.longchi_code, "路灯坏了"))
    first = jing.get("/d/topics").get_data(as_text=True)
    assert len(cards(first)) == 8
    more = re.search(r'<li class="more"><a class="btn" href="([^"]*)"', first)
    assert more is not None
    rest = jing.get(unescape(more.group(1))).get_data(as_text=True)
    assert len(cards(rest)) == 2
    assert set(cards(first)).isdisjoint(cards(rest))


def test_the_pane_tells_how_it_grew_and_where_it_stands(app: Flask, wiring: Wiring, town: Town, clock: TestClock, lights: int) -> None:
    clock.forward(days=3)
    attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "灯又灭了", contact="13800000021"), lights)
    topic_of(wiring, town.zhou_id, "台阶破损", told(wiring, town.longchi_code, "台阶坏了"))
    shown = pane(sign_in(app.test_client(), "wangjing").get(f"/d/topics?topic={lights}").get_data(as_text=True))
    assert "3 人，3 件来件" in shown
    assert "在看板上 2 个议题里排第 1" in shown
    assert re.findall(r"<li>(\w+社区) <span class=\"quiet\">(\d) 件</span></li>", shown) == [("龙池社区", "2"), ("紫薇社区", "1")]
    assert re.findall(r"<td>(11 月 \d+ 日)</td><td class=\"num\">(\d+)</td>", shown) == [("11 月 3 日", "2"), ("11 月 6 日", "1")]
    assert "从 11 月 3 日 到 11 月 6 日，最多 2 件" in shown
    assert shown.count("有联系方式") == 2


# --- the first page -----------------------------------------------------------------------------------------------------------------


def first_page(app: Flask) -> str:
    """今天要办 as somebody sees it who signs in now: a session doesn't last for days."""
    return sign_in(app.test_client(), "wangjing").get("/d").get_data(as_text=True)


def waiting(page: str) -> dict[str, str]:
    """Chip → the rest of its line."""
    lines = re.findall(r"<li><span class=\"chip[^\"]*\">(.*?)</span><span>(.*?)</li>", page, re.DOTALL)
    return {clean(chip): clean(rest) for chip, rest in lines}


def clean(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def test_what_waits_stands_on_the_first_page_with_the_way_to_it(
    app: Flask, wiring: Wiring, town: Town, clock: TestClock, proposed: int, others: tuple[int, Stored]
) -> None:
    told(wiring, town.ziwei_code, "地下车库煤气味很大", urgency=Urgency.EMERGENCY)
    late = told(wiring, town.longchi_code, "油烟直排")
    with wiring.sessions.begin() as session:
        session.get_one(Submission, late.submission_id).owner_role = Role.STAFF
        session.add(batch_of(town, state=BatchState.FAILED, at=clock.now()))
        session.add(release_of(town, proposed, state=ReleaseState.DRAFT, at=clock.now()))
        session.add(release_of(town, proposed, state=ReleaseState.WITHDRAWN, at=clock.now()))
    page = first_page(app)
    lines = waiting(page)
    assert list(lines) == ["紧急", "超时转来 1", "待筛选 1", "待审公开 1", "海报"]
    assert "地下车库煤气味很大 紫薇社区" in lines["紧急"]
    assert "丰山街道路灯不亮" in lines["待筛选 1"]
    assert f'href="/d/topics?topic={proposed}"' in page
    assert "11 月 3 日 星期二 · 5 项等您，都是今天的" in clean(page)
    clock.forward(days=3)
    assert "5 项等您，最早的已等 3 个工作日" in clean(first_page(app))


def test_a_candidate_nobody_sends_on_waits_after_the_district_s_days(app: Flask, wiring: Wiring, clock: TestClock, lights: int) -> None:
    days = wiring.workflow.owner.candidate_idle_working_days
    clock.time = add_working_days(clock.time, days)
    assert "候选 1" not in waiting(first_page(app))
    clock.time = add_working_days(clock.time, 1)
    page = first_page(app)
    assert "丰山街道路灯不亮" in waiting(page)["候选 1"]
    assert "项等您" in clean(page)
    assert "最早的已等" not in clean(page), "nobody waits for an answer of staff"


def test_a_silent_point_is_named_with_its_days(app: Flask, wiring: Wiring, town: Town, clock: TestClock) -> None:
    clock.forward(days=13)
    told(wiring, town.longchi_code, "路灯坏了")
    told(wiring, town.shiqiao_code, "桥栏松了")
    clock.forward(days=3)
    lines = waiting(first_page(app))
    assert "紫薇社区 17 天没有人扫码" in lines["直报点"]
    assert "共" not in lines["直报点"], "the other two spoke"
    with wiring.sessions.begin() as session:
        session.query(IntakePoint).filter_by(code=town.ziwei_code).one().state = PointState.PAUSED
    assert "直报点" not in waiting(first_page(app))


def test_the_month_counts_parts_of_the_same_whole(
    app: Flask, wiring: Wiring, town: Town, clock: TestClock, proposed: int, lamp: Stored, alley: Stored
) -> None:
    clock.forward(days=31)
    outside, inside = town.shiqiao_code, town.longchi_code
    attach(wiring, town.zhou_id, told(wiring, inside, "灯又灭了"), proposed)
    decided(wiring, town.jing_id, proposed, TopicAction.APPROVE, "好。")
    told(wiring, outside, "桥栏松了")
    told(wiring, inside, "石板路坏了")
    with wiring.sessions() as session:
        month = district_month(session, actor(session, town.jing_id), at=clock.now())
        elsewhere = district_month(session, actor(session, town.stranger_id), at=clock.now())
    assert (month.received, month.seen, month.referred, month.pooled, month.told) == (3, 1, 0, 1, 0)
    assert (month.communities, month.few) == (3, 3)
    assert month.days == {month.last: 3}
    assert elsewhere.received == 0
    decided_words = clean(first_page(app))
    assert "3 个社区里有 3 个这个月不足 3 件" in decided_words


def test_who_looks_after_points_reads_what_waits_there_and_no_topic(
    app: Flask, town: Town, wiring: Wiring, clock: TestClock, proposed: int
) -> None:
    clock.forward(days=20)
    chen = sign_in(app.test_client(), "chenli")
    assert chen.client.get("/start").location == "/d/upkeep"
    page = chen.get("/d/upkeep").get_data(as_text=True)
    assert list(waiting(page)) == ["直报点"]
    assert "一句话走到了哪里" not in page
    assert "丰山街道路灯不亮" not in page
    assert chen.get("/d").status_code == 403


def batch_of(town: Town, *, state: BatchState, at: datetime) -> PosterBatch:
    return PosterBatch(
        district_id=town.district_id, area_id=town.street_id, format="a4", state=state, state_changed_at=at, problems=[],
        created_by=town.jing_id, created_at=at,
    )  # fmt: skip


def release_of(town: Town, topic: int, *, state: ReleaseState, at: datetime) -> Release:
    return Release(
        district_id=town.district_id, topic_id=topic, area_id=town.street_id, kind=ReleaseKind.IN_HAND, state=state, state_changed_at=at,
        title="丰山的路灯正在修", words="正在排查。", prepared_by=town.jing_id, created_at=at,
    )  # fmt: skip
