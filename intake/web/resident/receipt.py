"""The receipt: where it stands, the result, and what its resident may say to it; all without cookies and without script."""

from collections.abc import Callable
from secrets import token_hex

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError, TooMany
from intake.domain.language.route_out import route_out
from intake.domain.message import MESSAGE_MAX
from intake.domain.outcome import VERDICT_NAMES, Verdict
from intake.domain.submission import SubmissionState
from intake.queries.appeal import may_appeal
from intake.queries.attachment import file_on_receipt
from intake.queries.receipt import ReceiptView, Received, receipt_of
from intake.queries.submission_file import file_on_own_receipt
from intake.services.appeal import appeal_submission, appeal_topic
from intake.services.contact_consent import agree, take_back
from intake.services.message import note_read, write_from_resident
from intake.services.outcome import note_seen, say_verdict
from intake.services.receipt import code_for, token_for
from intake.services.submission_detail import add_detail
from intake.services.submission_withdraw import withdraw
from intake.web.asked import needed, sent, typed
from intake.web.attachments import stored_file
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.numbers import whole_number
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.photos import photos_left
from intake.web.resident.receipt_link import link_to, received_by_link, secret_by_link
from intake.web.said import said_file
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_svg

WAITING = frozenset({SubmissionState.RECEIVED, SubmissionState.TRIAGED, SubmissionState.QUARANTINED, SubmissionState.REOPENED})
"""While nobody has decided, a receipt says who else could help sooner."""


@resident.get("/r/<number>/<token>")
@open_to_all
def receipt(number: str, token: str) -> Page:
    """The receipt: where it stands, the result and every step so far."""
    found = received_by_link(number, token)
    view = _view(found)
    page = _page(found, view, token)
    _note(view)
    return page


@resident.post("/r/<number>/<token>/verdict")
@anonymous_form
def verdict(number: str, token: str) -> Page:
    """One tap: solved, partly, not solved, can't tell; and words to it, if any."""

    def say(session: Session, submission_id: int) -> None:
        wired = wiring()
        say_verdict(
            session,
            submission_id=submission_id,
            outcome_id=whole_number(sent("outcome")),
            verdict=needed(Verdict, "verdict"),
            words=sent("words"),
            workflow=wired.workflow,
            at=wired.clock.now(),
        )

    return _do(number, token, "answer", say)


@resident.post("/r/<number>/<token>/messages")
@anonymous_form
def write(number: str, token: str) -> Page:
    """Words to whoever has it."""

    def say(session: Session, submission_id: int) -> None:
        wired = wiring()
        write_from_resident(
            session,
            submission_id=submission_id,
            words=sent("words", longest=20_000),
            nonce=sent("once", longest=64),
            most_a_day=wired.workflow.check.messages_a_day,
            at=wired.clock.now(),
        )

    return _do(number, token, "messages", say)


@resident.post("/r/<number>/<token>/detail")
@anonymous_form
def detail(number: str, token: str) -> Page:
    """What the member asked for."""
    wired = wiring()
    return _do(
        number,
        token,
        "detail",
        lambda session, submission_id: add_detail(
            session, submission_id=submission_id, words=sent("words"), workflow=wired.workflow, at=wired.clock.now()
        ),
    )


@resident.post("/r/<number>/<token>/appeal")
@anonymous_form
def appeal(number: str, token: str) -> Page:
    """Another look, once: at a decline, or at a topic that wasn't taken up."""
    ask = appeal_topic if sent("about") == "topic" else appeal_submission
    return _do(
        number,
        token,
        "appeal",
        lambda session, submission_id: ask(session, submission_id=submission_id, words=sent("words"), at=wiring().clock.now()),
    )


@resident.post("/r/<number>/<token>/contact")
@anonymous_form
def contact(number: str, token: str) -> Page:
    """Agree that the unit in charge may have the contact, or take that back."""
    do = agree if sent("agree") == "1" else take_back
    return _do(number, token, "contact", lambda session, submission_id: do(session, submission_id=submission_id, at=wiring().clock.now()))


