"""通知."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.notification import NoticeChannel, NoticeKind, NoticeState
from intake.models.base import Base, DistrictId, Key, text_enum


class Notification(Base):
    """One thing to tell one resident; the row is its own outbox."""

    __tablename__ = "notifications"
    __table_args__ = (
        # Two queues, so that neither looks through the other's rows.
        Index("ix_notifications_due", "due_at", "id", postgresql_where="state = 'pending' AND channel = 'receipt'"),
        Index("ix_notifications_due_out", "due_at", "id", postgresql_where="state = 'pending' AND channel <> 'receipt'"),
        Index("ix_notifications_claimed", "state_changed_at", postgresql_where="state = 'sending'"),
        Index("ix_notifications_submission", "submission_id", "id"),
        Index("uq_notifications_once", "submission_id", "once_key", unique=True),
        Index("ix_notifications_follower", "follower_id", "id", postgresql_where="follower_id IS NOT NULL"),
        # A receipt that somebody waits for in the chat doesn't queue behind a push to everybody.
        Index("ix_notifications_received", "due_at", "id", postgresql_where="state = 'pending' AND kind = 'received'"),
        # What the platform reports on, and what staff count.
        Index("ix_notifications_platform", "platform_id", postgresql_where="platform_id <> ''"),
        Index("ix_notifications_out", "district_id", "created_at", postgresql_where="channel <> 'receipt'"),
        # What staff look at: what nobody is known to have got.
        Index("ix_notifications_stuck", "district_id", "id", postgresql_where="state IN ('uncertain', 'failed')"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    decision_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    once_key: Mapped[str]
    """What happens once a submission: `decision:7:receipt` stands on the receipt, `decision:7:out` goes to the resident."""
    follower_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("wechat_followers.id"))
    """Whom an outward notice goes to; None for one that only stands on the receipt."""
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind, "kind"))
    channel: Mapped[NoticeChannel] = mapped_column(text_enum(NoticeChannel, "channel"))
    state: Mapped[NoticeState] = mapped_column(text_enum(NoticeState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After which it is no news any more."""
    tried: Mapped[list[Any]] = mapped_column(default=list)
    """Channels that were tried, as [{"channel": …, "code": …, "at": …}]."""
    platform_id: Mapped[str] = mapped_column(default="")
    """The platform's number of the message, by which it reports later whether it arrived."""
    arrived_at: Mapped[datetime | None]
    """When the platform said that it arrived."""
    reached_at: Mapped[datetime | None]
    """When its link was first opened."""
    created_at: Mapped[datetime]
