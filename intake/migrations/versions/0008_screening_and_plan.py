"""Screening, approval and the year's plan: marks, rounds and watches; origins of topics and imported rows; reports upward; approvals and plans;
bulletins and conversions; counts of days and points; residents of an area; the audit page's indexes; the city's role.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLES_BEFORE = (
    "worker",
    "member",
    "convenor",
    "staff",
    "chair",
    "office",
    "department",
    "leader",
    "admin",
    "evaluator",
    "auditor",
)
ROLES_NEW = ("city",)
ROLE_CHECKS = (("role_grants", "role"), ("invitations", "role"), ("submissions", "owner_role"))
WAITING = "state IN ('triaged', 'reopened')"
PRESSING = "(urgency = 'emergency' OR owner_role = 'staff')"
IMPORTED_ROWS = (
    ("ix_submissions_rows_waiting", "channel = 'import' AND state IN ('received', 'triaged', 'reopened')"),
    ("ix_submissions_rows_soon", "channel = 'import' AND state IN ('triaged', 'reopened') AND urgency <> 'normal'"),
    ("ix_submissions_rows_closed", "channel = 'import' AND state = 'closed'"),
)


def _index_submissions(*, rows_apart: bool) -> None:
    """Queues of what people said here, without imported rows (`rows_apart`) or, as before, with everything."""
    waiting = f"{WAITING} AND channel <> 'import'" if rows_apart else WAITING
    first: list[str | sa.TextClause] = [sa.text("(channel = 'import')")] if rows_apart else []
    indexes: tuple[tuple[str, list[str | sa.TextClause], str], ...] = (
        ("ix_submissions_received", [*first, "id"], "state = 'received'"),
        ("ix_submissions_waiting", ["area_id", "received_at", "id"], waiting),
        ("ix_submissions_waiting_category", ["area_id", "category", "received_at", "id"], waiting),
        ("ix_submissions_pressing", ["district_id", "received_at"], f"{waiting} AND {PRESSING}"),
    )
    for name, columns, where in indexes:
        op.drop_index(name, table_name="submissions")
        op.create_index(name, "submissions", columns, postgresql_where=where)


def _allow_roles(values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    for table, column in ROLE_CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")


def upgrade() -> None:
    _allow_roles((*ROLES_BEFORE, *ROLES_NEW))
    op.create_table(
        "approval_steps",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "subject", sa.Enum("plan", "topic", name="subject", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "call",
                "symposium",
                "party_group",
                "chair_meeting",
                "party_committee",
                "joint_issue",
                "other",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("needs_number", sa.Boolean(), nullable=False),
        sa.Column("needs_minutes", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_steps")),
    )
    op.create_index("ix_approval_steps_district", "approval_steps", ["district_id", "subject", "place"], unique=False)
    op.create_table(
        "counted_days",
        sa.Column("district_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["areas.id"], name=op.f("fk_counted_days_district_id_areas")),
        sa.PrimaryKeyConstraint("district_id", "day", name=op.f("pk_counted_days")),
    )
    op.create_table(
        "daily_counts",
        sa.Column("area_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_daily_counts_area_id_areas")),
        sa.PrimaryKeyConstraint("area_id", "day", "measure", "part", name=op.f("pk_daily_counts")),
    )
    op.create_index("ix_daily_counts_district", "daily_counts", ["district_id", "measure", "day"], unique=False)
    op.create_table(
        "district_counts",
        sa.Column("district_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["areas.id"], name=op.f("fk_district_counts_district_id_areas")),
        sa.PrimaryKeyConstraint("district_id", "measure", "day", "part", name=op.f("pk_district_counts")),
    )
    op.create_table(
        "bulletins",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("addressed_to", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("drafted", "signed", "sent", "abandoned", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issue_number", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("quoted", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("drafted_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["drafted_by"], ["users.id"], name=op.f("fk_bulletins_drafted_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletins")),
    )
    op.create_index("ix_bulletins_district", "bulletins", ["district_id", "id"], unique=False)
    op.create_index("ix_bulletins_state", "bulletins", ["district_id", "state", "id"], unique=False)
    op.create_table(
        "point_counts",
        sa.Column("point_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("scanned", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint("shard BETWEEN 0 AND 15", name=op.f("ck_point_counts_shard")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_point_counts_point_id_intake_points")),
        sa.PrimaryKeyConstraint("point_id", "day", "shard", name=op.f("pk_point_counts")),
    )
    op.create_index("ix_point_counts_district", "point_counts", ["district_id", "day"], unique=False)
    op.create_table(
        "row_imports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("format", sa.Enum("csv", "xlsx", name="format", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "mapping",
                "checking",
                "checked",
                "importing",
                "imported",
                "undoing",
                "undone",
                "failed",
                "discarded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_good", sa.Integer(), nullable=False),
        sa.Column("rows_again", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows_undone", sa.Integer(), nullable=False),
        sa.Column("rows_unplaced", sa.Integer(), nullable=False),
        sa.Column("unplaced", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_row_imports_size")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_row_imports_area_id_areas")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_row_imports_point_id_intake_points")),
        sa.ForeignKeyConstraint(["sent_by"], ["users.id"], name=op.f("fk_row_imports_sent_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_imports")),
    )
    op.create_index(
        "ix_row_imports_at_work", "row_imports", ["id"], unique=False, postgresql_where="state IN ('checking', 'importing', 'undoing')"
    )
    op.create_index("ix_row_imports_district", "row_imports", ["district_id", "id"], unique=False)
    op.create_table(
        "screening_rounds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "published", "cancelled", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_screening_rounds_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_rounds")),
    )
    op.create_index("ix_screening_rounds_district", "screening_rounds", ["district_id", "id"], unique=False)
    op.create_index("ix_screening_rounds_due", "screening_rounds", ["publish_at"], unique=False, postgresql_where="state = 'open'")
    op.create_table(
        "year_plans",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("quota", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("drafting", "issued", "closed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), server_default="0", nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quota BETWEEN 0 AND 500", name=op.f("ck_year_plans_quota")),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_year_plans_year")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_year_plans_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_plans")),
        sa.UniqueConstraint("district_id", "year", name=op.f("uq_year_plans_district_id_year")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("step_id", sa.BigInteger(), nullable=False),
        sa.Column("step_name", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum("passed", "sent_back", "skipped", name="decision", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("back_to_id", sa.BigInteger(), nullable=True),
        sa.Column("back_to_name", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("file_refused", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("decision <> 'skipped' OR (authority <> '' AND words <> '')", name=op.f("ck_approvals_skipped_with_reason")),
        sa.CheckConstraint(
            "decision <> 'sent_back' OR (back_to_id IS NOT NULL AND words <> '')", name=op.f("ck_approvals_sent_back_with_reason")
        ),
        sa.CheckConstraint("(plan_id IS NULL) <> (topic_id IS NULL)", name=op.f("ck_approvals_one_subject")),
        sa.ForeignKeyConstraint(["back_to_id"], ["approval_steps.id"], name=op.f("fk_approvals_back_to_id_approval_steps")),
        sa.ForeignKeyConstraint(["plan_id"], ["year_plans.id"], name=op.f("fk_approvals_plan_id_year_plans")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_approvals_recorded_by_users")),
        sa.ForeignKeyConstraint(["step_id"], ["approval_steps.id"], name=op.f("fk_approvals_step_id_approval_steps")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_approvals_topic_id_topics")),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_approvals_undone_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_district", "approvals", ["district_id", "id"], unique=False)
    op.create_index("ix_approvals_plan", "approvals", ["plan_id", "id"], unique=False, postgresql_where="plan_id IS NOT NULL")
    op.create_index("ix_approvals_scan", "approvals", ["id"], unique=False, postgresql_where="file_key LIKE 'quarantine/%'")
    op.create_index("ix_approvals_topic", "approvals", ["topic_id", "id"], unique=False, postgresql_where="topic_id IS NOT NULL")
    op.create_table(
        "bulletin_adoptions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("district", "city", "province", "nation", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("adopted", "instructed", "forwarded", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("adopted_on", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletins.id"], name=op.f("fk_bulletin_adoptions_bulletin_id_bulletins")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_bulletin_adoptions_recorded_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin_adoptions")),
    )
    op.create_index("ix_bulletin_adoptions_bulletin", "bulletin_adoptions", ["bulletin_id", "id"], unique=False)
    op.create_table(
        "bulletin_topics",
        sa.Column("bulletin_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletins.id"], name=op.f("fk_bulletin_topics_bulletin_id_bulletins")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_bulletin_topics_topic_id_topics")),
        sa.PrimaryKeyConstraint("bulletin_id", "topic_id", name=op.f("pk_bulletin_topics")),
    )
    op.create_index("ix_bulletin_topics_topic", "bulletin_topics", ["topic_id"], unique=False)
    op.create_table(
        "conversions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("proposal", "bulletin", "speech", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("bulletin_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("suggestions", sa.Integer(), server_default="1", nullable=False),
        sa.Column("converted_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bulletin_id"], ["bulletins.id"], name=op.f("fk_conversions_bulletin_id_bulletins")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_conversions_recorded_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_conversions_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversions")),
    )
    op.create_index("ix_conversions_district", "conversions", ["district_id", "kind", "converted_on"], unique=False)
    op.create_index("ix_conversions_topic", "conversions", ["topic_id", "id"], unique=False)
    op.create_index(
        "uq_conversions_bulletin", "conversions", ["topic_id", "bulletin_id"], unique=True, postgresql_where="bulletin_id IS NOT NULL"
    )
    op.create_table(
        "plan_editions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_plan_editions_issued_by_users")),
        sa.ForeignKeyConstraint(["plan_id"], ["year_plans.id"], name=op.f("fk_plan_editions_plan_id_year_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_editions")),
        sa.UniqueConstraint("plan_id", "edition", name=op.f("uq_plan_editions_plan_id_edition")),
    )
    op.create_table(
        "plan_items",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "form",
            sa.Enum(
                "special", "counterpart", "sector", "proposal", "micro", name="form", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("quarter", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("lead_chair", sa.Text(), nullable=False),
        sa.Column("proposers", sa.Text(), nullable=False),
        sa.Column("convenor_id", sa.BigInteger(), nullable=True),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("dropped_at IS NULL OR dropped_because <> ''", name=op.f("ck_plan_items_dropped_with_reason")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_plan_items_days")),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_plan_items_quarter")),
        sa.ForeignKeyConstraint(["convenor_id"], ["users.id"], name=op.f("fk_plan_items_convenor_id_users")),
        sa.ForeignKeyConstraint(["plan_id"], ["year_plans.id"], name=op.f("fk_plan_items_plan_id_year_plans")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_plan_items_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_items")),
    )
    op.create_index("ix_plan_items_plan", "plan_items", ["plan_id", "quarter", "place", "id"], unique=False)
    op.create_index(
        "uq_plan_items_topic", "plan_items", ["topic_id"], unique=True, postgresql_where="topic_id IS NOT NULL AND dropped_at IS NULL"
    )
    op.create_table(
        "plan_reports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.Enum("mid_year", "year_end", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edited_by"], ["users.id"], name=op.f("fk_plan_reports_edited_by_users")),
        sa.ForeignKeyConstraint(["plan_id"], ["year_plans.id"], name=op.f("fk_plan_reports_plan_id_year_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_reports")),
        sa.UniqueConstraint("plan_id", "kind", name=op.f("uq_plan_reports_plan_id_kind")),
    )
    op.create_table(
        "refused_rows",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["row_imports.id"], name=op.f("fk_refused_rows_import_id_row_imports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_rows")),
    )
    op.create_index("uq_refused_rows_line", "refused_rows", ["import_id", "line"], unique=True)
    op.create_table(
        "topic_marks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "criterion",
            sa.Enum(
                "people",
                "repetition",
                "spread",
                "urgency",
                "remit",
                "feasibility",
                name="criterion",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mark", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mark BETWEEN 0 AND 3", name=op.f("ck_topic_marks_mark")),
        sa.ForeignKeyConstraint(["marked_by"], ["users.id"], name=op.f("fk_topic_marks_marked_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_marks_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_marks")),
        sa.UniqueConstraint("topic_id", "marked_by", "criterion", name=op.f("uq_topic_marks_topic_id_marked_by_criterion")),
    )
    op.create_table(
        "topic_origins",
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "route",
            sa.Enum(
                "party_government",
                "communities",
                "members",
                "residents",
                "open_call",
                "network",
                name="route",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("source_address", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("homes", sa.Integer(), nullable=True),
        sa.Column("submission_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("homes > 0", name=op.f("ck_topic_origins_homes")),
        sa.ForeignKeyConstraint(["registered_by"], ["users.id"], name=op.f("fk_topic_origins_registered_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_origins_topic_id_topics")),
        sa.PrimaryKeyConstraint("topic_id", name=op.f("pk_topic_origins")),
        sa.UniqueConstraint("nonce", name=op.f("uq_topic_origins_nonce")),
    )
    op.create_index("ix_topic_origins_by", "topic_origins", ["registered_by", "topic_id"], unique=False)
    op.create_index("ix_topic_origins_district", "topic_origins", ["district_id", "topic_id"], unique=False)
    op.create_table(
        "topic_watches",
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_typing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_watches_topic_id_topics")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_topic_watches_user_id_users")),
        sa.PrimaryKeyConstraint("topic_id", "user_id", name=op.f("pk_topic_watches")),
    )
    op.create_table(
        "upward_reports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "body",
            sa.Enum(
                "city_committee",
                "party_committee",
                "government",
                "other",
                name="body",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Enum("drafted", "sent", "answered", "abandoned", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answer_number", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drafted_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["drafted_by"], ["users.id"], name=op.f("fk_upward_reports_drafted_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_upward_reports_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upward_reports")),
    )
    op.create_index("ix_upward_reports_district", "upward_reports", ["district_id", "id"], unique=False)
    op.create_index("ix_upward_reports_topic", "upward_reports", ["topic_id", "id"], unique=False)
    op.create_table(
        "upward_answers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["corrects_id"], ["upward_answers.id"], name=op.f("fk_upward_answers_corrects_id_upward_answers")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_upward_answers_decision_id_decisions")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_upward_answers_recorded_by_users")),
        sa.ForeignKeyConstraint(["report_id"], ["upward_reports.id"], name=op.f("fk_upward_answers_report_id_upward_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upward_answers")),
    )
    op.create_index("ix_upward_answers_report", "upward_answers", ["report_id", "id"], unique=False)
    op.create_table(
        "imported_rows",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("external_hash", sa.LargeBinary(), nullable=False),
        sa.Column("external_number", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["row_imports.id"], name=op.f("fk_imported_rows_import_id_row_imports")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_imported_rows_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_rows")),
    )
    op.create_index("ix_imported_rows_submission", "imported_rows", ["submission_id"], unique=True)
    op.create_index("uq_imported_rows_external", "imported_rows", ["district_id", "external_hash"], unique=True)
    op.create_index("uq_imported_rows_line", "imported_rows", ["import_id", "line"], unique=True)
    op.create_table(
        "screening_drafts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_version", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("target_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("office_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("try_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_screening_drafts_decided_by_users")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_screening_drafts_decision_id_decisions")),
        sa.ForeignKeyConstraint(["office_id"], ["departments.id"], name=op.f("fk_screening_drafts_office_id_departments")),
        sa.ForeignKeyConstraint(["round_id"], ["screening_rounds.id"], name=op.f("fk_screening_drafts_round_id_screening_rounds")),
        sa.ForeignKeyConstraint(["target_topic_id"], ["topics.id"], name=op.f("fk_screening_drafts_target_topic_id_topics")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_screening_drafts_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_drafts")),
    )
    op.create_index("ix_screening_drafts_round", "screening_drafts", ["round_id", "id"], unique=False)
    op.create_index("uq_screening_drafts_waiting", "screening_drafts", ["topic_id"], unique=True, postgresql_where="ended_at IS NULL")
    op.add_column("areas", sa.Column("residents", sa.Integer(), nullable=True))
    op.add_column("areas", sa.Column("factor", sa.Float(), server_default="1", nullable=False))
    op.add_column("topics", sa.Column("look_again_on", sa.Date(), nullable=True))
    op.add_column("topics", sa.Column("heat_corrected", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE topics SET heat_corrected = heat WHERE heat > 0")
    op.create_index("ix_topics_corrected", "topics", ["district_id", "state", "heat_corrected", "id"], unique=False)
    op.create_index("ix_topics_spread", "topics", ["district_id", "state", "area_count", "id"], unique=False)
    op.create_index("ix_topics_newest", "topics", ["district_id", "state", "last_at", "id"], unique=False)
    op.create_index("ix_topics_route", "topics", ["district_id", "state", "route", "id"], unique=False)
    op.create_index("ix_referrals_sent", "referrals", ["district_id", "sent_at"], unique=False, postgresql_where="sent_at IS NOT NULL")
    op.create_index("ix_decisions_district", "decisions", ["district_id", "decided_at"], unique=False)
    op.create_index("ix_topics_waiting", "topics", ["district_id", "state", "state_changed_at", "id"], unique=False)
    op.create_index("ix_audit_entries_action", "audit_entries", ["district_id", "action", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_district", "audit_entries", ["district_id", "at", "id"], unique=False)
    op.create_index(
        "ix_audit_entries_person",
        "audit_entries",
        ["district_id", "actor_id", "at", "id"],
        unique=False,
        postgresql_where="actor_id IS NOT NULL",
    )
    op.create_index("ix_decisions_split", "decisions", ["target_topic_id"], unique=False, postgresql_where="action = 'split'")
    op.create_index(
        "ix_topics_letters",
        "topics",
        [sa.text("string_to_array((title || ' '::text) || number, NULL::text)")],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "1024"},
    )
    _index_submissions(rows_apart=True)
    op.create_index(
        "ix_reassignments_to", "reassignments", ["to_user_id", "submission_id"], unique=False, postgresql_where="to_user_id IS NOT NULL"
    )
    op.create_index("ix_contributors_suggested", "contributors", ["submission_id"], unique=False, postgresql_where="status = 'suggested'")
    for name, where in IMPORTED_ROWS:
        op.create_index(name, "submissions", ["district_id", "id"], unique=False, postgresql_where=where)


def downgrade() -> None:
    for name, _ in IMPORTED_ROWS:
        op.drop_index(name, table_name="submissions")
    op.drop_index("ix_contributors_suggested", table_name="contributors")
    op.drop_index("ix_reassignments_to", table_name="reassignments", postgresql_where="to_user_id IS NOT NULL")
    _index_submissions(rows_apart=False)
    op.execute("DELETE FROM role_grants WHERE role = 'city'")
    op.execute("DELETE FROM invitations WHERE role = 'city'")
    op.drop_index("ix_topics_letters", table_name="topics")
    op.drop_index("ix_decisions_split", table_name="decisions")
    op.drop_index("ix_audit_entries_person", table_name="audit_entries", postgresql_where="actor_id IS NOT NULL")
    op.drop_index("ix_audit_entries_district", table_name="audit_entries")
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.drop_index("ix_topics_waiting", table_name="topics")
    op.drop_index("ix_decisions_district", table_name="decisions")
    op.drop_index("ix_referrals_sent", table_name="referrals", postgresql_where="sent_at IS NOT NULL")
    op.drop_index("ix_topics_route", table_name="topics")
    op.drop_index("ix_topics_newest", table_name="topics")
    op.drop_index("ix_topics_spread", table_name="topics")
    op.drop_index("ix_topics_corrected", table_name="topics")
    op.drop_column("topics", "heat_corrected")
    op.drop_column("topics", "look_again_on")
    op.drop_column("areas", "factor")
    op.drop_column("areas", "residents")
    op.drop_index("uq_screening_drafts_waiting", table_name="screening_drafts", postgresql_where="ended_at IS NULL")
    op.drop_index("ix_screening_drafts_round", table_name="screening_drafts")
    op.drop_table("screening_drafts")
    op.drop_index("uq_imported_rows_line", table_name="imported_rows")
    op.drop_index("uq_imported_rows_external", table_name="imported_rows")
    op.drop_index("ix_imported_rows_submission", table_name="imported_rows")
    op.drop_table("imported_rows")
    op.drop_index("ix_upward_answers_report", table_name="upward_answers")
    op.drop_table("upward_answers")
    op.drop_index("ix_upward_reports_topic", table_name="upward_reports")
    op.drop_index("ix_upward_reports_district", table_name="upward_reports")
    op.drop_table("upward_reports")
    op.drop_table("topic_watches")
    op.drop_index("ix_topic_origins_district", table_name="topic_origins")
    op.drop_index("ix_topic_origins_by", table_name="topic_origins")
    op.drop_table("topic_origins")
    op.drop_table("topic_marks")
    op.drop_index("uq_refused_rows_line", table_name="refused_rows")
    op.drop_table("refused_rows")
    op.drop_table("plan_reports")
    op.drop_index("uq_plan_items_topic", table_name="plan_items", postgresql_where="topic_id IS NOT NULL AND dropped_at IS NULL")
    op.drop_index("ix_plan_items_plan", table_name="plan_items")
    op.drop_table("plan_items")
    op.drop_table("plan_editions")
    op.drop_index("uq_conversions_bulletin", table_name="conversions", postgresql_where="bulletin_id IS NOT NULL")
    op.drop_index("ix_conversions_topic", table_name="conversions")
    op.drop_index("ix_conversions_district", table_name="conversions")
    op.drop_table("conversions")
    op.drop_index("ix_bulletin_topics_topic", table_name="bulletin_topics")
    op.drop_table("bulletin_topics")
    op.drop_index("ix_bulletin_adoptions_bulletin", table_name="bulletin_adoptions")
    op.drop_table("bulletin_adoptions")
    op.drop_index("ix_approvals_scan", table_name="approvals", postgresql_where="file_key LIKE 'quarantine/%'")
    op.drop_index("ix_approvals_topic", table_name="approvals", postgresql_where="topic_id IS NOT NULL")
    op.drop_index("ix_approvals_plan", table_name="approvals", postgresql_where="plan_id IS NOT NULL")
    op.drop_index("ix_approvals_district", table_name="approvals")
    op.drop_table("approvals")
    op.drop_table("year_plans")
    op.drop_index("ix_screening_rounds_due", table_name="screening_rounds", postgresql_where="state = 'open'")
    op.drop_index("ix_screening_rounds_district", table_name="screening_rounds")
    op.drop_table("screening_rounds")
    op.drop_index("ix_row_imports_district", table_name="row_imports")
    op.drop_index("ix_row_imports_at_work", table_name="row_imports", postgresql_where="state IN ('checking', 'importing', 'undoing')")
    op.drop_table("row_imports")
    op.drop_index("ix_point_counts_district", table_name="point_counts")
    op.drop_table("point_counts")
    op.drop_index("ix_bulletins_state", table_name="bulletins")
    op.drop_index("ix_bulletins_district", table_name="bulletins")
    op.drop_table("bulletins")
    op.drop_table("district_counts")
    op.drop_index("ix_daily_counts_district", table_name="daily_counts")
    op.drop_table("daily_counts")
    op.drop_table("counted_days")
    op.drop_index("ix_approval_steps_district", table_name="approval_steps")
    op.drop_table("approval_steps")
    _allow_roles(ROLES_BEFORE)
