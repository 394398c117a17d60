"""今天要办."""

import datetime as dt

from flask import render_template

from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.working_days import HolidayTable, holidays_of, is_working_day, working_days_between
from intake.queries.digest import digest_of
from intake.queries.district_home import Waiting, waiting_for
from intake.queries.district_month import district_month
from intake.web.district.blueprint import district
from intake.web.district.curve import curve
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring


@district.get("")
@requires(Permission.SCREEN_VIEW)
def home() -> str:
    """What waits for the district's staff, and what became of the month's submissions."""
    month = district_month(db(), actor(), at=wiring().clock.now())
    return _page(month=month, growth=curve(month.days, first=month.first, last=month.last))


@district.get("/upkeep")
@requires(Permission.PLACES_VIEW)
def upkeep() -> str:
    """What waits for whoever looks after the points: the same list, without the topics of those who don't screen."""
    return _page(month=None, growth=None)


def _page(**parts: object) -> str:
    at, holidays = wiring().clock.now(), holidays_of(wiring().workflow)
    lines = waiting_now(at)
    pressing = [line.since for line in lines if line.presses]
    return render_template(
        "district/home.html",
        lines=lines,
        today=at.astimezone(SHANGHAI),
        waited=working_days_between(min(pressing), at, holidays=holidays) if pressing else None,
        days={line: _days(line, at) for line in lines},
        digest=digest_of(db(), actor(), workflow=wiring().workflow, at=at),
        **parts,
    )


def waiting_now(at: dt.datetime) -> tuple[Waiting, ...]:
    """What waits for whoever asks, by the district's own days."""
    workflow = wiring().workflow
    idle_before = working_days_ago(at, workflow.owner.candidate_idle_working_days, holidays=holidays_of(workflow))
    still_before = at - dt.timedelta(days=workflow.owner.approval_still_days)
    return waiting_for(db(), actor(), at=at, idle_before=idle_before, still_before=still_before)


def _days(line: Waiting, at: dt.datetime) -> int:
    """Whole days since, by the calendar in Shanghai."""
    return (at.astimezone(SHANGHAI).date() - line.since.astimezone(SHANGHAI).date()).days


def working_days_ago(at: dt.datetime, days: int, *, holidays: HolidayTable) -> dt.datetime:
    """The same time of day on the working day from which `days` have passed by `at`."""
    day = at
    while days:
        days -= is_working_day(day.astimezone(SHANGHAI).date(), holidays=holidays)
        day -= dt.timedelta(days=1)
    return day
