"""社情民意信息 on the desk: drafted from topics, edited, taken along as a draft; what was signed, sent and taken up is written down here."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.bulletin import ADOPTION_KIND_NAMES, ADOPTION_LEVEL_NAMES, AdoptionKind, AdoptionLevel, BulletinState
from intake.domain.bulletin_text import LONG, TEXT_MAX, TITLE_MAX, TOPICS_MOST
from intake.domain.errors import Conflict, DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.ports import PaperFormat
from intake.queries.bulletin import (
    BulletinDetail,
    bulletin_counts,
    bulletin_detail,
    bulletins_in,
    drawn_topics,
    paper_of,
    require_bulletins,
    topics_to_draw,
)
from intake.services import bulletin as service
from intake.services.bulletin import BODY_MAX, NUMBER_MAX, SIGNER_MAX, AdoptionFacts, Editing
from intake.web.asked import day_sent, needed, one_of, sent, typed, version_sent, words_asked
from intake.web.district.plan_papers import draft_file
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.unit_of_work import db, wiring

bulletins = Blueprint("bulletins", __name__, url_prefix="/d/bulletins")

Page = str | Response | tuple[str, int]
LONGEST = 40_000
"""Of the text, before a flood is cut: what is too long is refused by the service, and shown again whole."""
FIRST_YEAR = 2000
"""Before it nobody has a bulletin here."""
YEARS = 5
"""That the list offers, this one first."""


@bulletins.get("")
@requires(Permission.BULLETIN_MANAGE)
def index() -> str:
    """Every bulletin, the newest first, above it how many of a year's were taken up."""
    state, year = one_of(BulletinState, request.args.get("state", "")), year_asked()
    words, after = words_asked(), request.args.get("after", "")
    this_year = _this_year()
    return render_template(
        "bulletins/index.html",
        page=bulletins_in(db(), actor(), state=state, year=year, words=words, after=after),
        counts=bulletin_counts(db(), actor(), year=year or this_year),
        counted_year=year or this_year,
        state=state,
        states=BulletinState,
        year=year,
        years=range(this_year, this_year - YEARS, -1),
        levels=ADOPTION_LEVEL_NAMES,
        words=words,
        after=after,
    )


@bulletins.get("/new")
@requires(Permission.BULLETIN_MANAGE)
def new() -> Page:
    """Which topics it is drafted from; those of the address are chosen."""
    return _new(_ids(request.args.getlist("topic")))


@bulletins.post("/new")
@requires(Permission.BULLETIN_MANAGE)
def create() -> Page:
    """Begin it from the chosen topics."""
    ids = _ids(request.form.getlist("topic"))
    try:
        made = service.draft_bulletin(db(), actor=actor(), topic_ids=ids, at=wiring().clock.now())
    except InvalidInput as error:
        db().rollback()
        return _new(ids[:TOPICS_MOST], error=error)
    return redirect(url_for("bulletins.edit", bulletin_id=made.id, done="drafted"), code=303)


@bulletins.get("/<int:bulletin_id>")
@requires(Permission.BULLETIN_MANAGE)
def show(bulletin_id: int) -> Page:
    """One as it reads, with what can be done next."""
    return _show(bulletin_id)


@bulletins.get("/<int:bulletin_id>/edit")
@requires(Permission.BULLETIN_MANAGE)
def edit(bulletin_id: int) -> Page:
    """Title and text of a draft; of any other its page."""
    found = bulletin_detail(db(), actor(), bulletin_id)
    if found.state is not BulletinState.DRAFTED:
        return redirect(url_for("bulletins.show", bulletin_id=bulletin_id), code=303)
    return _edit(found)


@bulletins.post("/<int:bulletin_id>/edit")
@requires(Permission.BULLETIN_MANAGE)
def save(bulletin_id: int) -> Page:
    """Store title and text."""
    try:
        text = sent("text", longest=LONGEST)
        service.edit_bulletin(db(), _editing(bulletin_id), title=sent("title"), text=text, taken_out="taken_out" in request.form)
    except DomainError as error:
        db().rollback()
        return _edit(bulletin_detail(db(), actor(), bulletin_id), error=error)
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, done="saved"), code=303)


@bulletins.post("/<int:bulletin_id>/sign")
@requires(Permission.BULLETIN_MANAGE)
def sign(bulletin_id: int) -> Page:
    """Write down who signed the paper."""
    try:
        service.sign_bulletin(
            db(), _editing(bulletin_id), signer=sent("signer"), signed_on=day_sent("signed_on"), looked="looked" in request.form
        )
    except DomainError as error:
        return _show(bulletin_id, error=error)
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, done="signed"), code=303)


