"""The form behind a code, and what is said about privacy: without cookies and without script."""

from flask import make_response, redirect, render_template, request

from intake.domain.errors import DomainError, Expired, NotFound, TooMany
from intake.domain.language.route_out import route_out
from intake.domain.point import PointState
from intake.domain.submission import Channel
from intake.domain.text import TEXT_MAX
from intake.queries.point import PointView, point_by_code, successor_of
from intake.services.form_key import read_form_key
from intake.services.submission_submit import Origin, Sentence, Stored, already_stored, read_sentence, submit
from intake.web.asked import wants_json
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import translate as _
from intake.web.resident import endorse, mine, own_data, receipt, receipt_find, receipt_keep, receipt_photos
from intake.web.resident.answers_json import refusal, stored_answer
from intake.web.resident.around import around
from intake.web.resident.attack import challenge_again, challenge_of, fresh_key, is_braked, suspicion_of
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.campaign import came_by, campaign_carried
from intake.web.resident.device import device_key
from intake.web.resident.draft import draft_on_form, kept_for_chat, send_draft
from intake.web.resident.in_wechat import follower_at, js_config, keep_with, photos_sent, to_be_recognised
from intake.web.resident.known import known_follower
from intake.web.resident.noticed import told_before
from intake.web.resident.open_call import call_on_page, call_page, is_form
from intake.web.resident.photos import keep_photos
from intake.web.resident.receipt_link import link_to
from intake.web.resident.scanned import note_visit
from intake.web.resident.similar import similar_at
from intake.web.resident.worker_script import may_be_kept, worker_address
from intake.web.unit_of_work import db, wiring

__all__ = ["endorse", "mine", "own_data", "receipt", "receipt_find", "receipt_keep", "receipt_photos", "resident"]


@resident.get("/p/<code>")
@open_to_all
def form(code: str) -> Page:
    """The form of one point, or the sentence of a paused one."""
    point = _point(code)
    if point.state is not PointState.ACTIVE:
        note_visit(point, is_form=False)
        return render_template("resident/closed.html", point=point), 200 if point.state is PointState.PAUSED else 410
    shown = call_on_page(point)
    if shown is not None and not is_form(shown):
        note_visit(point, is_form=False)
        return call_page(point, shown)
    going = to_be_recognised(point)
    note_visit(point, is_form=going is None)
    return going or may_be_kept(_page(point), point)


@resident.post("/p/<code>")
@anonymous_form
def send(code: str) -> Page:
    """Store the sentence once and lead to its receipt; whatever is wrong, the text stays in the box."""
    if wants_json():
        return _answer_script(code)
    point = _point(code)
    try:
        kept = kept_for_chat(point)
        if kept is not None:
            return kept
        if not told_before():
            _sentence()  # what can't be taken is said first
            return _page(point)
        stored = _store(point)
    except DomainError as error:
        return _page(point, error=error), status_of(error)
    return redirect(link_to(stored.receipt_number, stored.receipt_salt, new=1, photos=keep_photos(stored)), code=303)


@resident.get("/p/<code>/similar")
@open_to_all
def similar(code: str) -> Page:
    """What is under way nearby and like the words in `q`: only what staff released."""
    return similar_at(_point(code))


@resident.get("/p/<code>/proof")
@open_to_all
def proof(code: str) -> Page:
    """A challenge for a form that was open too long for its own; `{}` where the point asks for none."""
    return challenge_again(_point(code))


@resident.post("/p/<code>/similar")
@anonymous_form
def noticed(code: str) -> Page:
    """The same for the form's script, which sends all that was typed: words of a resident stand in no address."""
    return similar_at(_point(code))


@resident.get("/privacy")
@open_to_all
def privacy() -> Page:
    """Who handles what, why, how long, and what a resident may ask (PIPL)."""
    return render_template("resident/privacy.html", retention=wiring().workflow.retention)


def _point(code: str) -> PointView:
    sound = len(code) <= 40 and "\x00" not in code
    point = point_by_code(db(), code.lower()) if sound else None
    if point is None:
        moved = successor_of(db(), code.lower()) if sound else None
        if moved is not None:
            # Its new code isn't told: the old one may have been changed because it was abused.
            raise Expired(_("这张海报旧了，%(name)s换了新的二维码。请扫墙上的新海报，或到社区服务台说。", name=moved.name))
        raise NotFound("没有这个直报点。二维码可能旧了，请看看墙上的新海报，或到社区服务台说。")
    return point


def _answer_script(code: str) -> Page:
    """The same for the form's script, which shows the sentence itself and keeps the words on the phone."""
    point = None
    try:
        point = _point(code)
        stored = _store(point)
        return stored_answer(stored, photos=keep_photos(stored))
    except DomainError as error:
        answer, status = refusal(error, key=fresh_key(point, again=True) if point is not None else None)
        return make_response(answer, status)


def _page(point: PointView, *, error: DomainError | None = None) -> str:
    sent_key = request.form.get("key") if not isinstance(error, Expired) else None
    return render_template(
        "resident/form.html",
        point=point,
        around=around(point, at=wiring().clock.now()),
        error=error,
        turn_to=route_out(request.form.get("text", "")[:TEXT_MAX]),
        key=sent_key or fresh_key(point, again=request.method == "POST"),
        field_name=getattr(error, "field", None),
        campaign=campaign_carried(point),
        is_known=known_follower(point) is not None,
        js_config=js_config(point),
        photos=photos_sent(),
        draft=draft_on_form(point),
        worker=worker_address(),
        shown=call_on_page(point),
        challenge=challenge_of(point),
    )


def _sentence() -> Sentence:
    return read_sentence(
        text=request.form.get("text", ""),
        place=request.form.get("place", ""),
        contact=request.form.get("contact", ""),
        pass_on=request.form.get("pass_on") == "1",
    )


def _store(point: PointView) -> Stored:
    wired, now = wiring(), wiring().clock.now()
    key = read_form_key(wired.vault, request.form.get("key", ""), point_id=point.id)
    sentence = _sentence()
    once = key.idempotency_key(sentence.message.text, sentence.place, sentence.contact)
    if (now - key.opened_at).total_seconds() > wired.settings.form_key_hours * 3600:
        # A send whose answer was lost may be repeated days later: it gets its receipt, not a second submission.
        stored = already_stored(db(), once)
        if stored is not None:
            return stored
        raise Expired(_("这一页打开得太久了。写的内容还在，请再按一次提交。"))
    device = device_key()
    if is_braked(point, device):
        # A repeat of what is stored gets its receipt; only something new is too much.
        stored = already_stored(db(), once)
        if stored is not None:
            return stored
        raise TooMany(_("这里提交得太多了，请过一小时再试。写的内容还在框里；着急的话请打电话或到社区服务台说。"))
    follower = follower_at(point)
    stored = send_draft(point, sentence, device=device) or submit(
        db(),
        vault=wired.vault,
        point=point,
        key=once,
        sentence=sentence,
        origin=Origin(
            Channel.FORM,
            device_hash=device,
            openid_hash=follower.openid_hash if follower else None,
            follower_id=follower.id if follower else None,
            campaign=came_by(point),
            suspicion=suspicion_of(point, key, device),
        ),
        at=now,
    )
    keep_with(stored, point, follower)
    return stored
