"""起草助手: asking for a draft of a topic's title or summary, watching it being written, and making it one's own.

Nothing here calls out: asking writes a row, a worker does the rest (architecture rule 5).
"""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.assistant import LONGEST, MOST_CHARACTERS, MOST_VOICES, PURPOSE_NAMES, DraftPurpose
from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import Permission
from intake.queries.assistant_draft import assistant_desk
from intake.services.assistant_draft import adopt, ask
from intake.web.district.blueprint import district
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody made of a draft, kept when it was refused."""

    draft_id: int
    words: str


@district.get("/topics/<int:topic_id>/assistant")
@requires(Permission.SCREEN_DECIDE)
def assistant(topic_id: int) -> Page:
    """What may be asked for, what is being written, and what was."""
    _check_on()
    return _page(topic_id)


@district.post("/topics/<int:topic_id>/assistant")
@requires(Permission.SCREEN_DECIDE)
def ask_assistant(topic_id: int) -> Page:
    """Ask for a draft; its page shows how far it is."""
    _check_on()
    try:
        ask(
            db(),
            actor=actor(),
            topic_id=topic_id,
            purpose=request.form.get("purpose", ""),
            monthly_tokens=wiring().settings.assistant_monthly_tokens,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _page(topic_id, error=error)
    return redirect(url_for("district.assistant", topic_id=topic_id), code=303)


@district.post("/topics/<int:topic_id>/assistant/<int:draft_id>/adopt")
@requires(Permission.SCREEN_DECIDE)
def adopt_draft(topic_id: int, draft_id: int) -> Page:
    """Make the words in the box the topic's title or summary."""
    _check_on()
    words = request.form.get("words", "")
    try:
        purpose = adopt(
            db(),
            actor=actor(),
            topic_id=topic_id,
            draft_id=draft_id,
            version=whole_number(request.form.get("version", "")),
            words=words,
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return _page(topic_id, error=error, typed=Typed(draft_id, words))
    return redirect(url_for("district.assistant", topic_id=topic_id, done=purpose.value), code=303)


def _check_on() -> None:
    if not wiring().settings.assistant_on:
        raise NotFound("没有启用起草助手。")


def _page(topic_id: int, *, error: DomainError | None = None, typed: Typed | None = None) -> Page:
    if error is not None:
        db().rollback()
    settings = wiring().settings
    desk = assistant_desk(db(), actor(), topic_id, monthly_tokens=settings.assistant_monthly_tokens, at=wiring().clock.now())
    page = render_template(
        "district/assistant.html",
        desk=desk,
        purposes=PURPOSE_NAMES,
        longest=LONGEST,
        voices=MOST_VOICES,
        characters=MOST_CHARACTERS,
        model=settings.assistant_model,
        done=next((one for one in DraftPurpose if one.value == request.args.get("done")), None),
        error=error,
        typed=typed,
    )
    return (page, status_of(error)) if error is not None else page
