"""改类别: a person says what a submission is about; the machine learns from it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionState
from intake.domain.triage_model import ExampleKind
from intake.models import Area, Contributor, Submission, Topic, TrainingExample
from intake.services.audit import record
from intake.services.contribution import lock_topics_of
from intake.services.imported_row import refuse_imported
from intake.services.recusal import refuse_recused
from intake.services.training_example import learn, said_of

FIXED = frozenset({SubmissionState.RECEIVED, SubmissionState.WITHDRAWN, SubmissionState.REJOINED})
"""Before the machine has looked, and after the resident took it back, there is nothing to change."""


def change_category(
    session: Session, *, actor: Actor, submission_id: int, version: int, category: str, taxonomy: Taxonomy, at: datetime
) -> None:
    """Put the submission into `category` and keep what was said as an example; saying what stands already confirms it.

    A topic that holds nothing else follows. Raises Conflict when somebody was faster, InvalidInput (field `category`) for a category that
    the district doesn't have, Forbidden outside the actor's areas.
    """
    lock_topics_of(session, submission_id)
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    path = session.get_one(Area, submission.area_id).path
    if not actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_imported(submission, actor, area_path=path)
    refuse_recused(session, actor=actor, submission_id=submission_id)
    if submission.version != version or submission.state in FIXED:
        raise Conflict("这件来件刚刚有变化，请看看现在的情况再改类别。")
    if category not in {one.code for one in taxonomy.categories}:
        raise InvalidInput("请从列表里选一个类别。", field="category")
    assert actor.user_id is not None
    before = submission.category
    said = said_of(session, submission_id)
    learn(
        session,
        kind=ExampleKind.CATEGORY,
        submission=submission,
        label=category,
        suggested=_first_said(session, submission),
        model_version=said.model_version if said else None,
        by=actor.user_id,
        at=at,
    )
    if before != category:
        submission.category = category
        submission.version += 1
        _follow(session, submission, before)
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="submission.category",
        noun="submission",
        entity_id=submission.id,
        at=at,
        before=before,
        after=category,
    )


def _first_said(session: Session, submission: Submission) -> str | None:
    """What the machine had said before any person changed it."""
    earlier = session.execute(
        select(TrainingExample.suggested)
        .where(TrainingExample.submission_id == submission.id, TrainingExample.kind == ExampleKind.CATEGORY)
        .order_by(TrainingExample.id)
        .limit(1)
    ).one_or_none()
    return earlier.suggested if earlier is not None else submission.category


def _follow(session: Session, submission: Submission, before: str | None) -> None:
    topic = session.scalars(
        select(Topic)
        .join(Contributor, Contributor.topic_id == Topic.id)
        .where(Contributor.submission_id == submission.id, Contributor.status != ContributorStatus.REMOVED)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if topic is not None and topic.category == before and topic.confirmed_count + topic.suggested_count == 1:
        topic.category = submission.category
