"""校正: where few people speak up, each message stands for more; always shown with the numbers it was made of.

It is an order of the board only for whoever asks for it (docs/adr/0047-orders-of-the-board.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

YEAR_DAYS = 365
MOST_FACTOR = 2.0
"""However silent a community is, a message there counts at most twice."""
LEAST_COMPARED = 3
"""With fewer communities there is nothing usual to be compared with."""


class Basis(StrEnum):
    """What a community's messages were divided by."""

    RESIDENTS = "residents"
    """Per 1,000 residents, as staff entered them."""
    POINTS = "points"
    """Per 直报点 in use; a guess, since nobody entered the residents, here or of enough communities to compare with."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a community said in YEAR_DAYS, and who could have."""

    area_id: int
    name: str
    messages: int
    residents: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Correction:
    """How much more a message of one community weighs, and why."""

    area_id: int
    name: str
    basis: Basis
    own: float
    """Messages a year for each 1,000 residents, or for each point."""
    usual: float
    """The median of the district's communities, counted the same way."""
    factor: float
    """1 to MOST_FACTOR, in steps of a tenth."""

    @property
    def words(self) -> str:
        """Both numbers and what follows from them."""
        name, own, usual, factor = self.name, _plain(self.own), _plain(self.usual), _plain(self.factor)
        if self.basis is Basis.RESIDENTS:
            return f"{name}一年来每千名居民 {own} 件，区里各社区的中位数是 {usual} 件，说话的人可能偏少，这里 1 件按 {factor} 件看。"
        return f"{name}没有居民数可比，按每个直报点估：一年 {own} 件，区里的中位数是 {usual} 件，这里 1 件按 {factor} 件看。"


def corrections(communities: Sequence[Heard]) -> dict[int, Correction]:
    """By area, what can be said of each community; those with neither residents nor points are left out, and all where too few can be compared."""
    counted = _compared([one for one in communities if one.residents], Basis.RESIDENTS, lambda one: (one.residents or 0) / 1000)
    guessed = _compared([one for one in communities if one.points], Basis.POINTS, lambda one: one.points)
    return {**guessed, **counted}


def weighed(count: int, correction: Correction | None) -> float:
    """What `count` messages of a community stand for."""
    return count * correction.factor if correction is not None else float(count)


def _compared(communities: Sequence[Heard], basis: Basis, size: Callable[[Heard], float]) -> dict[int, Correction]:
    if len(communities) < LEAST_COMPARED:
        return {}
    rates = {one.area_id: one.messages / size(one) for one in communities}
    usual = median(rates.values())
    return {
        one.area_id: Correction(one.area_id, one.name, basis, rates[one.area_id], usual, _factor(rates[one.area_id], usual))
        for one in communities
    }


def _factor(own: float, usual: float) -> float:
    if own >= usual:
        return 1.0
    return round(min(MOST_FACTOR, usual / own), 1) if own > 0 else MOST_FACTOR


def _plain(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
