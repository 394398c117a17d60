"""清单 and 批示 in every mode, as in test_accessible."""

from dataclasses import dataclass
from datetime import date

import pytest

from intake.domain.instruction import CloseReason
from intake.domain.official_list import ListKind
from intake.models import Referral
from intake.services.instruction import close
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories.instructions import following, registered, sent_on
from tests.factories.lists import followed, issued, listed, relayed
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.referrals import assigned, delivered
from tests.factories.town import town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Papers:
    """What has been prepared for looking at."""

    draft: int
    next_draft: int
    issued: int
    results: int
    instruction: int
    closed: int
    topic: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Papers:
    """Lists in every state, and instructions late, reported on and closed."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    first = assigned(wiring, town, relayed(wiring, town), helper_ids=(town.homes_id,))
    superseded = issued(wiring, town, listed(wiring, town))
    with wiring.sessions.begin() as session:
        session.get_one(Referral, first).basis = "居民又反映了两次，委员到现场看过，情况属实。"
    delivered(wiring, town, relayed(wiring, town, words="井盖松动"))
    current = issued(wiring, town, followed(wiring, town, superseded))
    relayed(wiring, town, words="垃圾没有人清")
    draft, results = listed(wiring, town), listed(wiring, town, kind=ListKind.RESULT, title="云栖区结果反馈清单")
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "路灯坏了"))
    instruction = registered(wiring, town, subject=topic_row(wiring, topic).number, due_on=date(2026, 11, 2))
    sent_on(wiring, town, instruction, town.lights_id, outside=("清河区政协",), due_on=date(2026, 11, 20))
    closed = registered(wiring, town, number="〔2026〕8号")
    with wiring.sessions.begin() as session:
        close(session, following(wiring, town.jing_id, closed), reason=CloseReason.DONE, result="路灯全部修好。")
    return Papers(
        draft=draft,
        next_draft=followed(wiring, town, current),
        issued=current,
        results=results,
        instruction=instruction,
        closed=closed,
        topic=topic,
    )


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "lists": ("wangjing", at("/d/lists")),
    "no lists found": ("wangjing", at("/d/lists?q=没有这个")),
    "new list": ("wangjing", at("/d/lists/new?kind=responsibility")),
    "new list with an error": ("wangjing", sent("/d/lists/new?kind=responsibility", "kind=responsibility", title="")),
    "draft that lacks something": ("wangjing", unfolded(lambda seen: f"/d/lists/{seen.draft}")),
    "draft with an error": ("wangjing", sent(lambda seen: f"/d/lists/{seen.draft}", "/issue")),
    "next edition": ("wangjing", unfolded(lambda seen: f"/d/lists/{seen.next_draft}")),
    "issued list": ("wangjing", unfolded(lambda seen: f"/d/lists/{seen.issued}")),
    "issued list with an error": ("wangjing", sent(lambda seen: f"/d/lists/{seen.issued}", "/paper", signer="")),
    "result list": ("wangjing", unfolded(lambda seen: f"/d/lists/{seen.results}")),
    "rows of a draft": ("wangjing", at(lambda seen: f"/d/lists/{seen.draft}/edit")),
    "instructions": ("wangjing", at("/d/instructions")),
    "new instruction": ("wangjing", at("/d/instructions/new")),
    "new instruction with an error": ("wangjing", sent("/d/instructions/new", "/new", number="")),
    "instruction": ("wangjing", unfolded(lambda seen: f"/d/instructions/{seen.instruction}")),
    "instruction with an error": ("wangjing", sent(lambda seen: f"/d/instructions/{seen.instruction}", "/close", result="")),
    "closed instruction": ("wangjing", unfolded(lambda seen: f"/d/instructions/{seen.closed}")),
    "topic with an instruction": ("wangjing", unfolded(lambda seen: f"/d/topics/{seen.topic}")),
    "instructions of a unit": ("gaoqiang", at("/dept/instructions")),
    "instructions of a unit with an error": ("gaoqiang", sent("/dept/instructions", "/1", feedback="")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Papers, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
