"""议题库: the pool by class of matter, a few topics side by side, what stays, leaves or goes together, and the matters of one class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from io import BytesIO
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.screening import CRITERION_NAMES
from intake.domain.topic import ROUTE_NAMES, Route, TopicKind
from intake.domain.working_days import SHANGHAI
from intake.ports import Sheet
from intake.queries.area import area_choices
from intake.queries.plan_topics import PlannedLine, lines_planned, plan_to_fill
from intake.queries.topic_class import class_page
from intake.queries.topic_compare import compared
from intake.queries.topic_pool import EXPORTED_MOST, UNCLASSIFIED, PoolFilter, PoolOrder, exported, pool, quarter_of
from intake.services import topic_pool
from intake.services.topic_decision import Screening
from intake.services.topic_pool import COMPARE_FEWEST, COMPARE_MOST, Refused
from intake.services.topic_proposal_decide import MERGE_WORDS
from intake.web.asked import day_sent, id_asked, ids_sent, one_of, sent
from intake.web.district.pool_lines import pool_lines
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring
from intake.web.year_file import XLSX

topics_pool = Blueprint("pool", __name__, url_prefix="/d/pool")

Page = str | Response | tuple[str, int]
PICK = f"请在议题库里勾选 {COMPARE_FEWEST} 到 {COMPARE_MOST} 个议题再比较。"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a deciding form that came back."""

    action: str = ""
    """The button that was pressed."""
    words: str = ""
    look_again_on: str = ""
    target: str = ""
    chosen: tuple[str, ...] = ()
    """What was ticked."""
    looked_at: LookedAt | None = None
    planned: tuple[PlannedLine, ...] = ()
    """Lines of plans that lose their topics."""
    knows_planned: bool = False
    """Whether it was ticked that they do."""


@topics_pool.get("")
@requires(Permission.SCREEN_VIEW)
def index() -> Page:
    """The pool, filtered and in order; keyset pages."""
    return _index()


@topics_pool.post("")
@requires(Permission.SCREEN_DECIDE)
def act() -> Page:
    """Compare what was ticked, choose it for the plan, or keep or drop it: the button pressed says which."""
    action = request.form.get("action", "")
    if action == "plan":
        return _to_plan()
    if action == "compare":
        picked = [raw.partition(".")[0] for raw in request.form.getlist("topic")]
        if not picked:
            return _index(error=InvalidInput(PICK, field="topic"), typed=_typed()), 422
        return redirect(url_for("pool.compare", topic=picked), code=303)
    return _together(action, again=_index, back=lambda **done: url_for("pool.index", **_address(_wanted()), **done))


def _to_plan() -> Page:
    """On to the newest plan, which asks for the quarter and the form."""
    picked = [raw.partition(".")[0] for raw in request.form.getlist("topic")]
    plan_id = plan_to_fill(db(), actor())
    if not picked:
        return _index(error=InvalidInput("请先勾选要选进计划的议题。", field="topic"), typed=_typed()), 422
    if plan_id is None:
        return _index(error=InvalidInput("还没有可以选进的年度计划。请先在“年度计划”里编一年的计划。"), typed=_typed()), 422
    return redirect(url_for("plans.choose", plan_id=plan_id, topics=picked), code=303)


