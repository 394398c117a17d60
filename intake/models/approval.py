"""审批链."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.approval import ApprovalDecision, ApprovalKind, ApprovalSubject
from intake.models.base import Base, DistrictId, Key, text_enum


class ApprovalStep(Base):
    """One step of a district's chain for plans or for topics; kept when it ends, since approvals name it."""

    __tablename__ = "approval_steps"
    __table_args__ = (
        CheckConstraint(
            "(ended_authority IS NULL) = (ended_reason IS NULL)"
            " AND (ended_authority IS NULL OR (ended_at IS NOT NULL AND ended_authority <> '' AND ended_reason <> ''))",
            name="ended_with_reason",
        ),
        Index("ix_approval_steps_district", "district_id", "subject", "place"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    subject: Mapped[ApprovalSubject] = mapped_column(text_enum(ApprovalSubject, "subject"))
    place: Mapped[int] = mapped_column(SmallInteger)
    """In the chain, from 1."""
    kind: Mapped[ApprovalKind] = mapped_column(text_enum(ApprovalKind, "kind"))
    name: Mapped[str]
    """As the district calls it."""
    body: Mapped[str] = mapped_column(default="")
    """Who usually decides there."""
    needs_number: Mapped[bool] = mapped_column(default=False)
    """Whether a document number must be written down."""
    needs_minutes: Mapped[bool] = mapped_column(default=False)
    """Whether minutes must be written down or attached."""
    ended_at: Mapped[datetime | None]
    ended_authority: Mapped[str | None]
    """Who let it end: name and office; None of one in use, and of one that ended before this was asked."""
    ended_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Approval(Base):
    """What a body decided at one step, as staff recorded it; a correction is a new row, the old one is taken back."""

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("(plan_id IS NULL) <> (topic_id IS NULL)", name="one_subject"),
        CheckConstraint("decision <> 'sent_back' OR (back_to_id IS NOT NULL AND words <> '')", name="sent_back_with_reason"),
        CheckConstraint("decision <> 'skipped' OR (authority <> '' AND words <> '')", name="skipped_with_reason"),
        Index("ix_approvals_plan", "plan_id", "id", postgresql_where="plan_id IS NOT NULL"),
        Index("ix_approvals_topic", "topic_id", "id", postgresql_where="topic_id IS NOT NULL"),
        Index("ix_approvals_district", "district_id", "id"),
        Index("ix_approvals_scan", "id", postgresql_where="file_key LIKE 'quarantine/%'"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    plan_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("year_plans.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    step_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("approval_steps.id"))
    step_name: Mapped[str]
    """As the step was called then: what was decided reads the same when a district renames it."""
    decision: Mapped[ApprovalDecision] = mapped_column(text_enum(ApprovalDecision, "decision"))
    body: Mapped[str]
    held_on: Mapped[date]
    document_number: Mapped[str] = mapped_column(default="")
    minutes: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    """Why it was sent back or skipped."""
    back_to_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("approval_steps.id"))
    """From which step the chain starts again, of one that was sent back."""
    back_to_name: Mapped[str] = mapped_column(default="")
    """As that step was called then."""
    authority: Mapped[str] = mapped_column(default="")
    """Who let a step be skipped: name and office."""
    file_key: Mapped[str] = mapped_column(default="")
    """The paper's scan in the object store, under `quarantine/` until a worker has made it anew; empty without one."""
    file_name: Mapped[str] = mapped_column(default="")
    file_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_refused: Mapped[str] = mapped_column(default="")
    """Why the scan can't be used, as a worker found."""
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
