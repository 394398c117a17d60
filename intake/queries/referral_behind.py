"""What stands behind a referral: the residents' words and what they ask for, what was decided before, what a leader instructed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, or_, select, true
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.instruction import InstructionState
from intake.domain.language.common_demands import CommonDemand, common_demands
from intake.domain.language.lexicon import Lexicon
from intake.domain.submission import Channel, SubmissionState
from intake.domain.topic import TopicAction
from intake.models import Area, Contributor, Decision, Finding, Instruction, InstructionForward, Referral, Submission, User
from intake.queries.endorsement import wordless
from intake.queries.instruction import registers
from intake.queries.lease import recused
from intake.queries.topic_detail import with_matters

VOICES_READ = 100
"""The newest; whoever wants all of them opens the topic."""


@dataclass(frozen=True, slots=True)
class VoiceBehind:
    """One resident's masked words."""

    submission_id: int
    text: str
    place: str
    area_name: str
    received_at: datetime
    may_be_called: bool
    """Whether a contact is there and the resident agreed that the unit in charge may have it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened before it was sent: when, what (a topic's action), in whose words, by whom."""

    at: datetime
    action: TopicAction
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class InstructionShown:
    """What of a leader's instruction may be passed on; a unit reads neither leader nor number (both empty)."""

    id: int
    number: str
    given_on: date
    given_by: str
    extract: str
    due_on: date | None
    state: InstructionState


def voices_behind(session: Session, actor: Actor, one: Referral) -> tuple[tuple[VoiceBehind, ...], int]:
    """The newest of those whose matter it is, and how many there are; what was withdrawn is nobody's any more. Who joined
    without a word is counted alone; what the actor stepped back from isn't shown. In one query.
    """
    query = select(Submission, Area.name, func.count().over()).join(Area, Area.id == Submission.area_id)
    query = query.where(Submission.state != SubmissionState.WITHDRAWN, ~recused(actor))
    if one.submission_id is not None:
        query = query.where(Submission.id == one.submission_id)
    else:
        behind = select(Contributor.submission_id).where(
            Contributor.topic_id.in_(with_matters(one.topic_id or 0)), Contributor.status == ContributorStatus.CONFIRMED
        )
        query = query.where(Submission.id.in_(behind))
    rows = session.execute(query.order_by(wordless(), Submission.received_at.desc(), Submission.id.desc()).limit(VOICES_READ)).all()
    voices = tuple(
        VoiceBehind(
            submission_id=s.id,
            text=s.text_masked,
            place=s.place_masked,
            area_name=area,
            received_at=s.received_at,
            may_be_called=s.contact_cipher is not None and s.contact_consent_at is not None,
        )
        for s, area, _ in rows
        if s.text_masked or s.channel is not Channel.ENDORSEMENT
    )
    return voices, rows[0][2] if rows else 0


def demands_of(session: Session, voices: Sequence[VoiceBehind], lexicon: Lexicon) -> tuple[CommonDemand, ...]:
    """What they ask for, by the newest finding of each; a message without several demands asks for one thing."""
    rows = session.execute(
        select(Finding.submission_id, Finding.content["demands"])
        .where(Finding.submission_id.in_([voice.submission_id for voice in voices]))
        .order_by(Finding.id)
    )
    found: dict[int, Any] = {row[0]: row[1] for row in rows}  # the newest of each comes last
    return common_demands([_parts(voice.text, found.get(voice.submission_id)) for voice in reversed(voices)], lexicon)


def _parts(text: str, demands: Any) -> list[str]:
    if not isinstance(demands, list) or len(demands) < 2:
        return [text]
    return [text[one["start"] : one["end"]] for one in demands]


def facts_of(session: Session, one: Referral) -> tuple[Fact, ...]:
    """What was decided on the topic, the latest first."""
    rows = session.execute(
        select(Decision.decided_at, Decision.action, Decision.words, User.name)
        .join(User, User.id == Decision.decided_by)
        .where(Decision.topic_id == one.topic_id, Decision.action.in_([action.value for action in TopicAction]))
        .order_by(Decision.id.desc())
        .limit(20)
    )
    return tuple(Fact(at, TopicAction(action), words, by) for at, action, words, by in rows)


def instructions_on(session: Session, actor: Actor, one: Referral) -> tuple[InstructionShown, ...]:
    """What leaders said to it or to its topic, the latest first: for those who register it, and for a unit what was sent on to it."""
    about = (
        or_(Instruction.referral_id == one.id, Instruction.topic_id == one.topic_id) if one.topic_id else Instruction.referral_id == one.id
    )
    whole = registers(actor)
    sent_on = select(InstructionForward.instruction_id).where(InstructionForward.department_id == actor.unit_id)
    rows = session.execute(
        select(
            Instruction.id,
            Instruction.number if whole else literal(""),
            Instruction.given_on,
            Instruction.given_by if whole else literal(""),
            Instruction.extract,
            Instruction.due_on,
            Instruction.state,
        )
        .where(about, true() if whole else Instruction.id.in_(sent_on))
        .order_by(Instruction.given_on.desc(), Instruction.id.desc())
        .limit(10)
    )
    return tuple(InstructionShown(*row) for row in rows)
