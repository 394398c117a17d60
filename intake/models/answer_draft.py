"""答复草稿."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class AnswerDraft(Base):
    """An answer that somebody of a unit has begun: one for each referral and person, gone when it is sent."""

    __tablename__ = "answer_drafts"
    __table_args__ = (Index("uq_answer_drafts_person", "referral_id", "user_id", unique=True),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    words: Mapped[str] = mapped_column(default="", server_default="")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    signed_name: Mapped[str] = mapped_column(default="", server_default="")
    saved_at: Mapped[datetime]
