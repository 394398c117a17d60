"""交办机关: what lies with the office, and one referral with the steps that are the office's."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, Forbidden
from intake.domain.language.lexicon import lexicon_of
from intake.domain.permission import Permission
from intake.domain.referral import AT_DEPARTMENT, OPEN_REFERRAL, PAUSE_NAMES, REASON_NAMES, ReferralState
from intake.queries.digest import digest_of
from intake.queries.referral_list import WAITING, ReferralFilter, referrals, tally
from intake.queries.referral_page import ReferralPage, referral_page
from intake.queries.referral_units import answering_units
from intake.services import referral_office as service
from intake.services.referral_lock import Acting
from intake.services.referral_urge import urge
from intake.web.asked import id_sent, ids_sent, one_of, sent, typed, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.referral_step import LONGEST, acting, kept_words, offered_in
from intake.web.unit_of_work import db, wiring

office = Blueprint("office", __name__, url_prefix="/o")

Page = str | Response | tuple[str, int]
S = ReferralState
PANELS: dict[str, frozenset[ReferralState]] = {
    "accept": frozenset({S.SENT}),
    "assign": frozenset({S.SENT, S.ACCEPTED}),
    "hand-back": frozenset({S.SENT, S.ACCEPTED, S.ASSIGNED, S.DISPUTED}),
    "dispute": frozenset({S.DISPUTED}),
    "reassign": frozenset({S.ASSIGNED, S.IN_PROGRESS}),
    "pause": AT_DEPARTMENT,
    "resume": AT_DEPARTMENT,
    "extension": AT_DEPARTMENT,
    "number": OPEN_REFERRAL,
    "urge": AT_DEPARTMENT,
}
"""The forms of a page by what they do, and the states in which they are offered."""


class Tab(StrEnum):
    """A part of the office's work."""

    SENT = "sent"
    """待接收."""
    ACCEPTED = "accepted"
    """待交办."""
    DISPUTED = "disputed"
    """有异议."""
    EXTENSIONS = "extensions"
    """延期申请."""
    ASSIGNED = "assigned"
    """已交办: with the units, what is late first."""
    REPLIED = "replied"
    """待核: answered, with whoever sent it."""
    DELIVERED = "delivered"
    """已送达."""


TAB_STATES: dict[Tab, tuple[ReferralState, ...]] = {
    Tab.SENT: (S.SENT,),
    Tab.ACCEPTED: (S.ACCEPTED,),
    Tab.DISPUTED: (S.DISPUTED,),
    Tab.EXTENSIONS: (S.IN_PROGRESS, S.DISPUTED),
    Tab.ASSIGNED: (S.ASSIGNED, S.IN_PROGRESS),
    Tab.REPLIED: (S.REPLIED,),
    Tab.DELIVERED: (S.DELIVERED,),
}


@office.get("")
@requires(Permission.REFERRAL_ASSIGN)
def home() -> str:
    """What waits, by what the office has to do about it; or what holds the words that were asked for."""
    at, words, after = wiring().clock.now(), words_asked(), request.args.get("after", "")
    mine = ReferralFilter(office_id=_unit())
    counts = tally(db(), actor(), mine, WAITING, at=at)
    numbers = {tab: sum(counts.of.get(state, 0) for state in states) for tab, states in TAB_STATES.items() if tab is not Tab.DELIVERED}
    numbers[Tab.EXTENSIONS] = counts.extensions
    first = next((tab for tab, number in numbers.items() if number), Tab.SENT)
    tab = one_of(Tab, request.args.get("tab", "")) or first
    wanted = ReferralFilter(
        states=() if words else TAB_STATES[tab], office_id=mine.office_id, extension_asked=tab is Tab.EXTENSIONS and not words, words=words
    )
    return render_template(
        "office/home.html",
        page=referrals(db(), actor(), wanted, at=at, after=after),
        tab=tab,
        numbers=numbers,
        overdue=counts.overdue,
        words=words,
        after=after,
        digest=digest_of(db(), actor(), workflow=wiring().workflow, at=at),
    )


@office.get("/referrals/<int:referral_id>")
@requires(Permission.REFERRAL_ASSIGN)
def referral(referral_id: int) -> Page:
    """One referral."""
    return _page(referral_id)


@office.post("/referrals/<int:referral_id>/accept")
@requires(Permission.REFERRAL_ASSIGN)
def accept(referral_id: int) -> Page:
    """The office has it."""
    return _step(referral_id, "accept", service.accept)


@office.post("/referrals/<int:referral_id>/assign")
@requires(Permission.REFERRAL_ASSIGN)
def assign(referral_id: int) -> Page:
    """Name the lead and who helps."""
    return _step(
        referral_id,
        "assign",
        lambda s, a: service.assign(s, a, lead_id=id_sent("lead"), helper_ids=ids_sent("helpers"), words=sent("words", longest=LONGEST)),
    )


