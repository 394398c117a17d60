"""议题来源."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.topic import Route
from intake.models.base import Base, DistrictId, text_enum


class TopicOrigin(Base):
    """Where a topic came from that no resident's message opened: who put it up, on which paper, in which words."""

    __tablename__ = "topic_origins"
    __table_args__ = (
        CheckConstraint("homes > 0", name="homes"),
        Index("ix_topic_origins_district", "district_id", "topic_id"),
        Index("ix_topic_origins_by", "registered_by", "topic_id"),
    )

    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    route: Mapped[Route] = mapped_column(text_enum(Route, "route"))
    body: Mapped[str] = mapped_column(default="")
    """Who put it up, by name of the body: 区委办公室, 龙池社区党委居委."""
    document_number: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date | None]
    source_address: Mapped[str] = mapped_column(default="")
    """Of a post on the network."""
    words: Mapped[str] = mapped_column(default="")
    """What they asked for, in their words; of a post, masked."""
    place: Mapped[str] = mapped_column(default="", server_default="")
    homes: Mapped[int | None]
    """How many homes it is about, as a community office counted or guessed them."""
    submission_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    """Messages that a community worker filed and named as what it rests on; they join the topic only by whoever triages them."""
    registered_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the form and what was written on it: sent twice it is one topic."""
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
