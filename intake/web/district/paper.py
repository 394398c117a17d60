"""代录: what an office assigned or a unit answered on paper, entered by staff, the answer with its scan."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from intake.domain.attachment import AttachmentKind
from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.services.attachment import Upload, receive
from intake.services.referral_check import paper_reply
from intake.services.referral_office import assign_on_paper
from intake.services.wake import send_wakes
from intake.web.asked import day_sent, id_sent, ids_sent, sent
from intake.web.district.referrals import UNREAD, Page, follow, page_of, step
from intake.web.errors import status_of, too_large
from intake.web.guard import actor, current_actor, requires
from intake.web.referral_step import LONGEST
from intake.web.unit_of_work import db, wiring
from intake.web.uploads import BODY_BYTES, FIELD, files_sent

__all__ = ["follow"]


@follow.errorhandler(RequestEntityTooLarge)
def much_too_large(_error: RequestEntityTooLarge) -> Page:
    """Refused before anything was read, so that nothing of it can be shown again."""
    person, referral_id = current_actor(), (request.view_args or {}).get("referral_id")
    if referral_id is None or person is None or not person.may(Permission.REFERRAL_FOLLOW):
        return too_large()
    error = InvalidInput(f"一次最多上传 {BODY_BYTES // 1024 // 1024} MB，请分几次上传。这次什么都没有收到。", field=FIELD)
    return page_of(referral_id, error=error, panel=UNREAD), 413


@follow.post("/referrals/<int:referral_id>/assign")
@requires(Permission.REFERRAL_FOLLOW)
def assign(referral_id: int) -> Page:
    """The office assigned it on paper."""
    return step(
        referral_id,
        "assign",
        lambda s, a: assign_on_paper(s, a, lead_id=id_sent("lead"), helper_ids=ids_sent("helpers"), words=sent("words", longest=LONGEST)),
    )


@follow.post("/referrals/<int:referral_id>/paper-reply")
@requires(Permission.REFERRAL_FOLLOW)
def reply(referral_id: int) -> Page:
    """The unit answered on sealed paper; scans that arrived stay even when a field is refused."""
    try:
        _take_scans(referral_id)
    except DomainError as error:
        db().rollback()
        return page_of(referral_id, error=error, panel="paper-reply"), status_of(error)
    return step(
        referral_id,
        "paper-reply",
        lambda s, a: paper_reply(
            s,
            a,
            outcome=sent("outcome"),
            words=sent("words", longest=LONGEST),
            reason=sent("note", longest=LONGEST),
            signed_name=sent("signed_name"),
            paper_number=sent("paper_number"),
            paper_date=day_sent("paper_date"),
        ),
    )


def _take_scans(referral_id: int) -> None:
    """Into quarantine, in a session of its own: they must outlive a refusal of the answer."""
    files, wired = files_sent(), wiring()
    if not files:
        return
    db().rollback()  # gives its connection back, so that a request never holds two
    upload = Upload(actor=actor(), referral_id=referral_id, at=wired.clock.now(), kind=AttachmentKind.SCAN)
    with wired.sessions() as session:
        with session.begin():
            receive(session, upload, files, store=wired.objects)
        send_wakes(session, wired.queue)
