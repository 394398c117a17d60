"""协商场所, who serves there, and the six-point checks."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.venue import VenueKind
from intake.models.base import Base, DistrictId, Key, text_enum


class Venue(Base):
    """A hall, station, studio or reception room."""

    __tablename__ = "venues"
    __table_args__ = (
        Index("ix_venues_district", "district_id", "id"),
        Index("ix_venues_area", "area_id"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_position"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="position_on_earth"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    kind: Mapped[VenueKind] = mapped_column(text_enum(VenueKind, "kind"))
    name: Mapped[str]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    group_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("member_groups.id"))
    """Whose station it is."""
    point_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    """The code on its wall."""
    address: Mapped[str] = mapped_column(default="")
    hours: Mapped[str] = mapped_column(default="")
    """When somebody is there, in words."""
    latitude: Mapped[float | None] = mapped_column(Float(53))
    """GCJ-02, as of points."""
    longitude: Mapped[float | None] = mapped_column(Float(53))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class VenueMember(Base):
    """Who serves at a venue."""

    __tablename__ = "venue_members"
    __table_args__ = (UniqueConstraint("venue_id", "user_id"), Index("ix_venue_members_user", "user_id"))

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    venue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("venues.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))


class VenueCheck(Base):
    """What somebody found at a venue on a day; kept, the newest counts."""

    __tablename__ = "venue_checks"
    __table_args__ = (Index("ix_venue_checks_venue", "venue_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    venue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("venues.id"))
    checked_on: Mapped[date]
    checked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    has: Mapped[list[Any]] = mapped_column(default=list)
    """Codes of VenueNeed that are there."""
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
