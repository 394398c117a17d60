"""分出与归类: submissions that leave a topic for one of their own, topics that are gathered into a class, and both taken back."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.queries.gathering import alike, matters_of
from intake.queries.topic_detail import topic_detail
from intake.services.topic_class import dissolve_class, leave_class, open_class
from intake.services.topic_decision import Screening
from intake.services.topic_split import split, unsplit
from intake.web.asked import id_asked, sent, version_sent, words_asked
from intake.web.district.blueprint import district
from intake.web.district.offered import OFFERED
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/topics/<int:topic_id>/split")
@requires(Permission.SCREEN_DECIDE)
def ask_split(topic_id: int) -> str:
    """Which of its submissions are another matter."""
    return _split_page(topic_id, title="", words=OFFERED.split, chosen=(), error=None)


@district.post("/topics/<int:topic_id>/split")
@requires(Permission.SCREEN_DECIDE)
def split_topic(topic_id: int) -> Page:
    """They leave together."""
    chosen = _ids("submissions")
    try:
        new = split(db(), _screening(topic_id), submission_ids=chosen, title=sent("title"), words=sent("words"))
    except DomainError as error:
        db().rollback()
        return _split_page(topic_id, title=sent("title"), words=sent("words"), chosen=chosen, error=error), status_of(error)
    return redirect(url_for("district.topic", topic_id=new.id), code=303)


@district.post("/topics/<int:topic_id>/unsplit")
@requires(Permission.SCREEN_DECIDE)
def unsplit_topic(topic_id: int) -> Page:
    """What was split off goes back."""
    source = unsplit(db(), _screening(topic_id), words=sent("words"))
    return redirect(url_for("district.topic", topic_id=source.id), code=303)


@district.get("/classes/new")
@requires(Permission.SCREEN_DECIDE)
def ask_class() -> str:
    """Which topics are of a kind: those like the one that one came from, or found by words."""
    return _class_page(title="", chosen=(), error=None)


@district.post("/classes")
@requires(Permission.SCREEN_DECIDE)
def create_class() -> Page:
    """Gather them."""
    chosen = _ids("topics")
    try:
        new = open_class(db(), actor=actor(), topic_ids=chosen, title=sent("title"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _class_page(title=sent("title"), chosen=chosen, error=error), status_of(error)
    return redirect(url_for("district.topic", topic_id=new.id), code=303)


@district.post("/topics/<int:topic_id>/dissolve")
@requires(Permission.SCREEN_DECIDE)
def take_class_apart(topic_id: int) -> Page:
    """Its matters stand as they were."""
    dissolve_class(db(), _screening(topic_id))
    return redirect(url_for("district.topic", topic_id=topic_id), code=303)


@district.post("/topics/<int:topic_id>/leave-class")
@requires(Permission.SCREEN_DECIDE)
def take_out_of_class(topic_id: int) -> Page:
    """One matter stands alone again."""
    leave_class(db(), _screening(topic_id))
    return redirect(url_for("district.topic", topic_id=topic_id), code=303)


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=version_sent(), at=wiring().clock.now())


def _ids(name: str) -> tuple[int, ...]:
    """What was ticked."""
    try:
        return tuple(whole_number(raw) for raw in request.form.getlist(name))
    except InvalidInput:
        return ()


def _split_page(topic_id: int, *, title: str, words: str, chosen: tuple[int, ...], error: DomainError | None) -> str:
    topic = topic_detail(db(), actor(), topic_id)
    return render_template("district/split.html", topic=topic, title=title, words=words, chosen=chosen, error=error)


def _class_page(*, title: str, chosen: tuple[int, ...], error: DomainError | None) -> str:
    words, like = words_asked(), id_asked("topic")
    asked = (*chosen, *([like] if like is not None and not chosen else ()))
    picked = matters_of(db(), actor(), asked)
    return render_template(
        "district/new_class.html",
        picked=picked,
        found=alike(db(), actor(), words=words, like=like, besides=[one.topic_id for one in picked]),
        title=title,
        words=words,
        like=like,
        error=error,
    )
