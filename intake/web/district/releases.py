"""公开内容: staff write what the public shall read of a topic, named staff release it or take it down (先审后发)."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.release import (
    KIND_NAMES,
    PHOTO_SIDE_NAMES,
    TITLE_MAX,
    WITHDRAW_REASONS,
    WORDS_MAX,
    ReleaseKind,
    ReleaseState,
    WithdrawReason,
)
from intake.queries.release import proposal, release_detail, releases_in, tellable_topics
from intake.queries.release_photo import chosen_in_order, offered
from intake.services import release as service
from intake.services.release import Draft, Releasing
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

releases = Blueprint("releases", __name__, url_prefix="/d/releases")

Page = str | Response | tuple[str, int]
CACHE_SECONDS = 60
"""How long a reader's browser may still show what was withdrawn (web/public/views.py)."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, as written."""

    kind: str
    area_id: str
    title: str
    words: str


@releases.get("")
@requires(Permission.RELEASE_PREPARE)
def index() -> str:
    """Drafts first, then what the public reads, then what was taken down."""
    state = next((one for one in ReleaseState if one.value == request.args.get("state")), None)
    kind = next((one for one in ReleaseKind if one.value == request.args.get("kind")), None)
    words = _search()
    page = releases_in(db(), actor(), state=state, kind=kind, words=words, after=request.args.get("after", ""))
    return render_template("releases/index.html", page=page, state=state, kind=kind, words=words, kinds=KIND_NAMES)


@releases.get("/new")
@requires(Permission.RELEASE_PREPARE)
def new() -> str:
    """Of which topic; with one, the draft it proposes."""
    if not request.args.get("topic"):
        words = _search()
        return render_template("releases/choose.html", topics=tellable_topics(db(), actor(), words=words), words=words)
    found = proposal(db(), actor(), whole_number(request.args["topic"]))
    typed = Typed(kind=found.kind, area_id=str(found.area_id), title=found.title, words=found.words)
    return render_template("releases/new.html", proposal=found, typed=typed, error=None, **_form())


@releases.post("/new")
@requires(Permission.RELEASE_PREPARE)
def create() -> Page:
    """Store the draft; nobody outside reads it yet."""
    topic_id = whole_number(request.args.get("topic", ""))
    try:
        release = service.prepare(db(), _draft(), actor=actor(), topic_id=topic_id, at=wiring().clock.now())
    except InvalidInput as error:
        db().rollback()
        page = render_template("releases/new.html", proposal=proposal(db(), actor(), topic_id), typed=_typed(), error=error, **_form())
        return page, status_of(error)
    return redirect(url_for("releases.show", release_id=release.id, done="prepared"), code=303)


@releases.get("/<int:release_id>")
@requires(Permission.RELEASE_PREPARE)
def show(release_id: int) -> Page:
    """As the public reads or will read it, with its history and what can be done."""
    return _show(release_id)


@releases.get("/<int:release_id>/edit")
@requires(Permission.RELEASE_PREPARE)
def edit(release_id: int) -> Page:
    """Its words, to be mended; of a released one its page, which says to withdraw it first."""
    found = release_detail(db(), actor(), release_id)
    if not found.may_edit:
        return redirect(url_for("releases.show", release_id=release_id), code=303)
    return _edit(release_id)


@releases.post("/<int:release_id>/edit")
@requires(Permission.RELEASE_PREPARE)
def save(release_id: int) -> Page:
    """Store what was mended."""
    try:
        service.edit(db(), releasing_sent(release_id), _draft())
    except DomainError as error:
        return _edit(release_id, error=error)
    return redirect(url_for("releases.show", release_id=release_id, done="saved"), code=303)


@releases.post("/<int:release_id>/publish")
@requires(Permission.RELEASE_PUBLISH)
def publish(release_id: int) -> Page:
    """Let the public read it."""
    try:
        service.publish(db(), releasing_sent(release_id), second_person=wiring().workflow.release.second_person)
    except DomainError as error:
        return _show(release_id, error=error)
    return redirect(url_for("releases.show", release_id=release_id, done="released"), code=303)


@releases.post("/<int:release_id>/withdraw")
@requires(Permission.RELEASE_PUBLISH)
def withdraw(release_id: int) -> Page:
    """Take it down, or give a draft up."""
    try:
        raw = request.form.get("reason", "")
        reason = next((one for one in WithdrawReason if one.value == raw), None)
        if reason is None:
            raise InvalidInput("请选择为什么撤下。", field="reason")
        service.withdraw(db(), releasing_sent(release_id), reason=reason)
    except DomainError as error:
        return _show(release_id, error=error)
    return redirect(url_for("releases.show", release_id=release_id, done="withdrawn"), code=303)


def _search() -> str:
    return request.args.get("q", "")[:60].replace("\x00", "")


def _form() -> dict[str, object]:
    return {"kinds": KIND_NAMES, "title_max": TITLE_MAX, "words_max": WORDS_MAX}


def _draft() -> Draft:
    raw = request.form.get("kind", "")
    kind = next((one for one in ReleaseKind if one.value == raw), None)
    if kind is None:
        raise InvalidInput("请选择公开的是哪一种。", field="kind")
    area_id = whole_number(request.form.get("area", ""), field="area")
    return Draft(kind=kind, area_id=area_id, title=request.form.get("title", ""), words=request.form.get("words", ""))


def _typed() -> Typed:
    """What stood in the form, whatever it was."""
    form = request.form
    return Typed(kind=form.get("kind", ""), area_id=form.get("area", ""), title=form.get("title", ""), words=form.get("words", ""))


def releasing_sent(release_id: int) -> Releasing:
    """Who acts on the release, and the version on their screen."""
    return Releasing(actor=actor(), release_id=release_id, version=whole_number(request.form.get("version", "")), at=wiring().clock.now())


def _show(release_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    found = release_detail(db(), actor(), release_id)
    page = render_template(
        "releases/show.html",
        release=found,
        error=error,
        done=request.args.get("done", "") if error is None else "",
        photos=chosen_in_order(offered(db(), topic_id=found.row.topic_id, release_id=release_id)),
        sides=PHOTO_SIDE_NAMES,
        kinds=KIND_NAMES,
        reasons=WITHDRAW_REASONS,
        chosen=request.form.get("reason", ""),
        seconds=CACHE_SECONDS,
        second_person=wiring().workflow.release.second_person,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(release_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    found = release_detail(db(), actor(), release_id)
    row = found.row
    stored = Typed(kind=row.kind, area_id=str(row.area_id), title=row.title, words=found.words)
    page = render_template("releases/edit.html", release=found, typed=stored if error is None else _typed(), error=error, **_form())
    return (page, status_of(error)) if error is not None else page
