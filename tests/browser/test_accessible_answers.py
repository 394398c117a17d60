"""The answer's pages in every mode, as in test_accessible: result and verdict, a referral on the receipt, messages, looking again, the sheet."""

from dataclasses import dataclass

import pytest

from intake.domain.outcome import Verdict
from intake.domain.permission import Role
from intake.domain.submission import DeclineReason
from intake.models import Outcome
from intake.services import submission_decide as decide
from intake.services.message import write_from_resident, write_to_resident
from intake.services.outcome import say_verdict
from intake.services.submission_detail import ask
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.administrators import person_with
from tests.factories.matters import deciding, receipt_path, told
from tests.factories.referrals import assigned, delivered, referred
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town, actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Answers:
    """Paths of what has been prepared for looking at."""

    told: str
    """A receipt with a unit's answer on it."""
    judged: str
    """One whose resident said that it isn't solved."""
    on_its_way: str
    """One that a unit has."""
    asked: str
    """One on which the member asked for detail."""
    declined: str
    number: str
    judged_id: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Answers:
    """Something of everything."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    let_out(wiring, town.jing_id, drafted(wiring, town, pooled_topic(wiring, town, voices=4)))
    lamps = told(wiring, town.longchi_code, "幸福里九盏路灯不亮，晚上看不见路", contact="13800000021")
    delivered(wiring, town, referred(wiring, town, lamps))
    way = told(wiring, town.longchi_code, "菜场门口路面塌了一块")
    assigned(wiring, town, referred(wiring, town, way))
    return Answers(
        told=receipt_path(wiring, lamps),
        judged=receipt_path(wiring, judged := _not_solved(wiring, town)),
        on_its_way=receipt_path(wiring, way),
        asked=receipt_path(wiring, _asked(wiring, town)),
        declined=receipt_path(wiring, _declined(wiring, town)),
        number=lamps.receipt_number,
        judged_id=judged.submission_id,
    )


def _not_solved(wiring: Wiring, town: Town) -> Stored:
    """Answered, and its resident says no, with words to and fro."""
    stored = told(wiring, town.longchi_code, "3 号楼楼道灯坏了，老人下楼看不见")
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="物业明天换灯。")
    wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the tests' own clock
    now = wiring.clock.now()
    with wiring.sessions.begin() as session:
        outcome = session.query(Outcome).filter_by(submission_id=stored.submission_id).one()
        say_verdict(
            session,
            submission_id=stored.submission_id,
            outcome_id=outcome.id,
            verdict=Verdict.NOT_SOLVED,
            words="还是黑的。",
            workflow=wiring.workflow,
            at=now,
        )
        write_to_resident(
            session,
            actor=actor(session, town.zhou_id),
            submission_id=stored.submission_id,
            words="我去看看。",
            nonce="a",
            most_a_day=9,
            digest_minutes=10,
            at=now,
        )
        write_from_resident(session, submission_id=stored.submission_id, words="二单元那盏。", nonce="a", most_a_day=9, at=now)
    return stored


def _asked(wiring: Wiring, town: Town) -> Stored:
    stored = told(wiring, town.longchi_code, "楼下太吵了，晚上睡不着")
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        ask(session, card, words="是哪一栋、什么时候？", workflow=wiring.workflow)
    return stored


def _declined(wiring: Wiring, town: Town) -> Stored:
    stored = told(wiring, town.longchi_code, "希望把小区改个名字")
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason=DeclineReason.NOT_REMIT.value, words="要由地名办定。")
    return stored


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "receipt with an answer": ("", at(lambda seen: seen.told)),
    "receipt that was judged": ("", unfolded(lambda seen: seen.judged)),
    "verdict with too many words": ("", sent(lambda seen: seen.judged, "/verdict", words="黑" * 501)),
    "receipt of what a unit has": ("", at(lambda seen: seen.on_its_way)),
    "message with an error": ("", sent(lambda seen: seen.on_its_way, "/messages", words="")),
    "receipt that asks for detail": ("", at(lambda seen: seen.asked)),
    "detail with an error": ("", sent(lambda seen: seen.asked, "/detail", words="")),
    "receipt that may be appealed": ("", at(lambda seen: seen.declined)),
    "appeal with an error": ("", sent(lambda seen: seen.declined, "/appeal", words="")),
    "card to look at again": ("zhou", unfolded(lambda seen: f"/m/cards/{seen.judged_id}")),
    "review with an error": ("zhou", sent(lambda seen: f"/m/cards/{seen.judged_id}", "/explain", words="")),
    "messages": ("zhou", at("/m/messages")),
    "no messages": ("hemiao", at("/m/messages")),
    "sheet": ("wangjie", at("/worker/sheet")),
    "lost receipt": ("wangjie", at("/worker/receipt")),
    "lost receipt with an error": ("wangjie", sent("/worker/receipt", "/worker/receipt", number="ZB")),
}
"""Name → who looks, and how to get there."""

DESK_PAGES: dict[str, tuple[str, Open]] = {
    "reviews": ("wangjing", at("/d/reviews")),
    "review with an error": ("wangjing", sent("/d/reviews", "/explain", words="")),
    "no reviews": ("sunyi", at("/d/reviews")),
    "submission with messages": ("wangjing", at(lambda seen: f"/d/submissions/{seen.judged_id}")),
    "message with an error": ("wangjing", sent(lambda seen: f"/d/submissions/{seen.judged_id}", "/messages", words="")),
}


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Answers, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Answers, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


def test_the_printed_receipt_reads_large(people: People, seen: Answers, site: Site) -> None:
    """It comes as the answer to a form, so it is looked at once, as it is."""
    page = people.page_of("wangjie", desk=False).page
    page.goto("/worker/receipt?lang=zh&care=0")
    page.fill("#number", seen.number)
    page.select_option("#checked", "known")
    page.get_by_role("button", name="找出来").click()
    page.locator(".board-sheet .code").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".board-sheet .code").inner_text().count("-") == 4
