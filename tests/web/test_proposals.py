"""建议: what the machine proposes for whole topics, on the list and beside a topic, with its answers."""

import pytest
from flask.testing import FlaskClient

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.topic import TopicAction, TopicState
from intake.domain.topic_proposal import ProposalKind, ProposalState
from intake.models import Area, TopicProposal, User
from intake.services.person import grant_role
from intake.wiring import Wiring
from tests.factories.matters import decided, proposed, receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


@pytest.fixture
def lamps(wiring: Wiring, town: Town) -> tuple[int, int]:
    """Two topics that may be one."""
    one = topic_of(
        wiring,
        town.zhou_id,
        "幸福里路灯",
        told(wiring, town.longchi_code, "幸福里 3 栋路灯不亮"),
        told(wiring, town.longchi_code, "路灯全黑"),
    )
    other = topic_of(wiring, town.zhou_id, "幸福里没有灯", told(wiring, town.longchi_code, "幸福里晚上没有灯"))
    return one, other


def state_of(wiring: Wiring, proposal_id: int) -> ProposalState:
    with wiring.sessions() as session:
        return session.get_one(TopicProposal, proposal_id).state


def test_an_empty_list_says_what_will_stand_there(jing: Person) -> None:
    assert "没有待定的建议" in words_of(jing.get("/d/proposals"))
    assert "还没有处理过建议" in words_of(jing.get("/d/proposals?show=decided"))


def test_a_merge_shows_both_topics_with_their_words_and_reasons(jing: Person, wiring: Wiring, town: Town, lamps: tuple[int, int]) -> None:
    proposed(wiring, town, ProposalKind.MERGE, lamps, reasons=("同一地点：幸福里", "相隔 3 天"))
    for path in ("/d/proposals", f"/d/topics/{lamps[1]}", f"/d/topics?topic={lamps[1]}"):
        page = words_of(jing.get(path))
        for words in (
            "可能是一件事",
            "幸福里路灯",
            "2 件",
            "路灯全黑",
            "幸福里没有灯",
            "晚上没有灯",
            "同一地点：幸福里",
            "相隔 3 天",
            "把握 90%",
        ):
            assert words in page, (path, words)


def test_accepting_a_merge_tells_the_residents_and_can_be_taken_back(jing: Person, wiring: Wiring, town: Town) -> None:
    voice = told(wiring, town.longchi_code, "幸福里晚上没有灯")
    keep = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "幸福里 3 栋路灯不亮"))
    away = topic_of(wiring, town.zhou_id, "幸福里没有灯", voice)
    proposal = proposed(wiring, town, ProposalKind.MERGE, (keep, away))
    page = jing.press("/d/proposals", f"/d/proposals/{proposal}/accept", words="说的是同一排灯，合并办理。")
    assert "已采纳" in words_of(page)
    assert topic_row(wiring, away).merged_into_id == keep
    assert "说的是同一排灯，合并办理。" in words_of(jing.client.get(receipt_path(wiring, voice)))
    assert state_of(wiring, proposal) is ProposalState.ACCEPTED
    page = jing.press("/d/proposals?show=decided", f"/d/proposals/{proposal}/take-back", words="再看是两排灯。")
    assert "已撤销" in words_of(page)
    assert topic_row(wiring, away).merged_into_id is None
    assert state_of(wiring, proposal) is ProposalState.OPEN


def test_dismissing_is_remembered_and_can_be_taken_back(jing: Person, wiring: Wiring, town: Town, lamps: tuple[int, int]) -> None:
    proposal = proposed(wiring, town, ProposalKind.MERGE, lamps)
    jing.press("/d/proposals", f"/d/proposals/{proposal}/dismiss")
    assert state_of(wiring, proposal) is ProposalState.DISMISSED
    assert "没有待定的建议" in words_of(jing.get("/d/proposals"))
    jing.press("/d/proposals?show=decided", f"/d/proposals/{proposal}/take-back")
    assert state_of(wiring, proposal) is ProposalState.OPEN


def test_a_split_needs_a_title_and_words_and_keeps_what_was_typed(jing: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "电梯坏了", "电梯困人")]
    topic = topic_of(wiring, town.zhou_id, "路灯和电梯", *voices)
    leaving = [voice.submission_id for voice in voices[1:]]
    proposal = proposed(wiring, town, ProposalKind.SPLIT, (topic,), submission_ids=leaving)
    page = jing.press("/d/proposals", f"/d/proposals/{proposal}/accept", title="", words="电梯另办")
    assert page.status_code == 422
    assert "请给议题起个名字" in words_of(page)
    assert "电梯另办" in page.get_data(as_text=True)
    page = jing.press("/d/proposals", f"/d/proposals/{proposal}/accept", title="龙池电梯", words="电梯另办")
    assert page.status_code == 200
    with wiring.sessions() as session:
        new = session.get_one(TopicProposal, proposal).result_topic_id
    assert new is not None
    assert topic_row(wiring, new).confirmed_count == 2
    assert topic_row(wiring, topic).confirmed_count == 1
    jing.press("/d/proposals?show=decided", f"/d/proposals/{proposal}/take-back", words="还是一件事")
    assert topic_row(wiring, new).state is TopicState.DISSOLVED
    assert topic_row(wiring, topic).confirmed_count == 3


