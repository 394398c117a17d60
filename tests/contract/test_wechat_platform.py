"""The simulated platform itself: that it is as strict as the real one, and that another process can play with it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener
from xml.etree import ElementTree as ET

import pytest

from tests.factories.wechat import APP_ID, SECRET
from tests.wechat_platform.calls import File
from tests.wechat_platform.codes import Refused
from tests.wechat_platform.people import LONG
from tests.wechat_platform.platform import CallbackError, Platform
from tests.wechat_platform.server import WeChatServer, wait_until_up
from tests.wechat_platform.templates import Template, check_fields

AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
HERE = Path(__file__).parents[2]


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with build_opener(ProxyHandler({})).open(Request(url, data), timeout=60) as answer:
        return json.loads(answer.read())


def common(server: WeChatServer) -> str:
    keys = f"grant_type=client_credential&appid={APP_ID}&secret={SECRET}"
    return str(ask(f"{server.url}/cgi-bin/token?{keys}")["access_token"])


def stable(server: WeChatServer, *, force: bool = False) -> dict[str, Any]:
    body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": force}
    answer: dict[str, Any] = ask(f"{server.url}/cgi-bin/stable_token", body)
    return answer


def works(server: WeChatServer, token: str) -> int:
    return int(ask(f"{server.url}/cgi-bin/ticket/getticket?access_token={token}&type=jsapi").get("errcode", 0))


# --- tokens ----------------------------------------------------------------------------------------------------------------------------


def test_a_common_token_withdraws_the_last_one_and_leaves_the_stable_one(wechat_server: WeChatServer) -> None:
    kept, first, second = stable(wechat_server)["access_token"], common(wechat_server), common(wechat_server)

    assert [works(wechat_server, token) for token in (first, second, kept)] == [40001, 0, 0]


def test_a_stable_token_stays_until_it_is_forced_or_nearly_over(wechat_server: WeChatServer) -> None:
    first = stable(wechat_server)["access_token"]
    assert stable(wechat_server)["access_token"] == first
    assert stable(wechat_server, force=True)["access_token"] != first
    assert works(wechat_server, first) == 40001

    second = stable(wechat_server)["access_token"]
    wechat_server.world.forward(minutes=116)
    third = stable(wechat_server)["access_token"]
    assert third != second
    assert works(wechat_server, second) == works(wechat_server, third) == 0
    wechat_server.world.forward(minutes=5)
    assert works(wechat_server, second) in {40001, 42001}


def test_forcing_twice_in_30_seconds_does_nothing_and_twenty_times_is_a_days(wechat_server: WeChatServer) -> None:
    first = stable(wechat_server, force=True)["access_token"]
    assert stable(wechat_server, force=True)["access_token"] == first
    for _ in range(19):
        wechat_server.world.forward(seconds=31)
        stable(wechat_server, force=True)
    wechat_server.world.forward(seconds=31)
    assert stable(wechat_server, force=True)["errcode"] == 45009


def test_a_call_needs_a_token_of_its_own_account(wechat_server: WeChatServer) -> None:
    wechat_server.world.open_account(app_id="wxfedcba9876543210", secret="o" * 32, original_id="gh_1")
    token = common(wechat_server)
    ask(f"{wechat_server.url}/cgi-bin/qrcode/create?access_token={token}", {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {}})
    assert wechat_server.account.scenes == {}
    assert works(wechat_server, "") == 41001
    assert works(wechat_server, "guessed") == 40001


# --- fields ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("thing1", "路灯（幸福里 3 号楼）", "一" * 21),
        ("number2", "-12.5", "十二"),
        ("letter3", "ABC", "A1"),
        ("symbol4", "!?", "a"),
        ("character_string5", "LC-0001", "编号"),
        ("time6", "09:05", "9点"),
        ("time6", "2026年11月3日 09:05~2026年11月3日 10:00", "2026年11月"),
        ("date7", "2026-11-03", "11-03"),
        ("amount8", "¥12.50元", "很多"),
        ("phone_number9", "+86-0766-66888866", "电话见公告"),
        ("car_number10", "粤A8Z888挂", "粤A 8Z888"),
        ("name11", "王阿姨", "王" * 11),
        ("phrase12", "已处理", "已处理完毕了"),
        ("keyword1", "旧模板的一句话，长一点也行", ""),
    ],
)
def test_each_kind_of_field_has_its_rule(name: str, good: str, bad: str) -> None:
    template = Template("T", "t", (name,))
    assert check_fields(template, {name: {"value": good}}) == {name: good}
    with pytest.raises(Refused, match="47003"):
        check_fields(template, {name: {"value": bad}})
    with pytest.raises(Refused, match="47003"):
        check_fields(template, {})


# --- from another process --------------------------------------------------------------------------------------------------------------


def test_another_process_plays_through_the_back_door(wechat_server: WeChatServer) -> None:
    url = wechat_server.url
    ask(f"{url}/__people", {"openid": AUNT, "does": "write"})
    ask(f"{url}/__people", {"openid": AUNT, "does": "subscribe", "template_id": "LONG-progress", "notices": LONG})
    assert wechat_server.account.people.known(AUNT).subscriptions == {"LONG-progress": LONG}
    ask(f"{url}/__faults", {"path": "custom/send", "fault": "error", "code": -1})
    send = f"{url}/cgi-bin/message/custom/send?access_token={common(wechat_server)}"
    words = {"touser": AUNT, "msgtype": "text", "text": {"content": "收到了"}}
    assert [ask(send, words)["errcode"] for _ in range(2)] == [-1, 0]
    assert [one["words"] for one in ask(f"{url}/__sent?openid={AUNT}")] == ["收到了"]
    assert ask(f"{url}/__sent?openid=nobody") == []
    before = ask(f"{url}/__clock")["now"]
    assert ask(f"{url}/__clock", {"hours": 2})["now"] - before >= 7200
    ask(f"{url}/__tokens", {"does": "withdraw"})
    assert ask(send, words)["errcode"] == 40001
    assert ask(f"{url}/__counts")["/cgi-bin/message/custom/send"]["asked"] == 2
    ask(f"{url}/__reset", {})
    assert ask(f"{url}/__sent") == []


def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "tests.wechat_platform"], cwd=HERE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        url = said.readline().split()[-1]
        wait_until_up(url)
        assert ask(f"{url}/__sent") == []
        process.terminate()
        assert process.wait(60) == 0


def test_a_callback_that_does_not_shake_hands_is_said_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.wechat_platform", "--callback", "http://127.0.0.1:9/wechat/x"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "no handshake with http://127.0.0.1:9/wechat/x" in done.stderr


def test_pages_of_others_can_be_added(wechat_server: WeChatServer) -> None:
    wechat_server.views["/chat"] = lambda asked: File("application/json", json.dumps(asked.path).encode())
    try:
        assert ask(f"{wechat_server.url}/chat/state") == "/chat/state"
    finally:
        del wechat_server.views["/chat"]


# --- the sending side ------------------------------------------------------------------------------------------------------------------


class Callback(BaseHTTPRequestHandler):
    """Keeps what it was sent; answers with the next of `answers`, or the empty body."""

    got: list[dict[str, Any]]
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(_fields(ET.fromstring(body)))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 – the base class's name
        """Keep quiet."""


def _fields(element: ET.Element) -> dict[str, Any]:
    return {child.tag: _fields(child) if len(child) else child.text or "" for child in element}


@pytest.fixture
def callback() -> Iterator[tuple[str, type[Callback]]]:
    handler = type("OneCallback", (Callback,), {"got": [], "answers": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


@pytest.fixture
def side(wechat_server: WeChatServer, callback: tuple[str, type[Callback]]) -> Platform:
    return wechat_server.sends_to(callback[0], aes_key=None)


def latest(callback: tuple[str, type[Callback]]) -> dict[str, Any]:
    return callback[1].got[-1]


# What the platform sends has the documented fields, and the receiving side knows what may be said afterwards.
def test_every_kind_of_message_has_its_fields(side: Platform, callback: tuple[str, type[Callback]], wechat_server: WeChatServer) -> None:
    side.image(AUNT, b"picture")
    assert latest(callback)["MsgType"] == "image"
    assert wechat_server.account.media[latest(callback)["MediaId"]].content == b"picture"
    side.voice(AUNT, heard="路灯坏了。")
    assert (latest(callback)["MsgType"], latest(callback)["Format"], latest(callback)["Recognition"]) == ("voice", "amr", "路灯坏了。")
    side.voice(AUNT)
    assert "Recognition" not in latest(callback)
    side.location(AUNT, 30.25, 120.1666667, "幸福里 3 号楼")
    assert (latest(callback)["Location_X"], latest(callback)["Location_Y"]) == ("30.250000", "120.166667")
    side.link(AUNT, "业主群公告", "https://example.com/a?b=1&c=2")
    assert latest(callback)["Url"] == "https://example.com/a?b=1&c=2"
    assert len({message["MsgId"] for message in callback[1].got}) == 5
    assert wechat_server.account.people.known(AUNT).wrote_at is not None


def test_every_kind_of_event_has_its_fields(side: Platform, callback: tuple[str, type[Callback]]) -> None:
    side.tap(AUNT, "mine")
    assert (latest(callback)["Event"], latest(callback)["EventKey"]) == ("CLICK", "mine")
    side.open_from_menu(AUNT, "https://zhibao.example/")
    assert (latest(callback)["Event"], latest(callback)["EventKey"]) == ("VIEW", "https://zhibao.example/")
    side.template_arrived(AUNT, 12, "failed:user block")
    assert (latest(callback)["Event"], latest(callback)["MsgID"], latest(callback)["Status"]) == (
        *("TEMPLATESENDJOBFINISH", "12", "failed:user block"),
    )
    side.subscription_arrived(AUNT, 13, "ONCE-progress")
    assert latest(callback)["SubscribeMsgSentEvent"]["List"]["ErrorCode"] == "0"
    side.subscribe(AUNT, "ONCE-progress")
    assert latest(callback)["SubscribeMsgPopupEvent"]["List"] == {
        "TemplateId": "ONCE-progress",
        "SubscribeStatusString": "accept",
        "PopupScene": "1",
    }
    side.unsubscribe(AUNT, "ONCE-progress")
    assert latest(callback)["SubscribeMsgChangeEvent"]["List"]["SubscribeStatusString"] == "reject"
    assert all("MsgId" not in message for message in callback[1].got)


def test_what_people_do_here_decides_what_may_be_said_there(side: Platform, wechat_server: WeChatServer) -> None:
    people = wechat_server.account.people
    side.follow(AUNT, "scene-1")
    assert (people.known(AUNT).following, people.known(AUNT).wrote_at) == (True, None)
    for _ in range(3):
        people.spend_reply(AUNT)
    with pytest.raises(Refused, match="45047"):
        people.spend_reply(AUNT)
    side.open_from_menu(AUNT, "https://zhibao.example/")
    with pytest.raises(Refused, match="45047"):
        people.spend_reply(AUNT)
    side.scan(AUNT, "scene-1")
    people.spend_reply(AUNT)
    side.text(AUNT, "路灯坏了")
    people.spend_reply(AUNT)
    side.subscribe(AUNT, "LONG-progress", long=True)
    people.spend_notice(AUNT, "LONG-progress")
    side.unsubscribe(AUNT, "LONG-progress")
    with pytest.raises(Refused, match="43101"):
        people.spend_notice(AUNT, "LONG-progress")
    side.subscribe(AUNT, "ONCE-progress", accept=False)
    with pytest.raises(Refused, match="43101"):
        people.spend_notice(AUNT, "ONCE-progress")
    side.unfollow(AUNT)
    with pytest.raises(Refused, match="45015"):
        people.spend_reply(AUNT)


def test_it_insists_three_times_with_the_same_message(side: Platform, callback: tuple[str, type[Callback]]) -> None:
    side.insists = True
    callback[1].answers.extend([500, 500])
    side.text(AUNT, "路灯坏了")
    assert len(callback[1].got) == 3
    assert len({message["MsgId"] for message in callback[1].got}) == 1

    callback[1].answers.extend([500, 500, 500])
    with pytest.raises(CallbackError, match="500"):
        side.text(AUNT, "路灯坏了")


def test_it_does_not_insist_unless_asked(side: Platform, callback: tuple[str, type[Callback]]) -> None:
    callback[1].answers.append(500)
    with pytest.raises(CallbackError, match="500"):
        side.text(AUNT, "路灯坏了")
    assert len(callback[1].got) == 1
