"""用户与角色."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.permission import Role
from intake.models.base import Base, DistrictId, Key, text_enum


class User(Base):
    """Somebody who signs in."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("login"), Index("ix_users_district", "district_id", "id"))

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    login: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    failed_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_owned_at: Mapped[datetime | None]
    """When the group's turn last came to this member (rota)."""
    department_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    stand_in_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who has their referrals while they are away."""
    away_until: Mapped[datetime | None]
    wants_digest: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Whether they are told once a day what is due."""
    totp_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The authenticator's secret, sealed; asked for only once `totp_since` is set."""
    totp_since: Mapped[datetime | None]
    totp_last: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was taken, so that none is taken twice."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class RoleGrant(Base):
    """A role in an area and everything below it."""

    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("user_id", "role", "area_id"), Index("ix_role_grants_area_role", "area_id", "role"))

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(text_enum(Role, "role"))
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
