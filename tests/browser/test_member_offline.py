"""委员 in a lift: cards can be read and decided without a signal, each decision is made once, and nothing that was typed is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import update
from sqlalchemy.exc import TimeoutError as PoolTimeout

from intake.domain.submission import SubmissionState
from intake.domain.triage_result import Verdict
from intake.models import Decision, Submission
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from tests.browser.conftest import Enter, Site
from tests.browser.people import Person
from tests.factories.matters import deciding, told, topic_of
from tests.factories.sentences import submission_of

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
NO_SIGNAL = "没有信号，先存下来了"
ROWS = """name => new Promise((tell, fail) => {
  const asked = indexedDB.open("zhibao-member");
  asked.onerror = fail;
  asked.onsuccess = () => { const all = asked.result.transaction(name).objectStore(name).getAll(); all.onsuccess = () => { asked.result.close(); tell(all.result); }; };
})"""
WORKER = """() => navigator.serviceWorker.ready.then(async () => {
  const name = (await caches.keys()).find(one => one.startsWith("member-"));
  return name && (await (await caches.open(name)).keys()).length;
})"""
"""Whether the worker keeps the files of a member's pages."""


@pytest.fixture(autouse=True)
def cleared(site: Site) -> None:
    """What an earlier test left on the table is out of the way, and too old to be taken back."""
    site.wiring.clock.forward(minutes=12)  # type: ignore[attr-defined]  # the tests' clock
    with site.wiring.sessions.begin() as session:
        session.execute(update(Submission).where(Submission.state == SubmissionState.TRIAGED).values(state=SubmissionState.CLOSED))


@pytest.fixture
def lamps(site: Site) -> Callable[[str], Stored]:
    """Another word about lamps, suggested for a topic that is there; the older the word, the earlier its turn."""
    topic = topic_of(site.wiring, site.users["zhou"], "幸福里片区路灯", told(site.wiring, LONGCHI, "路灯都坏了"))

    def more(text: str) -> Stored:
        site.wiring.clock.forward(seconds=1)  # type: ignore[attr-defined]  # the tests' clock
        return told(site.wiring, LONGCHI, text, verdict=Verdict.ATTACH, topic_id=topic)

    return more


@pytest.fixture
def member(enter: Enter) -> Iterator[Person]:
    """周明远 on his phone, which has a signal again when he gives it back."""
    person = enter()
    person.is_signed_in("zhou")
    yield person
    person.context.set_offline(False)


def rows(member: Person, name: str) -> list[dict[str, Any]]:
    """What lies on the phone: `pages` or `waiting`."""
    found: list[dict[str, Any]] = member.page.evaluate(ROWS, name)
    return found


def open_and_keep(member: Person, first: Stored, *, cards: int) -> None:
    """Look at a card until as many lie on the phone."""
    member.open(f"/m/cards/{first.submission_id}")
    member.until(WORKER)
    for _ in range(1200):
        if sum("version" in row for row in rows(member, "pages")) == cards:
            return
        member.page.wait_for_timeout(50)
    raise AssertionError([row["path"] for row in rows(member, "pages")])


def on_the_table(member: Person, words: str) -> None:
    """Wait until this card lies there."""
    expect(member.page.locator("h1")).to_have_text(words)


def choose(member: Person, way: str) -> None:
    """Open a way of the drawer; the grace after a new card is over."""
    member.page.wait_for_timeout(650)
    member.page.get_by_label("更多处理方式").tap()
    member.page.locator(f"#way-{way} > summary").tap()


def attach(member: Person) -> None:
    member.page.wait_for_timeout(650)
    member.button("并入议题").tap()


def signal(member: Person) -> None:
    member.context.set_offline(False)


def made(site: Site, stored: Stored) -> list[tuple[str, str]]:
    """(action, words) of every decision on the submission that stands."""
    with site.wiring.sessions() as session:
        found = session.query(Decision).filter_by(submission_id=stored.submission_id, undone_at=None).order_by(Decision.id)
        return [(one.action, one.words) for one in found]


