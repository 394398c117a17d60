"""The timeline of a receipt: every step of the submission, of its topic, its referral and its alarm, in plain words."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session, aliased

from intake.domain.referral import ENTRY_NAMES, EXTENSION_TABLE, REFERRAL_TABLE, ReferralAction, ReferralKind
from intake.domain.submission import DECLINE_WORDS, SUBMISSION_TABLE, Channel, DeclineReason, SubmissionAction
from intake.domain.topic import TOPIC_TABLE
from intake.domain.upward_report import UPWARD_TABLE
from intake.models import (
    Answer,
    Contributor,
    Decision,
    Department,
    Extension,
    HistoryEntry,
    Notification,
    Submission,
    Topic,
    UpwardReport,
    User,
)
from intake.queries.alarm import alarm_steps
from intake.queries.receipt_referral import ReferralOnReceipt


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline."""

    at: datetime
    words: str
    """The table's sentence for this step."""
    reason: str
    """The words of the reason that was chosen from a list; empty where there is none."""
    written: str
    """What the member, staff or the unit wrote."""
    by: str
    """Who, where it is a person of the committee; of an office or department its name alone."""
    topic_title: str
    decision_id: int | None
    """The decision it belongs to, which may be the result that stands above the timeline."""

    @property
    def is_decision(self) -> bool:
        """Whether a person decided."""
        return self.decision_id is not None


_TABLES = {table.noun: table for table in (SUBMISSION_TABLE, TOPIC_TABLE, REFERRAL_TABLE, EXTENSION_TABLE, UPWARD_TABLE)}
_WORDS = {(table.noun, transition.action.value): transition.words for table in _TABLES.values() for transition in table.transitions}
_OF_UNITS = frozenset({REFERRAL_TABLE.noun, EXTENSION_TABLE.noun})
"""Steps that an office or a department takes: residents read its name, not the official's."""
_SAID_BY_SUBMISSION = frozenset({(REFERRAL_TABLE.noun, ReferralAction.RETURN.value)})
"""The submission's own step says it with the reason."""
_RECEIVED = "已收到您的话。"
_PARTED = "您说了几件事，这一件分开办理。"
"""How the story of a part begins; what was received stands on the receipt it came from."""
_CLASS_ANSWERED = "这一类事有了答复；您这一件接着办。"
"""The answer to a class; of what is the resident's own the submission's step brings it."""

_TARGET = aliased(Topic)


def steps_of(
    session: Session,
    submission: Submission,
    contributor: Contributor | None,
    referrals: tuple[ReferralOnReceipt, ...],
    *,
    was_emergency: bool,
) -> tuple[Step, ...]:
    """The submission's history, that of the topics it was confirmed in from the moment it joined, and of its relays, in order; undone
    steps are left out. One statement, two more where it was an emergency.
    """
    rows = session.execute(
        select(HistoryEntry, Decision, Answer.words, User.name, Department.name, _TARGET.title)
        .outerjoin(Decision, Decision.id == HistoryEntry.decision_id)
        .outerjoin(Answer, Answer.id == Decision.answer_id)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(_TARGET, _TARGET.id == HistoryEntry.topic_id)
        .where(HistoryEntry.id.in_(union(*_entries(submission, contributor, referrals)).subquery().select()))
        .order_by(HistoryEntry.at, HistoryEntry.id)
    ).all()
    of_classes = frozenset(one.id for one in referrals if one.of_class)
    steps = [step for row in rows if (step := _step(row, of_classes)) is not None]
    steps += [_entry(entry) for referral in referrals for entry in referral.entries]
    if was_emergency:
        steps += [Step(one.at, one.words, "", one.written, "", "", None) for one in alarm_steps(session, submission.id)]
    steps = sorted(steps, key=lambda step: step.at)
    if submission.parent_id is not None:
        steps = [replace(step, words=_PARTED) if step.words == _RECEIVED else step for step in steps]
    if submission.channel is Channel.ENDORSEMENT:  # its story begins at the moment of joining
        return tuple(_of_endorsement(step) for step in steps if step.at >= submission.received_at)
    return tuple(steps)


