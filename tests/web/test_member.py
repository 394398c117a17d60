"""A member at the phone: the queue, one card at a time, and what the resident reads of it."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Decision, Notification
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, receipt_path, taken_up, told, topic_of, topic_row, triage
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town
from tests.web.pages import Person, as_it_is, hidden, sign_in, words_of


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    """周明远 of 丰山街道, signed in on his phone."""
    return sign_in(client, "zhou")


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, at 龙池社区, waiting for a member; the machine isn't sure."""
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")


@pytest.fixture
def resident(app: Flask, wiring: Wiring) -> "Resident":
    """Somebody with a receipt and no account."""
    return Resident(app.test_client(), wiring)


class Resident:
    """Reads receipts."""

    def __init__(self, browser: FlaskClient, wiring: Wiring) -> None:
        self.browser, self.wiring = browser, wiring

    def reads(self, stored: Stored) -> str:
        return words_of(self.browser.get(receipt_path(self.wiring, stored)))


def card(stored: Stored) -> str:
    return f"/m/cards/{stored.submission_id}"


def version_on(person: Person, stored: Stored) -> dict[str, str]:
    """The hidden fields of the card as it is on this person's screen."""
    page = person.client.get(card(stored)).get_data(as_text=True)
    return {name: hidden(page, name) for name in ("csrf_token", "version")}


# --- the queue ----------------------------------------------------------------------------------------------------------------------


