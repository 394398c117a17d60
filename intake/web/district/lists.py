"""清单 on the desk: made from referrals, read as a table, issued, followed by the next edition, taken away as DOCX, PDF or XLSX."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import Conflict, DomainError, InvalidInput
from intake.domain.official_list import (
    COLUMN_NAMES,
    LIST_NAMES,
    LISTED_STATES,
    MOST_ROWS,
    NUMBER_MAX,
    SIGNER_MAX,
    TITLE_MAX,
    Column,
    ListKind,
    ListState,
)
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.ports import PaperFormat
from intake.queries.departments import department_choices
from intake.queries.official_list import (
    ListDetail,
    ListFilter,
    list_detail,
    listed_topics,
    lists_in,
    offered,
    paper_of,
    require_lists,
    topic_to_list,
)
from intake.services import official_list as service
from intake.services.official_list import Listing
from intake.web.asked import day_asked, day_sent, id_asked, one_of, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring
from qr_assets.fonts import FontsMissingError

lists = Blueprint("lists", __name__, url_prefix="/d/lists")

Page = str | Response | tuple[str, int]
MIME = {
    PaperFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    PaperFormat.PDF: "application/pdf",
    PaperFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHOWN = 50
"""Referrals that the form for a new list names."""
OURS = (Column.STATE, Column.OUTCOME, Column.EVIDENCE, Column.VERDICTS)
"""Columns whose words are our own and are said in the page's language."""
LONG = (Column.MATTER, Column.BASIS, Column.MEASURE, Column.DONE, Column.OUTCOME)
"""Columns that hold sentences."""


@lists.get("")
@requires(Permission.LIST_MANAGE)
def index() -> Page:
    """Every edition of every list, the newest first."""
    kind, state = one_of(ListKind, request.args.get("kind", "")), one_of(ListState, request.args.get("state", ""))
    words, after = words_asked(), request.args.get("after", "")
    page = lists_in(db(), actor(), kind=kind, state=state, words=words, after=after)
    return render_template(
        "lists/index.html", page=page, kind=kind, state=state, states=ListState, names=LIST_NAMES, words=words, after=after
    )


@lists.get("/new")
@requires(Permission.LIST_MANAGE)
def new() -> Page:
    """Of which topic or which referrals; with a kind, what it would hold."""
    return _new()


@lists.post("/new")
@requires(Permission.LIST_MANAGE)
def create() -> Page:
    """Make the draft of what the address chooses."""
    try:
        kind = _kind()
        made = service.make_list(db(), actor=actor(), kind=kind, title=sent("title"), chosen=_chosen(), at=wiring().clock.now())
    except InvalidInput as error:
        db().rollback()
        return _new(error=error)
    return redirect(url_for("lists.show", list_id=made.id, done="made"), code=303)


@lists.get("/<int:list_id>")
@requires(Permission.LIST_MANAGE)
def show(list_id: int) -> Page:
    """One edition as a table, with what is different from the one before and what can be done."""
    return _show(list_id)


@lists.get("/<int:list_id>/edit")
@requires(Permission.LIST_MANAGE)
def edit(list_id: int) -> Page:
    """A draft's title and rows; of an issued edition its page."""
    found = list_detail(db(), actor(), list_id)
    if found.line.state is not ListState.DRAFT:
        return redirect(url_for("lists.show", list_id=list_id), code=303)
    return _edit(found)


@lists.post("/<int:list_id>/edit")
@requires(Permission.LIST_MANAGE)
def save(list_id: int) -> Page:
    """Store title and rows."""
    try:
        service.change_list(db(), _listing(list_id), title=sent("title"), kept=_kept(), added=sent("added").split())
    except DomainError as error:
        db().rollback()
        return _edit(list_detail(db(), actor(), list_id), error=error)
    return redirect(url_for("lists.show", list_id=list_id, done="saved"), code=303)


@lists.post("/<int:list_id>/issue")
@requires(Permission.LIST_MANAGE)
def issue(list_id: int) -> Page:
    """Freeze it."""
    try:
        service.issue(db(), _listing(list_id))
    except DomainError as error:
        return _show(list_id, error=error)
    return redirect(url_for("lists.show", list_id=list_id, done="issued"), code=303)