def _of_endorsement(step: Step) -> Step:
    """Whoever joined a matter said nothing that arrived, and reads no topic's inner title: everybody may join."""
    return replace(step, words="您附议了这件事。" if step.words == _RECEIVED else step.words, topic_title="")


def _entries(submission: Submission, contributor: Contributor | None, referrals: tuple[ReferralOnReceipt, ...]) -> list[Select[Any]]:
    """Ids of the rows of history that are this resident's story; each part by the table's index."""
    parts = [_of(SUBMISSION_TABLE.noun, {submission.id})]
    if contributor is not None:
        ids = {contributor.topic_id, contributor.via_topic_id or contributor.topic_id}
        since = contributor.decided_at or contributor.created_at
        parts.append(_of(TOPIC_TABLE.noun, ids).where(HistoryEntry.at >= since))
        # Topics it passed through by merging are not on the contributor any more, but the notices tell what was said there.
        parts.append(
            select(HistoryEntry.id)
            .join(Decision, (Decision.id == HistoryEntry.decision_id) & (Decision.topic_id == HistoryEntry.entity_id))
            .join(Notification, Notification.decision_id == Decision.id)
            .where(Notification.submission_id == submission.id, HistoryEntry.noun == TOPIC_TABLE.noun)
        )
        # What a body above answered about its class.
        parts.append(
            select(HistoryEntry.id)
            .join(UpwardReport, UpwardReport.id == HistoryEntry.entity_id)
            .join(Decision, (Decision.id == HistoryEntry.decision_id) & (Decision.topic_id == UpwardReport.topic_id))
            .join(Notification, Notification.decision_id == Decision.id)
            .where(Notification.submission_id == submission.id, HistoryEntry.noun == UPWARD_TABLE.noun)
        )
    relays = {one.id for one in referrals if one.kind is ReferralKind.RELAY}
    if relays:
        parts.append(_of(REFERRAL_TABLE.noun, relays))
        parts.append(
            select(HistoryEntry.id)
            .join(Extension, Extension.id == HistoryEntry.entity_id)
            .where(HistoryEntry.noun == EXTENSION_TABLE.noun, Extension.referral_id.in_(relays))
        )
    return parts


def _of(noun: str, ids: set[int]) -> Select[Any]:
    return select(HistoryEntry.id).where(HistoryEntry.noun == noun, HistoryEntry.entity_id.in_(ids))


def _step(row: Any, of_classes: frozenset[int]) -> Step | None:
    """One row of history as a line; None where it was undone or isn't for the resident."""
    entry, decision, answer, name, unit, title = row
    words = _words(entry, of_classes)
    if not words or (decision is not None and decision.undone_at is not None) or (entry.noun, entry.action) in _SAID_BY_SUBMISSION:
        return None
    # A report-back repeats the topic's decision that stands right above it, unless it brings a unit's answer.
    told = None if entry.action == SubmissionAction.REPORT_BACK.value and answer is None else decision
    return Step(
        at=entry.at,
        words=words,
        reason=_reason(told),
        written="\n".join(part for part in (answer, told.words if told is not None else "") if part),
        by=(unit or "") if entry.noun in _OF_UNITS else (name or ""),
        topic_title=title or "",
        decision_id=decision.id if decision is not None else None,
    )


def _entry(entry: Any) -> Step:
    return Step(
        at=entry.at,
        words=ENTRY_NAMES[entry.kind],
        reason=entry.reason,
        written=entry.words,
        by=entry.by,
        topic_title="",
        decision_id=None,
    )


def _words(entry: HistoryEntry, of_classes: frozenset[int]) -> str:
    if entry.action == "begin":
        return _RECEIVED if entry.noun == SUBMISSION_TABLE.noun else ""
    if entry.noun == REFERRAL_TABLE.noun and entry.action == ReferralAction.DELIVER.value and entry.entity_id in of_classes:
        return _CLASS_ANSWERED
    return _WORDS.get((entry.noun, entry.action), "")


def _reason(decision: Decision | None) -> str:
    if decision is None or decision.action != "decline" or not decision.reason_code:
        return ""
    return DECLINE_WORDS[DeclineReason(decision.reason_code)]
