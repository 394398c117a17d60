"""What a member's phone may keep to read without a signal, and what waits there to be sent; and how refusals reach its script."""

from datetime import timedelta

from flask import Response, jsonify, render_template, request, url_for
from flask_wtf.csrf import CSRFError, generate_csrf

from intake.domain.errors import DomainError, FactorMissing, SignedOut
from intake.domain.permission import Permission
from intake.queries.kept_cards import cards_to_keep
from intake.web.asked import wants_json
from intake.web.errors import STALE, error_page, status_of
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.member.answers_json import Answer, refusal
from intake.web.member.views import member
from intake.web.unit_of_work import db, wiring

KEPT_LONGEST = timedelta(hours=24)
"""Longer than that no resident's words lie on a phone, however long a session lasts."""


@member.app_template_global()
def worker_script() -> str:
    """Where the pages' script finds the service worker; empty where there shall be none."""
    return url_for("resident.worker_script") if wiring().settings.service_worker else ""


@member.get("/kept")
@requires(Permission.TRIAGE_VIEW)
def kept() -> str:
    """What lies on this phone; the script fills it in, since we don't know."""
    return render_template("member/kept.html")


@member.get("/kept.json")
@requires(Permission.TRIAGE_VIEW)
def to_keep() -> Response:
    """Who is signed in, the token their session wants, and what may lie on their phone for at most `seconds`: `cards` (`url`, `version`) that
    come next, and other `pages`.
    """
    wired = wiring()
    rows = cards_to_keep(db(), actor(), limit=wired.workflow.member.cards_kept, at=wired.clock.now())
    longest = min(KEPT_LONGEST, timedelta(hours=wired.settings.session_hours))
    return jsonify(
        who=actor().user_id,
        csrf_token=generate_csrf(),
        seconds=int(longest.total_seconds()),
        pages=[url_for("member.kept"), *([url_for("member.capture")] if actor().may(Permission.CAPTURE) else [])],
        cards=[{"url": url_for("member.show", submission_id=one.id), "version": one.version} for one in rows],
    )


@member.errorhandler(DomainError)
def refused(error: DomainError) -> Answer | tuple[str, int]:
    """A refusal that no view answered; `sign_in` says where to go first when nobody is signed in, or only half as their role asks for."""
    if not wants_json():
        return error_page(status_of(error), error.message)
    if isinstance(error, SignedOut):
        return jsonify(error=translated(error.message), sign_in=url_for("account.sign_in", next=_page_to_come_back_to())), 401
    if isinstance(error, FactorMissing):
        return jsonify(error=translated(error.message), sign_in=url_for("account.second_factor")), 401
    return refusal(error)


@member.errorhandler(CSRFError)
def outdated(_error: CSRFError) -> Answer | tuple[str, int]:
    """The token is another session's: the script asks for one of this session and sends again."""
    return (jsonify(error=translated(STALE), stale=True), 400) if wants_json() else error_page(400, STALE)


def _page_to_come_back_to() -> str:
    return url_for("member.kept") if request.method == "POST" or request.path.endswith(".json") else request.path
