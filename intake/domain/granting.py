"""Who may give or take which role where: an administrator never hands out more than their own reach."""

from intake.domain.actor import Actor, ActorKind
from intake.domain.errors import Forbidden
from intake.domain.permission import Permission, Role

LOCAL_ROLES = frozenset({Role.WORKER, Role.MEMBER, Role.CONVENOR})
"""What an administrator of a street or community may give there; every other role serves the whole district's offices."""
ABOVE_DISTRICTS = frozenset({Role.CITY})
"""What the command line alone gives: it shows the figures of several districts."""


def reaches(actor: Actor, permission: Permission, *, area_path: str) -> bool:
    """Whether the actor holds `permission` for the area; the machine and the command line hold every one."""
    return actor.kind is ActorKind.MACHINE or actor.may(permission, area_path=area_path)


def require(actor: Actor, permission: Permission, *, area_path: str) -> None:
    """Forbidden unless the actor holds `permission` for the area."""
    if not reaches(actor, permission, area_path=area_path):
        raise Forbidden("这里不在您负责的范围。需要的话请联系区里的管理员。")


def may_grant(actor: Actor, role: Role, *, area_path: str, district_path: str) -> bool:
    """Whether the actor may give or take `role` in the area.

    Local roles need PEOPLE_MANAGE there; all others need it for the whole district, so that only its administrators make administrators.
    """
    if role in ABOVE_DISTRICTS:
        return actor.kind is ActorKind.MACHINE
    return reaches(actor, Permission.PEOPLE_MANAGE, area_path=area_path if role in LOCAL_ROLES else district_path)


def grantable(actor: Actor, *, district_path: str) -> tuple[Role, ...]:
    """Roles the actor may give somewhere, in the order of the roles."""
    everywhere = reaches(actor, Permission.PEOPLE_MANAGE, area_path=district_path)
    above = actor.kind is ActorKind.MACHINE
    return tuple(role for role in Role if (role in LOCAL_ROLES or everywhere) and (above or role not in ABOVE_DISTRICTS))
