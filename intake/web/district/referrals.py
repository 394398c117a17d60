"""转报与督办: every referral of the district, the checking of answers, the measures of a topic, and 回头看."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.lexicon import lexicon_of
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import AT_DEPARTMENT, OPEN_REFERRAL, OUTCOME_NAMES, ReferralKind, ReferralState
from intake.queries.instruction import instructions_of
from intake.queries.referral_list import WAITING, ReferralFilter, referrals, revisits, tally
from intake.queries.referral_page import ReferralPage, referral_page
from intake.queries.referral_units import answering_units, assigning_offices
from intake.queries.topic_detail import topic_detail
from intake.services import referral as service
from intake.services import referral_check, referral_office
from intake.services.referral_check import SEND_BACK_MOST
from intake.services.referral_lock import Acting
from intake.services.referral_urge import urge
from intake.web.asked import id_asked, id_sent, one_of, sent, typed, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.referral_step import LONGEST, acting, gate, kept_words, offered_in
from intake.web.unit_of_work import db, wiring

follow = Blueprint("referrals", __name__, url_prefix="/d")

Page = str | Response | tuple[str, int]
S = ReferralState
ALL = "all"
UNREAD = "unread"
"""In place of a form's name where nothing of what was sent could be read."""
PANELS: dict[str, frozenset[ReferralState]] = {
    "deliver": frozenset({S.REPLIED}),
    "send-back": frozenset({S.REPLIED}),
    "assign": frozenset({S.SENT, S.ACCEPTED}),
    "paper-reply": frozenset({S.ASSIGNED, S.IN_PROGRESS}),
    "number": OPEN_REFERRAL,
    "urge": AT_DEPARTMENT,
    "withdraw": frozenset({S.SENT, S.ACCEPTED, S.ASSIGNED, S.IN_PROGRESS, S.DISPUTED}),
    "revisit": frozenset({S.DELIVERED}),
}
"""The forms of a page by what they do, and the states in which they are offered."""


@follow.get("/referrals")
@requires(Permission.REFERRAL_FOLLOW)
def index() -> str:
    """What is under way, what is due first; or what was asked for."""
    at, after, raw = wiring().clock.now(), request.args.get("after", ""), request.args.get("state", "")
    state = one_of(ReferralState, raw)
    wanted = ReferralFilter(
        states=() if raw == ALL else (state,) if state is not None else WAITING,
        lead_id=id_asked("unit"),
        kind=one_of(ReferralKind, request.args.get("kind", "")),
        overdue=request.args.get("overdue") == "1",
        followed=True,
        words=words_asked(),
    )
    counts = tally(db(), actor(), ReferralFilter(followed=True), WAITING, at=at)
    return render_template(
        "referrals/index.html",
        page=referrals(db(), actor(), wanted, at=at, after=after),
        wanted=wanted,
        asked={name: request.args.get(name, "")[:60] or None for name in ("q", "state", "unit", "kind", "overdue")},
        waiting=sum(counts.of.values()),
        overdue=counts.overdue,
        replied=counts.of[S.REPLIED],
        units=answering_units(db(), actor(), category=None),
        states=[state for state in ReferralState if state not in {S.DRAFTED, S.CHECKED}],
        kinds=ReferralKind,
        after=after,
    )


@follow.get("/referrals/<int:referral_id>")
@requires(Permission.REFERRAL_FOLLOW)
def show(referral_id: int) -> Page:
    """One referral."""
    return page_of(referral_id)


@follow.post("/referrals/<int:referral_id>/deliver")
@requires(Permission.REFERRAL_FOLLOW)
def deliver(referral_id: int) -> Page:
    """The answer answers: everyone behind it is told."""
    return step(referral_id, "deliver", lambda s, a: referral_check.check_and_deliver(s, a, words=sent("words", longest=LONGEST)))


@follow.post("/referrals/<int:referral_id>/send-back")
@requires(Permission.REFERRAL_FOLLOW)
def send_back(referral_id: int) -> Page:
    """Back to the lead with what is missing, once."""
    return step(referral_id, "send-back", lambda s, a: referral_check.send_back(s, a, words=sent("words", longest=LONGEST)))


@follow.post("/referrals/<int:referral_id>/number")
@requires(Permission.REFERRAL_FOLLOW)
def number(referral_id: int) -> Page:
    """The number in another system."""
    return step(referral_id, "number", lambda s, a: referral_office.set_external_number(s, a, number=sent("external_number")))


