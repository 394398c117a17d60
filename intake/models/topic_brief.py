"""提出人 and 议题简报: in whose name a topic is proposed, and the one page about it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.proposer import ProposerKind
from intake.models.base import Base, DistrictId, Key, text_enum


class TopicProposer(Base):
    """A member or a group behind a proposal; of those who were asked to join only whoever agreed counts."""

    __tablename__ = "topic_proposers"
    __table_args__ = (
        Index("uq_topic_proposers_user", "topic_id", "user_id", unique=True, postgresql_where="user_id IS NOT NULL"),
        Index("uq_topic_proposers_group", "topic_id", "group_id", unique=True, postgresql_where="group_id IS NOT NULL"),
        Index("ix_topic_proposers_asked", "user_id", "id", postgresql_where="agreed_at IS NULL AND declined_at IS NULL"),
        Index("ix_topic_proposers_group", "group_id", "id"),
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="one_proposer"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    kind: Mapped[ProposerKind] = mapped_column(text_enum(ProposerKind, "kind"))
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    group_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("member_groups.id"))
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    """Of a group: when its convenor agreed, or proposed it."""
    declined_at: Mapped[datetime | None]


class TopicBrief(Base):
    """One page drafted from what stands behind the topic, edited by members, frozen when it is sent; a returned topic may be edited again."""

    __tablename__ = "topic_briefs"

    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    problem: Mapped[str] = mapped_column(default="")
    """What is wrong."""
    basis: Mapped[str] = mapped_column(default="")
    """What shows it: counts, places, visits."""
    request: Mapped[str] = mapped_column(default="")
    """What is suggested for consultation."""
    said: Mapped[list[Any]] = mapped_column(default=list)
    """Ids of submissions whose masked words are quoted."""
    photos: Mapped[list[Any]] = mapped_column(default=list)
    """Ids of submission files that are shown."""
    edited_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    edited_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    sent_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The numbers of the lineage as they stood when it was sent."""
    version: Mapped[int] = mapped_column(default=1)
