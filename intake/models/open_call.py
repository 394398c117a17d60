"""公开征题."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.open_call import OpenCallState
from intake.models.base import Base, DistrictId, Key, text_enum


class OpenCall(Base):
    """A question to everybody. Its intake point, of kind event, carries code, poster, limits and funnel."""

    __tablename__ = "open_calls"
    __table_args__ = (
        Index("ix_open_calls_district", "district_id", "id"),
        CheckConstraint("closes_on >= opens_on", name="days"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    """Whom it asks: everybody of this area."""
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"), unique=True)
    state: Mapped[OpenCallState] = mapped_column(text_enum(OpenCallState, "state"))
    state_changed_at: Mapped[datetime]
    title: Mapped[str]
    question: Mapped[str]
    background: Mapped[str] = mapped_column(default="")
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    """The last day, in Shanghai."""
    result_words: Mapped[str] = mapped_column(default="")
    """What came in and what became of it, once it is told."""
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
