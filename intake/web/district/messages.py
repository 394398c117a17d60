"""留言 from the desk: words to the resident of one submission."""

from collections.abc import Callable

from flask import redirect, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.services.message import read_by_member, write_to_resident
from intake.web.asked import sent
from intake.web.district.blueprint import district
from intake.web.district.submission import Page, submission_page
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring


@district.post("/submissions/<int:submission_id>/messages")
@requires(Permission.MESSAGE_WRITE)
def write_message(submission_id: int) -> Page:
    """Words to the resident; what stood there is read."""
    return _do(
        submission_id,
        lambda: write_to_resident(
            db(),
            actor=actor(),
            submission_id=submission_id,
            words=sent("words"),
            nonce=sent("once", longest=64),
            most_a_day=wiring().workflow.check.messages_a_day,
            digest_minutes=wiring().workflow.wechat.digest_minutes,
            at=wiring().clock.now(),
        ),
    )


@district.post("/submissions/<int:submission_id>/messages/read")
@requires(Permission.MESSAGE_WRITE)
def read_messages(submission_id: int) -> Page:
    """The resident's words were read, and need no answer."""
    return _do(submission_id, lambda: read_by_member(db(), actor=actor(), submission_id=submission_id, at=wiring().clock.now()))


def _do(submission_id: int, act: Callable[[], None]) -> Page:
    try:
        act()
    except DomainError as error:
        db().rollback()
        return submission_page(submission_id, error=error, kept_words=sent("words"), kept_once=sent("once", longest=64)), status_of(error)
    return redirect(url_for("district.submission", submission_id=submission_id, _anchor="messages"), code=303)
