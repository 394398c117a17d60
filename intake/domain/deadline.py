"""期限: how much of a deadline is left, in working days, by the calendar in Shanghai."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from intake.domain.working_days import SHANGHAI, HolidayTable, add_working_days, is_announced, working_days_between


class DeadlineLevel(StrEnum):
    """How pressing it is."""

    ON_TIME = "on_time"
    """还早."""
    DUE_SOON = "due_soon"
    """快到期: within the district's `due_soon_working_days`, the last day among them."""
    OVERDUE = "overdue"
    """已到期: the last day is over (民法典第二百零三条: a period ends with its last day)."""
    PAUSED = "paused"
    """暂停计时: nothing runs until it is resumed."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One deadline as it looks at one moment."""

    due_at: dt.datetime
    left: int
    """Working days; 0 on the last day and on free days right after it, negative when overdue by so many."""
    share: float
    """How much of its working days is used, 0 to 1."""
    level: DeadlineLevel
    certain: bool
    """False when nobody has announced the holidays of its year yet: the date is counted by Monday to Friday and may move."""
    last_day: bool
    """Whether it is due today, or was on the day the clock was stopped."""

    @property
    def day(self) -> dt.date:
        """The day it is due, in Shanghai."""
        return self.due_at.astimezone(SHANGHAI).date()


def deadline(
    start: dt.datetime, due: dt.datetime, at: dt.datetime, *, holidays: HolidayTable, due_soon: int, paused: dt.datetime | None
) -> Deadline:
    """The deadline `due`, which began to run at `start`, as it looks at `at`; ValueError for a naive time.

    `due_soon` in working days. `paused`: since when the clock stands still, None while it runs; what is left is then counted from there.
    """
    now = paused if paused is not None else at
    left = working_days_between(now, due, holidays=holidays)
    whole = working_days_between(start, due, holidays=holidays)
    used = working_days_between(start, now, holidays=holidays)
    return Deadline(
        due_at=due,
        left=left,
        share=min(1.0, max(0.0, used / whole)) if whole > 0 else float(left <= 0),
        level=_level(due, now, left=left, due_soon=due_soon) if paused is None else DeadlineLevel.PAUSED,
        certain=is_announced(due.astimezone(SHANGHAI).year, holidays=holidays),
        last_day=now.astimezone(SHANGHAI).date() == due.astimezone(SHANGHAI).date(),
    )


def overdue_before(at: dt.datetime) -> dt.datetime:
    """Whatever was due before this moment, the beginning of today in Shanghai, is overdue at `at`; for questions to the database."""
    return dt.datetime.combine(at.astimezone(SHANGHAI).date(), dt.time(), tzinfo=SHANGHAI)


def due_soon_before(at: dt.datetime, *, due_soon: int, holidays: HolidayTable) -> dt.datetime:
    """Whatever is due before this moment and isn't overdue is due soon at `at`; for questions to the database."""
    return add_working_days(overdue_before(at), due_soon + 1, holidays=holidays)


def _level(due: dt.datetime, now: dt.datetime, *, left: int, due_soon: int) -> DeadlineLevel:
    if due < overdue_before(now):
        return DeadlineLevel.OVERDUE
    return DeadlineLevel.DUE_SOON if left <= due_soon else DeadlineLevel.ON_TIME
