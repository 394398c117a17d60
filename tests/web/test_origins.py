"""六途径: topics that came by other routes than residents' messages, on the desk and on a community worker's phone."""

import re
from collections.abc import Mapping
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.errors import InvalidInput
from intake.domain.permission import Role
from intake.domain.topic import Route, TopicAction, TopicState
from intake.models import AuditEntry, Submission, Topic, TopicOrigin
from intake.queries.topic_alike import telling_runs
from intake.queries.topic_origin import origin_of
from intake.services.contribution import recount
from intake.services.submission_withdraw import withdraw
from intake.services.topic_origin import OriginFacts, register
from intake.services.topic_screen import propose
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.matters import decided, screening, taken_up, told, topic_of, topic_row
from tests.factories.sentences import say
from tests.factories.town import BORN, Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost, statements
from workers.jobs import triage_batch

ASKED = {"title": "老旧小区加装电梯", "body": "区委办公室", "document_number": "云委办〔2026〕31 号", "received_on": "2026-11-01"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员."""
    return sign_in(client, "wangjing")


def post(person: Person, path: str, data: Mapping[str, object]) -> TestResponse:
    token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **data})


def asked(town: Town, **change: object) -> dict[str, object]:
    facts = {**ASKED, "route": "party_government", "area": str(town.street_id), "words": "请调研丰山街道怎样加装电梯，年底前报告。"}
    return {**facts, **change}


def found(town: Town, **change: object) -> dict[str, object]:
    facts = {"title": "老菜场门口停车堵路", "words": "每天早上堵一小时。", "area": str(town.longchi_id), "office": "居委会", "homes": "120"}
    return {**facts, **change}


def latest(wiring: Wiring) -> tuple[Topic, TopicOrigin]:
    with wiring.sessions() as session:
        topic = session.query(Topic).order_by(Topic.id.desc()).first()
        assert topic is not None
        return topic, session.get_one(TopicOrigin, topic.id)


# Row L3: each of the six has its way in, and what staff register goes to screening like any other topic.
def test_what_the_party_committee_asks_is_registered_and_screened(jing: Person, wiring: Wiring, town: Town) -> None:
    overview = words_of(jing.get("/d/origins"))
    assert all(name in overview for name in ("党政点题", "两委找题", "委员荐题", "群众出题", "公开征题", "网络筛题"))
    answer = post(jing, "/d/origins/new", asked(town, words="请调研，联系人 13812345678。"))
    assert answer.status_code == 303, words_of(answer)
    topic, origin = latest(wiring)
    assert (topic.state, topic.route, topic.confirmed_count) == (TopicState.PROPOSED, Route.PARTY_GOVERNMENT, 0)
    assert origin.words == "请调研，联系人 138••••5678。"
    page = words_of(jing.get(answer.location))
    assert "已登记，正在筛选" in page
    assert "党政点题 区委、区政府或街道来文、来函或当面点的题，由工作人员登记。 1 待筛选 1" in page
    assert "云委办〔2026〕31 号" in page
    with wiring.sessions() as session:
        noted = session.query(AuditEntry).filter_by(action="topic.register").one()
        assert (noted.entity_id, noted.detail) == (topic.id, {"route": "party_government"})
        shown = origin_of(session, topic.id)
        assert shown is not None
        assert (shown.body, shown.registered_by) == ("区委办公室", "王静")
    decided(wiring, town.jing_id, topic.id, TopicAction.APPROVE, "符合协商的范围。")
    assert topic_row(wiring, topic.id).state is TopicState.POOLED


# What is wrong: which field says so.
def test_a_decision_that_no_resident_reads_does_not_say_they_do(jing: Person, wiring: Wiring, town: Town) -> None:
    post(jing, "/d/origins/new", asked(town))
    topic, _ = latest(wiring)
    decided(wiring, town.jing_id, topic.id, TopicAction.RETURN, "请写明是哪几栋。")
    for path in (f"/d/topics?done=return&was={topic.id}", f"/d/topics/{topic.id}?done=return"):
        said = words_of(jing.get(path))
        assert "已退回。" in said or "已记下。" in said
        assert "每位反映过的居民都能在回执上看到" not in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": ""}, "请给议题起个名字"),
        ({"title": "请联系 13812345678"}, "名称里有手机号 138••••5678"),
        ({"body": " "}, "请写是谁提的"),
        ({"received_on": ""}, "请选哪天来的文"),
        ({"received_on": "2030-01-01"}, "这一天还没有到"),
        ({"words": ""}, "请写明是什么事"),
        ({"words": "长" * 2_001}, "最多 2000 个字，多了 1 个"),
        ({"area": ""}, "请选择是哪个区域的事"),
        ({"area": "99999"}, "请选择是哪个区域的事"),
        ({"route": "network", "source_address": "javascript:alert(1)"}, "请贴这条帖子的完整网址"),
        ({"route": "network", "source_address": "https://user:pass@bbs.example/1"}, "请贴这条帖子的完整网址"),
        ({"route": "network", "source_address": "http://[::1"}, "请贴这条帖子的完整网址"),
        ({"route": "network", "source_address": ""}, "请贴这条帖子的完整网址"),
        ({"route": "communities", "homes": "很多"}, "请只写数字"),
        ({"route": "communities", "homes": "0"}, "户数请写 1 到"),
        ({"route": "residents"}, "这一途径的议题不用登记"),
        ({"title": "a\x00b" * 40}, "请写短一点"),
    ],
)
def test_a_refusal_names_the_field_and_keeps_the_words(
    jing: Person, wiring: Wiring, town: Town, change: Mapping[str, object], says: str
) -> None:
    answer = post(jing, "/d/origins/new", asked(town, document_number="留着的文号", **change))
    assert answer.status_code == 422
    assert says in words_of(answer)
    if "route" not in change:
        assert "留着的文号" in answer.get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 0


def test_a_look_alike_is_pointed_out_and_may_be_registered_all_the_same(jing: Person, wiring: Wiring, town: Town) -> None:
    post(jing, "/d/origins/new", asked(town))
    again = asked(town, title="老旧小区怎样加装电梯")
    first = post(jing, "/d/origins/new", again)
    assert first.status_code == 200
    assert "可能是同一件事，还没有登记" in words_of(first)
    assert "老旧小区加装电梯" in words_of(first)
    assert post(jing, "/d/origins/new", {**again, "checked": "1"}).status_code == 303
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 2


def test_a_paper_about_a_matter_that_is_known_goes_with_it(jing: Person, wiring: Wiring, town: Town) -> None:
    known = topic_of(wiring, town.zhou_id, "小区加装电梯", told(wiring, town.longchi_code, "想加装电梯"))
    taken_up(wiring, town.jing_id, known)
    assert "题从哪里来" not in words_of(jing.get(f"/d/topics/{known}"))
    post(jing, "/d/origins/new", {**asked(town), "checked": "1"})
    paper, _ = latest(wiring)
    decided(wiring, town.jing_id, paper.id, TopicAction.MERGE, "是同一件事，并到一起办。", target=known)
    shown = words_of(jing.get(f"/d/topics/{known}"))
    assert "云委办〔2026〕31 号" in shown
    assert "随并进来的议题" in shown


# Press for press, also without script: the page that asked stands there still, and is sent once more.
def test_a_form_that_is_sent_twice_is_one_topic_and_other_words_on_it_another(
    jing: Person, worker: Person, wiring: Wiring, town: Town
) -> None:
    once = hidden(jing.get("/d/origins/new?route=party_government").get_data(as_text=True), "once")
    facts = asked(town, once=once)
    made = [post(jing, "/d/origins/new", facts).location for _ in range(2)]
    assert made[0] == made[1]
    # The button of the page that pointed at a look-alike carries the same mark.
    alike = {**facts, "title": "老旧小区怎样加装电梯"}
    pointed = post(jing, "/d/origins/new", alike).get_data(as_text=True)
    assert hidden(pointed, "once") == once
    again = [post(jing, "/d/origins/new", {**alike, "checked": "1"}).location for _ in range(2)]
    assert again[0] == again[1] != made[0]
    # A colleague who was handed the same page is somebody else, and a mark that nobody gave is none.
    spoilt = [post(jing, "/d/origins/new", asked(town, title=f"第 {number} 题", once="坏了", checked="1")) for number in range(2)]
    assert [answer.status_code for answer in spoilt] == [303, 303]
    once = hidden(worker.get("/worker/topics").get_data(as_text=True), "once")
    told_twice = [post(worker, "/worker/topics", found(town, once=once)).location for _ in range(2)]
    assert told_twice[0] == told_twice[1]
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 5
        assert session.query(AuditEntry).filter_by(action="topic.register").count() == 5


def test_two_presses_at_once_make_one_topic(wiring: Wiring, town: Town) -> None:
    facts = OriginFacts(
        Route.PARTY_GOVERNMENT, "老旧小区加装电梯", town.street_id, None, "请调研。", body="区委办公室", received_on=BORN.date()
    )
    together, made = Barrier(2), list[int]()

    def press() -> None:
        with wiring.sessions.begin() as session:
            me = actor(session, town.jing_id)
            together.wait()
            made.append(register(session, actor=me, facts=facts, nonce=b"one press of one", at=wiring.clock.now()).id)

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert made[0] == made[1]
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 1


@pytest.fixture
def heard(wiring: Wiring, town: Town) -> None:
    """Residents of three communities, in two streets, who were read by the machine."""
    for code, words in (
        (town.longchi_code, "幸福里3栋加装电梯，方案公示完就没下文了"),
        (town.shiqiao_code, "石桥花园加装电梯的补贴还有没有，方案什么时候公示"),
        (town.ziwei_code, "紫薇苑的电梯抖得厉害"),
        (town.ziwei_code, "菜场门口增设两个垃圾桶吧"),
    ):
        say(wiring, code, words)
    with jobs_in_this_process(wiring):
        triage_batch.run()


def pointed_at(person: Person, facts: Mapping[str, object]) -> str:
    """What is said above the form, from the first look-alike to the last."""
    answer = post(person, "/d/origins/new", facts)
    return words_of(answer).partition("请先看看：")[2].partition("是同一件事，就在")[0] if answer.status_code == 200 else ""


# Near first and with what both say; one word in common, or words that every paper has, are nothing.
@pytest.mark.usefixtures("heard")
def test_only_what_is_near_enough_is_pointed_at_the_same_street_first(jing: Person, town: Town) -> None:
    shown = pointed_at(jing, asked(town, title="推进老旧小区加装电梯", area=str(town.longchi_id), words="请调研怎样加装，形成方案。"))
    near, _, far = shown.partition("区里别处的")
    assert "同一个街道的" in near
    assert "幸福里3栋加装电梯" in near
    assert "龙池社区 · 都有“加装电梯、方案”" in near
    assert "石桥社区" in far
    assert "抖得厉害" not in shown
    assert "垃圾桶" not in shown
    turned = pointed_at(jing, asked(town, title="推进老旧小区加装电梯", area=str(town.shiqiao_id), words="请调研怎样加装，形成方案。"))
    assert turned.index("石桥社区") < turned.index("龙池社区")
    # What both say is said whole, with 小区 in it, which tells nothing by itself.
    post(jing, "/d/origins/new", asked(town, checked="1"))
    assert "都有“老旧小区加装电梯”" in pointed_at(jing, asked(town, title="推进老旧小区加装电梯"))
    # For the whole district nothing is elsewhere.
    everywhere = pointed_at(jing, asked(town, title="推进老旧小区加装电梯", area=str(town.district_id), words="请调研怎样加装。"))
    assert "加装电梯" in everywhere
    assert "区里别处的" not in everywhere
    for title, words in (("城市书房布局", "请研究在各街道增设城市书房。"), ("优化营商环境", "请围绕中小企业融资难开展协商。")):
        assert pointed_at(jing, asked(town, title=title, words=words)) == ""


# How many and how long is in every matter: a reason holds words of substance, or there is none.
def test_numbers_and_times_are_no_reason_to_be_alike(jing: Person, wiring: Wiring, town: Town) -> None:
    for words in ("井盖丢了三个，过了半个月也没补上", "路灯坏了三个，晚上看不清路"):
        say(wiring, town.longchi_code, words)
    with jobs_in_this_process(wiring):
        triage_batch.run()
    assert pointed_at(jing, asked(town, title="砍了三个凉亭", area=str(town.longchi_id), words="砍了三个，过了半个月。")) == ""
    shown = pointed_at(jing, asked(town, title="坏了三个路灯", area=str(town.longchi_id), words="请尽快修好坏了三个的路灯。"))
    assert "路灯" in shown.partition("都有")[2]
    assert "井盖" not in shown
    assert telling_runs(["了三个", "了路灯", "半个月", "过道", "的"]) == ("路灯", "过道")


# Titles may be known everywhere in the district (queries/similar.py); what residents of another street wrote, and the topic's page, are closed.
@pytest.mark.usefixtures("heard")
def test_of_a_topic_elsewhere_a_street_reads_what_it_is_called_alone(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    person_with(wiring, "fengshan", "丰山的工作人员", (Role.STAFF, town.street_id))
    street = sign_in(client, "fengshan")
    facts = asked(town, title="推进老旧小区加装电梯", area=str(town.longchi_id), words="请调研怎样加装，形成方案。")
    shown = pointed_at(street, facts)
    near, _, far = shown.partition("区里别处的")
    assert "都有“加装电梯、方案”" in near
    assert "石桥社区" in far
    assert "都有" not in far
    page = post(street, "/d/origins/new", facts).get_data(as_text=True)
    links = re.findall(r'<li><a href="(/d/topics/\d+)"', page)
    assert links
    assert [street.get(link).status_code for link in links] == [200] * len(links)


@pytest.mark.usefixtures("heard")
def test_looking_for_the_like_costs_the_same_for_few_and_for_many(jing: Person, wiring: Wiring, town: Town) -> None:
    counts = []
    for number in (1, 12):
        for _ in range(number):
            post(jing, "/d/origins/new", asked(town, checked="1"))
        with statements(wiring) as made:
            assert "老旧小区加装电梯" in pointed_at(jing, asked(town))
        counts.append(len(made))
    assert counts[0] == counts[1]


def test_what_was_typed_is_there_again_however_much_and_whatever_it_is(jing: Person, town: Town) -> None:
    hostile = "</textarea><script>alert(1)</script>{{ 7*7 }}\u202e" + "长" * 5_000
    page = post(jing, "/d/origins/new", asked(town, words=hostile, body="<b>区委</b>", once='"><script>')).get_data(as_text=True)
    assert re.search("最多 2000 个字，多了 30[0-9]{2} 个", page)
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "长" * 5_000 in page
    assert "&lt;b&gt;区委" in page


def test_a_post_is_kept_by_its_address_and_its_words_are_masked(jing: Person, wiring: Wiring, town: Town) -> None:
    facts = asked(town, route="network", source_address="https://bbs.example/t/1?page=2", words="楼主电话 13812345678，路灯不亮", body="")
    assert post(jing, "/d/origins/new", facts).status_code == 303
    topic, origin = latest(wiring)
    assert (topic.route, origin.source_address) == (Route.NETWORK, "https://bbs.example/t/1?page=2")
    assert "13812345678" not in origin.words


def test_a_post_that_was_registered_is_pointed_out_whatever_it_is_called(jing: Person, wiring: Wiring, town: Town) -> None:
    address = "https://bbs.example/t/1"
    post(
        jing, "/d/origins/new", asked(town, route="network", source_address=address, title="公园夜里音响太响", words="十点还在放", body="")
    )
    again = asked(town, route="network", source_address=f" {address} ", title="跳舞扰民", words="孩子写不了作业", body="")
    told = words_of(post(jing, "/d/origins/new", again))
    assert "还没有登记" in told
    assert "公园夜里音响太响" in told
    assert f"都有“{address}”" in told
    assert post(jing, "/d/origins/new", {**again, "source_address": f"{address}0"}).status_code == 303
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 2


def test_a_community_office_puts_up_a_topic_and_reads_what_became_of_it(worker: Person, wiring: Wiring, town: Town) -> None:
    assert "还没有提过" in words_of(worker.get("/worker/topics"))
    refused = post(worker, "/worker/topics", found(town, office=""))
    assert refused.status_code == 422
    assert "老菜场门口停车堵路" in refused.get_data(as_text=True)
    assert post(worker, "/worker/topics", found(town)).status_code == 303
    topic, origin = latest(wiring)
    assert (topic.state, topic.area_id) == (TopicState.CANDIDATE, town.longchi_id)
    assert (origin.body, origin.homes) == ("龙池社区居委会", 120)
    page = words_of(worker.get("/worker/topics"))
    assert "候选议题 老菜场门口停车堵路 区政协还没有筛选" in page
    # An origin is enough to stand on: with no message behind it, it neither dissolves nor is refused.
    with wiring.sessions.begin() as session:
        recount(session, {topic.id}, at=wiring.clock.now())
    held = screening(wiring, town.zhou_id, topic.id)
    with wiring.sessions.begin() as session:
        propose(session, held, words="")
    decided(wiring, town.jing_id, topic.id, TopicAction.REJECT, "交警已在整治，先看效果。")
    assert "不立项 老菜场门口停车堵路 交警已在整治，先看效果。 区政协的话" in words_of(worker.get("/worker/topics"))
    # The like again is pointed out; somebody else's topics are not for them to read.
    assert post(worker, "/worker/topics", found(town, title="菜场门口停车堵路了")).status_code == 303
    again = post(worker, "/worker/topics", found(town, title="菜场门口停车堵路"))
    assert again.status_code == 200
    assert "您提过像这样的" in words_of(again)


def test_a_topic_without_message_or_origin_is_still_refused(wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "路灯不亮"))
    with wiring.sessions.begin() as session:
        session.get_one(Topic, topic_id).confirmed_count = 0
    held = screening(wiring, town.zhou_id, topic_id)
    with wiring.sessions.begin() as session, pytest.raises(InvalidInput, match="还没有一件来件经人确认"):
        propose(session, held, words="")


def test_who_may_and_where(app: Flask, worker: Person, wiring: Wiring, town: Town) -> None:
    for path in ("/d/origins", "/d/origins/new?route=network", "/worker/topics"):
        assert app.test_client().get(path).status_code == 303
        assert sign_in(app.test_client(), "gaoqiang").client.get(path).status_code == 403
    assert post(worker, "/d/origins/new", asked(town)).status_code == 403
    # Another community, another district, another worker's messages.
    assert post(worker, "/worker/topics", found(town, area=str(town.shiqiao_id))).status_code == 403
    others = told(wiring, town.longchi_code, "别人的话").submission_id
    answer = post(worker, "/worker/topics", found(town, submissions=str(others)))
    assert answer.status_code == 422
    assert "不是您填的" in words_of(answer)
    stranger = sign_in(app.test_client(), "sunyi")
    assert post(stranger, "/d/origins/new", asked(town)).status_code == 422
    assert post(worker, "/worker/topics", found(town)).status_code == 303
    assert "老菜场" not in words_of(stranger.get("/d/origins"))


def test_the_lists_go_on_page_by_page_and_cost_the_same(jing: Person, worker: Person, wiring: Wiring, town: Town) -> None:
    paths = ("/d/origins", "/worker/topics")
    people = (jing, worker)
    post(worker, "/worker/topics", found(town))
    one = [cost(wiring, person, path, "老菜场") for person, path in zip(people, paths, strict=True)]
    for number in range(22):
        post(worker, "/worker/topics", found(town, title=f"第 {number} 处积水", checked="1"))
    assert [cost(wiring, person, path, "第 21 处积水") for person, path in zip(people, paths, strict=True)] == one
    for person, path in zip(people, paths, strict=True):
        following = (
            person.get(path).get_data(as_text=True).split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
        )
        assert "老菜场" in words_of(person.get(following))


def test_a_number_in_the_name_of_who_asks_is_masked(jing: Person, wiring: Wiring, town: Town) -> None:
    assert post(jing, "/d/origins/new", asked(town, body="区委办公室 13812345678")).status_code == 303
    _, origin = latest(wiring)
    assert origin.body == "区委办公室 138••••5678"


def test_a_form_without_its_route_registers_nothing(jing: Person, wiring: Wiring, town: Town) -> None:
    assert post(jing, "/d/origins/new", asked(town, route="gossip")).location == "/d/origins"
    with wiring.sessions() as session:
        assert session.query(TopicOrigin).count() == 0


# Whoever is to propose it reads what it is about: no message does.
def test_a_member_reads_where_a_candidate_without_messages_came_from(app: Flask, worker: Person, wiring: Wiring, town: Town) -> None:
    post(worker, "/worker/topics", found(town))
    topic, _ = latest(wiring)
    page = words_of(sign_in(app.test_client(), "zhou").get(f"/m/topics/{topic.id}"))
    assert "题从哪里来 两委找题 龙池社区居委会 每天早上堵一小时。" in page


def test_a_topic_rests_on_nothing_that_was_taken_back(jing: Person, worker: Person, wiring: Wiring, town: Town) -> None:
    for words in ("早上堵一小时，出不了门", "救护车也进不来"):
        assert worker.press("/worker/file", "/worker/file", text=words, consent="spoken", spoken_by="self").status_code == 200
    with wiring.sessions() as session:
        first, second = session.query(Submission).order_by(Submission.id)
    assert post(worker, "/worker/topics", found(town, submissions=[str(first.id), str(second.id)])).status_code == 303
    topic, origin = latest(wiring)
    assert origin.submission_ids == [first.id, second.id]
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=first.id, at=wiring.clock.now())
    for page in (words_of(jing.get(f"/d/topics/{topic.id}")), words_of(worker.get("/worker/topics"))):
        assert second.receipt_number in page
        assert first.receipt_number not in page
