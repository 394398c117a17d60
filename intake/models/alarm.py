"""紧急呼叫."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.alarm import AlarmState
from intake.models.base import Base, DistrictId, Key, text_enum


class Alarm(Base):
    """One emergency and who has it."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index("uq_alarms_submission", "submission_id", unique=True),
        Index("ix_alarms_open", "district_id", "raised_at", postgresql_where="state <> 'closed'"),
        Index("ix_alarms_district", "district_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    state: Mapped[AlarmState] = mapped_column(text_enum(AlarmState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    taken_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_words: Mapped[str] = mapped_column(default="")
    raised_at: Mapped[datetime]
    repeated_at: Mapped[datetime | None]
    """When everybody was last called again, since nobody had taken it."""


class AlarmCall(Base):
    """One person who was called, and when they saw it."""

    __tablename__ = "alarm_calls"
    __table_args__ = (
        Index("uq_alarm_calls_person", "alarm_id", "user_id", unique=True),
        Index("ix_alarm_calls_unseen", "user_id", "alarm_id", postgresql_where="seen_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    alarm_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alarms.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    as_role: Mapped[str]
    """Why: duty member, staff, duty office."""
    called_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
