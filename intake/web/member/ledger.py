"""履职记录: one's own record, written in one tap from what was done anyway, and one's year."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.activity import ACTIVITY_NAMES, ACTIVITY_SHORT, BACK_DAYS, PEOPLE_MOST, ActivityKind
from intake.domain.errors import DomainError, InvalidInput, NotFound
from intake.domain.language.reply_gate import Remark
from intake.domain.permission import Permission
from intake.domain.release import untellable
from intake.domain.working_days import SHANGHAI
from intake.domain.year import Year, is_year, sections, year_of
from intake.queries.area import area_choices
from intake.queries.duty import shifts_to_note
from intake.queries.ledger import ActivityRow, own_activity, own_record
from intake.queries.venue import venue_choices
from intake.queries.year_record import YearRecord, looks_at, year_record
from intake.services import activity as service
from intake.services.activity import WORDS_MAX, ActivityFacts, Changing
from intake.web.asked import day_sent, id_sent, needed, one_of, sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.member.views import Page, member
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring
from intake.web.year_file import person_file

__all__ = ["member"]

ASKED: dict[ActivityKind, frozenset[str]] = {
    ActivityKind.DUTY: frozenset({"venue"}),
    ActivityKind.RECEPTION: frozenset({"venue", "area", "people"}),
    ActivityKind.VISIT: frozenset({"area", "people"}),
    ActivityKind.MEDIATION: frozenset({"area", "settled"}),
    ActivityKind.SERVICE: frozenset({"area", "people"}),
}
"""Besides day and words, what the form of each kind asks for."""
Choice = tuple[int | None, str]
NOWHERE: Choice = (None, "")
SUGGESTED_DAYS = 7
"""How far back a shift is offered to be put on record."""


@member.get("/ledger")
@requires(Permission.LEDGER_KEEP)
def ledger() -> Page:
    """What could be put on record in one tap, and what is on it."""
    after, today = request.args.get("after", ""), _today()
    return render_template(
        "member/ledger.html",
        page=own_record(db(), actor(), after=after),
        shifts=() if after else shifts_to_note(db(), actor(), since=today - timedelta(days=SUGGESTED_DAYS), today=today),
        kinds=ACTIVITY_NAMES,
        short=ACTIVITY_SHORT,
        year=today.year,
        after=after,
        done=_done(),
    )


@member.post("/ledger/shifts/<int:shift_id>")
@requires(Permission.LEDGER_KEEP)
def note_shift(shift_id: int) -> Response:
    """One tap: the shift stands on the record."""
    service.note_shift(db(), actor=actor(), shift_id=shift_id, at=wiring().clock.now())
    return redirect(url_for("member.ledger", done="noted"), code=303)


@member.get("/ledger/new")
@requires(Permission.LEDGER_KEEP)
def ask_activity() -> Page:
    """A form for one kind; it happened today unless it is said otherwise."""
    kind = one_of(ActivityKind, request.args.get("kind", "")) or ActivityKind.VISIT
    return _form(kind, {"day": _today().isoformat(), "once": secrets.token_hex(16)})


@member.post("/ledger/new")
@requires(Permission.LEDGER_KEEP)
def note_activity() -> Page:
    """On the record; personal data in the words is pointed out once before."""
    kind = needed(ActivityKind, "kind")
    looked_at = look_at(sent("words"), _remarks)
    if looked_at is not None:
        return _form(kind, typed(), looked_at=looked_at)
    try:
        facts = _facts(kind)
        if facts.day is None:
            raise InvalidInput("请选哪一天。", field="day")
        service.note(
            db(),
            actor=actor(),
            kind=kind,
            day=facts.day,
            area_id=facts.area_id,
            venue_id=facts.venue_id,
            people=facts.people,
            words=facts.words,
            settled=facts.settled,
            nonce=_nonce(facts),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _form(kind, typed(), error=error)
    return redirect(url_for("member.ledger", done="noted"), code=303)


@member.get("/ledger/<int:activity_id>")
@requires(Permission.LEDGER_KEEP)
def activity(activity_id: int) -> Page:
    """One line of the record, to be changed or taken out."""
    found = own_activity(db(), actor(), activity_id)
    return _form(found.kind, _stored(found), found=found)


@member.post("/ledger/<int:activity_id>")
@requires(Permission.LEDGER_KEEP)
def change_activity(activity_id: int) -> Page:
    """Write it anew."""
    found = own_activity(db(), actor(), activity_id)
    looked_at = look_at(sent("words"), _remarks)
    if looked_at is not None:
        return _form(found.kind, typed(), found=found, looked_at=looked_at)
    try:
        service.change(db(), _changing(activity_id), _facts(found.kind))
    except DomainError as error:
        db().rollback()
        return _form(found.kind, typed(), found=own_activity(db(), actor(), activity_id), error=error)
    return redirect(url_for("member.ledger", done="changed"), code=303)


@member.post("/ledger/<int:activity_id>/take-out")
@requires(Permission.LEDGER_KEEP)
def take_out_activity(activity_id: int) -> Page:
    """Off the record."""
    try:
        service.take_out(db(), _changing(activity_id))
    except DomainError as error:
        db().rollback()
        found = own_activity(db(), actor(), activity_id)
        return _form(found.kind, _stored(found), found=found, error=error)
    return redirect(url_for("member.ledger", done="taken-out"), code=303)


@member.get("/year")
@requires(Permission.LEDGER_KEEP)
def this_year() -> Response:
    """The present one."""
    return redirect(url_for("member.own_year", year=_today().year), code=303)


@member.get("/year/<int:year>")
@requires(Permission.LEDGER_KEEP)
def own_year(year: int) -> Page:
    """What I did, what the numbers can't show, and who looked."""
    record = _record(year)
    return render_template(
        "member/year.html",
        record=record,
        sections=sections(record.counts),
        kinds=ACTIVITY_NAMES,
        looks=looks_at(db(), record.user_id),
        earlier=year - 1 if is_year(year - 1, at=wiring().clock.now()) else None,
        later=year + 1 if is_year(year + 1, at=wiring().clock.now()) else None,
    )


