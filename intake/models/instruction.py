"""批示."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.instruction import InstructionState
from intake.models.base import Base, DistrictId, Key, text_enum


class Instruction(Base):
    """A leader's instruction as staff registered it: only what may be passed on is quoted."""

    __tablename__ = "instructions"
    __table_args__ = (
        Index("uq_instructions_number", "district_id", "number", unique=True),
        Index("ix_instructions_district", "district_id", "state", "due_on", "id"),
        Index("ix_instructions_topic", "topic_id", postgresql_where="topic_id IS NOT NULL"),
        Index("ix_instructions_referral", "referral_id", postgresql_where="referral_id IS NOT NULL"),
        CheckConstraint("topic_id IS NULL OR referral_id IS NULL", name="one_subject"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    number: Mapped[str]
    given_on: Mapped[date]
    given_by: Mapped[str]
    """Name and office of the leader."""
    extract: Mapped[str]
    """What may be passed on (可传达的内容); the paper itself stays where it is."""
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    referral_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("referrals.id"))
    about: Mapped[str]
    """What it is about, where it belongs to neither."""
    due_on: Mapped[date | None]
    state: Mapped[InstructionState] = mapped_column(text_enum(InstructionState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    result: Mapped[str] = mapped_column(default="")
    """What came of it, when it was closed."""
    registered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class InstructionForward(Base):
    """A unit it was sent on to, and what that unit reported."""

    __tablename__ = "instruction_forwards"
    __table_args__ = (
        Index("ix_instruction_forwards_instruction", "instruction_id", "id"),
        Index("ix_instruction_forwards_unit", "department_id", "id", postgresql_where="department_id IS NOT NULL AND reported_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    instruction_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("instructions.id"))
    department_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    outside: Mapped[str] = mapped_column(default="")
    """A unit that isn't in the system, such as one of a lower district."""
    due_on: Mapped[date | None]
    sent_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    sent_at: Mapped[datetime]
    feedback: Mapped[str] = mapped_column(default="")
    reported_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Somebody of the unit, or staff who entered a paper."""
    reported_at: Mapped[datetime | None]
