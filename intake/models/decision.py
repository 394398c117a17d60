"""处理决定: what a person decided and the words the resident reads."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, DistrictId, Key


class Decision(Base):
    """A member's decision on a submission, or staff's screening decision on a topic; exactly one of the two."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_submission", "submission_id", "id"),
        Index("ix_decisions_by", "decided_by", "id"),
        Index("ix_decisions_topic", "topic_id", "id"),
        # What was decided on a day.
        Index("ix_decisions_district", "district_id", "decided_at"),
        # What was split off a topic, found from the new one.
        Index("ix_decisions_split", "target_topic_id", postgresql_where="action = 'split'"),
        Index("uq_decisions_nonce", "nonce", unique=True, postgresql_where="nonce IS NOT NULL"),
        CheckConstraint("(submission_id IS NULL) <> (topic_id IS NULL)", name="one_subject"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    action: Mapped[str]
    reason_code: Mapped[str | None]
    words: Mapped[str]
    answer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("answers.id"))
    """The department's answer that this decision delivered."""
    target_topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    decided_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a decision kept on the phone until there was a signal: sent twice, it is made once."""
