"""委员组织 and 场所 of 云栖区, founded by 王静."""

from collections.abc import Sequence
from datetime import date

from intake.domain.member_group import GroupKind
from intake.domain.venue import VenueKind, VenueNeed
from intake.services.member_group import GroupFacts, add_members, change_group, create_group
from intake.services.venue import VenueFacts, check_venue, create_venue
from intake.wiring import Wiring
from tests.factories.town import Town, actor

BEGAN = date(2026, 3, 2)


def group_of(
    wiring: Wiring,
    town: Town,
    name: str,
    *people: int,
    kind: GroupKind = GroupKind.LIAISON,
    area_id: int | None = None,
    convenor_id: int | None = None,
    categories: Sequence[str] = (),
) -> int:
    """A group with these members since March; a liaison group is of 丰山街道 unless said otherwise. Its id."""
    with wiring.sessions.begin() as session:
        at, staff = wiring.clock.now(), actor(session, town.jing_id)
        where = town.street_id if kind is GroupKind.LIAISON and area_id is None else area_id
        facts = GroupFacts(kind, name, where, None, tuple(categories))
        made = create_group(session, actor=staff, facts=facts, taxonomy=wiring.taxonomy, at=at)
        if people:
            add_members(session, actor=staff, group_id=made.id, user_ids=people, since=BEGAN, at=at)
        if convenor_id is not None:
            led = GroupFacts(kind, name, where, convenor_id, tuple(categories))
            change_group(session, actor=staff, group_id=made.id, version=1, facts=led, taxonomy=wiring.taxonomy, at=at)
        return made.id


def venue_at(wiring: Wiring, town: Town, name: str, *, area_id: int, group_id: int | None = None, point_id: int | None = None) -> int:
    """A station in use. Its id."""
    with wiring.sessions.begin() as session:
        facts = VenueFacts(VenueKind.STATION, name, area_id, group_id, point_id, "", "")
        return create_venue(session, actor=actor(session, town.jing_id), facts=facts, at=wiring.clock.now()).id


def checked(wiring: Wiring, town: Town, venue_id: int, *has: VenueNeed, note: str = "") -> None:
    """王静 looked today and found these."""
    with wiring.sessions.begin() as session:
        at = wiring.clock.now()
        check_venue(session, actor=actor(session, town.jing_id), venue_id=venue_id, checked_on=at.date(), has=has, note=note, at=at)