@office.post("/referrals/<int:referral_id>/hand-back")
@requires(Permission.REFERRAL_ASSIGN)
def hand_back(referral_id: int) -> Page:
    """To whoever sent it, with the reason."""
    return _step(
        referral_id, "hand-back", lambda s, a: service.hand_back(s, a, reason=sent("reason"), words=sent("words", longest=LONGEST))
    )


@office.post("/referrals/<int:referral_id>/dispute")
@requires(Permission.REFERRAL_ASSIGN)
def dispute(referral_id: int) -> Page:
    """The lead stays, or another unit takes over: the button pressed says which."""
    uphold = request.form.get("decision") == "uphold"
    return _step(
        referral_id,
        "dispute",
        lambda s, a: service.decide_dispute(
            s, a, uphold=uphold, lead_id=None if uphold else id_sent("lead"), words=sent("words", longest=LONGEST)
        ),
    )


@office.post("/referrals/<int:referral_id>/reassign")
@requires(Permission.REFERRAL_ASSIGN)
def reassign(referral_id: int) -> Page:
    """Another unit leads."""
    return _step(
        referral_id, "reassign", lambda s, a: service.reassign(s, a, lead_id=id_sent("lead"), words=sent("words", longest=LONGEST))
    )


@office.post("/referrals/<int:referral_id>/extension")
@requires(Permission.REFERRAL_ASSIGN)
def extension(referral_id: int) -> Page:
    """More time, or not: the button pressed says which."""
    grant = request.form.get("decision") == "grant"
    return _step(
        referral_id,
        "extension",
        lambda s, a: service.decide_extension(
            s, a, extension_id=id_sent("extension") or 0, grant=grant, words=sent("words", longest=LONGEST)
        ),
    )


@office.post("/referrals/<int:referral_id>/pause")
@requires(Permission.REFERRAL_ASSIGN)
def pause(referral_id: int) -> Page:
    """The clock stands still."""
    return _step(referral_id, "pause", lambda s, a: service.pause(s, a, reason=sent("reason"), words=sent("words", longest=LONGEST)))


@office.post("/referrals/<int:referral_id>/resume")
@requires(Permission.REFERRAL_ASSIGN)
def resume(referral_id: int) -> Page:
    """The clock goes on."""
    return _step(referral_id, "resume", service.resume)


@office.post("/referrals/<int:referral_id>/number")
@requires(Permission.REFERRAL_ASSIGN)
def number(referral_id: int) -> Page:
    """The number in another system."""
    return _step(referral_id, "number", lambda s, a: service.set_external_number(s, a, number=sent("external_number")))


@office.post("/referrals/<int:referral_id>/urge")
@requires(Permission.REFERRAL_ASSIGN)
def press(referral_id: int) -> Page:
    """催办."""
    return _step(referral_id, "urge", lambda s, a: urge(s, a, words=sent("words", longest=LONGEST)))


def _unit() -> int:
    """The person's office; who works in none is told whom to ask."""
    unit_id = actor().unit_id
    if unit_id is None:
        raise Forbidden("您的账号还没有归到哪个交办机关。请联系管理员在“人员与角色”里选好单位。")
    return unit_id


def _step(referral_id: int, panel: str, act: Callable[[Session, Acting], Any]) -> Page:
    try:
        act(db(), acting(referral_id))
    except DomainError as error:
        db().rollback()
        return _page(referral_id, error=error, panel=panel), status_of(error)
    return redirect(url_for("office.referral", referral_id=referral_id, done=panel), code=303)


def _offered(found: ReferralPage) -> frozenset[str]:
    offered = offered_in(found, PANELS) - ({"pause"} if found.paused_at else {"resume"})
    return offered if found.time_asked else offered - {"extension"}


def _page(referral_id: int, *, error: DomainError | None = None, panel: str = "") -> str:
    found = referral_page(db(), actor(), referral_id, lexicon=lexicon_of(wiring().taxonomy))
    if found.office_id != _unit():
        raise Forbidden("这一件不是送您单位交办的。")
    offered = _offered(found)
    return render_template(
        "office/referral.html",
        page=found,
        offered=offered,
        units=answering_units(db(), actor(), category=found.category),
        reasons=REASON_NAMES,
        pauses=PAUSE_NAMES,
        rules=wiring().workflow.referral,
        panel=panel or request.args.get("panel", ""),
        typed=typed(longest=LONGEST) if error is not None else {},
        ticked=request.form.getlist("helpers") if error is not None else (),
        kept=kept_words(offered, panel) if error is not None else "",
        error=error,
        done=request.args.get("done", ""),
    )
