"""公众号二维码 on a point's page: offered where the account can, counted, downloaded, refused with a reason."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.scene_code import MOST_SCENES, SceneState
from intake.domain.wechat_account import CAPABILITIES, AccountKind, Capability
from intake.models import IntakePoint, WeChatAccount, WeChatScene
from intake.services.scene_code import note_scene
from intake.wiring import Wiring
from tests.factories.town import Town
from tests.factories.wechat import make_account
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_places import post
from tests.web.test_query_counts import cost

ADDRESS = "http://weixin.qq.com/q/02tests"


@pytest.fixture
def chen(client: FlaskClient, town: Town) -> Person:
    """陈立, 管理员 of the district."""
    return sign_in(client, "chenli")


@pytest.fixture
def longchi(wiring: Wiring, town: Town) -> int:
    with wiring.sessions() as session:
        return session.query(IntakePoint).filter_by(code=town.longchi_code).one().id


def account(wiring: Wiring, town: Town, kind: AccountKind = AccountKind.SERVICE) -> int:
    with wiring.sessions.begin() as session:
        return make_account(session, wiring.vault, area_id=town.district_id, kind=kind)


def settle(wiring: Wiring, **came: str) -> None:
    with wiring.sessions.begin() as session:
        note_scene(session, scene_id=session.query(WeChatScene).one().id, at=wiring.clock.now(), **came)


@pytest.mark.parametrize("kind", list(AccountKind))
def test_only_an_account_that_can_is_offered_a_code(chen: Person, wiring: Wiring, town: Town, longchi: int, kind: AccountKind) -> None:
    account(wiring, town, kind)
    able = Capability.SCENE_CODE in CAPABILITIES[kind]
    assert ("生成公众号二维码" in words_of(chen.get(f"/d/points/{longchi}"))) == able
    answer = post(chen, f"/d/points/{longchi}/scene")
    assert answer.status_code == (303 if able else 422)
    if not able:
        assert "要认证服务号才行" in words_of(answer)


def test_without_an_account_the_page_says_nothing_of_it(chen: Person, longchi: int) -> None:
    assert "公众号二维码" not in words_of(chen.get(f"/d/points/{longchi}"))


def test_a_code_is_asked_for_waited_for_and_taken_home(chen: Person, wiring: Wiring, town: Town, longchi: int) -> None:
    account(wiring, town)
    page = words_of(chen.press(f"/d/points/{longchi}", "/scene"))
    assert "等着生成" in page
    assert "已用 1 个" in page
    assert f"一共给 {MOST_SCENES} 个" in page
    assert chen.get(f"/d/points/{longchi}/scene.png").status_code == 404
    settle(wiring, address=ADDRESS)
    assert "可以打印" in words_of(chen.get(f"/d/points/{longchi}"))
    picture = chen.get(f"/d/points/{longchi}/scene.png")
    assert picture.mimetype == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    lines = chen.get(f"/d/points/{longchi}/scene.svg")
    assert lines.mimetype == "image/svg+xml"
    assert lines.get_data(as_text=True).startswith("<svg")
    assert "attachment" in lines.headers["Content-Disposition"]


def test_a_refusal_stands_with_its_reason_and_may_be_tried_again(chen: Person, wiring: Wiring, town: Town, longchi: int) -> None:
    account(wiring, town)
    post(chen, f"/d/points/{longchi}/scene")
    settle(wiring, refused="45029")
    page = words_of(chen.get(f"/d/points/{longchi}"))
    assert "二维码数量到了平台的上限" in page
    assert "已用 0 个" in page
    chen.press(f"/d/points/{longchi}", "/scene")
    with wiring.sessions() as session:
        assert session.query(WeChatScene).one().state is SceneState.ASKED


def test_the_quota_is_kept(chen: Person, wiring: Wiring, town: Town, longchi: int, monkeypatch: pytest.MonkeyPatch) -> None:
    account(wiring, town)
    monkeypatch.setattr("intake.services.scene_code.MOST_SCENES", 0)
    answer = post(chen, f"/d/points/{longchi}/scene")
    assert answer.status_code == 422
    assert "已经用完" in words_of(answer)


def test_who_may_look_but_not_change_finds_no_button(app: Flask, wiring: Wiring, town: Town, longchi: int) -> None:
    account(wiring, town)
    jing = sign_in(app.test_client(), "wangjing")
    assert "生成公众号二维码" not in words_of(jing.get(f"/d/points/{longchi}"))
    assert post(jing, f"/d/points/{longchi}/scene").status_code == 403


def test_a_code_of_an_account_that_was_left_is_shown_no_more(chen: Person, wiring: Wiring, town: Town, longchi: int) -> None:
    account_id = account(wiring, town)
    post(chen, f"/d/points/{longchi}/scene")
    settle(wiring, address=ADDRESS)
    with wiring.sessions.begin() as session:
        session.get_one(WeChatAccount, account_id).active = False
    assert "可以打印" not in words_of(chen.get(f"/d/points/{longchi}"))
    assert chen.get(f"/d/points/{longchi}/scene.png").status_code == 404


def test_a_point_s_page_costs_the_same_with_many_codes(chen: Person, wiring: Wiring, town: Town, longchi: int) -> None:
    account_id = account(wiring, town)
    one = cost(wiring, chen, f"/d/points/{longchi}", "龙池社区")
    with wiring.sessions.begin() as session:
        for point in session.query(IntakePoint).filter(IntakePoint.id != longchi):
            session.add(
                WeChatScene(
                    district_id=town.district_id,
                    account_id=account_id,
                    point_id=point.id,
                    scene=f"s{point.id}",
                    state=SceneState.MADE,
                    state_changed_at=wiring.clock.now(),
                    asked_by=town.li_id,
                    created_at=wiring.clock.now(),
                )
            )
    assert cost(wiring, chen, f"/d/points/{longchi}", "龙池社区") == one
