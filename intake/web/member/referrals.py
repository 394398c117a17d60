"""转报 on the member's phone: what was sent and where it is, an answer to check, and the offices a card may go to."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.lexicon import lexicon_of
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.queries.digest import DigestShown, digest_of
from intake.queries.referral_list import WAITING, ReferralFilter, answers_to_check, to_check
from intake.queries.referral_list import referrals as referrals_of
from intake.queries.referral_page import ReferralPage, newest_referral_of, referral_page
from intake.queries.referral_units import assigning_offices
from intake.services import referral_check as service
from intake.services.referral_check import SEND_BACK_MOST
from intake.services.referral_lock import Acting
from intake.web.asked import one_of, sent, typed
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.member.views import member
from intake.web.referral_step import LONGEST, acting, gate, kept_words, offered_in
from intake.web.unit_of_work import db, wiring

__all__ = ["member"]

Page = str | Response | tuple[str, int]
S = ReferralState
PANELS: dict[str, frozenset[ReferralState]] = {
    "deliver": frozenset({S.REPLIED}),
    "send-back": frozenset({S.REPLIED}),
    "revisit": frozenset({S.DELIVERED}),
}
"""The forms of a page by what they do, and the states in which they are offered."""


class Part(StrEnum):
    """Which of the member's referrals."""

    CHECK = "check"
    """等我核对."""
    OPEN = "open"
    """在办: what I sent, what is due first."""
    ENDED = "ended"
    """办完的: what I sent, the newest first."""


ENDED = (S.DELIVERED, S.RETURNED, S.CANCELLED)


@member.get("/referrals")
@requires(Permission.REFERRAL_CHECK)
def referrals() -> str:
    """Answers to check first; what one sent oneself, under way and ended."""
    at, after = wiring().clock.now(), request.args.get("after", "")
    waiting = answers_to_check(db(), actor())
    part = one_of(Part, request.args.get("part", "")) or (Part.CHECK if waiting else Part.OPEN)
    mine = ReferralFilter(states=ENDED if part is Part.ENDED else WAITING, sent_by=actor().user_id)
    return render_template(
        "member/referrals.html",
        page=to_check(db(), actor(), after=after) if part is Part.CHECK else referrals_of(db(), actor(), mine, at=at, after=after),
        part=part,
        waiting=waiting,
        after=after,
        digest=digest_of(db(), actor(), workflow=wiring().workflow, at=at),
    )


@member.get("/referrals/<int:referral_id>")
@requires(Permission.REFERRAL_CHECK)
def referral(referral_id: int) -> Page:
    """One referral; its answer beside what was asked."""
    return _page(referral_id)


@member.post("/referrals/<int:referral_id>/deliver")
@requires(Permission.REFERRAL_CHECK)
def deliver_answer(referral_id: int) -> Page:
    """It answers: everyone behind it is told."""
    return _step(referral_id, "deliver", lambda s, a: service.check_and_deliver(s, a, words=sent("words", longest=LONGEST)))


@member.post("/referrals/<int:referral_id>/send-back")
@requires(Permission.REFERRAL_CHECK)
def send_answer_back(referral_id: int) -> Page:
    """Back to the unit with what is missing, once."""
    return _step(referral_id, "send-back", lambda s, a: service.send_back(s, a, words=sent("words", longest=LONGEST)))


@member.post("/referrals/<int:referral_id>/revisit")
@requires(Permission.REFERRAL_CHECK)
def revisit(referral_id: int) -> Page:
    """What one saw when looking again."""
    return _step(referral_id, "revisit", lambda s, a: service.revisit(s, a, words=sent("words", longest=LONGEST)))


@member.app_template_global()
def answers_waiting() -> int:
    """How many answers wait for the person who reads the page."""
    person = actor()
    return answers_to_check(db(), person) if person.may(Permission.REFERRAL_CHECK) else 0


@member.app_template_global()
def reminded_today() -> DigestShown | None:
    """What the person who reads the page is reminded of and hasn't marked as read."""
    person, wired = actor(), wiring()
    return digest_of(db(), person, workflow=wired.workflow, at=wired.clock.now()) if person.may(Permission.REFERRAL_CHECK) else None


@member.app_template_global()
def referral_of_card(submission_id: int) -> int | None:
    """Where a card that was sent on is followed; None for one that never was."""
    return newest_referral_of(db(), submission_id)


@member.app_template_global()
def referral_offices() -> tuple[tuple[int, str], ...]:
    """(id, name) of the offices a matter may be sent to."""
    return assigning_offices(db(), actor())


def _step(referral_id: int, panel: str, act: Callable[[Session, Acting], Any]) -> Page:
    try:
        act(db(), acting(referral_id))
    except DomainError as error:
        db().rollback()
        return _page(referral_id, error=error, panel=panel), status_of(error)
    return redirect(url_for("member.referral", referral_id=referral_id, done=panel), code=303)


def _offered(found: ReferralPage) -> frozenset[str]:
    if not found.may_check:
        return frozenset()
    offered = set(offered_in(found, PANELS))
    if found.sent_back >= SEND_BACK_MOST:
        offered.discard("send-back")
    if found.revisit_on is None or found.revisited_at is not None:
        offered.discard("revisit")
    return frozenset(offered)


def _page(referral_id: int, *, error: DomainError | None = None, panel: str = "") -> str:
    found = referral_page(db(), actor(), referral_id, lexicon=lexicon_of(wiring().taxonomy))
    offered = _offered(found)
    remarks, ticks = gate(found)
    return render_template(
        "member/referral.html",
        page=found,
        offered=offered,
        remarks=remarks if "deliver" in offered else (),
        ticks=ticks,
        panel=panel or request.args.get("panel", ""),
        typed=typed(longest=LONGEST) if error is not None else {},
        kept=kept_words(offered, panel) if error is not None else "",
        error=error,
        done=request.args.get("done", "") if error is None else "",
    )
