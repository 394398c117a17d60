"""结果反馈: one row for each submission and each result it was told."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.outcome import ReviewDecision, Verdict
from intake.models.base import Base, DistrictId, Key, text_enum


class Outcome(Base):
    """What a resident was told about the point they raised, whether it reached them, and what they said to it."""

    __tablename__ = "outcomes"
    __table_args__ = (
        Index("uq_outcomes_once", "submission_id", "decision_id", unique=True),
        Index("ix_outcomes_district", "district_id", "told_at"),
        Index("ix_outcomes_referral", "referral_id", postgresql_where="referral_id IS NOT NULL"),
        Index("ix_outcomes_topic", "topic_id", postgresql_where="topic_id IS NOT NULL"),
        # Told, and nobody has said yet whether it solved the matter.
        Index("ix_outcomes_unsaid", "told_at", postgresql_where="verdict IS NULL AND superseded_at IS NULL"),
        Index("ix_outcomes_review", "district_id", "id", postgresql_where="verdict = 'not_solved' AND reviewed_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    decision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    """The decision that told it: a member's own answer, a checked answer of a department, a topic's end."""
    referral_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    told_at: Mapped[datetime]
    """From when on the receipt asks for a verdict (asked)."""
    seen_at: Mapped[datetime | None]
    """When the receipt was first opened after that (reached)."""
    verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict, "verdict"))
    said: Mapped[str] = mapped_column(default="")
    """The resident's own words to it."""
    said_at: Mapped[datetime | None]
    review: Mapped[ReviewDecision | None] = mapped_column(text_enum(ReviewDecision, "review"))
    """What a person decided about "not solved"."""
    reviewed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reviewed_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    """When a newer result for the same submission took its place."""
    version: Mapped[int] = mapped_column(default=1)
