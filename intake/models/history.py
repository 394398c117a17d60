"""经过: one row per change of state, written by `services/transition.py` alone; append-only by grant and trigger."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.actor import ActorKind
from intake.models.base import Base, DistrictId, Key, text_enum


class HistoryEntry(Base):
    """Who moved what from which state to which; holds codes and ids, never a person's words (architecture rule 12)."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_entity", "noun", "entity_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    noun: Mapped[str]
    entity_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor_kind: Mapped[ActorKind] = mapped_column(text_enum(ActorKind, "actor_kind"))
    actor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reason_code: Mapped[str | None]
    decision_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("decisions.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    at: Mapped[datetime]
