"""审批 on the desk: what a district's plans and topics go through, what was decided at each step, and where each has come to."""

from datetime import date

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.approval import (
    APPROVAL_DECISION_NAMES,
    APPROVAL_KIND_NAMES,
    APPROVAL_SUBJECT_NAMES,
    BODY_MAX,
    NUMBER_MAX,
    STEP_NAME_MAX,
    ApprovalDecision,
    ApprovalKind,
    ApprovalSubject,
    StepFacts,
)
from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.approval import SubjectApprovals, approvals_of, chain_of, require_approvals, scan_of, step_line
from intake.queries.approval_list import ApprovalFilter, approvals_in, still_needing, under_way
from intake.services import approval as service
from intake.services import approval_chain
from intake.services.approval import ApprovalFacts, Recording
from intake.services.approval_chain import Changing, Direction
from intake.web.asked import day_sent, id_sent, needed, one_of, sent, typed, version_sent
from intake.web.attachments import stored_file
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.own_path import own_path
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import files_sent

approvals = Blueprint("approvals", __name__, url_prefix="/d/approvals")

Page = str | Response | tuple[str, int]
LONGEST = 20_000
"""Of a text box, before a flood is cut: what is too long is refused by the service, and shown again whole."""
LIMITS = {"body": BODY_MAX, "number": NUMBER_MAX, "name": STEP_NAME_MAX, "authority": BODY_MAX}


def init_approvals(app: Flask) -> None:
    """`approvals_of(subject, id)` for pages of plans and topics, which include `approvals/_of_subject.html`."""
    app.jinja_env.globals.update(approvals_of=_of, approval_subjects=APPROVAL_SUBJECT_NAMES, approval_limits=LIMITS)


@approvals.get("")
@requires(Permission.PLAN_MANAGE)
def index() -> Page:
    """What is under way, and everything that was written down, the newest first."""
    chosen = ApprovalFilter(
        subject=one_of(ApprovalSubject, request.args.get("subject", "")),
        decision=one_of(ApprovalDecision, request.args.get("decision", "")),
    )
    after = request.args.get("after", "")
    page = approvals_in(db(), actor(), chosen, after=after)
    waiting = () if after else under_way(db(), actor(), today=_today())
    return render_template(
        "approvals/index.html", page=page, under_way=waiting, chosen=chosen, decisions=APPROVAL_DECISION_NAMES, after=after
    )


@approvals.get("/chain/<any(plan,topic):subject>")
@requires(Permission.PLAN_MANAGE)
def chain(subject: str) -> Page:
    """The steps of one kind, in order."""
    return _chain(ApprovalSubject(subject))


@approvals.post("/chain/<any(plan,topic):subject>/adopt")
@requires(Permission.PLAN_MANAGE)
def adopt(subject: str) -> Page:
    """The usual steps become the district's own, to be changed."""
    approval_chain.adopt_chain(db(), actor=actor(), subject=ApprovalSubject(subject), at=wiring().clock.now())
    return redirect(url_for("approvals.chain", subject=subject, done="adopted"), code=303)


@approvals.post("/chain/<any(plan,topic):subject>/steps")
@requires(Permission.PLAN_MANAGE)
def add(subject: str) -> Page:
    """One more, at the end."""
    try:
        approval_chain.add_step(db(), actor=actor(), subject=ApprovalSubject(subject), facts=_step_facts(), at=wiring().clock.now())
    except DomainError as error:
        return _chain(ApprovalSubject(subject), error=error)
    return redirect(url_for("approvals.chain", subject=subject, done="added"), code=303)


@approvals.get("/steps/<int:step_id>/edit")
@requires(Permission.PLAN_MANAGE)
def edit(step_id: int) -> Page:
    """What is asked at one step."""
    return _edit(step_id)


@approvals.post("/steps/<int:step_id>/edit")
@requires(Permission.PLAN_MANAGE)
def change(step_id: int) -> Page:
    """Store it."""
    try:
        step = approval_chain.change_step(db(), _changing(step_id), facts=_step_facts())
    except DomainError as error:
        db().rollback()
        return _edit(step_id, error=error)
    return redirect(url_for("approvals.chain", subject=step.subject.value, done="changed"), code=303)


@approvals.post("/steps/<int:step_id>/move")
@requires(Permission.PLAN_MANAGE)
def move(step_id: int) -> Page:
    """One place up or down."""
    subject = step_line(db(), actor(), step_id).subject
    try:
        approval_chain.move_step(db(), _changing(step_id), to=needed(Direction, "to"))
    except DomainError as error:
        return _chain(subject, error=error)
    return redirect(url_for("approvals.chain", subject=subject.value, done="moved"), code=303)


@approvals.get("/steps/<int:step_id>/end")
@requires(Permission.PLAN_MANAGE)
def ending(step_id: int) -> Page:
    """Who would go on without it, who lets it end, and why."""
    return _ending(step_id)


