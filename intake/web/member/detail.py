"""请补充: the member asks, and reads what the resident added."""

from flask import request

from intake.domain.permission import Permission
from intake.queries.added_words import AddedWords, added_words
from intake.services.submission_detail import ask
from intake.web.guard import requires
from intake.web.member.views import Page, decide_on, member
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]


@member.post("/cards/<int:submission_id>/ask")
@requires(Permission.TRIAGE_DECIDE)
def ask_detail(submission_id: int) -> Page:
    """Ask the resident for detail."""
    words = request.form.get("words", "")
    return decide_on(submission_id, lambda session, deciding: ask(session, deciding, words=words, workflow=wiring().workflow))


@member.app_template_global()
def words_added(submission_id: int) -> tuple[AddedWords, ...]:
    """What the resident of a submission wrote besides, for the page that shows it."""
    return added_words(db(), submission_id)
