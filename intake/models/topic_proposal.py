"""建议: what the machine would do with whole topics."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.topic_proposal import ProposalKind, ProposalState
from intake.models.base import Base, DistrictId, Key, text_enum


class TopicProposal(Base):
    """A merge, a split or a class the machine thinks right, with its evidence; kept when decided, so that it isn't proposed again."""

    __tablename__ = "topic_proposals"
    __table_args__ = (
        Index("uq_topic_proposals_subject", "district_id", "kind", "subject", unique=True),
        Index("ix_topic_proposals_open", "district_id", "id", postgresql_where="state = 'open'"),
        Index("ix_topic_proposals_topics", "topic_ids", postgresql_using="gin"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    kind: Mapped[ProposalKind] = mapped_column(text_enum(ProposalKind, "kind"))
    subject: Mapped[str]
    """What it speaks of in one word (kind and sorted ids, or category of a class): the same thing is never proposed twice."""
    state: Mapped[ProposalState] = mapped_column(text_enum(ProposalState, "state"))
    state_changed_at: Mapped[datetime]
    topic_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    submission_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    result_topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """The topic a split or a class made, once accepted."""
    score: Mapped[float]
    reasons: Mapped[list[Any]]
    model_version: Mapped[str]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
