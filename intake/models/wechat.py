"""微信: the accounts, who follows them, which right to write to whom is left, and who of the staff is bound to which openid."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.scene_code import SceneState
from intake.domain.wechat_account import AccountKind
from intake.models.base import Base, DistrictId, Key, text_enum


class WeChatAccount(Base):
    """An account of a city or a district; its secrets are sealed, and its callback lies under an address of its own."""

    __tablename__ = "wechat_accounts"
    __table_args__ = (
        Index("uq_wechat_accounts_original_id", "original_id", unique=True, postgresql_where="original_id <> ''"),
        Index("ix_wechat_accounts_area", "area_id"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    """None for a city's, which serves every district below its area."""
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    kind: Mapped[AccountKind] = mapped_column(text_enum(AccountKind, "kind"))
    name: Mapped[str]
    callback_key: Mapped[str] = mapped_column(unique=True)
    """The unguessable part of `/wechat/<callback_key>`."""
    app_id: Mapped[str] = mapped_column(default="")
    original_id: Mapped[str] = mapped_column(default="")
    """原始 ID (gh_…), by which messages and followers name the account."""
    token_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    aes_key_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    verify_name: Mapped[str] = mapped_column(default="")
    """Of the domain-verification file: MP_verify_….txt."""
    verify_text: Mapped[str] = mapped_column(default="")
    menu: Mapped[list[Any]] = mapped_column(default=list)
    """Buttons as [{"name": …, "path": …}], sent to the platform on request."""
    active: Mapped[bool] = mapped_column(default=True)
    check_asked_at: Mapped[datetime | None]
    """When somebody last asked for a check or for the menu to be sent; a worker does it."""
    menu_asked_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    check_result: Mapped[list[Any]] = mapped_column(default=list)
    """What the last check found, as [{"code": …, "ok": …, "detail": …}]."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class WeChatTemplate(Base):
    """Which template of the account carries which notice, by which channel, and what goes into its fields."""

    __tablename__ = "wechat_templates"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "channel"),
        CheckConstraint("channel IN ('long', 'once', 'template')", name="channel_has_templates"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wechat_accounts.id"))
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind, "kind"))
    channel: Mapped[NoticeChannel] = mapped_column(text_enum(NoticeChannel, "channel"))
    template_id: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """The template's own names (thing1, time2…) to our facts (number, what, when, place)."""


class WeChatFollower(Base):
    """Somebody known to an account: last scanned point, and the time and number of messages that the platform still allows.

    The openid is a keyed hash for finding and a cipher for writing to them.
    """

    __tablename__ = "wechat_followers"
    __table_args__ = (Index("uq_wechat_followers_account_openid", "account", "openid_hash", unique=True),)

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    """Of the point; None while the point isn't known."""
    account: Mapped[str]
    """The account's original id."""
    openid_hash: Mapped[bytes] = mapped_column(LargeBinary)
    openid_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    point_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    following: Mapped[bool]
    seen_at: Mapped[datetime]
    wrote_at: Mapped[datetime | None]
    """The last message, which opens 48 hours and five customer messages."""
    replies_used: Mapped[int] = mapped_column(default=0, server_default="0")
    """Since `wrote_at`."""
    touched_at: Mapped[datetime | None]
    """The last scan, menu tap or follow, which opens one minute and three customer messages."""
    touches_used: Mapped[int] = mapped_column(default=0, server_default="0")


class WeChatRight(Base):
    """A subscription a follower gave with a tap: long-term, or so many single notices."""

    __tablename__ = "wechat_rights"
    __table_args__ = (
        UniqueConstraint("follower_id", "template_id"),
        CheckConstraint("remaining >= 0", name="remaining"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    follower_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wechat_followers.id"))
    template_id: Mapped[str]
    channel: Mapped[NoticeChannel] = mapped_column(text_enum(NoticeChannel, "channel"))
    """LONG or ONCE."""
    remaining: Mapped[int]
    """Single notices left; 1 for a long-term one, 0 once it was taken back."""
    changed_at: Mapped[datetime]


class WeChatMessage(Base):
    """Which message was taken in, and which submission it sent; a repeat finds its row and gets the same answer."""

    __tablename__ = "wechat_messages"

    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    kind: Mapped[str]
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was answered, as a code with names and ids of ours; nothing of what was said."""
    created_at: Mapped[datetime]


class WeChatScene(Base):
    """The account's own code for one point; made by a worker, and counted against the account's quota."""

    __tablename__ = "wechat_scenes"
    __table_args__ = (
        UniqueConstraint("account_id", "scene"),
        UniqueConstraint("account_id", "point_id"),
        Index("ix_wechat_scenes_asked", "id", postgresql_where="state = 'asked'"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wechat_accounts.id"))
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    scene: Mapped[str]
    """What the platform sends back on a scan, at most 64 letters and digits."""
    state: Mapped[SceneState] = mapped_column(text_enum(SceneState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    address: Mapped[str] = mapped_column(default="")
    """What the code holds, as the platform gave it."""
    refused_because: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class WeChatBinding(Base):
    """Which openid signs in as which person; ended, never deleted."""

    __tablename__ = "wechat_bindings"
    __table_args__ = (
        Index("uq_wechat_bindings_openid", "account", "openid_hash", unique=True, postgresql_where="ended_at IS NULL"),
        Index("uq_wechat_bindings_user", "user_id", "account", unique=True, postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    account: Mapped[str]
    openid_hash: Mapped[bytes] = mapped_column(LargeBinary)
    openid_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WeChatBindTicket(Base):
    """A link that binds whoever opens it in WeChat, once and for some minutes; only its hash is stored."""

    __tablename__ = "wechat_bind_tickets"
    __table_args__ = (Index("ix_wechat_bind_tickets_user", "user_id"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
