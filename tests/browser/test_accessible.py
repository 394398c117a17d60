"""Every page in light, dark and care mode, in Chinese and English: axe-core finds nothing, fingers hit, letters are large, nothing scrolls
sideways."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from intake.domain.point import PointState
from intake.domain.submission import Urgency
from intake.domain.topic import TopicAction
from intake.domain.triage_result import Verdict
from intake.models import IntakePoint
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_screen import propose
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import attach, decided, receipt_path, screening, taken_up, told, topic_of, triage
from tests.factories.sentences import say

pytestmark = pytest.mark.browser

LONGCHI, ZIWEI, SHIQIAO = "nvgch2345a", "ziwei2345b", "shqa2345cd"


@dataclass(slots=True)
class Seen:
    """Paths of what has been prepared for looking at."""

    answered: str
    """A receipt with a decision on it."""
    waiting: str
    """One that may still be withdrawn."""
    withdrawn: str
    card: str
    urgent_card: str
    closed_card: str
    candidate: int
    proposed: int
    merged: int
    with_contact: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Seen:
    """Something of everything."""
    wiring, users = site.wiring, site.users
    zhou, jing = users["zhou"], users["wangjing"]
    lamp = told(wiring, LONGCHI, "幸福里3号楼楼道灯坏了快一个月，晚上老人下楼看不见。", place="幸福里3号楼2单元", contact="13800000021")
    topic = topic_of(wiring, zhou, "幸福里楼道灯不亮", lamp, told(wiring, LONGCHI, "幸福里楼道灯又不亮了"))
    held = screening(wiring, zhou, topic)
    with wiring.sessions.begin() as session:
        propose(session, held, words="好几栋都有，适合一起商量。")
    decided(wiring, jing, topic, TopicAction.APPROVE, "涉及多栋楼，列入本季度协商。")
    candidate = topic_of(wiring, zhou, "菜场门口占道", told(wiring, LONGCHI, "菜场门口摆满了摊子，消防车进不来"))
    proposed = taken_up(
        wiring, jing, topic_of(wiring, zhou, "河边栏杆松动", told(wiring, LONGCHI, "河边栏杆松了，一推就倒", contact="13800000022"))
    )
    doubled = told(wiring, LONGCHI, "河边栏杆要倒了")
    merged = taken_up(wiring, jing, topic_of(wiring, zhou, "河边栏杆", doubled))
    decided(wiring, jing, merged, TopicAction.MERGE, "说的是同一处。", target=proposed)
    card = say(wiring, LONGCHI, "菜场门口又堵了，电动车乱停", place="菜场北门", contact="laowang_wx")
    triage(wiring, card, verdict=Verdict.ATTACH, topic_id=candidate, others=(proposed,))
    urgent = told(wiring, ZIWEI, "紫薇社区5号楼煤气味很大，怕爆炸，有老人住着", verdict=Verdict.OPEN, urgency=Urgency.EMERGENCY)
    closed = told(wiring, LONGCHI, "菜场垃圾没人收")
    attach(wiring, zhou, closed, candidate)
    waiting = told(wiring, LONGCHI, "广场舞声音太大，晚上十点还在放，希望有人来管一管", urgency=Urgency.SOON)
    gone = told(wiring, LONGCHI, "说错了地方")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=gone.submission_id, at=wiring.clock.now())
        point = session.query(IntakePoint).filter_by(code=SHIQIAO).one()
        point.state = PointState.PAUSED
    return Seen(
        answered=receipt_path(wiring, lamp), waiting=receipt_path(wiring, waiting), withdrawn=receipt_path(wiring, gone), card=_card(card), urgent_card=_card(urgent),
        closed_card=_card(closed), candidate=candidate, proposed=proposed, merged=merged, with_contact=lamp.submission_id,
    )  # fmt: skip


def _card(stored: Stored) -> str:
    return f"/m/cards/{stored.submission_id}"


def _nothing_ticked(page: Page, seen: Seen) -> None:
    page.goto(f"/m/together/{seen.candidate}")
    page.evaluate("() => document.querySelectorAll('input[name=one]').forEach(one => { one.checked = false })")
    with page.expect_navigation():
        page.evaluate("() => document.getElementById('together').submit()")
    assert page.locator("[role=alert]").count() == 1, "it was to be refused"


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "form": ("", at(f"/p/{LONGCHI}")),
    "form with contact open": ("", unfolded(f"/p/{LONGCHI}")),
    "form with an error": ("", sent(f"/p/{LONGCHI}", LONGCHI, text="")),
    "form with a wrong contact": ("", sent(f"/p/{LONGCHI}", LONGCHI, text="路灯坏了", contact="1" * 90)),
    "paused point": ("", at(f"/p/{SHIQIAO}")),
    "new receipt": ("", at(lambda seen: f"{seen.waiting}?new=1")),
    "receipt with a decision": ("", at(lambda seen: seen.answered)),
    "find": ("", at("/r")),
    "find with an error": ("", sent("/r", "/r", number="ZB-2611-000017", code="a-b-c-d-e")),
    "withdraw": ("", at(lambda seen: f"{seen.waiting}/withdraw")),
    "withdraw too late": ("", at(lambda seen: f"{seen.withdrawn}/withdraw")),
    "privacy": ("", at("/privacy")),
    "home": ("", at("/")),
    "home with an error": ("", sent("/", "/", code="nowhere")),
    "sign in": ("", at("/sign-in")),
    "own items elsewhere": ("", at("/mine")),
    "sign in by WeChat, unnamed": ("", at("/sign-in/wechat")),
    "a link to bind that is over": ("", at("/bind/over")),
    "own WeChat": ("zhou", at("/account/wechat")),
    "own account": ("zhou", at("/account")),
    "own devices": ("zhou", at("/account/devices")),
    "own password with an error": ("zhou", sent("/account/password", "/password", password="a", again="b")),
    "second step with an error": ("zhou", sent("/account/second-factor", "/begin", current="guess")),
    "sign in with an error": ("", sent("/sign-in", "/sign-in", login="nobody", password="wrong")),
    "not found": ("", at("/nowhere")),
    "forbidden": ("zhou", at("/d")),
    "error that keeps the words": ("zhou", sent(lambda seen: seen.card, "/answer", csrf_token="forged", words="写了很久的答复")),
    "queue": ("zhou", at("/m")),
    "empty queue": ("hemiao", at("/m")),
    "card with a suggestion": ("zhou", at(lambda seen: seen.card)),
    "card with all unfolded": ("zhou", unfolded(lambda seen: seen.card)),
    "brief to write": ("zhou", at(lambda seen: f"/m/topics/{seen.candidate}/brief")),
    "brief with an error": ("zhou", sent(lambda seen: f"/m/topics/{seen.candidate}/brief", "/brief", problem="字" * 501)),
    "brief as it reads": ("zhou", at(lambda seen: f"/m/topics/{seen.candidate}/brief/sheet")),
    "asked to join": ("zhou", at("/m/joins")),
    "urgent card": ("zhou", at(lambda seen: seen.urgent_card)),
    "card with remarks on an answer": ("zhou", sent(lambda seen: seen.card, "/answer", words="已转相关部门。")),
    "card with an error": ("zhou", sent(lambda seen: seen.card, "/decline", words="不归我们管")),
    "closed card": ("zhou", at(lambda seen: seen.closed_card)),
    "topics": ("zhou", at("/m/topics")),
    "no topics": ("hemiao", at("/m/topics")),
    "topics not found": ("zhou", at("/m/topics?q=没有这个")),
    "search": ("zhou", at("/m/search")),
    "search found": ("zhou", at("/m/search?q=菜场")),
    "search not found": ("zhou", at("/m/search?q=没有这个&part=mine")),
    "search too short": ("zhou", at("/m/search?q=灯")),
    "cluster": ("zhou", at(lambda seen: f"/m/together/{seen.candidate}")),
    "cluster with an error": ("zhou", _nothing_ticked),
    "cluster that is done": ("zhou", at(lambda seen: f"/m/together/{seen.proposed}?done=7&left=2")),
    "candidate topic": ("zhou", at(lambda seen: f"/m/topics/{seen.candidate}")),
    "proposed topic": ("zhou", at(lambda seen: f"/m/topics/{seen.proposed}")),
}
"""Name → who looks, and how to get there."""

DESK_PAGES: dict[str, tuple[str, Open]] = {
    "district home": ("wangjing", at("/d")),
    "board": ("wangjing", at("/d/topics")),
    "board with a topic": ("wangjing", at(lambda seen: f"/d/topics?topic={seen.proposed}")),
    "one column": ("wangjing", at("/d/topics?state=candidate")),
    "empty search": ("wangjing", at("/d/topics?q=没有这个")),
    "topic to decide": ("wangjing", at(lambda seen: f"/d/topics/{seen.proposed}")),
    "topic with an error": ("wangjing", sent(lambda seen: f"/d/topics/{seen.proposed}", "/decide", words="")),
    "merged topic": ("wangjing", at(lambda seen: f"/d/topics/{seen.merged}")),
    "candidate for staff": ("wangjing", at(lambda seen: f"/d/topics/{seen.candidate}")),
    "submission": ("wangjing", at(lambda seen: f"/d/submissions/{seen.with_contact}")),
    "contact refused": ("wangjing", sent(lambda seen: f"/d/submissions/{seen.with_contact}", "/contact", reason="")),
}


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
