"""筛选的打分、正在看的人，以及定日公布的决定."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.screening import Criterion, RoundState
from intake.models.base import Base, DistrictId, Key, text_enum


class TopicMark(Base):
    """What one screener marked a topic with by one criterion; each keeps their own, so nobody overwrites another's."""

    __tablename__ = "topic_marks"
    __table_args__ = (UniqueConstraint("topic_id", "marked_by", "criterion"), CheckConstraint("mark BETWEEN 0 AND 3", name="mark"))

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    criterion: Mapped[Criterion] = mapped_column(text_enum(Criterion, "criterion"))
    mark: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[str] = mapped_column(default="")
    marked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    marked_at: Mapped[datetime]


class TopicWatch(Base):
    """Somebody has a topic open at the desk; a hint, no lock."""

    __tablename__ = "topic_watches"

    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    seen_at: Mapped[datetime]
    is_typing: Mapped[bool] = mapped_column(default=False)
    """Whether they have begun to write a decision."""


class ScreeningRound(Base):
    """Decisions that become known together (集中公布)."""

    __tablename__ = "screening_rounds"
    __table_args__ = (
        Index("ix_screening_rounds_district", "district_id", "id"),
        Index("ix_screening_rounds_due", "publish_at", postgresql_where="state = 'open'"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    name: Mapped[str]
    publish_at: Mapped[datetime]
    state: Mapped[RoundState] = mapped_column(text_enum(RoundState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class ScreeningDraft(Base):
    """A decision that waits for its round; while it waits, nobody but staff knows it."""

    __tablename__ = "screening_drafts"
    __table_args__ = (
        Index("uq_screening_drafts_waiting", "topic_id", unique=True, postgresql_where="ended_at IS NULL"),
        Index("ix_screening_drafts_round", "round_id", "id"),
        Index("ix_screening_drafts_problem", "district_id", "id", postgresql_where="problem <> ''"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    round_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("screening_rounds.id"))
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    topic_version: Mapped[int]
    """As the topic was when it was decided."""
    action: Mapped[str]
    words: Mapped[str]
    target_topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    office_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    decided_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was made, taken back, or found impossible."""
    decision_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    problem: Mapped[str] = mapped_column(default="")
    """Why it couldn't be made."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often it couldn't be made for a reason that may pass."""
    try_again_at: Mapped[datetime | None]
    """Not before then; others go on meanwhile."""
    version: Mapped[int] = mapped_column(default=1)
