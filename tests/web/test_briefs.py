"""议题简报 and 联名: drafted from what residents said, edited, sent with the topic; asked for, agreed to, refused."""

import re

import pytest
from flask.testing import FlaskClient

from intake.domain.member_group import GroupKind
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Topic, TopicBrief, TopicProposer
from intake.services.audit import record
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.groups import group_of
from tests.factories.hands import recused
from tests.factories.matters import attach, told, topic_of, topic_row
from tests.factories.town import Town, actor
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

WRITTEN = {"problem": "路灯坏了两个月。", "basis": "两个社区三件。", "request": "请城管和物业定谁来修。"}


@pytest.fixture
def topic(wiring: Wiring, town: Town) -> int:
    said = [
        (town.longchi_code, "幸福里路灯不亮，请打 13800000021"),
        (town.longchi_code, "幸福里门口黑"),
        (town.ziwei_code, "紫薇路灯也坏了"),
    ]
    return topic_of(wiring, town.zhou_id, "路灯不亮", *(told(wiring, code, text) for code, text in said))


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


def another(zhou: Person, login: str) -> Person:
    return sign_in(zhou.client.application.test_client(), login)


def brief_row(wiring: Wiring, topic: int) -> TopicBrief | None:
    with wiring.sessions() as session:
        return session.get(TopicBrief, topic)


def proposers(wiring: Wiring, topic: int) -> list[TopicProposer]:
    with wiring.sessions() as session:
        return session.query(TopicProposer).filter_by(topic_id=topic).order_by(TopicProposer.id).all()


def page(topic: int) -> str:
    return f"/m/topics/{topic}/brief"


