"""A resident's sentence becomes a submission, exactly once."""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import RESIDENT
from intake.domain.campaign import Step
from intake.domain.errors import Conflict, PointClosed
from intake.domain.point import PointState
from intake.domain.point_count import BY_CODE, PointStep
from intake.domain.receipt import receipt_number
from intake.domain.submission import Channel, Urgency
from intake.domain.suspicion import Suspicion
from intake.domain.text import CONTACT_MAX, PLACE_MAX, CleanText, clean_line, clean_message
from intake.models import Submission, SubmissionKey
from intake.ports import Vault, Wake
from intake.queries.point import PointView
from intake.services.campaign import CampaignMark, count_step
from intake.services.open_call import answered_call
from intake.services.point_count import note_step
from intake.services.transition import begin_submission
from intake.services.wake import wake_after_commit


@cache
def _take_key() -> Any:
    """The statement, built once; it draws the submission's id."""
    return (
        insert(SubmissionKey)
        .values(
            key=bindparam("key"),
            district_id=bindparam("district_id"),
            submission_id=func.nextval("submissions_id_seq"),
            created_at=bindparam("created_at"),
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(SubmissionKey.submission_id)
    )


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the resident sent, cleaned and checked."""

    message: CleanText
    place: str
    contact: str
    pass_on: bool = False
    """Whether the unit in charge may have the contact: only by the resident's separate word."""
    position: tuple[float, float] | None = None
    """Latitude and longitude in GCJ-02, where the resident gave them."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The way a sentence came, and by whom as far as that is known."""

    channel: Channel
    device_hash: bytes | None = None
    openid_hash: bytes | None = None
    follower_id: int | None = None
    campaign: CampaignMark | None = None
    open_call_id: int | None = None
    api_key_id: int | None = None
    suspicion: Suspicion | None = None
    """Why triage shall hold it for a person; None in general."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the receipt needs."""

    submission_id: int
    receipt_number: str
    receipt_salt: bytes
    repeated: bool
    """True when this key had been stored before: same submission, same receipt."""


def read_sentence(*, text: str, place: str, contact: str, pass_on: bool = False) -> Sentence:
    """Clean and check the three fields; InvalidInput names the field. Without a contact there is none to pass on."""
    line = clean_line(contact, limit=CONTACT_MAX, field="contact")
    return Sentence(
        message=clean_message(text), place=clean_line(place, limit=PLACE_MAX, field="place"), contact=line, pass_on=pass_on and bool(line)
    )


def already_stored(session: Session, key: bytes) -> Stored | None:
    """The submission this key made earlier, if it did."""
    row = session.execute(
        select(Submission.id, Submission.receipt_number, Submission.receipt_salt)
        .join(SubmissionKey, SubmissionKey.submission_id == Submission.id)
        .where(SubmissionKey.key == key)
    ).one_or_none()
    return Stored(row.id, row.receipt_number, row.receipt_salt, repeated=True) if row else None


def submit(
    session: Session,
    *,
    vault: Vault,
    point: PointView,
    key: bytes,
    sentence: Sentence,
    origin: Origin,
    at: datetime,
) -> Stored:
    """Store the sentence once for `key`; a repeat, even a simultaneous one, returns the first one's receipt.

    Raises PointClosed with the point's own sentence when it is paused or retired.
    """
    if point.state is not PointState.ACTIVE:
        # A send whose answer was lost gets its receipt, even if the point closed since.
        earlier = already_stored(session, key)
        if earlier is not None:
            return earlier
        raise PointClosed(point.closed_note or "这个直报点暂时不收件，可以到社区服务台说。")
    call_id = _call_answered(session, point, key, origin, at=at)
    # The key decides who is first: a second sender waits here for the first one's commit, then finds its row.
    submission_id = session.scalar(_take_key(), {"key": key, "district_id": point.district_id, "created_at": at})
    if submission_id is None:
        stored = already_stored(session, key)
        assert stored is not None, "a key in conflict belongs to a committed submission"
        return stored
    number = receipt_number(submission_id, at)
    salt = os.urandom(16)
    begin_submission(
        session,
        {
            "id": submission_id,
            "district_id": point.district_id,
            "point_id": point.id,
            "area_id": point.area_id,
            "channel": Channel.OPEN_CALL if call_id is not None and origin.channel is Channel.FORM else origin.channel,
            "receipt_number": number,
            "receipt_salt": salt,
            "text_written": sentence.message.text,
            "text_masked": "",
            "replaced_characters": sentence.message.replaced,
            "place": sentence.place,
            "place_masked": "",
            "contact_cipher": vault.seal(sentence.contact, context=contact_context(number)) if sentence.contact else None,
            "contact_hint": hint_of(sentence.contact),
            "contact_consent_at": at if sentence.pass_on else None,
            "device_hash": origin.device_hash,
            "openid_hash": origin.openid_hash,
            "follower_id": origin.follower_id,
            "campaign_id": origin.campaign.campaign_id if origin.campaign is not None else None,
            "open_call_id": call_id,
            "api_key_id": origin.api_key_id,
            "suspicion": origin.suspicion,
            "latitude": sentence.position[0] if sentence.position is not None else None,
            "longitude": sentence.position[1] if sentence.position is not None else None,
            "urgency": Urgency.NORMAL,
            "received_at": at,
        },
        actor=RESIDENT,
        at=at,
    )
    if origin.campaign is not None:
        count_step(session, origin.campaign, Step.SENT, at=at)
    if origin.channel in BY_CODE:
        note_step(session, point, PointStep.SENT, at=at)
    wake_after_commit(session, Wake.TRIAGE)
    return Stored(submission_id, number, salt, repeated=False)


def draw_number(session: Session, *, key: bytes, district_id: int, at: datetime) -> int:
    """The id of a submission that is not a resident's send but made of one, its `key` taken; Conflict when somebody made it already."""
    drawn: int | None = session.scalar(_take_key(), {"key": key, "district_id": district_id, "created_at": at})
    if drawn is None:
        raise Conflict("这件来件刚刚有人处理过，请看看现在的情况。")
    return drawn


def _call_answered(session: Session, point: PointView, key: bytes, origin: Origin, *, at: datetime) -> int | None:
    """As `answered_call`; a send whose answer was lost goes on to its receipt, even if the call ended since."""
    if origin.open_call_id is not None:
        return origin.open_call_id
    try:
        return answered_call(session, point, origin.channel, at=at)
    except PointClosed:
        if already_stored(session, key) is None:
            raise
        return None


def contact_context(number: str) -> str:
    """Binds a sealed contact to its receipt, so that a cipher moved to another row doesn't open."""
    return f"contact:{number}"


def hint_of(contact: str) -> str:
    """Enough to recognise one's own contact: 138••••0021."""
    if not contact:
        return ""
    return contact[:3] + "••••" + contact[-4:] if len(contact) >= 10 else contact[:1] + "••••"
