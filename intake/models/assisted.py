"""代填 and the paper slips (纸条) it may come from."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.assisted import Consent, SpokenBy
from intake.models.base import Base, DistrictId, Key, text_enum


class AssistedFiling(Base):
    """That a worker filed a submission for somebody, and how that person agreed; no name, no words."""

    __tablename__ = "assisted_filings"
    __table_args__ = (Index("ix_assisted_filings_by", "filed_by", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), unique=True)
    filed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    spoken_by: Mapped[SpokenBy] = mapped_column(text_enum(SpokenBy, "spoken_by"))
    consent: Mapped[Consent] = mapped_column(text_enum(Consent, "consent"))
    is_child: Mapped[bool]
    """Whether the person is below 14: then `consent` is a guardian's."""
    slip_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("paper_slips.id"), unique=True)
    created_at: Mapped[datetime]


class PaperSlip(Base):
    """A numbered sheet that somebody writes on by hand; the stub with its number is the receipt."""

    __tablename__ = "paper_slips"
    __table_args__ = (Index("ix_paper_slips_point", "point_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    number: Mapped[str] = mapped_column(unique=True)
    """With a check digit, in large type on the slip and on its stub."""
    printed_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    printed_at: Mapped[datetime]
    void_at: Mapped[datetime | None]
    """When somebody said that it is lost or spoilt."""