@lists.post("/<int:list_id>/next-edition")
@requires(Permission.LIST_MANAGE)
def next_edition(list_id: int) -> Page:
    """Begin the next edition."""
    try:
        made = service.next_edition(db(), _listing(list_id))
    except DomainError as error:
        return _show(list_id, error=error)
    return redirect(url_for("lists.show", list_id=made.id, done="begun"), code=303)


@lists.post("/<int:list_id>/paper")
@requires(Permission.LIST_MANAGE)
def record_paper(list_id: int) -> Page:
    """Write down what the signed paper says."""
    try:
        service.record_paper(
            db(), _listing(list_id), document_number=sent("document_number"), signer=sent("signer"), signed_on=day_sent("signed_on")
        )
    except DomainError as error:
        return _show(list_id, error=error)
    return redirect(url_for("lists.show", list_id=list_id, done="recorded"), code=303)


@lists.get("/<int:list_id>/paper.<any(docx,pdf,xlsx):ending>")
@requires(Permission.LIST_MANAGE)
def paper(list_id: int, ending: str) -> Response:
    """The draft (稿) as a file, under a Chinese name (`filename*`, RFC 6266)."""
    kind = PaperFormat(ending)
    made = paper_of(list_detail(db(), actor(), list_id))
    try:
        file = BytesIO(wiring().papers.write(made, kind))
    except FontsMissingError as error:
        raise Conflict("现在生成不了 PDF：缺少中文字体。请管理员安装 weblate-fonts 后再试，或者先下载 DOCX。") from error
    note_visit("list.export", "official_list", {"format": ending}, entity_id=list_id)
    answer = send_file(file, mimetype=MIME[kind], as_attachment=True, download_name=f"{made.title}-第{made.edition}版-稿.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _kind() -> ListKind:
    kind = one_of(ListKind, request.args.get("kind", ""))
    if kind is None:
        raise InvalidInput("请先选清单的种类。", field="kind")
    return kind


def _chosen() -> ListFilter:
    return ListFilter(
        topic_id=id_asked("topic"),
        state=one_of(ReferralState, request.args.get("state", "")),
        unit_id=id_asked("unit"),
        first=day_asked("first"),
        last=day_asked("last"),
    )


def _listing(list_id: int) -> Listing:
    return Listing(actor=actor(), list_id=list_id, version=version_sent(), at=wiring().clock.now())


def _kept() -> list[int]:
    """The rows that stay, in the order of the places that were typed beside them."""
    found = [int(raw) for raw in request.form.getlist("row") if raw.isascii() and raw.isdecimal() and len(raw) < 19]

    def place(row: int) -> int:
        raw = request.form.get(f"place-{row}", "")
        return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 5 else MOST_ROWS

    return sorted(found, key=place)


def _new(*, error: DomainError | None = None) -> Page:
    require_lists(db(), actor())
    kind, chosen, words = one_of(ListKind, request.args.get("kind", "")), _chosen(), words_asked()
    page = render_template(
        "lists/new.html",
        kind=kind,
        chosen=chosen,
        words=words,
        names=LIST_NAMES,
        kind_states=LISTED_STATES,
        units=department_choices(db(), actor(), kept=chosen.unit_id),
        topic=topic_to_list(db(), actor(), chosen.topic_id) if chosen.topic_id is not None else None,
        topics=listed_topics(db(), actor(), words=words) if chosen.topic_id is None else (),
        offered=offered(db(), actor(), kind, chosen) if kind is not None else None,
        shown=SHOWN,
        most=MOST_ROWS,
        title_max=TITLE_MAX,
        typed=sent("title"),
        query=request.args.to_dict(),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _show(list_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "lists/show.html",
        found=list_detail(db(), actor(), list_id),
        names=LIST_NAMES,
        heads=COLUMN_NAMES,
        ours=OURS,
        long=LONG,
        formats=PaperFormat,
        number_max=NUMBER_MAX,
        signer_max=SIGNER_MAX,
        typed=typed(),
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(found: ListDetail, *, error: DomainError | None = None) -> Page:
    page = render_template(
        "lists/edit.html",
        found=found,
        typed=typed() if error is not None else {"title": found.line.title},
        kept=set(_kept()) if error is not None else None,
        names=LIST_NAMES,
        matter=Column.MATTER,
        title_max=TITLE_MAX,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
