"""Errands to the platform: checks that say what is wrong, menus, scene codes, tickets; done twice without harm, never forever."""

from collections.abc import Iterator

import pytest

from intake.adapters.callback_probe import HttpCallbackProbe
from intake.domain.scene_code import SceneState
from intake.domain.wechat_account import AccountKind
from intake.domain.wechat_finding import OwnCheck, finding_words
from intake.models import DistrictProfile, HistoryEntry, IntakePoint, WeChatAccount, WeChatScene, WeChatTemplate
from intake.ports import NullJobQueue, Wake, WeChatKeys
from intake.queries.point import point_by_scene
from intake.services.scene_code import ask_scene, note_scene, scenes_waiting
from intake.services.wechat_follower import recognise
from intake.services.wechat_setup import ask_check, set_menu
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.town import Town, actor
from tests.factories.wechat import APP_ID, ORIGINAL_ID, TOKEN, make_account
from tests.integration.jobs import jobs_in_this_process
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer
from workers.jobs import wechat_errands


class Probe:
    """Says what the test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer = True
        self.asked: list[tuple[str, str]] = []

    def answers(self, address: str, token: str) -> bool:
        self.asked.append((address, token))
        return self.answer


@pytest.fixture
def probe(with_platform: WeChatServer, wiring: Wiring) -> Iterator[Probe]:
    """Jobs of this process, on the simulated platform, with a probe of ours."""
    wiring.queue = NullJobQueue()
    wiring.probe = probe = Probe()
    with jobs_in_this_process(wiring):
        yield probe


@pytest.fixture
def account_id(wiring: Wiring, town: Town, probe: Probe) -> int:
    with wiring.sessions.begin() as session:
        return make_account(session, wiring.vault, area_id=town.district_id)


def ask(wiring: Wiring, town: Town, account_id: int) -> None:
    with wiring.sessions.begin() as session:
        ask_check(session, actor=actor(session, town.li_id), account_id=account_id, at=wiring.clock.now())


def found(wiring: Wiring, account_id: int) -> dict[str, tuple[bool, str]]:
    """Code → whether it is right, and the detail."""
    with wiring.sessions() as session:
        return {one["code"]: (one["ok"], one["detail"]) for one in session.get_one(WeChatAccount, account_id).check_result}


def checked(wiring: Wiring, town: Town, account_id: int) -> dict[str, tuple[bool, str]]:
    ask(wiring, town, account_id)
    wechat_errands.run()
    return found(wiring, account_id)


def put(wiring: Wiring, account_id: int, **values: object) -> None:
    with wiring.sessions.begin() as session:
        account = session.get_one(WeChatAccount, account_id)
        for name, value in values.items():
            setattr(account, name, value)


# --- checks ----------------------------------------------------------------------------------------------------------------------------


def test_a_check_tells_what_the_platform_says_and_what_we_see(
    wiring: Wiring, town: Town, account_id: int, probe: Probe, clock: TestClock
) -> None:
    seen = checked(wiring, town, account_id)
    assert seen[OwnCheck.HTTPS] == (True, "")
    assert seen["token"] == (True, "")
    assert seen["scene_code"][0]
    assert seen[OwnCheck.CALLBACK] == (True, "")
    assert probe.asked == [("https://zhibao.example/wechat/testscallbackkey", TOKEN)]
    # What isn't there yet.
    assert not seen[OwnCheck.ICP][0]
    assert not seen[OwnCheck.HEARD][0]
    assert not seen[OwnCheck.VERIFICATION][0]
    assert seen[OwnCheck.TEMPLATES] == (
        False,
        "decision,topic_decision,outcome,received,joined,session,rate,message",
    )
    with wiring.sessions() as session:
        account = session.get_one(WeChatAccount, account_id)
        assert account.checked_at == clock.now()
        assert account.version == 1


def test_what_was_put_right_is_right_at_the_next_check(wiring: Wiring, town: Town, account_id: int, clock: TestClock) -> None:
    checked(wiring, town, account_id)
    put(wiring, account_id, verify_name="MP_verify_AbCdEf12.txt")
    with wiring.sessions.begin() as session:
        session.add(DistrictProfile(district_id=town.district_id, version=1, updated_at=clock.now(), icp_number="苏ICP备00000000号"))
        session.add(
            WeChatTemplate(
                district_id=town.district_id, account_id=account_id, kind="outcome", channel="template", template_id="x", fields={}
            )
        )
    clock.forward(minutes=1)
    seen = checked(wiring, town, account_id)
    assert seen[OwnCheck.ICP][0]
    assert seen[OwnCheck.VERIFICATION][0]
    assert "outcome" not in seen[OwnCheck.TEMPLATES][1]


def test_a_page_that_was_opened_is_not_a_message_that_came(wiring: Wiring, town: Town, account_id: int) -> None:
    with wiring.sessions.begin() as session:
        recognise(session, vault=wiring.vault, account=ORIGINAL_ID, openid="oAunt", at=wiring.clock.now())
    assert not checked(wiring, town, account_id)[OwnCheck.HEARD][0]


def test_the_callback_of_an_account_that_is_not_in_use_is_not_asked(wiring: Wiring, town: Town, account_id: int, probe: Probe) -> None:
    put(wiring, account_id, active=False)
    assert OwnCheck.CALLBACK not in checked(wiring, town, account_id)
    assert probe.asked == []


def test_what_was_found_about_old_settings_is_not_told_of_the_new_ones(wiring: Wiring, town: Town, account_id: int, probe: Probe) -> None:
    """Somebody corrects the AppID while a worker asks about the wrong one."""
    put(wiring, account_id, app_id="wxffffffffffffffff")
    ask(wiring, town, account_id)

    class Meanwhile(Probe):
        def answers(self, address: str, token: str) -> bool:
            put(wiring, account_id, app_id=APP_ID, version=2)
            return super().answers(address, token)

    wiring.probe = Meanwhile()
    wechat_errands.run()
    assert found(wiring, account_id) == {}
    wechat_errands.run()
    assert found(wiring, account_id)["app_id"] == (True, "")


# Settings wrong in each possible way: what the administrator is told to do.
@pytest.mark.parametrize(
    ("wrong", "code", "cure"),
    [
        ("app_id", "app_id", "不认得这个 AppID"),
        ("secret", "secret", "AppSecret 不对"),
        ("whitelist", "ip_whitelist", "加上这台服务器的地址"),
        ("no secret", OwnCheck.KEYS, "还没有填"),
        ("callback", OwnCheck.CALLBACK, "防火墙"),
        ("platform away", "reachable", "连不上微信平台"),
        ("unverified", "scene_code", "没有这项权限"),
        ("day's quota", "token", "明天零点"),
    ],
)
def test_each_wrong_setting_is_found_with_its_cure(
    wiring: Wiring, town: Town, account_id: int, probe: Probe, with_platform: WeChatServer, wrong: str, code: str, cure: str
) -> None:
    if wrong == "app_id":
        put(wiring, account_id, app_id="wxffffffffffffffff")
    elif wrong == "secret":
        with_platform.account.secret = "e" * 32
    elif wrong == "whitelist":
        with_platform.account.whitelisted = False
    elif wrong == "no secret":
        put(wiring, account_id, secret_cipher=None)
    elif wrong == "callback":
        probe.answer = False
    elif wrong == "platform away":
        with_platform.world.faults.order("", Fault.HTML, times=50)
    elif wrong == "unverified":
        with_platform.account.rights = with_platform.account.rights - {"scene"}
    else:
        with_platform.world.faults.order("/cgi-bin/stable_token", Fault.ERROR, times=50, code=45009)
    ok, detail = checked(wiring, town, account_id)[code]
    assert not ok
    assert cure in finding_words(code, ok=ok, detail=detail)[1]


@pytest.mark.parametrize("kind", [AccountKind.PARTNER, AccountKind.NONE])
def test_an_account_that_isn_t_ours_is_checked_without_asking_the_platform(
    wiring: Wiring, town: Town, account_id: int, probe: Probe, with_platform: WeChatServer, kind: AccountKind
) -> None:
    put(wiring, account_id, kind=kind)
    asked = sum(with_platform.world.asked.values())
    assert set(checked(wiring, town, account_id)) == {OwnCheck.HTTPS, OwnCheck.ICP}
    assert sum(with_platform.world.asked.values()) == asked
    assert probe.asked == []


def test_a_subscription_account_isn_t_told_what_only_a_service_account_can(wiring: Wiring, town: Town, account_id: int) -> None:
    put(wiring, account_id, kind=AccountKind.SUBSCRIPTION)
    seen = checked(wiring, town, account_id)
    assert {"scene_code", "template_message", OwnCheck.TEMPLATES}.isdisjoint(seen)
    assert "customer_message" in seen


def test_a_check_is_done_once_and_again_only_when_asked_again(
    wiring: Wiring, town: Town, account_id: int, probe: Probe, clock: TestClock
) -> None:
    checked(wiring, town, account_id)
    clock.forward(minutes=1)
    wechat_errands.run()
    assert len(probe.asked) == 1
    checked(wiring, town, account_id)
    assert len(probe.asked) == 2


def test_the_probe_asks_as_the_platform_does(wiring: Wiring) -> None:
    """Nobody listens there, and what listens isn't ours: both are no, neither raises."""
    probe = HttpCallbackProbe(wiring.clock)
    assert not probe.answers("http://127.0.0.1:9/wechat/key", "token")
    assert not probe.answers("not an address", "token")


