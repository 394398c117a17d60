"""值班 and 履职记录: who sits where and when, and what members did."""

from datetime import date, datetime, time

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.activity import ActivityKind
from intake.models.base import Base, DistrictId, Key, text_enum


class DutyShift(Base):
    """One member at one venue on one day; the rota by weekday stands with the points (`PointListener`)."""

    __tablename__ = "duty_shifts"
    __table_args__ = (
        Index("ix_duty_shifts_district", "district_id", "day", "id"),
        Index("ix_duty_shifts_user", "user_id", "day"),
        Index("ix_duty_shifts_asked", "asked_id", "day", postgresql_where="asked_id IS NOT NULL"),
        Index("uq_duty_shifts_place", "venue_id", "user_id", "day", "starts", unique=True, postgresql_where="cancelled_at IS NULL"),
        CheckConstraint("ends > starts", name="hours"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    venue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("venues.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    day: Mapped[date]
    starts: Mapped[time]
    ends: Mapped[time]
    """Shanghai time."""
    note: Mapped[str] = mapped_column(default="")
    """What to know of it; of a cancelled one, why."""
    asked_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """The colleague who was asked to take it and hasn't answered."""
    made_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    cancelled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Activity(Base):
    """One thing a member did, in their own words and numbers; nobody has to prove it, and they may take it out."""

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_user", "user_id", "day", "id"),
        Index("ix_activities_district", "district_id", "day", "id"),
        CheckConstraint("people BETWEEN 0 AND 2000", name="people"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    kind: Mapped[ActivityKind] = mapped_column(text_enum(ActivityKind, "kind"))
    day: Mapped[date]
    area_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    venue_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("venues.id"))
    shift_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("duty_shifts.id"))
    people: Mapped[int] = mapped_column(default=0)
    """Met, received, visited or helped; 0 where it doesn't matter."""
    words: Mapped[str] = mapped_column(default="")
    """What it was about; no names of residents."""
    settled: Mapped[bool | None]
    """Of a dispute: whether it was settled."""
    nonce: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """So that sending it twice makes one."""
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
