"""履职记录: what a member did, counted without proof and without scores (rows Y3, S1)."""

from enum import StrEnum


class ActivityKind(StrEnum):
    """What it was."""

    DUTY = "duty"
    """值班."""
    RECEPTION = "reception"
    """接待群众."""
    VISIT = "visit"
    """走访（委员三进）."""
    MEDIATION = "mediation"
    """调解矛盾纠纷."""
    SERVICE = "service"
    """为民服务."""


ACTIVITY_NAMES: dict[ActivityKind, str] = {
    ActivityKind.DUTY: "值班",
    ActivityKind.RECEPTION: "接待群众",
    ActivityKind.VISIT: "走访",
    ActivityKind.MEDIATION: "调解纠纷",
    ActivityKind.SERVICE: "为民服务",
}
"""Screen names."""
ACTIVITY_SHORT: dict[ActivityKind, str] = {
    ActivityKind.DUTY: "值班",
    ActivityKind.RECEPTION: "接待",
    ActivityKind.VISIT: "走访",
    ActivityKind.MEDIATION: "调解",
    ActivityKind.SERVICE: "服务",
}
"""The same where five stand in one line of a phone."""
PEOPLE_MOST = 2000
"""As many as one entry may count."""
BACK_DAYS = 60
"""How far back something may still be written down."""
