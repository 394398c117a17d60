"""委员组织, 场所 and 覆盖 in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.member_group import GroupKind
from intake.domain.venue import VenueNeed
from intake.models import GroupMembership, IntakePoint
from intake.services.member_group import end_group, end_membership
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.groups import BEGAN, checked, group_of, venue_at
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Groups:
    """What has been prepared for looking at."""

    liaison: int
    """Led by somebody without the role, and left by another."""
    membership: int
    ended: int
    venue: int
    member: int
    street: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Groups:
    """A group with a past, one that ended, a venue that lacks something, points on the map."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    liaison = group_of(wiring, town, "丰山街道联络组", town.zhou_id, town.qing_id, town.laozhou_id, convenor_id=town.zhou_id)
    ended = group_of(wiring, town, "旧城改造专班", town.qing_id, kind=GroupKind.JOINT, categories=("street-lights",))
    venue = venue_at(wiring, town, "丰山街道委员工作站", area_id=town.street_id, group_id=liaison)
    checked(wiring, town, venue, VenueNeed.PLACE, note="刚挂牌，桌椅下周到。")
    checked(wiring, town, venue, *[need for need in VenueNeed if need is not VenueNeed.FUNDS], note="经费还没有列。")
    with wiring.sessions.begin() as session:
        staff, now = actor(session, town.jing_id), wiring.clock.now()
        end_group(session, actor=staff, group_id=ended, version=1, at=now)
        rows = {one.user_id: one.id for one in session.query(GroupMembership).filter_by(group_id=liaison)}
        end_membership(session, actor=staff, group_id=liaison, membership_id=rows[town.qing_id], until=BEGAN, at=now)
        for number, point in enumerate(session.query(IntakePoint)):
            point.latitude, point.longitude = 30.0 + number / 100, 124.0 + number / 50
    return Groups(liaison, rows[town.zhou_id], ended, venue, town.zhou_id, town.street_id)


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "groups": ("wangjing", at("/d/groups")),
    "no groups found": ("wangjing", at("/d/groups?q=没有这个")),
    "new group with an error": ("wangjing", sent("/d/groups/new", "/new", name="")),
    "group": ("wangjing", unfolded(lambda seen: f"/d/groups/{seen.liaison}?find=何苗 李青")),
    "group with an error": ("wangjing", sent(lambda seen: f"/d/groups/{seen.liaison}?find=何苗", "/members", since="2030-01-01")),
    "ended group": ("wangjing", at(lambda seen: f"/d/groups/{seen.ended}")),
    "leaving a group with an error": (
        "wangjing",
        sent(lambda seen: f"/d/groups/{seen.liaison}/members/{seen.membership}/end", "/end", until=""),
    ),
    "roster": ("wangjing", at("/d/members")),
    "member with an error": ("wangjing", sent(lambda seen: f"/d/members/{seen.member}", "/profile", concerns="厂")),
    "venues": ("wangjing", at("/d/venues")),
    "new venue with an error": ("wangjing", sent("/d/venues/new", "/new", name="", position="1")),
    "venue": ("wangjing", unfolded(lambda seen: f"/d/venues/{seen.venue}?find=何苗")),
    "check with an error": ("wangjing", sent(lambda seen: f"/d/venues/{seen.venue}/check", "/check", checked_on="")),
    "coverage": ("wangjing", at("/d/coverage")),
    "coverage of a street": ("wangjing", at(lambda seen: f"/d/coverage?street={seen.street}")),
}
PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "profile": ("laozhou", unfolded("/m/profile")),
    "profile with an error": ("laozhou", sent("/m/profile", "/m/profile", concerns="厂")),
    "coverage on the phone": ("zhou", at("/m/coverage")),
    "coverage of a street on the phone": ("zhou", at(lambda seen: f"/m/coverage?street={seen.street}")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Groups, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Groups, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)
