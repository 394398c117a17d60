"""数据: what became of what was said, in counts that always name what they are a part of; never a ranking."""

import datetime as dt
from dataclasses import dataclass

from intake.domain.errors import InvalidInput
from intake.domain.working_days import SHANGHAI

FEW = 10
"""Below so many, a median says little, and the page says so."""
LONGEST_DAYS = 366
EARLIEST_YEAR = 2000
AGES = ((7, "7 天以内"), (30, "8 到 30 天"), (90, "31 到 90 天"), (None, "90 天以上"))
"""How long something has been open: up to so many days, and in words."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Shanghai, both included."""

    first: dt.date
    last: dt.date

    @property
    def begin(self) -> dt.datetime:
        """The first moment."""
        return dt.datetime.combine(self.first, dt.time(), SHANGHAI)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), SHANGHAI)


def month_with(day: dt.date) -> Period:
    """The whole month in which `day` lies."""
    first = day.replace(day=1)
    return Period(first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1))


def period_of(first: dt.date | None, last: dt.date | None, *, today: dt.date) -> Period:
    """What was asked for; this month where nothing was, one day for the end that is missing.

    Raises InvalidInput (field `first`) for days in the wrong order, more than LONGEST_DAYS, or so far off that nobody counted them.
    """
    if first is None and last is None:
        return month_with(today)
    asked = Period(first or last or today, last or first or today)
    if asked.last < asked.first:
        raise InvalidInput("开始的日期要在结束的日期之前，请重新选。", field="first")
    if (asked.last - asked.first).days >= LONGEST_DAYS:
        raise InvalidInput(f"一次最多看 {LONGEST_DAYS} 天，请选短一点。", field="first")
    if asked.first.year < EARLIEST_YEAR or asked.last.year > today.year + 1:
        raise InvalidInput(f"请选 {EARLIEST_YEAR} 年到明年之间的日子。", field="first")
    return asked


