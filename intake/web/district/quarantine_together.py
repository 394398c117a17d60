"""待核, many at once: what one device sent, or what came at one point for one reason; looked at, then declined with a reason."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import DECLINE_WORDS
from intake.queries.quarantine_together import Alike, together
from intake.services.quarantine import CONFIRM_REASONS
from intake.services.quarantine_together import AT_ONCE, confirm_together
from intake.web.asked import one_of, sent
from intake.web.district.blueprint import district
from intake.web.district.quarantine import Page
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring


@district.get("/quarantine/together/<by>/<int:like>")
@requires(Permission.QUARANTINE_DECIDE)
def held_together(by: str, like: int) -> Page:
    """All that are like the one: how many, and what they say; keyset pages."""
    return _page(by, like)


@district.post("/quarantine/together/<by>/<int:like>")
@requires(Permission.QUARANTINE_DECIDE)
def confirm_held_together(by: str, like: int) -> Page:
    """Decline them; what came since the page was opened stays."""
    try:
        done = confirm_together(
            db(),
            actor=actor(),
            by=_by(by),
            like=like,
            newest=whole_number(request.form.get("newest", "")),
            reason=sent("reason"),
            words=sent("words"),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _page(by, like, error=error), status_of(error)
    return redirect(url_for("district.held_together", by=by, like=like, done=done), code=303)


def _by(raw: str) -> Alike:
    found = one_of(Alike, raw)
    if found is None:
        raise NotFound("没有这一页，请从待核来件重新打开。")
    return found


def _page(by: str, like: int, *, error: DomainError | None = None) -> str:
    after, done = request.args.get("after", ""), request.args.get("done", "")
    return render_template(
        "district/quarantine_together.html",
        found=together(db(), actor(), by=_by(by), like=like, after=after),
        after=after,
        reasons=[(code.value, translated(DECLINE_WORDS[code])) for code in CONFIRM_REASONS],
        typed=request.form if error is not None else {},
        at_once=AT_ONCE,
        error=error,
        done=int(done) if done.isascii() and done.isdecimal() and len(done) < 5 else 0,
    )
