"""区的样子: what a district puts on its posters and at the foot of every page."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class DistrictProfile(Base):
    """One row a district: who operates the service, its filing numbers, telephone, colour and emblem."""

    __tablename__ = "district_profiles"

    id: Mapped[Key]
    district_id: Mapped[DistrictId] = mapped_column(unique=True)
    operator: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    phone_hours: Mapped[str] = mapped_column(default="")
    icp_number: Mapped[str] = mapped_column(default="")
    """ICP 备案号."""
    police_number: Mapped[str] = mapped_column(default="")
    """公安联网备案号."""
    poster_title: Mapped[str] = mapped_column(default="")
    colour: Mapped[str] = mapped_column(default="")
    emblem: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