@resident.get("/r/<number>/<token>/files/<int:attachment_id>")
@open_to_all
def evidence(number: str, token: str, attachment_id: int) -> Response:
    """One picture or paper behind the answer; `?small=1` a small picture of it."""
    secret = secret_by_link(number, token)
    return stored_file(file_on_receipt(db(), submission_id=secret.submission_id, attachment_id=attachment_id, at=wiring().clock.now()))


@resident.get("/r/<number>/<token>/said/<int:file_id>")
@open_to_all
def said_on_receipt(number: str, token: str, file_id: int) -> Response:
    """One of the resident's own photos or voices; `?small=1` a small picture of it."""
    secret = secret_by_link(number, token)
    return said_file(file_on_own_receipt(db(), submission_id=secret.submission_id, file_id=file_id))


@resident.app_template_global()
def part_token(number: str, salt: bytes) -> str:
    """The secret of the receipt of a part, for whoever holds the receipt of its message."""
    return token_for(wiring().vault, number, salt)


@resident.get("/r/<number>/<token>/code.svg")
@open_to_all
def receipt_code(number: str, token: str) -> tuple[str, dict[str, str]]:
    """The receipt's own address as a code, for another telephone or a helper's."""
    secret = secret_by_link(number, token)
    address = wiring().settings.base_url + link_to(secret.number, secret.salt)
    return code_svg(address, emblem=False), {"Content-Type": "image/svg+xml", "Cache-Control": "private, max-age=86400"}


@resident.get("/r/<number>/<token>/withdraw")
@open_to_all
def ask_withdraw(number: str, token: str) -> Page:
    """Says what withdrawing means before it is done."""
    view = _view(received_by_link(number, token))
    return render_template("resident/withdraw.html", receipt=view, token=token, days=wiring().workflow.retention.withdrawn_text_days)


@resident.post("/r/<number>/<token>/withdraw")
@anonymous_form
def do_withdraw(number: str, token: str) -> Page:
    """Withdraw and return to the receipt."""
    withdraw(db(), submission_id=secret_by_link(number, token).submission_id, at=wiring().clock.now())
    return redirect(url_for("resident.receipt", number=number, token=token), code=303)


def _do(number: str, token: str, part: str, act: Callable[[Session, int], None]) -> Page:
    """Do it and come back to that part of the receipt; a refusal shows the receipt as it is now, with what was typed."""
    secret = secret_by_link(number, token)
    try:
        if not wiring().limiter.hit(wiring().settings.device_limit, "receipt-write", secret.number):
            raise TooMany(_("一小时里改得太多了，请过一会儿再试。写的内容还在框里。"))
        act(db(), secret.submission_id)
    except DomainError as error:
        return refused(number, token, part, error)
    return redirect(url_for("resident.receipt", number=number, token=token, _anchor=part), code=303)


def refused(number: str, token: str, part: str, error: DomainError) -> Page:
    """The receipt as it is now, with the error at that part of it and what was typed there."""
    db().rollback()
    found = received_by_link(number, token)
    return _page(found, _view(found), token, part=part, error=error), status_of(error)


def _view(found: Received) -> ReceiptView:
    wired = wiring()
    return receipt_of(db(), found, at=wired.clock.now(), workflow=wired.workflow)


def _page(found: Received, view: ReceiptView, token: str, *, part: str = "", error: DomainError | None = None) -> str:
    return render_template(
        "resident/receipt.html",
        receipt=view,
        code=code_for(wiring().vault, view.number, view.salt),
        token=token,
        new="new" in request.args,
        photos_left=photos_left(),
        turn_to=route_out(view.text) if view.state in WAITING else None,
        verdicts=VERDICT_NAMES,
        may_appeal=may_appeal(db(), found.submission, found.topic),
        longest=MESSAGE_MAX,
        once=sent("once", longest=64) if part == "messages" else token_hex(8),
        part=part,
        error=error,
        typed=typed() if error is not None else {},
    )


def _note(view: ReceiptView) -> None:
    """That its resident has seen the result and the messages: two statements that match a row once, not for a browser that only fetches
    ahead.
    """
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return
    at = wiring().clock.now()
    if view.outcome is not None and view.outcome.unseen:
        note_seen(db(), submission_id=view.submission_id, at=at)
    if view.messages.unread_from_member:
        note_read(db(), submission_id=view.submission_id, at=at)