def settled(member: Person) -> None:
    """Nothing waits any more."""
    for _ in range(1200):
        if not rows(member, "waiting"):
            return
        member.page.wait_for_timeout(50)
    raise AssertionError(rows(member, "waiting"))


def lose_answer(member: Person, *, times: int = 1) -> None:
    """The decision arrives, its answer doesn't."""

    def lost(route: Route) -> None:
        route.fetch()
        route.abort("internetdisconnected")

    member.context.route("**/m/cards/*/attach*", lost, times=times)


def test_three_cards_are_decided_in_a_lift_and_made_once_ten_minutes_later(
    member: Person, site: Site, lamps: Callable[[str], Stored]
) -> None:
    first, second, third, fourth = [lamps(f"{name}楼的路灯不亮") for name in "一二三四"]
    open_and_keep(member, first, cards=4)
    member.context.set_offline(True)
    member.page.reload()
    member.sees("没有信号。这一件是")
    on_the_table(member, "一楼的路灯不亮")
    attach(member)
    member.sees(NO_SIGNAL)
    on_the_table(member, "二楼的路灯不亮")
    choose(member, "answer")
    member.page.fill("#answer", "师傅今天下午来修。")
    member.button("答复居民").tap()
    member.sees("三楼的路灯不亮")
    member.open("/m")
    member.sees("没有信号。下面是")
    expect(member.page.locator("#waiting-here h2")).to_have_text("还没有发出：2 件")
    assert "师傅今天下午来修。" in member.page.locator("#waiting-here").inner_text()
    expect(member.page.locator("#cards-here li")).to_have_count(2)
    member.page.locator("#cards-here a").first.tap()
    member.page.wait_for_url(f"**/m/cards/{third.submission_id}")
    choose(member, "decline")
    member.page.select_option("#reason", "already_done")
    member.button("不采用").tap()
    member.sees("四楼的路灯不亮")
    attach(member)
    # Nothing lies here any more: the list is what is left. The last one is thought over again.
    expect(member.page.locator("#waiting-here li")).to_have_count(4)
    member.page.get_by_role("button", name="不发了").last.tap()
    expect(member.page.locator("#waiting-here li")).to_have_count(3)
    site.wiring.clock.forward(minutes=10)  # type: ignore[attr-defined]  # the tests' clock
    assert [made(site, one) for one in (first, second, third, fourth)] == [[], [], [], []]
    signal(member)
    settled(member)
    assert made(site, first) == [("attach", "")]
    assert made(site, second) == [("answer", "师傅今天下午来修。")]
    assert [action for action, _ in made(site, third)] == ["decline"]
    assert made(site, fourth) == []


def test_what_was_decided_without_a_signal_is_taken_back_with_one_tap_or_changed(
    member: Person, site: Site, lamps: Callable[[str], Stored]
) -> None:
    first, second = lamps("东门的路灯不亮"), lamps("西门的路灯不亮")
    open_and_keep(member, first, cards=2)
    member.context.set_offline(True)
    attach(member)
    member.sees(NO_SIGNAL)
    member.button("撤销").tap()
    on_the_table(member, "东门的路灯不亮")
    assert rows(member, "waiting") == []
    choose(member, "answer")
    member.page.fill("#answer", "明天来修。")
    member.button("答复居民").tap()
    member.sees(NO_SIGNAL)
    on_the_table(member, "西门的路灯不亮")
    member.open("/m/kept")
    member.button("改一改").tap()
    member.sees("拿回来改了，还没有发出")
    assert member.page.input_value("#answer") == "明天来修。"
    signal(member)
    member.page.wait_for_timeout(200)
    assert made(site, first) == [], "what is in hand isn't sent"
    member.page.fill("#answer", "后天来修。")
    member.button("答复居民").tap()
    member.sees("上一件已答复")
    assert made(site, first) == [("answer", "后天来修。")]
    settled(member)
    assert made(site, second) == []


