"""年度计划 on the desk: the years, one of them by quarter, its editions issued one after the other."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.domain.approval import ApprovalSubject
from intake.domain.errors import DomainError, InvalidInput
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.plan_progress import PROGRESS_NAMES
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import (
    CONSULTATION_FORM_NAMES,
    NUMBER_MAX,
    PLAN_REPORT_NAMES,
    PLAN_WORDS_MAX,
    QUARTER_NAMES,
    QUOTA_MOST,
    TITLE_MAX,
    PlanState,
)
from intake.queries.plan_after_approval import AfterApproval, after_approval
from intake.queries.plan_topics import PlanOfTopic, plan_of_topic
from intake.queries.plan_years import plans_in
from intake.queries.year_plan import PlanPage, plan_page, plans, require_planning
from intake.services import year_plan as service
from intake.services.topic_decision import WORDS_MAX
from intake.services.year_plan import Issuing, PlanFacts, Planning
from intake.web.asked import day_sent, sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import access_of, actor, requires
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring

plans_desk = Blueprint("plans", __name__, url_prefix="/d/plans")

Page = str | Response | tuple[str, int]
LONGEST = 20_000
"""Of a text box, before a flood is cut; the service says what is too long."""


@plans_desk.record_once
def offer(state: BlueprintSetupState) -> None:
    """`plan_of(topic_id)` for the pages of a topic, which include `plans/_of_topic.html`; `changed_after_approval(plan_id)` for the issue."""
    state.app.jinja_env.globals.update(plan_of=_of_topic, quarter_names=QUARTER_NAMES, changed_after_approval=_after_approval)


def _of_topic(topic_id: int) -> PlanOfTopic | None:
    return plan_of_topic(db(), topic_id)


def _after_approval(plan_id: int) -> AfterApproval | None:
    return after_approval(db(), plan_id)


@plans_desk.before_request
def whole_district() -> None:
    """Pages that make a plan are for whoever does so for all of the district, before anything is read."""
    access = access_of(current_app, request.endpoint or "")
    if access is not None and access.permission is Permission.PLAN_MANAGE:
        require_planning(db(), actor())


@plans_desk.get("")
@requires(Permission.PLAN_VIEW)
def index() -> Page:
    """The years, the newest first."""
    after = request.args.get("after", "")
    return render_template("plans/index.html", page=plans_in(db(), actor(), after=after), after=after, makes=plans(actor()))


@plans_desk.get("/new")
@requires(Permission.PLAN_MANAGE)
def new() -> Page:
    """An empty form, for the next year once this one has a plan."""
    newest = next(iter(plans_in(db(), actor(), limit=1).rows), None)
    year = max(_year(), newest.year + 1) if newest is not None else _year()
    title = _("%(year)s年度协商计划", year=year)
    quota = newest.quota if newest is not None else 35
    return _form({"year": str(year), "title": title, "quota": str(quota), "words": ""})


@plans_desk.post("/new")
@requires(Permission.PLAN_MANAGE)
def create() -> Page:
    """Begin it."""
    try:
        year = whole_number(sent("year"), field="year")
        made = service.create_plan(db(), _facts(), actor=actor(), year=year, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(longest=LONGEST), error=error)
    return redirect(url_for("plans.show", plan_id=made.id, done="begun"), code=303)


@plans_desk.get("/<int:plan_id>")
@requires(Permission.PLAN_VIEW)
def show(plan_id: int) -> Page:
    """One year by quarter, with what may be done."""
    return show_plan(plan_id)


@plans_desk.get("/<int:plan_id>/edit")
@requires(Permission.PLAN_MANAGE)
def edit(plan_id: int) -> Page:
    """Title, words, quota."""
    found = found_plan(plan_id)
    return _form({"title": found.title, "quota": str(found.quota), "words": found.words}, found=found)


@plans_desk.post("/<int:plan_id>/edit")
@requires(Permission.PLAN_MANAGE)
def change(plan_id: int) -> Page:
    """Store them."""
    try:
        service.change_plan(db(), planning(plan_id), _facts())
    except DomainError as error:
        db().rollback()
        return _form(typed(longest=LONGEST), found=found_plan(plan_id), error=error)
    return redirect(url_for("plans.show", plan_id=plan_id, done="changed"), code=303)


@plans_desk.post("/<int:plan_id>/issue")
@requires(Permission.PLAN_MANAGE)
def issue(plan_id: int) -> Page:
    """The first edition, its words looked at like those of any decision."""
    looked_at = look_at(sent("words"), check_reason)
    if looked_at is not None:
        return show_plan(plan_id, act="issue", looked_at=looked_at)
    try:
        service.issue(db(), planning(plan_id), _issuing())
    except DomainError as error:
        return show_plan(plan_id, error=error, act="issue")
    return redirect(url_for("plans.show", plan_id=plan_id, done="issued"), code=303)


@plans_desk.post("/<int:plan_id>/revise")
@requires(Permission.PLAN_MANAGE)
def revise(plan_id: int) -> Page:
    """The next edition, likewise."""
    looked_at = look_at(sent("words"), check_reason)
    if looked_at is not None:
        return show_plan(plan_id, act="revise", looked_at=looked_at)
    try:
        service.revise(db(), planning(plan_id), _issuing())
    except DomainError as error:
        return show_plan(plan_id, error=error, act="revise")
    return redirect(url_for("plans.show", plan_id=plan_id, done="revised"), code=303)


@plans_desk.post("/<int:plan_id>/number")
@requires(Permission.PLAN_MANAGE)
def record_number(plan_id: int) -> Page:
    """The number of the newest edition's paper."""
    try:
        service.record_number(db(), planning(plan_id), document_number=sent("document_number"))
    except DomainError as error:
        return show_plan(plan_id, error=error, act="number")
    return redirect(url_for("plans.show", plan_id=plan_id, done="numbered"), code=303)


