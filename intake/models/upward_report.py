"""一类事上报."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.upward_report import UpwardBody, UpwardState
from intake.models.base import Base, DistrictId, Key, text_enum


class UpwardReport(Base):
    """A class of matters, reported to a body above; number and signer are of the paper and recorded afterwards."""

    __tablename__ = "upward_reports"
    __table_args__ = (
        Index("ix_upward_reports_district", "district_id", "id"),
        Index("ix_upward_reports_topic", "topic_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    body: Mapped[UpwardBody] = mapped_column(text_enum(UpwardBody, "body"))
    body_name: Mapped[str] = mapped_column(default="")
    """Where it is another, or a part of it."""
    title: Mapped[str]
    text: Mapped[str]
    quoted: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    """Submissions whose words stand in the text: what is taken back later is pointed out."""
    state: Mapped[UpwardState] = mapped_column(text_enum(UpwardState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    document_number: Mapped[str] = mapped_column(default="")
    signer: Mapped[str] = mapped_column(default="")
    sent_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(default="")
    """What may be passed on of the answer."""
    answer_number: Mapped[str] = mapped_column(default="")
    answered_on: Mapped[date | None]
    drafted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
