"""A member's card with script: decided in two taps, the next at once, taken back; without a signal: test_member_offline."""

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator
from sqlalchemy import update
from sqlalchemy.orm import Session

from intake.domain.submission import SubmissionState
from intake.domain.triage_result import Verdict
from intake.models import Decision, Submission
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from tests.browser.conftest import Enter, Site
from tests.browser.people import Person
from tests.factories.matters import told, topic_of
from tests.factories.sentences import submission_of

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
FETCHED_AHEAD = "**/m/next?past=*"


@pytest.fixture(autouse=True)
def cleared(site: Site) -> None:
    """What an earlier test left on the table is out of the way, and too old to be taken back."""
    site.wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the tests' clock
    with site.wiring.sessions.begin() as session:
        session.execute(update(Submission).where(Submission.state == SubmissionState.TRIAGED).values(state=SubmissionState.CLOSED))


@pytest.fixture
def member(enter: Enter) -> Person:
    """周明远 on his phone."""
    person = enter()
    person.is_signed_in("zhou")
    return person


@pytest.fixture
def lamps(site: Site) -> Callable[[str], Stored]:
    """Another word about lamps that do not burn, suggested for a topic that is there; the older the word, the earlier its turn."""
    topic = topic_of(site.wiring, site.users["zhou"], "幸福里片区路灯", told(site.wiring, LONGCHI, "路灯都坏了"))

    def more(text: str) -> Stored:
        site.wiring.clock.forward(seconds=1)  # type: ignore[attr-defined]  # the tests' clock
        return told(site.wiring, LONGCHI, text, verdict=Verdict.ATTACH, topic_id=topic)

    return more


def open_card(member: Person, stored: Stored) -> None:
    """Go to the card and wait until the one after it has been fetched."""
    with member.page.expect_response(FETCHED_AHEAD):
        member.open(f"/m/cards/{stored.submission_id}")
    member.page.wait_for_load_state("networkidle")


def state(site: Site, stored: Stored) -> SubmissionState:
    return submission_of(site.wiring, stored).state


def in_reach(what: Locator) -> bool:
    """Whether one thumb gets there at 360×740: wholly in the lower half, and high enough to hit."""
    box = what.bounding_box()
    assert box is not None
    return box["y"] >= 370 and box["y"] + box["height"] <= 740 and box["height"] >= 48


def heading(member: Person) -> str:
    return member.page.locator("h1").inner_text()


