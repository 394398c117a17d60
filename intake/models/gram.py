"""The same-matter index: which grams stand in which submission, in how many they stand, and where each was rare of late."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId

SAID_WHERE = "(grams || ARRAY[(area_id % 2147483647)::integer, (district_id % 2147483647)::integer])"
"""Grams and areas in one list, so that one index answers for both; who asks looks at the areas themselves as well."""


class SubmissionGrams(Base):
    """Hashed grams of one submission; `rare` are those under which `gram_sightings` knows it."""

    __tablename__ = "submission_grams"
    __table_args__ = (
        Index("ix_submission_grams_district", "district_id", "received_at"),
        # What members search: pieces of words together with where it was said (docs/adr/0033).
        Index("ix_submission_grams_said", text(SAID_WHERE), postgresql_using="gin", postgresql_with={"gin_pending_list_limit": "1024"}),
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

    district_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    gram: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    documents: Mapped[int]


class GramSightings(Base):
    """The last submissions of the district in which a gram was among the rarest, the last first.

    A list of bounded length, so that a lookup costs the same however much a district has heard. Apart from `gram_counts`, whose rows change
    with every message and stay small that way.
    """

    __tablename__ = "gram_sightings"

    district_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    gram: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seen: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Day and submission in one number (queries/same_matter.py: `sighting`)."""
