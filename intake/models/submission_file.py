"""照片与语音 of residents: the bytes lie in the object store, quarantined until a worker made them anew."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.submission_file import FileKind, FileState
from intake.models.base import Base, Key, text_enum

TO_BE_DRAWN = "blurred_at IS NOT NULL AND (blur = '[]'::jsonb) = (blurred_key <> '')"
"""Photos whose covered parts changed since a worker drew them."""


class SubmissionFile(Base):
    """One photo or voice message, of a draft first and of a submission once that is sent."""

    __tablename__ = "submission_files"
    __table_args__ = (
        Index("ix_submission_files_awaited", "fetch_at", postgresql_where="state = 'awaited'"),
        Index("ix_submission_files_received", "id", postgresql_where="state = 'received'"),
        Index("ix_submission_files_submission", "submission_id", "id"),
        Index("ix_submission_files_to_hear", "id", postgresql_where="state = 'ready' AND kind = 'voice' AND transcribed_at IS NULL"),
        # Whose bytes are to be deleted.
        Index("ix_submission_files_unneeded", "id", postgresql_where="file_key <> '' AND (state = 'refused' OR removed_at IS NOT NULL)"),
        Index("ix_submission_files_to_be_drawn", "id", postgresql_where=TO_BE_DRAWN),
        CheckConstraint("size >= 0", name="size"),
    )

    id: Mapped[Key]
    district_id: Mapped[int | None] = mapped_column(BigInteger)
    submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    kind: Mapped[FileKind] = mapped_column(text_enum(FileKind, "kind"))
    state: Mapped[FileState] = mapped_column(text_enum(FileState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    account: Mapped[str] = mapped_column(default="")
    """The account whose platform holds it; empty for one that came with the form."""
    media_id: Mapped[str] = mapped_column(default="")
    """The platform's name for it; emptied once it is here."""
    fetch_at: Mapped[datetime | None]
    """When a worker next asks the platform for it, or the recogniser about it."""
    fetch_tries: Mapped[int] = mapped_column(default=0)
    """How often it was asked; from 0 again once it is here."""
    name: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    seconds: Mapped[float | None]
    """How long a voice message lasts."""
    file_key: Mapped[str] = mapped_column(default="")
    """In the object store."""
    heard_written: Mapped[str] = mapped_column(default="")
    """What a recogniser heard, before masking."""
    heard_masked: Mapped[str] = mapped_column(default="")
    """What screens show of it."""
    transcribed_at: Mapped[datetime | None]
    """When a recogniser was done with it, or there was none to ask."""
    blur: Mapped[list[Any]] = mapped_column(default=list)
    """Parts that staff made unrecognisable: left, top, width, height of each, as shares of the photo from 0 to 1."""
    blurred_key: Mapped[str] = mapped_column(default="")
    """What everybody sees instead, once a worker drew it; empty while `blur` waits to be drawn, or there is none."""
    blurred_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    blurred_at: Mapped[datetime | None]
    """When somebody last changed `blur`."""
    refused_because: Mapped[str] = mapped_column(default="")
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
