"""What staff do with many imported rows at one press; each is decided like any other submission, what somebody else changed is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, DomainError, Forbidden, InvalidInput
from intake.domain.permission import Permission, Role
from intake.domain.submission import SubmissionAction
from intake.models import Area, Contributor, Decision, ImportedRow, Submission
from intake.queries.suggested_together import AT_ONCE
from intake.services.attach_together import attach_together
from intake.services.audit import record
from intake.services.contribution import lock_topics_behind, recount, restore_suggestion
from intake.services.imported_row import refuse_imported
from intake.services.recusal import refuse_recused
from intake.services.submission_decide import Deciding, set_aside
from intake.services.transition import move


@dataclass(frozen=True, slots=True)
class Pressing:
    """One press: whose, on which import, and which rows (submission and the version on the screen)."""

    actor: Actor
    import_id: int
    chosen: Sequence[tuple[int, int]]
    at: datetime
    undo_seconds: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """How many were done, and how many left as they are."""

    done: int
    left: int


def attach_rows(session: Session, pressing: Pressing) -> Pressed:
    """Put each row into the topic that the machine suggests for it; rows without one are left. InvalidInput (field `one`) for none chosen."""
    versions = _chosen(session, pressing)
    lock_topics_behind(session, list(versions))
    suggested = session.execute(
        select(Contributor.topic_id, Contributor.submission_id)
        .where(Contributor.submission_id.in_(versions), Contributor.status == ContributorStatus.SUGGESTED)
        .order_by(Contributor.topic_id, Contributor.submission_id)
    ).all()
    done = 0
    for topic_id in dict.fromkeys(topic_id for topic_id, _ in suggested):
        rows = [(one, versions[one]) for of, one in suggested if of == topic_id]
        try:
            with session.begin_nested():
                done += attach_together(
                    session, actor=pressing.actor, topic_id=topic_id, chosen=rows, at=pressing.at, undo_seconds=pressing.undo_seconds
                ).done
        except DomainError:
            continue  # the topic takes no more: its rows wait
    return Pressed(done, len(pressing.chosen) - done)


def set_rows_aside(session: Session, pressing: Pressing) -> Pressed:
    """Keep the rows for reference; they end until they are brought back. InvalidInput (field `one`) for none chosen."""
    versions = _chosen(session, pressing)
    lock_topics_behind(session, list(versions))
    done = 0
    for submission_id, version in sorted(versions.items()):
        deciding = Deciding(
            actor=pressing.actor, submission_id=submission_id, version=version, at=pressing.at, undo_seconds=pressing.undo_seconds
        )
        try:
            with session.begin_nested():
                set_aside(session, deciding)
        except DomainError:
            continue  # somebody was faster
        done += 1
    return Pressed(done, len(pressing.chosen) - done)


def bring_rows_back(session: Session, pressing: Pressing) -> Pressed:
    """Let rows that were kept for reference wait again, with what was suggested for them; whoever may decide may, and whenever, since nobody
    was told. InvalidInput (field `one`) for none chosen.
    """
    versions = _chosen(session, pressing)
    lock_topics_behind(session, list(versions))
    done, changed = 0, set[int]()
    for submission_id, version in sorted(versions.items()):
        try:
            with session.begin_nested():
                changed |= _bring_back(session, pressing, submission_id=submission_id, version=version)
        except DomainError:
            continue  # somebody was faster
        done += 1
    recount(session, changed, at=pressing.at)
    return Pressed(done, len(pressing.chosen) - done)


def _bring_back(session: Session, pressing: Pressing, *, submission_id: int, version: int) -> set[int]:
    """One row; the topics whose counts change."""
    submission = session.get_one(Submission, submission_id, with_for_update=True, populate_existing=True)
    path = session.get_one(Area, submission.area_id).path
    if not pressing.actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您负责的区域。")
    refuse_imported(submission, pressing.actor, area_path=path)
    refuse_recused(session, actor=pressing.actor, submission_id=submission_id)
    decision = session.scalars(
        select(Decision)
        .where(Decision.submission_id == submission_id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if submission.version != version or decision is None or decision.action != SubmissionAction.SET_ASIDE.value:
        raise Conflict("这件来件刚刚有变化，请看现在的情况。")
    decision.undone_at = pressing.at
    move(session, submission, SubmissionAction.BRING_BACK, actor=pressing.actor, at=pressing.at, area_path=path)
    submission.owner_id, submission.owner_role = None, Role.STAFF
    record(
        session,
        actor=pressing.actor,
        district_id=submission.district_id,
        action=f"submission.{SubmissionAction.BRING_BACK.value}",
        noun="submission",
        entity_id=submission.id,
        at=pressing.at,
    )
    return restore_suggestion(session, submission=submission, at=pressing.at)


def _chosen(session: Session, pressing: Pressing) -> dict[int, int]:
    """Versions by submission, of those that belong to the import."""
    if not pressing.chosen:
        raise InvalidInput("一件也没有勾选。请勾选要处理的行。", field="one")
    if len(pressing.chosen) > AT_ONCE:
        raise InvalidInput(f"一次最多 {AT_ONCE} 件，请分几次处理。", field="one")
    versions = dict(pressing.chosen)
    mine = select(ImportedRow.submission_id).where(
        ImportedRow.import_id == pressing.import_id,
        ImportedRow.district_id == pressing.actor.district_id,
        ImportedRow.submission_id.in_(versions),
    )
    return {one: versions[one] for one in session.scalars(mine)}
