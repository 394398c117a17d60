"""Collect little, keep short: contacts and withdrawn texts are emptied when their time is over (security.md, Retention)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE
from intake.domain.referral import ReferralKind
from intake.domain.submission import Channel, SubmissionState
from intake.models import (
    Contributor,
    Endorsement,
    Finding,
    GramSightings,
    Message,
    Outcome,
    Reassignment,
    Referral,
    Submission,
    SubmissionGrams,
    TopicProposal,
)
from intake.queries.same_matter import sighting
from intake.services.audit import record
from intake.services.chat_draft import erase_of_submission
from intake.services.referral_title import called_by, rename
from intake.services.submission_file import remove_files_of

ERASED = "（内容已清除）"
"""What stands where words stood."""


def apply_retention(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Empty up to `limit` submissions: a withdrawn one's text and contact after 30 days, an ended one's contact after 180."""
    withdrawn_before = at - timedelta(days=workflow.retention.withdrawn_text_days)
    contact_before = at - timedelta(days=workflow.retention.contact_days)
    ended = Submission.state.in_([SubmissionState.CLOSED, SubmissionState.DECLINED])
    due = session.scalars(
        select(Submission)
        .where(
            or_(
                # By what is left, not by `erased_at` alone: a contact may have been emptied long before the words were withdrawn, and an
                # endorsement needs no words.
                (Submission.state == SubmissionState.WITHDRAWN)
                & (Submission.state_changed_at < withdrawn_before)
                & or_(Submission.text_written != "", Submission.erased_at.is_(None)),
                ended & (Submission.state_changed_at < contact_before) & Submission.erased_at.is_(None),
            ),
        )
        .order_by(Submission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for submission in due:
        submission.contact_cipher, submission.contact_hint = None, ""
        if submission.follower_id is not None:
            erase_of_submission(session, submission.id, at=at)
        submission.device_hash = submission.openid_hash = submission.follower_id = None
        if submission.channel is Channel.ENDORSEMENT:
            _forget_endorser(session, submission.id)
        if submission.state is SubmissionState.WITHDRAWN:
            erase_words(session, submission, at=at)
        submission.erased_at = at
        record(
            session,
            actor=MACHINE,
            district_id=submission.district_id,
            action="submission.erase",
            noun="submission",
            entity_id=submission.id,
            at=at,
        )
    return len(due)


def _forget_endorser(session: Session, submission_id: int) -> None:
    """Whose endorsement it was; its own id stands there instead, since one row a person and matter is unique."""
    session.execute(
        update(Endorsement)
        .where(Endorsement.submission_id == submission_id)
        .values(person_hash=submission_id.to_bytes(8, "big"), device_hash=b"")
    )


def erase_words(session: Session, submission: Submission, *, at: datetime) -> None:
    """The text and everything made of it, sent with it or said to it: position, grams, findings, photos, voices, messages, verdicts' words,
    the title of its referral in issued lists too, and of a topic that held nothing else, merged since or not.
    """
    submission.text_written = submission.text_masked = submission.place = submission.place_masked = ""
    submission.latitude = submission.longitude = None
    _forget_grams(session, submission)
    remove_files_of(session, submission.id, at=at)
    session.execute(update(Finding).where(Finding.submission_id == submission.id).values(content={}))
    session.execute(update(Message).where(Message.submission_id == submission.id).values(text_written="", text_masked="", erased_at=at))
    session.execute(update(Outcome).where(Outcome.submission_id == submission.id).values(said=""))
    session.execute(update(Reassignment).where(Reassignment.submission_id == submission.id).values(words=""))
    session.execute(update(Contributor).where(Contributor.submission_id == submission.id).values(reasons=[]))
    referral_ids = session.scalars(select(Referral.id).where(Referral.submission_id == submission.id)).all()
    topics = [topic for topic in called_by(session, submission.id) if topic.confirmed_count + topic.suggested_count == 0]
    for topic in topics:
        topic.title = ERASED
    relayed = Referral.topic_id.in_([topic.id for topic in topics]) & (Referral.kind == ReferralKind.RELAY)
    of_topics = session.scalars(select(Referral.id).where(relayed)).all()
    rename(session, dict.fromkeys([*referral_ids, *of_topics], ERASED))
    _forget_proposals(session, submission, [topic.id for topic in topics])


def _forget_proposals(session: Session, submission: Submission, topic_ids: Sequence[int]) -> None:
    """What the machine quoted of the words when it proposed to part or to join topics; what was proposed and decided stays."""
    stood = session.execute(select(Contributor.topic_id, Contributor.via_topic_id).where(Contributor.submission_id == submission.id))
    there = cast(sorted({one for row in stood for one in row if one is not None}), ARRAY(BigInteger))
    theirs = TopicProposal.submission_ids.contains([submission.id]) | TopicProposal.topic_ids.overlap(cast(topic_ids, ARRAY(BigInteger)))
    session.execute(update(TopicProposal).where(TopicProposal.topic_ids.overlap(there), theirs).values(reasons=[]))


def _forget_grams(session: Session, submission: Submission) -> None:
    """Out of the index, and out of what each piece of a word remembers."""
    grams = session.get(SubmissionGrams, submission.id)
    if grams is None:
        return
    seen = func.array_remove(GramSightings.seen, sighting(submission.id, grams.received_at), type_=GramSightings.seen.type)
    # In the order of the grams, as triage takes these rows.
    rows = (GramSightings.district_id == grams.district_id) & GramSightings.gram.in_(grams.rare)
    session.execute(select(GramSightings.gram).where(rows).order_by(GramSightings.gram).with_for_update())
    session.execute(update(GramSightings).where(rows).values(seen=seen).execution_options(synchronize_session=False))
    session.execute(delete(SubmissionGrams).where(SubmissionGrams.submission_id == submission.id))
