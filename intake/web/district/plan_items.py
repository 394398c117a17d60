"""What stands in a plan: added from the pool or as a placeholder, described, moved, linked, taken out."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.plan_progress import PROGRESS_NAMES
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import (
    CONSULTATION_FORM_NAMES,
    ITEM_TITLE_MAX,
    LIST_MAX,
    NAME_MAX,
    QUARTER_NAMES,
    REASON_MAX,
    ConsultationForm,
)
from intake.queries.plan_topics import chair_names, convenor_choices, pool_choices
from intake.queries.year_plan import ItemLine, item_line
from intake.services import plan_item as service
from intake.services.plan_item import ItemFacts, Itemising
from intake.services.year_plan import Planning
from intake.web.asked import day_sent, id_sent, ids_asked, ids_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.district.plans import LONGEST, Page, found_plan, plans_desk, show_plan
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring

__all__ = ["plans_desk"]

LIMITS = {"title": ITEM_TITLE_MAX, "name": NAME_MAX, "list": LIST_MAX, "reason": REASON_MAX}
STEPS = {"up": -1, "down": 1}


@plans_desk.get("/<int:plan_id>/add")
@requires(Permission.PLAN_MANAGE)
def choose(plan_id: int) -> Page:
    """Pooled topics to be ticked; coming from the pool, those ticked there."""
    return _choose(plan_id)


@plans_desk.post("/<int:plan_id>/add")
@requires(Permission.PLAN_MANAGE)
def add(plan_id: int) -> Page:
    """Those that were ticked."""
    try:
        made = service.add_topics(db(), _planning(plan_id), ids_sent("topics"), quarter=_quarter(), form=needed(ConsultationForm, "form"))
    except DomainError as error:
        return _choose(plan_id, error=error)
    return redirect(url_for("plans.show", plan_id=plan_id, done="added", _anchor=f"q{made[0].quarter}"), code=303)


@plans_desk.get("/<int:plan_id>/items/new")
@requires(Permission.PLAN_MANAGE)
def new_item(plan_id: int) -> Page:
    """The form of a placeholder."""
    return _item_form(plan_id, {"quarter": request.args.get("quarter", ""), "form": ConsultationForm.SPECIAL.value})


@plans_desk.post("/<int:plan_id>/items/new")
@requires(Permission.PLAN_MANAGE)
def create_item(plan_id: int) -> Page:
    """Put it in."""
    try:
        made = service.add_placeholder(db(), _planning(plan_id), _facts())
    except DomainError as error:
        db().rollback()
        return _item_form(plan_id, typed(longest=LONGEST), error=error)
    return redirect(url_for("plans.show", plan_id=plan_id, done="added", _anchor=f"q{made.quarter}"), code=303)


@plans_desk.get("/<int:plan_id>/items/<int:item_id>")
@requires(Permission.PLAN_MANAGE)
def item(plan_id: int, item_id: int) -> Page:
    """One item with its form, its topic, and the way out."""
    found = _item(plan_id, item_id)
    return _item_form(plan_id, _stored(found), found=found)


@plans_desk.post("/<int:plan_id>/items/<int:item_id>")
@requires(Permission.PLAN_MANAGE)
def change_item(plan_id: int, item_id: int) -> Page:
    """Store what was changed."""
    try:
        changed = service.change_item(db(), _itemising(plan_id, item_id), _facts())
    except DomainError as error:
        return _refused(plan_id, item_id, error)
    return redirect(url_for("plans.show", plan_id=plan_id, done="item", _anchor=f"q{changed.quarter}"), code=303)


@plans_desk.post("/<int:plan_id>/items/<int:item_id>/shift")
@requires(Permission.PLAN_MANAGE)
def shift(plan_id: int, item_id: int) -> Page:
    """One place up or down; over the edge of a quarter into the next."""
    try:
        steps = STEPS.get(sent("to"))
        if steps is None:
            raise InvalidInput("请选上移还是下移。")
        service.shift_item(db(), _itemising(plan_id, item_id), steps=steps)
    except DomainError as error:
        return show_plan(plan_id, error=error)
    return redirect(url_for("plans.show", plan_id=plan_id, moved=item_id, _anchor=f"item-{item_id}"), code=303)


@plans_desk.get("/<int:plan_id>/items/<int:item_id>/topic")
@requires(Permission.PLAN_MANAGE)
def choose_topic(plan_id: int, item_id: int) -> Page:
    """Pooled topics, one of which becomes the item's."""
    return _choose(plan_id, item_id=item_id)


