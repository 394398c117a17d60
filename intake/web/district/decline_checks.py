"""抽查: staff look again at some of what members declined."""

from collections.abc import Callable, Iterable

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.appeal import appealed_among, words_of_topic_appeal
from intake.queries.decline_check import check_figures, open_checks
from intake.queries.topic_board import TopicRow
from intake.services.decline_check import Checking, agree, disagree
from intake.web.asked import sent
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@district.get("/checks")
@requires(Permission.DECLINE_CHECK)
def checks() -> Page:
    """The oldest first; keyset pages."""
    return _list()


@district.post("/checks/<int:check_id>/agree")
@requires(Permission.DECLINE_CHECK)
def agree_with_decline(check_id: int) -> Page:
    """It stands."""
    return _check(check_id, lambda session, checking: agree(session, checking, words=sent("words")), done="agree")


@district.post("/checks/<int:check_id>/disagree")
@requires(Permission.DECLINE_CHECK)
def disagree_with_decline(check_id: int) -> Page:
    """It is taken up again."""
    return _check(check_id, lambda session, checking: disagree(session, checking, words=sent("words")), done="disagree")


@district.app_template_global()
def topic_appeal(topic_id: int) -> str:
    """Why a resident asked to look at a rejected topic again, masked; empty where nobody did."""
    return words_of_topic_appeal(db(), topic_id)


@district.app_template_global()
def appealed_in(rows: Iterable[TopicRow]) -> frozenset[int]:
    """Those of the topics that a resident asked to look at again; one question for a whole column, none for an empty one."""
    ids = [row.id for row in rows]
    return appealed_among(db(), ids) if ids else frozenset()


def _check(check_id: int, act: Callable[[Session, Checking], None], *, done: str) -> Page:
    try:
        act(db(), Checking(actor=actor(), check_id=check_id, at=wiring().clock.now()))
    except DomainError as error:
        db().rollback()
        return _list(check_id, error=error), status_of(error)
    return redirect(url_for("district.checks", done=done), code=303)


def _list(about: int = 0, *, error: DomainError | None = None) -> str:
    after = request.values.get("after", "")
    return render_template(
        "checks/index.html",
        page=open_checks(db(), actor(), after=after),
        figures=check_figures(db(), actor()),
        percent=wiring().workflow.check.decline_sample_percent,
        after=after,
        about=about,
        words=sent("words") if error is not None else "",
        error=error,
        done=request.args.get("done", ""),
    )
