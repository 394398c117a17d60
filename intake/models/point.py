"""直报点."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.point import PointGuard, PointKind, PointState
from intake.models.base import Base, DistrictId, Key, text_enum


class IntakePoint(Base):
    """One code on one wall. `code` is the unguessable part of its URL, `scene` its WeChat scene when it has one."""

    __tablename__ = "intake_points"
    __table_args__ = (
        Index("ix_intake_points_area", "area_id"),
        Index("ix_intake_points_district", "district_id", "id"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_position"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="position_on_earth"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    kind: Mapped[PointKind] = mapped_column(text_enum(PointKind, "kind"))
    name: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    scene: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[PointState] = mapped_column(text_enum(PointState, "state"))
    closed_note: Mapped[str] = mapped_column(default="")
    helper_name: Mapped[str] = mapped_column(default="")
    helper_phone: Mapped[str] = mapped_column(default="")
    helper_hours: Mapped[str] = mapped_column(default="")
    poster_version: Mapped[int] = mapped_column(default=1)
    latitude: Mapped[float | None] = mapped_column(Float(53))
    """Where the code hangs, in degrees of GCJ-02, which Chinese maps and WeChat use; None where nobody wrote it down."""
    longitude: Mapped[float | None] = mapped_column(Float(53))
    guard: Mapped[PointGuard] = mapped_column(text_enum(PointGuard, "guard"), default=PointGuard.AUTO, server_default="auto")
    guarded_until: Mapped[datetime | None]
    """Until then senders prove their trouble, because of what came of late."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class PointCode(Base):
    """A code that a point had before (旧码), so that an old poster can say what took over."""

    __tablename__ = "point_codes"

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    code: Mapped[str] = mapped_column(unique=True)
    ended_at: Mapped[datetime]


class PointListener(Base):
    """Who listens at a point on a weekday (值班): 0 is Monday."""

    __tablename__ = "point_listeners"
    __table_args__ = (
        UniqueConstraint("point_id", "weekday", "user_id"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        Index("ix_point_listeners_user", "user_id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
