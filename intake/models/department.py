"""承办单位."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class Department(Base):
    """A unit that answers; `categories` are the taxonomy's codes it answers for, `is_backstop` takes what fits none."""

    __tablename__ = "departments"
    __table_args__ = (UniqueConstraint("district_id", "name"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    name: Mapped[str]
    duty: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    categories: Mapped[list[Any]]
    is_backstop: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