# --- menus -----------------------------------------------------------------------------------------------------------------------------


def ask_menu(wiring: Wiring, town: Town, account_id: int) -> None:
    with wiring.sessions.begin() as session:
        version = session.get_one(WeChatAccount, account_id).version
        set_menu(
            session,
            actor=actor(session, town.li_id),
            account_id=account_id,
            version=version,
            buttons=[("我要反映", "/"), ("查回执", "/r")],
            at=wiring.clock.now(),
        )


def test_a_menu_is_sent_with_whole_addresses(wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer) -> None:
    ask_menu(wiring, town, account_id)
    wechat_errands.run()
    assert with_platform.account.menu == [
        {"type": "view", "name": "我要反映", "url": "https://zhibao.example/"},
        {"type": "view", "name": "查回执", "url": "https://zhibao.example/r"},
    ]
    assert found(wiring, account_id)[OwnCheck.MENU] == (True, "")
    with wiring.sessions() as session:
        assert session.get_one(WeChatAccount, account_id).menu_asked_at is None


def test_a_menu_that_is_refused_says_why_and_isn_t_tried_forever(
    wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer
) -> None:
    with_platform.account.rights = with_platform.account.rights - {"menu"}
    ask_menu(wiring, town, account_id)
    wechat_errands.run()
    ok, detail = found(wiring, account_id)[OwnCheck.MENU]
    assert (ok, detail) == (False, "48001")
    with wiring.sessions() as session:
        assert session.get_one(WeChatAccount, account_id).menu_asked_at is None