@approvals.post("/steps/<int:step_id>/end")
@requires(Permission.PLAN_MANAGE)
def end(step_id: int) -> Page:
    """It is asked no more."""
    subject = step_line(db(), actor(), step_id).subject
    try:
        approval_chain.end_step(db(), _changing(step_id), authority=sent("authority"), reason=sent("reason", longest=LONGEST))
    except DomainError as error:
        db().rollback()
        return _ending(step_id, error=error)
    return redirect(url_for("approvals.chain", subject=subject.value, done="ended"), code=303)


@approvals.get("/<any(plan,topic):subject>/<int:subject_id>")
@requires(Permission.PLAN_MANAGE)
def show(subject: str, subject_id: int) -> Page:
    """One plan or topic on its way."""
    return _show(ApprovalSubject(subject), subject_id)


@approvals.post("/<any(plan,topic):subject>/<int:subject_id>")
@requires(Permission.PLAN_MANAGE)
def record(subject: str, subject_id: int) -> Page:
    """Write down what was decided at the open step."""
    kind = ApprovalSubject(subject)
    try:
        recording = Recording(
            actor=actor(),
            subject=kind,
            subject_id=subject_id,
            step_id=whole_number(request.form.get("step", "")),
            seen=whole_number(request.form.get("seen", "")),
            at=wiring().clock.now(),
        )
        service.record_step(db(), recording, _facts(needed(ApprovalDecision, "decision")), store=wiring().objects)
    except DomainError as error:
        return _show(kind, subject_id, error=error)
    return redirect(_back(kind, subject_id), code=303)


@approvals.post("/<int:approval_id>/undo")
@requires(Permission.PLAN_MANAGE)
def undo(approval_id: int) -> Page:
    """Take back what was written down wrongly."""
    made = service.undo_step(db(), actor=actor(), approval_id=approval_id, at=wiring().clock.now())
    subject = ApprovalSubject.PLAN if made.plan_id is not None else ApprovalSubject.TOPIC
    return redirect(_back(subject, made.plan_id or made.topic_id or 0), code=303)


@approvals.get("/<int:approval_id>/scan")
@requires(Permission.PLAN_MANAGE)
def scan(approval_id: int) -> Response:
    """The scan of a paper."""
    answer = stored_file(scan_of(db(), actor(), approval_id))
    note_visit("approval.view_scan", "approval", {}, entity_id=approval_id)
    return answer


def _of(subject: str, subject_id: int) -> SubjectApprovals | None:
    return approvals_of(db(), actor(), ApprovalSubject(subject), subject_id, today=_today())


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _changing(step_id: int) -> Changing:
    return Changing(actor=actor(), step_id=step_id, version=version_sent(), at=wiring().clock.now())


def _step_facts() -> StepFacts:
    return StepFacts(
        kind=needed(ApprovalKind, "kind"),
        name=sent("name"),
        body=sent("body"),
        needs_number="needs_number" in request.form,
        needs_minutes="needs_minutes" in request.form,
    )


def _facts(decision: ApprovalDecision) -> ApprovalFacts:
    files = files_sent()
    if len(files) > 1:
        raise InvalidInput("一步附一份扫描件。几页的请合成一个 PDF。", field="files")
    named = decision.value
    return ApprovalFacts(
        decision=decision,
        body=sent(f"{named}_body"),
        held_on=day_sent(f"{named}_day"),
        document_number=sent(f"{named}_number"),
        minutes=sent(f"{named}_minutes", longest=LONGEST),
        words=sent(f"{named}_words", longest=LONGEST),
        authority=sent(f"{named}_authority"),
        back_to_id=id_sent(f"{named}_back_to"),
        scan=files[0] if files else None,
    )


def _back(subject: ApprovalSubject, subject_id: int) -> str:
    """The page the form stood on."""
    page = own_path(sent("back")) or url_for("approvals.show", subject=subject.value, subject_id=subject_id)
    return f"{page}#approvals"


def _show(subject: ApprovalSubject, subject_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    require_approvals(db(), actor())
    page = render_template(
        "approvals/show.html",
        approvals=_of(subject, subject_id),
        subject=subject,
        approval_typed=typed(longest=LONGEST),
        approval_error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _chain(subject: ApprovalSubject, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    require_approvals(db(), actor())
    page = render_template(
        "approvals/chain.html",
        subject=subject,
        steps=chain_of(db(), actor().district_id or 0, subject),
        kinds=APPROVAL_KIND_NAMES,
        typed=typed(),
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(step_id: int, *, error: DomainError | None = None) -> Page:
    found = step_line(db(), actor(), step_id)
    page = render_template(
        "approvals/step.html",
        found=found,
        typed=typed() if error is not None else None,
        kinds=APPROVAL_KIND_NAMES,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _ending(step_id: int, *, error: DomainError | None = None) -> Page:
    found = step_line(db(), actor(), step_id)
    page = render_template(
        "approvals/end.html",
        found=found,
        needing=still_needing(db(), actor(), found),
        typed=typed(longest=LONGEST) if error is not None else {},
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
