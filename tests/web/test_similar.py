"""Similar as you type: residents see what was released and nothing else; members and staff find what residents said."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from intake.domain.release import ReleaseKind
from intake.domain.topic import TopicAction
from intake.ports import NullJobQueue
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import decided, taken_up, told, topic_of
from tests.factories.releases import drafted, let_out, pooled_topic, taken_down
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import sign_in
from tests.web.test_query_counts import statements
from workers.jobs import triage_batch

JSON = {"Accept": "application/json"}
WORDS = "幸福里路灯坏了"


def noticed(client: FlaskClient, code: str, words: str) -> dict[str, Any]:
    """What the form's script is told of `words`, which stand in no address."""
    answer = client.post(f"/p/{code}/similar", data={"q": words}, headers=JSON)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    found: dict[str, Any] = answer.get_json()
    return found


def asked(client: FlaskClient, code: str, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = noticed(client, code, words)["matters"]
    return found


def test_a_resident_sees_what_is_released_nearby_with_its_state(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town), kind=ReleaseKind.IN_HAND, title="幸福里的路灯正在换"))
    (found,) = asked(client, town.longchi_code, WORDS)
    assert (found["title"], found["state"], found["where"]) == ("幸福里的路灯正在换", "正在办", "龙池社区")
    assert client.get(found["url"]).status_code == 200
    assert asked(client, town.longchi_code, "菜场污水横流没人管") == []
    # One press joins it: the key is in the answer.
    sent = client.post(found["endorse"]["url"], data={"key": found["endorse"]["key"]}, headers=JSON)
    assert sent.get_json()["words"] == "已附议，回执号"
    assert client.get(sent.get_json()["receipt"]).status_code == 200


def test_what_has_ended_is_shown_without_a_button(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, WORDS))
    taken_up(wiring, town.jing_id, topic)
    decided(wiring, town.jing_id, topic, TopicAction.REJECT, "另有安排。")
    let_out(wiring, town.jing_id, drafted(wiring, town, topic, kind=ReleaseKind.DECISION, title="幸福里的路灯另有安排"))
    (found,) = asked(client, town.longchi_code, WORDS)
    assert (found["endorse"], found["ended"]) == (None, "已经办完：如果您那里还有，请另外写")
    page = client.get(f"/p/{town.longchi_code}/similar", query_string={"q": WORDS})
    assert "已经办完" in page.get_data(as_text=True)
    assert "/endorse" not in page.get_data(as_text=True)


