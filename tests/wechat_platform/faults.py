"""Faults that a test orders: the next so many calls of a path go wrong in a named way."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    """Done at once, and answered after `seconds`."""
    STATUS = "status"
    """Not done; HTTP status `code`."""
    ERROR = "error"
    """Not done; errcode `code`."""
    DROPPED = "dropped"
    """Done, and the connection closed without an answer."""
    CUT = "cut"
    """Done, and the answer ends in the middle."""
    HTML = "html"
    """Not done; a page instead of JSON, as a proxy on the way would give."""
    HUGE = "huge"
    """Done, and the answer is endless."""
    DRIP = "drip"
    """Done, and the answer comes a byte at a time, for `seconds`."""
    LENGTHLESS = "lengthless"
    """Done, and the answer doesn't say how long it is."""
    NESTED = "nested"
    """Done, and the answer is JSON nested too deeply to read."""


@dataclass
class Order:
    """One ordered fault."""

    path: str
    fault: Fault
    times: int
    seconds: float
    code: int


class Faults:
    """The orders that are open."""

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def order(self, path: str, fault: Fault, *, times: int = 1, seconds: float = 0.0, code: int = 500) -> None:
        """Let the next `times` calls whose path ends with `path` go wrong; "" is every path."""
        self._orders.append(Order(path, Fault(fault), times, seconds, code))

    def clear(self) -> None:
        """All is well again."""
        self._orders.clear()

    def next_for(self, path: str) -> Order | None:
        """The first order that meets `path`, used up by one."""
        for order in self._orders:
            if order.times > 0 and path.endswith(order.path):
                order.times -= 1
                return order
        return None

    def left(self) -> Iterable[Order]:
        """What hasn't happened yet."""
        return [order for order in self._orders if order.times > 0]
