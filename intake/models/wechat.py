"""微信: which follower stands at which point, and which message became which submission."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class WeChatFollower(Base):
    """A follower's last scanned point; the openid is a keyed hash for finding and a cipher for later notices."""

    __tablename__ = "wechat_followers"
    __table_args__ = (Index("uq_wechat_followers_account_openid", "account", "openid_hash", unique=True),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    account: Mapped[str]
    openid_hash: Mapped[bytes] = mapped_column(LargeBinary)
    openid_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    following: Mapped[bool]
    seen_at: Mapped[datetime]


class WeChatMessage(Base):
    """Which message became which submission, for tracing; that it happens once is decided by `submission_keys`."""

    __tablename__ = "wechat_messages"

    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("areas.id"))
    kind: Mapped[str]
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    created_at: Mapped[datetime]
