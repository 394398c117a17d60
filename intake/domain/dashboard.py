"""全区情况: a district over time and by area, in counts that name what they are a part of; areas stand in their own order, never by a figure."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from intake.domain.daily_count import FEW, Measure, Spell, pointing, points_out, spell_of, without_few
from intake.domain.figures import Period, period_of
from intake.domain.point import AreaKind
from intake.domain.position import Position

USUAL_DAYS = 30
MOST_DAYS, MOST_WEEK_DAYS = 92, 200
"""Longer periods are shown by week, and by month."""


class Step(StrEnum):
    """What one point of a curve stands for."""

    DAY = "day"
    """按天."""
    WEEK = "week"
    """按周: seven days from the first day on."""
    MONTH = "month"
    """按月."""


STEP_NAMES: dict[Step, str] = {Step.DAY: "按天", Step.WEEK: "按周", Step.MONTH: "按月"}


class Against(StrEnum):
    """What a period is compared with."""

    BEFORE = "before"
    """前一段: as many days right before it."""
    LAST_YEAR = "last_year"
    """去年同期."""


AGAINST_NAMES: dict[Against, str] = {Against.BEFORE: "前一段", Against.LAST_YEAR: "去年同期"}


def period_asked(first: dt.date | None, last: dt.date | None, *, usual: Period, today: dt.date) -> Period:
    """The days that were asked for, `usual` where none was; raises what `period_of` raises."""
    return usual if first is None and last is None else period_of(first, last, today=today)


def step_for(period: Period, chosen: Step | None) -> Step:
    """The chosen step where it gives a curve one can read, else the finest that does."""
    days = length(period)
    finest = Step.DAY if days <= MOST_DAYS else Step.WEEK
    usual = Step.DAY if days <= MOST_DAYS else Step.WEEK if days <= MOST_WEEK_DAYS else Step.MONTH
    if chosen is None:
        return usual
    return max(chosen, finest, key=list(Step).index)


def length(period: Period) -> int:
    """Days, both ends included."""
    return (period.last - period.first).days + 1


def compared_with(period: Period, against: Against) -> Period:
    """The period that `period` is compared with."""
    if against is Against.BEFORE:
        return Period(period.first - dt.timedelta(days=length(period)), period.first - dt.timedelta(days=1))
    return Period(_year_before(period.first), _year_before(period.last))


def _year_before(day: dt.date) -> dt.date:
    """The same day; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def steps_of(period: Period, step: Step) -> tuple[Period, ...]:
    """The period cut up, the first and last piece perhaps shorter."""
    cuts: list[Period] = []
    first = period.first
    while first <= period.last:
        after = _month_after(first) if step is Step.MONTH else first + dt.timedelta(days=1 if step is Step.DAY else 7)
        cuts.append(Period(first, min(period.last, after - dt.timedelta(days=1))))
        first = after
    return tuple(cuts)


