"""The same-matter index: which grams stand in which submission, and in how many they stand."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId


class SubmissionGrams(Base):
    """Hashed grams of one submission; `rare` is what candidates are looked up by."""

    __tablename__ = "submission_grams"
    __table_args__ = (
        Index("ix_submission_grams_rare", "rare", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_submission_grams_district", "district_id", "received_at"),
    )

    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), primary_key=True)
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    received_at: Mapped[datetime]
    grams: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    rare: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class GramCount(Base):
    """In how many submissions of the district a gram stands."""

    __tablename__ = "gram_counts"

    district_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"), primary_key=True)
    gram: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    documents: Mapped[int]
