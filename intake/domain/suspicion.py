"""起疑: what about the way a message came makes somebody look first. It is held (待核), never dropped."""

from datetime import timedelta
from enum import StrEnum

EMERGENCIES_MOST, EMERGENCIES_WITHIN = 3, timedelta(hours=1)
"""Of what names a danger so many from one point pass although the way they came is suspect: people first. An attacker who writes of danger a
thousand times rings three times, and the others lie on top of what is held.
"""


class Suspicion(StrEnum):
    """Why it is held; written with the message, acted on by triage."""

    TRAP = "trap"
    """A field that no person sees was filled in (蜜罐)."""
    FAST = "fast"
    """Sent sooner than a person reads the page (太快)."""
    UNPROVEN = "unproven"
    """The point is under attack, and the proof of work was missing or wrong (没有校验)."""
    FLOOD = "flood"
    """More from one device or address than people send (太多)."""


SUSPICION_WORDS: dict[Suspicion, str] = {
    Suspicion.TRAP: "填了页面上看不见的栏目，可能是程序填的",
    Suspicion.FAST: "打开页面后很快就提交，可能是程序填的",
    Suspicion.UNPROVEN: "这个直报点正受到大量提交，这一件没有通过校验",
    Suspicion.FLOOD: "同一台设备短时间内提交了很多",
}
"""What staff read in quarantine."""
