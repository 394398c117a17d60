"""分件: one message that says several things, handled as several submissions."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId


class SubmissionPart(Base):
    """A submission made of some sentences of another, whose words stay whole; can be taken back while nobody decided on it."""

    __tablename__ = "submission_parts"
    __table_args__ = (Index("ix_submission_parts_parent", "parent_id", "submission_id"),)

    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    parent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    spans: Mapped[list[Any]]
    """[[start, end], …] in the parent's masked words, in code points."""
    split_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    rejoined_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    rejoined_at: Mapped[datetime | None]
