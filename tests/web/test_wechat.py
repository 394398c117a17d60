"""The official account's callback: signed and sealed requests of the platform over real HTTP, who is believed, and who follows."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.domain.point import PointAction
from intake.domain.wechat_account import AccountKind
from intake.models import WeChatAccount, WeChatFollower, WeChatMessage
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.factories.wechat import APP_ID, CALLBACK_KEY
from tests.web.chatting import AUNT, change, drafts, link_in, parts, platform_before, scene_of, submissions
from tests.web.pages import words_of
from tests.wechat_platform.platform import CallbackError, Platform
from tests.wechat_platform.sealing import Seal, signature


@pytest.fixture(params=["plain", "safe"])
def platform(request: pytest.FixtureRequest, app: Flask, wiring: Wiring, clock: TestClock) -> Iterator[Platform]:
    """The platform, before our application on a port of its own, in plain and in safe mode."""
    with platform_before(app, wiring, clock, safe=request.param == "safe") as opened:
        yield opened


def stored(wiring: Wiring) -> tuple[int, int, int]:
    """How many followers, messages and parts there are."""
    with wiring.sessions() as session:
        return session.query(WeChatFollower).count(), session.query(WeChatMessage).count(), len(parts(wiring))


def follower(wiring: Wiring) -> WeChatFollower:
    with wiring.sessions() as session:
        return session.query(WeChatFollower).one()


def refused(platform: Platform, message: str) -> int:
    with pytest.raises(CallbackError) as caught:
        platform.deliver(message)
    return caught.value.status


# --- following and scanning ----------------------------------------------------------------------------------------------------------


def test_the_settings_page_shakes_hands(platform: Platform) -> None:
    assert platform.handshake()


def test_an_account_that_is_not_in_use_yet_shakes_hands_but_takes_nothing(platform: Platform, wiring: Wiring) -> None:
    """The platform asks for the handshake before its settings can be saved."""
    with wiring.sessions.begin() as session:
        session.query(WeChatAccount).one().active = False
    assert platform.handshake()
    assert refused(platform, platform.text_message(AUNT, "路灯坏了")) == 404


def test_following_by_a_points_code_greets_with_its_form(platform: Platform, client: FlaskClient, town: Town) -> None:
    greeting = platform.follow(AUNT, scene_of(town.longchi_code))
    assert greeting.startswith("龙池社区直报点。")
    assert "110" in greeting
    assert link_in(greeting) == f"/p/{town.longchi_code}"
    assert "龙池社区" in words_of(client.get(link_in(greeting)))


def test_following_without_a_code_says_how_to_begin(platform: Platform, client: FlaskClient) -> None:
    for greeting in (platform.follow(AUNT), platform.scan(AUNT, "scene-nobody-made")):
        assert "扫一下社区墙上的“直报点”二维码" in greeting
        assert client.get(link_in(greeting)).status_code == 200


def test_scanning_elsewhere_moves_the_follower_there(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert "紫薇社区直报点" in platform.scan(AUNT, scene_of(town.ziwei_code))
    platform.text(AUNT, "垃圾没人收")
    platform.text(AUNT, "发送")
    assert submissions(wiring)[0].area_id == town.ziwei_id
    assert follower(wiring).district_id == town.district_id


def test_scanning_a_code_nobody_made_keeps_the_point_known_before(platform: Platform, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert "龙池社区直报点" in platform.scan(AUNT, "scene-nobody-made")


def test_a_paused_point_answers_a_scan_with_its_own_sentence(platform: Platform, wiring: Wiring, town: Town) -> None:
    change(wiring, town.longchi_code, PointAction.PAUSE, "装修到月底，请到紫薇社区说。")
    assert platform.scan(AUNT, scene_of(town.longchi_code)) == "装修到月底，请到紫薇社区说。"


def test_a_retired_points_code_says_so_and_does_not_take_the_follower(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    change(wiring, town.ziwei_code, PointAction.RETIRE, "请到龙池社区说。")
    assert platform.scan(AUNT, scene_of(town.ziwei_code)) == "请到龙池社区说。"
    platform.text(AUNT, "路灯坏了")
    platform.text(AUNT, "发送")
    assert submissions(wiring)[0].area_id == town.longchi_id


@pytest.mark.parametrize("scene", [True, False], ids=["by a code", "by search"])
def test_who_unfollows_is_left_in_peace_until_they_come_back(platform: Platform, wiring: Wiring, town: Town, scene: bool) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert platform.unfollow(AUNT) == ""
    assert not follower(wiring).following
    assert "龙池社区直报点" in platform.follow(AUNT, scene_of(town.longchi_code) if scene else None)
    assert follower(wiring).following


def test_unfollowing_before_ever_scanning_is_nothing(platform: Platform, wiring: Wiring) -> None:
    assert platform.unfollow(AUNT) == ""
    assert stored(wiring) == (0, 0, 0)


def test_a_followers_name_is_kept_as_hash_and_cipher_only(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    row = follower(wiring)
    assert AUNT.encode() not in row.openid_cipher
    assert AUNT.encode() not in row.openid_hash
    assert wiring.vault.open(row.openid_cipher, context=f"openid:{row.account}") == AUNT


# --- the time in which the platform lets us write back ---------------------------------------------------------------------------------


def test_a_message_and_a_tap_open_their_times_and_a_repeat_opens_none(
    platform: Platform, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    assert follower(wiring).touched_at == clock.now().replace(microsecond=0)
    assert follower(wiring).wrote_at is None
    message = platform.text_message(AUNT, "路灯坏了")
    platform.deliver(message)
    wrote = follower(wiring).wrote_at
    assert wrote == clock.now().replace(microsecond=0)
    with wiring.sessions.begin() as session:
        session.query(WeChatFollower).one().replies_used = 2
    clock.forward(seconds=5)
    platform.deliver(message)
    assert (follower(wiring).wrote_at, follower(wiring).replies_used) == (wrote, 2)
    platform.text(AUNT, "三天了")
    assert follower(wiring).replies_used == 0


# --- what an account can -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "status"), [(AccountKind.SUBSCRIPTION, 200), (AccountKind.PARTNER, 404), (AccountKind.NONE, 404)])
def test_an_account_that_only_carries_links_has_no_callback(
    app: Flask, wiring: Wiring, clock: TestClock, town: Town, kind: AccountKind, status: int
) -> None:
    with platform_before(app, wiring, clock, safe=True, kind=kind) as platform:
        if status == 200:
            assert "龙池社区" in platform.follow(AUNT, scene_of(town.longchi_code))
        else:
            assert refused(platform, platform.text_message(AUNT, "路灯坏了")) == status
            assert stored(wiring) == (0, 0, 0)


def test_an_address_that_is_nobodys_is_not_found(platform: Platform) -> None:
    assert refused(replace(platform, path="/wechat/nobodyskey"), "<xml/>") == 404


# --- who is believed -----------------------------------------------------------------------------------------------------------------


def test_a_forged_message_is_turned_away_and_nothing_is_stored(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    before = stored(wiring)
    forger = replace(platform, token="guessed")
    assert refused(forger, forger.text_message(AUNT, "假的一句话")) == 403
    assert stored(wiring) == before


@pytest.mark.parametrize("minutes", [-6, 6], ids=["their clock is behind", "their clock is ahead"])
def test_clocks_that_differ_by_more_than_five_minutes_are_refused(
    platform: Platform, wiring: Wiring, clock: TestClock, minutes: int
) -> None:
    skewed = replace(platform, seconds=lambda: clock.now().timestamp() + minutes * 60)
    assert refused(skewed, skewed.text_message(AUNT, "路灯坏了")) == 403
    assert stored(wiring) == (0, 0, 0)


def test_a_message_time_ahead_of_ours_counts_as_now(platform: Platform, wiring: Wiring, clock: TestClock) -> None:
    skewed = replace(platform, seconds=lambda: clock.now().timestamp() + 200)
    skewed.text(AUNT, "路灯坏了")
    assert parts(wiring)[0].sent_at == clock.now()


def test_another_accounts_message_is_refused_even_if_it_is_signed_well(platform: Platform, wiring: Wiring) -> None:
    other = replace(platform, account="gh_ffffffffffff")
    assert refused(other, other.text_message(AUNT, "路灯坏了")) == 400
    assert stored(wiring) == (0, 0, 0)


DEEP = "<a>" * 15_000 + "</a>" * 6_000
MALFORMED = {
    "nothing": "",
    "cut off": "<xml>",
    "no markup": "no markup",
    "no sender": "<xml><MsgType>text</MsgType></xml>",
    "entities": "<!DOCTYPE a [<!ENTITY b 'c'>]><xml>&b;</xml>",
    "nested and cut off": DEEP,
    "nested": f"<xml>{'<a>' * 8_000}{'</a>' * 8_000}</xml>",
    "null bytes": "<xml><ToUserName>gh_10f6c3c3ac5a\x00</ToUserName></xml>",
    "a null character": "<xml><ToUserName>gh_10f6c3c3ac5a&#0;</ToUserName></xml>",
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_cannot_be_read_is_a_bad_request_and_nothing_is_stored(platform: Platform, wiring: Wiring, message: str) -> None:
    assert refused(platform, message) == 400
    assert stored(wiring) == (0, 0, 0)


# Each lacks what its kind must have, or has it misshapen.
INCOMPLETE = [
    ("image", {"PicUrl": "http://mmbiz.qpic.cn/1"}),
    ("image", {"MediaId": "../../etc/passwd"}),
    ("voice", {"Format": "amr"}),
    ("location", {"Location_X": "nan", "Location_Y": "118.1"}),
    ("location", {"Location_X": "31.2", "Location_Y": "1e9"}),
    ("location", {"Label": "幸福里"}),
]


@pytest.mark.parametrize(("kind", "facts"), INCOMPLETE)
def test_a_message_that_lacks_what_its_kind_has_is_a_bad_request(
    platform: Platform, wiring: Wiring, kind: str, facts: dict[str, str]
) -> None:
    assert refused(platform, platform.message(AUNT, kind, **facts)) == 400
    assert stored(wiring) == (0, 0, 0)


def test_five_megabytes_are_refused_before_they_are_read(platform: Platform, wiring: Wiring) -> None:
    assert refused(platform, platform.text_message(AUNT, "灯" * (5 * 1024 * 1024 // 3))) == 400
    assert stored(wiring) == (0, 0, 0)


def test_a_message_in_gb2312_is_a_bad_request(app: Flask, wiring: Wiring, clock: TestClock, client: FlaskClient, town: Town) -> None:
    with platform_before(app, wiring, clock, safe=False) as platform:
        written = platform.text_message(AUNT, "路灯坏了").replace("<xml>", '<?xml version="1.0" encoding="gb2312"?><xml>')
        args = platform.signed(platform.credentials())
        assert client.post(platform.path, query_string=args, data=written.encode("gb2312")).status_code == 400
        assert stored(wiring) == (0, 0, 0)


def test_production_takes_no_plain_message(app: Flask, wiring: Wiring, clock: TestClock) -> None:
    wiring.callbacks._require_encryption = True
    with platform_before(app, wiring, clock, safe=False) as platform:
        assert refused(platform, platform.text_message(AUNT, "路灯坏了")) == 403
    with wiring.sessions() as session:
        assert session.query(WeChatMessage).count() == 0


def test_a_sealed_message_for_another_app_is_refused(app: Flask, wiring: Wiring, clock: TestClock, client: FlaskClient) -> None:
    with platform_before(app, wiring, clock, safe=True) as platform:
        at = platform.credentials()
        sealed = Seal(aes_key=platform.aes_key or "", app_id=APP_ID[::-1]).close(platform.text_message(AUNT, "路灯坏了"))
        args = {
            **platform.signed(at),
            "encrypt_type": "aes",
            "msg_signature": signature(platform.token, at.timestamp, at.nonce, sealed),
        }
        assert client.post(platform.path, query_string=args, data=f"<xml><Encrypt>{sealed}</Encrypt></xml>").status_code == 403
    assert stored(wiring) == (0, 0, 0)


def test_the_callback_without_any_signature_is_closed(platform: Platform, client: FlaskClient) -> None:
    assert client.get(f"/wechat/{CALLBACK_KEY}").status_code == 403
    assert client.post(f"/wechat/{CALLBACK_KEY}", data=b"<xml/>").status_code == 403


def test_the_same_nonce_under_another_message_is_refused(app: Flask, wiring: Wiring, clock: TestClock) -> None:
    with platform_before(app, wiring, clock, safe=False) as platform:
        at = platform.credentials()
        platform.deliver(platform.text_message(AUNT, "路灯坏了"), at)
        with pytest.raises(CallbackError, match="403"):
            platform.deliver(platform.text_message(AUNT, "假的"), at)


# --- repeats -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_nonce", [True, False])
def test_a_message_the_platform_repeats_adds_nothing_and_gets_the_same_answer(
    platform: Platform, wiring: Wiring, town: Town, same_nonce: bool
) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    for words in ("路灯坏了", "三天了", "发送"):
        assert len(set(platform.retry(AUNT, words, same_nonce=same_nonce))) == 1
    assert [part.words for part in parts(wiring)] == ["路灯坏了", "三天了"]
    assert [one.text_written for one in submissions(wiring)] == ["路灯坏了\n三天了"]


def test_a_repeat_that_comes_while_the_first_is_worked_on_waits_for_it(platform: Platform, wiring: Wiring, town: Town) -> None:
    platform.follow(AUNT, scene_of(town.longchi_code))
    message = platform.text_message(AUNT, "路灯坏了")
    together, answers = threading.Barrier(3), []

    def send() -> None:
        together.wait()
        answers.append(platform.deliver(message))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(answers)) == 1
    assert "龙池社区" in answers[0]
    assert len(parts(wiring)) == len(drafts(wiring)) == 1


def test_a_repeated_event_greets_alike_and_is_kept_once(platform: Platform, wiring: Wiring, town: Town) -> None:
    event = platform.event(AUNT, "subscribe", f"qrscene_{scene_of(town.longchi_code)}")
    assert len({platform.deliver(event) for _ in range(3)}) == 1
    assert stored(wiring) == (1, 1, 0)


def test_what_is_no_concern_of_ours_is_answered_with_nothing(platform: Platform, wiring: Wiring) -> None:
    assert platform.open_from_menu(AUNT, "https://zhibao.example/") == ""
    assert platform.deliver(platform.event(AUNT, "invented", "x")) == ""
    assert stored(wiring) == (0, 0, 0)


def test_a_message_of_a_kind_we_cannot_take_says_so(platform: Platform, wiring: Wiring) -> None:
    assert "别的打不开" in platform.deliver(platform.message(AUNT, "video", MediaId="m1", ThumbMediaId="m2"))
    assert parts(wiring) == []


def test_the_platforms_time_is_kept_not_ours(platform: Platform, wiring: Wiring, clock: TestClock) -> None:
    late = platform.text_message(AUNT, "路灯坏了")
    said = datetime.fromtimestamp(int(clock.now().timestamp()), UTC)
    clock.forward(minutes=2)
    platform.deliver(late)
    assert parts(wiring)[0].sent_at == said
