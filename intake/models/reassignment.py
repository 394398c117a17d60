"""换人: hand-overs, recusals, and what was passed up before its time."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.reassignment import ReassignmentKind
from intake.models.base import Base, DistrictId, Key, text_enum


class Reassignment(Base):
    """One change of hands; whoever recused themselves stays out of the submission for good."""

    __tablename__ = "reassignments"
    __table_args__ = (
        Index("ix_reassignments_submission", "submission_id", "id"),
        # What came to a person by hand, few among all that waits with them.
        Index("ix_reassignments_to", "to_user_id", "submission_id", postgresql_where="to_user_id IS NOT NULL"),
        Index("uq_reassignments_recused", "from_user_id", "submission_id", unique=True, postgresql_where="kind = 'recuse'"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    kind: Mapped[ReassignmentKind] = mapped_column(text_enum(ReassignmentKind, "kind"))
    from_user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who did it."""
    to_user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """None where it went to the office as a whole."""
    words: Mapped[str]
    """For the colleague; no resident reads it."""
    at: Mapped[datetime]
