"""`make screenshots`: every page of a demo district, on a phone and at a desk, in light, dark and care mode, for a person to look at.

Writes `var/screenshots/<page>-<size>-<mode>.png`, sheets of all pages for each size and mode, and the pictures of the README's tour into
`docs/pictures/`. Takes about two minutes. Exit 1 when a page answers what it shouldn't or its script fails. `ARGS="--page card"` takes some.
"""

import argparse
import io
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from werkzeug.exceptions import HTTPException

from bench.stage import Stage, chromium, staged
from intake.app import create_app
from intake.cli.district_seed import PASSWORD

ROOT = Path(__file__).parent.parent
OUT = ROOT / "var" / "screenshots"
TOUR_OUT = ROOT / "docs" / "pictures"
TOUR_BYTES = 120_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--hide-scrollbars"]
SENTENCE = "幸福里3号楼楼道灯坏了快一个月，晚上老人下楼看不见。"
NO_PAGES = {
    "static", "public.alive", "public.ready", "public.robots", "public.sitemap", "public.feed", "public.feed_of_area", "public.card",
    "public.photo", "public.open_file", "wechat.handshake", "wechat.enter", "wechat.come_back", "wechat.js_config",
}  # fmt: skip
"""GET routes with nothing to look at."""

Get = Callable[[str], str]
"""A page's HTML as the person sees it."""
Find = Callable[[Stage, Get], str | None]
"""Where a page is; None when the district has nothing of the kind."""
Prepare = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Look:
    """One page: where it is, who opens it, and what is done before the picture."""

    name: str
    path: str | Find
    login: str = ""
    status: int = 200
    prepare: Prepare | None = None
    english: bool = False
    """Also in English."""


@dataclass(frozen=True, slots=True)
class Size:
    """A screen."""

    name: str
    width: int
    height: int
    options: dict[str, Any]
    columns: int
    """Of the sheet."""
    tile: int
    """Width of a page on the sheet."""
    on_sheet: int
    """Pages at most; the next sheets are called -2, -3."""


PHONE = Size("360x740", 360, 740, {"is_mobile": True, "has_touch": True}, columns=6, tile=270, on_sheet=12)
DESK = Size("1440x900", 1440, 900, {}, columns=3, tile=640, on_sheet=9)
MODES = ("light", "dark", "care", "en")


def by(find: Callable[[Stage], str], *, then: str = "") -> Find:
    """An address the stage knows."""

    def where(stage: Stage, _get: Get) -> str | None:
        try:
            return find(stage) + then
        except ValueError:  # of nothing there is no latest
            return None

    return where


def linked(page: str, pattern: str, *, then: str = "") -> Find:
    """The first address on `page` that is all of `pattern`, and `then` behind it."""

    def where(_stage: Stage, get: Get) -> str | None:
        found = re.search(rf'href="({pattern})["?]', get(page))
        return found.group(1) + then if found else None

    return where


def sent(page: Page) -> None:
    """Send the page's form as it is."""
    with page.expect_navigation():
        page.locator('main form[method="post"]').first.evaluate("one => one.submit()")


def written(page: Page) -> None:
    """Write a sentence."""
    page.fill("#text", SENTENCE)


