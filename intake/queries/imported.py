"""Imported rows among submissions: nobody waits behind them, and no member is asked about them."""

from typing import Any

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from intake.domain.submission import Channel
from intake.models import ImportedRow, Submission

_IMPORT: ColumnElement[Any] = literal_column(f"'{Channel.IMPORT.value}'")
IMPORTED: ColumnElement[bool] = Submission.channel == _IMPORT
NOT_IMPORTED: ColumnElement[bool] = Submission.channel != _IMPORT
"""What people said here. In the words of the indexes of what waits, so that every plan sees that they fit."""


def somebody_waits(
    submission_id: ColumnElement[int] | ColumnElement[int | None] | InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """Whether the submission was sent here, for statements that don't read it: an imported row has its row in ImportedRow."""
    return ~select(ImportedRow.id).where(ImportedRow.submission_id == submission_id).exists()


def is_imported(session: Session, submission_id: int) -> bool:
    """Whether it was said elsewhere, and nobody waits here."""
    return session.scalar(select(Submission.id).where(Submission.id == submission_id, IMPORTED)) is not None


def without_imported(session: Session, ids: list[int]) -> list[int]:
    """Those that were sent here, in their order."""
    imported = set(session.scalars(select(ImportedRow.submission_id).where(ImportedRow.submission_id.in_(ids))))
    return [one for one in ids if one not in imported]
