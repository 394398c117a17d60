"""常用答复."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class AnswerTemplate(Base):
    """Words that staff wrote for a decision, for every category or for one; a member completes them on the card."""

    __tablename__ = "answer_templates"
    __table_args__ = (Index("ix_answer_templates_district", "district_id", "action", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    action: Mapped[str]
    """A SubmissionAction: answer, decline, ask or refer."""
    category: Mapped[str | None]
    title: Mapped[str]
    words: Mapped[str]
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