def ticked(html: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="(\d+)" checked', html)


def test_a_draft_says_how_many_from_where_and_quotes_one_of_each_community(zhou: Person, topic: int, wiring: Wiring) -> None:
    html = zhou.get(page(topic)).get_data(as_text=True)
    assert "3件来件反映同一件事" in html
    assert "涉及2个社区（龙池社区2件、紫薇社区1件）" in html
    assert len(ticked(html, "said")) == 2
    assert brief_row(wiring, topic) is None, "reading a draft writes nothing"


def test_who_only_the_machine_thinks_belongs_there_is_not_among_the_people(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    for text in ("路灯又灭了", "路灯闪个不停"):
        told(wiring, town.longchi_code, text, verdict=Verdict.ATTACH, topic_id=topic)
    assert topic_row(wiring, topic).people_count > 3, "on the board they count"
    html = zhou.get(page(topic)).get_data(as_text=True)
    assert "3件来件反映同一件事，约3人" in html
    assert "约 3 人" in html


def test_it_is_kept_and_goes_to_screening_with_the_numbers_of_that_day(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    quoted = ticked(zhou.get(page(topic)).get_data(as_text=True), "said")
    assert "已存下" in words_of(zhou.press(page(topic), page(topic), **WRITTEN, said=quoted[0]))
    assert topic_row(wiring, topic).state is TopicState.CANDIDATE
    after = zhou.press(page(topic), page(topic), **WRITTEN, said=quoted[0], send="1", words="值得坐下来谈。")
    assert "待筛选" in words_of(after)
    kept = brief_row(wiring, topic)
    assert kept is not None
    assert (kept.sent_at, kept.sent_counts["told"], kept.said) == (wiring.clock.now(), 3, [int(quoted[0])])
    assert [(one.user_id, one.agreed_at is not None) for one in proposers(wiring, topic)] == [(town.zhou_id, True)]
    told(wiring, town.longchi_code, "又一盏路灯坏了", topic_id=topic)
    for reader, path in ((zhou, f"{page(topic)}/sheet"), (another(zhou, "wangjing"), f"/d/topics/{topic}/brief")):
        words = words_of(reader.get(path))
        assert "请城管和物业定谁来修。" in words
        assert "提出人：周明远" in words
        assert "已确认 3 件" in words
        assert words.count("紫薇路灯也坏了") + words.count("幸福里门口黑") + words.count("幸福里路灯不亮") == 1
    assert f"/d/topics/{topic}/brief" in another(zhou, "wangjing").get(f"/d/topics/{topic}").get_data(as_text=True)


def test_without_a_problem_or_a_request_it_stays_and_nothing_is_lost(zhou: Person, topic: int, wiring: Wiring) -> None:
    for missing, refusal in (("request", "请写希望协商什么"), ("problem", "请写是什么问题")):
        answer = zhou.press(page(topic), page(topic), **{**WRITTEN, missing: " "}, send="1")
        assert answer.status_code == 422
        assert refusal in words_of(answer)
        assert all(words in answer.get_data(as_text=True) for name, words in WRITTEN.items() if name != missing)
    assert topic_row(wiring, topic).state is TopicState.CANDIDATE
    assert brief_row(wiring, topic) is None
    long = zhou.press(page(topic), page(topic), **{**WRITTEN, "basis": "据" * 501})
    assert long.status_code == 422
    assert "最多 500 个字" in words_of(long)


def test_of_two_who_write_at_once_the_second_sees_both(zhou: Person, topic: int) -> None:
    other = another(zhou, "laozhou")
    html = zhou.get(page(topic)).get_data(as_text=True)
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": "0", "topic_version": hidden(html, "topic_version"), **WRITTEN}
    other.press(page(topic), page(topic), **{**WRITTEN, "problem": "老周写的。"})
    late = zhou.client.post(page(topic), data=sent)
    assert late.status_code == 409
    assert "路灯坏了两个月。" in late.get_data(as_text=True)
    assert "刚刚有人改过" in words_of(late)
    assert "现在存着的" in words_of(late)
    assert "老周写的。" in words_of(late), "who is to look at it is shown it"
    with zhou.client.session_transaction() as signed:
        signed.clear()
    gone = zhou.client.post(page(topic), data=sent)
    assert "您写的内容在下面" in words_of(gone)
    assert all(words in words_of(gone) for words in WRITTEN.values())


def test_words_that_were_withdrawn_or_belong_elsewhere_are_not_quoted(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    elsewhere = told(wiring, town.longchi_code, "别的事：电梯坏了").submission_id
    quoted = ticked(zhou.get(page(topic)).get_data(as_text=True), "said")
    zhou.press(page(topic), page(topic), **WRITTEN, said=[*quoted, str(elsewhere)])  # type: ignore[arg-type]  # several boxes of one name
    kept = brief_row(wiring, topic)
    assert kept is not None
    assert set(kept.said) == {int(one) for one in quoted}
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=kept.said[0], at=wiring.clock.now())
    assert str(kept.said[0]) not in ticked(zhou.get(page(topic)).get_data(as_text=True), "said")


# What the machine picks from residents' sentences is theirs: copied into a page it would outlive their taking it back.
def test_a_draft_begins_with_residents_words_only_where_a_person_made_them_ours(
    zhou: Person, topic: int, wiring: Wiring, town: Town
) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(Topic, topic).summary = "幸福里门口黑得看不见"
    assert "黑得看不见" not in zhou.get(page(topic)).get_data(as_text=True)
    with wiring.sessions.begin() as session:
        staff, at = actor(session, town.jing_id), wiring.clock.now()
        record(
            session,
            actor=staff,
            district_id=town.district_id,
            action="assistant.adopt",
            noun="topic",
            entity_id=topic,
            at=at,
            purpose="summary",
        )
    assert "黑得看不见" in zhou.get(page(topic)).get_data(as_text=True)


def test_what_a_colleague_chose_stays_where_the_writer_may_not_see_it(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = [told(wiring, town.longchi_code, text) for text in ("物业不修路灯", "幸福里门口黑")]
    recused(wiring, town.laozhou_id, stored[0])
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", *stored)
    theirs, seen = (one.submission_id for one in stored)
    laozhou = another(zhou, "laozhou")
    assert "物业不修路灯" not in words_of(laozhou.get(page(topic)))
    laozhou.press(page(topic), page(topic), **WRITTEN, said=[str(theirs), str(seen)])  # type: ignore[arg-type]  # several boxes of one name
    assert [one.said for one in [brief_row(wiring, topic)] if one] == [[seen]], "nobody quotes what they don't see"
    zhou.press(page(topic), page(topic), **WRITTEN, said=str(theirs))
    laozhou.press(page(topic), page(topic), **{**WRITTEN, "basis": "走访了三户。"}, said=str(seen))
    kept = brief_row(wiring, topic)
    assert kept is not None
    assert (kept.basis, set(kept.said)) == ("走访了三户。", {theirs, seen})


# The page has one form: whoever wrote for ten minutes and then asks somebody finds it all again.
def test_asking_and_taking_back_keep_what_was_typed(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", **WRITTEN, ask="user", user=str(town.qing_id), group="")
    after = zhou.get(page(topic)).get_data(as_text=True)
    assert all(words in after for words in WRITTEN.values())
    first = hidden(zhou.get(page(topic)).get_data(as_text=True), "csrf_token")
    again = zhou.client.post(page(topic), data={"csrf_token": first, "version": "0", **WRITTEN})
    assert again.status_code == 303, "pressed twice, it is nobody else who was faster"
    for action in (f"/m/topics/{topic}/proposers", page(topic)):
        stays = zhou.press(page(topic), action, **WRITTEN, ask="user", user=str(town.laozhou_id), words="一起来说说这件事。")
        assert "一起来说说这件事。" in stays.get_data(as_text=True), "what goes to residents is only kept by sending"
    asked = proposers(wiring, topic)[0].id
    written = {**WRITTEN, "request": "请街道牵头。"}
    zhou.press(page(topic), f"/m/topics/{topic}/proposers/{asked}/take-back", **written)
    kept = brief_row(wiring, topic)
    assert kept is not None
    assert (kept.request, kept.version) == ("请街道牵头。", 2)
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", **written, ask="user", user=str(town.qing_id))
    unchanged = brief_row(wiring, topic)
    assert unchanged is not None
    assert unchanged.version == 2, "nothing was changed, so nobody else's page is old"
    refused = zhou.press(page(topic), f"/m/topics/{topic}/proposers", **{**written, "basis": "还没存的话"}, ask="user", user="")
    assert refused.status_code == 422
    assert "还没存的话" in refused.get_data(as_text=True)


def test_a_colleague_of_another_place_is_asked_reads_the_page_and_joins(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    colleague = another(zhou, "hemiao")
    assert colleague.client.get(f"{page(topic)}/sheet").status_code == 403
    zhou.press(page(topic), f"{page(topic)[: -len('/brief')]}/proposers", user=str(town.shiqiao_member_id))
    assert "有 1 个议题请您联名" in words_of(colleague.get("/m/topics"))
    assert "路灯不亮" in words_of(colleague.get(f"{page(topic)}/sheet"))
    assert colleague.client.get(f"/m/topics/{topic}").status_code == 403, "the page alone, not the topic"
    assert 'href="/m/joins"' in colleague.get(f"{page(topic)}/sheet").get_data(as_text=True), "not back to what isn't theirs"
    asked = proposers(wiring, topic)[0]
    colleague.press("/m/joins", f"/m/joins/{asked.id}", answer="yes")
    zhou.press(page(topic), page(topic), **WRITTEN, send="1")
    assert "提出人：何苗、周明远" in words_of(zhou.get(f"{page(topic)}/sheet"))


def test_who_declines_is_not_named_and_may_think_again(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    colleague = another(zhou, "liqing")
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", user=str(town.qing_id))
    asked = proposers(wiring, topic)[0].id
    colleague.press("/m/joins", f"/m/joins/{asked}", answer="no")
    zhou.press(page(topic), page(topic), **WRITTEN, send="1")
    assert "李青" not in words_of(zhou.get(f"{page(topic)}/sheet"))
    assert "有 1 个议题请您联名" not in words_of(colleague.get("/m/topics"))
    colleague.press("/m/joins", f"/m/joins/{asked}", answer="yes")
    assert "李青" in words_of(zhou.get(f"{page(topic)}/sheet"))
    colleague.press("/m/joins", f"/m/joins/{asked}", answer="no")
    assert "李青" not in words_of(zhou.get(f"{page(topic)}/sheet"))
    assert "路灯不亮" not in words_of(zhou.get("/m/joins")), "who sent it has signed by sending"


def test_a_group_proposes_through_whoever_speaks_for_it(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    group = group_of(wiring, town, "社会建设委", town.zhou_id, town.qing_id, kind=GroupKind.COMMITTEE, convenor_id=town.qing_id)
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", group=str(group))
    assert proposers(wiring, topic)[0].agreed_at is None
    speaker = another(zhou, "liqing")
    assert "代表“社会建设委”" in words_of(speaker.get("/m/joins"))
    speaker.press("/m/joins", f"/m/joins/{proposers(wiring, topic)[0].id}", answer="yes")
    assert "提出人：社会建设委" in words_of(zhou.get(f"/m/topics/{topic}/brief/sheet"))


@pytest.mark.parametrize(
    ("whom", "refusal"), [("zhou_id", "提交的人自然是提出人"), ("gao_id", "没有这位委员"), ("stranger_id", "没有这位委员")]
)
def test_who_proposes_nothing_here_can_not_be_asked(zhou: Person, topic: int, wiring: Wiring, town: Town, whom: str, refusal: str) -> None:
    answer = zhou.press(page(topic), f"/m/topics/{topic}/proposers", user=str(getattr(town, whom)))
    assert answer.status_code == 422
    assert refusal in words_of(answer)
    assert proposers(wiring, topic) == []


def test_another_group_and_one_without_a_head_are_refused(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    others = group_of(wiring, town, "工商联界", town.qing_id, kind=GroupKind.SECTOR, convenor_id=town.qing_id)
    headless = group_of(wiring, town, "丰山联络组", town.zhou_id)
    token = hidden(zhou.get(page(topic)).get_data(as_text=True), "csrf_token")
    for group, refusal in ((others, "您不在“工商联界”"), (headless, "还没有召集人"), (10**12, "没有这个组织")):
        answer = zhou.client.post(f"/m/topics/{topic}/proposers", data={"csrf_token": token, "group": str(group)})
        assert answer.status_code == 422
        assert refusal in words_of(answer)


def test_only_who_was_asked_answers_and_only_the_area_takes_back(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", user=str(town.qing_id))
    asked = proposers(wiring, topic)[0].id
    stranger = another(zhou, "hemiao")
    token = hidden(stranger.get("/m/me").get_data(as_text=True), "csrf_token")
    assert stranger.client.post(f"/m/joins/{asked}", data={"csrf_token": token, "answer": "yes"}).status_code == 403
    assert stranger.client.post(f"/m/topics/{topic}/proposers/{asked}/take-back", data={"csrf_token": token}).status_code == 403
    assert stranger.client.post(page(topic), data={"csrf_token": token, "version": "0", **WRITTEN}).status_code == 403
    neighbour = another(zhou, "sunyi")
    assert neighbour.client.get(f"/d/topics/{topic}/brief").status_code == 404
    assert proposers(wiring, topic)[0].agreed_at is None
    zhou.press(page(topic), f"/m/topics/{topic}/proposers/{asked}/take-back")
    assert proposers(wiring, topic) == []


def test_what_went_to_screening_is_read_only_until_it_comes_back(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    html = zhou.get(page(topic)).get_data(as_text=True)
    zhou.press(page(topic), page(topic), **WRITTEN, send="1")
    sent = {"csrf_token": hidden(html, "csrf_token"), "version": "1", "topic_version": "2", **WRITTEN, "problem": "晚了的话"}
    late = zhou.client.post(page(topic), data=sent)
    assert late.status_code == 409
    assert "晚了的话" in late.get_data(as_text=True)
    assert zhou.client.get(page(topic)).status_code == 303
    jing = another(zhou, "wangjing")
    jing.press(f"/d/topics/{topic}", f"/d/topics/{topic}/decide", action=TopicAction.RETURN.value, words="请补充走访情况。")
    assert "王静退回，请补充后再提交： 请补充走访情况。" in words_of(zhou.get(f"/m/topics/{topic}"))
    assert "提交于" not in words_of(zhou.get(f"{page(topic)}/sheet")), "it is a draft again, with the numbers of today"
    zhou.press(page(topic), page(topic), **{**WRITTEN, "basis": "走访了三户。"})
    again = brief_row(wiring, topic)
    assert again is not None
    assert (again.basis, again.sent_at) == ("走访了三户。", None)


def test_ten_times_as_much_costs_no_more_questions(zhou: Person, topic: int, wiring: Wiring, town: Town) -> None:
    few = cost(wiring, zhou, page(topic), "一页简报")
    for number in range(12):
        attach(wiring, town.zhou_id, told(wiring, town.longchi_code, f"幸福里{number}号路灯不亮"), topic)
    zhou.press(page(topic), f"/m/topics/{topic}/proposers", user=str(town.qing_id))
    assert cost(wiring, zhou, page(topic), "一页简报") <= few
