"""What the chat page asks: who holds the phone, what was said so far, and to do something; on `/chat/…` of the simulated platform."""

import base64
import io
import itertools
import json
import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from PIL import Image, ImageDraw

from tests.wechat_platform.calls import Asked, File
from tests.wechat_platform.platform import CallbackError, Platform
from tests.wechat_platform.world import Account, Sent, World

PAGES = {
    "/chat": ("index.html", "text/html; charset=utf-8"),
    "/chat/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/chat/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
}
PLACE = (31.300512, 120.585316, "幸福路 12 号")
LINK = ("昨晚 11 点还在施工", "https://example.com/night-work")
AMR_FRAME = 32
"""Bytes of 20 ms at 12.2 kbit/s, the first of them the frame's header."""


@dataclass(frozen=True)
class Line:
    """One thing on the screen."""

    id: int
    sender: str
    """me, them or note."""
    kind: str = "text"
    text: str = ""
    title: str = ""
    url: str = ""
    image: str = ""
    fields: tuple[tuple[str, str], ...] = ()


class Phones:
    """The telephones of the demo's residents; `facts_file` is written by the demo and read again at every request, since it grows."""

    def __init__(self, world: World, facts_file: Path) -> None:
        self._world = world
        self._file = facts_file
        self._lock = threading.Lock()
        self._talks: dict[str, list[Line]] = {}
        self._taken: dict[str, int] = {}
        self._ids = itertools.count(1)
        self._sender: Platform | None = None

    def answer(self, asked: Asked) -> File:
        """One request of the page."""
        if asked.path in PAGES:
            name, media_type = PAGES[asked.path]
            return File(media_type, Path(__file__).with_name(name).read_bytes())
        facts = json.loads(self._file.read_text(encoding="utf-8"))
        if asked.path == "/chat/people":
            return _json({"people": facts["people"]})
        if asked.path == "/chat/open":
            return self._open(facts, asked.query.get("openid", ""), asked.query.get("to", ""))
        account = self._account(facts)
        if asked.path == "/chat/state":
            return _json(self._state(facts, account, asked.query.get("openid", ""), int(asked.query.get("after", "0"))))
        if asked.path == "/chat/act" and asked.method == "POST":
            wanted = asked.json()
            self._act(facts, account, str(wanted.pop("openid")), str(wanted.pop("do")), wanted)
            return _json({})
        return File("text/plain", b"", status=404)

    def _account(self, facts: Mapping[str, Any]) -> Account:
        known = facts["account"]
        with self._world.lock:
            return self._world.accounts.get(known["app_id"]) or self._world.open_account(
                app_id=known["app_id"], secret=known["secret"], original_id=known["original_id"]
            )

    def _state(self, facts: Mapping[str, Any], account: Account, openid: str, after: int) -> dict[str, Any]:
        with self._lock:
            talk = self._talks.setdefault(openid, [])
            sent = self._world.sent(openid)
            for one in sent[self._taken.get(openid, 0) :]:
                talk.append(self._arrived(account, one))
            self._taken[openid] = len(sent)
            new = [line for line in talk if line.id > after]
        with self._world.lock:
            following = account.people.known(openid).following
            buttons = account.menu or []
        return {
            "openid": openid,
            "account": facts["name"],
            "following": following,
            "people": facts["people"],
            "codes": [{"name": name, "scene": scene} for name, scene in facts["codes"]],
            "menu": [{"name": one.get("name", ""), "url": one.get("url", ""), "key": one.get("key", "")} for one in buttons]
            if following
            else [],
            "messages": [{**asdict(line), "from": line.sender} for line in new],
        }

    def _arrived(self, account: Account, one: Sent) -> Line:
        if one.kind == "text":
            return Line(next(self._ids), "them", text=one.words)
        title = account.templates[one.template_id].title
        return Line(next(self._ids), "them", "card", title=title, url=one.link, fields=tuple(one.fields.items()))

    def _act(self, facts: Mapping[str, Any], account: Account, openid: str, does: str, wanted: Mapping[str, Any]) -> None:
        platform = self._platform(facts, account)
        with self._world.lock:
            following = account.people.known(openid).following
        if not following and does not in {"scan", "unfollow"}:
            self._note(openid, "还没有关注这个公众号。点“扫一扫”，选一张海报。")
            return
        try:
            reply = self._do(platform, openid, does, wanted, following=following)
        except (CallbackError, OSError):
            self._note(openid, "该公众号提供的服务出现故障，请稍后再试")
            return
        if reply:
            self._say(openid, Line(next(self._ids), "them", text=reply))

    def _platform(self, facts: Mapping[str, Any], account: Account) -> Platform:
        """The sending side: one for good, since it numbers the messages."""
        known = facts["account"]
        with self._lock:
            if self._sender is None:
                self._sender = Platform(
                    facts["site"],
                    known["token"],
                    known["app_id"],
                    known["aes_key"],
                    path=f"/wechat/{known['callback_key']}",
                    account=known["original_id"],
                    seconds=self._world.now,
                    simulated=account,
                    insists=True,
                )
            return self._sender

    def _do(self, platform: Platform, openid: str, does: str, wanted: Mapping[str, Any], *, following: bool) -> str:
        """What the account answered at once."""
        if does == "scan":
            self._note(openid, "扫了一张海报" if following else "扫了一张海报，关注了公众号")
            scene = str(wanted["scene"])
            return platform.scan(openid, scene) if following else platform.follow(openid, scene)
        if does == "unfollow":
            self._note(openid, "取消了关注")
            platform.unfollow(openid)
            return ""
        if does == "menu":
            return platform.tap(openid, str(wanted["key"]))
        words = str(wanted.get("words", ""))
        picture = _picture() if does == "image" else b""
        shown = {"image": "照片", "voice": "语音 3″", "location": f"位置：{PLACE[2]}", "link": f"链接：{LINK[0]}"}.get(does, words)
        data = "data:image/jpeg;base64," + base64.b64encode(picture).decode() if picture else ""
        self._say(openid, Line(next(self._ids), "me", text=shown, image=data))
        return {
            "image": lambda: platform.image(openid, picture),
            "voice": lambda: platform.voice(openid, _voice()),
            "location": lambda: platform.location(openid, *PLACE),
            "link": lambda: platform.link(openid, *LINK),
            "text": lambda: platform.text(openid, words),
        }[does]()

    def _open(self, facts: Mapping[str, Any], openid: str, address: str) -> File:
        """Open a page as WeChat's own browser would: known to our site by the silent authorisation, other sites as they are."""
        site = str(facts["site"])
        if not address.startswith(("http://", "https://")) or not any(openid == known for known, _ in facts["people"]):
            return File("text/plain; charset=utf-8", "没有这个地址。".encode(), status=400)
        if address == site or address.startswith(f"{site}/"):
            parts = urlsplit(address)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            address = f"{site}/wechat/{facts['account']['callback_key']}/enter?next={quote(path, safe='')}"
            account = self._account(facts)
            with self._world.lock:
                account.visitor = openid
        return File("text/plain", b"", status=302, location=address)

    def _note(self, openid: str, words: str) -> None:
        self._say(openid, Line(next(self._ids), "note", text=words))

    def _say(self, openid: str, line: Line) -> None:
        with self._lock:
            self._talks.setdefault(openid, []).append(line)