def _month_after(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted, added up by measure and part."""

    by_part: Mapping[tuple[str, str], int]

    def part(self, measure: Measure, part: str = "") -> int:
        """How many of one part."""
        return self.by_part.get((measure.value, part), 0)

    def parts(self, measure: Measure) -> dict[str, int]:
        """How many of each part that isn't nought."""
        return {part: count for (name, part), count in self.by_part.items() if name == measure.value}

    def whole(self, measure: Measure) -> int:
        """How many of all parts together."""
        return sum(self.parts(measure).values())

    def spell(self, measure: Measure) -> Spell:
        """How long it took."""
        return spell_of(self.parts(measure))


@dataclass(frozen=True, slots=True)
class Moment:
    """One point of the curve."""

    period: Period
    heard: int
    decided: int
    told: int
    earlier: int | None
    """Heard in the same piece of what it is compared with; None where the pieces don't match."""


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """One area with all below it; None where the number would be from 1 to 4 or give one away."""

    id: int
    name: str
    depth: int
    """0 right below the area that is shown."""
    is_own: bool
    """Whether only what belongs to the area itself is counted, and nothing below it."""
    heard: int | None
    staying: int | None
    decided: int | None
    told: int | None
    asked: int | None
    reached: int | None
    points: int
    """Codes in use; of the area itself where `is_own`."""
    position: Position | None
    """The middle of its own codes."""
    has_below: bool
    """Whether lines of areas below it follow."""

    @property
    def is_spot(self) -> bool:
        """Whether the map draws it: each message once, where it was said."""
        return self.position is not None and not self.has_below


@dataclass(frozen=True, slots=True)
class Ground:
    """The area that is shown, and what the counts can't show of it."""

    name: str
    kind: AreaKind
    communities: int
    without_point: int
    """Communities where no code is in use."""
    silent: int
    """Communities where one is, and nothing was heard."""
    is_small: bool
    """Whether a small number may point to a person wherever it stands: a community, and a street of which one alone was heard."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything on the page."""

    period: Period
    earlier: Period
    against: Against
    step: Step
    ground: Ground
    now: Sums
    then: Sums | None
    """None where not all of its days were counted."""
    moments: tuple[Moment, ...]
    areas: tuple[AreaCounts, ...]
    missing: int
    """Past days of the period that nobody has counted yet."""
    counted_at: dt.datetime | None
    """When the newest past day was counted; None where none was."""

    def said(self, count: int) -> int | None:
        """The count, None where it may point to a person."""
        return None if self.ground.is_small and 0 < count < FEW else count

    def said_of(self, part: int, whole: int | None) -> int | None:
        """A part of `whole` as that is said; None where it or what is left may point to a person."""
        return None if self.ground.is_small and points_out(part, whole) else part

    def said_each(self, counts: Sequence[int]) -> tuple[int | None, ...]:
        """Counts whose sum is said too; None for those that may point to a person, or would give one away."""
        return without_few(counts) if self.ground.is_small else tuple(counts)

    def said_parts(self, parts: Sequence[int], wholes: Sequence[int | None]) -> tuple[int | None, ...]:
        """The same, each a part of its whole as that is said."""
        return without_few(parts, also=pointing(parts, wholes)) if self.ground.is_small else tuple(parts)


@dataclass(frozen=True, slots=True)
class Place:
    """An area of the tree."""

    id: int
    parent_id: int | None
    name: str
    kind: AreaKind
    path: str
    points: int
    position: Position | None


COLUMNS = (Measure.HEARD, Measure.WITHDRAWN, Measure.HEARD_DECIDED, Measure.HEARD_TOLD, Measure.TOLD, Measure.REACHED)


def areas_of(root: Place, places: Sequence[Place], counts: Mapping[int, Mapping[str, int]]) -> tuple[AreaCounts, ...]:
    """What lies below `root`, street by street in the order of `places`, with small numbers hidden among those of one area; what is hidden of
    an area is hidden below it, where one could add it up.
    """
    below: dict[int | None, list[Place]] = {}
    for place in places:
        below.setdefault(place.parent_id, []).append(place)
    paths = {place.id: place.path for place in places}

    def sums(place: Place) -> dict[Measure, int]:
        inside = [found for area_id, found in counts.items() if paths.get(area_id, "").startswith(place.path)]
        return {measure: sum(found.get(measure, 0) for found in inside) for measure in COLUMNS}

    def points(place: Place) -> int:
        return sum(one.points for one in places if one.path.startswith(place.path))

    def lines(parent: Place, depth: int, above: AreaCounts | None) -> list[AreaCounts]:
        children = below.get(parent.id, [])
        own = {measure: counts.get(parent.id, {}).get(measure, 0) for measure in COLUMNS}
        rows = [_Row(place, sums(place), points(place), has_below=place.id in below) for place in children]
        if children and any(own.values()):
            rows.append(_Row(parent, own, parent.points, is_own=True))
        found: list[AreaCounts] = []
        for row, line in zip(rows, _hidden(rows, depth, above), strict=True):
            found.append(line)
            if not row.is_own:
                found += lines(row.place, depth + 1, line)
        return found

    return tuple(lines(root, 0, None))


@dataclass(frozen=True, slots=True)
class _Row:
    """A line before small numbers are hidden."""

    place: Place
    counts: Mapping[Measure, int]
    points: int
    is_own: bool = False
    has_below: bool = False


def _hidden(rows: Sequence[_Row], depth: int, above: AreaCounts | None) -> list[AreaCounts]:
    """Lines of one level; of what isn't said of the area above them, nothing but noughts."""

    def column(name: str, counts: Sequence[int], also: Collection[int] = ()) -> tuple[int | None, ...]:
        if above is not None and getattr(above, name) is None:
            return tuple(None if count else 0 for count in counts)
        return without_few(counts, also=also)

    of = {measure: [row.counts[measure] for row in rows] for measure in COLUMNS}
    stays = [one - gone for one, gone in zip(of[Measure.HEARD], of[Measure.WITHDRAWN], strict=True)]
    heard, asked = column("heard", of[Measure.HEARD]), column("asked", of[Measure.TOLD])
    staying = column("staying", stays, {n for n, one in enumerate(heard) if one is None})
    decided = column("decided", of[Measure.HEARD_DECIDED], pointing(of[Measure.HEARD_DECIDED], staying))
    told = column("told", of[Measure.HEARD_TOLD], pointing(of[Measure.HEARD_TOLD], staying))
    reached = column("reached", of[Measure.REACHED], pointing(of[Measure.REACHED], asked))
    return [
        AreaCounts(
            id=row.place.id,
            name=row.place.name,
            depth=depth,
            is_own=row.is_own,
            heard=heard[n],
            staying=staying[n],
            decided=decided[n],
            told=told[n],
            asked=asked[n],
            reached=reached[n],
            points=row.points,
            position=row.place.position,
            has_below=row.has_below,
        )
        for n, row in enumerate(rows)
    ]
