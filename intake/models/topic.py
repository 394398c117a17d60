"""议题."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Sequence, text
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.submission import Urgency
from intake.domain.topic import Route, TopicKind, TopicState
from intake.models.base import Base, DistrictId, Key, text_enum

TOPIC_SEQUENCE = Sequence("topic_sequence", metadata=Base.metadata)
"""Running number of topics."""


LETTERS = "string_to_array((title || ' '::text) || number, NULL::text)"
"""Every letter of title and number, so that two characters anywhere in them are found without reading all topics."""


class Topic(Base):
    """One matter, with the submissions behind it as contributors."""

    __tablename__ = "topics"
    __table_args__ = (
        # The board shows what most people spoke of first.
        Index("ix_topics_board", "district_id", "state", text("(confirmed_count + suggested_count)"), "id"),
        Index("ix_topics_area", "area_id", "state"),
        Index("ix_topics_heat", "district_id", "state", "heat", "id"),
        # The board's other orders (queries/topic_order.py), and the routes at its head.
        Index("ix_topics_corrected", "district_id", "state", "heat_corrected", "id"),
        Index("ix_topics_spread", "district_id", "state", "area_count", "id"),
        Index("ix_topics_newest", "district_id", "state", "last_at", "id"),
        Index("ix_topics_route", "district_id", "state", "route", "id"),
        # The pool shows what has waited longest first.
        Index("ix_topics_waiting", "district_id", "state", "state_changed_at", "id"),
        # What was kept in the pool for a day that has come.
        Index(
            "ix_topics_look_again", "district_id", "look_again_on", "id", postgresql_where="state = 'pooled' AND look_again_on IS NOT NULL"
        ),
        Index("ix_topics_letters", text(LETTERS), postgresql_using="gin", postgresql_with={"gin_pending_list_limit": "1024"}),
        Index("ix_topics_class", "class_topic_id", postgresql_where="class_topic_id IS NOT NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[TopicKind] = mapped_column(text_enum(TopicKind, "kind"), default=TopicKind.MATTER, server_default="matter")
    class_topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """The class (一类事) this matter belongs to."""
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="", server_default="")
    """At most two sentences, each a resident's own masked words."""
    keywords: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    route: Mapped[Route] = mapped_column(text_enum(Route, "route"))
    category: Mapped[str | None]
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency, "urgency"), default=Urgency.NORMAL)
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    state: Mapped[TopicState] = mapped_column(text_enum(TopicState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    opened_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """None when the machine opened it."""
    proposed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    confirmed_count: Mapped[int] = mapped_column(default=0)
    suggested_count: Mapped[int] = mapped_column(default=0)
    area_count: Mapped[int] = mapped_column(default=0)
    people_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Different senders as far as devices and WeChat tell them apart: one who writes ten times counts once."""
    heat: Mapped[int] = mapped_column(default=0, server_default="0")
    """0–100; its parts stand in `heat_parts`."""
    heat_parts: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    heat_corrected: Mapped[int] = mapped_column(default=0, server_default="0")
    """The heat as it would be if every community spoke up as usual; never less than `heat`."""
    heat_at: Mapped[datetime | None]
    look_again_on: Mapped[date | None]
    """Of one that stays in the pool: the day on which staff said they would weigh it again."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    created_at: Mapped[datetime]
