"""公开内容 on the desk: from a topic to a released text and back, by those who may."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from config.workflow import ReleaseRules
from intake.domain.release import ReleaseState
from intake.models import Release
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.releases import REASON, drafted, let_out, pooled_topic, release_row, street_staff, taken_down
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def only_release(wiring: Wiring) -> Release:
    with wiring.sessions() as session:
        return session.scalars(select(Release)).one()


def test_staff_write_release_and_withdraw(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town, voices=3)
    choosing = jing.get("/d/releases/new")
    assert f"/d/releases/new?topic={topic_id}" in choosing.get_data(as_text=True)
    form = jing.get(f"/d/releases/new?topic={topic_id}").get_data(as_text=True)
    assert "幸福里路灯不亮" in form
    assert REASON in form
    assert "看不见路" not in form, "a resident's sentence stood in the draft"
    saved = jing.press(
        f"/d/releases/new?topic={topic_id}",
        f"/d/releases/new?topic={topic_id}",
        kind="result",
        area=str(town.longchi_id),
        title="幸福里的路灯换好了",
        words="换了十二盏灯。",
    )
    assert saved.status_code == 200
    assert "审核公开以前，居民看不到" in words_of(saved)
    release = only_release(wiring)
    public = f"/t/{topic_row(wiring, topic_id).number}"
    assert jing.client.get(public).status_code == 404
    page = f"/d/releases/{release.id}"
    assert "居民现在就能看到" in words_of(jing.press(page, "/publish"))
    assert "换了十二盏灯。" in words_of(jing.client.get(public))
    refused = jing.press(page, "/withdraw")
    assert refused.status_code == 422
    assert "请选择为什么撤下" in words_of(refused)
    gone = jing.press(page, "/withdraw", reason="personal")
    assert "已撤下" in words_of(gone)
    assert "里面有个人信息" in words_of(gone)
    assert "王静" in words_of(gone)
    assert jing.client.get(public).status_code == 404


def test_the_page_says_how_long_a_browser_may_still_show_it(jing: Person, wiring: Wiring, town: Town) -> None:
    release_id = let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    assert "最多还留 60 秒" in words_of(jing.get(f"/d/releases/{release_id}"))


def test_a_wrong_entry_keeps_what_was_typed_and_says_where(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    path = f"/d/releases/new?topic={topic_id}"
    for fields, said in (
        ({"kind": "", "area": str(town.longchi_id), "title": "灯亮了", "words": "写了很久的话"}, "请选择公开的是哪一种"),
        ({"kind": "result", "area": str(town.ziwei_id), "title": "灯亮了", "words": "写了很久的话"}, "议题所在的社区"),
        ({"kind": "result", "area": "", "title": "灯亮了", "words": "写了很久的话"}, "请先选一个"),
        ({"kind": "result", "area": str(town.longchi_id), "title": "", "words": "写了很久的话"}, "请写一个标题"),
    ):
        answer = jing.press(path, path, **fields)
        assert answer.status_code == 422
        assert said in words_of(answer)
        assert "写了很久的话" in words_of(answer)
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)


def test_personal_data_is_refused_on_the_page_and_mended(jing: Person, wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town), words="有事打13800550021。")
    refused = jing.press(f"/d/releases/{release_id}", "/publish")
    assert refused.status_code == 422
    assert "手机号 138••••0021" in words_of(refused)
    assert release_row(wiring, release_id).state is ReleaseState.DRAFT
    jing.press(f"/d/releases/{release_id}/edit", "/edit", kind="result", area=str(town.longchi_id), title="灯亮了", words="有事到社区说。")
    jing.press(f"/d/releases/{release_id}", "/publish")
    assert release_row(wiring, release_id).state is ReleaseState.RELEASED


def test_a_competing_edit_is_a_conflict_that_keeps_both(jing: Person, wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    path = f"/d/releases/{release_id}/edit"
    stale = jing.get(path).get_data(as_text=True)
    data = {"csrf_token": hidden(stale, "csrf_token"), "version": hidden(stale, "version"), "kind": "result", "area": str(town.longchi_id)}
    assert jing.client.post(path, data={**data, "title": "先存的", "words": "先存的话"}).status_code == 303
    late = jing.client.post(path, data={**data, "title": "后存的", "words": "后存的话"})
    assert late.status_code == 409
    assert "刚刚有人动过" in words_of(late)
    assert "先存的话" in words_of(late)
    assert "后存的话" in words_of(late)
    assert hidden(late.get_data(as_text=True), "version") != data["version"], "sending again must be possible after looking"
    assert release_row(wiring, release_id).title == "先存的"


def test_an_edit_that_comes_after_the_release_keeps_its_words(jing: Person, wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    path = f"/d/releases/{release_id}/edit"
    stale = jing.get(path).get_data(as_text=True)
    let_out(wiring, town.jing_id, release_id)
    data = {"csrf_token": hidden(stale, "csrf_token"), "version": hidden(stale, "version"), "kind": "result", "area": str(town.longchi_id)}
    late = jing.client.post(path, data={**data, "title": "后存的", "words": "后存的话"})
    assert late.status_code == 409
    assert "后存的话" in words_of(late)
    assert jing.client.get(path).location == f"/d/releases/{release_id}", "a released text has no form"


def test_releasing_what_somebody_changed_meanwhile_is_a_conflict(jing: Person, wiring: Wiring, town: Town) -> None:
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    page = jing.get(f"/d/releases/{release_id}").get_data(as_text=True)
    data = {"csrf_token": hidden(page, "csrf_token"), "version": hidden(page, "version")}
    jing.press(f"/d/releases/{release_id}/edit", "/edit", kind="result", area=str(town.longchi_id), title="换过了", words="换过的话")
    late = jing.client.post(f"/d/releases/{release_id}/publish", data=data)
    assert late.status_code == 409
    assert "换过的话" in words_of(late)
    assert release_row(wiring, release_id).state is ReleaseState.DRAFT


def test_staff_of_another_street_are_refused_and_see_none_of_it(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)
    street_staff(wiring, "清河街道", "qinghe")
    other = sign_in(client, "qinghe")
    for path in (f"/d/releases/{release_id}", f"/d/releases/{release_id}/edit", f"/d/releases/new?topic={topic_id}"):
        answer = other.get(path)
        assert answer.status_code == 403, path
        assert "路灯" not in words_of(answer), path
    for path in ("/d/releases", "/d/releases/new"):
        assert "路灯" not in words_of(other.get(path)), path
    token = hidden(client.get("/sign-in").get_data(as_text=True), "csrf_token")
    answer = client.post(f"/d/releases/{release_id}/publish", data={"csrf_token": token, "version": "1"})
    assert answer.status_code == 403
    assert release_row(wiring, release_id).state is ReleaseState.DRAFT


def test_another_districts_staff_find_nothing(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)
    stranger = sign_in(client, "sunyi")
    for path in (f"/d/releases/{release_id}", f"/d/releases/{release_id}/edit", f"/d/releases/new?topic={topic_id}"):
        assert stranger.get(path).status_code == 404, path
    assert "路灯" not in words_of(stranger.get("/d/releases"))


def test_staff_of_the_street_may_write_for_the_district_but_not_release_there(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    own = street_staff(wiring, "丰山街道", "fengshan")
    release_id = drafted(wiring, town, pooled_topic(wiring, town), by=own, area_id=town.district_id)
    page = sign_in(client, "fengshan").get(f"/d/releases/{release_id}")
    assert "由负责那里的工作人员审核" in words_of(page)
    assert f"/d/releases/{release_id}/publish" not in page.get_data(as_text=True)


def test_where_a_second_person_must_release_the_author_is_told_so(jing: Person, wiring: Wiring, town: Town) -> None:
    wiring.workflow = replace(wiring.workflow, release=ReleaseRules(second_person=True))
    release_id = drafted(wiring, town, pooled_topic(wiring, town))
    page = jing.get(f"/d/releases/{release_id}").get_data(as_text=True)
    assert "请另一位同事审核公开" in page
    token = hidden(jing.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    answer = jing.client.post(f"/d/releases/{release_id}/publish", data={"csrf_token": token, "version": "1"})
    assert answer.status_code == 403
    assert release_row(wiring, release_id).state is ReleaseState.DRAFT


def test_a_candidate_topic_has_nothing_to_tell_yet(jing: Person, wiring: Wiring, town: Town) -> None:
    candidate = topic_of(wiring, town.zhou_id, "楼道灯", told(wiring, town.longchi_code, "楼道灯坏了"))
    assert "楼道灯" not in words_of(jing.get("/d/releases/new"))
    assert jing.get(f"/d/releases/new?topic={candidate}").status_code == 409


def test_drafts_stand_first_and_state_kind_and_words_narrow_the_list(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    waiting = drafted(wiring, town, topic_id, title="等着审的")
    let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="审过的"))
    taken_down(wiring, town.jing_id, let_out(wiring, town.jing_id, drafted(wiring, town, topic_id, title="撤下的")))
    everything = words_of(jing.get("/d/releases"))
    assert everything.index("等着审的") < everything.index("审过的") < everything.index("撤下的")
    for query, there, absent in (
        ("state=released", "审过的", "等着审的"),
        ("state=withdrawn", "撤下的", "审过的"),
        ("q=等着", "等着审的", "撤下的"),
        (f"q={topic_row(wiring, topic_id).number.lower()}", "撤下的", "没有这样的标题"),
    ):
        page = words_of(jing.get(f"/d/releases?{query}"))
        assert there in page, query
        assert absent not in page, query
    assert "等着审的" not in words_of(jing.get("/d/releases?kind=decision"))
    jing.press(f"/d/releases/{waiting}/edit", "/edit", kind="decision", area=str(town.longchi_id), title="等着审的", words="话")
    assert "等着审的" in words_of(jing.get("/d/releases?kind=decision"))


def test_the_list_pages_through_every_row_once(jing: Person, wiring: Wiring, town: Town) -> None:
    topic_id = pooled_topic(wiring, town)
    for number in range(45):
        release_id = drafted(wiring, town, topic_id, title=f"第{number:02}条")
        if number % 2:
            let_out(wiring, town.jing_id, release_id)
    seen: list[str] = []
    path = "/d/releases"
    for _ in range(4):
        html = jing.get(path).get_data(as_text=True)
        seen += [f"第{number:02}条" for number in range(45) if f">第{number:02}条<" in html]
        later = [part.split('"')[0] for part in html.split('href="')[1:] if 'rel="next"' in part.split(">")[0]]
        if not later:
            break
        path = later[0].replace("&amp;", "&")
    assert sorted(seen) == [f"第{number:02}条" for number in range(45)]


@pytest.mark.parametrize("after", ["x", "1_", "_1", "9_1", "0_99999999999999999999", "0_-5", "²_3"])
def test_a_page_key_nobody_gave_out_starts_at_the_top(jing: Person, wiring: Wiring, town: Town, after: str) -> None:
    drafted(wiring, town, pooled_topic(wiring, town))
    assert "幸福里的路灯换好了" in words_of(jing.get(f"/d/releases?after={after}"))


def test_the_list_and_the_choice_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = pooled_topic(wiring, town)
    release_id = drafted(wiring, town, topic_id)
    paths = ("/d/releases", "/d/releases/new", f"/d/releases/{release_id}", f"/d/releases/new?topic={topic_id}")
    one = [cost(wiring, jing, path, "路灯") for path in paths]
    for number in range(19):
        drafted(wiring, town, pooled_topic(wiring, town, title=f"第 {number} 个路灯"))
    assert [cost(wiring, jing, path, "路灯") for path in paths] == one
