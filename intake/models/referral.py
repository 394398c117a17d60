"""转报与交办: the referral, its helpers, what was written down on the way, requests for more time and pauses."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.referral import (
    EntryKind,
    ExtensionState,
    HelperState,
    PauseReason,
    ReferralKind,
    ReferralState,
)
from intake.domain.submission import Urgency
from intake.models.base import Base, DistrictId, Key, text_enum

REFERRAL_SEQUENCE = Sequence("referral_sequence", metadata=Base.metadata)
"""Running number of referrals."""
_OPEN = "state NOT IN ('delivered', 'returned', 'cancelled')"


class Referral(Base):
    """A submission or a topic on its way through an office to a department, or one measure of a topic's responsibility list."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("(submission_id IS NULL) <> (topic_id IS NULL)", name="one_subject"),
        # One open relay for a submission, and one for a topic; a topic may have many responsibilities.
        Index("uq_referrals_submission_open", "submission_id", unique=True, postgresql_where=f"submission_id IS NOT NULL AND {_OPEN}"),
        Index("uq_referrals_topic_open", "topic_id", unique=True, postgresql_where=f"topic_id IS NOT NULL AND kind = 'relay' AND {_OPEN}"),
        Index("ix_referrals_submission", "submission_id", "id", postgresql_where="submission_id IS NOT NULL"),
        Index("ix_referrals_topic", "topic_id", "id", postgresql_where="topic_id IS NOT NULL"),
        # The portals: by unit and state, what is due first.
        Index("ix_referrals_office", "office_id", "state", "due_at", "id"),
        Index("ix_referrals_lead", "lead_id", "state", "due_at", "id", postgresql_where="lead_id IS NOT NULL"),
        Index("ix_referrals_district", "district_id", "state", "due_at", "id"),
        # A number of the other system's is looked for as a whole.
        Index("ix_referrals_external", "external_number", postgresql_where="external_number <> ''"),
        # What was sent on a day.
        Index("ix_referrals_sent", "district_id", "sent_at", postgresql_where="sent_at IS NOT NULL"),
        Index("ix_referrals_sender", "sent_by", "state", "id"),
        # The clock: what is open and due, over all districts. By district it would only tempt the planner to lay it over the lists' own.
        Index("ix_referrals_due", "due_at", postgresql_where=f"due_at IS NOT NULL AND paused_at IS NULL AND {_OPEN}"),
        Index("ix_referrals_revisit", "district_id", "revisit_on", postgresql_where="revisit_on IS NOT NULL AND revisited_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    number: Mapped[str] = mapped_column(unique=True)
    """Our own, such as ZB-2026-0231."""
    kind: Mapped[ReferralKind] = mapped_column(text_enum(ReferralKind, "kind"))
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    """The subject's, copied."""
    category: Mapped[str | None]
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency, "urgency"))
    title: Mapped[str]
    """What is to be done, one line: the topic's title, the submission's, or the measure. Masked words only."""
    basis: Mapped[str]
    """依据: why it is sent, in the sender's words; the residents behind it read them."""
    state: Mapped[ReferralState] = mapped_column(text_enum(ReferralState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    sent_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    office_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("departments.id"))
    lead_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    officer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who in the lead has it (经办人)."""
    due_at: Mapped[datetime | None]
    """When the present step is due: to accept, to assign, to answer, to check. None where nothing is due."""
    answer_due_at: Mapped[datetime | None]
    """When the answer is due; told to the resident. Moves with extensions and pauses."""
    paused_at: Mapped[datetime | None]
    """Since when the clock stands still."""
    external_number: Mapped[str] = mapped_column(default="", server_default="")
    """Of another system, such as a 12345 order."""
    sent_back: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often the answer was sent back for more; at most once."""
    reopened: Mapped[int] = mapped_column(default=0, server_default="0")
    revisit_on: Mapped[date | None]
    """回头看: when somebody looks whether it held."""
    revisited_at: Mapped[datetime | None]
    revisit_words: Mapped[str] = mapped_column(default="", server_default="")
    sent_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ReferralHelper(Base):
    """A unit that helps the lead (协办)."""

    __tablename__ = "referral_helpers"
    __table_args__ = (
        Index("uq_referral_helpers_unit", "referral_id", "department_id", unique=True),
        Index("ix_referral_helpers_unit_state", "department_id", "state", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    department_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("departments.id"))
    state: Mapped[HelperState] = mapped_column(text_enum(HelperState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ReferralEntry(Base):
    """One thing written down on the way; residents read those marked for them."""

    __tablename__ = "referral_entries"
    __table_args__ = (Index("ix_referral_entries_referral", "referral_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind, "kind"))
    reason_code: Mapped[str | None]
    words: Mapped[str]
    for_resident: Mapped[bool] = mapped_column(default=False)
    department_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    """The writer's unit; None for members and staff."""
    other_department_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    """The unit that is proposed, or takes over."""
    written_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """None when the clock or a merger of departments did it."""
    at: Mapped[datetime]


class Extension(Base):
    """A lead's request for more time, and the office's answer."""

    __tablename__ = "extensions"
    __table_args__ = (
        Index("uq_extensions_open", "referral_id", unique=True, postgresql_where="state = 'asked'"),
        Index("ix_extensions_referral", "referral_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    days: Mapped[int]
    """Working days asked for."""
    state: Mapped[ExtensionState] = mapped_column(text_enum(ExtensionState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class Pause(Base):
    """A time in which the clock stood still."""

    __tablename__ = "pauses"
    __table_args__ = (Index("ix_pauses_referral", "referral_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    reason: Mapped[PauseReason] = mapped_column(text_enum(PauseReason, "reason"))
    begun_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    begun_at: Mapped[datetime]
    ended_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
