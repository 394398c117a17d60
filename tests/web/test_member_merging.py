"""并题与分题 by members on the phone: candidates of their own areas, with the words residents read, and both taken back."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.topic import TopicState
from intake.domain.topic_proposal import ProposalKind
from intake.models import Contributor, HistoryEntry, Topic
from intake.wiring import Wiring
from tests.factories.matters import proposed, receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


def lamps(wiring: Wiring, town: Town) -> tuple[int, int]:
    """Two candidates of 周明远's street, two voices behind the first and one behind the second."""
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "没有路灯")]
    north = topic_of(wiring, town.zhou_id, "幸福里北门路灯", *voices)
    return north, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.ziwei_code, "灯坏了"))


def test_members_merge_two_candidates_and_take_it_back(zhou: Person, wiring: Wiring, town: Town) -> None:
    voice = told(wiring, town.longchi_code, "路灯不亮")
    north = topic_of(wiring, town.zhou_id, "幸福里北门路灯", voice, told(wiring, town.longchi_code, "没有路灯"))
    lamp = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.ziwei_code, "灯坏了"))
    proposed(wiring, town, ProposalKind.MERGE, [north, lamp])
    path = f"/m/topics/{north}/merge"
    assert path in zhou.get(f"/m/topics/{north}").get_data(as_text=True)
    asked = words_of(zhou.get(path))
    assert "系统觉得可能是一件事 幸福里路灯" in asked
    assert "同一地点：幸福里" in asked
    preview = words_of(zhou.get(f"{path}?with={lamp}"))
    assert "2 件来件一起过去，合起来 3 件。" in preview
    empty = zhou.press(f"{path}?with={lamp}", path, words=" ")
    assert empty.status_code == 422
    page = zhou.press(f"{path}?with={lamp}", path, words="两处灯一起修。")
    assert page.request.path == f"/m/topics/{lamp}"
    assert "已合并，来件都在这里。" in words_of(page)
    assert (topic_row(wiring, north).state, topic_row(wiring, lamp).confirmed_count) == (TopicState.MERGED, 3)
    assert "两处灯一起修。" in words_of(zhou.client.get(receipt_path(wiring, voice)))
    with wiring.sessions() as session:
        assert {one.via_topic_id for one in session.query(Contributor).filter_by(topic_id=lamp)} == {None, north}
    back = zhou.press(f"/m/topics/{north}", f"/m/topics/{north}/stand-alone", words="还是两处。")
    assert "幸福里北门路灯" in words_of(back)
    assert (topic_row(wiring, north).state, topic_row(wiring, north).confirmed_count) == (TopicState.CANDIDATE, 2)
    assert topic_row(wiring, lamp).confirmed_count == 1
    assert "还是两处。" in words_of(zhou.client.get(receipt_path(wiring, voice)))
    with wiring.sessions() as session:
        steps = session.query(HistoryEntry.action).filter_by(noun="topic", entity_id=north).order_by(HistoryEntry.id).all()
    assert [one.action for one in steps][-2:] == ["merge", "stand_alone"]


def test_once_the_other_went_to_screening_members_leave_it_to_staff(zhou: Person, wiring: Wiring, town: Town) -> None:
    north, lamp = lamps(wiring, town)
    path = f"/m/topics/{north}/merge"
    zhou.press(f"{path}?with={lamp}", path, words="一起修。")
    page = zhou.get(f"/m/topics/{north}").get_data(as_text=True)
    sent = {"csrf_token": hidden(page, "csrf_token"), "version": str(topic_row(wiring, north).version), "words": "还是两处。"}
    taken_up(wiring, town.jing_id, lamp)
    late = zhou.client.post(f"/m/topics/{north}/stand-alone", data=sent)
    assert late.status_code == 409
    assert "还是两处。" in words_of(late)
    assert "stand-alone" not in zhou.get(f"/m/topics/{north}").get_data(as_text=True)
    # A topic that is being screened takes no candidate from a member, and lends none.
    third = topic_of(wiring, town.zhou_id, "又一处路灯", told(wiring, town.longchi_code, "灯又坏了"))
    token = {"csrf_token": sent["csrf_token"], "words": "一起办"}
    for mine, other in ((third, lamp), (lamp, third)):
        data = {**token, "version": str(topic_row(wiring, mine).version), "with": str(other)}
        assert zhou.client.post(f"/m/topics/{mine}/merge", data=data).status_code == 409