PAGES: tuple[Look, ...] = (
    Look("home", "/", english=True),
    Look("community", by(Stage.community), english=True),
    Look("public-topic", linked("/", r"/t/[\w-]+")),
    Look("search", "/search?q=路灯", english=True),
    Look("search-nothing", "/search?q=飞船"),
    Look("cases", "/cases", english=True),
    Look("map", "/map", english=True),
    Look("open-data", "/open-data", english=True),
    Look("endorse", linked("/", r"/t/[\w-]+", then="/endorse")),
    Look("similar", by(Stage.form, then="/similar?q=路灯不亮")),
    Look("form", by(Stage.form), english=True),
    Look("form-written", by(Stage.form), prepare=written),
    Look("form-refused", by(Stage.form), prepare=sent),
    Look("receipt-new", by(Stage.fresh_receipt, then="?new=1"), english=True),
    Look("receipt", by(Stage.telling_receipt), english=True),
    Look("withdraw", by(Stage.fresh_receipt, then="/withdraw")),
    Look("find", "/r"),
    Look("privacy", "/privacy"),
    Look("api", "/api"),
    Look("own-items-elsewhere", "/mine"),
    Look("bind-link-over", "/bind/over", status=404),
    Look("wechat-sign-in", "/sign-in/wechat"),
    Look("sign-in", "/sign-in", english=True),
    Look("not-found", "/nowhere", status=404),
    Look("queue", "/m", "zhou", english=True),
    Look("card", "/m/next", "zhou", english=True),
    Look("kept", "/m/kept", "zhou"),
    Look("passing", linked("/m", r"/m/cards/\d+", then="/pass"), "zhou"),
    Look("hands", "/m/hands", "convenor", english=True),
    Look("hands-of-one", linked("/m/hands", r"/m/hands/[1-9]\d*"), "convenor"),
    Look("member-search", "/m/search?q=电梯", "zhou", english=True),
    Look("together", linked("/m/next", r"/m/together/\d+"), "zhou"),
    Look("topics", "/m/topics", "zhou"),
    Look("topic", linked("/m/topics", r"/m/topics/\d+"), "zhou"),
    Look("member-referrals", "/m/referrals?part=open", "zhou", english=True),
    Look("member-referral", linked("/m/referrals?part=ended", r"/m/referrals/\d+"), "zhou"),
    Look("forbidden", "/d", "zhou", status=403),
    Look("convenor", "/m", "convenor"),
    Look("desk", "/d", "staff", english=True),
    Look("board", "/d/topics", "staff", english=True),
    Look("screening", linked("/d/topics", r"/d/topics/\d+"), "staff", english=True),
    Look("submission", lambda _stage, get: _submission(get), "staff"),
    Look("lineage", linked("/d/topics", r"/d/topics/\d+", then="/lineage"), "staff"),
    Look("proposals", "/d/proposals", "staff", english=True),
    Look("answered-proposals", "/d/proposals?show=decided", "staff"),
    Look("split", linked("/d/topics", r"/d/topics/\d+", then="/split"), "staff"),
    Look("new-class", "/d/classes/new", "staff"),
    Look("held-back", "/d/quarantine", "staff"),
    Look("referrals", "/d/referrals", "staff", english=True),
    Look("referral-followed", linked("/d/referrals", r"/d/referrals/\d+"), "staff", english=True),
    Look("revisits", "/d/revisits", "staff"),
    Look("lists", "/d/lists", "staff"),
    Look("new-list", "/d/lists/new", "staff", english=True),
    Look("imports", "/d/imports", "staff", english=True),
    Look("import", linked("/d/imports", r"/d/imports/\d+"), "staff", english=True),
    Look("imported-rows", linked("/d/imports", r"/d/imports/1", then="/rows?show=all"), "staff", english=True),
    Look("approvals", "/d/approvals", "staff", english=True),
    Look("approval-steps", "/d/approvals/chain/plan", "staff"),
    Look("upward-reports", "/d/upward", "staff"),
    Look("upward-report", linked("/d/upward", r"/d/upward/\d+"), "staff", english=True),
    Look("bulletins", "/d/bulletins", "staff", english=True),
    Look("new-bulletin", "/d/bulletins/new", "staff"),
    Look("bulletin", linked("/d/bulletins?state=sent", r"/d/bulletins/\d+"), "staff", english=True),
    Look("bulletin-edit", linked("/d/bulletins?state=drafted", r"/d/bulletins/\d+", then="/edit"), "staff"),
    Look("conversions", "/d/conversions", "staff", english=True),
    Look("new-conversion", "/d/conversions/new", "staff"),
    Look("conversion", linked("/d/conversions", r"/d/conversions/\d+"), "staff"),
    Look("instructions", "/d/instructions", "staff"),
    Look("new-instruction", "/d/instructions/new", "staff"),
    Look("figures", "/d/figures", "staff", english=True),
    Look("dashboard", "/d/dashboard", "staff", english=True),
    Look("city", "/city", "city", english=True),
    Look("notices", "/d/notices?which=board", "staff", english=True),
    Look("not-solved", "/d/reviews", "staff", english=True),
    Look("decline-checks", "/d/checks", "staff"),
    Look("idle-topics", "/d/idle", "staff"),
    Look("alarms", "/alarms", "duty", english=True),
    Look("reminders", "/account/digest", "dept"),
    Look("own-wechat", "/account/wechat", "zhou", english=True),
    Look("notice-board", "/worker/sheet", "worker", english=True),
    Look("reprint", "/worker/receipt", "worker"),
    Look("file-for-somebody", "/worker/file", "worker", english=True),
    Look("filed", "/worker/filed", "worker"),
    Look("slips", "/worker/slips", "worker"),
    Look("member-messages", "/m/messages", "zhou"),
    Look("capture", "/m/capture", "zhou", english=True),
    Look("captures", "/m/captures", "zhou", english=True),
    Look("captured", linked("/m/captures", r"/m/captures/\d+"), "zhou"),
    Look("own-duty", "/m/duty", "zhou", english=True),
    Look("duty-of-my-areas", "/m/duty?part=all", "zhou"),
    Look("own-shift", linked("/m/duty", r"/m/duty/\d+"), "zhou"),
    Look("ledger", "/m/ledger", "zhou", english=True),
    Look("new-record", "/m/ledger/new?kind=visit", "zhou"),
    Look("record-line", linked("/m/ledger", r"/m/ledger/\d+"), "zhou"),
    Look("own-year", "/m/year", "zhou", english=True),
    Look("duty-calendar", "/d/duty", "staff", english=True),
    Look("new-shift", "/d/duty/new", "staff"),
    Look("shift", linked("/d/duty", r"/d/duty/\d+"), "staff"),
    Look("year-of-the-district", "/d/years", "staff", english=True),
    Look("own-plan", "/m/plan", "zhou", english=True),
    Look("plans", "/d/plans", "staff", english=True),
    Look("plan", linked("/d/plans", r"/d/plans/\d+"), "staff", english=True),
    Look("office", "/o", "office", english=True),
    Look("office-referral", linked("/o", r"/o/referrals/\d+"), "office", english=True),
    Look("unit", "/dept", "dept", english=True),
    Look("unit-task", linked("/dept", r"/dept/referrals/\d+"), "dept", english=True),
    Look("unit-instructions", "/dept/instructions", "dept"),
    Look("unit-contacts", linked("/dept", r"/dept/referrals/\d+", then="/contacts"), "dept"),
    Look("agreement", "/d/triage", "staff", english=True),
    Look("releases", "/d/releases", "staff", english=True),
    Look("release", linked("/d/releases", r"/d/releases/\d+"), "staff"),
    Look("new-release", "/d/releases/new", "staff"),
    Look("release-photos", linked("/d/releases?state=draft", r"/d/releases/\d+", then="/photos"), "staff"),
    Look("admin", "/start", "admin", english=True),
    Look("audit", "/d/audit", "admin", english=True),
    Look("audit-check", "/d/audit/check", "admin"),
    Look("points", "/d/points", "admin"),
    Look("point", linked("/d/points", r"/d/points/\d+"), "admin"),
    Look("new-point", "/d/points/new", "admin"),
    Look("areas", "/d/areas", "admin"),
    Look("people", "/d/people", "admin"),
    Look("person", linked("/d/people", r"/d/people/\d+"), "admin"),
    Look("invitations", "/d/people/invitations", "admin"),
    Look("invite", "/d/people/invitations/new", "admin"),
    Look("groups", "/d/groups", "staff", english=True),
    Look("group", linked("/d/groups", r"/d/groups/\d+"), "staff", english=True),
    Look("new-group", "/d/groups/new", "staff"),
    Look("group-facts", linked("/d/groups", r"/d/groups/\d+", then="/facts"), "staff"),
    Look("group-leave", lambda _stage, get: _leaving(get), "staff"),
    Look("roster", "/d/members", "staff", english=True),
    Look("roster-member", linked("/d/members", r"/d/members/\d+"), "staff"),
    Look("venues", "/d/venues", "staff", english=True),
    Look("venue", linked("/d/venues", r"/d/venues/\d+"), "staff", english=True),
    Look("new-venue", "/d/venues/new", "staff"),
    Look("venue-facts", linked("/d/venues", r"/d/venues/\d+", then="/facts"), "staff"),
    Look("venue-check", linked("/d/venues", r"/d/venues/\d+", then="/check"), "staff"),
    Look("coverage", "/d/coverage", "staff", english=True),
    Look("origins", "/d/origins", "staff", english=True),
    Look("origin", "/d/origins/new?route=party_government", "staff"),
    Look("scans", "/d/funnel", "staff", english=True),
    Look("suggest", "/worker/topics", "worker", english=True),
    Look("own-profile", "/m/profile", "zhou", english=True),
    Look("coverage-phone", "/m/coverage", "zhou", english=True),
    Look("departments", "/d/departments", "admin"),
    Look("department", linked("/d/departments", r"/d/departments/\d+"), "admin"),
    Look("settings", "/d/settings", "admin"),
    Look("api-keys", "/d/api-keys", "admin"),
    Look("wechat-accounts", "/d/wechat", "admin", english=True),
    Look("new-wechat-account", "/d/wechat/new", "admin"),
    Look("wechat-account", linked("/d/wechat", r"/d/wechat/\d+"), "admin"),
    Look("campaigns", "/d/campaigns", "staff"),
    Look("open-calls", "/d/calls", "staff"),
    Look("calls", "/calls"),
    Look("new-campaign", "/d/campaigns/new", "staff"),
    Look("no-such-link", "/c/nosuchlink", status=404),
    Look("posters", "/d/posters", "admin"),
)
"""Add a row for a page; routes without a row are named at the end of a run. Status 0: whatever comes."""

