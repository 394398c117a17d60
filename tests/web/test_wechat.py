"""The official account: signed and sealed requests of the platform, over real HTTP, and what the resident reads in the chat."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from intake.domain.actor import MACHINE
from intake.domain.point import PointAction
from intake.domain.submission import Channel
from intake.models import IntakePoint, Submission, WeChatFollower, WeChatMessage
from intake.services.place import change_point
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town, town_in
from tests.factories.wechat import AES_KEY, APP_ID, CALLBACK_KEY, TOKEN, make_account
from tests.web.pages import words_of
from tests.wechat_platform.platform import CallbackError, Platform

AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
"""The openid of 王阿姨 of 龙池社区."""
SITE = "https://zhibao.example"


@pytest.fixture(params=["plain", "safe"])
def platform(request: pytest.FixtureRequest, app: Flask, wiring: Wiring, clock: TestClock) -> Iterator[Platform]:
    """The platform, before our application on a port of its own, in plain and in safe mode."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town_in(session).district_id)
    yield Platform(
        f"http://127.0.0.1:{server.server_port}",
        TOKEN,
        APP_ID,
        AES_KEY if request.param == "safe" else None,
        path=f"/wechat/{CALLBACK_KEY}",
        seconds=lambda: clock.now().timestamp(),
    )
    server.shutdown()
    thread.join()
    server.server_close()


def submissions(wiring: Wiring) -> list[Submission]:
    with wiring.sessions() as session:
        return session.query(Submission).order_by(Submission.id).all()


def scene_of(code: str) -> str:
    return f"scene-{code}"


def close(wiring: Wiring, code: str, action: PointAction, note: str) -> None:
    with wiring.sessions.begin() as session:
        point = session.query(IntakePoint).filter_by(code=code).one()
        change_point(session, actor=MACHINE, point_id=point.id, action=action, note=note, at=wiring.clock.now())


def link_in(words: str) -> str:
    """The path behind the first link of our own site."""
    return next(line.removeprefix(SITE) for line in words.splitlines() if line.startswith(SITE))


def test_the_settings_page_shakes_hands(platform: Platform) -> None:
    assert platform.handshake()


def test_following_by_a_points_code_greets_with_its_form(platform: Platform, client: FlaskClient, town: Town) -> None:
    greeting = platform.follow(AUNT, scene_of(town.longchi_code))
    assert greeting.startswith("龙池社区直报点。")
    assert "110" in greeting
    assert link_in(greeting) == f"/p/{town.longchi_code}"
    assert "龙池社区" in words_of(client.get(link_in(greeting)))


def test_following_without_a_code_says_how_to_find_one(platform: Platform, client: FlaskClient) -> None:
    for greeting in (platform.follow(AUNT), platform.follow(AUNT, "scene-nobody-made")):
        assert "请先扫一下社区墙上的“直报点”二维码" in greeting
        assert client.get(link_in(greeting)).status_code == 200


def test_a_text_from_a_known_point_becomes_a_submission_with_a_receipt(
    platform: Platform, client: FlaskClient, wiring: Wiring, town: Town
) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    reply = platform.text(AUNT, "幸福里 3 号楼路灯坏了\n<晚上> & 很黑")
    stored = submissions(wiring)[0]
    assert stored.receipt_number in reply
    assert stored.channel is Channel.WECHAT_TEXT
    assert stored.text_written == "幸福里 3 号楼路灯坏了\n<晚上> & 很黑"
    assert stored.area_id == town.longchi_id
    receipt = client.get(link_in(reply))
    assert receipt.status_code == 200
    assert stored.receipt_number in words_of(receipt)
    assert AUNT not in receipt.get_data(as_text=True)


@pytest.mark.parametrize("same_nonce", [True, False])
def test_a_message_the_platform_repeats_is_one_submission_and_one_reply(
    platform: Platform, wiring: Wiring, town: Town, same_nonce: bool
) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    replies = platform.retry(AUNT, "路灯坏了", same_nonce=same_nonce)
    assert len(replies) == 3
    assert len(set(replies)) == 1
    assert len(submissions(wiring)) == 1
    with wiring.sessions() as session:
        assert session.query(WeChatMessage).count() == 1