def test_both_candidates_must_lie_in_ones_own_areas(app: Flask, zhou: Person, wiring: Wiring, town: Town) -> None:
    north, lamp = lamps(wiring, town)
    away = topic_of(wiring, town.shiqiao_member_id, "石桥路灯", told(wiring, town.shiqiao_code, "桥头没灯"))
    assert "石桥路灯" not in words_of(zhou.get(f"/m/topics/{north}/merge"))
    for login, statuses in (
        ("zhou", (403, 303)),
        ("hemiao", (403, 403)),  # a member of the other street
        ("wangjing", (303, 409)),  # staff, in the whole district; the second has become one with the first
        ("sunyi", (404, 404)),  # another district's
        ("fangmin", (403, 403)),  # an office
    ):
        browser = app.test_client()
        token = hidden(sign_in(browser, login).get("/account/digest").get_data(as_text=True), "csrf_token")
        for other, status in zip((away, lamp), statuses, strict=True):
            if login != "wangjing" and status == 303:
                continue
            data = {"csrf_token": token, "version": str(topic_row(wiring, north).version), "with": str(other), "words": "一起办"}
            assert browser.post(f"/m/topics/{north}/merge", data=data).status_code == status, (login, other)
    assert "/sign-in" in app.test_client().get(f"/m/topics/{lamp}/merge").headers["Location"]


def test_members_split_a_candidate_and_take_it_back(zhou: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "电梯坏了")]
    topic = topic_of(wiring, town.zhou_id, "路灯和电梯", *voices)
    path = f"/m/topics/{topic}/split"
    refused = zhou.press(path, path, title="电梯", words="分开办")
    assert refused.status_code == 422
    assert "请先选要分出去的来件" in words_of(refused)
    assert "分开办" in refused.get_data(as_text=True)
    page = zhou.press(path, path, submissions=str(voices[1].submission_id), title="龙池电梯", words="电梯另办。")
    with wiring.sessions() as session:
        new = session.query(Topic).order_by(Topic.id.desc()).first()
        assert new is not None
        assert (new.title, new.state, page.request.path) == ("龙池电梯", TopicState.CANDIDATE, f"/m/topics/{new.id}")
    assert topic_row(wiring, topic).confirmed_count == 1
    zhou.press(f"/m/topics/{new.id}", f"/m/topics/{new.id}/unsplit", words="还是一件事。")
    assert topic_row(wiring, new.id).state is TopicState.DISSOLVED
    assert topic_row(wiring, topic).confirmed_count == 2
    # What is being screened is for staff to part.
    taken_up(wiring, town.jing_id, topic)
    assert "不能在这里分" in words_of(zhou.get(path))
    data = {
        "csrf_token": hidden(zhou.get("/account/digest").get_data(as_text=True), "csrf_token"),
        "version": str(topic_row(wiring, topic).version),
        "submissions": str(voices[1].submission_id),
        "title": "电梯",
        "words": "分开办",
    }
    assert zhou.client.post(path, data=data).status_code == 403


def test_the_merge_page_costs_the_same_for_one_candidate_and_for_ten(zhou: Person, wiring: Wiring, town: Town) -> None:
    first = topic_of(wiring, town.zhou_id, "北门路灯", told(wiring, town.longchi_code, "路灯不亮"))
    topic_of(wiring, town.zhou_id, "南门路灯", told(wiring, town.longchi_code, "路灯不亮"))
    few = cost(wiring, zhou, f"/m/topics/{first}/merge", "南门路灯")
    for n in range(9):
        topic_of(wiring, town.zhou_id, f"第{n}处路灯", told(wiring, town.longchi_code, "路灯不亮"))
    assert cost(wiring, zhou, f"/m/topics/{first}/merge", "第8处路灯") == few
