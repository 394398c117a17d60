"""How far a permission goes: granted for an area, it holds for that and all below; some go by other bounds. The services check it."""

from enum import StrEnum

from intake.domain.permission import Permission


class Reach(StrEnum):
    """Where somebody who holds a permission may use it."""

    AREA = "area"
    """授予的区域及以下 / in the area of the role and below"""
    DISTRICT = "district"
    """全区 / in the whole district"""
    UNIT = "unit"
    """送到或指定给本单位的 / what was sent or assigned to one's own unit"""
    OWN = "own"
    """本人的 / what is one's own"""


_OTHERS: dict[Permission, Reach] = {
    Permission.REFERRAL_ASSIGN: Reach.UNIT,
    Permission.REFERRAL_ANSWER: Reach.UNIT,
    Permission.OWN_REMINDERS: Reach.OWN,
    Permission.OWN_ACCOUNT: Reach.OWN,
    Permission.LEDGER_KEEP: Reach.OWN,
    Permission.INSTRUCTION_REGISTER: Reach.DISTRICT,
    Permission.LIST_MANAGE: Reach.DISTRICT,
    Permission.GROUPS_VIEW: Reach.DISTRICT,
    Permission.TEMPLATES_MANAGE: Reach.DISTRICT,
    Permission.DISTRICT_MANAGE: Reach.DISTRICT,
    Permission.AUDIT_VIEW: Reach.DISTRICT,
}


def reach_of(permission: Permission) -> Reach:
    """The area of the role, unless the permission goes by something else."""
    return _OTHERS.get(permission, Reach.AREA)
