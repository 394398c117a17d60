"""Splitting and gathering by hand, how a topic came to be, what was held back, and the monthly report: the desk's pages of triage."""

import pytest
from flask.testing import FlaskClient

from intake.domain.held import Held
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Decision, Topic, TrainingExample
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, held, receipt_path, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def newest_topic(wiring: Wiring) -> Topic:
    with wiring.sessions() as session:
        return session.query(Topic).order_by(Topic.id.desc()).first()  # type: ignore[return-value]  # the test has just made one


def test_staff_split_a_topic_by_hand_and_take_it_back(jing: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "电梯坏了")]
    topic = topic_of(wiring, town.zhou_id, "路灯和电梯", *voices)
    path = f"/d/topics/{topic}/split"
    for chosen, refusal in (((), "请先选"), (tuple(voices), "请至少留下一件")):
        page = jing.press(path, path, submissions=[one.submission_id for one in chosen], title="电梯", words="分开办")  # type: ignore[arg-type]  # several boxes of one name
        assert page.status_code == 422
        assert refusal in words_of(page)
        assert "分开办" in page.get_data(as_text=True)
    page = jing.press(path, path, submissions=str(voices[1].submission_id), title="龙池电梯", words="电梯另办，进展分别告诉您。")
    new = newest_topic(wiring)
    assert new.title == "龙池电梯"
    assert "撤销分出" in words_of(page)
    assert "电梯另办，进展分别告诉您。" in words_of(jing.client.get(receipt_path(wiring, voices[1])))
    jing.press(f"/d/topics/{new.id}", f"/d/topics/{new.id}/unsplit", words="还是一件事")
    assert topic_row(wiring, new.id).state is TopicState.DISSOLVED
    assert topic_row(wiring, topic).confirmed_count == 2


def test_a_split_is_taken_back_once_though_others_joined_meanwhile(jing: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "电梯坏了", "电梯困人")]
    topic = topic_of(wiring, town.zhou_id, "路灯和电梯", *voices[:2])
    path = f"/d/topics/{topic}/split"
    jing.press(path, path, submissions=str(voices[1].submission_id), title="龙池电梯", words="电梯另办")
    new = newest_topic(wiring).id
    attach(wiring, town.zhou_id, voices[2], new)
    html = jing.get(f"/d/topics/{new}").get_data(as_text=True)
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": str(topic_row(wiring, new).version), "words": "还是一件事"}
    assert jing.client.post(f"/d/topics/{new}/unsplit", data=sent).status_code == 303
    assert jing.client.post(f"/d/topics/{new}/unsplit", data=sent).status_code == 409
    with wiring.sessions() as session:
        assert session.query(Decision).filter_by(action=TopicAction.UNSPLIT.value).count() == 1


def test_of_two_who_split_the_same_topic_the_second_is_told(jing: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, text) for text in ("路灯不亮", "电梯坏了", "车位不够")]
    topic = topic_of(wiring, town.zhou_id, "三件事", *voices)
    path = f"/d/topics/{topic}/split"
    html = jing.get(path).get_data(as_text=True)
    both = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version"), "title": "电梯", "words": "分开办"}
    assert jing.client.post(path, data={**both, "submissions": str(voices[1].submission_id)}).status_code == 303
    late = jing.client.post(path, data={**both, "submissions": str(voices[2].submission_id)})
    assert late.status_code == 409
    assert "分开办" in late.get_data(as_text=True)
    assert topic_row(wiring, topic).confirmed_count == 2


def test_staff_gather_a_class_by_hand(jing: Person, wiring: Wiring, town: Town) -> None:
    topics = [topic_of(wiring, town.jing_id, f"{side}路灯", told(wiring, town.longchi_code, "路灯不亮")) for side in ("北门", "南门")]
    page = jing.press(f"/d/classes/new?topic={topics[0]}", f"/d/classes?topic={topics[0]}", topics=str(topics[0]), title="路灯")
    assert page.status_code == 422
    assert "至少选两个" in words_of(page)
    found = words_of(jing.get("/d/classes/new?q=南门"))
    assert "南门路灯" in found
    assert "北门路灯" not in found
    jing.press("/d/classes/new", "/d/classes", topics=[str(one) for one in topics], title="几处路灯")  # type: ignore[arg-type]  # several boxes of one name
    klass = newest_topic(wiring)
    assert topic_row(wiring, topics[1]).class_topic_id == klass.id
    assert "一类事" in words_of(jing.get("/d/topics"))
    jing.press(f"/d/topics/{topics[1]}", f"/d/topics/{topics[1]}/leave-class")
    assert topic_row(wiring, klass.id).confirmed_count == 1


