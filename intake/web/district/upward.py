"""一类事上报 on the desk: drafted from a class, edited, taken away as a draft, sent on paper, answered, and told to everyone behind it."""

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError
from intake.domain.permission import Permission
from intake.domain.upward_report import (
    BODY_NAME_MAX,
    NUMBER_MAX,
    REASON_MAX,
    SIGNER_MAX,
    TITLE_MAX,
    UPWARD_BODY_NAMES,
    UpwardBody,
    UpwardState,
)
from intake.domain.working_days import SHANGHAI
from intake.ports import PaperFormat
from intake.queries.upward_report import (
    UpwardLine,
    class_to_report,
    classes_to_report,
    paper_of,
    report_detail,
    reports_in,
    reports_of,
)
from intake.services import upward_answer
from intake.services import upward_report as service
from intake.services.upward_answer import AnswerFacts
from intake.services.upward_report import Reporting
from intake.web.asked import day_sent, id_asked, id_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.district.plan_papers import draft_file
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

upward = Blueprint("upward", __name__, url_prefix="/d/upward")

Page = str | Response | tuple[str, int]
LONGEST = 40_000
"""Of a text box, before a flood is cut: what is too long is refused by the service, and shown again whole."""
LIMITS = {"title": TITLE_MAX, "body_name": BODY_NAME_MAX, "number": NUMBER_MAX, "signer": SIGNER_MAX, "reason": REASON_MAX}


def init_upward(app: Flask) -> None:
    """`upward_reports_of(topic_id)` for the pages of a topic, which include `upward/_of_topic.html`."""
    app.jinja_env.globals["upward_reports_of"] = _of_topic


@upward.get("")
@requires(Permission.SCREEN_VIEW)
def index() -> Page:
    """The reports, the newest first."""
    state, words, after = one_of(UpwardState, request.args.get("state", "")), words_asked(), request.args.get("after", "")
    page = reports_in(db(), actor(), state=state, words=words, after=after)
    return render_template("upward/index.html", page=page, state=state, states=UpwardState, words=words, after=after)


@upward.get("/new")
@requires(Permission.SCREEN_DECIDE)
def new() -> Page:
    """Of which class, to whom."""
    return _new(id_asked("topic"))


@upward.post("/new")
@requires(Permission.SCREEN_DECIDE)
def create() -> Page:
    """Make the first draft."""
    topic_id = id_sent("topic")
    try:
        body = needed(UpwardBody, "body")
        made = service.draft(db(), actor=actor(), topic_id=topic_id or 0, body=body, body_name=sent("body_name"), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _new(topic_id, error=error)
    return redirect(url_for("upward.show", report_id=made.id, done="drafted"), code=303)


@upward.get("/<int:report_id>")
@requires(Permission.SCREEN_VIEW)
def show(report_id: int) -> Page:
    """One as it reads, and what can be done with it."""
    return _show(report_id)


@upward.get("/<int:report_id>/edit")
@requires(Permission.SCREEN_DECIDE)
def edit(report_id: int) -> Page:
    """Title, text, addressee; of one that is sent its page."""
    if report_detail(db(), actor(), report_id).line.state is not UpwardState.DRAFTED:
        return redirect(url_for("upward.show", report_id=report_id), code=303)
    return _edit(report_id)


@upward.post("/<int:report_id>/edit")
@requires(Permission.SCREEN_DECIDE)
def save(report_id: int) -> Page:
    """Store them."""
    try:
        service.save(
            db(),
            _reporting(report_id),
            title=sent("title"),
            text=sent("text", longest=LONGEST),
            body=needed(UpwardBody, "body"),
            body_name=sent("body_name"),
            taken_out="taken_out" in request.form,
        )
    except DomainError as error:
        db().rollback()
        return _edit(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="saved"), code=303)


@upward.post("/<int:report_id>/send")
@requires(Permission.SCREEN_DECIDE)
def send(report_id: int) -> Page:
    """Write down what the signed paper says."""
    try:
        service.send(
            db(), _reporting(report_id), document_number=sent("document_number"), signer=sent("signer"), sent_on=day_sent("sent_on")
        )
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="sent"), code=303)