def test_a_clear_card_is_done_in_two_taps(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    clear = lamps("北门的路灯不亮")
    taps = list[str]()

    def tapped(words: str) -> None:  # Playwright marks what it is given, which a method of a list doesn't allow
        taps.append(words)

    member.page.expose_function("tapped", tapped)
    member.context.add_init_script("addEventListener('click', event => event.isTrusted && tapped(event.target.textContent), true)")
    member.open("/m")
    member.link("一件一件看").tap()
    member.sees("北门的路灯不亮")
    for what in (member.button("并入议题"), member.link("另立议题"), member.page.get_by_label("更多处理方式")):
        assert in_reach(what)
    member.button("并入议题").tap()
    member.sees("上一件已并入“幸福里片区路灯”")
    assert state(site, clear) is SubmissionState.IN_TOPIC
    member.sees("都看完了")
    assert taps == ["一件一件看", "并入议题"], "from the queue to the decision"


def test_the_next_card_is_there_before_the_answer_and_a_double_tap_decides_once(
    member: Person, site: Site, lamps: Callable[[str], Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lamps("东门的路灯不亮"), lamps("西门的路灯不亮")
    open_card(member, first)
    answering, calls = threading.Event(), list[int]()
    attach = decide.attach

    def slow(session: Session, deciding: decide.Deciding, *, topic_id: int) -> Decision:
        calls.append(deciding.submission_id)
        assert answering.wait(20)
        return attach(session, deciding, topic_id=topic_id)

    monkeypatch.setattr(decide, "attach", slow)
    box = member.button("并入议题").bounding_box()
    assert box is not None
    for _ in range(2):  # a trembling finger: the second tap meets the next card's button, which lies at the same place
        member.page.touchscreen.tap(box["x"] + 40, box["y"] + 20)
    assert heading(member) == "西门的路灯不亮", "at once, though the answer is still away"
    member.sees("正在记下…")
    assert member.path == f"/m/cards/{second.submission_id}"
    assert "西门的路灯不亮" in member.page.title()
    assert state(site, first) is SubmissionState.TRIAGED
    answering.set()
    member.sees("上一件已并入“幸福里片区路灯”")
    member.sees("待研判 1 件")
    assert calls == [first.submission_id]
    assert (state(site, first), state(site, second)) == (SubmissionState.IN_TOPIC, SubmissionState.TRIAGED)

    member.page.go_back()
    member.sees("已并入议题")
    assert heading(member) == "东门的路灯不亮"


def test_taking_back_shows_the_card_again_and_keeps_what_was_begun_on_the_next(
    member: Person, site: Site, lamps: Callable[[str], Stored]
) -> None:
    first, _second = lamps("一号楼的灯不亮"), lamps("二号楼的灯不亮")
    open_card(member, first)
    member.button("并入议题").tap()
    member.sees("上一件已并入")
    member.page.get_by_label("更多处理方式").tap()
    member.page.locator("#way-answer > summary").tap()
    member.page.fill("#answer", "师傅下午到。")
    member.page.locator("[data-close]").tap()
    member.button("撤销").tap()
    member.page.wait_for_url(f"**/m/cards/{first.submission_id}")
    assert heading(member) == "一号楼的灯不亮"
    assert state(site, first) is SubmissionState.TRIAGED
    member.page.wait_for_timeout(700)  # a second tap within the grace would be taken for a slip
    member.button("并入议题").tap()
    assert heading(member) == "二号楼的灯不亮"
    assert member.page.input_value("#answer") == "师傅下午到。"
    member.sees("上一件已并入")


def test_a_refused_decision_comes_back_with_its_words(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    first, _second = lamps("南门的路灯不亮"), lamps("后门的路灯不亮")
    open_card(member, first)
    member.page.get_by_label("更多处理方式").tap()
    member.page.locator("#way-decline > summary").tap()
    member.page.fill("#decline", "昨晚我去看过，已经亮了。")
    member.button("不采用").tap()
    member.page.get_by_role("alert").wait_for()
    assert heading(member) == "南门的路灯不亮"
    assert "请选一个不采用的理由" in member.page.get_by_role("alert").inner_text()
    assert member.page.input_value("#decline") == "昨晚我去看过，已经亮了。"
    assert member.page.evaluate("() => document.activeElement.id") == "reason"
    member.page.select_option("#reason", "already_done")
    member.page.wait_for_timeout(700)
    member.button("不采用").tap()
    member.sees("上一件已记为不采用")
    assert heading(member) == "后门的路灯不亮"


def test_the_drawer_holds_the_focus_and_gives_it_back(member: Person, site: Site, lamps: Callable[[str], Stored]) -> None:
    card = lamps("河边的路灯不亮")
    member.open(f"/m/cards/{card.submission_id}")
    more = member.page.get_by_label("更多处理方式")
    more.focus()
    member.page.keyboard.press("Enter")
    drawer = member.page.get_by_role("dialog", name="怎么处理这一件")
    drawer.wait_for()
    for _ in range(12):
        member.page.keyboard.press("Tab")
        assert member.page.evaluate("() => document.querySelector('.drawer').contains(document.activeElement)")
    member.page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    assert more.evaluate("one => one === document.activeElement")
    member.link("另立议题").tap()
    member.page.wait_for_function("() => document.activeElement.id === 'title'")


def test_single_keys_at_a_desk_rest_while_somebody_types(enter: Enter, site: Site, lamps: Callable[[str], Stored]) -> None:
    card = lamps("广场的路灯不亮")
    member = enter(desk=True)
    member.is_signed_in("zhou")
    member.open(f"/m/cards/{card.submission_id}")
    member.page.keyboard.press("3")
    member.page.keyboard.press("3")
    member.page.wait_for_function("() => document.activeElement.id === 'answer'")
    member.page.keyboard.type("1 号楼 z 修好了")
    assert member.page.input_value("#answer") == "1 号楼 z 修好了"
    assert state(site, card) is SubmissionState.TRIAGED
    member.page.keyboard.press("Escape")
    member.page.keyboard.press("1")
    member.sees("上一件已并入")
    assert state(site, card) is SubmissionState.IN_TOPIC
