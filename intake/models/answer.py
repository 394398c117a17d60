"""答复与附件."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.referral import AnswerOutcome
from intake.models.base import Base, DistrictId, Key, text_enum


class Answer(Base):
    """A department's answer to a referral; each one that was sent back stays, the newest counts."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_referral", "referral_id", "id"),
        # The number of a paper answer is looked for as a whole.
        Index("ix_answers_paper", "district_id", "paper_number", postgresql_where="paper_number <> ''"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    department_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("departments.id"))
    outcome: Mapped[AnswerOutcome] = mapped_column(text_enum(AnswerOutcome, "outcome"))
    words: Mapped[str]
    """What the residents read."""
    reason: Mapped[str]
    """Why only partly, when it is planned for, why it can't be done, or why there is no evidence."""
    signed_name: Mapped[str]
    """Who answers for it in the unit."""
    paper_number: Mapped[str] = mapped_column(default="")
    """文号 of a sealed paper answer that staff entered (代录); empty otherwise."""
    paper_date: Mapped[date | None]
    written_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    written_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Attachment(Base):
    """A file behind an answer: the bytes lie in the object store, quarantined until a worker re-encoded them."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_received", "id", postgresql_where="state = 'received'"),
        Index("ix_attachments_referral", "referral_id", "id"),
        CheckConstraint("size >= 0", name="size"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    referral_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    answer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("answers.id"))
    """None while the answer is being written."""
    kind: Mapped[AttachmentKind] = mapped_column(text_enum(AttachmentKind, "kind"))
    state: Mapped[AttachmentState] = mapped_column(text_enum(AttachmentState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str]
    """As the sender called it, cleaned; never used as a path."""
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    file_key: Mapped[str]
    """In the object store."""
    refused_because: Mapped[str] = mapped_column(default="")
    removed_at: Mapped[datetime | None]
    sent_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