@member.get("/year/<int:year>/record.xlsx")
@requires(Permission.LEDGER_KEEP)
def own_year_file(year: int) -> Response:
    """The same to take along."""
    found = _record(year)
    note_visit("ledger.export", "user", {"year": year}, entity_id=actor().user_id)
    return person_file(found)


def _record(year: int) -> YearRecord:
    at, user_id = wiring().clock.now(), actor().user_id
    if not is_year(year, at=at):
        raise NotFound(f"只能看到 {year_of(at).number} 年为止的记录。")
    assert user_id is not None, "a signed-in person"
    return year_record(db(), user_id, Year(year), today=_today())


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _changing(activity_id: int) -> Changing:
    return Changing(actor=actor(), activity_id=activity_id, version=version_sent(), at=wiring().clock.now())


def _facts(kind: ActivityKind) -> ActivityFacts:
    asked = ASKED[kind]
    return ActivityFacts(
        kind=kind,
        day=day_sent("day"),
        area_id=id_sent("area") if "area" in asked else None,
        venue_id=id_sent("venue") if "venue" in asked else None,
        people=_people() if "people" in asked else 0,
        words=sent("words", longest=WORDS_MAX * 2),
        settled={"yes": True, "no": False}.get(sent("settled")) if "settled" in asked else None,
    )


def _people() -> int:
    raw = sent("people").strip()
    if raw and not (raw.isascii() and raw.isdecimal() and len(raw) < 7):
        raise InvalidInput("人数请写数字，比如 12。", field="people")
    return int(raw or 0)


def _nonce(facts: ActivityFacts) -> bytes:
    """Of the page and what is written on it: sent twice it is one, and who comes back to the page may write down the next."""
    raw = sent("once")
    try:
        found = bytes.fromhex(raw)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise InvalidInput("这一页不完整，请刷新后再试。")
    return hashlib.sha256(found + repr(facts).encode()).digest()[:16]


def _remarks(words: str) -> tuple[Remark, ...]:
    found = untellable(words, offices=frozenset())
    return tuple(Remark("personal", f"像是居民的个人信息：{one}") for one in found)


def _stored(found: ActivityRow) -> dict[str, str]:
    return {
        "day": found.day.isoformat(),
        "area": str(found.area_id or ""),
        "venue": str(found.venue_id or ""),
        "people": str(found.people or ""),
        "words": found.words,
        "settled": "" if found.settled is None else "yes" if found.settled else "no",
    }


def _form(
    kind: ActivityKind,
    values: dict[str, str],
    *,
    found: ActivityRow | None = None,
    looked_at: LookedAt | None = None,
    error: DomainError | None = None,
) -> Page:
    asked = ASKED[kind]
    area, venue = ((found.area_id, found.area_name), (found.venue_id, found.venue_name)) if found is not None else (NOWHERE, NOWHERE)
    page = render_template(
        "member/activity.html",
        kind=kind,
        kinds=ACTIVITY_NAMES,
        short=ACTIVITY_SHORT,
        asked=asked,
        values=values,
        found=found,
        looked_at=looked_at,
        areas=_choices(area_choices(db(), actor(), Permission.LEDGER_KEEP), stored=area) if "area" in asked else (),
        venues=_choices(venue_choices(db(), actor()), stored=venue) if "venue" in asked else (),
        earliest=_today() - timedelta(days=BACK_DAYS),
        today=_today(),
        people_most=PEOPLE_MOST,
        words_max=WORDS_MAX,
        error=error,
    )
    if error is not None:
        return page, status_of(error)
    return (page, 422) if looked_at is not None else page


def _choices(offered: Iterable[Choice], *, stored: Choice) -> list[Choice]:
    """What can be chosen, and what stands there though it couldn't be chosen any more."""
    choices = list(offered)
    is_offered = stored[0] is None or any(choice[0] == stored[0] for choice in choices)
    return choices if is_offered else [*choices, stored]


def _done() -> str:
    return {
        "noted": _("记下了。"),
        "changed": _("改好了。"),
        "taken-out": _("删去了。"),
    }.get(request.args.get("done", ""), "")
