"""Who looks at a card, who had it before, stepping back, and who has what, in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.submission import Urgency
from intake.models import MemberProfile, User
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.hands import handed_over, looked_at, recused
from tests.factories.matters import told
from tests.factories.town import town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Hands:
    """Cards prepared for looking at."""

    handed: int
    """To 老周, who is concerned by it."""
    given: int
    """By 老周."""
    held: int
    """On 王静's screen."""
    gone: int
    """老周 stepped back."""
    zhou: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Hands:
    """What 老周, the convenor, finds."""
    wiring = site.wiring
    with wiring.sessions.begin() as session:
        town = town_in(session)
        session.get_one(User, town.qing_id).away_until = wiring.clock.now().replace(day=20)
        session.add(
            MemberProfile(
                user_id=town.laozhou_id,
                district_id=town.district_id,
                employer="安居物业有限公司",
                concerns=[],
                updated_at=wiring.clock.now(),
            )
        )
    handed = told(wiring, town.longchi_code, "安居物业半年没来修过楼道灯，打电话也没人接", place="幸福里3号楼")
    handed_over(wiring, town.zhou_id, handed, town.laozhou_id, "您和物业打过交道，麻烦看看怎么说合适。")
    given = told(wiring, town.ziwei_code, "紫薇苑门口的垃圾桶满了三天")
    handed_over(wiring, town.laozhou_id, given, town.zhou_id)
    held = told(wiring, town.longchi_code, "菜场门口摆满了摊子，消防车进不来", urgency=Urgency.SOON)
    looked_at(wiring, town.jing_id, held)
    gone = told(wiring, town.ziwei_code, "河边栏杆松了，一推就倒")
    recused(wiring, town.laozhou_id, gone)
    return Hands(handed.submission_id, given.submission_id, held.submission_id, gone.submission_id, town.zhou_id)


PHONE_PAGES: dict[str, Open] = {
    "card that was handed over and concerns me": at(lambda seen: f"/m/cards/{seen.handed}"),
    "card that I handed over": at(lambda seen: f"/m/cards/{seen.given}"),
    "card that another looks at": at(lambda seen: f"/m/cards/{seen.held}"),
    "giving it to somebody": unfolded(lambda seen: f"/m/cards/{seen.given}/pass"),
    "giving it with an error": sent(lambda seen: f"/m/cards/{seen.handed}/pass", "/hand-over", words=""),
    "stepping back with an error": sent(lambda seen: f"/m/cards/{seen.handed}/pass", "/recuse", words=""),
    "stepped back": at(lambda seen: f"/m/cards/{seen.gone}/stepped-back"),
    "who has what": at("/m/hands"),
    "what one has": at(lambda seen: f"/m/hands/{seen.zhou}"),
}
DESK_PAGES: dict[str, Open] = {"submission that went through hands": unfolded(lambda seen: f"/d/submissions/{seen.gone}")}
"""Name → how to get there; 老周 on the phone, 王静 at the desk."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Hands, site: Site) -> None:
    wrong = wrong_on_phone(people.page_of("laozhou", desk=False), PHONE_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Hands, site: Site) -> None:
    wrong = wrong_on_desk(people.page_of("wangjing", desk=True), DESK_PAGES[name], seen, site)
    assert not wrong, "\n".join(wrong)
