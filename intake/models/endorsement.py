"""附议: who joined a released matter; one row a person and topic while it stands."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class Endorsement(Base):
    """Somebody's word that a matter is theirs too. The submission beside it carries receipt, notices and verdict."""

    __tablename__ = "endorsements"
    __table_args__ = (
        # By the person first: what one has joined is looked up wherever it was merged to.
        Index("uq_endorsements_person", "person_hash", "topic_id", unique=True, postgresql_where="withdrawn_at IS NULL"),
        Index("ix_endorsements_device", "topic_id", "device_hash", "created_at"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """The topic that the resident saw; where that went by a merge, the contributor says."""
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"), unique=True)
    person_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed: of the openid in WeChat, else of a cookie that is set with the endorsement and nowhere else."""
    device_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
