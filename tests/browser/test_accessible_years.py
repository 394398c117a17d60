"""值班日历, 履职记录 and the year in every mode, as in test_accessible."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from intake.domain.activity import ActivityKind
from intake.services import duty
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.duty import facts, made, shift, shifting, station
from tests.factories.matters import told, topic_of
from tests.factories.town import town_in
from tests.integration.test_activity import noted

pytestmark = pytest.mark.browser
TODAY = date(2026, 11, 3)
PRIVATE = "电话13812345678，说楼道灯坏了"


@dataclass(slots=True)
class Year:
    """What has been prepared for looking at."""

    shift: int
    asked: int
    cancelled: int
    activity: int
    zhou: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Year:
    """周明远's season, a shift that he was asked to take, one that was cancelled, and a record of every kind."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    place = station(wiring, town.longchi_id, code=town.longchi_code)
    own = made(wiring, town.jing_id, facts(place, town.zhou_id, TODAY, until=TODAY + timedelta(days=30))).shift_ids
    asked = shift(wiring, town.jing_id, facts(place, town.qing_id, TODAY + timedelta(days=1)))
    with wiring.sessions.begin() as session:
        duty.ask_colleague(session, shifting(wiring, town.qing_id, asked), colleague_id=town.zhou_id)
        duty.cancel_shift(session, shifting(wiring, town.zhou_id, own[-1]), words="外出培训，这一次不开门")
    activities = [
        noted(wiring, town.zhou_id, number, kind=kind, area_id=town.longchi_id, settled=True)
        for number, kind in enumerate(ActivityKind, start=1)
    ]
    topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, "路灯坏了"))
    return Year(shift=own[1], asked=asked, cancelled=own[-1], activity=activities[2], zhou=town.zhou_id)


PHONE_PAGES: dict[str, Open] = {
    "my duty": at("/m/duty"),
    "duty of my areas": at("/m/duty?part=all"),
    "my shift": unfolded(lambda seen: f"/m/duty/{seen.shift}"),
    "my shift with an error": sent(lambda seen: f"/m/duty/{seen.shift}", "/cancel", words=""),
    "a shift to take": at(lambda seen: f"/m/duty/{seen.asked}"),
    "my record": at("/m/ledger"),
    "one line of it": unfolded(lambda seen: f"/m/ledger/{seen.activity}"),
    "a new line with personal data": sent("/m/ledger/new?kind=reception", "/new", words=PRIVATE),
    "a new line with an error": sent("/m/ledger/new?kind=mediation", "/new", day=""),
    "my year": at("/m/year/2026"),
}
DESK_PAGES: dict[str, Open] = {
    "duty": at("/d/duty"),
    "made": at("/d/duty?made=4&skipped=2026-10-01&until=2027-01-15"),
    "new shift": at("/d/duty/new"),
    "new shift with an error": sent("/d/duty/new", "/new", day=""),
    "shift": unfolded(lambda seen: f"/d/duty/{seen.shift}"),
    "shift with an error": sent(lambda seen: f"/d/duty/{seen.shift}", "/cancel", words=""),
    "cancelled shift": at(lambda seen: f"/d/duty/{seen.cancelled}"),
    "year of the district": at("/d/years/2026"),
    "year of a member": at(lambda seen: f"/d/members/{seen.zhou}/year/2026"),
}
"""Name → how to get there; 周明远 on the phone, 王静 at the desk."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Year, site: Site) -> None:
    wrong = wrong_on_phone(people.page_of("zhou", desk=False), PHONE_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Year, site: Site) -> None:
    wrong = wrong_on_desk(people.page_of("wangjing", desk=True), DESK_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)