TOUR: tuple[tuple[Look, Size], ...] = (
    (Look("tour-1-form", by(Stage.form), prepare=written), PHONE),
    (Look("tour-2-card", lambda _stage, get: _joining(get), "zhou"), PHONE),
    (Look("tour-3-board", "/d/topics", "staff"), DESK),
    (Look("tour-4-receipt", by(Stage.telling_receipt)), PHONE),
)
"""The main job in four pictures."""


def _submission(get: Get) -> str | None:
    """The first one behind the first topic of the board."""
    topic = re.search(r'href="(/d/topics/\d+)["?]', get("/d/topics"))
    found = re.search(r'href="(/d/submissions/\d+)["?]', get(topic.group(1))) if topic else None
    return found.group(1) if found else None


def _leaving(get: Get) -> str | None:
    """Somebody's way out of the first group."""
    group = re.search(r'href="(/d/groups/\d+)"', get("/d/groups"))
    way = re.search(r'href="(/d/groups/\d+/members/\d+/end)"', get(group.group(1))) if group else None
    return way.group(1) if way else None


def _joining(get: Get) -> str | None:
    """A card on which the machine suggests to join a topic; any card where there is none."""
    cards = re.findall(r'href="(/m/cards/\d+)["?#]', get("/m"))
    return next((card for card in cards if "建议并入议题" in get(card)), cards[0] if cards else None)