@follow.post("/referrals/<int:referral_id>/urge")
@requires(Permission.REFERRAL_FOLLOW)
def press(referral_id: int) -> Page:
    """催办."""
    return step(referral_id, "urge", lambda s, a: urge(s, a, words=sent("words", longest=LONGEST)))


@follow.post("/referrals/<int:referral_id>/withdraw")
@requires(Permission.REFERRAL_FOLLOW)
def withdraw(referral_id: int) -> Page:
    """A measure that was entered by mistake ends."""
    return step(referral_id, "withdraw", lambda s, a: service.withdraw_referral(s, a, words=sent("words", longest=LONGEST)))


@follow.post("/referrals/<int:referral_id>/revisit")
@requires(Permission.REFERRAL_FOLLOW)
def revisit(referral_id: int) -> Page:
    """What somebody saw when they looked again."""
    return step(referral_id, "revisit", lambda s, a: referral_check.revisit(s, a, words=sent("words", longest=LONGEST)))


@follow.get("/revisits")
@requires(Permission.REFERRAL_FOLLOW)
def list_revisits() -> str:
    """Results that nobody has looked at again, the longest due first."""
    after, today = request.args.get("after", ""), wiring().clock.now().astimezone(SHANGHAI).date()
    return render_template("referrals/revisits.html", page=revisits(db(), actor(), today=today, after=after), today=today, after=after)


@follow.post("/topics/<int:topic_id>/responsibilities")
@requires(Permission.REFERRAL_FOLLOW)
def add_responsibility(topic_id: int) -> Page:
    """One measure of a topic goes to an office; refused, its form stands on a page of its own."""
    try:
        sending = service.Sending(actor=actor(), office_id=id_sent("office"), at=wiring().clock.now(), workflow=wiring().workflow)
        made = service.add_responsibility(
            db(), sending, topic_id=topic_id, title=sent("title", longest=LONGEST), basis=sent("words", longest=LONGEST)
        )
        db().flush()
    except DomainError as error:
        db().rollback()
        return _responsibility(topic_id, error), status_of(error)
    return redirect(url_for("referrals.show", referral_id=made.id, done="added"), code=303)


def step(referral_id: int, panel: str, act: Callable[[Session, Acting], Any]) -> Page:
    """Do it and show the referral; a refusal shows it as it is now, with what was typed in the form `panel`."""
    try:
        act(db(), acting(referral_id))
    except DomainError as error:
        db().rollback()
        return page_of(referral_id, error=error, panel=panel), status_of(error)
    return redirect(url_for("referrals.show", referral_id=referral_id, done=panel), code=303)


def page_of(referral_id: int, *, error: DomainError | None = None, panel: str = "") -> str:
    """The staff's page of a referral."""
    found = referral_page(db(), actor(), referral_id, lexicon=lexicon_of(wiring().taxonomy))
    offered, refused = _offered(found), error is not None and panel != UNREAD
    remarks, ticks = gate(found) if "deliver" in offered else ((), ())
    return render_template(
        "referrals/show.html",
        page=found,
        offered=offered,
        remarks=remarks,
        ticks=ticks,
        units=answering_units(db(), actor(), category=found.category) if "assign" in offered else (),
        outcome_options=OUTCOME_NAMES,
        panel=panel or request.args.get("panel", ""),
        instructions=instructions_of(db(), actor(), referral_id=found.id, at=wiring().clock.now()),
        typed=typed(longest=LONGEST) if refused else {},
        ticked=request.form.getlist("helpers") if refused else (),
        kept=kept_words(offered, panel) if refused else "",
        error=error,
        done=request.args.get("done", "") if error is None else "",
    )


def _responsibility(topic_id: int, error: DomainError) -> str:
    return render_template(
        "referrals/responsibility.html",
        topic=topic_detail(db(), actor(), topic_id),
        offices=assigning_offices(db(), actor()),
        typed=typed(longest=LONGEST),
        error=error,
    )


def _offered(found: ReferralPage) -> frozenset[str]:
    offered = set(offered_in(found, PANELS))
    if found.sent_back >= SEND_BACK_MOST:
        offered.discard("send-back")
    if found.kind is not ReferralKind.RESPONSIBILITY:
        offered.discard("withdraw")
    if found.revisit_on is None or found.revisited_at is not None:
        offered.discard("revisit")
    return frozenset(offered)
