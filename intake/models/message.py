"""留言."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.message import MessageFrom
from intake.models.base import Base, DistrictId, Key, text_enum


class Message(Base):
    """One message on a receipt page; members see a resident's masked."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_submission", "submission_id", "id"),
        Index("ix_messages_unread", "district_id", "submission_id", postgresql_where="written_from = 'resident' AND read_at IS NULL"),
        Index("uq_messages_key", "key", unique=True),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    written_from: Mapped[MessageFrom] = mapped_column(text_enum(MessageFrom, "written_from"))
    written_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    text_written: Mapped[str]
    text_masked: Mapped[str]
    key: Mapped[bytes]
    """Sending twice makes one message."""
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