def test_a_class_is_gathered_from_the_board_and_comes_apart_again(jing: Person, wiring: Wiring, town: Town) -> None:
    codes = (town.longchi_code, town.ziwei_code)
    topics = tuple(topic_of(wiring, town.jing_id, f"第 {n} 处路灯", told(wiring, code, "路灯不亮")) for n, code in enumerate(codes))
    proposal = proposed(wiring, town, ProposalKind.CLASS, topics, reasons=("同一问题：路灯不亮",))
    page = jing.press(f"/d/topics/{topics[0]}", f"/d/proposals/{proposal}/accept", title="多个社区路灯不亮")
    assert "这一类事包括 2 个议题" in words_of(page)
    klass = topic_row(wiring, topics[0]).class_topic_id
    assert klass is not None
    assert topic_row(wiring, klass).confirmed_count == 2
    assert "多个社区路灯不亮" in words_of(jing.get(f"/d/topics/{topics[1]}"))
    jing.press(f"/d/topics/{klass}", f"/d/topics/{klass}/dissolve")
    assert topic_row(wiring, klass).state is TopicState.DISSOLVED
    assert topic_row(wiring, topics[0]).class_topic_id is None


def test_a_proposal_about_a_topic_that_was_decided_is_gone(jing: Person, wiring: Wiring, town: Town, lamps: tuple[int, int]) -> None:
    proposal = proposed(wiring, town, ProposalKind.MERGE, lamps)
    html = jing.get("/d/proposals").get_data(as_text=True)
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": "1", "words": "是一件事"}
    taken_up(wiring, town.jing_id, lamps[0])
    decided(wiring, town.jing_id, lamps[0], TopicAction.REJECT, "不立项")
    assert state_of(wiring, proposal) is ProposalState.OUTDATED
    late = jing.client.post(f"/d/proposals/{proposal}/accept", data=sent)
    assert late.status_code == 409
    assert "是一件事" in late.get_data(as_text=True)


def test_another_districts_staff_and_members_are_kept_out(client: FlaskClient, wiring: Wiring, town: Town, lamps: tuple[int, int]) -> None:
    proposal = proposed(wiring, town, ProposalKind.MERGE, lamps)
    stranger = sign_in(client, "sunyi")
    html = stranger.get("/d/proposals").get_data(as_text=True)
    assert "幸福里路灯" not in html
    token = hidden(stranger.get("/m/me").get_data(as_text=True), "csrf_token")
    for act in ("accept", "dismiss", "take-back"):
        page = stranger.client.post(f"/d/proposals/{proposal}/{act}", data={"csrf_token": token, "version": "1", "words": "是"})
        assert page.status_code == 404
    assert state_of(wiring, proposal) is ProposalState.OPEN
    assert sign_in(client.application.test_client(), "zhou").get("/d/proposals").status_code == 403


def test_the_list_costs_the_same_for_one_and_for_twelve(jing: Person, wiring: Wiring, town: Town) -> None:
    def pair(number: int) -> None:
        topics = tuple(
            topic_of(wiring, town.zhou_id, f"议题 {number}", told(wiring, town.longchi_code, f"第 {number} 句")) for _ in range(2)
        )
        proposed(wiring, town, ProposalKind.MERGE, topics)

    pair(0)
    one = cost(wiring, jing, "/d/proposals", "议题 0")
    for number in range(1, 12):
        pair(number)
    assert cost(wiring, jing, "/d/proposals", "议题 11") == one <= 12


def test_taking_a_merge_back_leaves_a_later_merge_alone(jing: Person, wiring: Wiring, town: Town) -> None:
    first, second, third = (topic_of(wiring, town.zhou_id, f"路灯 {n}", told(wiring, town.longchi_code, f"第 {n} 盏灯")) for n in range(3))
    proposal = proposed(wiring, town, ProposalKind.MERGE, (first, second))
    jing.press("/d/proposals", f"/d/proposals/{proposal}/accept", words="是一件事")
    decided(wiring, town.jing_id, first, TopicAction.MERGE, "也是一件事", target=third)
    jing.press("/d/proposals?show=decided", f"/d/proposals/{proposal}/take-back", words="再看不是")
    assert topic_row(wiring, second).merged_into_id is None
    assert topic_row(wiring, second).confirmed_count == 1
    assert topic_row(wiring, first).merged_into_id == third
    assert topic_row(wiring, third).confirmed_count == 2


def test_staff_of_a_street_read_no_words_of_another_street(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        street = session.get_one(Area, town.street_id)
        grant_role(session, actor=MACHINE, user=session.get_one(User, town.qing_id), role=Role.STAFF, area=street, at=wiring.clock.now())
    here = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    there = topic_of(wiring, town.jing_id, "石桥路灯", told(wiring, town.shiqiao_code, "石桥路灯不亮"))
    proposed(wiring, town, ProposalKind.MERGE, (here, there))
    person = sign_in(client, "liqing")
    for path in ("/d/proposals", f"/d/topics/{here}"):
        page = person.get(path)
        assert page.status_code == 200
        assert "石桥路灯不亮" not in words_of(page)
    assert person.get(f"/d/topics/{there}").status_code == 403
