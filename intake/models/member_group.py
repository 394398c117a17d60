"""委员档案与委员组织."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.member_group import GroupKind, MemberLevel
from intake.models.base import Base, DistrictId, Key, text_enum


class MemberProfile(Base):
    """What the committee knows of a member; areas served are their grants."""

    __tablename__ = "member_profiles"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    district_id: Mapped[DistrictId]
    level: Mapped[MemberLevel] = mapped_column(text_enum(MemberLevel, "level"), default=MemberLevel.DISTRICT)
    employer: Mapped[str] = mapped_column(default="")
    concerns: Mapped[list[Any]] = mapped_column(default=list)
    """Names of firms and departments they have a part in: a card that speaks of one asks whether they step back (回避)."""
    categories: Mapped[list[Any]] = mapped_column(default=list)
    """Their specialities, as codes of the taxonomy: cards of these come first."""
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


class MemberGroup(Base):
    """A liaison group, a sector, a committee or several of them together."""

    __tablename__ = "member_groups"
    __table_args__ = (Index("ix_member_groups_district", "district_id", "kind", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    kind: Mapped[GroupKind] = mapped_column(text_enum(GroupKind, "kind"))
    name: Mapped[str]
    area_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    """Of a liaison group."""
    convenor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who speaks for it: 召集人, 联络组长, 专委会主任."""
    categories: Mapped[list[Any]] = mapped_column(default=list)
    """What a sector or committee looks after: its members see these cards first."""
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class GroupMembership(Base):
    """Somebody's time in a group; kept when it ends."""

    __tablename__ = "group_memberships"
    __table_args__ = (
        Index("uq_group_memberships_live", "group_id", "user_id", unique=True, postgresql_where="until IS NULL"),
        Index("ix_group_memberships_user", "user_id", "group_id"),
        CheckConstraint("until >= since", name="days"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    group_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("member_groups.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    since: Mapped[date]
    until: Mapped[date | None]
