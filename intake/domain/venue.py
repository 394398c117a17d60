"""协商场所: where members sit and consult, and what such a place must have (三室一站, 六有; row H4)."""

from collections.abc import Collection
from enum import StrEnum


class VenueKind(StrEnum):
    """What the place is."""

    HALL = "hall"
    """协商议事室."""
    STATION = "station"
    """委员工作站."""
    STUDIO = "studio"
    """委员工作室."""
    RECEPTION_ROOM = "reception_room"
    """委员接待室."""


class VenueNeed(StrEnum):
    """The six things (六有) that a check looks for."""

    PLACE = "place"
    """有场所."""
    PEOPLE = "people"
    """有人员."""
    RULES = "rules"
    """有制度."""
    ACTIVITY = "activity"
    """有活动."""
    FACILITIES = "facilities"
    """有设施."""
    FUNDS = "funds"
    """有经费."""


VENUE_KIND_NAMES: dict[VenueKind, str] = {
    VenueKind.HALL: "协商议事室",
    VenueKind.STATION: "委员工作站",
    VenueKind.STUDIO: "委员工作室",
    VenueKind.RECEPTION_ROOM: "委员接待室",
}
VENUE_NEED_NAMES: dict[VenueNeed, str] = {
    VenueNeed.PLACE: "有场所",
    VenueNeed.PEOPLE: "有人员",
    VenueNeed.RULES: "有制度",
    VenueNeed.ACTIVITY: "有活动",
    VenueNeed.FACILITIES: "有设施",
    VenueNeed.FUNDS: "有经费",
}
"""Screen names."""
VENUE_NAME_MAX, ADDRESS_MAX, HOURS_MAX, NOTE_MAX = 40, 100, 60, 300
"""Characters of a venue's name, address and hours, and of a check's note."""


def missing(has: Collection[str]) -> tuple[VenueNeed, ...]:
    """What a check didn't find, in the order of the six."""
    return tuple(need for need in VenueNeed if need.value not in has)
