"""What people have taught about categories, with the words it was taught on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.learnt_part import LearntPart
from intake.domain.submission import SubmissionState
from intake.domain.triage_model import ExampleKind, is_held_out
from intake.models import Submission, TrainingExample, TriageModel


@dataclass(frozen=True, slots=True)
class CategoryExample:
    """One submission in the category a person said last; its words are masked."""

    submission_id: int
    words: str
    category: str

    @property
    def held_out(self) -> bool:
        """Whether it judges instead of teaching."""
        return is_held_out(self.submission_id)


def category_examples(session: Session, *, district_id: int, limit: int) -> tuple[CategoryExample, ...]:
    """The district's latest examples, each submission once, by id; what was taken back, withdrawn or wiped is left out."""
    latest = (
        select(TrainingExample.submission_id, func.max(TrainingExample.id).label("id"))
        .where(
            TrainingExample.district_id == district_id,
            TrainingExample.kind == ExampleKind.CATEGORY,
            TrainingExample.undone_at.is_(None),
        )
        .group_by(TrainingExample.submission_id)
        .subquery()
    )
    rows = session.execute(
        select(Submission.id, Submission.text_masked, TrainingExample.label)
        .join(latest, latest.c.submission_id == Submission.id)
        .join(TrainingExample, TrainingExample.id == latest.c.id)
        .where(Submission.state != SubmissionState.WITHDRAWN, Submission.text_masked != "")
        .order_by(TrainingExample.id.desc())
        .limit(limit)
    )
    return tuple(sorted((CategoryExample(*row) for row in rows), key=lambda example: example.submission_id))


def districts_with_lessons(session: Session, *, at_least: int) -> tuple[int, ...]:
    """Districts where the category of this many submissions was taught since their latest classifier was made, whatever became of that."""
    made = latest_made(LearntPart.CATEGORY)
    return tuple(
        session.scalars(
            select(TrainingExample.district_id)
            .where(TrainingExample.kind == ExampleKind.CATEGORY, TrainingExample.undone_at.is_(None))
            .where(or_(made.is_(None), TrainingExample.created_at > made))
            .group_by(TrainingExample.district_id)
            .having(func.count(TrainingExample.submission_id.distinct()) >= at_least)
            .order_by(TrainingExample.district_id)
        )
    )


def latest_made(part: LearntPart) -> ScalarSelect[datetime]:
    """When the example's district last got a model of its own for this part, adopted or refused; to stand in a query over examples."""
    return (
        select(func.max(TriageModel.created_at))
        .where(TriageModel.district_id == TrainingExample.district_id, part_judged() == part.value)
        .correlate(TrainingExample)
        .scalar_subquery()
    )


def part_judged() -> ColumnElement[str]:
    """Which part of triage a row of models was made for; a row that doesn't say is a classifier, as all were once."""
    return func.coalesce(TriageModel.measured["part"].astext, LearntPart.CATEGORY.value)