def test_somebody_was_faster_and_the_words_are_still_there(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    first, second = lamps("南门的路灯不亮"), lamps("北门的路灯不亮")
    open_and_keep(member, first, cards=2)
    member.context.set_offline(True)
    choose(member, "answer")
    member.page.fill("#answer", "我昨天看过了。")
    member.button("答复居民").tap()
    member.sees(NO_SIGNAL)
    attach(member)
    site.wiring.clock.forward(minutes=11)  # type: ignore[attr-defined]  # the tests' clock; the card is free again
    before = deciding(site.wiring, site.users["laozhou"], first)
    with site.wiring.sessions.begin() as session:
        decide.answer(session, before, words="已经修好。")
    signal(member)
    member.page.get_by_text("1 件还没有记下，请再看一看").tap()
    expect(member.page.locator("#waiting-here li")).to_have_count(1)
    assert made(site, second) == [("attach", "")], "what follows isn't held up"
    said = member.page.locator("#waiting-here").inner_text()
    assert "我昨天看过了。" in said
    assert "这一件现在：已答复，老周 处理" in said
    member.button("再看这一件").tap()
    member.sees("老周 处理。")
    assert "我昨天看过了。" in member.page.locator(".kept").inner_text()
    member.open("/m/kept")
    member.button("不发了").tap()
    settled(member)
    assert made(site, first) == [("answer", "已经修好。")]


def test_an_answer_lost_on_its_way_makes_one_decision_and_can_be_undone(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    first, second, third = (lamps(f"{name}区的路灯不亮") for name in "甲乙丙")
    open_and_keep(member, first, cards=3)
    lose_answer(member)
    attach(member)
    member.sees(NO_SIGNAL)
    assert made(site, first) == [("attach", "")], "it had arrived"
    member.page.evaluate("() => dispatchEvent(new Event('online'))")
    settled(member)
    assert made(site, first) == [("attach", "")]
    on_the_table(member, "乙区的路灯不亮")
    lose_answer(member)
    attach(member)
    member.sees(NO_SIGNAL)
    member.button("撤销").tap()
    on_the_table(member, "乙区的路灯不亮")
    member.page.evaluate("() => dispatchEvent(new Event('online'))")
    settled(member)
    assert made(site, second) == [], "nobody knew whether it had arrived; now it is undone"
    member.open(f"/m/cards/{second.submission_id}")
    lose_answer(member)
    attach(member)
    member.sees(NO_SIGNAL)
    site.wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the tests' clock
    member.button("撤销").tap()
    on_the_table(member, "乙区的路灯不亮")
    member.page.evaluate("() => dispatchEvent(new Event('online'))")
    member.open("/m/kept")
    member.sees("超过撤销时间")  # it had arrived, and stands: that is said, not swallowed
    assert made(site, second) == [("attach", "")]
    member.button("不发了").tap()
    settled(member)
    assert submission_of(site.wiring, third).state is SubmissionState.TRIAGED


@pytest.mark.parametrize("trouble", ["our own failure", "signed out"])
def test_what_could_not_be_recorded_waits_and_is_made_later(
    member: Person, site: Site, lamps: Callable[[str], Stored], trouble: str
) -> None:
    first, _second = lamps(f"{trouble}：前门的路灯不亮"), lamps(f"{trouble}：中门的路灯不亮")
    open_and_keep(member, first, cards=2)
    cookies = member.context.cookies()
    if trouble == "our own failure":
        member.context.route("**/m/cards/*/answer*", lambda route: route.fulfill(status=503, content_type="text/html", body="busy"))
    else:
        member.context.clear_cookies()
    choose(member, "answer")
    member.page.fill("#answer", "师傅今天下午来修。")
    member.button("答复居民").tap()
    member.sees("登录后发出" if trouble == "signed out" else "等信号：1 件")
    on_the_table(member, f"{trouble}：中门的路灯不亮")
    assert made(site, first) == []
    member.context.unroute("**/m/cards/*/answer*")
    if trouble == "signed out":
        member.page.get_by_text("登录后发出").tap()
        member.page.wait_for_url("**/sign-in**")
        assert rows(member, "waiting")
        expect(member.page.locator("#password")).to_be_visible()
        member.until(f"async () => !(await ({ROWS})('pages')).length")
    member.context.add_cookies(cookies)  # type: ignore[arg-type]  # Playwright reads and takes the same names
    member.open("/m")
    settled(member)
    assert made(site, first) == [("answer", "师傅今天下午来修。")]


def test_one_that_we_cannot_take_keeps_no_other_waiting(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    first, second = lamps("左岸的路灯不亮"), lamps("右岸的路灯不亮")
    open_and_keep(member, first, cards=2)
    broken = f"**/m/cards/{first.submission_id}/attach*"
    member.context.route(broken, lambda route: route.fulfill(status=500, content_type="text/html", body="broken"))
    # What a network's own sign-in page answers, even as JSON, is no answer of ours.
    member.context.route(f"**/m/cards/{second.submission_id}/attach*", lambda route: route.fulfill(json={"portal": "ok"}), times=1)
    attach(member)
    on_the_table(member, "右岸的路灯不亮")
    attach(member)
    member.sees("等信号：2 件")
    member.open("/m/kept")
    member.button("现在发").tap()
    for _ in range(1200):
        if made(site, second):
            break
        member.page.wait_for_timeout(50)
    assert (made(site, first), made(site, second)) == ([], [("attach", "")])
    member.context.unroute(broken)
    member.page.evaluate("() => dispatchEvent(new Event('online'))")
    settled(member)
    assert made(site, first) == [("attach", "")]


def test_another_person_on_the_phone_neither_sees_nor_sends_it_and_signing_out_asks_first(
    member: Person, site: Site, lamps: Callable[[str], Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise PoolTimeout

    first, second = lamps("前街的路灯不亮"), lamps("后街的路灯不亮")
    open_and_keep(member, first, cards=2)
    member.context.set_offline(True)
    attach(member)
    member.sees(NO_SIGNAL)
    member.page.goto("about:blank")
    member.context.clear_cookies()
    signal(member)
    member.is_signed_in("laozhou")
    # He saves data: nothing is kept for him, and what lies there of another's goes all the same.
    member.page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    member.open("/m/kept")
    member.sees("存下的来件")
    expect(member.page.locator("#waiting-here")).to_be_hidden()
    member.page.wait_for_load_state("networkidle")
    assert rows(member, "pages") == []
    assert made(site, first) == []

    member.context.clear_cookies()
    member.is_signed_in("zhou")
    member.context.set_offline(False)
    member.open("/m/me")
    settled(member)
    assert made(site, first) == [("attach", "")]

    member.open(f"/m/cards/{second.submission_id}")
    monkeypatch.setattr(decide, "attach", away)
    attach(member)
    member.sees("等信号：1 件")
    member.open("/account/devices")
    member.button("退出登录").tap()
    member.sees("还有 1 件没有发出")
    member.button("先不退出").tap()
    assert len(rows(member, "waiting")) == 1
    member.button("退出登录").tap()
    member.button("不要了，退出").tap()
    member.page.wait_for_url("**/sign-in")
    assert (rows(member, "waiting"), rows(member, "pages")) == ([], [])
    assert made(site, second) == []


def test_two_pages_and_the_worker_send_it_once(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    first, _second = lamps("桥头的路灯不亮"), lamps("桥尾的路灯不亮")
    open_and_keep(member, first, cards=2)
    other = Person(member.context, member.context.new_page())
    other.open("/m/topics")
    other.page.wait_for_load_state("networkidle")
    posts = list[str]()
    member.context.on(
        "request", lambda request: posts.append(request.url) if request.method == "POST" and "/attach" in request.url else None
    )
    member.context.set_offline(True)
    attach(member)
    member.sees(NO_SIGNAL)
    expect(other.page.locator("#on-phone")).to_contain_text("等信号：1 件")
    assert posts == []
    signal(member)
    settled(member)
    assert made(site, first) == [("attach", "")]
    assert len(posts) == 1
    expect(other.page.locator("#on-phone")).to_be_empty()
    other.page.close()
