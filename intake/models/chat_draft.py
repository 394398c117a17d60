"""聊天草稿 and its parts: nothing of it is a submission until it is sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.chat_draft import DraftState, PartKind, SentBy
from intake.models.base import Base, Key, text_enum


class ChatDraft(Base):
    """What one follower says at one point; at most one is open, and both the chat and the form write into it."""

    __tablename__ = "chat_drafts"
    __table_args__ = (
        Index(
            "uq_chat_drafts_open",
            "follower_id",
            "point_id",
            unique=True,
            postgresql_where="state = 'open'",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_chat_drafts_due", "closes_at", postgresql_where="state = 'open'"),
        Index("ix_chat_drafts_dropped", "id", postgresql_where="state = 'dropped' AND erased_at IS NULL"),
        Index("ix_chat_drafts_follower", "follower_id", "state_changed_at"),
        Index("ix_chat_drafts_submission", "submission_id", postgresql_where="submission_id IS NOT NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    """Of the point; None while the resident hasn't picked one."""
    follower_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wechat_followers.id"))
    point_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    state: Mapped[DraftState] = mapped_column(text_enum(DraftState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    link_salt: Mapped[bytes] = mapped_column(LargeBinary)
    """The link that opens it on the form is derived from it and stands nowhere, as a receipt's."""
    closes_at: Mapped[datetime | None]
    """When a pause sends it; None while it holds nothing that says anything, or no point is picked."""
    sent_by: Mapped[SentBy | None] = mapped_column(text_enum(SentBy, "sent_by"))
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    offered: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The points that the resident was last asked to pick from, as {"page": …, "ids": […]} in the order of their numbers."""
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class ChatPart(Base):
    """One message of a draft; the platform's repeats find it by its key."""

    __tablename__ = "chat_parts"
    __table_args__ = (
        Index("ix_chat_parts_draft", "draft_id", "sent_at", "message_id"),
        Index("ix_chat_parts_file", "file_id", postgresql_where="file_id IS NOT NULL"),
        CheckConstraint("char_length(words) <= 5000", name="words_length"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    draft_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("chat_drafts.id"))
    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[PartKind] = mapped_column(text_enum(PartKind, "kind"))
    sent_at: Mapped[datetime]
    """By the platform's clock; messages may arrive out of order."""
    message_id: Mapped[int] = mapped_column(BigInteger, default=0)
    """The platform's number of the message, which orders those of one second; 0 for what came from the form."""
    words: Mapped[str] = mapped_column(default="")
    """Of a text; the label of a location; the title of a link; what the platform itself heard in a voice message."""
    address: Mapped[str] = mapped_column(default="")
    """Of a link."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submission_files.id"))
