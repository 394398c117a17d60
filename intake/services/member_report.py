"""随手报: what a member saw or was told goes the way of every other message, and somebody else decides on it (ADR 37)."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.assisted import Consent
from intake.domain.capture import HEARD_AT, LATE_DAYS, ReportOf
from intake.domain.chat_draft import PHOTO_MARK, VOICE_MARK
from intake.domain.errors import Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.submission import Channel
from intake.domain.text import clean
from intake.models import Activity, Area, MemberReport, Submission
from intake.ports import Vault
from intake.queries.member_report import reporters
from intake.queries.point import PointView
from intake.services.activity import note
from intake.services.assisted_file import read_consent
from intake.services.audit import record
from intake.services.outcome import note_seen, note_told_with_parts
from intake.services.paper_slip import point_to_file
from intake.services.submission_submit import Origin, Sentence, Stored, already_stored, read_sentence, submit


@dataclass(frozen=True, slots=True)
class Told:
    """Whose words they are, and where the member heard them."""

    report_of: ReportOf
    consent: Consent | None
    """None for the member's own."""
    heard_at: ActivityKind | None
    """A visit or reception that is put on record with it."""
    activity_id: int | None
    """One that is on record already."""
    day: date | None
    """When it was written, as the phone says; None for today."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """What a member sends off."""

    actor: Actor
    point_id: int | None
    nonce: str
    """Drawn for this report: the same words of the same person with it are the same report."""
    sentence: Sentence
    told: Told

    @property
    def key(self) -> bytes:
        """The same for the same report sent twice."""
        said = (str(self.actor.user_id), self.nonce, self.sentence.message.text, self.sentence.place, self.sentence.contact)
        return b"memb" + hashlib.sha256("\x1f".join(said).encode()).digest()


def read_told(*, report_of: str, consent: str, is_child: bool, occasion: str, day: date | None) -> Told:
    """Check what was chosen; InvalidInput (fields `report_of`, `consent`, `occasion`). `occasion`: a kind of HEARD_AT, an activity's id, or
    nothing.
    """
    of = next((one for one in ReportOf if one.value == report_of), None)
    if of is None:
        raise InvalidInput("请选是您看到的，还是居民托您反映的。", field="report_of")
    agreed = read_consent(consent, is_child=is_child) if of is ReportOf.RESIDENT else None
    kind = next((one for one in HEARD_AT if one.value == occasion), None)
    if kind is not None or not occasion:
        return Told(of, agreed, kind, None, day)
    if not (occasion.isascii() and occasion.isdecimal() and len(occasion) < 19):
        raise InvalidInput(_NO_ACTIVITY, field="occasion")
    return Told(of, agreed, None, int(occasion), day)


def read_report(*, text: str, place: str, contact: str, pass_on: bool, has_voice: bool, has_photo: bool) -> Sentence:
    """Clean and check what was written; without a word a mark stands for the voice or the photo. InvalidInput names the field."""
    if clean(text).text:
        return read_sentence(text=text, place=place, contact=contact, pass_on=pass_on)
    marks = [mark for mark, is_there in ((VOICE_MARK, has_voice), (PHOTO_MARK, has_photo)) if is_there]
    if not marks:
        raise InvalidInput("请写一句话，或者录一段音、拍一张照片。", field="text")
    return read_sentence(text="\n".join(marks), place=place, contact=contact, pass_on=pass_on)


def already_reported(session: Session, reporting: Reporting) -> Stored | None:
    """What it made when it was sent before, whatever has become of the point or the area since."""
    return already_stored(session, reporting.key)


def report(session: Session, reporting: Reporting, *, vault: Vault, at: datetime) -> Stored:
    """Store it once, with whose words they are, and put the visit on record that it comes from; a repeat returns the first one's receipt.

    Raises Forbidden outside the actor's areas, InvalidInput (fields `point`, `occasion`), PointClosed.
    """
    point = point_to_file(session, reporting.actor, reporting.point_id, Permission.CAPTURE)
    told = reporting.told
    sentence = reporting.sentence if told.report_of is ReportOf.RESIDENT else replace(reporting.sentence, contact="", pass_on=False)
    own = _own_activity(session, reporting.actor, told.activity_id) if told.activity_id is not None else None
    stored = submit(session, vault=vault, point=point, key=reporting.key, sentence=sentence, origin=Origin(Channel.MEMBER), at=at)
    if stored.repeated:
        return stored
    activity = own or (_put_on_record(session, reporting, told.heard_at, point=point, at=at) if told.heard_at is not None else None)
    _write_down(session, reporting, stored, activity, at=at)
    return stored


def open_report(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> MemberReport:
    """Write down that whoever reported it looks at its receipt; an answer to the member's own is seen with that.

    NotFound for anybody else, Forbidden once the area isn't theirs.
    """
    found, submission = _own(session, actor, submission_id)
    if found.report_of is ReportOf.OWN:
        note_seen(session, submission_id=submission.id, at=at)
    _record(session, actor, submission, "report.open", at=at)
    return found


def own_report(session: Session, *, actor: Actor, submission_id: int) -> MemberReport:
    """One's own report, to add to it; errors as `open_report`."""
    return _own(session, actor, submission_id)[0]


