"""登录: one row per signed-in device, so that each can be revoked."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class LoginSession(Base):
    """A signed cookie names it by a token of which only the hash is stored."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index("ix_login_sessions_user", "user_id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    way: Mapped[str] = mapped_column(default="", server_default="")
    """How they signed in: password, totp, recovery_code, wechat, wechat_totp; empty for sessions older than the column."""
    device: Mapped[str] = mapped_column(default="", server_default="")
    """Codes of browser and system (`domain/device.py`), for the person to know it again; never the whole header."""


class RecoveryCode(Base):
    """One of ten codes that stand in for the authenticator, each once; a keyed hash only."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_user", "user_id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
