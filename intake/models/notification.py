"""通知."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.notification import NoticeChannel, NoticeKind, NoticeState
from intake.models.base import Base, DistrictId, Key, text_enum


class Notification(Base):
    """One thing to tell one resident; the row is its own outbox."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_due", "due_at", postgresql_where="state = 'pending'"),
        Index("ix_notifications_claimed", "state_changed_at", postgresql_where="state = 'sending'"),
        Index("ix_notifications_submission", "submission_id", "id"),
        Index("uq_notifications_once", "submission_id", "decision_id", "channel", unique=True),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    decision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind, "kind"))
    channel: Mapped[NoticeChannel] = mapped_column(text_enum(NoticeChannel, "channel"))
    state: Mapped[NoticeState] = mapped_column(text_enum(NoticeState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
