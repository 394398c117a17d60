"""没有解决的: what residents call not solved, looked at again by staff."""

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.outcome import open_reviews
from intake.services import outcome_review as service
from intake.web.asked import sent, version_sent
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/reviews")
@requires(Permission.DECLINE_CHECK)
def reviews() -> Page:
    """The oldest first; keyset pages."""
    return _list()


@district.post("/reviews/<int:outcome_id>/reopen")
@requires(Permission.DECLINE_CHECK)
def reopen_result(outcome_id: int) -> Page:
    """The unit or the topic works on it again."""
    return _decide(outcome_id, service.reopen, done="reopen")


@district.post("/reviews/<int:outcome_id>/explain")
@requires(Permission.DECLINE_CHECK)
def explain_result(outcome_id: int) -> Page:
    """It stays, with the reason."""
    return _decide(outcome_id, service.explain, done="explain")


def _decide(outcome_id: int, act: Callable[..., None], *, done: str) -> Page:
    try:
        reviewing = service.Reviewing(
            actor=actor(), outcome_id=outcome_id, version=version_sent(), at=wiring().clock.now(), workflow=wiring().workflow
        )
        act(db(), reviewing, words=sent("words"))
    except DomainError as error:
        db().rollback()
        return _list(outcome_id, error=error), status_of(error)
    return redirect(url_for("district.reviews", done=done), code=303)


def _list(about: int = 0, *, error: DomainError | None = None) -> str:
    after = request.values.get("after", "")
    return render_template(
        "reviews/index.html",
        page=open_reviews(db(), actor(), after=after),
        after=after,
        about=about,
        words=sent("words") if error is not None else "",
        error=error,
        done=request.args.get("done", ""),
    )
