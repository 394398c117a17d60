"""闲置的候选议题: staff take each up, or end it with a word to everyone behind it."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.working_days import holidays_of
from intake.queries.idle_topics import idle_topics
from intake.services.topic_idle import reject_idle
from intake.services.topic_screen import Screening, take_up
from intake.web.asked import sent, version_sent
from intake.web.district.blueprint import district
from intake.web.district.home import working_days_ago
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/idle")
@requires(Permission.SCREEN_VIEW)
def idle() -> Page:
    """The longest idle first; keyset pages."""
    return _list()


@district.post("/idle/<int:topic_id>/take-up")
@requires(Permission.SCREEN_DECIDE)
def take_idle_up(topic_id: int) -> Page:
    """To screening."""
    try:
        take_up(db(), _screening(topic_id))
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(url_for("district.board", topic=topic_id), code=303)


@district.post("/idle/<int:topic_id>/reject")
@requires(Permission.SCREEN_DECIDE)
def reject_idle_topic(topic_id: int) -> Page:
    """Not taken up; everyone behind it reads why."""
    try:
        reject_idle(db(), _screening(topic_id), words=sent("words"))
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(url_for("district.idle", done="reject"), code=303)


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=version_sent(), at=wiring().clock.now())


def _refused(topic_id: int, error: DomainError) -> Page:
    db().rollback()
    return _list(topic_id, error=error), status_of(error)


def _list(about: int = 0, *, error: DomainError | None = None) -> str:
    workflow, after = wiring().workflow, request.values.get("after", "")
    days = workflow.owner.candidate_idle_working_days
    return render_template(
        "checks/idle.html",
        page=idle_topics(
            db(), actor(), idle_before=working_days_ago(wiring().clock.now(), days, holidays=holidays_of(workflow)), after=after
        ),
        days=days,
        after=after,
        about=about,
        words=sent("words") if error is not None else "",
        error=error,
        done=request.args.get("done", ""),
    )
