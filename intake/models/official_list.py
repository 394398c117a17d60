"""清单."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.official_list import ListKind, ListState
from intake.models.base import Base, DistrictId, Key, text_enum


class OfficialList(Base):
    """One version of a responsibility or result list; what was issued is frozen in `items`."""

    __tablename__ = "official_lists"
    __table_args__ = (
        Index("uq_official_lists_version", "series_id", "edition", unique=True, postgresql_where="series_id IS NOT NULL"),
        Index("ix_official_lists_district", "district_id", "id"),
        Index("ix_official_lists_topic", "topic_id", postgresql_where="topic_id IS NOT NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    series_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("official_lists.id"))
    """The first version's id; all versions of one list share it."""
    edition: Mapped[int]
    """1 for the first."""
    kind: Mapped[ListKind] = mapped_column(text_enum(ListKind, "kind"))
    title: Mapped[str]
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """Of one topic; None for all referrals chosen by hand."""
    referral_ids: Mapped[list[Any]]
    """In the order of the list."""
    state: Mapped[ListState] = mapped_column(text_enum(ListState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    items: Mapped[list[Any]]
    """What each row said when it was issued; empty while it is a draft."""
    issued_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    issued_at: Mapped[datetime | None]
    document_number: Mapped[str] = mapped_column(default="")
    """文号, recorded after signing."""
    signer: Mapped[str] = mapped_column(default="")
    signed_on: Mapped[date | None]
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
