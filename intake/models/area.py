"""区域: the tree city → district → street → community."""

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.point import AreaKind
from intake.models.base import Base, Key, text_enum


class Area(Base):
    """One node of the tree; `path` is `/1/4/12/`, so a prefix is a subtree. A city has no district; a district is its own."""

    __tablename__ = "areas"
    __table_args__ = (
        UniqueConstraint("parent_id", "name"),
        Index("ix_areas_path", "path", postgresql_ops={"path": "text_pattern_ops"}),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    kind: Mapped[AreaKind] = mapped_column(text_enum(AreaKind, "kind"))
    name: Mapped[str]
    path: Mapped[str]
    residents: Mapped[int | None]
    """How many people live here (常住人口), as staff entered it; without it a community that seldom reports can't be told from a small one."""
    factor: Mapped[float] = mapped_column(default=1.0, server_default="1")
    """What one message from here stands for where few speak up, 1 to 2 (`domain/under_reporting.py`); upkeep writes it."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