def test_the_queue_shows_what_waits_in_ones_own_areas_only(app: Flask, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    told(wiring, town.longchi_code, "龙池的路灯坏了")
    told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    told(wiring, town.shiqiao_code, "石桥的井盖没了")
    seen = {login: words_of(sign_in(app.test_client(), login).get("/m")) for login in ("zhou", "liqing", "hemiao", "sunyi")}
    street = {"zhou": (True, True, False), "liqing": (False, True, False), "hemiao": (False, False, True), "sunyi": (False, False, False)}
    for login, expected in street.items():
        assert tuple(place in seen[login] for place in ("龙池的路灯", "紫薇的垃圾", "石桥的井盖")) == expected, login
    assert "待研判 2 件" in seen["zhou"]
    assert "都看完了" in seen["sunyi"]


def test_what_the_machine_has_not_read_and_what_is_decided_does_not_wait(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    say(wiring, town.longchi_code, "还没有整理的一句话")
    zhou.press(card(lamp), "/answer", **as_it_is("已经报修。"))
    page = words_of(zhou.get("/m"))
    assert "还没有整理" not in page
    assert "幸福里" not in page
    assert "待研判 0 件" in page


def test_an_emergency_comes_first_then_the_oldest(zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    for text, urgency in (("旧的", Urgency.NORMAL), ("新的", Urgency.NORMAL), ("较急的", Urgency.SOON), ("紧急的", Urgency.EMERGENCY)):
        told(wiring, town.longchi_code, f"{text}一件事", urgency=urgency)
        clock.forward(minutes=1)
    page = words_of(zhou.get("/m"))
    order = [page.index(f"{text}一件事") for text in ("紧急的", "较急的", "旧的", "新的")]
    assert order == sorted(order)
    assert "紧急 1" in page
    assert "紧急的一件事" in words_of(zhou.get("/m/next"))


def test_forty_five_cards_are_shown_once_each_though_new_ones_arrive_between_pages(
    zhou: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    urgencies = [Urgency.NORMAL, Urgency.NORMAL, Urgency.SOON]
    for number in range(45):
        told(wiring, town.longchi_code, f"第 {number:02d} 件事", urgency=urgencies[number % 3])
        if number % 4 == 0:  # several share a time, so that the id must break the tie
            clock.forward(seconds=1)
    seen: list[str] = []
    path = "/m"
    for _ in range(10):
        html = zhou.get(path).get_data(as_text=True)
        seen += re.findall(r"第 (\d\d) 件事", html)
        clock.forward(seconds=1)
        told(wiring, town.longchi_code, "刚来的紧急事", urgency=Urgency.EMERGENCY)
        told(wiring, town.longchi_code, "刚来的一件事")
        following = re.search(r'href="(/m\?after=[^"]+)"', html)
        if following is None:
            break
        path = following.group(1)
    assert sorted(seen) == [f"{number:02d}" for number in range(45)]


@pytest.mark.parametrize(
    "after", ["x", "0_0_0_0", "0_nan_1", "0_inf_1", "0_1e300_1", "9" * 40, "0_1_" + "9" * 40, "9" * 40 + "_1_1", "%00", "2_-1_5"]
)
def test_a_page_key_nobody_issued_does_no_harm(zhou: Person, lamp: Stored, after: str) -> None:
    assert zhou.get(f"/m?after={after}").status_code == 200


def test_skipping_shows_another_card_and_skipping_all_ends_at_the_queue(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    clock.forward(minutes=1)
    bin_ = told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    assert zhou.client.get("/m/next").location == card(lamp)
    assert zhou.client.get(f"/m/next?skip={lamp.submission_id}").location == f"{card(bin_)}?skip={lamp.submission_id}"
    assert zhou.client.get(f"/m/next?skip={lamp.submission_id}&skip={bin_.submission_id}").location == "/m"


def test_what_was_skipped_stays_skipped_over_the_decisions_that_follow(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    clock.forward(minutes=1)
    bin_ = told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    clock.forward(minutes=1)
    last = told(wiring, town.ziwei_code, "紫薇的井盖没了")
    page = zhou.get(f"/m/next?skip={lamp.submission_id}")
    token = hidden(page.get_data(as_text=True), "csrf_token")
    fields = {"csrf_token": token, "version": hidden(page.get_data(as_text=True), "version"), "words": "明天来收。"}
    decided_on = zhou.client.post(f"{card(bin_)}/answer?skip={lamp.submission_id}", data=fields, follow_redirects=True)
    assert decided_on.request.path == card(last)
    assert f"skip={lamp.submission_id}" in decided_on.get_data(as_text=True)


def test_what_is_fetched_ahead_passes_over_the_card_in_hand_and_forgets_it(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    clock.forward(minutes=1)
    bin_ = told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    assert f"/m/next?past={lamp.submission_id}" in zhou.get(card(lamp)).get_data(as_text=True)
    assert zhou.client.get(f"/m/next?past={lamp.submission_id}").location == card(bin_)


def test_the_queue_says_how_far_the_day_is_and_a_decision_taken_back_does_not_count(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    assert "今天已处理 1 件，还有 1 件" in words_of(zhou.get("/m"))
    zhou.press("/m", "/undo")
    assert "今天已处理" not in words_of(zhou.get("/m"))
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    clock.forward(hours=16)  # the next morning
    sign_in(zhou.client, "zhou")
    assert "今天已处理" not in words_of(zhou.get("/m"))


# What was decided last is said before it can be taken back.
@pytest.mark.parametrize(
    ("way", "fields", "said"),
    [
        ("answer", as_it_is("修好了。"), "上一件已答复"),
        ("refer", {"words": "转城管。"}, "上一件已转报"),
        ("decline", {"reason": "unclear"}, "上一件已记为不采用"),
        ("open-topic", {"title": "幸福里路灯"}, "上一件已立为“幸福里路灯”"),
    ],
)
def test_the_toast_says_what_was_done_and_how_long_it_can_be_taken_back(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock, way: str, fields: dict[str, str], said: str
) -> None:
    told(wiring, town.ziwei_code, "紫薇的垃圾没人收")
    assert said in words_of(zhou.press(card(lamp), f"/{way}", **fields))
    clock.forward(seconds=51)
    page = zhou.get("/m")
    assert said in words_of(page)
    assert 'data-left="9"' in page.get_data(as_text=True)


def test_only_staff_see_the_way_to_the_desk(app: Flask, zhou: Person, town: Town) -> None:
    assert "工作台" not in words_of(zhou.get("/m"))
    assert "工作台" in words_of(sign_in(app.test_client(), "wangjing").get("/m/me"))


def test_the_queue_says_whose_turn_it_is(app: Flask, zhou: Person, lamp: Stored) -> None:
    assert "轮到您" in words_of(zhou.get("/m"))
    assert "轮到您" not in words_of(sign_in(app.test_client(), "laozhou").get("/m"))


# --- the card -----------------------------------------------------------------------------------------------------------------------


def test_the_card_says_what_the_machine_suggests_and_why(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    joins = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=topic)
    alone = told(wiring, town.longchi_code, "楼上漏水", verdict=Verdict.OPEN)
    unsure = told(wiring, town.longchi_code, "那个事怎么样了")
    assert "建议并入议题" in words_of(zhou.get(card(joins)))
    assert "幸福里路灯不亮" in words_of(zhou.get(card(joins)))
    assert "都说到“路灯”" in words_of(zhou.get(card(joins)))
    assert "建议另立议题" in words_of(zhou.get(card(alone)))
    assert "系统拿不准，请您看看" in words_of(zhou.get(card(unsure)))


def test_what_the_reasons_quote_is_marked_in_the_words_and_nothing_of_the_residents_becomes_markup(
    zhou: Person, wiring: Wiring, town: Town
) -> None:
    stored = told(wiring, town.longchi_code, "<b>路 灯</b>坏了 & 路灯黑", verdict=Verdict.OPEN)
    page = zhou.get(card(stored)).get_data(as_text=True)
    assert "&lt;b&gt;<mark>路 灯</mark>&lt;/b&gt;坏了 &amp; <mark>路灯</mark>黑</h1>" in page


def test_the_card_counts_what_lately_joined_the_suggested_topic(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    clock.forward(hours=24 * 4)
    attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "路灯还不亮"), topic)
    joins = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=topic)
    sign_in(zhou.client, "zhou")
    assert "3 件 · 候选议题 · 最近 3 天 +2" in words_of(zhou.get(card(joins)))


# The two large buttons fit the suggestion.
@pytest.mark.parametrize(("verdict", "large"), [(Verdict.OPEN, ("立为议题", "并入别的")), (Verdict.UNSURE, ("另立议题", "答复"))])
def test_what_is_most_likely_lies_under_the_thumb(
    zhou: Person, wiring: Wiring, town: Town, verdict: Verdict, large: tuple[str, str]
) -> None:
    stored = told(wiring, town.longchi_code, "楼上漏水", verdict=verdict)
    bar = zhou.get(card(stored)).get_data(as_text=True).partition('<div class="bar ')[2].partition("<details")[0]
    assert tuple(re.findall(r">([^<>\n]+)</(?:button|a)>", bar)) == large


@pytest.mark.parametrize(
    ("quick", "drawer"), [({"quick": "1"}, '<details class="more"><summary'), ({}, '<details class="more" open><summary')]
)
def test_one_tap_that_came_too_late_opens_no_form(app: Flask, zhou: Person, lamp: Stored, quick: dict[str, str], drawer: str) -> None:
    held = version_on(zhou, lamp)
    laozhou = sign_in(app.test_client(), "laozhou")
    laozhou.press(card(lamp), "/take-over")
    laozhou.press(card(lamp), "/answer", **as_it_is("我来办。"))
    laozhou.press("/m", "/undo")
    late = zhou.client.post(f"{card(lamp)}/open-topic", data={**held, "title": "路灯", **quick})
    assert late.status_code == 409
    assert drawer in late.get_data(as_text=True)


def test_another_areas_card_is_closed_and_another_districts_does_not_exist(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    elsewhere = told(wiring, town.shiqiao_code, "石桥的井盖没了")
    refused = zhou.get(card(elsewhere))
    assert refused.status_code == 403
    assert "井盖" not in words_of(refused)
    fields = version_on(zhou, lamp)
    assert zhou.client.post(f"{card(elsewhere)}/answer", data={**fields, "words": "x"}).status_code == 403
    stranger = sign_in(app.test_client(), "sunyi")
    assert stranger.get(card(lamp)).status_code == 404
    token = hidden(stranger.get("/m/me").get_data(as_text=True), "csrf_token")
    assert stranger.client.post(f"{card(lamp)}/answer", data={"csrf_token": token, "version": "2", "words": "x"}).status_code == 404
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED


@pytest.mark.parametrize("number", ["0", "999999", str(2**63), "9" * 40])
def test_a_card_that_never_was_is_not_found(zhou: Person, number: str) -> None:
    assert zhou.get(f"/m/cards/{number}").status_code == 404


# --- five ways to decide, as the resident reads them --------------------------------------------------------------------------------


def test_attached_to_the_suggested_topic(zhou: Person, wiring: Wiring, town: Town, lamp: Stored, resident: Resident) -> None:
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    joins = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=topic)
    assert topic_row(wiring, topic).suggested_count == 1
    # One tap: the button in reach of the thumb carries the suggestion.
    assert f'name="topic" value="{topic}"' in zhou.get(card(joins)).get_data(as_text=True)
    zhou.press(card(joins), "/attach", topic=str(topic))
    assert "委员看过，并入了议题。“幸福里路灯不亮”" in resident.reads(joins)
    assert "另外 1 件来件" in resident.reads(joins)
    row = topic_row(wiring, topic)
    assert (row.confirmed_count, row.suggested_count, row.area_count) == (2, 0, 2)


def test_attached_to_another_topic_than_the_suggested_one(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, resident: Resident
) -> None:
    right = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    wrong = told(wiring, town.longchi_code, "楼上的灯坏了", verdict=Verdict.OPEN)
    zhou.press(card(wrong), "/attach", topic=str(right))
    assert "并入了议题。“幸福里路灯不亮”" in resident.reads(wrong)
    with wiring.sessions() as session:
        suggested = session.query(Contributor).filter_by(submission_id=wrong.submission_id, status=ContributorStatus.REMOVED).one()
    assert topic_row(wiring, suggested.topic_id).state is TopicState.DISSOLVED


def test_opened_as_a_topic_of_its_own(zhou: Person, wiring: Wiring, lamp: Stored, resident: Resident) -> None:
    zhou.press(card(lamp), "/open-topic", title="幸福里路灯")
    assert "委员看过，立为议题。“幸福里路灯”" in resident.reads(lamp)


def test_opening_takes_the_machines_candidate_when_nothing_else_is_in_it(
    zhou: Person, wiring: Wiring, town: Town, resident: Resident
) -> None:
    stored = told(wiring, town.longchi_code, "楼上漏水", verdict=Verdict.OPEN)
    with wiring.sessions() as session:
        candidate = session.query(Contributor).filter_by(submission_id=stored.submission_id).one().topic_id
    zhou.press(card(stored), "/open-topic", title="幸福里漏水")
    assert topic_row(wiring, candidate).title == "幸福里漏水"
    assert topic_row(wiring, candidate).confirmed_count == 1


def test_referred_with_the_reason(zhou: Person, lamp: Stored, resident: Resident) -> None:
    zhou.press(card(lamp), "/refer", words="路灯归城管局，已转去。")
    assert "委员已转给有关单位，等答复。" in resident.reads(lamp)
    assert "路灯归城管局，已转去。" in resident.reads(lamp)


def test_answered_in_the_members_own_words(zhou: Person, lamp: Stored, resident: Resident) -> None:
    zhou.press(card(lamp), "/answer", words="师傅明天来修。\n<b>谢谢</b>")
    reads = resident.reads(lamp)
    assert "委员答复了您。" in reads
    assert "师傅明天来修。 <b>谢谢</b>" in reads
    assert "周明远" in reads


def test_declined_with_the_reasons_own_words_before_the_members(zhou: Person, lamp: Stored, resident: Resident) -> None:
    zhou.press(card(lamp), "/decline", reason="already_done", words="昨晚修好了，我去看过。")
    assert "委员看过，没有采用。" in resident.reads(lamp)
    assert "这件事已经办好了：昨晚修好了，我去看过。" in resident.reads(lamp)


# Nothing a resident is told comes without words: each of these is refused where it was typed, and changes nothing.
@pytest.mark.parametrize(
    ("way", "fields", "cure"),
    [
        ("decline", {"reason": "", "words": "没空"}, "请选一个不采用的理由"),
        ("decline", {"reason": "because", "words": "没空"}, "请选一个不采用的理由"),
        ("decline", {"reason": "other", "words": "  "}, "请写一句说明"),
        ("refer", {"words": " "}, "请写明理由"),
        ("answer", {"words": ""}, "请写明理由"),
        ("answer", {"words": "话" * 501}, "最多 500 个字"),
        ("open-topic", {"title": " "}, "请给议题起个名字"),
        ("open-topic", {"title": "题" * 41}, "最多 40 个字"),
    ],
)
def test_a_decision_without_its_words_is_refused(
    zhou: Person, wiring: Wiring, lamp: Stored, way: str, fields: dict[str, str], cure: str
) -> None:
    answer = zhou.press(card(lamp), f"/{way}", **fields)
    assert answer.status_code == 422
    assert cure in words_of(answer)
    typed = fields.get("words", fields.get("title", "")).strip()
    assert typed in answer.get_data(as_text=True)
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED
    with wiring.sessions() as session:
        assert session.query(Decision).count() == 0
        assert session.query(Notification).count() == 0


def test_attaching_to_nothing_is_refused(zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    fields = version_on(zhou, lamp)
    for topic, status in (("", 422), ("x", 422), ("999999", 404), ("9" * 18, 404)):
        assert zhou.client.post(f"{card(lamp)}/attach", data={**fields, "topic": topic}).status_code == status
    assert submission_of(wiring, lamp).state is SubmissionState.TRIAGED


def test_a_topic_that_was_decided_takes_no_more(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp))
    late = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    fields = version_on(zhou, late)
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "已修好。")
    answer = zhou.client.post(f"{card(late)}/attach", data={**fields, "topic": str(topic)})
    assert answer.status_code == 409
    assert "已经有了结论，不能再并入。可以另立议题。" in words_of(answer)


def test_attaching_to_a_merged_topic_goes_to_its_survivor(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, resident: Resident
) -> None:
    merged = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", lamp))
    survivor = topic_of(wiring, town.zhou_id, "丰山街道路灯", told(wiring, town.ziwei_code, "紫薇路的灯不亮"))
    late = told(wiring, town.longchi_code, "路灯还是不亮")
    fields = version_on(zhou, late)
    decided(wiring, town.jing_id, merged, TopicAction.MERGE, "同一件事。", target=survivor)
    assert zhou.client.post(f"{card(late)}/attach", data={**fields, "topic": str(merged)}).status_code == 303
    assert "丰山街道路灯" in resident.reads(late)


# --- undo ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "fields"),
    [("answer", as_it_is("修好了。")), ("refer", {"words": "转城管。"}), ("decline", {"reason": "unclear", "words": ""})],
)
def test_undo_within_the_window_leaves_no_trace_on_the_receipt(
    zhou: Person, wiring: Wiring, lamp: Stored, resident: Resident, clock: TestClock, way: str, fields: dict[str, str]
) -> None:
    before = resident.reads(lamp)
    zhou.press(card(lamp), f"/{way}", **fields)
    assert resident.reads(lamp) != before
    clock.forward(seconds=59)
    page = zhou.press("/m", "/undo")
    assert page.status_code == 200
    assert page.request.path == card(lamp)
    assert resident.reads(lamp) == before
    with wiring.sessions() as session:
        assert {notice.state.value for notice in session.query(Notification)} == {"cancelled"}


def test_undo_after_the_window_says_what_to_do_instead(zhou: Person, wiring: Wiring, lamp: Stored, clock: TestClock) -> None:
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    fields = {"csrf_token": hidden(zhou.get("/m").get_data(as_text=True), "csrf_token")}
    clock.forward(seconds=61)
    assert "/undo" not in zhou.get("/m").get_data(as_text=True)
    late = zhou.client.post(f"{card(lamp)}/undo", data=fields)
    assert late.status_code == 409
    assert "超过撤销时间" in words_of(late)
    assert "联系区政协工作人员" in words_of(late)
    assert submission_of(wiring, lamp).state is SubmissionState.ANSWERED


@pytest.mark.parametrize("way", ["answer", "open-topic", "attach"])
def test_undo_restores_what_the_machine_had_suggested(zhou: Person, wiring: Wiring, town: Town, lamp: Stored, way: str) -> None:
    suggested = topic_of(wiring, town.zhou_id, "幸福里路灯不亮", lamp)
    other = topic_of(wiring, town.zhou_id, "另一件事", told(wiring, town.longchi_code, "垃圾没人收"))
    joins = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=suggested)
    zhou.press(card(joins), f"/{way}", **as_it_is("修好了。"), title="紫薇路灯", **({"topic": str(other)} if way == "attach" else {}))
    assert topic_row(wiring, suggested).suggested_count == 0
    zhou.press("/m", "/undo")
    page = words_of(zhou.get(card(joins)))
    assert "建议并入议题" in page
    assert "幸福里路灯不亮" in page
    assert topic_row(wiring, suggested).suggested_count == 1
    assert topic_row(wiring, other).confirmed_count == 1


def test_undo_revives_the_machines_own_candidate(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = say(wiring, town.longchi_code, "楼上漏水")
    candidate = triage(wiring, stored, verdict=Verdict.OPEN)
    assert candidate is not None
    zhou.press(card(stored), "/answer", words="物业明天来看。")
    assert topic_row(wiring, candidate).state is TopicState.DISSOLVED
    zhou.press("/m", "/undo")
    assert topic_row(wiring, candidate).state is TopicState.CANDIDATE
    assert topic_row(wiring, candidate).suggested_count == 1


def test_nobody_takes_back_somebody_elses_decision(app: Flask, zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    laozhou = sign_in(app.test_client(), "laozhou")
    token = hidden(laozhou.get("/m/me").get_data(as_text=True), "csrf_token")
    assert laozhou.client.post(f"{card(lamp)}/undo", data={"csrf_token": token}).status_code == 409
    assert submission_of(wiring, lamp).state is SubmissionState.ANSWERED


def test_undoing_twice_or_after_a_withdrawal_is_refused(zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    fields = {"csrf_token": hidden(zhou.get("/m").get_data(as_text=True), "csrf_token")}
    assert zhou.client.post(f"{card(lamp)}/undo", data=fields).status_code == 303
    assert zhou.client.post(f"{card(lamp)}/undo", data=fields).status_code == 409
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    assert zhou.client.post(f"{card(lamp)}/undo", data=fields).status_code == 409
    assert submission_of(wiring, lamp).state is SubmissionState.WITHDRAWN


# --- two at once --------------------------------------------------------------------------------------------------------------------


def two_act(app: Flask, zhou: Person, lamp: Stored, way: str, **fields: str) -> TestResponse:
    """老周 takes the card over and decides while 周明远 still has the card on his screen; then 周明远 sends."""
    held = version_on(zhou, lamp)
    laozhou = sign_in(app.test_client(), "laozhou")
    laozhou.press(card(lamp), "/take-over")
    laozhou.press(card(lamp), "/answer", words="我已经联系物业。")
    return zhou.client.post(f"{card(lamp)}/{way}", data={**held, **fields})


@pytest.mark.parametrize(
    ("way", "fields"),
    [
        ("answer", {"words": "请找居委会王姐。"}),
        ("refer", {"words": "转给城管局处理。"}),
        ("decline", {"reason": "unclear", "words": "看不出是哪一盏。"}),
        ("open-topic", {"title": "幸福里路灯整治"}),
    ],
)
def test_who_was_slower_sees_what_happened_and_keeps_the_words(
    app: Flask, zhou: Person, wiring: Wiring, lamp: Stored, resident: Resident, way: str, fields: dict[str, str]
) -> None:
    answer = two_act(app, zhou, lamp, way, **fields)
    assert answer.status_code == 409
    page = words_of(answer)
    assert "刚刚有人处理过" in page
    assert "老周 处理。" in page
    assert "我已经联系物业。" in page
    assert (fields.get("title") or fields["words"]) in page
    assert "我已经联系物业。" in resident.reads(lamp)
    assert fields.get("words", "–") not in resident.reads(lamp)


def test_a_card_that_changed_but_still_waits_keeps_the_words_in_the_box(zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    held = version_on(zhou, lamp)
    zhou.press(card(lamp), "/answer", **as_it_is("第一次。"))
    zhou.press("/m", "/undo")
    answer = zhou.client.post(f"{card(lamp)}/answer", data={**held, "words": "第二次写的答复。"})
    assert answer.status_code == 409
    assert re.search(r"<textarea[^>]*>第二次写的答复。</textarea>", answer.get_data(as_text=True))


def test_a_card_withdrawn_meanwhile_says_so_and_keeps_the_words(app: Flask, zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    held = version_on(zhou, lamp)
    app.test_client().post(receipt_path(wiring, lamp) + "/withdraw")
    answer = zhou.client.post(f"{card(lamp)}/answer", data={**held, "words": "师傅明天来修。"})
    assert answer.status_code == 409
    assert "居民刚刚撤回了" in words_of(answer)
    assert "师傅明天来修。" in words_of(answer)
    assert submission_of(wiring, lamp).state is SubmissionState.WITHDRAWN


def test_sending_twice_by_accident_decides_once(zhou: Person, wiring: Wiring, lamp: Stored) -> None:
    fields = {**version_on(zhou, lamp), "words": "师傅明天来修。"}
    assert zhou.client.post(f"{card(lamp)}/answer", data=fields).status_code == 303
    assert zhou.client.post(f"{card(lamp)}/answer", data=fields).status_code == 409
    with wiring.sessions() as session:
        assert session.query(Decision).count() == 1


# --- proposing ----------------------------------------------------------------------------------------------------------------------


def test_a_candidate_goes_to_screening_with_words_and_everyone_behind_it_hears(
    zhou: Person, wiring: Wiring, town: Town, lamp: Stored, resident: Resident
) -> None:
    other = told(wiring, town.ziwei_code, "紫薇路的灯也不亮")
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp, other)
    assert "路灯不亮" in words_of(zhou.get("/m/topics"))
    zhou.press(f"/m/topics/{topic}", "/propose", words="两个小区都有，值得协商。")
    assert topic_row(wiring, topic).state is TopicState.PROPOSED
    for stored in (lamp, other):
        assert "委员把议题提交区政协筛选。" in resident.reads(stored)
        assert "两个小区都有，值得协商。" in resident.reads(stored)


def test_what_only_the_machine_believes_cannot_be_proposed(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = say(wiring, town.longchi_code, "楼上漏水")
    topic = triage(wiring, stored, verdict=Verdict.OPEN)
    answer = zhou.press(f"/m/topics/{topic}", "/propose", words="值得协商。")
    assert answer.status_code == 422
    assert "请先确认再提交" in words_of(answer)
    assert "值得协商。" in words_of(answer)


def test_proposing_what_somebody_proposed_already_keeps_the_words(
    app: Flask, zhou: Person, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp)
    page = zhou.get(f"/m/topics/{topic}").get_data(as_text=True)
    held = {name: hidden(page, name) for name in ("csrf_token", "version")}
    sign_in(app.test_client(), "laozhou").press(f"/m/topics/{topic}", "/propose", words="我来提。")
    answer = zhou.client.post(f"/m/topics/{topic}/propose", data={**held, "words": "三十户都反映过。"})
    assert answer.status_code == 409
    assert "三十户都反映过。" in words_of(answer)


def test_another_areas_topic_cannot_be_proposed(app: Flask, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp)
    hemiao = sign_in(app.test_client(), "hemiao")
    assert "路灯不亮" not in words_of(hemiao.get("/m/topics"))
    assert hemiao.get(f"/m/topics/{topic}").status_code == 403
    token = hidden(hemiao.get("/m/me").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "version": str(topic_row(wiring, topic).version), "words": "x"}
    assert hemiao.client.post(f"/m/topics/{topic}/propose", data=data).status_code == 403
    assert topic_row(wiring, topic).state is TopicState.CANDIDATE


def test_counts_tell_confirmed_from_suggested(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp)
    told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=topic)
    page = words_of(zhou.get(f"/m/topics/{topic}"))
    assert "已确认 1 件，建议 1 件" in page
    assert "周明远 确认" in page
    assert "系统建议，待确认" in page


def test_a_decision_stops_the_owners_clock_and_undo_starts_it_again(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    deadline = submission_of(wiring, lamp).escalate_at
    assert deadline is not None
    assert deadline > wiring.clock.now() + timedelta(days=1)
    zhou.press(card(lamp), "/answer", **as_it_is("修好了。"))
    assert submission_of(wiring, lamp).escalate_at is None
    zhou.press("/m", "/undo")
    assert submission_of(wiring, lamp).escalate_at is not None
    assert submission_of(wiring, lamp).owner_id == town.zhou_id


def test_attaching_the_same_matter_again_by_hand_counts_it_once(zhou: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", lamp)
    joins = told(wiring, town.ziwei_code, "紫薇路的灯也不亮", verdict=Verdict.ATTACH, topic_id=topic)
    attach(wiring, town.zhou_id, joins, topic)
    with wiring.sessions() as session:
        assert session.query(Contributor).filter_by(submission_id=joins.submission_id).count() == 1
