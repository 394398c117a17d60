"""覆盖: what a community has of the five things by which members can be reached (rows G1, S1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from intake.domain.position import Position


class Means(StrEnum):
    """A way to reach members."""

    POINT = "point"
    """直报点 in use, in the community itself."""
    VENUE = "venue"
    """协商场所, its own or its street's."""
    MEMBERS = "members"
    """Members whose area holds it."""
    GROUP = "group"
    """联络组 of it, its street or the district."""
    ROTA = "rota"
    """Somebody who listens at one of its points on some weekday."""


MEANS_NAMES: dict[Means, str] = {
    Means.POINT: "直报点",
    Means.VENUE: "协商场所",
    Means.MEMBERS: "负责的委员",
    Means.GROUP: "联络组",
    Means.ROTA: "值班的人",
}
"""Screen names."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A community, and how many it has of each."""

    id: int
    name: str
    street_id: int | None
    """None where it lies right below the district."""
    street_name: str
    points: int
    venues: int
    """Its own."""
    street_venues: int
    """Of its street."""
    members: int
    groups: int
    on_rota: int
    """People."""
    position: Position | None
    """The middle of its points and venues; None where nobody wrote down where they are."""
    quiet_points: int = 0
    """Of its points, those that nobody scanned of late (`domain/point_count.py`)."""
    enterprise_points: int = 0
    """Of its points, those of enterprises (row E1)."""

    def has(self, means: Means) -> bool:
        """Whether there is at least one."""
        return _COUNTS[means](self) > 0

    @property
    def gaps(self) -> tuple[Means, ...]:
        """What is missing."""
        return tuple(means for means in Means if not self.has(means))

    @property
    def is_quiet(self) -> bool:
        """Whether it has codes, and nobody scans any of them."""
        return 0 < self.points == self.quiet_points

    @property
    def needs(self) -> int:
        """How many things there are to be seen to."""
        return len(self.gaps) + self.is_quiet


_COUNTS: dict[Means, Callable[[Covered], int]] = {
    Means.POINT: lambda one: one.points,
    Means.VENUE: lambda one: one.venues + one.street_venues,
    Means.MEMBERS: lambda one: one.members,
    Means.GROUP: lambda one: one.groups,
    Means.ROTA: lambda one: one.on_rota,
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One of the five over all communities."""

    means: Means
    have: int
    of: int
    without: tuple[str, ...]
    """Names of the communities that lack it."""


def gaps_of(communities: Sequence[Covered]) -> tuple[Gap, ...]:
    """All five, what is missing anywhere first; otherwise in their own order, since none is worth more than another."""
    found = [
        Gap(
            means,
            sum(one.has(means) for one in communities),
            len(communities),
            tuple(one.name for one in communities if not one.has(means)),
        )
        for means in Means
    ]
    return tuple(sorted(found, key=lambda gap: not gap.without))
