"""成果转化 on the desk: what topics turned into, counted with the topics that could have."""

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.bulletin import CONVERSION_NAMES, ConversionKind
from intake.domain.conversion import BY_HAND
from intake.domain.errors import Conflict, DomainError
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.ports import Sheet, SheetCell
from intake.queries.conversion import (
    ConversionLine,
    conversion_counts,
    conversion_row,
    conversions_in,
    converted,
    pooled_topic,
    pooled_topics,
    require_conversions,
)
from intake.queries.pages import Page as Listed
from intake.services import conversion as service
from intake.services.conversion import NUMBER_MAX, OUTCOME_MAX, SUGGESTIONS_MOST, TITLE_MAX, WHOM_MAX, ConversionFacts, Converting
from intake.web.asked import day_sent, id_asked, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.district.bulletins import YEARS, year_asked
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring
from intake.web.year_file import XLSX

conversions = Blueprint("conversions", __name__, url_prefix="/d/conversions")

Page = str | Response | tuple[str, int]
FILE_MOST = 10_000
"""Rows of a file; a district has some hundred a year."""
BY_YEAR = "件数按转化的日期算；议题按第一次入库的年份算，以后转化的也算上。"
"""What a year means."""
UNSEEN = (
    "只算登记了的。转成提案、发言以后办得怎样，要到提案和会议那边看。",
    "一个议题可以转成几种，所以各种加起来可能多于“有转化的议题”。离开议题库的（不立项、合并、转办）不在分母里。",
    "一份信息写了几个议题，只算一件；还没有入库的议题写成信息的，算在件数里，不算在议题里。",
)
"""What these numbers can't show."""


@conversions.get("")
@requires(Permission.BULLETIN_MANAGE)
def index() -> str:
    """Every conversion that stands, those recorded last first, below the counts."""
    kind, year = one_of(ConversionKind, request.args.get("kind", "")), year_asked()
    words, after, this_year = words_asked(), request.args.get("after", ""), wiring().clock.now().astimezone(SHANGHAI).year
    return render_template(
        "conversions/index.html",
        page=conversions_in(db(), actor(), kind=kind, year=year, words=words, after=after),
        counts=conversion_counts(db(), actor(), year=year),
        kind=kind,
        names=CONVERSION_NAMES,
        year=year,
        years=range(this_year, this_year - YEARS, -1),
        words=words,
        after=after,
        by_year=BY_YEAR,
        unseen=UNSEEN,
    )


@conversions.get("/export.xlsx")
@requires(Permission.BULLETIN_MANAGE)
def file() -> Response:
    """The counts and every conversion, for a spreadsheet; nothing in it is a formula."""
    kind, year, words = one_of(ConversionKind, request.args.get("kind", "")), year_asked(), words_asked()
    page = conversions_in(db(), actor(), kind=kind, year=year, words=words, after="", limit=FILE_MOST)
    heading = _("%(year)s 年成果转化", year=year) if year else _("成果转化")
    made = wiring().papers.book((_counted(heading, year), _listed(heading, page)), day=wiring().clock.now().astimezone(SHANGHAI).date())
    note_export("conversion", year=year, kind=kind.value if kind else None, rows=len(page.rows))
    answer = send_file(BytesIO(made), mimetype=XLSX, as_attachment=True, download_name=f"{heading}.xlsx")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@conversions.get("/new")
@requires(Permission.BULLETIN_MANAGE)
def new() -> Page:
    """Of which topic; with one, the form."""
    return _new(id_asked("topic"))