# What is decided about a class is told behind each of its matters, and none of them ends by it.
def test_a_class_that_is_rejected_leaves_its_matters_as_they_are(jing: Person, wiring: Wiring, town: Town) -> None:
    voice = told(wiring, town.longchi_code, "路灯不亮")
    topics = [
        topic_of(wiring, town.jing_id, f"第 {n} 处路灯", one) for n, one in enumerate((voice, told(wiring, town.ziwei_code, "没有灯")))
    ]
    jing.press("/d/classes/new", "/d/classes", topics=[str(one) for one in topics], title="几处路灯")  # type: ignore[arg-type]  # as above
    klass = newest_topic(wiring).id
    taken_up(wiring, town.jing_id, klass)
    decided(wiring, town.jing_id, klass, TopicAction.REJECT, "已有专项方案，不再另立一类。")
    assert topic_row(wiring, klass).state is TopicState.REJECTED
    assert topic_row(wiring, topics[0]).state is TopicState.CANDIDATE
    assert submission_of(wiring, voice).state is SubmissionState.IN_TOPIC
    receipt = words_of(jing.client.get(receipt_path(wiring, voice)))
    assert "已有专项方案，不再另立一类。" in receipt
    assert "几处路灯" in receipt


def test_a_class_is_neither_merged_nor_joined(jing: Person, wiring: Wiring, town: Town) -> None:
    topics = [topic_of(wiring, town.jing_id, f"第 {n} 处路灯", told(wiring, town.longchi_code, "路灯不亮")) for n in range(2)]
    jing.press("/d/classes/new", "/d/classes", topics=[str(one) for one in topics], title="几处路灯")  # type: ignore[arg-type]  # as above
    klass = newest_topic(wiring).id
    card = told(wiring, town.longchi_code, "又一盏灯不亮")
    page = jing.get(f"/m/cards/{card.submission_id}").get_data(as_text=True)
    assert "第 1 处路灯" in page
    assert "几处路灯" not in page
    sent = {"csrf_token": hidden(page, "csrf_token"), "version": hidden(page, "version"), "topic": str(klass)}
    assert jing.client.post(f"/m/cards/{card.submission_id}/attach", data=sent).status_code == 422
    sent = {"csrf_token": sent["csrf_token"], "version": str(topic_row(wiring, topics[0]).version), "action": "merge", "words": "合并"}
    assert jing.client.post(f"/d/topics/{topics[0]}/decide", data={**sent, "target": str(klass)}).status_code == 422


def test_the_way_a_topic_came_to_be_is_told_in_order(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    first = told(wiring, town.longchi_code, "幸福里路灯不亮", verdict=Verdict.OPEN)
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯", first)
    clock.forward(seconds=60)
    other = topic_of(wiring, town.zhou_id, "没有灯", told(wiring, town.longchi_code, "晚上没有灯"))
    clock.forward(seconds=60)
    decided(wiring, town.jing_id, other, TopicAction.MERGE, "是一件事", target=topic)
    page = words_of(jing.get(f"/d/topics/{topic}/lineage"))
    for words in ("“没有灯”并入这里", "是一件事", "来自“没有灯”", "周明远 确认", "模型 test-machine", "相似 90%", "委员放进来"):
        assert words in page, words
    assert page.index("并入这里") < page.index("幸福里路灯不亮")
    assert "并入“幸福里路灯”" in words_of(jing.get(f"/d/topics/{other}/lineage"))


def test_the_lineage_pages_on_and_costs_the_same_for_one_and_for_thirty(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "第 0 位居民"))
    one = cost(wiring, jing, f"/d/topics/{topic}/lineage", "第 0 位居民")
    for number in range(1, 34):
        clock.forward(seconds=1)
        attach(wiring, town.zhou_id, told(wiring, town.longchi_code, f"第 {number} 位居民"), topic)
    assert cost(wiring, jing, f"/d/topics/{topic}/lineage", "第 33 位居民") == one
    html = jing.get(f"/d/topics/{topic}/lineage").get_data(as_text=True)
    assert "第 0 位居民" not in html
    following = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    later = jing.get(following).get_data(as_text=True)
    assert "第 0 位居民" in later
    assert "第 33 位居民" not in later
    assert jing.get(f"/d/topics/{topic}/lineage?after=9_9_9").status_code == 200
    assert jing.get(f"/d/topics/{topic}/lineage?after=x").status_code == 200