@dataclass(slots=True)
class Studio:
    """A browser before the stage; keeps who is signed in and what went wrong."""

    stage: Stage
    browser: Browser
    whole: bool
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Paths as they stood in the address bar."""
    _signed_in: dict[str, Any] = field(default_factory=dict)

    def people(self, login: str, size: Size, mode: str) -> BrowserContext:
        """A browser of `login`'s (empty: nobody's) that likes its pages in `mode`."""
        if login and login not in self._signed_in:
            self._signed_in[login] = self._sign_in(login)
        context = self.browser.new_context(
            base_url=self.stage.url,
            viewport={"width": size.width, "height": size.height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if mode == "dark" else "light",
            reduced_motion="reduce",
            storage_state=self._signed_in.get(login),
            **size.options,
        )
        context.set_default_timeout(20_000)
        wishes = {"care": "1" if mode == "care" else "0", "lang": "en" if mode == "en" else "zh"}
        context.add_cookies([{"name": name, "value": value, "url": self.stage.url} for name, value in wishes.items()])
        return context

    def _sign_in(self, login: str) -> Any:
        context = self.browser.new_context(base_url=self.stage.url, locale="zh-CN")
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        state = context.storage_state()
        context.close()
        return state

    def find(self, look: Look) -> str | None:
        """Its address on this stage."""
        if isinstance(look.path, str):
            return look.path
        context = self.people(look.login, PHONE, "light")
        try:
            return look.path(self.stage, lambda path: context.request.get(path).text())
        finally:
            context.close()

    def take(self, context: BrowserContext, look: Look, path: str) -> bytes:
        """The picture as PNG; what is wrong with the page is noted."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{look.name}: {error}"))
        page.on("console", lambda said: self._listen(look, said.type, said.text))
        answer = page.goto(path)
        if answer is not None and look.status and answer.status != look.status:
            self.faults.append(f"{look.name}: {path} → {answer.status}, wanted {look.status}")
        if look.prepare:
            look.prepare(page)
        page.evaluate(
            "() => document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
        )
        self.seen |= {path.partition("?")[0], urlsplit(page.url).path}
        picture = page.screenshot(full_page=self.whole, animations="disabled", caret="hide")
        page.close()
        return picture

    def _listen(self, look: Look, kind: str, words: str) -> None:
        if kind == "error" and not words.startswith("Failed to load resource"):  # its status is looked at anyway
            self.faults.append(f"{look.name}: {words}")


