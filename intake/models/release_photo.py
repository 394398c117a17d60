"""Photos on a public page: before and after."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.release import PhotoSide
from intake.models.base import Base, DistrictId, Key, text_enum


class ReleasePhoto(Base):
    """One photo that staff chose for a release: a resident's, or one from a unit's answer."""

    __tablename__ = "release_photos"
    __table_args__ = (
        Index("ix_release_photos_release", "release_id", "side", "position"),
        CheckConstraint("(submission_file_id IS NULL) <> (attachment_id IS NULL)", name="one_source"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    release_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("releases.id"))
    side: Mapped[PhotoSide] = mapped_column(text_enum(PhotoSide, "side"))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    submission_file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submission_files.id"))
    attachment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("attachments.id"))
    caption: Mapped[str] = mapped_column(default="")
