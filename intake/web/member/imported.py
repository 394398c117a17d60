"""导入的来件 opened as a card: what it is and where it stands. Nobody waits behind it, and it is the office's to decide."""

from flask import render_template

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.card import Card, joinable_topics
from intake.queries.member_queue import LastDecision
from intake.queries.row_import_rows import row_origin
from intake.web.errors import status_of
from intake.web.guard import actor
from intake.web.unit_of_work import db

TOPICS_OFFERED = 10


def imported_page(found: Card, *, search: str, undo: LastDecision | None, error: DomainError | None) -> tuple[str, int]:
    """The page of one row; whoever works imports decides here too."""
    may = found.is_open and actor().may(Permission.IMPORT_MANAGE) and actor().may(Permission.TRIAGE_DECIDE)
    page = render_template(
        "member/imported.html",
        card=found,
        origin=row_origin(db(), found.id),
        may=may,
        topics=joinable_topics(db(), actor(), words=search, limit=TOPICS_OFFERED) if may else (),
        search=search,
        undo=undo,
        error=error,
    )
    return page, status_of(error) if error is not None else 200
