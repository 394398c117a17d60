"""年度协商计划."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intake.domain.year_plan import ConsultationForm, PlanReportKind, PlanState
from intake.models.base import Base, DistrictId, Key, text_enum


class YearPlan(Base):
    """What a district will consult on in a year."""

    __tablename__ = "year_plans"
    __table_args__ = (
        UniqueConstraint("district_id", "year"),
        CheckConstraint("quota BETWEEN 0 AND 500", name="quota"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    year: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    """What it says before its topics."""
    quota: Mapped[int] = mapped_column(SmallInteger)
    """How many consultations at least, such as 35."""
    state: Mapped[PlanState] = mapped_column(text_enum(PlanState, "state"))
    state_changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
    """The newest that was issued; 0 before the first."""
    document_number: Mapped[str] = mapped_column(default="")
    issued_on: Mapped[date | None]
    created_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class PlanItem(Base):
    """One consultation of the plan; one that was taken out stays with the reason."""

    __tablename__ = "plan_items"
    __table_args__ = (
        Index("ix_plan_items_plan", "plan_id", "quarter", "place", "id"),
        Index("uq_plan_items_topic", "topic_id", unique=True, postgresql_where="topic_id IS NOT NULL AND dropped_at IS NULL"),
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter"),
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("dropped_at IS NULL OR dropped_because <> ''", name="dropped_with_reason"),
    )

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("year_plans.id"))
    topic_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("topics.id"))
    """None for one whose topic isn't known yet."""
    title: Mapped[str]
    form: Mapped[ConsultationForm] = mapped_column(text_enum(ConsultationForm, "form"))
    quarter: Mapped[int] = mapped_column(SmallInteger)
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    lead_chair: Mapped[str] = mapped_column(default="")
    """领衔主席, by name."""
    proposers: Mapped[str] = mapped_column(default="")
    """Who put it forward, as the plan prints it."""
    convenor_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    """Who carries it out."""
    units: Mapped[str] = mapped_column(default="")
    """Departments that take part, as the plan prints them."""
    words: Mapped[str] = mapped_column(default="")
    dropped_at: Mapped[datetime | None]
    dropped_because: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class PlanEdition(Base):
    """The plan as it was issued, frozen."""

    __tablename__ = "plan_editions"
    __table_args__ = (UniqueConstraint("plan_id", "edition"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("year_plans.id"))
    edition: Mapped[int]
    content: Mapped[dict[str, Any]]
    """Title, words, quota, and every item as it was printed."""
    reason: Mapped[str] = mapped_column(default="")
    """Why there is another."""
    document_number: Mapped[str] = mapped_column(default="")
    issued_on: Mapped[date]
    issued_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]


class PlanReport(Base):
    """The mid-year or year-end report: drafted from the figures, edited by people."""

    __tablename__ = "plan_reports"
    __table_args__ = (UniqueConstraint("plan_id", "kind"),)

    id: Mapped[Key]
    district_id: Mapped[DistrictId]
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("year_plans.id"))
    kind: Mapped[PlanReportKind] = mapped_column(text_enum(PlanReportKind, "kind"))
    text: Mapped[str]
    drafted_at: Mapped[datetime]
    """When the figures in it were read."""
    edited_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    edited_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
