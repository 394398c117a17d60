"""Who acts: a person with grants, the machine, or the resident who holds the receipt."""

from dataclasses import dataclass
from enum import StrEnum

from intake.domain.permission import GRANTS, Permission, Role


class ActorKind(StrEnum):
    """Kinds of actor in history and audit."""

    PERSON = "person"
    """A signed-in user (用户)."""
    MACHINE = "machine"
    """Our own workers (系统)."""
    RESIDENT = "resident"
    """Whoever holds the receipt (居民)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in an area; `area_path` is the area's path, so a prefix means its subtree."""

    role: Role
    area_id: int
    area_path: str


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, with what they may do."""

    kind: ActorKind
    user_id: int | None = None
    district_id: int | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()
    unit_id: int | None = None
    """The department or office they work in."""

    def may(self, permission: Permission, *, area_path: str | None = None) -> bool:
        """Whether a grant holds `permission`; with `area_path`, whether it reaches that area."""
        return any(
            permission in GRANTS[grant.role] and (area_path is None or area_path.startswith(grant.area_path)) for grant in self.grants
        )

    def area_paths(self, permission: Permission) -> tuple[str, ...]:
        """Paths of the areas in which the actor holds `permission`."""
        return tuple(sorted({grant.area_path for grant in self.grants if permission in GRANTS[grant.role]}))


MACHINE = Actor(kind=ActorKind.MACHINE, name="系统")
RESIDENT = Actor(kind=ActorKind.RESIDENT, name="居民")