def test_nothing_that_was_not_released_or_was_taken_down_can_be_found(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    topic = pooled_topic(wiring, town, title="幸福里路灯不亮")
    told(wiring, town.longchi_code, WORDS)
    draft = drafted(wiring, town, topic)
    assert asked(client, town.longchi_code, WORDS) == []
    let_out(wiring, town.jing_id, draft)
    clock.forward(minutes=2)
    assert len(asked(client, town.longchi_code, WORDS)) == 1
    taken_down(wiring, town.jing_id, draft)
    clock.forward(minutes=2)
    assert asked(client, town.longchi_code, WORDS) == []


def test_another_districts_releases_are_not_shown(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    with wiring.sessions.begin() as session:
        session.execute(text("UPDATE releases SET district_id = district_id + 1000"))
    assert asked(client, town.longchi_code, WORDS) == []


@pytest.mark.parametrize("words", ["", "路", "路灯坏", "\x00\x00", "！！！！！！", "x" * 5000, "<script>alert(1)</script>"])
def test_whatever_is_typed_is_answered_with_a_list(client: FlaskClient, town: Town, words: str) -> None:
    assert asked(client, town.longchi_code, words) == []


def test_without_script_it_is_a_page_that_says_what_was_found(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    page = client.get(f"/p/{town.longchi_code}/similar", query_string={"q": WORDS})
    assert "幸福里的路灯换好了" in page.get_data(as_text=True)
    assert f'name="at" value="{town.longchi_code}"' in page.get_data(as_text=True)  # 附议 leads on, and knows the point
    assert "没有类似的" in client.get(f"/p/{town.longchi_code}/similar?q=菜场污水横流").get_data(as_text=True)
    assert "请多写几个字" in client.get(f"/p/{town.longchi_code}/similar?q=灯").get_data(as_text=True)
    assert client.get("/p/nosuchcode/similar?q=路灯坏了").status_code == 404


def test_a_device_that_asks_too_often_is_told_so_and_may_still_send(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    path = f"/p/{town.longchi_code}/similar?q=路灯坏了"
    for _ in range(3):
        assert client.get(path, headers=JSON).status_code == 200
    limit = wiring.settings.similar_limit
    object.__setattr__(wiring.settings, "similar_limit", "1/hour")
    try:
        client.get(path, headers=JSON)
        assert client.get(path, headers=JSON).status_code == 429
        assert client.get(f"/p/{town.longchi_code}").status_code == 200
    finally:
        object.__setattr__(wiring.settings, "similar_limit", limit)


def test_typing_costs_one_statement_however_much_is_released(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town)))
    asked(client, town.longchi_code, WORDS)  # a process asks once a minute
    with statements(wiring) as sent:
        asked(client, town.longchi_code, WORDS + "半个月")
    assert len(sent) == 1


def test_the_form_tells_its_script_where_to_ask(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert f'data-similar="/p/{town.longchi_code}/similar"' in page
    assert 'aria-live="polite"' in page


@pytest.fixture
def triaged(wiring: Wiring, town: Town) -> str:
    """A resident's words that the title of their topic doesn't hold."""
    wiring.queue = NullJobQueue()
    topic_of(wiring, town.zhou_id, "照明设施", told(wiring, town.ziwei_code, "另一件"))
    say(wiring, town.longchi_code, "梧桐街公交站没有雨棚，下雨天全身湿透")
    with jobs_in_this_process(wiring):
        triage_batch.run()
    with wiring.sessions.begin() as session:
        session.execute(text("UPDATE topics SET title = '站台设施' WHERE opened_by IS NULL"))
    return "下雨天全身湿透"


@pytest.mark.parametrize(("login", "path"), [("zhou", "/m/similar"), ("wangjing", "/d/similar")])
def test_members_and_staff_find_topics_by_what_residents_said(client: FlaskClient, triaged: str, login: str, path: str) -> None:
    person = sign_in(client, login)
    (found,) = person.client.get(path, query_string={"q": triaged}).get_json()
    assert (found["title"], found["count"]) == ("站台设施", 1)
    assert "雨棚" in found["said"]
    assert person.client.get(path, query_string={"q": "路"}).get_json() == []


def test_another_districts_staff_find_nothing(client: FlaskClient, triaged: str) -> None:
    assert sign_in(client, "sunyi").client.get("/d/similar", query_string={"q": triaged}).get_json() == []


@pytest.mark.parametrize(("path", "login"), [("/m/similar?q=路灯坏了", "chenli"), ("/d/similar?q=路灯坏了", "zhou")])
def test_who_may_not_triage_or_screen_is_refused(client: FlaskClient, town: Town, path: str, login: str) -> None:
    assert client.get(path).status_code == 303
    assert sign_in(client, login).client.get(path).status_code == 403


def test_the_boards_search_finds_what_residents_said(client: FlaskClient, triaged: str) -> None:
    person = sign_in(client, "wangjing")
    assert "站台设施" in person.client.get("/d/topics", query_string={"q": triaged}).get_data(as_text=True)
    assert "站台设施" not in person.client.get("/d/topics", query_string={"q": "龙池公园健身器材"}).get_data(as_text=True)


def test_a_member_reads_words_only_where_they_may_open_the_topic(client: FlaskClient, triaged: str) -> None:
    for login, said in (("zhou", True), ("hemiao", False)):
        (found,) = sign_in(client.application.test_client(), login).client.get("/m/similar", query_string={"q": triaged}).get_json()
        assert found["title"] == "站台设施"
        assert bool(found["said"]) is said, login