@dataclass(frozen=True, slots=True)
class Line:
    """One count: by itself, or as a part of `whole`."""

    words: str
    part: int
    whole: int | None = None
    of: str = ""
    """What the whole is."""

    @property
    def percent(self) -> int | None:
        """None where there is no whole, or nothing in it."""
        return round(self.part * 100 / self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: the middle one, and how long nine of ten took at most. In hours, by the clock, days off included."""

    words: str
    count: int
    """Those for which it has happened; the others are not in the times."""
    whole: int
    median: float | None
    ninety: float | None

    @property
    def few(self) -> bool:
        """Whether the times rest on too little to say much."""
        return 0 < self.count < FEW


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together, and what they can't show."""

    title: str
    lines: tuple[Line, ...]
    spreads: tuple[Spread, ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """How many, and their hours."""

    count: int
    median: float | None
    ninety: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """Of the submissions received in the period."""

    received: int
    """Without the endorsements (附议), which wait for no decision of their own."""
    endorsed: int
    withdrawn: int
    declined: int
    first: Times
    """From receiving to the first decision of a person, a question back among them."""
    decided: Times
    """To the first decision that says where it goes."""
    told: Times
    """To the first result that was told."""


@dataclass(frozen=True, slots=True)
class OpenNow:
    """Whatever still waits for a result now, whenever it was received; by AGES."""

    by_age: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Of the referrals sent in the period."""

    sent: int
    assigned: int
    replied: int
    in_time: int
    late: int
    overdue: int
    """Not answered, and the day is over."""
    returned: int
    cancelled: int
    disputed: int
    reopened: int
    answering: Times
    """From the assignment to the answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of the results told in the period."""

    asked: int
    reached: int
    said: int
    solved: int
    partly: int
    not_solved: int
    cannot_judge: int
    reopened: int
    explained: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Of the declines of the period."""

    declines: int
    drawn: int
    checked: int
    agreed: int


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """One area below the one that is shown; in the order of the areas."""

    name: str
    received: int
    withdrawn: int
    decided: int
    told: int
    sent: int
    replied: int
    in_time: int
    asked: int
    said: int
    solved: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the page."""

    area_name: str
    heard: Heard
    open_now: OpenNow
    sent: Sent
    told: Told
    checked: Checked
    areas: tuple[AreaFigures, ...]


def sections(figures: Figures) -> tuple[Section, ...]:
    """The figures as lines in the order of a matter's way; page and file both say these."""
    return (_heard(figures.heard), _open_now(figures.open_now), _sent(figures.sent), _told(figures.told), _checked(figures.checked))


def _heard(heard: Heard) -> Section:
    whole = heard.received - heard.withdrawn
    of = "没有撤回的来件"
    return Section(
        title="收到的来件",
        lines=(
            Line("收到", heard.received),
            Line("另有附议（跟着议题走，不另定去向）", heard.endorsed),
            Line("居民自己撤回", heard.withdrawn, heard.received, "收到的来件"),
            Line("有人看过并处理", heard.first.count, whole, of),
            Line("定了去向", heard.decided.count, whole, of),
            Line("有了答复或结果", heard.told.count, whole, of),
            Line("不采用", heard.declined, whole, of),
        ),
        spreads=(
            Spread("从收到到委员第一次处理", heard.first.count, whole, heard.first.median, heard.first.ninety),
            Spread("从收到到定下去向", heard.decided.count, whole, heard.decided.median, heard.decided.ninety),
            Spread("从收到到居民得到答复", heard.told.count, whole, heard.told.median, heard.told.ninety),
        ),
        unseen=(
            "没有手机、不会扫码、没看见海报的人不在里面；来件多的地方不一定问题多。",
            "时间按日历算，夜里和休息日也在内；还没有走到那一步的不在时间里，所以离现在近的时段看起来会快一些。",
        ),
    )


def _open_now(open_now: OpenNow) -> Section:
    whole = sum(open_now.by_age)
    ages = tuple(Line(words, count, whole, "还没有结果的来件") for (_, words), count in zip(AGES, open_now.by_age, strict=True))
    return Section(
        title="现在还没有结果的来件",
        lines=(Line("一共", whole), *ages),
        unseen=("这里不看时段：不论什么时候收到的，现在还没有结果就算。",),
    )


def _sent(sent: Sent) -> Section:
    return Section(
        title="转报和交办",
        lines=(
            Line("送交办机关", sent.sent),
            Line("定了承办单位", sent.assigned, sent.sent, "送出的"),
            Line("承办单位提过异议", sent.disputed, sent.sent, "送出的"),
            Line("交办机关退回", sent.returned, sent.sent, "送出的"),
            Line("撤销", sent.cancelled, sent.sent, "送出的"),
            Line("已答复", sent.replied, sent.assigned, "定了承办单位的"),
            Line("按时答复", sent.in_time, sent.replied, "已答复的"),
            Line("超期答复", sent.late, sent.replied, "已答复的"),
            Line("已到期还没有答复", sent.overdue, sent.assigned, "定了承办单位的"),
            Line("居民说没解决后重新办理", sent.reopened, sent.sent, "送出的"),
        ),
        spreads=(
            Spread("从交办到答复", sent.answering.count, sent.assigned, sent.answering.median, sent.answering.ninety),
        ),
        unseen=(
            "批准的延期和暂停已经算进期限；纸质答复按录入的时间算。",
            "按时不等于解决，解决没有要看下面居民怎么说。",
        ),
    )  # fmt: skip


def _told(told: Told) -> Section:
    return Section(
        title="居民怎么说",
        lines=(
            Line("告诉结果并请居民评价", told.asked),
            Line("居民打开看过", told.reached, told.asked, "告诉过的"),
            Line("居民作了评价", told.said, told.asked, "告诉过的"),
            Line("解决了", told.solved, told.said, "作了评价的"),
            Line("解决了一部分", told.partly, told.said, "作了评价的"),
            Line("没有解决", told.not_solved, told.said, "作了评价的"),
            Line("说不好", told.cannot_judge, told.said, "作了评价的"),
            Line("没解决，重新办理", told.reopened, told.not_solved, "说没有解决的"),
            Line("没解决，说明了情况", told.explained, told.not_solved, "说没有解决的"),
        ),
        unseen=("没有打开回执的人没法评价，没有评价不等于满意。", "一件来件可能告诉过不止一次结果，每次都算。"),
    )


def _checked(checked: Checked) -> Section:
    return Section(
        title="不采用的复核",
        lines=(
            Line("委员不采用", checked.declines),
            Line("抽到复核", checked.drawn, checked.declines, "不采用的"),
            Line("已经复核", checked.checked, checked.drawn, "抽到的"),
            Line("复核同意", checked.agreed, checked.checked, "已经复核的"),
        ),
        unseen=("只抽一部分，没有抽到的不知道。",),
    )
