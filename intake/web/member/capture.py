"""随手报: what a member saw or was told, written down in twenty seconds, with its photos and voice; and what became of it."""

from collections.abc import Sequence
from secrets import token_hex
from typing import BinaryIO, cast

from flask import jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from intake.domain.assisted import CHILD_BELOW
from intake.domain.capture import VOICE_LEFT_BECAUSE, ReportOf, VoiceLeft
from intake.domain.errors import Conflict, DomainError, InvalidInput, TooMany
from intake.domain.form_photo import LEFT_BECAUSE, PhotoLeft
from intake.domain.language.route_out import route_out
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel
from intake.domain.submission_file import MOST_SECONDS
from intake.queries.assisted import PointChoice, points_to_file
from intake.queries.member_report import Reported, activities_of_day, answers_to_reports, point_reported_last, reported, reports
from intake.queries.receipt import receipt_view
from intake.services.form_photo import take_photos
from intake.services.member_report import (
    Reporting,
    already_reported,
    note_resident_told,
    open_report,
    own_report,
    read_report,
    read_told,
    report,
)
from intake.services.receipt import code_for, token_for
from intake.services.said_voice import take_voice
from intake.services.submission_submit import Stored
from intake.web.asked import day_sent, id_asked, id_sent, one_of, sent, typed, wants_json
from intake.web.errors import error_page, status_of, too_large
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.member.answers_json import refusal
from intake.web.member.views import Page, member
from intake.web.unit_of_work import db, wiring

_LONGEST = 20_000
PHOTOS, VOICE = "photos", "voice"
"""Fields of files."""


@member.get("/capture")
@requires(Permission.CAPTURE)
def capture() -> Page:
    """The form, with the community that was reported from last."""
    return _form(chosen=id_asked("point"))


@member.post("/capture")
@requires(Permission.CAPTURE)
def send_capture() -> Page:
    """Store it once and lead to its receipt; whatever is wrong, everything typed stays. The script gets JSON."""
    try:
        stored = _store()
    except DomainError as error:
        db().rollback()
        if not wants_json():
            return _form(error=error), status_of(error)
        # The phone's outbox tries again what was too much, and holds back all that was pressed after it: not until tomorrow.
        return refusal(Conflict(error.message) if isinstance(error, TooMany) else error)
    left = _keep_files(stored.submission_id)
    if wants_json():
        return _stored_answer(stored, left)
    codes = "_".join(f"{kind}-{because}" for kind, because in left)
    return redirect(url_for("member.captured", submission_id=stored.submission_id, new=1, left=codes or None), code=303)


@member.get("/captures")
@requires(Permission.CAPTURE)
def captures() -> Page:
    """What one reported, the newest first; what was answered is marked."""
    at, after, only_answered = wiring().clock.now(), request.args.get("after", ""), request.args.get("answered") == "1"
    return render_template(
        "member/captures.html",
        page=reports(db(), actor(), at=at, after=after, only_answered=only_answered),
        answered=answers_to_reports(db(), actor(), at=at),
        only_answered=only_answered,
        after=after,
    )


@member.get("/captures/<int:submission_id>")
@requires(Permission.CAPTURE)
def captured(submission_id: int) -> Page:
    """The receipt of one's report, to be handed on: each opening is written down."""
    wired = wiring()
    own = open_report(db(), actor=actor(), submission_id=submission_id, at=wired.clock.now())
    view = receipt_view(db(), submission_id, at=wired.clock.now(), workflow=wired.workflow)
    return render_template(
        "member/captured.html",
        receipt=view,
        is_own=own.report_of is ReportOf.OWN,
        code=code_for(wired.vault, view.number, view.salt),
        token=token_for(wired.vault, view.number, view.salt),
        is_new="new" in request.args,
        left=_left_named(request.args.get("left", "")),
        turn_to=route_out(view.text) if "new" in request.args else None,
    )


@member.post("/captures/<int:submission_id>/files")
@requires(Permission.CAPTURE)
def add_capture_files(submission_id: int) -> Page:
    """Photos and voices after the words, each once however often it is sent; what was left out is named."""
    try:
        own_report(db(), actor=actor(), submission_id=submission_id)
        _brake_files()
        left = _keep_files(submission_id)
    except DomainError as error:
        db().rollback()
        if wants_json():
            return refusal(error)
        raise
    if wants_json():
        return _taken_answer(left)
    codes = "_".join(f"{kind}-{because}" for kind, because in left)
    return redirect(url_for("member.captured", submission_id=submission_id, left=codes or None), code=303)


@member.post("/captures/<int:submission_id>/told")
@requires(Permission.CAPTURE)
def capture_told(submission_id: int) -> Page:
    """The answer was told to the resident."""
    note_resident_told(db(), actor=actor(), submission_id=submission_id, at=wiring().clock.now())
    return redirect(url_for("member.captures", _anchor=f"s{submission_id}"), code=303)


@member.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """More than one form may carry: nothing of it was read, so only the page before still has the words."""
    if request.endpoint not in {"member.send_capture", "member.add_capture_files"}:
        return too_large()
    words = "照片和录音加起来太大，这次什么都没有收到。请退回上一页，少选几张照片再报。"
    return refusal(InvalidInput(words, field=PHOTOS)) if wants_json() else error_page(413, words)


@member.app_template_global()
def reported_said(submission_id: int, channel: Channel) -> Reported | None:
    """Which member wrote it down for whom, for the page that shows it; None for what came another way."""
    return reported(db(), submission_id) if channel is Channel.MEMBER else None


