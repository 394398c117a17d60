"""海报批次."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.poster_batch import BatchState
from intake.models.base import Base, DistrictId, Key, text_enum


class PosterBatch(Base):
    """One order of posters for an area and everything below it; `done` of `total` pages are drawn, the file lies in the object store."""

    __tablename__ = "poster_batches"
    __table_args__ = (
        Index("ix_poster_batches_waiting", "id", postgresql_where="state IN ('waiting', 'running')"),
        Index("ix_poster_batches_district", "district_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    format: Mapped[str]
    state: Mapped[BatchState] = mapped_column(text_enum(BatchState, "state"))
    state_changed_at: Mapped[datetime]
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime | None]
    """When its worker last reported; one that stops is taken over."""
    file_key: Mapped[str | None]
    file_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    problems: Mapped[list[Any]]
    """Points left out, each with the reason."""
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
