"""年度计划 on the phone: the newest edition, by quarter, with how far each consultation is; to be read alone."""

from flask import render_template

from intake.domain.permission import Permission
from intake.domain.plan_edition import ItemField, by_quarter
from intake.domain.plan_progress import PROGRESS_NAMES
from intake.domain.year_plan import QUARTER_NAMES
from intake.queries.plan_edition import edition_page, issued_steps
from intake.queries.plan_years import issued_years, newest_issued
from intake.web.asked import id_asked
from intake.web.guard import actor, requires
from intake.web.member.views import Page, member
from intake.web.unit_of_work import db

__all__ = ["member"]

FAR = 10_000
"""No year; the column takes no larger number."""


@member.get("/plan")
@requires(Permission.PLAN_VIEW)
def plan() -> Page:
    """The year that was asked for, else the newest; what is changed and not issued isn't shown."""
    year = id_asked("year")
    found = newest_issued(db(), actor(), year=year if year is not None and year < FAR else None)
    if found is None:
        return render_template("plans/phone.html", found=None)
    shown = edition_page(db(), actor(), found.id, found.edition)
    return render_template(
        "plans/phone.html",
        found=found,
        shown=shown,
        by_quarter=by_quarter(shown.plan.items),
        steps=issued_steps(db(), actor(), found.id, shown.plan),
        years=issued_years(db(), actor()),
        quarters=QUARTER_NAMES,
        progress=PROGRESS_NAMES,
        fields=ItemField,
        topic_page="member.topic" if actor().may(Permission.TOPIC_PROPOSE) else "district.topic",
    )