@plans_desk.post("/<int:plan_id>/items/<int:item_id>/topic")
@requires(Permission.PLAN_MANAGE)
def link(plan_id: int, item_id: int) -> Page:
    """The one that was chosen."""
    try:
        service.link_topic(db(), _itemising(plan_id, item_id), id_sent("topics"))
    except DomainError as error:
        return _choose(plan_id, item_id=item_id, error=error)
    return redirect(url_for("plans.item", plan_id=plan_id, item_id=item_id, done="linked"), code=303)


@plans_desk.post("/<int:plan_id>/items/<int:item_id>/drop")
@requires(Permission.PLAN_MANAGE)
def drop(plan_id: int, item_id: int) -> Page:
    """Take it out, with the reason, looked at like that of any decision."""
    looked_at = look_at(sent("reason", longest=LONGEST), check_reason)
    if looked_at is not None:
        found = _item(plan_id, item_id)
        return _item_form(plan_id, _stored(found) | {"reason": typed(longest=LONGEST)["reason"]}, found=found, looked_at=looked_at)
    try:
        service.drop_item(db(), _itemising(plan_id, item_id), reason=sent("reason", longest=LONGEST))
    except DomainError as error:
        return _refused(plan_id, item_id, error)
    return redirect(url_for("plans.show", plan_id=plan_id, done="dropped"), code=303)


def _planning(plan_id: int) -> Planning:
    """Adding competes with nobody, so the plan's version doesn't matter."""
    return Planning(actor=actor(), plan_id=plan_id, version=0, at=wiring().clock.now())


def _itemising(plan_id: int, item_id: int) -> Itemising:
    return Itemising(actor=actor(), plan_id=plan_id, item_id=item_id, version=version_sent(), at=wiring().clock.now())


def _item(plan_id: int, item_id: int) -> ItemLine:
    return item_line(db(), actor(), plan_id, item_id, today=wiring().clock.now().astimezone(SHANGHAI).date())


def _quarter() -> int:
    raw = sent("quarter")
    return int(raw) if raw in {"1", "2", "3", "4"} else 0


def _facts() -> ItemFacts:
    return ItemFacts(
        title=sent("title"),
        form=needed(ConsultationForm, "form"),
        quarter=_quarter(),
        starts_on=day_sent("starts_on"),
        ends_on=day_sent("ends_on"),
        lead_chair=sent("lead_chair"),
        proposers=sent("proposers"),
        convenor_id=id_sent("convenor"),
        units=sent("units"),
        words=sent("words", longest=LONGEST),
    )


def _stored(found: ItemLine) -> dict[str, str]:
    return {
        "title": found.title,
        "form": found.form.value,
        "quarter": str(found.quarter),
        "starts_on": f"{found.starts_on or ''}",
        "ends_on": f"{found.ends_on or ''}",
        "lead_chair": found.lead_chair,
        "proposers": found.proposers,
        "convenor": f"{found.convenor_id or ''}",
        "units": found.units,
        "words": found.words,
    }


def _refused(plan_id: int, item_id: int, error: DomainError) -> Page:
    """The item's page with what was typed; the plan's, once the item was taken out."""
    db().rollback()
    try:
        found = _item(plan_id, item_id)
    except DomainError:
        return show_plan(plan_id, error=error)
    values = _stored(found) | {name: value for name, value in typed(longest=LONGEST).items() if name != "version"}
    return _item_form(plan_id, values, found=found, error=error)


def _item_form(
    plan_id: int,
    values: dict[str, str],
    *,
    found: ItemLine | None = None,
    error: DomainError | None = None,
    looked_at: LookedAt | None = None,
) -> Page:
    page = render_template(
        "plans/item.html",
        plan=found_plan(plan_id),
        found=found,
        values=values,
        quarters=QUARTER_NAMES,
        forms=CONSULTATION_FORM_NAMES,
        progress=PROGRESS_NAMES,
        convenors=convenor_choices(db(), actor(), kept=found.convenor_id if found is not None else None),
        chairs=chair_names(db(), actor()),
        limits=LIMITS,
        looked_at=looked_at,
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    if looked_at is not None:
        return page, 422
    return (page, status_of(error)) if error is not None else page


def _choose(plan_id: int, *, item_id: int | None = None, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    words, after, only = words_asked(), request.args.get("after", ""), ids_asked("topics")
    page = render_template(
        "plans/choose.html",
        plan=found_plan(plan_id),
        item=_item(plan_id, item_id) if item_id is not None else None,
        page=pool_choices(db(), actor(), words=words, only=only, after=after),
        only=only,
        words=words,
        after=after,
        chosen=request.form.getlist("topics") if request.method == "POST" else [str(one) for one in only],
        quarter=sent("quarter") or request.args.get("quarter", ""),
        form=one_of(ConsultationForm, sent("form")),
        quarters=QUARTER_NAMES,
        forms=CONSULTATION_FORM_NAMES,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
