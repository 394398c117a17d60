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
    """Answer, number and day are the latest one's; each stands in `upward_answers` too."""
    told_at: Mapped[datetime | None]
    """When everyone behind the class was told of the latest answer."""
    drafted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class UpwardAnswer(Base):
    """One answer as it was written down: the first, a correction of one that residents hadn't read, or one that came afterwards."""

    __tablename__ = "upward_answers"
    __table_args__ = (Index("ix_upward_answers_report", "report_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("upward_reports.id"))
    words: Mapped[str]
    number: Mapped[str]
    answered_on: Mapped[date]
    corrects_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("upward_answers.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was corrected."""
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decision_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    """With which residents were told."""
