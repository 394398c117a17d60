"""认领: who looks at a card just now."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId


class SubmissionLease(Base):
    """A lease of some minutes, no state: it ends by itself at `until`, and one row a submission is enough."""

    __tablename__ = "submission_leases"
    __table_args__ = (Index("ix_submission_leases_user", "user_id", "until"), Index("ix_submission_leases_until", "until"))

    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_at: Mapped[datetime]
    until: Mapped[datetime]
