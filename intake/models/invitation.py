"""邀请."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.invitation import InvitationState
from intake.domain.permission import Role
from intake.models.base import Base, DistrictId, Key, text_enum


class Invitation(Base):
    """One person's way in: the link holds a secret of which only the hash is stored."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_district", "district_id", "id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    state: Mapped[InvitationState] = mapped_column(text_enum(InvitationState, "state"))
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(text_enum(Role, "role"))
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    department_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("departments.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who accepted it."""
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
