"""代填: filing for somebody who can't, printing their receipt, and what one filed with those who wait to be told."""

from secrets import token_hex
from typing import BinaryIO, cast

from flask import redirect, render_template, request, url_for

from intake.domain.assisted import CHILD_BELOW
from intake.domain.errors import DomainError, TooMany
from intake.domain.language.route_out import route_out
from intake.domain.permission import Permission
from intake.queries.assisted import Assistance, PointChoice, assistance, filed, point_filed_last, points_to_file, to_tell_count
from intake.queries.receipt import receipt_view
from intake.services.assisted_file import file_for, filing_key, note_told, print_filed, read_spoken
from intake.services.form_photo import take_photos
from intake.services.paper_slip import point_to_file
from intake.services.receipt import code_for, token_for
from intake.services.submission_submit import Stored, read_sentence
from intake.web.asked import id_asked, id_sent, sent, typed
from intake.web.community.blueprint import Page, community
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring

FILE_LIMIT = "60/hour"
"""What one person may file: more than a busy desk, less than a script."""
_LONGEST = 20_000


@community.get("/file")
@requires(Permission.ASSISTED_FILE)
def ask_file() -> Page:
    """The form, with the point that was filed for last."""
    return _form(chosen=id_asked("point"))


@community.post("/file")
@requires(Permission.ASSISTED_FILE)
def send_file() -> Page:
    """File it once, and lead to the receipt to print; whatever is wrong, everything typed stays."""
    wired = wiring()
    try:
        point = point_to_file(db(), actor(), id_sent("point"), Permission.ASSISTED_FILE)
        sentence = read_sentence(
            text=sent("text", longest=_LONGEST), place=sent("place"), contact=sent("contact"), pass_on=sent("pass_on") == "1"
        )
        spoken = read_spoken(by=sent("spoken_by"), consent=sent("consent"), is_child=sent("is_child") == "1", slip=sent("slip"))
        if not wired.limiter.hit(FILE_LIMIT, "assisted", str(actor().user_id)):
            raise TooMany(_("一小时里代填得太多了，请过一会儿再提交。写的内容还在框里。"))
        stored = file_for(
            db(),
            vault=wired.vault,
            actor=actor(),
            point=point,
            key=filing_key(actor(), sent("once", longest=64), sentence, spoken),
            sentence=sentence,
            spoken=spoken,
            at=wired.clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return _form(error=error), status_of(error)
    left = _keep_photos(stored)
    return redirect(url_for("community.filed_receipt", submission_id=stored.submission_id, new=1, left=left or None), code=303)


@community.get("/filed")
@requires(Permission.ASSISTED_FILE)
def filed_list() -> Page:
    """What one filed, the newest first: no words; whom to tell an answer is marked."""
    at, after = wiring().clock.now(), request.args.get("after", "")
    only_to_tell = request.args.get("tell") == "1"
    return render_template(
        "community/filed.html",
        page=filed(db(), actor(), at=at, after=after, only_to_tell=only_to_tell),
        to_tell=to_tell_count(db(), actor(), at=at),
        only_to_tell=only_to_tell,
        after=after,
    )


@community.get("/filed/<int:submission_id>")
@requires(Permission.ASSISTED_FILE)
def filed_receipt(submission_id: int) -> Page:
    """The receipt of one that one filed, in large type for the printer; each opening is written down."""
    wired = wiring()
    print_filed(db(), actor=actor(), submission_id=submission_id, at=wired.clock.now())
    view = receipt_view(db(), submission_id, at=wired.clock.now(), workflow=wired.workflow)
    return render_template(
        "community/receipt.html",
        receipt=view,
        code=code_for(wired.vault, view.number, view.salt),
        token=token_for(wired.vault, view.number, view.salt),
        is_filed=True,
        is_new="new" in request.args,
        photos_left=id_asked("left"),
        turn_to=route_out(view.text),
    )


@community.post("/filed/<int:submission_id>/told")
@requires(Permission.ASSISTED_FILE)
def told(submission_id: int) -> Page:
    """The answer was told to whoever said it."""
    note_told(db(), actor=actor(), submission_id=submission_id, at=wiring().clock.now())
    return redirect(url_for("community.filed_list", _anchor=f"s{submission_id}"), code=303)


@community.app_template_global()
def assisted_said(submission_id: int) -> Assistance | None:
    """Who filed it for whom, for the page that shows it; one question."""
    return assistance(db(), submission_id)


def _form(*, chosen: int | None = None, error: DomainError | None = None) -> str:
    points = points_to_file(db(), actor(), Permission.ASSISTED_FILE)
    return render_template(
        "community/file.html",
        points=points,
        chosen=_chosen(points, chosen),
        child_below=CHILD_BELOW,
        once=sent("once", longest=64) if error is not None else token_hex(8),
        typed=typed(longest=_LONGEST) if error is not None else {},
        error=error,
    )


def _chosen(points: tuple[PointChoice, ...], wanted: int | None) -> int | None:
    """The point asked for, sent, or filed for last, where it is among them."""
    sent_point = sent("point", longest=19)
    candidates = (int(sent_point) if sent_point.isascii() and sent_point.isdecimal() else None, wanted)
    known = {point.id for point in points}
    found = next((one for one in candidates if one in known), None)
    if found is not None or len(points) < 2:
        return found or (points[0].id if points else None)
    last = point_filed_last(db(), actor())
    return last if last in known else None


def _keep_photos(stored: Stored) -> int:
    """Keep the photos beside the words just stored, or stored before; how many were left out."""
    chosen = [cast("BinaryIO", one.stream) for one in request.files.getlist("photos") if one.filename]
    if not chosen:
        return 0
    return len(take_photos(db(), stored.submission_id, chosen, store=wiring().objects, at=wiring().clock.now()).left)
