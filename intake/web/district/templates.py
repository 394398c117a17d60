"""常用答复 on the desk: the words a decision may start from."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.answer_template import ACTION_NAMES, TITLE_MAX, WORDS_MAX
from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionAction
from intake.queries.answer_template import TemplateRow, has_templates, keeps_templates, template, templates
from intake.queries.entity_history import entity_history
from intake.services.answer_template import (
    Changing,
    TemplateFacts,
    bring_back_template,
    change_template,
    create_template,
    refuse_others,
    retire_template,
    take_defaults,
)
from intake.web.asked import one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

answer_templates = Blueprint("answer_templates", __name__, url_prefix="/d/templates")

Page = str | Response | tuple[str, int]


@answer_templates.get("")
@requires(Permission.TEMPLATES_MANAGE)
def index() -> Page:
    """The district's, by what they are for."""
    words, after, retired = words_asked(), request.args.get("after", ""), request.args.get("retired") == "1"
    action = one_of(SubmissionAction, request.args.get("action", ""))
    page = templates(db(), actor(), words=words, action=action, retired=retired, after=after)
    done = {
        "created": _("已存好，委员的卡片上马上能用。"),
        "changed": _("已保存。"),
        "retired": _("已停用。发出去的答复不变。"),
        "back": _("已恢复使用。"),
        "defaults": _("已放入一套常用的。用不上的停用，有出入的改成本区的说法。"),
    }.get(request.args.get("done", ""), "")
    is_new = page.total == 0 and not has_templates(db(), actor().district_id or 0)
    return render_template(
        "district/templates.html",
        page=page,
        words=words,
        after=after,
        action=action,
        retired=retired,
        names=ACTION_NAMES,
        is_new=is_new,
        done=done,
        keeps=keeps_templates(db(), actor()),
    )


@answer_templates.post("/defaults")
@requires(Permission.TEMPLATES_MANAGE)
def defaults() -> Page:
    """The shipped ones, where there are none."""
    take_defaults(db(), actor=actor(), at=wiring().clock.now())
    return redirect(url_for("answer_templates.index", done="defaults"), code=303)


@answer_templates.get("/new")
@requires(Permission.TEMPLATES_MANAGE)
def new() -> Page:
    """An empty form."""
    refuse_others(db(), actor())
    return _form({"action": request.args.get("action", SubmissionAction.ANSWER.value)[:20]})


@answer_templates.post("/new")
@requires(Permission.TEMPLATES_MANAGE)
def create() -> Page:
    """Keep it."""
    try:
        create_template(db(), _facts(), actor=actor(), taxonomy=wiring().taxonomy, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), error=error)
    return redirect(url_for("answer_templates.index", done="created"), code=303)


@answer_templates.get("/<int:template_id>")
@requires(Permission.TEMPLATES_MANAGE)
def edit(template_id: int) -> Page:
    """The form with what stands there now."""
    found = template(db(), actor(), template_id)
    return _form(_stored(found), found=found)


@answer_templates.post("/<int:template_id>")
@requires(Permission.TEMPLATES_MANAGE)
def change(template_id: int) -> Page:
    """Save it."""
    try:
        change_template(db(), _changing(template_id), _facts(), taxonomy=wiring().taxonomy)
    except DomainError as error:
        db().rollback()
        return _form(typed(), found=template(db(), actor(), template_id), error=error)
    return redirect(url_for("answer_templates.index", done="changed"), code=303)


@answer_templates.post("/<int:template_id>/retire")
@requires(Permission.TEMPLATES_MANAGE)
def retire(template_id: int) -> Page:
    """Nothing starts from it any more, or again."""
    bring_back = sent("back") == "1"
    try:
        (bring_back_template if bring_back else retire_template)(db(), _changing(template_id))
    except DomainError as error:
        db().rollback()
        found = template(db(), actor(), template_id)
        return _form(_stored(found), found=found, error=error)
    return redirect(url_for("answer_templates.index", done="back" if bring_back else "retired"), code=303)


def _changing(template_id: int) -> Changing:
    return Changing(actor=actor(), template_id=template_id, version=version_sent(), at=wiring().clock.now())


def _facts() -> TemplateFacts:
    return TemplateFacts(action=sent("action"), category=sent("category"), title=sent("title"), words=sent("words"))


def _stored(found: TemplateRow) -> dict[str, str]:
    return {"action": found.action.value, "category": found.category or "", "title": found.title, "words": found.words}


def _form(values: Mapping[str, str], *, found: TemplateRow | None = None, error: DomainError | None = None) -> Page:
    page = render_template(
        "district/template_form.html",
        values=values,
        found=found,
        error=error,
        names=ACTION_NAMES,
        groups=wiring().taxonomy.groups,
        title_max=TITLE_MAX,
        words_max=WORDS_MAX,
        keeps=keeps_templates(db(), actor()),
        history=entity_history(db(), district_id=actor().district_id or 0, noun="answer_template", entity_id=found.id) if found else (),
    )
    return (page, status_of(error)) if error is not None else page
