"""批示 sent on to a unit: it reads the extract alone, and writes back what was done."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.text import clean
from intake.queries.instruction import instructions_for_unit
from intake.services.instruction import report_on_instruction
from intake.web.asked import sent
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

unit_instructions = Blueprint("unit_instructions", __name__, url_prefix="/dept/instructions")

Page = str | Response | tuple[str, int]
LONGEST = 20_000
"""Of the text box, before a flood is cut: what is too long is refused by the service, and shown again whole."""


@unit_instructions.get("")
@requires(Permission.REFERRAL_ANSWER)
def index() -> Page:
    """What waits for the unit's report, then what it reported."""
    return _index()


@unit_instructions.post("/<int:forward_id>")
@requires(Permission.REFERRAL_ANSWER)
def report(forward_id: int) -> Page:
    """What the unit did."""
    try:
        report_on_instruction(
            db(), actor=actor(), forward_id=forward_id, feedback=sent("feedback", longest=LONGEST), at=wiring().clock.now()
        )
    except DomainError as error:
        db().rollback()
        return _index(error=error, forward_id=forward_id)
    return redirect(url_for("unit_instructions.index", done="reported"), code=303)


def _index(*, error: DomainError | None = None, forward_id: int | None = None) -> Page:
    unit_id = actor().unit_id
    page = render_template(
        "instructions/unit.html",
        rows=instructions_for_unit(db(), unit_id, at=wiring().clock.now()) if unit_id is not None else (),
        has_unit=unit_id is not None,
        at_forward=forward_id,
        typed=clean(sent("feedback", longest=LONGEST)).text if error is not None else "",
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