@conversions.post("/new")
@requires(Permission.BULLETIN_MANAGE)
def create() -> Page:
    """Write it down."""
    topic_id = whole_number(request.form.get("topic", ""), field="topic")
    try:
        service.convert(db(), _facts(), actor=actor(), topic_id=topic_id, at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _new(topic_id, error=error)
    return redirect(url_for("conversions.index", done="recorded"), code=303)


@conversions.get("/<int:conversion_id>")
@requires(Permission.BULLETIN_MANAGE)
def edit(conversion_id: int) -> Page:
    """One, to be changed or taken back."""
    return _edit(conversion_id)


@conversions.post("/<int:conversion_id>")
@requires(Permission.BULLETIN_MANAGE)
def change(conversion_id: int) -> Page:
    """Store what was wrong before."""
    try:
        service.change_conversion(db(), _converting(conversion_id), _facts())
    except DomainError as error:
        db().rollback()
        return _edit(conversion_id, error=error)
    return redirect(url_for("conversions.index", done="changed"), code=303)


@conversions.post("/<int:conversion_id>/take-back")
@requires(Permission.BULLETIN_MANAGE)
def take_back(conversion_id: int) -> Page:
    """It is counted no more."""
    try:
        service.take_back_conversion(db(), _converting(conversion_id))
    except Conflict as error:
        db().rollback()
        return _edit(conversion_id, error=error)
    return redirect(url_for("conversions.index", done="taken_back"), code=303)


@conversions.app_template_global()
def conversions_of(topic_id: int) -> tuple[ConversionLine, ...]:
    """What one topic turned into, for the page that shows it; one question."""
    return converted(db(), topic_id)


def _converting(conversion_id: int) -> Converting:
    return Converting(actor=actor(), conversion_id=conversion_id, version=version_sent(), at=wiring().clock.now())


def _facts() -> ConversionFacts:
    raw = sent("suggestions").strip()
    return ConversionFacts(
        kind=needed(ConversionKind, "kind"),
        title=sent("title"),
        number=sent("number"),
        by_whom=sent("by_whom"),
        suggestions=int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 5 else 0,
        converted_on=day_sent("converted_on"),
        outcome=sent("outcome"),
    )


def _limits() -> dict[str, int]:
    return {"title": TITLE_MAX, "number": NUMBER_MAX, "whom": WHOM_MAX, "outcome": OUTCOME_MAX, "suggestions": SUGGESTIONS_MOST}


def _new(topic_id: int | None, *, error: DomainError | None = None) -> Page:
    require_conversions(db(), actor())
    words = words_asked()
    page = render_template(
        "conversions/new.html",
        topic=pooled_topic(db(), actor(), topic_id) if topic_id is not None else None,
        topics=pooled_topics(db(), actor(), words=words) if topic_id is None else (),
        before=converted(db(), topic_id) if topic_id is not None else (),
        by_hand=BY_HAND,
        names=CONVERSION_NAMES,
        limits=_limits(),
        words=words,
        typed=typed() if error is not None else {"suggestions": "1"},
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(conversion_id: int, *, error: DomainError | None = None) -> Page:
    found = conversion_row(db(), actor(), conversion_id)
    stored = {
        "kind": found.kind.value,
        "title": found.title,
        "number": found.number,
        "by_whom": found.by_whom,
        "suggestions": str(found.suggestions),
        "converted_on": found.converted_on.isoformat(),
        "outcome": found.outcome,
    }
    page = render_template(
        "conversions/edit.html",
        found=found,
        by_hand=BY_HAND,
        names=CONVERSION_NAMES,
        limits=_limits(),
        typed={**stored, **typed()} if error is not None else stored,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _counted(heading: str, year: int | None) -> Sheet:
    counts = conversion_counts(db(), actor(), year=year)
    rows: list[tuple[str | int, ...]] = [
        (_("转成什么"), _("转化（件）"), _("写进的建议（条）"), _("有这种转化的议题（个）"), _("入库的议题（个）"))
    ]
    rows += [(translated(CONVERSION_NAMES[one.kind]), one.made, one.suggestions, one.topics, counts.pooled) for one in counts.kinds]
    rows += [(_("任何一种"), "", "", counts.converted, counts.pooled)]
    rows += [(translated(words),) for words in ((BY_YEAR, *UNSEEN) if year else UNSEEN)]
    return Sheet(_("数"), heading, tuple(rows))


def _listed(heading: str, page: Listed[ConversionLine]) -> Sheet:
    heads = (_("日期"), _("转成什么"), _("题目"), _("案号或期号"), _("谁的"), _("写进的建议（条）"), _("结果"), _("议题编号"), _("议题"))
    rows: list[tuple[SheetCell, ...]] = [
        (
            one.converted_on,
            translated(CONVERSION_NAMES[one.kind]),
            one.title,
            one.number,
            one.by_whom,
            one.suggestions,
            one.outcome,
            one.topic_number,
            one.topic_title,
        )
        for one in page.rows
    ]
    if page.next_key:
        rows.append((_("只列最近登记的 %(shown)s 条，一共 %(total)s 条。请按年份分几次下载。", shown=len(page.rows), total=page.total),))
    return Sheet(_("明细"), heading, (heads, *rows))
