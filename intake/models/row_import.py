"""导入."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.row_import import ImportFormat, ImportState
from intake.models.base import Base, DistrictId, Key, text_enum


class RowImport(Base):
    """One file of another system's rows; the bytes lie in the object store until their retention ends."""

    __tablename__ = "row_imports"
    __table_args__ = (
        Index("ix_row_imports_district", "district_id", "id"),
        Index("ix_row_imports_at_work", "id", postgresql_where="state IN ('checking', 'importing', 'undoing')"),
        CheckConstraint("size >= 0", name="size"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    area_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("areas.id"))
    """Where a row belongs that names no area of ours."""
    point_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("intake_points.id"))
    """The point under which its rows stand."""
    name: Mapped[str]
    """What staff call it: 12345 热线十月."""
    source: Mapped[str]
    """The system it came from; a row of the same source and number comes in once."""
    file_name: Mapped[str]
    """As the sender called it, cleaned; never used as a path."""
    file_key: Mapped[str]
    """In the object store; empty once it is erased."""
    format: Mapped[ImportFormat] = mapped_column(text_enum(ImportFormat, "format"))
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    columns: Mapped[list[Any]] = mapped_column(default=list)
    """Heads of the columns, as the file has them."""
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Our field → index of the column; beside them the sheet, the first day, and where names that we don't know belong."""
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    rows_total: Mapped[int] = mapped_column(default=0)
    """0 until it is known."""
    rows_done: Mapped[int] = mapped_column(default=0)
    """How far the worker is in the present step."""
    rows_good: Mapped[int] = mapped_column(default=0)
    rows_again: Mapped[int] = mapped_column(default=0)
    """Came in before."""
    rows_refused: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many rows were refused by reason, so that a page needn't count them."""
    rows_undone: Mapped[int] = mapped_column(default=0)
    rows_unplaced: Mapped[int] = mapped_column(default=0)
    """Of those that the trial found good: name a community that no area of ours is called."""
    unplaced: Mapped[list[Any]] = mapped_column(default=list)
    """The most frequent of these names and how many rows each has; emptied with the file."""
    problem: Mapped[str] = mapped_column(default="")
    """Why it failed as a whole."""
    tries: Mapped[int] = mapped_column(default=0)
    """Workers that died on the present step."""
    beat_at: Mapped[datetime | None]
    """When its worker last gave a sign of life."""
    sent_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class ImportedRow(Base):
    """A row that came in, and the submission it became; kept so that it comes in once."""

    __tablename__ = "imported_rows"
    __table_args__ = (
        Index("uq_imported_rows_external", "district_id", "external_hash", unique=True),
        Index("uq_imported_rows_line", "import_id", "line", unique=True),
        Index("ix_imported_rows_submission", "submission_id", unique=True),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("row_imports.id"))
    line: Mapped[int]
    """1 is the first row below the heads."""
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    external_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Of source and the row's number there, or of its words where it has none."""
    external_number: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    """What the other system calls it; the machine finds its own."""
    link: Mapped[str] = mapped_column(default="")
    """Where it stands there."""


class RefusedRow(Base):
    """A row that didn't come in, by a code of the reason; its words stay in the file."""

    __tablename__ = "refused_rows"
    __table_args__ = (Index("uq_refused_rows_line", "import_id", "line", unique=True),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("row_imports.id"))
    line: Mapped[int]
    field: Mapped[str]
    reason_code: Mapped[str]
