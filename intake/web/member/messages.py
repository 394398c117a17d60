"""留言: what residents wrote and nobody has read, and words to them from the card."""

from collections.abc import Callable
from secrets import token_hex

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.queries.message import Thread, thread_for_member, unread, unread_count
from intake.services.message import read_by_member, write_to_resident
from intake.web.asked import sent
from intake.web.guard import actor, requires
from intake.web.member.views import Page, card_page, member
from intake.web.unit_of_work import db, wiring


@member.get("/messages")
@requires(Permission.MESSAGE_WRITE)
def messages() -> str:
    """Submissions with words that nobody has read; keyset pages."""
    after = request.args.get("after", "")
    return render_template("member/messages.html", page=unread(db(), actor(), after=after), after=after)


@member.post("/cards/<int:submission_id>/messages")
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


@member.post("/cards/<int:submission_id>/messages/read")
@requires(Permission.MESSAGE_WRITE)
def read_messages(submission_id: int) -> Page:
    """The resident's words were read, and need no answer."""
    return _do(submission_id, lambda: read_by_member(db(), actor=actor(), submission_id=submission_id, at=wiring().clock.now()))


@member.app_template_global()
def member_thread(submission_id: int) -> Thread:
    """The messages of a submission for the page that shows it, the resident's masked."""
    return thread_for_member(db(), submission_id)


@member.app_template_global()
def unread_messages() -> int:
    """In how many submissions words wait for the person who reads the page."""
    return unread_count(db(), actor())


@member.app_template_global()
def fresh_once() -> str:
    """What makes sending a form twice the same as once."""
    return token_hex(8)


def _do(submission_id: int, act: Callable[[], None]) -> Page:
    try:
        act()
    except DomainError as error:
        db().rollback()
        return card_page(submission_id, error=error)
    return redirect(url_for("member.show", submission_id=submission_id, _anchor="messages"), code=303)
