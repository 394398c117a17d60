"""筛选依据: what is known of a topic for each criterion, in sentences; a screener reads them and marks by their own judgement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from intake.domain.screening import Criterion
from intake.domain.under_reporting import Basis, Correction, weighed

RECENT_WEEKS = 4
EXPLAINED = 5
"""Communities whose correction is told in words; those with most messages come first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A community and how many messages of the topic came from it."""

    area_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CameOf:
    """What earlier topics like it came to."""

    topics: int = 0
    delivered: int = 0
    rejected: int = 0
    referred: int = 0
    solved: int = 0
    """Residents behind them who said so."""
    partly: int = 0
    not_solved: int = 0


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What the database knows of one topic."""

    people: int
    messages: int
    endorsed: int
    """Of the messages, those that joined without a word of their own (附议)."""
    days: Mapping[date, int]
    """Days in Shanghai on which somebody spoke of it."""
    today: date
    places: tuple[Place, ...]
    """Most messages first."""
    emergencies: int
    soon: int
    waiting: int
    """Messages no member has decided on yet."""
    late: int
    """Of these, those whose time to be looked at is over."""
    department: str
    """Who usually deals with its category; empty where nobody is named."""
    came_of: CameOf = CameOf()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sentences for one criterion."""

    criterion: Criterion
    sentences: tuple[str, ...]


def evidence_of(facts: TopicFacts, corrections: Mapping[int, Correction]) -> tuple[Evidence, ...]:
    """For each criterion what is known, in their order; `corrections` by area, as `under_reporting.corrections` gives them."""
    return tuple(Evidence(criterion, tuple(_SAID[criterion](facts, corrections))) for criterion in Criterion)


def raised(places: Sequence[Place], corrections: Mapping[int, Correction]) -> tuple[Correction, ...]:
    """The corrections that make a difference to these places, in their order."""
    found = (corrections.get(place.area_id) for place in places)
    return tuple(one for one in found if one is not None and one.factor > 1)


def _people(facts: TopicFacts, corrections: Mapping[int, Correction]) -> list[str]:
    said = [f"{facts.people} 人，{facts.messages} 件来件"]
    if facts.endorsed:
        said.append(f"其中 {facts.endorsed} 件是附议，没有另外写话")
    if raised(facts.places, corrections):
        messages = sum(place.count for place in facts.places)
        corrected = round(sum(weighed(place.count, corrections.get(place.area_id)) for place in facts.places))
        said.append(f"收到 {messages} 件，按校正约 {corrected} 件")
    return said


def _repetition(facts: TopicFacts, _: Mapping[int, Correction]) -> list[str]:
    if not facts.days:
        return ["没有来件，看不出有没有反复"]
    first = min(facts.days)
    spoken = len({_monday(day) for day in facts.days})
    weeks = (_monday(facts.today) - _monday(first)).days // 7 + 1
    recent, before = _messages(facts, back=0), _messages(facts, back=RECENT_WEEKS)
    return [f"{weeks} 周里有 {spoken} 周有人说起", f"近 {RECENT_WEEKS} 周 {recent} 件，再往前 {RECENT_WEEKS} 周 {before} 件"]


def _spread(facts: TopicFacts, corrections: Mapping[int, Correction]) -> list[str]:
    told = raised(facts.places, corrections)
    said = [f"{len(facts.places)} 个社区有来件"]
    said += [one.words for one in told[:EXPLAINED]]
    if len(told) > EXPLAINED:
        said.append(f"另有 {len(told) - EXPLAINED} 个社区也校正了")
    if any(one.basis is Basis.POINTS for one in told):
        said.append("没有居民数可比的只是估计，可以请管理员在“区域”里补上。")
    return said


def _urgency(facts: TopicFacts, _: Mapping[int, Correction]) -> list[str]:
    pressing = facts.emergencies or facts.soon
    said = [f"紧急 {facts.emergencies} 件，较急 {facts.soon} 件" if pressing else "没有紧急或较急的来件"]
    if facts.waiting:
        said.append(f"还有 {facts.waiting} 件等委员看，其中 {facts.late} 件过了期限")
    return said


def _remit(facts: TopicFacts, _: Mapping[int, Correction]) -> list[str]:
    department, came = facts.department, facts.came_of
    said = [f"这一类通常由{department}办" if department else "这一类没有写通常由谁办"]
    if came.topics:
        said.append(f"以前相似的 {came.topics} 个议题里，转办 {came.referred} 个")
    return said


def _feasibility(facts: TopicFacts, _: Mapping[int, Correction]) -> list[str]:
    came = facts.came_of
    if not came.topics:
        return ["没有找到以前相似的议题，要靠您判断"]
    said = [f"以前相似的 {came.topics} 个议题：办结 {came.delivered} 个，不立项 {came.rejected} 个"]
    verdicts = came.solved + came.partly + came.not_solved
    if verdicts:
        said.append(f"那时 {verdicts} 位居民评价：解决 {came.solved}，部分解决 {came.partly}，没有解决 {came.not_solved}")
    return said


def _messages(facts: TopicFacts, *, back: int) -> int:
    """In RECENT_WEEKS that ended `back` weeks ago."""
    until = facts.today - timedelta(weeks=back)
    since = until - timedelta(weeks=RECENT_WEEKS)
    return sum(count for day, count in facts.days.items() if since < day <= until)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


_SAID: dict[Criterion, Callable[[TopicFacts, Mapping[int, Correction]], list[str]]] = {
    Criterion.PEOPLE: _people,
    Criterion.REPETITION: _repetition,
    Criterion.SPREAD: _spread,
    Criterion.URGENCY: _urgency,
    Criterion.REMIT: _remit,
    Criterion.FEASIBILITY: _feasibility,
}
