"""年度: a year in Shanghai, and what a member or a district did in it, in counts that say what they can't show (rows Y3, S1).

Never a score and never a rank: no count is set beside another person's.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from intake.domain.activity import ActivityKind
from intake.domain.figures import Line, Section
from intake.domain.working_days import SHANGHAI

EARLIEST = 2020


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year; moments from `begins` on and before `ends` belong to it."""

    number: int

    @property
    def first(self) -> date:
        """New Year's Day."""
        return date(self.number, 1, 1)

    @property
    def last(self) -> date:
        """December 31."""
        return date(self.number, 12, 31)

    @property
    def begins(self) -> datetime:
        """Midnight of New Year's Day in Shanghai."""
        return _midnight(self.number)

    @property
    def ends(self) -> datetime:
        """Midnight of the next New Year's Day in Shanghai."""
        return _midnight(self.number + 1)


@dataclass(frozen=True, slots=True)
class Done:
    """Entries of one kind."""

    times: int = 0
    people: int = 0
    settled: int = 0
    """Of disputes."""


@dataclass(frozen=True, slots=True)
class YearCounts:
    """One member's year; what was undone or taken out is in none of it."""

    decided: int
    """Different submissions; the acts below add up to more where one was decided on twice."""
    attached: int
    opened: int
    answered: int
    referred: int
    declined: int
    asked: int
    own_reports: int
    reports_for_residents: int
    proposed: int
    """Topics proposed, alone or with others."""
    pooled: int
    """Of these, taken into the pool at some time."""
    delivered: int
    shifts: int
    """In the calendar up to today, not cancelled."""
    done: dict[ActivityKind, Done]


def year_of(at: datetime) -> Year:
    """The year in Shanghai."""
    return Year(at.astimezone(SHANGHAI).year)


def is_year(number: int, *, at: datetime) -> bool:
    """Whether there can be anything to show of it: from 2020 to the present one."""
    return EARLIEST <= number <= year_of(at).number


def _midnight(number: int) -> datetime:
    return datetime.combine(date(number, 1, 1), time(), tzinfo=SHANGHAI)


def sections(counts: YearCounts) -> tuple[Section, ...]:
    """A member's year as lines; page and file both say these."""
    return _cards(counts), _topics(counts), _served(counts)


def activity_lines(done: dict[ActivityKind, Done]) -> tuple[Line, ...]:
    """What was put on record, kind by kind, with people and disputes beside."""
    duty, reception, visit, mediation, service = (done.get(kind, Done()) for kind in ActivityKind)
    return (
        Line("值班（次）", duty.times),
        Line("接待群众（次）", reception.times),
        Line("接待的人次", reception.people),
        Line("走访（次）", visit.times),
        Line("走访的人次", visit.people),
        Line("调解纠纷（起）", mediation.times),
        Line("其中调解成功", mediation.settled, mediation.times, "调解的纠纷"),
        Line("为民服务（次）", service.times),
        Line("服务的人次", service.people),
    )


def _cards(counts: YearCounts) -> Section:
    return Section(
        title="研判与反映",
        lines=(
            Line("研判的来件", counts.decided),
            Line("并入议题", counts.attached),
            Line("另立议题", counts.opened),
            Line("直接答复", counts.answered),
            Line("转报有关单位", counts.referred),
            Line("请居民补充", counts.asked),
            Line("不采用，说明了理由", counts.declined),
            Line("自己看到后反映", counts.own_reports),
            Line("受居民委托反映", counts.reports_for_residents),
        ),
        spreads=(),
        unseen=("撤销的不算；同一件先后作了两种处理的，两处都算。件数跟着来件走：轮到得少、社区来件少，数就小，不说明用不用心。",),
    )


def _topics(counts: YearCounts) -> Section:
    return Section(
        title="议题",
        lines=(
            Line("提出的议题", counts.proposed),
            Line("进了议题库", counts.pooled, counts.proposed, "提出的议题"),
            Line("已经办结", counts.delivered, counts.proposed, "提出的议题"),
        ),
        spreads=(),
        unseen=("联名提出的，每位提出人都算一次；并入别的议题的，跟着那个议题看结果。办结常常要跨年，以现在的状态为准。",),
    )


def _served(counts: YearCounts) -> Section:
    return Section(
        title="值班与走访",
        lines=(Line("排好的班", counts.shifts), *activity_lines(counts.done)),
        spreads=(),
        unseen=("都是委员自己记的，不要照片、定位和时长；没有记不等于没有做。",),
    )
