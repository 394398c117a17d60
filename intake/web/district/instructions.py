"""批示 on the desk: the register, one of them, and what is done with it. Internal: nothing of it stands on a page that residents read."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.instruction import (
    CLOSE_REASONS,
    LEADER_MAX,
    NUMBER_MAX,
    REOPEN_REASONS,
    SUBJECT_MAX,
    CloseReason,
    InstructionState,
    ReopenReason,
)
from intake.domain.permission import Permission
from intake.domain.text import clean
from intake.queries.instruction import (
    InstructionDetail,
    instruction_detail,
    instructions_in,
    require_instructions,
    units_to_send_to,
)
from intake.services import instruction as service
from intake.services.instruction import Following, InstructionFacts
from intake.web.asked import day_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

instructions = Blueprint("instructions", __name__, url_prefix="/d/instructions")

Page = str | Response | tuple[str, int]
LONGEST = 20_000
"""Of a text box, before a flood is cut: what is too long is refused by the service, and shown again whole."""
BOXES = ("extract", "feedback", "result")
LIMITS = {"number": NUMBER_MAX, "given_by": LEADER_MAX, "about": SUBJECT_MAX}


@instructions.get("")
@requires(Permission.INSTRUCTION_REGISTER)
def index() -> Page:
    """The register: what is late first, what is closed last."""
    state, words, after = one_of(InstructionState, request.args.get("state", "")), words_asked(), request.args.get("after", "")
    page = instructions_in(db(), actor(), state=state, words=words, after=after, at=wiring().clock.now())
    return render_template("instructions/index.html", page=page, state=state, states=InstructionState, words=words, after=after)


@instructions.get("/new")
@requires(Permission.INSTRUCTION_REGISTER)
def new() -> Page:
    """An empty form; `about` in the address is the number of the topic or referral one comes from."""
    require_instructions(db(), actor())
    return _form({"subject": request.args.get("about", "")[:NUMBER_MAX].replace("\x00", "")})


@instructions.post("/new")
@requires(Permission.INSTRUCTION_REGISTER)
def create() -> Page:
    """Register it."""
    try:
        made = service.register(db(), _facts(), actor=actor(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(_typed(), error=error)
    return redirect(url_for("instructions.show", instruction_id=made.id, done="registered"), code=303)


@instructions.get("/<int:instruction_id>")
@requires(Permission.INSTRUCTION_REGISTER)
def show(instruction_id: int) -> Page:
    """One of them with its forwards."""
    return _show(instruction_id)


@instructions.get("/<int:instruction_id>/edit")
@requires(Permission.INSTRUCTION_REGISTER)
def edit(instruction_id: int) -> Page:
    """The form with what was registered."""
    return _edit(instruction_id)


@instructions.post("/<int:instruction_id>/edit")
@requires(Permission.INSTRUCTION_REGISTER)
def change(instruction_id: int) -> Page:
    """Mend what was registered wrongly."""
    try:
        service.change(db(), _following(instruction_id), _facts())
    except DomainError as error:
        db().rollback()
        return _edit(instruction_id, error=error)
    return redirect(url_for("instructions.show", instruction_id=instruction_id, done="changed"), code=303)


@instructions.post("/<int:instruction_id>/send-on")
@requires(Permission.INSTRUCTION_REGISTER)
def send_on(instruction_id: int) -> Page:
    """To units of the system and to others by name."""
    try:
        units = [whole_number(raw, field="units") for raw in request.form.getlist("units")]
        outside = sent("outside").splitlines()
        service.send_on(db(), _following(instruction_id), unit_ids=units, outside=outside, due_on=day_sent("due_on"))
    except DomainError as error:
        return _show(instruction_id, error=error)
    return redirect(url_for("instructions.show", instruction_id=instruction_id, done="sent"), code=303)


@instructions.post("/<int:instruction_id>/forwards/<int:forward_id>/report")
@requires(Permission.INSTRUCTION_REGISTER)
def enter_report(instruction_id: int, forward_id: int) -> Page:
    """Enter what a unit reported on paper or by telephone (代录)."""
    try:
        service.report_on_instruction(
            db(), actor=actor(), forward_id=forward_id, feedback=sent("feedback", longest=LONGEST), at=wiring().clock.now()
        )
    except DomainError as error:
        return _show(instruction_id, error=error, forward_id=forward_id)
    return redirect(url_for("instructions.show", instruction_id=instruction_id, done="reported"), code=303)


@instructions.post("/<int:instruction_id>/close")
@requires(Permission.INSTRUCTION_REGISTER)
def close(instruction_id: int) -> Page:
    """With what came of it."""
    try:
        service.close(db(), _following(instruction_id), reason=needed(CloseReason, "reason"), result=sent("result", longest=LONGEST))
    except DomainError as error:
        return _show(instruction_id, error=error)
    return redirect(url_for("instructions.show", instruction_id=instruction_id, done="closed"), code=303)


@instructions.post("/<int:instruction_id>/reopen")
@requires(Permission.INSTRUCTION_REGISTER)
def reopen(instruction_id: int) -> Page:
    """Follow it again."""
    try:
        service.reopen(db(), _following(instruction_id), reason=needed(ReopenReason, "reason"))
    except DomainError as error:
        return _show(instruction_id, error=error)
    return redirect(url_for("instructions.show", instruction_id=instruction_id, done="reopened"), code=303)


def _facts() -> InstructionFacts:
    return InstructionFacts(
        number=sent("number"),
        given_on=day_sent("given_on"),
        given_by=sent("given_by"),
        extract=sent("extract", longest=LONGEST),
        subject=sent("subject"),
        about=sent("about"),
        due_on=day_sent("due_on"),
    )


def _typed() -> dict[str, str]:
    """What was typed, long texts whole."""
    return {**typed(), **{name: clean(sent(name, longest=LONGEST)).text for name in BOXES if name in request.form}}


def _following(instruction_id: int) -> Following:
    return Following(actor=actor(), instruction_id=instruction_id, version=version_sent(), at=wiring().clock.now())


def _show(instruction_id: int, *, error: DomainError | None = None, forward_id: int | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "instructions/show.html",
        found=instruction_detail(db(), actor(), instruction_id, at=wiring().clock.now()),
        units=units_to_send_to(db(), actor()),
        close_reasons=CLOSE_REASONS,
        reopen_reasons=REOPEN_REASONS,
        typed=_typed(),
        chosen=request.form.getlist("units"),
        at_forward=forward_id,
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(instruction_id: int, *, error: DomainError | None = None) -> Page:
    found = instruction_detail(db(), actor(), instruction_id, at=wiring().clock.now())
    if found.row.state is InstructionState.CLOSED and error is None:
        return redirect(url_for("instructions.show", instruction_id=instruction_id), code=303)
    stored = {
        "number": found.row.number,
        "given_on": f"{found.row.given_on}",
        "given_by": found.row.given_by,
        "extract": found.extract,
        "subject": found.subject_number,
        "about": found.about,
        "due_on": f"{found.own_due_on or ''}",
    }
    return _form(stored if error is None else _typed(), error=error, found=found)


def _form(values: dict[str, str], *, error: DomainError | None = None, found: InstructionDetail | None = None) -> Page:
    page = render_template("instructions/form.html", values=values, found=found, limits=LIMITS, error=error)
    return (page, status_of(error)) if error is not None else page
