"""承办单位 on the desk."""

from collections.abc import Collection, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.departments import department, departments, manages_district
from intake.queries.entity_history import entity_history
from intake.services.department import DUTY_MAX, NAME_MAX, PHONE_MAX, DepartmentFacts, change_department, create_department
from intake.web.asked import sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

units = Blueprint("departments", __name__, url_prefix="/d/departments")

Page = str | Response | tuple[str, int]


@units.get("")
@requires(Permission.PEOPLE_MANAGE)
def index() -> Page:
    """All of the district."""
    words, after = words_asked(), request.args.get("after", "")
    done = {"created": _("已建好。"), "changed": _("已保存。")}.get(request.args.get("done", ""), "")
    return render_template(
        "departments/index.html",
        page=departments(db(), actor(), words=words, after=after),
        words=words,
        after=after,
        manageable=manages_district(db(), actor(), Permission.PEOPLE_MANAGE),
        done=done,
    )


@units.get("/new")
@requires(Permission.PEOPLE_MANAGE)
def new() -> Page:
    """An empty form."""
    return _form({"active": "1"}, chosen=())


@units.post("/new")
@requires(Permission.PEOPLE_MANAGE)
def create() -> Page:
    """Make it."""
    try:
        create_department(db(), actor=actor(), facts=_facts(), taxonomy=wiring().taxonomy, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), chosen=request.form.getlist("categories"), error=error)
    return redirect(url_for("departments.index", done="created"), code=303)


@units.get("/<int:department_id>")
@requires(Permission.PEOPLE_MANAGE)
def edit(department_id: int) -> Page:
    """The form with what stands there now."""
    return _edit(department_id)


@units.post("/<int:department_id>")
@requires(Permission.PEOPLE_MANAGE)
def change(department_id: int) -> Page:
    """Save it."""
    try:
        change_department(
            db(),
            actor=actor(),
            department_id=department_id,
            version=version_sent(),
            facts=_facts(),
            taxonomy=wiring().taxonomy,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _edit(department_id, error=error)
    return redirect(url_for("departments.index", done="changed"), code=303)


def _facts() -> DepartmentFacts:
    return DepartmentFacts(
        name=sent("name"),
        duty=sent("duty"),
        phone=sent("phone"),
        categories=tuple(request.form.getlist("categories")),
        is_backstop=request.form.get("is_backstop") == "1",
        active=request.form.get("active") == "1",
    )


def _edit(department_id: int, *, error: DomainError | None = None) -> Page:
    found = department(db(), actor(), department_id)
    stored = {
        "name": found.name,
        "duty": found.duty,
        "phone": found.phone,
        "is_backstop": "1" if found.is_backstop else "",
        "active": "1" if found.active else "",
    }
    history = entity_history(db(), district_id=actor().district_id or 0, noun="department", entity_id=department_id)
    values: Mapping[str, str] = typed() if error is not None else stored
    chosen = request.form.getlist("categories") if error is not None else found.categories
    return _form(values, chosen=chosen, error=error, found=found, history=history)


def _form(values: Mapping[str, str], *, chosen: Collection[str], error: DomainError | None = None, **shown: object) -> Page:
    page = render_template(
        "departments/form.html",
        values=values,
        chosen=chosen,
        error=error,
        groups=wiring().taxonomy.groups,
        name_max=NAME_MAX,
        duty_max=DUTY_MAX,
        phone_max=PHONE_MAX,
        **{"found": None, "history": (), **shown},
    )
    return (page, status_of(error)) if error is not None else page
