"""Whose words stand in a text that staff write (信息、上报), and which of them were taken back since."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from intake.domain.bulletin_text import standing
from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SubmissionState
from intake.models import Contributor, Submission, SubmissionPart

LOOKED_AT = 2_000
"""Of the newest messages behind what a text is about: whether their words stand in it."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A resident took words back that a text quotes; `piece` is what still stands there, empty once the words themselves are erased."""

    submission_id: int
    piece: str


def taken_back_from(session: Session, text: str, quoted: Collection[int]) -> tuple[TakenBack, ...]:
    """Words in the text that residents took back since it quoted them, some sentences of a message among them; one question."""
    parts = select(SubmissionPart.submission_id).where(SubmissionPart.parent_id.in_(quoted))
    # Of a part without words nobody can say whether it was quoted; of a message somebody did.
    of_quoted = or_(Submission.id.in_(quoted), Submission.id.in_(parts) & (Submission.text_masked != ""))
    rows = session.execute(
        select(Submission.id, Submission.text_masked)
        .where(of_quoted, Submission.state == SubmissionState.WITHDRAWN)
        .order_by(Submission.id)
    )
    found = [(TakenBack(submission_id, standing(text, words)), words) for submission_id, words in rows]
    return tuple(one for one, words in found if one.piece or not words)


def quoted_in(session: Session, text: str, quoted: Collection[int], *about: ColumnElement[bool]) -> list[int]:
    """Submissions whose words stand in the text: of those behind what it is about (conditions on Contributor), and of those it quoted before.

    Of whose words nobody can tell any more, since they are erased, it stays one that was quoted. One question.
    """
    behind = (
        select(Contributor.submission_id)
        .where(*about, Contributor.status == ContributorStatus.CONFIRMED)
        .order_by(Contributor.submission_id.desc())
        .limit(LOOKED_AT)
    )
    rows = session.execute(
        select(Submission.id, Submission.text_masked)
        .where(or_(Submission.id.in_(quoted), Submission.id.in_(behind)))
        .order_by(Submission.id)
    )
    return [submission_id for submission_id, words in rows if (standing(text, words) if words else submission_id in quoted)]


def without_erased(gone: Collection[TakenBack], quoted: Collection[int]) -> list[int]:
    """`quoted` without those whose words are erased: a person says that they are out of the text."""
    erased = {one.submission_id for one in gone if not one.piece}
    return [one for one in quoted if one not in erased]