def _store() -> Stored:
    wired = wiring()
    told = read_told(
        report_of=sent("report_of"),
        consent=sent("consent"),
        is_child=sent("is_child") == "1",
        occasion=sent("occasion"),
        day=day_sent("day"),
    )
    sentence = read_report(
        text=sent("text", longest=_LONGEST),
        place=sent("place"),
        contact=sent("contact"),
        pass_on=sent("pass_on") == "1",
        has_voice=sent("has_voice") == "1" or bool(_chosen_files(VOICE)),
        has_photo=sent("has_photo") == "1" or bool(_chosen_files(PHOTOS)),
    )
    reporting = Reporting(actor=actor(), point_id=id_sent("point"), nonce=sent("nonce", longest=64), sentence=sentence, told=told)
    earlier = already_reported(db(), reporting)
    if earlier is not None:
        return earlier
    if not wired.limiter.hit(wired.settings.capture_limit, "capture", str(actor().user_id)):
        raise TooMany(_("今天报得太多了，请明天再报，急的请直接打电话。写的内容还在框里。"))
    return report(db(), reporting, vault=wired.vault, at=wired.clock.now())


def _form(*, chosen: int | None = None, error: DomainError | None = None) -> str:
    points = points_to_file(db(), actor(), Permission.CAPTURE)
    today = wiring().clock.now().astimezone(SHANGHAI).date()
    return render_template(
        "member/capture.html",
        points=points,
        chosen=_chosen(points, chosen),
        activities=activities_of_day(db(), actor(), today),
        today=today,
        child_below=CHILD_BELOW,
        voice_seconds=MOST_SECONDS,
        nonce=sent("nonce", longest=64) if error is not None else token_hex(16),
        typed=typed(longest=_LONGEST) if error is not None else {},
        error=error,
    )


def _chosen(points: tuple[PointChoice, ...], wanted: int | None) -> int | None:
    """The point sent, asked for, or reported from last, where it is among them; else the first: wrong is mended with one tap."""
    raw = sent("point", longest=19)
    known = {point.id for point in points}
    found = next((one for one in (int(raw) if raw.isascii() and raw.isdecimal() else None, wanted) if one in known), None)
    if found is not None or len(points) < 2:
        return found or (points[0].id if points else None)
    last = point_reported_last(db(), actor())
    return last if last in known else points[0].id


def _keep_files(submission_id: int) -> tuple[tuple[str, PhotoLeft | VoiceLeft], ...]:
    """Keep what came with the request beside the words; which kinds were left out, and why."""
    store, at = wiring().objects, wiring().clock.now()
    left: list[tuple[str, PhotoLeft | VoiceLeft]] = []
    chosen = _chosen_files(PHOTOS)
    if chosen:
        left += [(PHOTOS, because) for because in take_photos(db(), submission_id, chosen, store=store, at=at).left.values()]
    for voice in _chosen_files(VOICE):
        because = take_voice(db(), submission_id, voice, store=store, at=at)
        left += [(VOICE, because)] if because is not None else []
    return tuple(left)


def _chosen_files(field: str) -> Sequence[BinaryIO]:
    """What was chosen; a field left empty is no file."""
    return [cast("BinaryIO", one.stream) for one in request.files.getlist(field) if one.filename]


def _brake_files() -> None:
    if not (request.files.getlist(PHOTOS) or request.files.getlist(VOICE)):
        raise InvalidInput(_("还没有选照片或录音。"), field=PHOTOS)
    if not wiring().limiter.hit(wiring().settings.photo_limit, "capture-files", str(actor().user_id)):
        raise TooMany(_("一小时里传的照片和录音太多了，请过一会儿再传。已经收下的都在。"))


def _stored_answer(stored: Stored, left: Sequence[tuple[str, PhotoLeft | VoiceLeft]]) -> Page:
    """`receipt`: where the member hands it on from; `number`; `files`: what takes photos and voices one by one; `left`: those left out."""
    return jsonify(
        done=True,
        again=stored.repeated,
        next=url_for("member.captured", submission_id=stored.submission_id, new=1),
        undo=None,
        receipt=url_for("member.captured", submission_id=stored.submission_id),
        number=stored.receipt_number,
        files=url_for("member.add_capture_files", submission_id=stored.submission_id),
        left=_said(left),
    )


def _taken_answer(left: Sequence[tuple[str, PhotoLeft | VoiceLeft]]) -> Page:
    """`error`: why something was left out, null where nothing was; 503 where our store failed and the same may be tried again."""
    error = _("话已经收到。%(left)s", left="".join(_said(left))) if left else None
    is_down = bool(left) and all(because in {PhotoLeft.STORE, VoiceLeft.STORE} for _kind, because in left)
    return make_response(jsonify(done=True, left=_said(left), error=error), 503 if is_down else 200)


def _said(left: Sequence[tuple[str, PhotoLeft | VoiceLeft]]) -> list[str]:
    return [_sentence(because) for _kind, because in left]


def _sentence(because: PhotoLeft | VoiceLeft) -> str:
    if isinstance(because, VoiceLeft):
        return translated(VOICE_LEFT_BECAUSE[because])
    return _("有一张照片%(because)s", because=translated(LEFT_BECAUSE[because]))


def _left_named(codes: str) -> tuple[str, ...]:
    """Sentences for what the address says was left out; what makes no sense is passed over."""
    kinds: dict[str, type[PhotoLeft | VoiceLeft]] = {PHOTOS: PhotoLeft, VOICE: VoiceLeft}
    named = [code.partition("-") for code in codes[:1_000].split("_")]
    found = [one_of(kinds[kind], because) for kind, _dash, because in named if kind in kinds]
    return tuple(_sentence(one) for one in found if one is not None)
