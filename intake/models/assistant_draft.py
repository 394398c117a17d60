"""What the optional assistant was asked and what it wrote."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.assistant import DraftOutcome, DraftPurpose
from intake.models.base import Base, DistrictId, Key, text_enum


class AssistantDraft(Base):
    """One request to the assistant: what for, what it cost, what came back; shown as machine-written and never sent by itself."""

    __tablename__ = "assistant_drafts"
    __table_args__ = (
        Index("ix_assistant_drafts_budget", "district_id", "created_at"),
        Index("ix_assistant_drafts_topic", "topic_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    purpose: Mapped[DraftPurpose] = mapped_column(text_enum(DraftPurpose, "purpose"))
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    model: Mapped[str]
    """Which model was asked; empty until a worker has claimed the request, and a claimed one is never sent again."""
    outcome: Mapped[DraftOutcome] = mapped_column(text_enum(DraftOutcome, "outcome"))
    draft: Mapped[str]
    """The words, emptied after 30 days; of a request that failed the code of why (`domain/assistant.py: Failure`)."""
    tokens_in: Mapped[int]
    """As counted by the other side; until then, and where the count stays unknown, what was set aside."""
    tokens_out: Mapped[int]
    milliseconds: Mapped[int]
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
