"""值班日历 on the desk: a month as a table, and shifts made for a day or a season."""

from collections.abc import Mapping
from datetime import date, time

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.duty import NOTE_MAX, SEASON_DAYS
from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI, holidays_of, is_announced
from intake.domain.year import EARLIEST
from intake.queries.duty import MONTH_SHOWN, duty_month, managed_venues, shift_of
from intake.queries.member_group import member_choices
from intake.services.duty import ShiftFacts, Shifting, cancel_shift, make_shifts
from intake.web.asked import day_asked, day_sent, id_asked, id_sent, sent, typed, version_sent
from intake.web.chosen_person import person_sent
from intake.web.district.blueprint import calendar_day
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import listed
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

duty_desk = Blueprint("duty_desk", __name__, url_prefix="/d/duty")

Page = str | Response | tuple[str, int]
YEARS_AHEAD = 2
"""How far ahead a month can be looked at."""


@duty_desk.get("")
@requires(Permission.DUTY_MANAGE)
def month() -> Page:
    """A month of every venue in reach, or of one."""
    first = _month(request.args.get("month", ""))
    venue_id = id_asked("venue")
    return render_template(
        "district/duty.html",
        first=first,
        today=_today(),
        table=duty_month(db(), actor(), first, venue_id=venue_id),
        venues=managed_venues(db(), actor()),
        venue_id=venue_id,
        before=_other(first, -1),
        following=_other(first, 1),
        most=MONTH_SHOWN,
        done=_done(),
    )


@duty_desk.get("/new")
@requires(Permission.DUTY_MANAGE)
def new() -> Page:
    """An empty form."""
    asked = {"day": request.args.get("day", "")[:10], "venue": str(id_asked("venue") or ""), "starts": "09:00", "ends": "11:00"}
    return _form(asked)


@duty_desk.post("/new")
@requires(Permission.DUTY_MANAGE)
def create() -> Page:
    """One shift or a season of them, and what was left out."""
    try:
        facts = _facts()
        made = make_shifts(db(), facts, actor=actor(), holidays=holidays_of(wiring().workflow), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), error=error)
    assert facts.day is not None, "the service refuses none"
    skipped = ",".join(day.isoformat() for day in made.skipped)
    return redirect(
        url_for(
            "duty_desk.month",
            month=f"{facts.day:%Y-%m}",
            venue=facts.venue_id,
            made=len(made.shift_ids),
            skipped=skipped or None,
            until=facts.until,
        ),
        code=303,
    )


@duty_desk.get("/<int:shift_id>")
@requires(Permission.DUTY_MANAGE)
def shift(shift_id: int) -> Page:
    """One shift."""
    return _show(shift_id)


@duty_desk.post("/<int:shift_id>/cancel")
@requires(Permission.DUTY_MANAGE)
def cancel(shift_id: int) -> Page:
    """Nobody will be there."""
    try:
        shifting = Shifting(actor=actor(), shift_id=shift_id, version=version_sent(), at=wiring().clock.now())
        stored = cancel_shift(db(), shifting, words=sent("words", longest=NOTE_MAX * 2))
    except DomainError as error:
        db().rollback()
        return _show(shift_id, error=error)
    return redirect(url_for("duty_desk.month", month=f"{stored.day:%Y-%m}", cancelled=1), code=303)


def _facts() -> ShiftFacts:
    return ShiftFacts(
        venue_id=id_sent("venue") or 0,
        user_id=person_sent("person", member_choices(db(), actor())) or 0,
        day=day_sent("day"),
        until=day_sent("until"),
        starts=_hour("starts"),
        ends=_hour("ends"),
        note=sent("note", longest=NOTE_MAX * 2),
    )


def _hour(name: str) -> time | None:
    """An hour as browsers send it (09:00); None for anything else."""
    try:
        return time.fromisoformat(sent(name)).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _month(raw: str) -> date:
    """The first day of a month such as 2026-11; of the present one for anything else, and for months no calendar has."""
    try:
        found = date.fromisoformat(f"{raw}-01")
    except ValueError:
        found = _today()
    return found.replace(day=1) if EARLIEST <= found.year <= _today().year + YEARS_AHEAD else _today().replace(day=1)


def _other(first: date, step: int) -> str:
    """The month before or after, as addresses write it."""
    year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
    return f"{year:04}-{month + 1:02}"


def _done() -> str:
    made = id_asked("made")
    if made is not None:
        days = [one for raw in request.args.get("skipped", "").split(",")[:30] if (one := _day(raw)) is not None]
        said = _("排好了 %(count)s 班。", count=made)
        left_out = _("放假的日子没有排：%(days)s。", days=listed(calendar_day(day) for day in days)) if days else ""
        return said + left_out + _unknown_year()
    return _("已取消，日历上写着原因。") if "cancelled" in request.args else ""


def _unknown_year() -> str:
    """That the holidays of the season's last year aren't announced yet; nothing where they are, and for a single day."""
    until = day_asked("until")
    if until is None or is_announced(until.year, holidays=holidays_of(wiring().workflow)):
        return ""
    year = until.year
    return _("%(year)s 年的放假安排还没有公布，公布以后请再看一遍。", year=year)


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def _form(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template(
        "district/duty_form.html",
        values=values,
        venues=managed_venues(db(), actor()),
        people=member_choices(db(), actor()),
        note_max=NOTE_MAX,
        season_days=SEASON_DAYS,
        today=_today(),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _show(shift_id: int, *, error: DomainError | None = None) -> Page:
    one = shift_of(db(), actor(), shift_id)
    page = render_template(
        "district/duty_shift.html",
        one=one,
        lies_ahead=one.day >= _today() and not one.is_cancelled,
        words=sent("words", longest=NOTE_MAX * 2) if error is not None else "",
        note_max=NOTE_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
