"""直报点: kinds and states."""

from datetime import datetime
from enum import StrEnum

from intake.domain.permission import Permission as P
from intake.domain.transition import LABELS, StateTable, Transition


class PointKind(StrEnum):
    """Where the code hangs."""

    COMMUNITY = "community"
    """社区."""
    STATION = "station"
    """委员工作站."""
    STUDIO = "studio"
    """委员工作室."""
    ENTERPRISE = "enterprise"
    """企业."""
    SCHOOL = "school"
    """学校."""
    BUILDING = "building"
    """楼栋."""
    EVENT = "event"
    """活动."""


POINT_KIND_NAMES: dict[PointKind, str] = {
    PointKind.COMMUNITY: "社区",
    PointKind.STATION: "委员工作站",
    PointKind.STUDIO: "委员工作室",
    PointKind.ENTERPRISE: "企业",
    PointKind.SCHOOL: "学校",
    PointKind.BUILDING: "楼栋",
    PointKind.EVENT: "活动",
}
"""Screen names."""


class PointGuard(StrEnum):
    """Whether senders must prove that they took some trouble (防刷)."""

    AUTO = "auto"
    """自动: while more comes than people send."""
    ON = "on"
    """一直开."""
    OFF = "off"
    """一直关."""


POINT_GUARD_NAMES: dict[PointGuard, str] = {PointGuard.AUTO: "自动", PointGuard.ON: "一直开", PointGuard.OFF: "一直关"}
"""Screen names."""


def is_guarded(guard: PointGuard, guarded_until: datetime | None, *, at: datetime) -> bool:
    """Whether a point asks for proof just now."""
    if guard is PointGuard.AUTO:
        return guarded_until is not None and at < guarded_until
    return guard is PointGuard.ON


class PointState(StrEnum):
    """Whether the code takes submissions."""

    ACTIVE = "active"
    """在用."""
    PAUSED = "paused"
    """暂停: the page says why and where to go meanwhile."""
    RETIRED = "retired"
    """停用: for good; the page names the neighbouring way."""


class PointAction(StrEnum):
    """What moves a point."""

    PAUSE = "pause"
    """暂停."""
    RESUME = "resume"
    """恢复."""
    RETIRE = "retire"
    """停用."""
    ROTATE = "rotate"
    """换码: a new code; what hangs on the wall becomes old."""


S, A = PointState, PointAction
LABELS.add({S.ACTIVE: "在用", S.PAUSED: "暂停", S.RETIRED: "停用"})

POINT_TABLE = StateTable(
    noun="point",
    states=S,
    initial=S.ACTIVE,
    transitions=(
        Transition(A.PAUSE, frozenset({S.ACTIVE}), S.PAUSED, P.POINTS_MANAGE, "", needs_reason=True),
        Transition(A.RESUME, frozenset({S.PAUSED}), S.ACTIVE, P.POINTS_MANAGE, ""),
        Transition(A.RETIRE, frozenset({S.ACTIVE, S.PAUSED}), S.RETIRED, P.POINTS_MANAGE, "", needs_reason=True),
        Transition(A.ROTATE, frozenset({S.ACTIVE}), S.ACTIVE, P.POINTS_MANAGE, ""),
        Transition(A.ROTATE, frozenset({S.PAUSED}), S.PAUSED, P.POINTS_MANAGE, ""),
    ),
)
"""Source: domain.md, IntakePoint. A new code changes no state, but it is an act that history must show."""


class AreaKind(StrEnum):
    """Levels of the area tree."""

    CITY = "city"
    """市."""
    DISTRICT = "district"
    """区."""
    STREET = "street"
    """街道."""
    COMMUNITY = "community"
    """社区."""


AREA_KIND_NAMES: dict[AreaKind, str] = {
    AreaKind.CITY: "市",
    AreaKind.DISTRICT: "区",
    AreaKind.STREET: "街道",
    AreaKind.COMMUNITY: "社区",
}
"""Screen names."""

BELOW: dict[AreaKind, tuple[AreaKind, ...]] = {
    AreaKind.CITY: (),
    AreaKind.DISTRICT: (AreaKind.STREET, AreaKind.COMMUNITY),
    AreaKind.STREET: (AreaKind.COMMUNITY,),
    AreaKind.COMMUNITY: (),
}
"""What may be added below an area on the desk; cities and districts are made when an installation is set up."""

WEEKDAY_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
"""By the rota's number: 0 is Monday."""
