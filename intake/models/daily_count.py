"""每天的数: counts of a day by area, so that a dashboard never counts a million rows; and by point."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId


class DailyCount(Base):
    """How often one thing happened on one day (Shanghai) in one area itself, without what lies below it."""

    __tablename__ = "daily_counts"
    __table_args__ = (Index("ix_daily_counts_district", "district_id", "measure", "day"),)

    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    """Such as `heard`, `decided`, `told`, `verdict`."""
    part: Mapped[str] = mapped_column(primary_key=True, default="")
    """By which it is told apart: a channel, a category, a verdict; empty for the whole."""
    district_id: Mapped[DistrictId]
    count: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Sum of what was measured, such as minutes; 0 where only counted."""


class DistrictCount(Base):
    """The same of a whole district, so that its page adds up days and not areas."""

    __tablename__ = "district_counts"

    district_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    measure: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)


class CountedDay(Base):
    """That a district's day was counted, and when."""

    __tablename__ = "counted_days"

    district_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]


class PointCount(Base):
    """Scans of a code on one day, in several rows that are added up, so that a rush doesn't queue for one."""

    __tablename__ = "point_counts"
    __table_args__ = (CheckConstraint("shard BETWEEN 0 AND 15", name="shard"), Index("ix_point_counts_district", "district_id", "day"))

    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    district_id: Mapped[DistrictId]
    scanned: Mapped[int] = mapped_column(default=0)
    """How often the code was scanned, in WeChat or by an address."""
    opened: Mapped[int] = mapped_column(default=0)
    """How often the form was shown."""
    sent: Mapped[int] = mapped_column(default=0)
    """How many submissions came of it."""