def test_the_same_words_sent_twice_by_a_person_are_two_messages(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert platform.text(AUNT, "路灯坏了") != platform.text(AUNT, "路灯坏了")
    assert len(submissions(wiring)) == 2


def test_a_text_without_a_known_point_gets_a_hint_and_stores_nothing(platform: Platform, wiring: Wiring) -> None:
    assert "请先扫一下社区墙上的“直报点”二维码" in platform.text(AUNT, "路灯坏了")
    assert submissions(wiring) == []


def test_scanning_elsewhere_moves_the_follower_there(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert "紫薇社区直报点" in platform.scan(AUNT, scene_of(town.ziwei_code))
    platform.text(AUNT, "垃圾没人收")
    assert submissions(wiring)[0].area_id == town.ziwei_id
    with wiring.sessions() as session:
        assert session.query(WeChatFollower).count() == 1


def test_scanning_a_code_nobody_made_keeps_the_point_known_before(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert "龙池社区直报点" in platform.scan(AUNT, "scene-nobody-made")


# A text that says nothing is answered with a cure, as on the form.
@pytest.mark.parametrize(
    ("said", "cure"), [("😀", "只有表情或符号"), ("灯", "只有一个字"), ("   ", "请先写一句话"), ("。。。", "只有表情或符号")]
)
def test_a_text_that_says_nothing_gets_a_cure(platform: Platform, wiring: Wiring, town: Town, said: str, cure: str) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert cure in platform.text(AUNT, said)
    assert submissions(wiring) == []


def test_a_paused_point_answers_with_its_own_sentence(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    close(wiring, town.longchi_code, PointAction.PAUSE, "装修到月底，请到紫薇社区说。")
    assert platform.text(AUNT, "路灯坏了") == "装修到月底，请到紫薇社区说。"
    assert platform.scan(AUNT, scene_of(town.longchi_code)) == "装修到月底，请到紫薇社区说。"
    assert submissions(wiring) == []
    close(wiring, town.longchi_code, PointAction.RESUME, "")
    assert "回执号" in platform.text(AUNT, "路灯坏了")


def test_a_message_repeated_after_the_point_closed_still_gets_its_receipt(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    message = platform.text_message(AUNT, "路灯坏了")
    first = platform.deliver(message)
    close(wiring, town.longchi_code, PointAction.PAUSE, "停电。")
    assert platform.deliver(message) == first


def test_a_retired_points_code_says_so_and_does_not_take_the_follower(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    close(wiring, town.ziwei_code, PointAction.RETIRE, "请到龙池社区说。")
    assert platform.scan(AUNT, scene_of(town.ziwei_code)) == "请到龙池社区说。"
    platform.text(AUNT, "路灯坏了")
    assert submissions(wiring)[0].area_id == town.longchi_id


def following(wiring: Wiring) -> bool:
    with wiring.sessions() as session:
        return session.query(WeChatFollower).one().following


@pytest.mark.parametrize("scene", [True, False], ids=["by a code", "by search"])
def test_who_unfollows_is_left_in_peace_until_they_come_back(platform: Platform, wiring: Wiring, town: Town, scene: bool) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert platform.unfollow(AUNT) == ""
    assert not following(wiring)
    assert "龙池社区直报点" in platform.follow(AUNT, scene_of(town.longchi_code) if scene else None)
    assert following(wiring)


def test_unfollowing_before_ever_scanning_is_nothing(platform: Platform) -> None:
    assert platform.unfollow(AUNT) == ""


def test_a_picture_is_answered_with_the_form(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    picture = platform.text_message(AUNT, "x").replace(">text<", ">image<")
    assert f"{SITE}/p/{town.longchi_code}" in platform.deliver(picture)
    assert submissions(wiring) == []


def test_a_followers_name_is_kept_as_hash_and_cipher_only(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    with wiring.sessions() as session:
        row = session.query(WeChatFollower).one()
    assert AUNT.encode() not in row.openid_cipher
    assert AUNT.encode() not in row.openid_hash
    assert wiring.vault.open(row.openid_cipher, context=f"openid:{row.account}") == AUNT


def test_a_forged_message_is_turned_away_and_nothing_is_stored(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    with pytest.raises(CallbackError) as refused:
        replace(platform, token="guessed").text(AUNT, "假的一句话")
    assert refused.value.status == 403
    assert submissions(wiring) == []


def test_a_message_from_ten_minutes_ago_is_turned_away(platform: Platform, clock: TestClock) -> None:
    old = platform.credentials()
    clock.forward(minutes=10)
    with pytest.raises(CallbackError) as refused:
        platform.deliver(platform.text_message(AUNT, "路灯坏了"), old)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "message", ["", "<xml>", "no markup", "<xml><MsgType>text</MsgType></xml>", "<!DOCTYPE a [<!ENTITY b 'c'>]><xml>&b;</xml>"]
)
def test_a_signed_message_that_cannot_be_read_is_a_bad_request(platform: Platform, wiring: Wiring, message: str) -> None:
    with pytest.raises(CallbackError) as refused:
        platform.deliver(message)
    assert refused.value.status == 400
    assert submissions(wiring) == []


def test_the_callback_without_any_signature_is_closed(client: FlaskClient) -> None:
    assert client.get("/wechat").status_code == 403
    assert client.post("/wechat", data=b"<xml/>").status_code == 403
