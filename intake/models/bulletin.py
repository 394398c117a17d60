"""社情民意信息与成果转化."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.bulletin import AdoptionKind, AdoptionLevel, BulletinState, ConversionKind
from intake.models.base import Base, DistrictId, Key, text_enum


class Bulletin(Base):
    """One bulletin; number and signer are of the paper and recorded afterwards."""

    __tablename__ = "bulletins"
    __table_args__ = (Index("ix_bulletins_district", "district_id", "id"), Index("ix_bulletins_state", "district_id", "state", "id"))

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    title: Mapped[str]
    text: Mapped[str]
    addressed_to: Mapped[str] = mapped_column(default="")
    """Where it is sent: 市政协办公室."""
    state: Mapped[BulletinState] = mapped_column(text_enum(BulletinState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    issue_number: Mapped[str] = mapped_column(default="")
    """期号."""
    signer: Mapped[str] = mapped_column(default="")
    signed_on: Mapped[date | None]
    sent_on: Mapped[date | None]
    quoted: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list, server_default="{}")
    """Submissions whose words stand in the text: what is taken back later is pointed out."""
    drafted_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class BulletinTopic(Base):
    """A topic that a bulletin was drafted from."""

    __tablename__ = "bulletin_topics"
    __table_args__ = (Index("ix_bulletin_topics_topic", "topic_id"),)

    bulletin_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bulletins.id"), primary_key=True, autoincrement=False)
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]


class BulletinAdoption(Base):
    """That a bulletin was taken up somewhere."""

    __tablename__ = "bulletin_adoptions"
    __table_args__ = (Index("ix_bulletin_adoptions_bulletin", "bulletin_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    bulletin_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bulletins.id"))
    level: Mapped[AdoptionLevel] = mapped_column(text_enum(AdoptionLevel, "level"))
    kind: Mapped[AdoptionKind] = mapped_column(text_enum(AdoptionKind, "kind"))
    body: Mapped[str]
    adopted_on: Mapped[date]
    words: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class Conversion(Base):
    """What a topic's suggestion turned into (成果转化)."""

    __tablename__ = "conversions"
    __table_args__ = (
        Index("ix_conversions_topic", "topic_id", "id"),
        Index("ix_conversions_district", "district_id", "kind", "converted_on"),
        Index("uq_conversions_bulletin", "topic_id", "bulletin_id", unique=True, postgresql_where="bulletin_id IS NOT NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    kind: Mapped[ConversionKind] = mapped_column(text_enum(ConversionKind, "kind"))
    bulletin_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bulletins.id"))
    title: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    """案号, where it has one."""
    by_whom: Mapped[str] = mapped_column(default="")
    """Whose proposal or speech it is."""
    suggestions: Mapped[int] = mapped_column(default=1, server_default="1")
    """How many suggestions of the topic went into it."""
    converted_on: Mapped[date]
    outcome: Mapped[str] = mapped_column(default="")
    """What became of it: 立案, 采用."""
    recorded_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