def test_what_was_held_back_is_released_or_confirmed_with_a_reason(jing: Person, wiring: Wiring, town: Town) -> None:
    assert "没有待核的来件" in words_of(jing.get("/d/quarantine"))
    genuine = held(wiring, town.longchi_code, "路灯路灯路灯路灯", Held.GIBBERISH)
    spam = held(wiring, town.longchi_code, "办证刻章电话联系", Held.ADVERTISING)
    assert "待核 2" in words_of(jing.get("/d"))
    page = words_of(jing.get("/d/quarantine"))
    for words in ("2 件等着核对", "看不出意思", "像是广告", "办证刻章"):
        assert words in page, words
    jing.press("/d/quarantine", f"/d/quarantine/{genuine.submission_id}/release")
    assert submission_of(wiring, genuine).state is SubmissionState.RECEIVED
    path = f"/d/quarantine/{spam.submission_id}/confirm"
    refused = jing.press("/d/quarantine", path, reason="", words="不是本区的事")
    assert refused.status_code == 422
    assert "不是本区的事" in refused.get_data(as_text=True)
    jing.press("/d/quarantine", path, reason="not_remit", words="")
    assert submission_of(wiring, spam).state is SubmissionState.DECLINED
    assert "不属于协商范围" in words_of(jing.client.get(receipt_path(wiring, spam)))
    with wiring.sessions() as session:
        learnt = {one.submission_id: one.label for one in session.query(TrainingExample)}
    assert learnt == {genuine.submission_id: "fine", spam.submission_id: "spam"}


def test_of_two_who_look_at_what_was_held_back_the_second_is_told(jing: Person, wiring: Wiring, town: Town) -> None:
    held_ = held(wiring, town.longchi_code, "办证刻章电话联系", Held.ADVERTISING)
    html = jing.get("/d/quarantine").get_data(as_text=True)
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": hidden(html, "version")}
    path = f"/d/quarantine/{held_.submission_id}"
    assert jing.client.post(f"{path}/release", data=sent).status_code == 303
    assert jing.client.post(f"{path}/confirm", data={**sent, "reason": "unclear"}).status_code == 409


def test_only_staff_see_what_was_held_back(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    held(wiring, town.longchi_code, "办证刻章电话联系", Held.ADVERTISING)
    for login in ("zhou", "chenli"):
        assert sign_in(client.application.test_client(), login).get("/d/quarantine").status_code == 403
    assert "办证" not in words_of(sign_in(client.application.test_client(), "sunyi").get("/d/quarantine"))


def test_what_was_held_back_costs_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    held(wiring, town.longchi_code, "第 0 条广告", Held.ADVERTISING)
    one = cost(wiring, jing, "/d/quarantine", "第 0 条")
    for number in range(1, 20):
        held(wiring, town.longchi_code, f"第 {number} 条广告", Held.ADVERTISING)
    assert cost(wiring, jing, "/d/quarantine", "第 19 条") == one


def test_the_report_counts_what_people_made_of_suggestions(jing: Person, wiring: Wiring, town: Town) -> None:
    assert "还没有可以比较的" in words_of(jing.get("/d/triage"))
    topic = topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "路灯不亮", verdict=Verdict.OPEN))
    attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "路灯坏了", verdict=Verdict.ATTACH, topic_id=topic), topic)
    topic_of(wiring, town.zhou_id, "电梯", told(wiring, town.longchi_code, "电梯坏了", verdict=Verdict.ATTACH, topic_id=topic))
    attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "说不清"), topic)
    page = words_of(jing.get("/d/triage"))
    for words in (
        "系统给了建议 占处理的来件 75% 3 / 4",
        "系统说拿不准 占处理的来件 25% 1 / 4",
        "占归了议题的 67% 2 / 3",
        "50% 1 / 2",
        "test-machine",
    ):
        assert words in page, (words, page)
    file = jing.client.get("/d/triage.csv")
    assert file.mimetype == "text/csv"
    assert file.get_data(as_text=True).splitlines()[1].startswith("2026-11,4,3,4,1,4,2,3,1,3,0,3,1,2")
    assert sign_in(jing.client.application.test_client(), "chenli").get("/d/triage").status_code == 200
    assert sign_in(jing.client.application.test_client(), "zhou").get("/d/triage").status_code == 403


def test_a_member_changes_a_category_and_the_machine_learns(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    zhou = sign_in(client, "zhou")
    lamp = told(wiring, town.longchi_code, "路灯不亮")
    path = f"/m/cards/{lamp.submission_id}"
    page = zhou.press(path, f"{path}/category", category="street-lights")
    assert page.status_code == 200, words_of(page)
    assert submission_of(wiring, lamp).category == "street-lights"
    assert "路灯照明" in words_of(page)
    assert zhou.press(path, f"{path}/category", category="no-such-thing").status_code == 422
    html = zhou.get(path).get_data(as_text=True)
    old = {"csrf_token": hidden(html, "csrf_token"), "version": "1", "category": "parking"}
    assert zhou.client.post(f"{path}/category", data=old).status_code == 409
    with wiring.sessions() as session:
        example = session.query(TrainingExample).one()
    assert (example.label, example.suggested) == ("street-lights", None)
    desk = sign_in(client.application.test_client(), "wangjing")
    desk.press(f"/d/submissions/{lamp.submission_id}", f"/d/submissions/{lamp.submission_id}/category", category="parking")
    assert submission_of(wiring, lamp).category == "parking"
