"""一起看: a cluster that speaks of one matter, confirmed at one press."""

from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.queries.suggested_together import AT_ONCE, last_together, suggested_beside, together
from intake.services import attach_together as service
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.member.views import Page, member
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]


@member.get("/together/<int:topic_id>")
@requires(Permission.TRIAGE_DECIDE)
def look_together(topic_id: int) -> str:
    """What is suggested for the topic and waits in the member's areas."""
    return _page(topic_id)


@member.post("/together/<int:topic_id>")
@requires(Permission.TRIAGE_DECIDE)
def attach_together(topic_id: int) -> Page:
    """Into the topic, those that are ticked."""
    wired = wiring()
    try:
        done = service.attach_together(
            db(),
            actor=actor(),
            topic_id=topic_id,
            chosen=[_ticked(raw) for raw in dict.fromkeys(request.form.getlist("one"))],
            at=wired.clock.now(),
            undo_seconds=wired.settings.undo_seconds,
        )
    except DomainError as error:
        db().rollback()
        return _page(topic_id, error=error), status_of(error)
    return _then(done.topic_id, aside=_set_aside(), done=done.done, left=len(done.left_out))


@member.post("/together/<int:topic_id>/undo")
@requires(Permission.TRIAGE_DECIDE)
def undo_together(topic_id: int) -> Page:
    """Take the last press back."""
    wired = wiring()
    try:
        taken_back = service.undo_together(
            db(),
            actor=actor(),
            topic_id=topic_id,
            workflow=wired.workflow,
            undo_seconds=wired.settings.undo_seconds,
            at=wired.clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _page(topic_id, error=error), status_of(error)
    return _then(taken_back.topic_id, back=taken_back.done, left=len(taken_back.left_out))


@member.app_template_global()
def beside(topic_id: int) -> int:
    """How many wait for the reader of the page and are suggested for the topic."""
    person = actor()
    return suggested_beside(db(), person, topic_id) if person.may(Permission.TRIAGE_DECIDE) else 0


def _ticked(raw: str) -> tuple[int, int]:
    """Id and version of one row as it stood on the screen."""
    parts = raw.split("_")
    if len(parts) != 2 or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in parts):
        raise InvalidInput("这一页不完整，请刷新后再试。", field="one")
    return int(parts[0]), int(parts[1])


def _set_aside() -> str:
    """Those on the screen whose tick was taken away, so that they don't come back ticked."""
    ticked = {raw.partition("_")[0] for raw in request.form.getlist("one")}
    return ".".join(one for one in request.form.getlist("shown")[:AT_ONCE] if one not in ticked)


def _then(topic_id: int, *, aside: str = "", **counts: int) -> Page:
    said = {name: str(count) for name, count in counts.items() if count} | ({"aside": aside} if aside else {})
    return redirect(f"{url_for('member.look_together', topic_id=topic_id)}?{urlencode(said)}", code=303)


def _counted(name: str) -> int:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 4 else 0


def _page(topic_id: int, *, error: DomainError | None = None) -> str:
    wired = wiring()
    now = wired.clock.now()
    return render_template(
        "member/together.html",
        found=together(db(), actor(), topic_id, at=now),
        undo_batch=last_together(db(), actor(), topic_id, at=now, undo_seconds=wired.settings.undo_seconds),
        ticked=request.form.getlist("one") if error is not None else None,
        error=error,
        done=_counted("done"),
        set_aside={int(one) for one in request.args.get("aside", "").split(".") if one.isascii() and one.isdecimal() and len(one) < 19},
        back=_counted("back"),
        left=_counted("left"),
    )