def main() -> int:
    """Take them; exit 1 when a page is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--page", action="append", default=[], help="only pages whose name holds this word, or `tour`; may be repeated")
    parser.add_argument("--whole", action="store_true", help="the whole length of each page instead of the first screen")
    arguments = parser.parse_args()
    chosen = [look for look in PAGES if not arguments.page or any(word in look.name for word in arguments.page)]
    console, began = Console(width=120, highlight=False), time.monotonic()
    program = chromium()
    console.print("启动演示区（约 30 秒）… / starting a demo district")
    with staged(count=0) as stage, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        studio = Studio(stage, browser, whole=arguments.whole)
        console.print(f"好了（{time.monotonic() - began:.0f} 秒），开始拍 {len(chosen)} 个页面 / ready, taking {len(chosen)} pages")
        found = [(look, path) for look in chosen if (path := studio.find(look)) is not None]
        lacking = [look.name for look in chosen if look not in [one for one, _ in found]]
        if not arguments.page:
            shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True, exist_ok=True)
        for size in (PHONE, DESK):
            for mode in MODES:
                _take_all(console, studio, found, size, mode)
        if not arguments.page or "tour" in arguments.page:
            _take_tour(console, studio)
        if not arguments.page:
            unseen = _unseen(create_app(stage.wiring), studio.seen)
        browser.close()
    if lacking:
        console.print(f"演示数据里还没有 / nothing of the kind in the demo: {', '.join(lacking)}")
    if not arguments.page and unseen:
        console.print(f"没有拍的路由 / routes without a picture: {', '.join(unseen)}")
    faults = list(dict.fromkeys(studio.faults))
    for fault in faults:
        console.print(f"  ✗ {fault}", markup=False)
    console.print(f"{OUT.relative_to(ROOT)}：{len(list(OUT.glob('*.png')))} 张，{time.monotonic() - began:.0f} 秒 / pictures, seconds")
    return bool(faults)


def _take_all(console: Console, studio: Studio, found: list[tuple[Look, str]], size: Size, mode: str) -> None:
    """One size in one mode, and their sheet."""
    began = time.monotonic()
    wanted = [(look, path) for look, path in found if mode != "en" or look.english]
    pictures: dict[str, bytes] = {}
    for login in dict.fromkeys(look.login for look, _ in wanted):
        context = studio.people(login, size, mode)
        for look, path in wanted:
            if look.login == login:
                pictures[look.name] = studio.take(context, look, path)
                (OUT / f"{look.name}-{size.name}-{mode}.png").write_bytes(pictures[look.name])
        context.close()
    tiles = [(look.name, pictures[look.name]) for look, _ in wanted]
    for number, first in enumerate(range(0, len(tiles), size.on_sheet), 1):
        name = f"sheet-{size.name}-{mode}{f'-{number}' if number > 1 else ''}.png"
        _sheet(tiles[first : first + size.on_sheet], size).save(OUT / name, optimize=True)
    console.print(f"  {size.name} {mode}：{len(pictures)} 张，{time.monotonic() - began:.0f} 秒")


def _sheet(tiles: list[tuple[str, bytes]], size: Size) -> Image.Image:
    """Pages side by side, each cut to the screen's shape, its name above it."""
    gap, label = 16, 22
    height = size.tile * size.height // size.width
    rows = -(-len(tiles) // size.columns)
    sheet = Image.new("RGB", (gap + (size.tile + gap) * min(size.columns, len(tiles)), gap + (height + label + gap) * rows), "#8A8F98")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for number, (name, picture) in enumerate(tiles):
        left, top = gap + (size.tile + gap) * (number % size.columns), gap + (height + label + gap) * (number // size.columns)
        draw.text((left, top), name, fill="white", font=font)
        page = Image.open(io.BytesIO(picture)).convert("RGB").crop((0, 0, size.width, size.height))
        sheet.paste(page.resize((size.tile, height), Image.Resampling.LANCZOS), (left, top + label))
    return sheet


def _take_tour(console: Console, studio: Studio) -> None:
    TOUR_OUT.mkdir(parents=True, exist_ok=True)
    studio.whole = False
    for look, size in TOUR:
        path = studio.find(look)
        if path is None:
            console.print(f"  {look.name}：没有可拍的 / nothing to take")
            continue
        context = studio.people(look.login, size, "light")
        small = _small(studio.take(context, look, path))
        context.close()
        (TOUR_OUT / f"{look.name}.png").write_bytes(small)
        console.print(f"  {(TOUR_OUT / look.name).relative_to(ROOT)}.png：{len(small) / 1000:.0f} kB")


def _small(picture: bytes) -> bytes:
    """With a palette, the largest that stays within TOUR_BYTES."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        made = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
        if made.tell() <= TOUR_BYTES:
            break
    return made.getvalue()


def _unseen(app: Flask, paths: Iterable[str]) -> list[str]:
    """Pages no row leads to."""
    routes = app.url_map.bind("stage")
    seen = set(NO_PAGES)
    for path in paths:
        try:
            seen.add(str(routes.match(path)[0]))
        except HTTPException:  # the page that isn't there
            continue
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return sorted({rule.endpoint for rule in rules} - seen)


if __name__ == "__main__":
    sys.exit(main())
