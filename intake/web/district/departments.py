"""承办单位与交办机关 on the desk."""

from collections.abc import Collection, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.referral import UNIT_NAMES, UnitKind
from intake.queries.departments import department, departments, ending_of, manages_district
from intake.queries.entity_history import entity_history
from intake.services.department import (
    DUTY_MAX,
    NAME_MAX,
    PHONE_MAX,
    DepartmentFacts,
    change_department,
    create_department,
    reopen_department,
)
from intake.services.department_end import close_department
from intake.web.asked import id_sent, needed, sent, typed, version_sent, words_asked
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
    done = {
        "created": _("已建好。"),
        "changed": _("已保存。"),
        "closed": _("已停用。没办完的事都转给了接办的单位。"),
        "reopened": _("已恢复。"),
    }.get(request.args.get("done", ""), "")
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
    return _form({"kind": UnitKind.DEPARTMENT.value}, chosen=())


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


@units.post("/<int:department_id>/close")
@requires(Permission.PEOPLE_MANAGE)
def close(department_id: int) -> Page:
    """Close it, or merge it into another; everything open goes there."""
    try:
        close_department(
            db(),
            actor=actor(),
            department_id=department_id,
            version=version_sent(),
            successor_id=id_sent("successor"),
            workflow=wiring().workflow,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _edit(department_id, error=error, closing=True)
    return redirect(url_for("departments.index", done="closed"), code=303)


@units.post("/<int:department_id>/reopen")
@requires(Permission.PEOPLE_MANAGE)
def reopen(department_id: int) -> Page:
    """Use it again."""
    try:
        reopen_department(db(), actor=actor(), department_id=department_id, version=version_sent(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _edit(department_id, error=error, closing=True)
    return redirect(url_for("departments.index", done="reopened"), code=303)


def _facts() -> DepartmentFacts:
    return DepartmentFacts(
        name=sent("name"),
        kind=needed(UnitKind, "kind"),
        duty=sent("duty"),
        phone=sent("phone"),
        categories=tuple(request.form.getlist("categories")),
        is_backstop=request.form.get("is_backstop") == "1",
    )


def _edit(department_id: int, *, error: DomainError | None = None, closing: bool = False) -> Page:
    found = department(db(), actor(), department_id)
    stored = {
        "name": found.name,
        "duty": found.duty,
        "phone": found.phone,
        "is_backstop": "1" if found.is_backstop else "",
        "kind": found.kind.value,
    }
    history = entity_history(db(), district_id=actor().district_id or 0, noun="department", entity_id=department_id)
    again = error is not None and not closing
    values: Mapping[str, str] = typed() if again else stored
    chosen = request.form.getlist("categories") if again else found.categories
    return _form(
        values,
        chosen=chosen,
        error=error,
        found=found,
        history=history,
        ending=ending_of(db(), found),
        closing=typed() if closing else None,
    )


def _form(values: Mapping[str, str], *, chosen: Collection[str], error: DomainError | None = None, **shown: object) -> Page:
    page = render_template(
        "departments/form.html",
        values=values,
        chosen=chosen,
        error=error,
        groups=wiring().taxonomy.groups,
        kinds=[(kind.value, _(words)) for kind, words in UNIT_NAMES.items()],
        name_max=NAME_MAX,
        duty_max=DUTY_MAX,
        phone_max=PHONE_MAX,
        **{"found": None, "history": (), "ending": None, "closing": None, **shown},
    )
    return (page, status_of(error)) if error is not None else page
