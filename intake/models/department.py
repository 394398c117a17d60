"""承办单位与交办机关."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.referral import UnitKind
from intake.models.base import Base, DistrictId, Key, text_enum


class Department(Base):
    """A unit that answers, or an office that assigns; `categories` are the taxonomy's codes it answers for, `is_backstop` takes what fits none."""

    __tablename__ = "departments"
    __table_args__ = (UniqueConstraint("district_id", "name"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    name: Mapped[str]
    kind: Mapped[UnitKind] = mapped_column(text_enum(UnitKind, "kind"), default=UnitKind.DEPARTMENT, server_default="department")
    duty: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    categories: Mapped[list[Any]]
    is_backstop: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    successor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    """Who took over what was open when it was closed or merged."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