def note_resident_told(session: Session, *, actor: Actor, submission_id: int, at: datetime) -> None:
    """The member has told the resident the answers that stand, to parts of it too; again changes nothing. Errors as `open_report`."""
    _, submission = _own(session, actor, submission_id)
    note_told_with_parts(session, submission_id=submission.id, at=at)
    _record(session, actor, submission, "outcome.told", at=at)


def refuse_own_report(session: Session, submission: Submission, actor: Actor) -> None:
    """Forbidden when the actor wrote down what is to be decided on, or the message it was split off: another pair of eyes looks at it."""
    told = submission.parent_id or submission.id
    if submission.channel is Channel.MEMBER and reporters(session, [told]).get(told) == actor.user_id:
        raise Forbidden("这一件是您自己报的，由别的委员来看；办到哪一步，在“我报的”里看。")


_NO_ACTIVITY = "没有这条履职记录，可能已经删去，请重新选。"


def _own_activity(session: Session, actor: Actor, activity_id: int) -> Activity:
    found = session.scalars(
        select(Activity).where(Activity.id == activity_id, Activity.user_id == actor.user_id, Activity.removed_at.is_(None))
    ).one_or_none()
    if found is None:
        raise InvalidInput(_NO_ACTIVITY, field="occasion")
    return found


def _put_on_record(session: Session, reporting: Reporting, kind: ActivityKind, *, point: PointView, at: datetime) -> Activity:
    today = at.astimezone(SHANGHAI).date()
    said = reporting.told.day
    return note(
        session,
        actor=reporting.actor,
        kind=kind,
        day=said if said is not None and today - timedelta(days=LATE_DAYS) <= said <= today else today,
        area_id=point.area_id,
        venue_id=None,
        people=1 if reporting.told.report_of is ReportOf.RESIDENT else 0,
        words="",
        settled=None,
        nonce=hashlib.sha256(b"report/" + reporting.key).digest()[:16],
        at=at,
    )


def _write_down(session: Session, reporting: Reporting, stored: Stored, activity: Activity | None, *, at: datetime) -> None:
    submission = session.get_one(Submission, stored.submission_id)
    assert reporting.actor.user_id is not None, "a person reports"
    session.add(
        MemberReport(
            submission_id=submission.id,
            district_id=submission.district_id,
            user_id=reporting.actor.user_id,
            report_of=reporting.told.report_of,
            consent=reporting.told.consent,
            activity_id=activity.id if activity is not None else None,
            created_at=at,
        )
    )
    session.flush()
    _record(
        session,
        reporting.actor,
        submission,
        "submission.report",
        at=at,
        report_of=reporting.told.report_of.value,
        consent=reporting.told.consent.value if reporting.told.consent is not None else None,
    )


def _own(session: Session, actor: Actor, submission_id: int) -> tuple[MemberReport, Submission]:
    row = session.execute(
        select(MemberReport, Submission)
        .join(Submission, Submission.id == MemberReport.submission_id)
        .where(MemberReport.submission_id == submission_id, MemberReport.user_id == actor.user_id)
    ).one_or_none()
    if row is None:
        raise NotFound("您没有报过这一件。")
    if not actor.may(Permission.CAPTURE, area_path=session.get_one(Area, row.Submission.area_id).path):
        raise Forbidden("这个社区已经不由您联系。")
    return row.MemberReport, row.Submission


def _record(session: Session, actor: Actor, submission: Submission, action: str, *, at: datetime, **codes: str | None) -> None:
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action=action,
        noun="submission",
        entity_id=submission.id,
        at=at,
        **codes,
    )
