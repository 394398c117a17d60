"""起草助手 on the desk: hidden while it is off, labelled as machine-written while it is on, and a person decides."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.adapters.assistant import ChatAssistant
from intake.domain.assistant import LOST_AFTER, RESERVED_IN, RESERVED_OUT, RESTS_AFTER
from intake.models import AssistantDraft
from intake.ports import NullJobQueue, Wake
from intake.wiring import Wiring
from tests.contract.endpoint import Endpoint, endpoint, says, sends
from tests.factories.clock import TestClock
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost
from workers.jobs import assist

LABEL = "机器起草，未经核对"


@pytest.fixture
def server(wiring: Wiring) -> Iterator[Endpoint]:
    """The endpoint; before `client`, since an application looks at its settings when it is made."""
    with endpoint(says("幸福里路灯不亮")) as running, jobs_in_this_process(wiring):
        wiring.settings = replace(wiring.settings, assistant_url=running.url, assistant_model="district-7b")
        wiring.assistant = ChatAssistant(url=running.url, key="", model="district-7b", seconds=5)
        wiring.queue = NullJobQueue()
        yield running


@pytest.fixture
def topic(wiring: Wiring, town: Town) -> int:
    return topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "幸福里3号楼路灯不亮"))


@pytest.fixture
def jing(server: Endpoint, client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def press(person: Person, topic: int, purpose: str = "title") -> str:
    answer = person.press(f"/d/topics/{topic}/assistant", "/assistant", purpose=purpose)
    assert answer.status_code == 200, words_of(answer)
    return answer.get_data(as_text=True)


def draft_id(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.scalars(select(AssistantDraft.id).order_by(AssistantDraft.id.desc())).first() or 0


def test_while_it_is_off_there_is_no_trace_of_it(client: FlaskClient, wiring: Wiring, town: Town, topic: int) -> None:
    jing = sign_in(client, "wangjing")
    page = jing.get(f"/d/topics/{topic}").get_data(as_text=True)
    assert "助手" not in page
    token = {"csrf_token": hidden(page, "csrf_token"), "purpose": "title", "version": "1", "words": "x"}
    assert client.get(f"/d/topics/{topic}/assistant").status_code == 404
    assert client.post(f"/d/topics/{topic}/assistant", data=token).status_code == 404
    assert client.post(f"/d/topics/{topic}/assistant/1/adopt", data=token).status_code == 404
    assert draft_id(wiring) == 0


def test_from_the_topic_to_a_title_of_ones_own(jing: Person, server: Endpoint, wiring: Wiring, topic: int) -> None:
    for page in (f"/d/topics/{topic}", f"/d/topics?topic={topic}"):
        assert f'href="/d/topics/{topic}/assistant"' in jing.get(page).get_data(as_text=True)
    waiting = press(jing, topic)
    assert isinstance(wiring.queue, NullJobQueue)
    assert Wake.ASSIST in wiring.queue.woken
    assert server.paths == []  # a request of the web calls nobody
    assert "助手正在写" in waiting
    assert f'hx-get="/d/topics/{topic}/assistant" hx-trigger="every 2s" hx-select="#draft-{draft_id(wiring)}"' in waiting
    assert "刷新" in waiting
    assert LABEL not in waiting
    assist.run()
    written = jing.get(f"/d/topics/{topic}/assistant").get_data(as_text=True)
    assert LABEL in written
    assert "district-7b" in written
    assert "hx-trigger" not in written
    assert ">幸福里路灯不亮</textarea>" in written
    done = jing.press(f"/d/topics/{topic}/assistant", "/adopt", words="幸福里3号楼路灯不亮")
    assert "标题已经改好" in words_of(done)
    assert topic_row(wiring, topic).title == "幸福里3号楼路灯不亮"


def test_a_summary_goes_where_summaries_stand(jing: Person, server: Endpoint, wiring: Wiring, topic: int) -> None:
    server.behave = says("居民说路灯不亮，希望尽快修。")
    press(jing, topic, "summary")
    assist.run()
    assert "摘要已经改好" in words_of(jing.press(f"/d/topics/{topic}/assistant", "/adopt", words="路灯不亮，盼修。"))
    row = topic_row(wiring, topic)
    assert (row.title, row.summary) == ("路灯", "路灯不亮，盼修。")


def test_the_page_says_what_leaves_the_house(jing: Person, topic: int) -> None:
    page = words_of(jing.get(f"/d/topics/{topic}/assistant"))
    assert "最多 12 位居民的话" in page
    assert "联系方式都不送" in page
    assert "0 / 200000 词元" in page


def test_a_refused_draft_of_ones_own_keeps_the_words(jing: Person, server: Endpoint, wiring: Wiring, topic: int) -> None:
    press(jing, topic)
    assist.run()
    page = f"/d/topics/{topic}/assistant"
    refused = jing.press(page, "/adopt", words="请打13800000021")
    assert refused.status_code == 422
    assert "里面有手机号" in words_of(refused)
    assert ">请打13800000021</textarea>" in refused.get_data(as_text=True)
    assert 'aria-invalid="true"' in refused.get_data(as_text=True)
    conflict = jing.press(page, "/adopt", words="我的标题", version="999")
    assert conflict.status_code == 409
    assert ">我的标题</textarea>" in conflict.get_data(as_text=True)
    assert topic_row(wiring, topic).title == "路灯"


@pytest.mark.parametrize(("status", "sentence"), [(500, "太忙"), (401, "ZHIBAO_ASSISTANT_KEY"), (404, "ZHIBAO_ASSISTANT_URL")])
def test_a_failure_says_what_to_do(jing: Person, server: Endpoint, topic: int, status: int, sentence: str) -> None:
    server.behave = sends(b"", status=status)
    press(jing, topic)
    assist.run()
    page = jing.get(f"/d/topics/{topic}/assistant")
    assert sentence in words_of(page)
    assert LABEL not in words_of(page)
    assert "<textarea" not in page.get_data(as_text=True)


def test_a_request_nobody_comes_for_is_not_waited_for_for_ever(jing: Person, clock: TestClock, topic: int) -> None:
    press(jing, topic)
    clock.time += LOST_AFTER
    page = jing.get(f"/d/topics/{topic}/assistant")
    assert "没有下文" in words_of(page)
    assert "hx-trigger" not in page.get_data(as_text=True)


def buttons(page: str) -> list[bool]:
    """Whether title and summary may be asked for."""
    found = re.findall(r'name="purpose" value="(?:title|summary)"( disabled)?', page)
    assert len(found) == 2
    return [not one for one in found]


def test_a_spent_budget_closes_the_buttons_and_says_until_when(
    jing: Person, server: Endpoint, wiring: Wiring, clock: TestClock, topic: int
) -> None:
    wiring.settings = replace(wiring.settings, assistant_monthly_tokens=RESERVED_IN + RESERVED_OUT)
    where = f"/d/topics/{topic}/assistant"
    assert buttons(jing.get(where).get_data(as_text=True)) == [True, True]
    press(jing, topic)
    assist.run()
    page = jing.get(where)
    assert buttons(page.get_data(as_text=True)) == [False, False]
    assert "本月的助手用量已经用完，12 月 1 日起可以再用。" in words_of(page)
    refused = jing.press(where, "/assistant", purpose="summary")
    assert refused.status_code == 429
    assert "用完" in words_of(refused)
    assert len(server.asked) == 1


def test_while_one_is_being_written_its_button_waits(jing: Person, topic: int) -> None:
    assert buttons(press(jing, topic)) == [False, True]


def test_an_assistant_at_rest_closes_the_buttons(jing: Person, server: Endpoint, topic: int) -> None:
    server.behave = sends(b"", status=503)
    for _ in range(RESTS_AFTER):
        press(jing, topic)
        assist.run()
    page = jing.get(f"/d/topics/{topic}/assistant")
    assert buttons(page.get_data(as_text=True)) == [False, False]
    assert "接连几次没有回应" in words_of(page)


def test_what_the_assistant_writes_is_text_and_never_markup(jing: Person, server: Endpoint, topic: int) -> None:
    server.behave = says("<script>alert(1)</script>路灯")
    press(jing, topic)
    assist.run()
    page = jing.get(f"/d/topics/{topic}/assistant").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)&lt;/script" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("login", ["zhou", "laozhou", "chenli"])
def test_whoever_does_not_screen_sees_nothing_of_it(client: FlaskClient, server: Endpoint, town: Town, topic: int, login: str) -> None:
    person = sign_in(client, login)
    assert person.client.get(f"/d/topics/{topic}/assistant").status_code == 403


def test_another_districts_staff_find_nothing(client: FlaskClient, server: Endpoint, town: Town, topic: int) -> None:
    assert sign_in(client, "sunyi").client.get(f"/d/topics/{topic}/assistant").status_code == 404


def test_the_page_costs_the_same_for_one_draft_and_for_six(
    jing: Person, server: Endpoint, wiring: Wiring, clock: TestClock, topic: int
) -> None:
    where = f"/d/topics/{topic}/assistant"
    press(jing, topic)
    assist.run()
    one = cost(wiring, jing, where, LABEL)
    for _ in range(5):
        clock.forward(seconds=1)
        press(jing, topic)
        assist.run()
    assert cost(wiring, jing, where, LABEL) == one
    assert jing.get(where).get_data(as_text=True).count(LABEL) == 6


def test_the_english_page_is_english(jing: Person, topic: int) -> None:
    press(jing, topic)
    assist.run()
    page = words_of(jing.get(f"/d/topics/{topic}/assistant?lang=en"))
    assert "Drafted by a machine, not checked" in page
    assert "Use as title" in page
