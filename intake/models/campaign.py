"""推广链接: a link that a partner's account or a poster campaign carries, and how far those who tapped it came."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class Campaign(Base):
    """One link; it leads to one point, or lets the resident pick among those of an area."""

    __tablename__ = "campaigns"
    __table_args__ = (Index("ix_campaigns_district", "district_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    point_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    name: Mapped[str]
    partner: Mapped[str]
    """Whose account or page carries it."""
    code: Mapped[str] = mapped_column(unique=True)
    """The unguessable part of `/c/<code>`."""
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class CampaignCount(Base):
    """Taps of one day, in several rows that are added up: one row would make a mass push queue for it."""

    __tablename__ = "campaign_counts"
    __table_args__ = (CheckConstraint("shard BETWEEN 0 AND 15", name="shard"),)

    campaign_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("campaigns.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    district_id: Mapped[DistrictId]
    opened: Mapped[int] = mapped_column(default=0)
    """How often the link was opened."""
    formed: Mapped[int] = mapped_column(default=0)
    """How often the form behind it was opened."""
    sent: Mapped[int] = mapped_column(default=0)
    """How many submissions came of it."""
