"""社情民意信息, 成果转化 and the audit in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.bulletin import AdoptionLevel
from intake.services.submission_withdraw import withdraw
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk
from tests.browser.people import People
from tests.factories.bulletins import bulletin_row, drafted_bulletin, sent_up, signed, taken_up_at, turned_into, written
from tests.factories.releases import pooled_topic
from tests.factories.town import town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Papers:
    """What has been prepared for looking at."""

    topic: int
    draft: int
    signed: int
    sent: int
    conversion: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Papers:
    """A draft that quotes somebody who took it back, one that is signed, one that was taken up."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    topic = pooled_topic(wiring, town, voices=3)
    draft = drafted_bulletin(wiring, town, topic)
    ready = signed(wiring, town, written(wiring, town, drafted_bulletin(wiring, town, topic)))
    up = sent_up(wiring, town, topic, title="关于幸福里等三个小区夜间照明不足、影响老人和学生出行的情况和建议")
    taken_up_at(wiring, town, up, AdoptionLevel.CITY)
    conversion = turned_into(wiring, town, topic)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=bulletin_row(wiring, draft).quoted[0], at=wiring.clock.now())
    return Papers(topic, draft, ready, up, conversion)


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "bulletins": ("wangjing", at("/d/bulletins")),
    "no bulletins found": ("wangjing", at("/d/bulletins?q=没有这个")),
    "new bulletin": ("wangjing", at(lambda seen: f"/d/bulletins/new?topic={seen.topic}")),
    "draft that quotes what was taken back": ("wangjing", unfolded(lambda seen: f"/d/bulletins/{seen.draft}")),
    "draft with an error": ("wangjing", at(lambda seen: f"/d/bulletins/{seen.draft}/edit")),
    "signed bulletin": ("wangjing", unfolded(lambda seen: f"/d/bulletins/{seen.signed}")),
    "signed bulletin with an error": ("wangjing", sent(lambda seen: f"/d/bulletins/{seen.signed}", "/send", addressed_to="")),
    "sent bulletin": ("wangjing", unfolded(lambda seen: f"/d/bulletins/{seen.sent}")),
    "conversions": ("wangjing", at("/d/conversions?year=2026")),
    "new conversion": ("wangjing", at("/d/conversions/new")),
    "new conversion with an error": ("wangjing", sent(lambda seen: f"/d/conversions/new?topic={seen.topic}", "/new", title="")),
    "conversion": ("wangjing", unfolded(lambda seen: f"/d/conversions/{seen.conversion}")),
    "audit": ("chenli", at("/d/audit")),
    "audit with an error": ("chenli", at("/d/audit?noun=topic")),
    "audit, nobody of that name": ("chenli", at("/d/audit?who=没有")),
    "check of the chain": ("chenli", at("/d/audit/check")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Papers, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
