"""答复: written with its evidence in one form, kept as a draft at every step, looked at before it is sent."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.reply_gate import check_reply
from intake.domain.permission import Permission
from intake.domain.referral import ReferralState
from intake.services.answer_draft import AnswerWords, drop_draft, save_draft
from intake.services.attachment import Upload, receive, remove
from intake.services.referral_department import reply
from intake.services.referral_lock import ANSWER_MAX
from intake.services.wake import send_wakes
from intake.web.asked import sent
from intake.web.department.task import Page, demands_in, find_task, show_task
from intake.web.department.views import department_desk
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.referral_step import LONGEST, acting
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import files_sent

__all__ = ["department_desk"]


@department_desk.post("/referrals/<int:referral_id>/files")
@requires(Permission.REFERRAL_ANSWER)
def add_files(referral_id: int) -> Page:
    """Evidence goes into quarantine; what was written so far is kept."""
    return _kept(referral_id) or _back(referral_id, "files")


@department_desk.post("/referrals/<int:referral_id>/answer")
@requires(Permission.REFERRAL_ANSWER)
def answer(referral_id: int) -> Page:
    """What the button says: keep it, look whether it answers, take a file out, or send it."""
    refused = _kept(referral_id)
    if refused is not None:
        return refused
    do = request.form.get("do", "")
    if do == "look":
        return _look(referral_id)
    if do.startswith("remove-"):
        return _remove(referral_id, do.removeprefix("remove-"))
    return _send(referral_id) if do == "send" else _back(referral_id, "draft")


def _kept(referral_id: int) -> Page | None:
    """Keep the words and the files in sessions of their own: they must outlive a refusal of the answer. The page when a file is refused."""
    wired = wiring()
    db().rollback()  # gives its connection back, so that a request never holds two
    if "words" in request.form:
        with wired.sessions.begin() as session:
            save_draft(session, actor=actor(), referral_id=referral_id, typed=_words(), at=wired.clock.now())
    files = files_sent()
    if not files:
        return None
    try:
        with wired.sessions() as session:
            with session.begin():
                receive(session, _upload(referral_id), files, store=wired.objects)
            send_wakes(session, wired.queue)
    except DomainError as error:
        return show_task(referral_id, error=error, panel="answer")
    return None


def _look(referral_id: int) -> Page:
    """The demands with their ticks: the whole page, or for the script that part of it alone."""
    if "HX-Request" in request.headers:
        found = find_task(referral_id)
        words = f"{sent('words', longest=LONGEST)}\n{sent('reason', longest=LONGEST)}"
        return render_template("department/demands.html", demands=demands_in(found, words), drafted=True)
    looked_at = _looked_at(referral_id)
    return show_task(referral_id, panel="answer", looked_at=looked_at or LookedAt())


def _remove(referral_id: int, raw: str) -> Page:
    try:
        remove(db(), _upload(referral_id), attachment_id=whole_number(raw))
    except DomainError as error:
        db().rollback()
        return show_task(referral_id, error=error, panel="answer")
    return _back(referral_id, "removed")


def _send(referral_id: int) -> Page:
    """To whoever checks it; remarks on it come first, once."""
    typed = _words()
    whole = all(part.strip() for part in (typed.outcome, typed.words, typed.signed_name))
    looked_at = _looked_at(referral_id) if whole else None
    if looked_at is not None and request.form.get("checked") != looked_at.checked:
        return show_task(referral_id, panel="answer", looked_at=looked_at)
    try:
        reply(
            db(),
            acting(referral_id),
            outcome=typed.outcome,
            words=typed.words,
            reason=typed.reason,
            signed_name=typed.signed_name,
        )
        drop_draft(db(), actor=actor(), referral_id=referral_id)
    except DomainError as error:
        db().rollback()
        return show_task(referral_id, error=error, panel="answer")
    return _back(referral_id, "answer")


def _looked_at(referral_id: int) -> LookedAt | None:
    """Remarks on an answer that could be sent; one that is refused anyway gets the refusal."""
    found = find_task(referral_id)
    typed = _words()
    could_go = found.state is ReferralState.IN_PROGRESS and request.form.get("version") == str(found.version)
    if not could_go or len(typed.words) > ANSWER_MAX:
        return None
    lexicon = lexicon_of(wiring().taxonomy)
    about = [one.text for one in found.demands]
    return look_at(typed.words, lambda draft: check_reply(f"{draft}\n{typed.reason}", about, lexicon))


def _words() -> AnswerWords:
    return AnswerWords(
        outcome=sent("outcome"),
        words=sent("words", longest=LONGEST),
        reason=sent("reason", longest=LONGEST),
        signed_name=sent("signed_name"),
    )


def _upload(referral_id: int) -> Upload:
    return Upload(actor=actor(), referral_id=referral_id, at=wiring().clock.now())


def _back(referral_id: int, done: str) -> Response:
    anchor = None if done == "answer" else "answer"
    return redirect(url_for("department_desk.referral", referral_id=referral_id, done=done, _anchor=anchor), code=303)