@plans_desk.post("/<int:plan_id>/close")
@requires(Permission.PLAN_MANAGE)
def close(plan_id: int) -> Page:
    """The year is over."""
    try:
        service.close(db(), planning(plan_id))
    except DomainError as error:
        return show_plan(plan_id, error=error, act="close")
    return redirect(url_for("plans.show", plan_id=plan_id, done="closed"), code=303)


def show_plan(plan_id: int, *, error: DomainError | None = None, act: str = "", looked_at: LookedAt | None = None) -> Page:
    """The page of a plan; `act` is what was refused or looked at, whose form is shown open again with what was typed."""
    if error is not None:
        db().rollback()
    found = found_plan(plan_id)
    page = render_template(
        "plans/show.html",
        found=found,
        quarters=QUARTER_NAMES,
        forms=CONSULTATION_FORM_NAMES,
        progress=PROGRESS_NAMES,
        reports=PLAN_REPORT_NAMES,
        subject=ApprovalSubject.PLAN,
        makes=plans(actor()),
        may_change=plans(actor()) and found.state is not PlanState.CLOSED,
        words_max=WORDS_MAX,
        usual_words=_("这件事列入了《%(title)s》。开始协商、有了结果，都会在这里告诉您。", title=found.title),
        number_max=NUMBER_MAX,
        today=wiring().clock.now().astimezone(SHANGHAI).date(),
        typed=typed(longest=LONGEST),
        act=act,
        looked_at=looked_at,
        done=request.args.get("done", "") if error is None else "",
        moved=request.args.get("moved", ""),
        error=error,
    )
    if looked_at is not None:
        return page, 422
    return (page, status_of(error)) if error is not None else page


def found_plan(plan_id: int) -> PlanPage:
    """The plan as it stands today."""
    return plan_page(db(), actor(), plan_id, today=wiring().clock.now().astimezone(SHANGHAI).date())


def planning(plan_id: int) -> Planning:
    """What the act carries."""
    return Planning(actor=actor(), plan_id=plan_id, version=version_sent(), at=wiring().clock.now())


def _year() -> int:
    return wiring().clock.now().astimezone(SHANGHAI).year


def _facts() -> PlanFacts:
    raw = sent("quota").strip()
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= len(str(QUOTA_MOST))):
        raise InvalidInput(f"场数请填 0 到 {QUOTA_MOST}。", field="quota")
    return PlanFacts(title=sent("title"), words=sent("words", longest=LONGEST), quota=int(raw))


def _issuing() -> Issuing:
    return Issuing(
        words=sent("words"),
        issued_on=day_sent("issued_on"),
        document_number=sent("document_number"),
        accepts_fewer=sent("fewer") == "1",
        reason=sent("reason"),
        accepts_changes=sent("changes") == "1",
    )


def _form(values: dict[str, str], *, found: PlanPage | None = None, error: DomainError | None = None) -> Page:
    limits = {"title": TITLE_MAX, "words": PLAN_WORDS_MAX, "quota": QUOTA_MOST}
    page = render_template("plans/form.html", values=values, found=found, limits=limits, error=error)
    return (page, status_of(error)) if error is not None else page
