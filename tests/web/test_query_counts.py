"""How many statements a page costs: as many for twenty rows as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from intake.domain.submission import Urgency
from intake.domain.triage_result import Verdict
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, receipt_path, taken_up, told, topic_of
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in


@contextmanager
def statements(wiring: Wiring) -> Iterator[list[str]]:
    """What reaches the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(wiring.engine, "before_cursor_execute", note)
    yield sent
    event.remove(wiring.engine, "before_cursor_execute", note)


def cost(wiring: Wiring, person: Person | FlaskClient, path: str, shows: str) -> int:
    """Statements for one page, which must show `shows`."""
    client = person.client if isinstance(person, Person) else person
    client.get(path)  # what a process asks once is asked
    with statements(wiring) as sent:
        page = client.get(path)
    assert page.status_code == 200
    assert shows in page.get_data(as_text=True)
    assert sent, "the listener heard nothing"
    return len(sent)


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "zhou")


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def test_the_form_costs_at_most_two_statements(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    assert cost(wiring, client, f"/p/{town.longchi_code}", "龙池社区") <= 2


def test_sending_costs_the_same_for_a_word_and_for_a_page(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    counts = []
    for text, contact in (("路灯坏了", ""), ("路灯坏了" * 1000, "13800000021")):
        key = hidden(client.get(f"/p/{town.longchi_code}").get_data(as_text=True), "key")
        with statements(wiring) as sent:
            assert client.post(f"/p/{town.longchi_code}", data={"key": key, "text": text, "contact": contact}).status_code == 303
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4


def test_the_queue_costs_the_same_for_one_row_and_for_twenty(zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    told(wiring, town.longchi_code, "第 0 件事", verdict=Verdict.OPEN)
    one = cost(wiring, zhou, "/m", "第 0 件事")
    for number in range(1, 20):
        clock.forward(seconds=1)
        told(wiring, town.longchi_code, f"第 {number} 件事", verdict=Verdict.OPEN)
    assert cost(wiring, zhou, "/m", "第 19 件事") == one


def test_the_card_costs_the_same_for_an_empty_town_and_for_a_full_one(zhou: Person, wiring: Wiring, town: Town) -> None:
    first = told(wiring, town.longchi_code, "路灯坏了", verdict=Verdict.OPEN)
    one = cost(wiring, zhou, f"/m/cards/{first.submission_id}", "路灯坏了")
    for number in range(20):
        told(wiring, town.longchi_code, f"第 {number} 件事", verdict=Verdict.OPEN)
    assert cost(wiring, zhou, f"/m/cards/{first.submission_id}", "路灯坏了") == one


def test_the_board_costs_the_same_for_one_topic_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    first = topic_of(wiring, town.zhou_id, "第 0 个议题", told(wiring, town.longchi_code, "路灯坏了"))
    paths = ("/d/topics", f"/d/topics?topic={first}", "/d/topics?state=candidate")
    one = [cost(wiring, jing, path, "候选议题") for path in paths]
    assert max(one) <= 28
    for number in range(1, 20):
        topic_of(wiring, town.zhou_id, f"第 {number} 个议题", told(wiring, town.longchi_code, "路灯坏了"))
    assert [cost(wiring, jing, path, "候选议题") for path in paths] == one


def test_the_first_page_of_the_desk_costs_the_same_when_nothing_and_when_much_waits(
    client: FlaskClient, jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    nothing = cost(wiring, jing, "/d", "今天要办")
    assert nothing <= 12
    for number in range(10):
        taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, f"第 {number} 个议题", told(wiring, town.longchi_code, "路灯坏了")))
        told(wiring, town.ziwei_code, f"煤气味 {number}", urgency=Urgency.EMERGENCY)
    clock.forward(days=15)
    later = sign_in(client, "wangjing")  # a session doesn't last so long
    for shown in ("待筛选 10", "煤气味 4", "天没有人扫码"):
        assert cost(wiring, later, "/d", shown) == nothing


def test_a_topic_costs_the_same_for_one_voice_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "第 0 位居民"))
    one = cost(wiring, jing, f"/d/topics/{topic}", "第 0 位居民")
    for number in range(1, 20):
        attach(wiring, town.zhou_id, told(wiring, town.longchi_code, f"第 {number} 位居民"), topic)
    assert cost(wiring, jing, f"/d/topics/{topic}", "第 19 位居民") == one


def test_the_members_topics_cost_the_same_for_one_and_for_twenty(zhou: Person, wiring: Wiring, town: Town) -> None:
    topic_of(wiring, town.zhou_id, "第 0 个议题", told(wiring, town.longchi_code, "路灯坏了"))
    one = cost(wiring, zhou, "/m/topics", "第 0 个议题")
    for number in range(1, 20):
        topic_of(wiring, town.zhou_id, f"第 {number} 个议题", told(wiring, town.longchi_code, "路灯坏了"))
    assert cost(wiring, zhou, "/m/topics", "第 19 个议题") == one


def test_the_receipt_costs_the_same_alone_and_among_twenty(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    first = told(wiring, town.longchi_code, "路灯坏了")
    topic = topic_of(wiring, town.zhou_id, "路灯", first)
    one = cost(wiring, client, receipt_path(wiring, first), "您说的事在议题里")
    for number in range(1, 20):
        attach(wiring, town.zhou_id, told(wiring, town.longchi_code, f"第 {number} 位居民"), topic)
    assert cost(wiring, client, receipt_path(wiring, first), "您说的事和另外 19 件来件") == one <= 5
