"""补打回执: a community worker prints a receipt again for whoever lost it, after checking who they are; each time is written down."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, InvalidInput, NotFound
from intake.domain.paper_slip import is_slip_number, parse_slip_number
from intake.domain.permission import Permission
from intake.domain.receipt import parse_receipt_number
from intake.domain.reprint import IdentityCheck
from intake.domain.text import CONTACT_MAX, clean_line
from intake.models import Area, Submission
from intake.ports import Vault
from intake.queries.receipt_lookup import Candidate, by_contact, by_number, by_slip
from intake.services.audit import record
from intake.services.submission_submit import contact_context, hint_of

_NOT_HERE = "没有找到。请再核对一遍；别的社区收的，请到那个社区补打。"


def look_up(session: Session, *, vault: Vault, actor: Actor, number: str, contact: str, day: date | None) -> tuple[Candidate, ...]:
    """The receipt with `number`, its own or that of the slip it was filed from, else those whose contact is exactly `contact`, told within two weeks of `day`.

    Raises InvalidInput (fields `number`, `contact`, `day`) for what can't be looked up, NotFound where nothing of the actor's areas fits.
    """
    if is_slip_number(number):
        return (_by_slip(session, actor, parse_slip_number(number, field="number")),)
    if number.strip():
        found = by_number(session, actor, parse_receipt_number(number))
        if found is None:
            raise NotFound(_NOT_HERE)
        return (found,)
    line = clean_line(contact, limit=CONTACT_MAX, field="contact")
    if not line:
        raise InvalidInput("请填回执号；没有的话，填居民留的联系方式和大概哪天说的。", field="number")
    if day is None:
        raise InvalidInput("请填大概哪天说的，前后两周都会找。", field="day")
    fitting = tuple(one for one in by_contact(session, actor, hint=hint_of(line), day=day) if _same(vault, one, line))
    if not fitting:
        raise NotFound(_NOT_HERE)
    return fitting


def reprint(session: Session, *, actor: Actor, submission_id: int, checked: str, at: datetime) -> None:
    """Write down that the receipt is printed again and how the identity was checked: `checked` is an IdentityCheck.

    Raises InvalidInput (field `checked`) without one, NotFound, Forbidden outside the actor's areas.
    """
    how = next((one for one in IdentityCheck if one.value == checked), None)
    if how is None:
        raise InvalidInput("请选怎样核对了本人，补打会被记录。", field="checked")
    submission = session.get(Submission, submission_id)
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound(_NOT_HERE)
    if not actor.may(Permission.RECEIPT_REPRINT, area_path=session.get_one(Area, submission.area_id).path):
        raise Forbidden("这张回执不是您的社区收的。")
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="receipt.reprint",
        noun="submission",
        entity_id=submission.id,
        at=at,
        checked=how.value,
    )


def _by_slip(session: Session, actor: Actor, number: str) -> Candidate:
    slip = by_slip(session, actor, number)
    if slip is None:
        raise NotFound(_NOT_HERE)
    if slip.receipt is None:
        raise NotFound("这张纸条已经作废，没有提交过。" if slip.is_void else "这张纸条还没有代填。纸条在手上的话，请先到“代填”填好提交。")
    return slip.receipt


def _same(vault: Vault, one: Candidate, contact: str) -> bool:
    return one.cipher is not None and vault.open(one.cipher, context=contact_context(one.number)) == contact
