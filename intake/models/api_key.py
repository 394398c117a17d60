"""接口密钥: another system's right to file, and to read what it filed."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class ApiKey(Base):
    """One key; what was given away is known by its hash alone."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_district", "district_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    """Where what it files comes in."""
    name: Mapped[str]
    """Whose system it is."""
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    key_hint: Mapped[str]
    """Its first characters, to tell keys apart."""
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