def _json(facts: Mapping[str, Any]) -> File:
    return File("application/json; charset=utf-8", json.dumps(facts, ensure_ascii=False).encode())


def _picture() -> bytes:
    """A street at night with a dark lamp, drawn, with the place in its EXIF data as a telephone would put it there."""
    picture = Image.new("RGB", (1200, 900), "#24303f")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 640, 1200, 900), fill="#3b3f46")
    draw.polygon([(480, 640), (720, 640), (980, 900), (220, 900)], fill="#4a4e55")
    for x, lit in ((220, True), (600, False), (960, True)):
        draw.rectangle((x - 8, 260, x + 8, 640), fill="#7d8289")
        draw.ellipse((x - 34, 220, x + 34, 288), fill="#ffe9a8" if lit else "#565b62")
    draw.ellipse((860, 60, 960, 160), fill="#e8e6dc")
    exif = Image.Exif()
    exif[0x010F] = "Demo Phone"
    exif[0x8825] = {1: "N", 2: (31.0, 18.0, 1.8), 3: "E", 4: (120.0, 35.0, 7.1)}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, exif=exif)
    return out.getvalue()


def _voice(seconds: float = 3.0) -> bytes:
    """A sound in WeChat's format (AMR, 12.2 kbit/s): noise rather than words, since nobody is recorded here."""
    chance = random.Random(7)
    frames = (bytes([0x3C]) + chance.randbytes(AMR_FRAME - 1) for _ in range(int(seconds * 50)))
    return b"#!AMR\n" + b"".join(frames)
