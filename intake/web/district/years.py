"""履职汇总: a district's year by street, and the facts of one member's year for commendation; no list of persons by numbers."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.activity import ACTIVITY_NAMES
from intake.domain.errors import InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.text import clean
from intake.domain.working_days import SHANGHAI
from intake.domain.year import Year, activity_lines, is_year, sections, year_of
from intake.models import Area
from intake.queries.district_year import district_year
from intake.queries.member_group import member_choices
from intake.queries.year_record import YearRecord, member_in_reach, year_record
from intake.services.audit import record
from intake.web.chosen_person import NAME_MAX, person_chosen
from intake.web.errors import status_of
from intake.web.exported import note_export, note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring
from intake.web.year_file import district_file, person_file

years = Blueprint("years", __name__, url_prefix="/d")

Page = str | Response | tuple[str, int]


@years.get("/years")
@requires(Permission.LEDGER_VIEW)
def this_year() -> Response:
    """The present one."""
    return redirect(url_for("years.district", year=year_of(wiring().clock.now()).number), code=303)


@years.get("/years/<int:year>")
@requires(Permission.LEDGER_VIEW)
def district(year: int) -> Page:
    """Visits, disputes, services, receptions and shifts by street."""
    return _district(year)


@years.get("/years/<int:year>/record.xlsx")
@requires(Permission.LEDGER_VIEW)
def district_sheet(year: int) -> Response:
    """The same for a spreadsheet."""
    found = district_year(db(), actor(), _year(year), today=wiring().clock.now().astimezone(SHANGHAI).date())
    note_export("year", year=year)
    area = db().get(Area, actor().district_id)
    return district_file(found, name=area.name if area is not None else "")


@years.get("/years/<int:year>/member")
@requires(Permission.LEDGER_VIEW)
def find_member(year: int) -> Page:
    """From a chosen name to that person's year."""
    try:
        user_id = person_chosen(request.args.get("user", ""), member_choices(db(), actor()), field="user")
    except InvalidInput as error:
        return _district(year, error=error)
    if user_id is None:
        return _district(year, error=InvalidInput("请先选一位委员。", field="user"))
    return redirect(url_for("years.member", user_id=user_id, year=_year(year).number), code=303)


@years.get("/members/<int:user_id>/year/<int:year>")
@requires(Permission.LEDGER_VIEW)
def member(user_id: int, year: int) -> str:
    """The facts of one person's year; that they were looked at is kept, and the person sees it."""
    at = wiring().clock.now()
    found = _looked_at(user_id, year)
    return render_template(
        "years/member.html",
        record=found,
        sections=sections(found.counts),
        kinds=ACTIVITY_NAMES,
        earlier=year - 1 if is_year(year - 1, at=at) else None,
        later=year + 1 if is_year(year + 1, at=at) else None,
    )


@years.get("/members/<int:user_id>/year/<int:year>/record.xlsx")
@requires(Permission.LEDGER_VIEW)
def member_sheet(user_id: int, year: int) -> Response:
    """The same to be kept with the file of a commendation."""
    found = _looked_at(user_id, year)
    note_visit("ledger.export", "user", {"year": year}, entity_id=user_id)
    return person_file(found)


def _district(year: int, *, error: InvalidInput | None = None) -> Page:
    at = wiring().clock.now()
    found = district_year(db(), actor(), _year(year), today=at.astimezone(SHANGHAI).date())
    page = render_template(
        "years/district.html",
        found=found,
        lines=activity_lines(found.done),
        asked_for=clean(request.args.get("user", "")[:NAME_MAX]).text,
        people=member_choices(db(), actor()),
        earlier=year - 1 if is_year(year - 1, at=at) else None,
        later=year + 1 if is_year(year + 1, at=at) else None,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _looked_at(user_id: int, year: int) -> YearRecord:
    """Written down first, so that nothing is shown that isn't."""
    asked, at = _year(year), wiring().clock.now()
    member_in_reach(db(), actor(), user_id)
    district_id = actor().district_id
    assert district_id is not None, "a signed-in person has a district"
    record(db(), actor=actor(), district_id=district_id, action="ledger.view", noun="user", entity_id=user_id, at=at, year=asked.number)
    return year_record(db(), user_id, asked, today=at.astimezone(SHANGHAI).date())


def _year(number: int) -> Year:
    at = wiring().clock.now()
    if not is_year(number, at=at):
        raise NotFound(f"只能看到 {year_of(at).number} 年为止的记录。")
    return Year(number)
