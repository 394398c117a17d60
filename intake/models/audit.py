"""审计: who did and saw what; append-only, linked into a hash chain by one job."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.actor import ActorKind
from intake.models.base import Base, DistrictId, Key, text_enum


class AuditEntry(Base):
    """One act; `detail` holds codes and ids, never a person's words."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_entity", "noun", "entity_id", "id"),
        # The audit page: newest first, between two days, of one person, of one kind of act.
        Index("ix_audit_entries_district", "district_id", "at", "id"),
        Index("ix_audit_entries_person", "district_id", "actor_id", "at", "id", postgresql_where="actor_id IS NOT NULL"),
        Index("ix_audit_entries_action", "district_id", "action", "at", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(text_enum(ActorKind, "actor_kind"))
    actor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    action: Mapped[str]
    noun: Mapped[str]
    entity_id: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[dict[str, Any]]


class AuditLink(Base):
    """The chain: each link hashes its entry and the link before it."""

    __tablename__ = "audit_links"

    id: Mapped[Key]
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_entries.id"), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
