"""来件, its key and the machine's findings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.permission import Role
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.suspicion import Suspicion
from intake.models.base import Base, DistrictId, Key, text_enum


class Submission(Base):
    """One sentence of one resident. `text_written` is never changed, save where its resident takes sentences back; it is
    emptied when its retention ends.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        # The queue of machine triage, imported rows behind what somebody waits for; the members' queues, without them; the owners' clocks.
        Index("ix_submissions_received", text("(channel = 'import')"), "id", postgresql_where="state = 'received'"),
        Index(
            "ix_submissions_waiting",
            "area_id",
            "received_at",
            "id",
            postgresql_where="state IN ('triaged', 'reopened') AND channel <> 'import'",
        ),
        Index(
            "ix_submissions_waiting_category",
            "area_id",
            "category",
            "received_at",
            "id",
            postgresql_where="state IN ('triaged', 'reopened') AND channel <> 'import'",
        ),
        # Emergencies among them, few.
        Index(
            "ix_submissions_waiting_emergency",
            "area_id",
            "received_at",
            "id",
            postgresql_where="state IN ('triaged', 'reopened') AND urgency = 'emergency'",
        ),
        Index("ix_submissions_owner", "owner_id", "id", postgresql_where="state IN ('triaged', 'reopened')"),
        Index("ix_submissions_escalate", "escalate_at", postgresql_where="escalate_at IS NOT NULL"),
        Index("ix_submissions_district", "district_id", "id"),
        # How much one device sent of late.
        Index("ix_submissions_device", "device_hash", "received_at", postgresql_where="device_hash IS NOT NULL"),
        Index("ix_submissions_point", "point_id", "received_at"),
        # A resident's own items, found again in WeChat.
        Index("ix_submissions_follower", "follower_id", "id", postgresql_where="follower_id IS NOT NULL"),
        Index("ix_submissions_campaign", "campaign_id", "id", postgresql_where="campaign_id IS NOT NULL"),
        Index("ix_submissions_open_call", "open_call_id", "id", postgresql_where="open_call_id IS NOT NULL"),
        Index("ix_submissions_api_key", "api_key_id", "id", postgresql_where="api_key_id IS NOT NULL"),
        # The desk's month and week.
        Index(
            "ix_submissions_heard",
            "district_id",
            "received_at",
            postgresql_include=["area_id", "state", "channel", "category", "parent_id"],
        ),
        # What waits on the desk's first page, few among the many that wait for members.
        Index(
            "ix_submissions_pressing",
            "district_id",
            "received_at",
            postgresql_where="state IN ('triaged', 'reopened') AND channel <> 'import' AND (urgency = 'emergency' OR owner_role = 'staff')",
        ),
        # Imported rows by what the desk asks for: the rest of a batch of two hundred thousand isn't read.
        Index(
            "ix_submissions_rows_waiting",
            "district_id",
            "id",
            postgresql_where="channel = 'import' AND state IN ('received', 'triaged', 'reopened')",
        ),
        Index(
            "ix_submissions_rows_soon",
            "district_id",
            "id",
            postgresql_where="channel = 'import' AND state IN ('triaged', 'reopened') AND urgency <> 'normal'",
        ),
        Index("ix_submissions_rows_closed", "district_id", "id", postgresql_where="channel = 'import' AND state = 'closed'"),
        Index("ix_submissions_held", "district_id", "received_at", "id", postgresql_where="state = 'quarantined'"),
        Index(
            "ix_submissions_retention",
            "state_changed_at",
            postgresql_where="state IN ('withdrawn', 'closed', 'declined')",
        ),
        # Emergencies that nobody was called for yet.
        Index("ix_submissions_emergency", "triaged_at", postgresql_where="urgency = 'emergency'"),
        Index("ix_submissions_silence", "state_changed_at", postgresql_where="state IN ('answered', 'reported_back')"),
        CheckConstraint("char_length(text_written) <= 5000", name="text_length"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_position"),
    )

    id: Mapped[Key]
    """Drawn when the key is written; the receipt number is made of it."""
    district_id: Mapped[DistrictId]
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    area_id: Mapped[int] = mapped_column(BigInteger)
    """The point's, copied, but of an imported row what it names; no foreign key for the reason of DistrictId."""
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    channel: Mapped[Channel] = mapped_column(text_enum(Channel, "channel"))
    state: Mapped[SubmissionState] = mapped_column(text_enum(SubmissionState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    receipt_number: Mapped[str] = mapped_column(unique=True)
    receipt_salt: Mapped[bytes] = mapped_column(LargeBinary)
    """Query code and link are derived from it with the master key and stand nowhere (docs/adr/0003)."""
    text_written: Mapped[str]
    text_masked: Mapped[str]
    """What screens show; equals the text as written until the workers found something to mask, and is empty before triage."""
    replaced_characters: Mapped[int] = mapped_column(default=0)
    place: Mapped[str] = mapped_column(default="")
    place_masked: Mapped[str] = mapped_column(default="")
    """What screens show; empty before triage."""
    contact_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_hint: Mapped[str] = mapped_column(default="")
    contact_consent_at: Mapped[datetime | None]
    """When the resident agreed, apart from everything else, that the unit in charge may have the contact; None when not, or taken back."""
    device_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    openid_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    follower_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("wechat_followers.id"))
    """Who is written to in WeChat; None for whoever isn't known there."""
    campaign_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("campaigns.id"))
    open_call_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("open_calls.id"))
    """The question it answers (公开征题)."""
    api_key_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("api_keys.id"))
    """The system that brought it."""
    suspicion: Mapped[Suspicion | None] = mapped_column(text_enum(Suspicion, "suspicion"))
    """Why triage holds it for a person."""
    latitude: Mapped[float | None] = mapped_column(Float(53))
    """Where the resident says it is, GCJ-02; emptied with the words."""
    longitude: Mapped[float | None] = mapped_column(Float(53))
    category: Mapped[str | None]
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency, "urgency"), default=Urgency.NORMAL)
    received_at: Mapped[datetime]
    triaged_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    owner_role: Mapped[Role | None] = mapped_column(text_enum(Role, "owner_role"))
    escalate_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class SubmissionKey(Base):
    """What must be unique over all partitions: the idempotency key of the form, or of a WeChat message."""

    __tablename__ = "submission_keys"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    """Written in the same transaction; no foreign key, since this table stays whole when submissions are partitioned."""
    created_at: Mapped[datetime]


class Finding(Base):
    """What one version of the machine found; every version is kept."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_submission", "submission_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    model_version: Mapped[str]
    content: Mapped[dict[str, Any]]
    """Masked spans, category, urgency, same matter: codes, scores and reasons; no resident's text outside spans."""
    created_at: Mapped[datetime]
