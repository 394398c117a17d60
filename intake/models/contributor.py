"""来件与议题的关系: the lineage from word to topic."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.contributor import ContributorStatus
from intake.models.base import Base, DistrictId, Key, text_enum


class Contributor(Base):
    """Who put which submission into which topic, and why; rows are kept when removed."""

    __tablename__ = "contributors"
    __table_args__ = (
        # One place at a time: a submission is suggested for, or confirmed in, one topic.
        Index("uq_contributors_live", "submission_id", unique=True, postgresql_where="status <> 'removed'"),
        Index("ix_contributors_submission", "submission_id", "id"),
        Index("ix_contributors_topic", "topic_id", "status", "id"),
        # What of a month stands in topics of the pool.
        Index(
            "ix_contributors_made",
            "district_id",
            "created_at",
            postgresql_where="status = 'confirmed'",
            postgresql_include=["topic_id", "submission_id"],
        ),
        # Which rows of an import a topic is suggested for, few among its two hundred thousand.
        Index("ix_contributors_suggested", "submission_id", postgresql_where="status = 'suggested'"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    via_topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """The topic it came from when topics were merged, so that a merge can be taken back."""
    status: Mapped[ContributorStatus] = mapped_column(text_enum(ContributorStatus, "status"))
    score: Mapped[float | None]
    reasons: Mapped[list[Any]]
    model_version: Mapped[str | None]
    sentence_start: Mapped[int | None]
    sentence_end: Mapped[int | None]
    """Where the sentence that brought it here stands in the masked text; None when a person put it here."""
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
