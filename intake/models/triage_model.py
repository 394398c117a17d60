"""研判模型 and the examples people gave by deciding."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.triage_model import ExampleKind, ModelState
from intake.models.base import Base, DistrictId, Key, text_enum


class TriageModel(Base):
    """One learnt version of a district's triage; the file itself is in the row, so that every worker on every host sees the same."""

    __tablename__ = "triage_models"
    __table_args__ = (
        Index("uq_triage_models_adopted", "district_id", unique=True, postgresql_where="state = 'adopted'"),
        Index("ix_triage_models_district", "district_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    model_version: Mapped[str]
    state: Mapped[ModelState] = mapped_column(text_enum(ModelState, "state"))
    state_changed_at: Mapped[datetime]
    examples: Mapped[int]
    """How many of the district's examples it learnt from."""
    measured: Mapped[dict[str, Any]]
    """Held-out figures of this version and of the one in force, beside each other."""
    artifact: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """None when the nightly job made it."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class TrainingExample(Base):
    """What a person decided where the machine had suggested something: codes and ids only, the words stay with the submission."""

    __tablename__ = "training_examples"
    __table_args__ = (
        Index("ix_training_examples_learn", "district_id", "kind", "id"),
        Index("ix_training_examples_submission", "submission_id", "id"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    kind: Mapped[ExampleKind] = mapped_column(text_enum(ExampleKind, "kind"))
    submission_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    other_submission_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("submissions.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    label: Mapped[str]
    suggested: Mapped[str | None]
    """What the machine had said, for the monthly report."""
    score: Mapped[float | None]
    model_version: Mapped[str | None]
    decided_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