def test_a_slow_platform_is_tried_again_until_somebody_must_be_told(
    wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer, clock: TestClock
) -> None:
    ask_menu(wiring, town, account_id)
    with_platform.world.faults.order("", Fault.STATUS, times=200, code=503)
    wechat_errands.run()
    assert OwnCheck.MENU not in found(wiring, account_id)
    clock.forward(minutes=11)
    wechat_errands.run()
    ok, detail = found(wiring, account_id)[OwnCheck.MENU]
    assert not ok
    assert "一直没有回应" in finding_words(OwnCheck.MENU, ok=ok, detail=detail)[1]


def test_what_came_of_the_menu_outlives_a_check(wiring: Wiring, town: Town, account_id: int) -> None:
    ask_menu(wiring, town, account_id)
    wechat_errands.run()
    assert OwnCheck.MENU in checked(wiring, town, account_id)


# --- scene codes -----------------------------------------------------------------------------------------------------------------------


def point_id(wiring: Wiring, town: Town) -> int:
    with wiring.sessions() as session:
        return session.query(IntakePoint).filter_by(code=town.longchi_code).one().id


def ask_code(wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        ask_scene(session, actor=actor(session, town.li_id), point_id=point_id(wiring, town), at=wiring.clock.now())


def the_scene(wiring: Wiring) -> WeChatScene:
    with wiring.sessions() as session:
        return session.query(WeChatScene).one()


def test_a_code_is_made_and_leads_to_its_point(wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer) -> None:
    ask_code(wiring, town)
    wechat_errands.run()
    scene = the_scene(wiring)
    assert scene.state is SceneState.MADE
    assert scene.address.startswith("http")
    assert scene.scene in with_platform.account.scenes
    with wiring.sessions() as session:
        point = point_by_scene(session, scene.scene, account=ORIGINAL_ID)
        assert point is not None
        assert point.code == town.longchi_code
        # Of another account it says nothing; what was written down at the point still counts.
        assert point_by_scene(session, scene.scene, account="gh_ffffffffffff") is None
        assert point_by_scene(session, f"scene-{town.ziwei_code}", account=ORIGINAL_ID) is not None
        steps = session.query(HistoryEntry).filter_by(noun="scene_code").order_by(HistoryEntry.id).all()
        assert [step.to_state for step in steps] == ["asked", "made"]


def test_asking_twice_is_asking_once(wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer) -> None:
    ask_code(wiring, town)
    ask_code(wiring, town)
    wechat_errands.run()
    wechat_errands.run()
    ask_code(wiring, town)
    assert the_scene(wiring).state is SceneState.MADE
    assert len(with_platform.account.scenes) == 1


def test_two_workers_at_once_make_one_code(wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer) -> None:
    ask_code(wiring, town)
    with wiring.sessions() as session:
        (errand,) = scenes_waiting(session, vault=wiring.vault, after=0, limit=5)
    wechat_errands.run()
    with wiring.sessions.begin() as session:
        note_scene(session, scene_id=errand.id, refused="45029", at=wiring.clock.now())
    assert the_scene(wiring).state is SceneState.MADE


def test_a_refused_code_says_why_and_may_be_asked_for_again(
    wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer
) -> None:
    with_platform.account.scene_limit = 0
    ask_code(wiring, town)
    wechat_errands.run()
    scene = the_scene(wiring)
    assert (scene.state, scene.refused_because) == (SceneState.FAILED, "45029")
    with_platform.account.scene_limit = 100
    ask_code(wiring, town)
    wechat_errands.run()
    assert the_scene(wiring).state is SceneState.MADE
    assert the_scene(wiring).scene == scene.scene


def test_a_wrong_secret_is_told_at_once_instead_of_tried_for_long(
    wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer
) -> None:
    with_platform.account.secret = "e" * 32
    ask_code(wiring, town)
    wechat_errands.run()
    assert the_scene(wiring).state is SceneState.FAILED
    assert the_scene(wiring).refused_because == "40125"


def test_a_code_for_which_the_platform_has_no_answer_waits_and_then_gives_up(
    wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer, clock: TestClock
) -> None:
    with_platform.world.faults.order("qrcode/create", Fault.STATUS, times=200, code=502)
    ask_code(wiring, town)
    wechat_errands.run()
    assert the_scene(wiring).state is SceneState.ASKED
    clock.forward(minutes=11)
    wechat_errands.run()
    assert the_scene(wiring).state is SceneState.FAILED


# --- tickets, and one account's trouble --------------------------------------------------------------------------------------------------


def test_accounts_with_the_js_sdk_have_a_ticket(wiring: Wiring, town: Town, account_id: int, clock: TestClock) -> None:
    wechat_errands.run()
    assert wiring.wechat.ticket(WeChatKeys(ORIGINAL_ID, APP_ID, "")) is not None


def test_one_account_s_wrong_keys_don_t_stop_the_others(wiring: Wiring, town: Town, account_id: int, with_platform: WeChatServer) -> None:
    with wiring.sessions.begin() as session:
        make_account(
            session, wiring.vault, area_id=town.street_id, original_id="gh_bbbbbbbbbbbb", app_id="wxffffffffffffffff", callback_key="other"
        )
    ask_menu(wiring, town, account_id)
    wechat_errands.run()
    assert found(wiring, account_id)[OwnCheck.MENU][0]


def test_many_codes_are_made_within_the_job_s_time_or_by_the_next(
    wiring: Wiring, town: Town, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_code(wiring, town)
    monkeypatch.setattr(wechat_errands, "SECONDS", -1.0)
    queue = NullJobQueue()
    wiring.queue = queue
    wechat_errands.run()
    assert Wake.WECHAT in queue.woken
