"""委员组织: members, the level they sit at, and the groups they belong to."""

import re
from enum import StrEnum

from intake.domain.errors import InvalidInput
from intake.domain.text import clean


class MemberLevel(StrEnum):
    """Of which committee somebody is a member (row G1: three levels)."""

    PROVINCE = "province"
    """省政协委员."""
    CITY = "city"
    """市政协委员."""
    DISTRICT = "district"
    """区政协委员."""


class GroupKind(StrEnum):
    """Kinds of groups, all of which may propose a topic in their name (rows G1, J1)."""

    LIAISON = "liaison"
    """联络组: the members of an area."""
    SECTOR = "sector"
    """界别."""
    COMMITTEE = "committee"
    """专委会."""
    JOINT = "joint"
    """联组、联委会."""


LEVEL_NAMES: dict[MemberLevel, str] = {
    MemberLevel.PROVINCE: "省政协委员",
    MemberLevel.CITY: "市政协委员",
    MemberLevel.DISTRICT: "区政协委员",
}
GROUP_KIND_NAMES: dict[GroupKind, str] = {
    GroupKind.LIAISON: "联络组",
    GroupKind.SECTOR: "界别",
    GroupKind.COMMITTEE: "专委会",
    GroupKind.JOINT: "联组",
}
"""Screen names."""
GROUP_NAME_MAX, EMPLOYER_MAX, CONCERN_MAX, CONCERNS_MOST = 40, 60, 40, 20
"""Characters of a group's name, of an employer, of one name under 回避; and how many such names a person keeps."""


def concerns_in(raw: str) -> tuple[str, ...]:
    """Names of firms and departments, one a line or parted by 、，；, each once; InvalidInput (field `concerns`) for what can't be a name."""
    names = tuple(dict.fromkeys(name for part in re.split(r"[\n、，,；;]+", clean(raw).text) if (name := " ".join(part.split()))))
    if any(len(name) < 2 for name in names):
        raise InvalidInput("单位名称至少写两个字，只写一个字会把许多不相干的来件当成要回避的。", field="concerns")
    if any(len(name) > CONCERN_MAX for name in names):
        raise InvalidInput(f"一个单位名称最多 {CONCERN_MAX} 个字，请写大家平时叫的名字，一行一个。", field="concerns")
    if len(names) > CONCERNS_MOST:
        raise InvalidInput(f"最多写 {CONCERNS_MOST} 个单位，请留下真正有关系的。", field="concerns")
    return names
