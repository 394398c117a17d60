"""抽查与提醒: samples of members' declines, and the daily digest of what is due."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class DeclineCheck(Base):
    """A member's decline that staff look at again."""

    __tablename__ = "decline_checks"
    __table_args__ = (
        Index("uq_decline_checks_decision", "decision_id", unique=True),
        Index("ix_decline_checks_open", "district_id", "id", postgresql_where="checked_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    decision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    drawn_at: Mapped[datetime]
    agrees: Mapped[bool | None]
    words: Mapped[str] = mapped_column(default="")
    checked_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    checked_at: Mapped[datetime | None]


class Digest(Base):
    """What was due or overdue for one person on one working day: at most one a day, however much is late."""

    __tablename__ = "digests"
    __table_args__ = (
        Index("uq_digests_day", "user_id", "day", unique=True),
        Index("ix_digests_unseen", "user_id", postgresql_where="seen_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    day: Mapped[date]
    overdue: Mapped[list[Any]]
    """Ids of referrals, the longest overdue first."""
    due_soon: Mapped[list[Any]]
    seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
