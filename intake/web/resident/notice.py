"""Links in notices: one leads to the receipt, one for each verdict answers with a tap.

Opening an address changes nothing but that it was opened: chats and scanners fetch ahead. The page of a verdict sends itself by a small
script, and has one big button for those without.
"""

from flask import Blueprint, redirect, render_template, request

from intake.domain.errors import DomainError, NotFound, TooMany
from intake.domain.outcome import VERDICT_NAMES, Verdict
from intake.models import Notification
from intake.queries.notice_answer import NoticeAnswer, notice_answer
from intake.services.notice_link import note_reached, notice_by_token
from intake.services.outcome import note_seen, say_verdict
from intake.web.asked import one_of
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.resident.blueprint import Page
from intake.web.resident.receipt_link import link_to
from intake.web.unit_of_work import db, wiring

notices = Blueprint("notice", __name__, url_prefix="/n")


@notices.get("/<token>")
@open_to_all
def opened(token: str) -> Page:
    """On to the receipt."""
    notice, asked = _found(token)
    _note(notice)
    return redirect(link_to(asked.receipt_number, asked.receipt_salt))


@notices.get("/<token>/<verdict>")
@open_to_all
def verdict(token: str, verdict: str) -> Page:
    """What the link says, to be sent by the page itself; or that it stands already."""
    notice, asked = _found(token)
    chosen = _verdict(verdict, asked)
    page = _page(token, asked, chosen)
    _note(notice)
    return page


@notices.post("/<token>/<verdict>")
@anonymous_form
def say(token: str, verdict: str) -> Page:
    """Take the verdict down, and show that it stands."""
    _notice, asked = _found(token)
    chosen, wired = _verdict(verdict, asked), wiring()
    try:
        if not wired.limiter.hit(wired.settings.device_limit, "receipt-write", asked.receipt_number):
            raise TooMany(_("一小时里改得太多了，请过一会儿再试。"))
        assert asked.outcome_id is not None, "a verdict's address asks about a result"
        say_verdict(
            db(),
            submission_id=asked.submission_id,
            outcome_id=asked.outcome_id,
            verdict=chosen,
            words="",
            workflow=wired.workflow,
            at=wired.clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _page(token, asked, chosen, error=error), status_of(error)
    return redirect(request.path, code=303)


def _found(token: str) -> tuple[Notification, NoticeAnswer]:
    notice = notice_by_token(db(), wiring().vault, token, at=wiring().clock.now())
    return notice, notice_answer(db(), notice.id)


def _verdict(raw: str, asked: NoticeAnswer) -> Verdict:
    chosen = one_of(Verdict, raw)
    if chosen is None or asked.outcome_id is None:
        raise NotFound(_("这条链接不对，可能没有复制全。可以用回执号和查询码来查。"))
    return chosen


def _page(token: str, asked: NoticeAnswer, chosen: Verdict, *, error: DomainError | None = None) -> str:
    return render_template(
        "resident/notice_verdict.html",
        token=token,
        asked=asked,
        chosen=chosen,
        receipt=link_to(asked.receipt_number, asked.receipt_salt),
        verdicts=VERDICT_NAMES,
        error=error,
    )


def _note(notice: Notification) -> None:
    """That it reached its resident, once; not for a browser that only fetches ahead."""
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return
    at = wiring().clock.now()
    if notice.reached_at is None:
        note_reached(db(), notice_id=notice.id, at=at)
        note_seen(db(), submission_id=notice.submission_id, at=at)
