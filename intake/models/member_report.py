"""委员随手报."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.assisted import Consent
from intake.domain.capture import ReportOf
from intake.models.base import Base, DistrictId, text_enum


class MemberReport(Base):
    """That a member wrote a submission, for themselves or for a resident who agreed; no name, no words."""

    __tablename__ = "member_reports"
    __table_args__ = (Index("ix_member_reports_user", "user_id", "submission_id"), Index("ix_member_reports_activity", "activity_id"))

    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    report_of: Mapped[ReportOf] = mapped_column(text_enum(ReportOf, "report_of"))
    consent: Mapped[Consent | None] = mapped_column(text_enum(Consent, "consent"))
    """How the resident agreed; None for the member's own."""
    activity_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("activities.id"))
    """The visit or reception it comes from."""
    created_at: Mapped[datetime]