@bulletins.post("/<int:bulletin_id>/redraft")
@requires(Permission.BULLETIN_MANAGE)
def redraft(bulletin_id: int) -> Page:
    """Back to be written."""
    try:
        service.redraft_bulletin(db(), _editing(bulletin_id))
    except DomainError as error:
        return _show(bulletin_id, error=error)
    return redirect(url_for("bulletins.edit", bulletin_id=bulletin_id, done="redrafted"), code=303)


@bulletins.post("/<int:bulletin_id>/send")
@requires(Permission.BULLETIN_MANAGE)
def send(bulletin_id: int) -> Page:
    """Write down where it went."""
    try:
        service.send_bulletin(
            db(),
            _editing(bulletin_id),
            addressed_to=sent("addressed_to"),
            sent_on=day_sent("sent_on"),
            issue_number=sent("issue_number"),
        )
    except DomainError as error:
        return _show(bulletin_id, error=error)
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, done="sent"), code=303)


@bulletins.post("/<int:bulletin_id>/abandon")
@requires(Permission.BULLETIN_MANAGE)
def abandon(bulletin_id: int) -> Page:
    """It isn't sent."""
    try:
        service.abandon_bulletin(db(), _editing(bulletin_id))
    except DomainError as error:
        return _show(bulletin_id, error=error)
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, done="abandoned"), code=303)


@bulletins.post("/<int:bulletin_id>/adoptions")
@requires(Permission.BULLETIN_MANAGE)
def adopt(bulletin_id: int) -> Page:
    """Write down that it was taken up."""
    try:
        facts = AdoptionFacts(
            level=needed(AdoptionLevel, "level"),
            kind=needed(AdoptionKind, "kind"),
            body=sent("body"),
            adopted_on=day_sent("adopted_on"),
            words=sent("words"),
        )
        service.record_adoption(db(), _editing(bulletin_id), facts)
    except DomainError as error:
        return _show(bulletin_id, error=error)
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, done="adopted"), code=303)


@bulletins.post("/adoptions/<int:adoption_id>/take-back")
@requires(Permission.BULLETIN_MANAGE)
def take_back_adoption(adoption_id: int) -> Page:
    """It was written down wrongly."""
    found = service.take_back_adoption(db(), actor=actor(), adoption_id=adoption_id, at=wiring().clock.now())
    return redirect(url_for("bulletins.show", bulletin_id=found.id, done="unadopted"), code=303)


@bulletins.get("/<int:bulletin_id>/paper.<any(docx,pdf):ending>")
@requires(Permission.BULLETIN_MANAGE)
def paper(bulletin_id: int, ending: str) -> Response:
    """The draft (稿) as a file, under a Chinese name."""
    kind, made = PaperFormat(ending), paper_of(bulletin_detail(db(), actor(), bulletin_id))
    answer = draft_file(made, kind, name=made.title)
    note_export("bulletin", bulletin_id, format=ending)
    return answer


def year_asked() -> int | None:
    """A year in the address; None for all."""
    raw = request.args.get("year", "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) == 4 and int(raw) >= FIRST_YEAR else None


def _this_year() -> int:
    return wiring().clock.now().astimezone(SHANGHAI).year


def _ids(raw: list[str]) -> list[int]:
    return [*dict.fromkeys(int(one) for one in raw if one.isascii() and one.isdecimal() and len(one) < 19)]


def _editing(bulletin_id: int) -> Editing:
    return Editing(actor=actor(), bulletin_id=bulletin_id, version=version_sent(), at=wiring().clock.now())


def _new(ids: list[int], *, error: DomainError | None = None) -> Page:
    require_bulletins(db(), actor())
    words = words_asked()
    chosen = drawn_topics(db(), actor(), ids) if ids else ()
    page = render_template(
        "bulletins/new.html",
        chosen=chosen,
        ids=[one.id for one in chosen],
        topics=topics_to_draw(db(), actor(), words=words, besides=ids),
        most=TOPICS_MOST,
        words=words,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _show(bulletin_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    page = render_template(
        "bulletins/show.html",
        found=bulletin_detail(db(), actor(), bulletin_id),
        formats=(PaperFormat.DOCX, PaperFormat.PDF),
        levels=ADOPTION_LEVEL_NAMES,
        kinds=ADOPTION_KIND_NAMES,
        limits={"signer": SIGNER_MAX, "number": NUMBER_MAX, "body": BODY_MAX},
        typed=typed() if error is not None else {},
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


def _edit(found: BulletinDetail, *, error: DomainError | None = None) -> Page:
    page = render_template(
        "bulletins/edit.html",
        found=found,
        typed=typed(longest=LONGEST) if error is not None else {"title": found.title, "text": found.text},
        title_max=TITLE_MAX,
        text_max=TEXT_MAX,
        long=LONG,
        is_stale=isinstance(error, Conflict),
        done=request.args.get("done", "") if error is None else "",
        error=error,
    )
    return (page, status_of(error)) if error is not None else page
