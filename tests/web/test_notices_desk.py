"""The desk's page of notices: what nobody is known to have got, sent again by a person, and how far notices reach."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from intake.domain.notification import NoticeAction, NoticeChannel, NoticeState
from intake.models import AuditEntry, Notification
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.notices import ended, outward
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

C, A = NoticeChannel, NoticeAction


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client, "wangjing")


def test_each_reason_has_its_list_with_what_was_tried(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE), (C.TEMPLATE, A.FAIL), (C.BOARD, A.FAIL))
    uncertain, failed, board = (words_of(jing.get(f"/d/notices?which={which}")) for which in ("uncertain", "failed", "board"))
    assert "不确定 1" in uncertain
    assert "客服消息：发送的进程中断了" in uncertain
    assert "没送到 1" in failed
    assert "模板消息：过了平台允许回话的时间" in failed
    assert "只能张贴 1" in board
    assert "由公告栏张贴" in board


def test_sending_again_puts_it_back_and_is_written_down(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE))
    (notice,) = outward(session)
    answer = jing.press("/d/notices", f"/{notice.id}/again")
    assert "已经放回去等着发" in words_of(answer)
    (again,) = outward(session)
    assert (again.state, again.due_at, again.expires_at) == (
        NoticeState.PENDING,
        clock.now(),
        clock.now() + timedelta(days=wiring.workflow.wechat.notice_days),
    )
    entry = session.query(AuditEntry).filter_by(action="notice.send_again").one()
    assert (entry.entity_id, entry.actor_id) == (notice.id, town.jing_id)


def test_two_who_send_it_again_send_it_once(jing: Person, wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE))
    (notice,) = outward(session)
    token = jing.get("/d/notices").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    answers = [jing.client.post(f"/d/notices/{notice.id}/again", data={"csrf_token": token, "version": notice.version}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]


def test_another_districts_staff_see_and_send_nothing(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE))
    (notice,) = outward(session)
    stranger = sign_in(client, "sunyi")
    page = stranger.get("/d/notices").get_data(as_text=True)
    assert "这里没有要看的通知" in page
    assert "写给居民 0 条" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "version": notice.version}
    assert stranger.client.post(f"/d/notices/{notice.id}/again", data=data).status_code == 404


@pytest.mark.parametrize("login", ["zhou", "chenli", "gaoqiang"])
def test_only_staff_enter(client: FlaskClient, town: Town, login: str) -> None:
    assert sign_in(client, login).client.get("/d/notices").status_code == 403


def test_a_row_of_the_receipt_page_is_nobodys_to_send(jing: Person, wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE))
    receipt = session.query(Notification).filter_by(channel=C.RECEIPT).one()
    token = jing.get("/d/notices").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "version": receipt.version}
    assert jing.client.post(f"/d/notices/{receipt.id}/again", data=data).status_code == 404


def test_the_figures_name_their_denominators_and_what_nobody_knows(
    jing: Person, wiring: Wiring, town: Town, clock: TestClock, session: Session
) -> None:
    ended(
        wiring,
        town,
        clock,
        *((C.CUSTOMER, A.DELIVER), (C.TEMPLATE, A.DELIVER), (C.TEMPLATE, A.DELIVER), (C.TEMPLATE, A.LOSE), (C.BOARD, A.FAIL)),
    )
    first, second, *_ = [notice for notice in outward(session) if notice.channel is C.TEMPLATE]
    first.arrived_at = first.reached_at = second.arrived_at = clock.now()
    session.commit()
    words = words_of(jing.get("/d/notices"))
    assert "写给居民 5 条" in words
    assert "已发出 3 等着发 0 不确定 1 没有送到 1" in words
    assert "客服消息 发出 1 条 平台不报 0 / 1 · 0%" in words
    assert "模板消息 发出 2 条 2 / 2 · 100% 1 / 2 · 50%" in words


def test_a_long_list_is_turned_over_and_costs_the_same(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    ended(wiring, town, clock, (C.CUSTOMER, A.LOSE))
    one = cost(wiring, jing, "/d/notices", "不确定")
    ended(wiring, town, clock, *[(C.CUSTOMER, A.LOSE)] * 31)
    assert cost(wiring, jing, "/d/notices", "不确定") == one
    first = jing.get("/d/notices").get_data(as_text=True)
    assert first.count('id="notice-') == 30
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert jing.get(following).get_data(as_text=True).count('id="notice-') == 2
