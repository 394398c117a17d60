"""代填: a community worker files what somebody said or wrote down, with that person's consent; it goes the way of every other message."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.assisted import CHILD_BELOW, Consent, SpokenBy
from intake.domain.errors import Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import Channel
from intake.models import Area, AssistedFiling, PaperSlip, Submission
from intake.ports import Vault
from intake.queries.point import PointView
from intake.services.audit import record
from intake.services.outcome import note_told_with_parts
from intake.services.paper_slip import check_unused, hold_slip
from intake.services.submission_submit import Origin, Sentence, Stored, already_stored, submit


@dataclass(frozen=True, slots=True)
class Spoken:
    """How it came to the worker."""

    by: SpokenBy
    consent: Consent
    is_child: bool
    """Whether the person is below 14."""
    slip: str
    """The number on the slip it was written on, as typed; empty for none."""


def read_spoken(*, by: str, consent: str, is_child: bool, slip: str) -> Spoken:
    """Check what was chosen; InvalidInput (fields `spoken_by`, `consent`): without consent nothing is filed."""
    teller = next((one for one in SpokenBy if one.value == by), None)
    if teller is None:
        raise InvalidInput("请选这件事是谁说的。", field="spoken_by")
    return Spoken(teller, read_consent(consent, is_child=is_child), is_child, slip.strip())


def read_consent(chosen: str, *, is_child: bool) -> Consent:
    """How somebody agreed that it be filed for them; InvalidInput (field `consent`) for nothing chosen, and for a child's own word."""
    agreed = next((one for one in Consent if one.value == chosen), None)
    if agreed is None:
        raise InvalidInput("请先念给本人听，征得同意，再选是怎样同意的。没有同意，不能代填。", field="consent")
    if is_child and agreed is not Consent.GUARDIAN:
        raise InvalidInput(f"不满 {CHILD_BELOW} 岁，要监护人同意。请联系监护人，同意后在这里选“监护人同意”。", field="consent")
    return agreed


def filing_key(actor: Actor, nonce: str, sentence: Sentence, spoken: Spoken) -> bytes:
    """The same for the same words sent twice from one page of one worker."""
    said = (str(actor.user_id), nonce, sentence.message.text, sentence.place, sentence.contact, spoken.slip)
    return b"work" + hashlib.sha256("\x1f".join(said).encode()).digest()


def file_for(
    session: Session, *, vault: Vault, actor: Actor, point: PointView, key: bytes, sentence: Sentence, spoken: Spoken, at: datetime
) -> Stored:
    """Store it once for `key`, with who told it and how they agreed; a repeat returns the first one's receipt.

    Raises Forbidden outside the actor's areas, InvalidInput (field `slip`) for a slip that can't be this one's, PointClosed.
    """
    if not actor.may(Permission.ASSISTED_FILE, area_path=point.area_path):
        raise Forbidden("这个直报点不在您的社区，请选自己社区的。")
    slip = hold_slip(session, spoken.slip, point=point) if spoken.slip else None
    if slip is not None and (earlier := already_stored(session, key)) is not None:
        return earlier  # whoever pressed twice waited for the slip, and it is theirs
    if slip is not None:
        check_unused(session, slip)
    stored = submit(session, vault=vault, point=point, key=key, sentence=sentence, origin=Origin(Channel.WORKER), at=at)
    if not stored.repeated:
        _write_down(session, actor, stored, spoken, slip, point=point, at=at)
    return stored


def print_filed(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> None:
    """Write down that whoever filed it opens its receipt for printing; NotFound for anybody else, Forbidden once the area isn't theirs."""
    submission = _own(session, actor, submission_id)
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="receipt.reprint",
        noun="submission",
        entity_id=submission.id,
        at=at,
        checked="filed",
    )


def note_told(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> None:
    """Whoever filed it has told its resident the answers that stand, to parts of it too; again changes nothing."""
    submission = _own(session, actor, submission_id)
    note_told_with_parts(session, submission_id=submission.id, at=at)
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="outcome.told",
        noun="submission",
        entity_id=submission.id,
        at=at,
    )


def _own(session: Session, actor: Actor, submission_id: int) -> Submission:
    submission = session.scalars(
        select(Submission)
        .join(AssistedFiling, AssistedFiling.submission_id == Submission.id)
        .where(Submission.id == submission_id, AssistedFiling.filed_by == actor.user_id)
    ).one_or_none()
    if submission is None:
        raise NotFound("您没有代填过这一件。别人代填的，请用“补打回执”。")
    if not actor.may(Permission.ASSISTED_FILE, area_path=session.get_one(Area, submission.area_id).path):
        raise Forbidden("这个社区已经不由您负责。")
    return submission


def _write_down(
    session: Session, actor: Actor, stored: Stored, spoken: Spoken, slip: PaperSlip | None, *, point: PointView, at: datetime
) -> None:
    filing = AssistedFiling(
        district_id=point.district_id,
        submission_id=stored.submission_id,
        filed_by=actor.user_id,
        spoken_by=spoken.by,
        consent=spoken.consent,
        is_child=spoken.is_child,
        slip_id=slip.id if slip is not None else None,
        created_at=at,
    )
    session.add(filing)
    record(
        session,
        actor=actor,
        district_id=point.district_id,
        action="submission.file_for",
        noun="submission",
        entity_id=stored.submission_id,
        at=at,
        spoken_by=spoken.by.value,
        consent=spoken.consent.value,
        is_child=spoken.is_child,
    )