@topics_pool.get("/export.xlsx")
@requires(Permission.SCREEN_VIEW)
def export() -> Response:
    """What the filters find as a file (稿)."""
    rows = exported(db(), actor(), _wanted(), today=_today())
    note_export("pool", rows=min(len(rows), EXPORTED_MOST))
    heading = _("议题库（稿）· %(day)s", day=_today().isoformat())
    book = wiring().papers.book((Sheet(_("议题库"), heading, tuple(pool_lines(rows))),), day=_today())
    name = f"{_('议题库（稿）')}-{_today().isoformat()}.xlsx"
    answer = send_file(BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@topics_pool.get("/compare")
@requires(Permission.SCREEN_VIEW)
def compare() -> Page:
    """Two to four topics side by side; where none was chosen, the pool to choose from."""
    if not request.args.getlist("topic"):
        return redirect(url_for("pool.index"), code=303)
    return _compare(_compared_ids())


@topics_pool.post("/compare")
@requires(Permission.SCREEN_DECIDE)
def decide() -> Page:
    """Keep or drop one of those compared, or merge the others into it: the button pressed says which."""
    ids = _compared_ids()
    return _together(
        request.form.get("action", ""),
        again=lambda **typed: _compare(ids, **typed),
        back=lambda **done: url_for("pool.compare", topic=ids, **done),
    )


@topics_pool.get("/classes/<int:topic_id>")
@requires(Permission.SCREEN_VIEW)
def matters(topic_id: int) -> Page:
    """Every matter of a class, where it stands and who has it; of a single matter its own page."""
    found = class_page(db(), actor(), topic_id)
    if found is None:
        return redirect(url_for("district.topic", topic_id=topic_id), code=303)
    return render_template("pool/class.html", found=found)


def _together(action: str, *, again: Callable[..., str], back: Callable[..., str]) -> Page:
    """Do it to each that was ticked; what couldn't be done is named on the page that comes back."""
    leaves_pool = action in {"drop", "merge"}
    try:
        step, besides = _step(action)
        screenings = _ticked(besides)
        looked_at = look_at(sent("words"), check_reason) if leaves_pool else None
        lines = lines_planned(db(), actor(), [one.topic_id for one in screenings]) if leaves_pool else {}
        if looked_at is not None or lines.keys() - set(_told_planned()):
            return again(typed=_typed(looked_at, lines)), 422
        done = topic_pool.together(db(), screenings, step, besides=besides)
    except DomainError as error:
        db().rollback()
        return again(error=error, typed=_typed()), status_of(error)
    if done.refused and not done.done:
        db().rollback()
        return again(refused=done.refused, typed=_typed()), 409
    if done.refused:  # what was done stays done; the page says what was not, and the words are still there for it
        left = {one.topic_id: lines[one.topic_id] for one in done.refused if one.topic_id in lines}
        return again(refused=done.refused, done=(action, done.done), typed=_typed(lines=left))
    return redirect(back(done=action, count=done.done), code=303)


def _step(action: str) -> tuple[Callable[[Session, Screening], None], tuple[int, ...]]:
    """What is to be done to each, and which further topic it concerns."""
    if action == "keep":
        return partial(topic_pool.keep, words=sent("words"), look_again_on=_day_again()), ()
    if action == "drop":
        return partial(topic_pool.drop, words=sent("words"), told_planned=_told_planned()), ()
    if action == "merge":
        if not request.form.get("target"):
            raise InvalidInput("请选并入哪一个。", field="target")
        target = whole_number(request.form.get("target", ""), field="target")
        return partial(topic_pool.merge_into, target_topic_id=target, words=sent("words"), told_planned=_told_planned()), (target,)
    raise InvalidInput("没有这种处理方式。")


def _told_planned() -> tuple[int, ...]:
    """Topics of which the form said that they stand in a plan, where the person ticked that they know."""
    return ids_sent("in_plan") if request.form.get("knows_planned") == "1" else ()


def _day_again() -> date | None:
    day = day_sent("look_again_on")
    if day is None and request.form.get("look_again_on"):
        raise InvalidInput("看不懂这个日子，请重新选。", field="look_again_on")
    return day


def _ticked(besides: tuple[int, ...]) -> list[Screening]:
    """Each tick says a topic and the version on the screen (12.3)."""
    at, who = wiring().clock.now(), actor()
    found: dict[int, Screening] = {}
    for raw in request.form.getlist("topic"):
        topic_id, _dot, version = raw.partition(".")
        one = Screening(actor=who, topic_id=whole_number(topic_id, field="topic"), version=whole_number(version, field="topic"), at=at)
        if one.topic_id not in besides:
            found[one.topic_id] = one
    return list(found.values())


def _typed(looked_at: LookedAt | None = None, lines: Mapping[int, PlannedLine] | None = None) -> Typed:
    told = _told_planned()
    planned = lines if lines is not None else lines_planned(db(), actor(), told)
    return Typed(
        action=request.form.get("action", ""),
        words=sent("words"),
        look_again_on=sent("look_again_on", longest=20),
        target=sent("target", longest=20),
        chosen=tuple(request.form.getlist("topic")),
        looked_at=looked_at,
        planned=tuple(planned.values()),
        knows_planned=bool(planned) and not planned.keys() - set(told),
    )


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _wanted() -> PoolFilter:
    """From the address, in which the forms keep it too."""
    asked = request.args
    category = asked.get("category", "")
    known = {UNCLASSIFIED, *(one.code for one in wiring().taxonomy.categories)}
    return PoolFilter(
        category=category if category in known else "",
        route=one_of(Route, asked.get("route", "")),
        area_id=id_asked("area"),
        quarter=quarter_of(asked.get("quarter", "")),
        kind=one_of(TopicKind, asked.get("kind", "")),
        due=asked.get("due") == "1",
        order=one_of(PoolOrder, asked.get("order", "")) or PoolOrder.HEAT,
    )


def _address(wanted: PoolFilter) -> dict[str, Any]:
    """The filters as an address says them; what isn't asked for is left out."""
    said: Mapping[str, object] = {
        "category": wanted.category,
        "route": wanted.route.value if wanted.route else "",
        "area": wanted.area_id or "",
        "quarter": wanted.quarter.code if wanted.quarter else "",
        "kind": wanted.kind.value if wanted.kind else "",
        "due": "1" if wanted.due else "",
        "order": wanted.order.value if wanted.order is not PoolOrder.HEAT else "",
    }
    return {name: value for name, value in said.items() if value}


def _index(
    *,
    error: DomainError | None = None,
    typed: Typed | None = None,
    refused: tuple[Refused, ...] = (),
    done: tuple[str, int] | None = None,
) -> str:
    wanted, after = _wanted(), request.args.get("after", "")
    found = pool(db(), actor(), wanted, today=_today(), after=after)
    return render_template(
        "pool/index.html",
        pool=found,
        planned=lines_planned(db(), actor(), [one.id for one in found.rows]),
        wanted=wanted,
        address=_address(wanted),
        after=after,
        today=_today(),
        areas=area_choices(db(), actor(), Permission.SCREEN_VIEW),
        routes_asked=[(route.value, translated(ROUTE_NAMES[route])) for route in Route],
        unclassified=UNCLASSIFIED,
        compare_fewest=COMPARE_FEWEST,
        compare_most=COMPARE_MOST,
        error=error,
        typed=typed or Typed(),
        refused=refused,
        done=done or _done(),
    )


def _compared_ids() -> list[int]:
    """From the address; InvalidInput for fewer than two and more than four."""
    raw = dict.fromkeys(request.args.getlist("topic"))
    ids = [int(one) for one in raw if one.isascii() and one.isdecimal() and len(one) < 19]
    if not COMPARE_FEWEST <= len(ids) <= COMPARE_MOST:
        raise InvalidInput(PICK)
    return ids


def _compare(
    ids: list[int],
    *,
    error: DomainError | None = None,
    typed: Typed | None = None,
    refused: tuple[Refused, ...] = (),
    done: tuple[str, int] | None = None,
) -> str:
    return render_template(
        "pool/compare.html",
        compared=compared(db(), actor(), ids),
        planned=lines_planned(db(), actor(), ids),
        ids=ids,
        today=_today(),
        criteria=CRITERION_NAMES,
        merge_words=MERGE_WORDS,
        error=error,
        typed=typed or Typed(),
        refused=refused,
        done=done or _done(),
    )


def _done() -> tuple[str, int] | None:
    """What has just been done, and to how many."""
    action, count = request.args.get("done", ""), request.args.get("count", "")
    known = action in {"keep", "drop", "merge"} and count.isascii() and count.isdecimal() and len(count) < 4
    return (action, int(count)) if known else None