@upward.post("/<int:report_id>/answer")
@requires(Permission.SCREEN_DECIDE)
def answer(report_id: int) -> Page:
    """Write down what came back."""
    try:
        upward_answer.answer(db(), _reporting(report_id), _facts())
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="answered"), code=303)


@upward.post("/<int:report_id>/correct")
@requires(Permission.SCREEN_DECIDE)
def correct(report_id: int) -> Page:
    """Set right what was written down of it, while residents haven't read it."""
    try:
        upward_answer.correct(db(), _reporting(report_id), _facts(), reason=sent("reason"))
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="corrected"), code=303)


@upward.post("/<int:report_id>/supplement")
@requires(Permission.SCREEN_DECIDE)
def supplement(report_id: int) -> Page:
    """Write down what came after residents were told."""
    try:
        upward_answer.supplement(db(), _reporting(report_id), _facts())
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="supplemented"), code=303)


@upward.post("/<int:report_id>/tell")
@requires(Permission.SCREEN_DECIDE)
def tell(report_id: int) -> Page:
    """Everyone behind the class reads it."""
    try:
        upward_answer.tell(db(), _reporting(report_id), words=sent("told", longest=LONGEST))
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="told"), code=303)


@upward.post("/<int:report_id>/abandon")
@requires(Permission.SCREEN_DECIDE)
def abandon(report_id: int) -> Page:
    """It won't be sent."""
    try:
        service.abandon(db(), _reporting(report_id))
    except DomainError as error:
        return _show(report_id, error=error)
    return redirect(url_for("upward.show", report_id=report_id, done="abandoned"), code=303)


@upward.get("/<int:report_id>/paper.<any(docx,pdf):ending>")
@requires(Permission.SCREEN_DECIDE)
def paper(report_id: int, ending: str) -> Response:
    """The draft (稿) as a file, under a Chinese name."""
    kind, made = PaperFormat(ending), paper_of(report_detail(db(), actor(), report_id))
    answer = draft_file(made, kind, name=made.title)
    note_export("upward_report", report_id, format=ending)
    return answer


def _of_topic(topic_id: int) -> tuple[UpwardLine, ...]:
    return reports_of(db(), actor(), topic_id)


def _facts() -> AnswerFacts:
    return AnswerFacts(sent("words", longest=LONGEST), sent("number"), day_sent("answered_on"))


def _reporting(report_id: int) -> Reporting:
    return Reporting(actor=actor(), report_id=report_id, version=version_sent(), at=wiring().clock.now())


def _new(topic_id: int | None, *, error: DomainError | None = None) -> Page:
    words = words_asked()
    page = render_template(
        "upward/new.html",
        chosen=class_to_report(db(), actor(), topic_id) if topic_id is not None else None,
        classes=classes_to_report(db(), actor(), words=words) if topic_id is None else (),
        bodies=UPWARD_BODY_NAMES,
        words=words,
        limits=LIMITS,
        typed=typed(),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _show(report_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "upward/show.html",
        found=report_detail(db(), actor(), report_id),
        formats=(PaperFormat.DOCX, PaperFormat.PDF),
        limits=LIMITS,
        today=wiring().clock.now().astimezone(SHANGHAI).date(),
        typed=typed(longest=LONGEST),
        act=request.endpoint.rpartition(".")[2] if error is not None and request.endpoint else "",
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(report_id: int, *, error: DomainError | None = None) -> Page:
    found = report_detail(db(), actor(), report_id)
    stored = {"title": found.line.title, "text": found.text, "body": found.line.body.value, "body_name": found.line.body_name}
    page = render_template(
        "upward/edit.html",
        found=found,
        values=typed(longest=LONGEST) if error is not None else stored,
        is_stale=isinstance(error, Conflict),
        bodies=UPWARD_BODY_NAMES,
        limits=LIMITS,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
