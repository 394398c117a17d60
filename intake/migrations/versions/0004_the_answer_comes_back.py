"""The answer comes back: referrals and their clocks, answers with evidence, outcomes and verdicts, messages, alarms, instructions, lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = ("worker", "member", "convenor", "staff", "chair", "office", "department", "leader", "admin", "evaluator", "auditor")
ROLES_BEFORE = tuple(role for role in ROLES if role != "office")
ROLE_COLUMNS = (("role_grants", "role", "role"), ("submissions", "owner_role", "owner_role"), ("invitations", "role", "role"))
"""Table, column, name of its check."""
NOTICES = ("decision", "topic_decision")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({listed})")


def upgrade() -> None:
    op.execute("CREATE SEQUENCE referral_sequence")
    for table, column, name in ROLE_COLUMNS:
        _allow(table, column, name, ROLES)
    _allow("notifications", "kind", "kind", (*NOTICES, "outcome"))
    op.create_table(
        "digests",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("overdue", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_soon", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_digests_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
    )
    op.create_index("ix_digests_unseen", "digests", ["user_id"], unique=False, postgresql_where="seen_at IS NULL")
    op.create_index("uq_digests_day", "digests", ["user_id", "day"], unique=True)
    op.create_table(
        "alarms",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("raised", "taken", "closed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_words", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_alarms_area_id_areas")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_alarms_submission_id_submissions")),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name=op.f("fk_alarms_taken_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_district", "alarms", ["district_id", "id"], unique=False)
    op.create_index("ix_alarms_open", "alarms", ["district_id", "raised_at"], unique=False, postgresql_where="state <> 'closed'")
    op.create_index("uq_alarms_submission", "alarms", ["submission_id"], unique=True)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "written_from",
            sa.Enum("resident", "member", name="written_from", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("written_by", sa.BigInteger(), nullable=True),
        sa.Column("text_written", sa.Text(), nullable=False),
        sa.Column("text_masked", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_messages_submission_id_submissions")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_messages_written_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_submission", "messages", ["submission_id", "id"], unique=False)
    op.create_index(
        "ix_messages_unread",
        "messages",
        ["district_id", "submission_id"],
        unique=False,
        postgresql_where="written_from = 'resident' AND read_at IS NULL",
    )
    op.create_index("uq_messages_key", "messages", ["key"], unique=True)
    op.create_table(
        "official_lists",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("responsibility", "result", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("referral_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "issued", "superseded", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_official_lists_created_by_users")),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_official_lists_issued_by_users")),
        sa.ForeignKeyConstraint(["series_id"], ["official_lists.id"], name=op.f("fk_official_lists_series_id_official_lists")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_official_lists_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_lists")),
    )
    op.create_index("ix_official_lists_district", "official_lists", ["district_id", "id"], unique=False)
    op.create_index("ix_official_lists_topic", "official_lists", ["topic_id"], unique=False, postgresql_where="topic_id IS NOT NULL")
    op.create_index(
        "uq_official_lists_version", "official_lists", ["series_id", "edition"], unique=True, postgresql_where="series_id IS NOT NULL"
    )
    op.create_table(
        "referrals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Enum("relay", "responsibility", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column(
            "urgency",
            sa.Enum("emergency", "soon", "normal", name="urgency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "drafted",
                "sent",
                "accepted",
                "assigned",
                "in_progress",
                "disputed",
                "replied",
                "checked",
                "delivered",
                "returned",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_number", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_back", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revisit_on", sa.Date(), nullable=True),
        sa.Column("revisited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revisit_words", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(submission_id IS NULL) <> (topic_id IS NULL)", name=op.f("ck_referrals_one_subject")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_referrals_area_id_areas")),
        sa.ForeignKeyConstraint(["lead_id"], ["departments.id"], name=op.f("fk_referrals_lead_id_departments")),
        sa.ForeignKeyConstraint(["office_id"], ["departments.id"], name=op.f("fk_referrals_office_id_departments")),
        sa.ForeignKeyConstraint(["officer_id"], ["users.id"], name=op.f("fk_referrals_officer_id_users")),
        sa.ForeignKeyConstraint(["sent_by"], ["users.id"], name=op.f("fk_referrals_sent_by_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_referrals_submission_id_submissions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_referrals_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("number", name=op.f("uq_referrals_number")),
    )
    op.create_index("ix_referrals_district", "referrals", ["district_id", "state", "due_at", "id"], unique=False)
    op.create_index(
        "ix_referrals_due",
        "referrals",
        ["due_at"],
        unique=False,
        postgresql_where="due_at IS NOT NULL AND paused_at IS NULL AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.create_index(
        "ix_referrals_lead", "referrals", ["lead_id", "state", "due_at", "id"], unique=False, postgresql_where="lead_id IS NOT NULL"
    )
    op.create_index("ix_referrals_office", "referrals", ["office_id", "state", "due_at", "id"], unique=False)
    # An office and a unit have one district: without this the planner multiplies their shares and expects next to nothing.
    op.execute("CREATE STATISTICS st_referrals_units (dependencies) ON district_id, office_id, lead_id FROM referrals")
    op.create_index("ix_referrals_external", "referrals", ["external_number"], unique=False, postgresql_where="external_number <> ''")
    op.create_index(
        "ix_referrals_revisit",
        "referrals",
        ["district_id", "revisit_on"],
        unique=False,
        postgresql_where="revisit_on IS NOT NULL AND revisited_at IS NULL",
    )
    op.create_index("ix_referrals_sender", "referrals", ["sent_by", "state", "id"], unique=False)
    op.create_index(
        "ix_referrals_submission", "referrals", ["submission_id", "id"], unique=False, postgresql_where="submission_id IS NOT NULL"
    )
    op.create_index("ix_referrals_topic", "referrals", ["topic_id", "id"], unique=False, postgresql_where="topic_id IS NOT NULL")
    op.create_index(
        "uq_referrals_submission_open",
        "referrals",
        ["submission_id"],
        unique=True,
        postgresql_where="submission_id IS NOT NULL AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.create_index(
        "uq_referrals_topic_open",
        "referrals",
        ["topic_id"],
        unique=True,
        postgresql_where="topic_id IS NOT NULL AND kind = 'relay' AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.create_table(
        "alarm_calls",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("as_role", sa.Text(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_alarm_calls_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_alarm_calls_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_calls")),
    )
    op.create_index("ix_alarm_calls_unseen", "alarm_calls", ["user_id", "alarm_id"], unique=False, postgresql_where="seen_at IS NULL")
    op.create_index("uq_alarm_calls_person", "alarm_calls", ["alarm_id", "user_id"], unique=True)
    op.create_table(
        "answers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("done", "partly", "planned", "not_possible", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_name", sa.Text(), nullable=False),
        sa.Column("paper_number", sa.Text(), nullable=False),
        sa.Column("paper_date", sa.Date(), nullable=True),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_answers_department_id_departments")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_answers_referral_id_referrals")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_answers_written_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_referral", "answers", ["referral_id", "id"], unique=False)
    op.create_table(
        "extensions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("asked", "granted", "refused", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_extensions_asked_by_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_extensions_decided_by_users")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_extensions_referral_id_referrals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
    )
    op.create_index("ix_extensions_referral", "extensions", ["referral_id", "id"], unique=False)
    op.create_index("uq_extensions_open", "extensions", ["referral_id"], unique=True, postgresql_where="state = 'asked'")
    op.create_table(
        "instructions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("extract", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("referral_id", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("registered", "following", "closed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("topic_id IS NULL OR referral_id IS NULL", name=op.f("ck_instructions_one_subject")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_instructions_referral_id_referrals")),
        sa.ForeignKeyConstraint(["registered_by"], ["users.id"], name=op.f("fk_instructions_registered_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_instructions_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
    )
    op.create_index("ix_instructions_district", "instructions", ["district_id", "state", "due_on", "id"], unique=False)
    op.create_index("ix_instructions_referral", "instructions", ["referral_id"], unique=False, postgresql_where="referral_id IS NOT NULL")
    op.create_index("ix_instructions_topic", "instructions", ["topic_id"], unique=False, postgresql_where="topic_id IS NOT NULL")
    op.create_index("uq_instructions_number", "instructions", ["district_id", "number"], unique=True)
    op.create_table(
        "pauses",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum("resident", "outside", "season", "procedure", name="reason", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("begun_by", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["begun_by"], ["users.id"], name=op.f("fk_pauses_begun_by_users")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_pauses_ended_by_users")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_pauses_referral_id_referrals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index("ix_pauses_referral", "pauses", ["referral_id", "id"], unique=False)
    op.create_table(
        "referral_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "instruction",
                "progress",
                "help",
                "return",
                "dispute",
                "dispute_decision",
                "reassignment",
                "send_back",
                "extension",
                "extension_decision",
                "pause",
                "resume",
                "hand_over",
                "reopening",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("for_resident", sa.Boolean(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("other_department_id", sa.BigInteger(), nullable=True),
        sa.Column("written_by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_referral_entries_department_id_departments")),
        sa.ForeignKeyConstraint(
            ["other_department_id"], ["departments.id"], name=op.f("fk_referral_entries_other_department_id_departments")
        ),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_referral_entries_referral_id_referrals")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_referral_entries_written_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_entries")),
    )
    op.create_index("ix_referral_entries_referral", "referral_entries", ["referral_id", "id"], unique=False)
    op.create_table(
        "referral_helpers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sa.Enum("asked", "signed", "done", name="state", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_referral_helpers_department_id_departments")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_referral_helpers_referral_id_referrals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_helpers")),
    )
    op.create_index("ix_referral_helpers_unit_state", "referral_helpers", ["department_id", "state", "id"], unique=False)
    op.create_index("uq_referral_helpers_unit", "referral_helpers", ["referral_id", "department_id"], unique=True)
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Enum("evidence", "scan", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum("received", "ready", "refused", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("refused_because", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_attachments_size")),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_attachments_answer_id_answers")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_attachments_referral_id_referrals")),
        sa.ForeignKeyConstraint(["sent_by"], ["users.id"], name=op.f("fk_attachments_sent_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index("ix_attachments_received", "attachments", ["id"], unique=False, postgresql_where="state = 'received'")
    op.create_index("ix_attachments_referral", "attachments", ["referral_id", "id"], unique=False)
    op.create_table(
        "answer_drafts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("signed_name", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_answer_drafts_referral_id_referrals")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_answer_drafts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_drafts")),
    )
    op.create_index("uq_answer_drafts_person", "answer_drafts", ["referral_id", "user_id"], unique=True)
    op.create_table(
        "instruction_forwards",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("instruction_id", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("outside", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_instruction_forwards_department_id_departments")),
        sa.ForeignKeyConstraint(["instruction_id"], ["instructions.id"], name=op.f("fk_instruction_forwards_instruction_id_instructions")),
        sa.ForeignKeyConstraint(["reported_by"], ["users.id"], name=op.f("fk_instruction_forwards_reported_by_users")),
        sa.ForeignKeyConstraint(["sent_by"], ["users.id"], name=op.f("fk_instruction_forwards_sent_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction_forwards")),
    )
    op.create_index("ix_instruction_forwards_instruction", "instruction_forwards", ["instruction_id", "id"], unique=False)
    op.create_index(
        "ix_instruction_forwards_unit",
        "instruction_forwards",
        ["department_id", "id"],
        unique=False,
        postgresql_where="department_id IS NOT NULL AND reported_at IS NULL",
    )
    op.create_table(
        "decline_checks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name=op.f("fk_decline_checks_checked_by_users")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_decline_checks_decision_id_decisions")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_decline_checks_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decline_checks")),
    )
    op.create_index("ix_decline_checks_open", "decline_checks", ["district_id", "id"], unique=False, postgresql_where="checked_at IS NULL")
    op.create_index("uq_decline_checks_decision", "decline_checks", ["decision_id"], unique=True)
    op.create_table(
        "outcomes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("referral_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum("solved", "partly", "not_solved", "cannot_judge", name="verdict", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "review", sa.Enum("reopen", "explain", name="review", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_outcomes_decision_id_decisions")),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name=op.f("fk_outcomes_referral_id_referrals")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["users.id"], name=op.f("fk_outcomes_reviewed_by_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_outcomes_submission_id_submissions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_outcomes_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_district", "outcomes", ["district_id", "told_at"], unique=False)
    op.create_index("ix_outcomes_referral", "outcomes", ["referral_id"], unique=False, postgresql_where="referral_id IS NOT NULL")
    op.create_index(
        "ix_outcomes_review",
        "outcomes",
        ["district_id", "id"],
        unique=False,
        postgresql_where="verdict = 'not_solved' AND reviewed_at IS NULL",
    )
    op.create_index("ix_outcomes_topic", "outcomes", ["topic_id"], unique=False, postgresql_where="topic_id IS NOT NULL")
    op.create_index("uq_outcomes_once", "outcomes", ["submission_id", "decision_id"], unique=True)
    op.add_column("decisions", sa.Column("answer_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_decisions_answer_id_answers"), "decisions", "answers", ["answer_id"], ["id"])
    op.add_column(
        "departments",
        sa.Column(
            "kind",
            sa.Enum("department", "office", "duty", name="kind", native_enum=False, create_constraint=True, length=40),
            server_default="department",
            nullable=False,
        ),
    )
    op.add_column("departments", sa.Column("successor_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_departments_successor_id_departments"), "departments", "departments", ["successor_id"], ["id"])
    op.add_column("submissions", sa.Column("contact_consent_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_submissions_emergency", "submissions", ["triaged_at"], unique=False, postgresql_where="urgency = 'emergency'")
    op.create_index(
        "ix_submissions_held", "submissions", ["district_id", "received_at", "id"], unique=False, postgresql_where="state = 'quarantined'"
    )
    op.add_column("users", sa.Column("stand_in_id", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("away_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("wants_digest", sa.Boolean(), server_default="true", nullable=False))
    op.create_foreign_key(op.f("fk_users_stand_in_id_users"), "users", "users", ["stand_in_id"], ["id"])


def downgrade() -> None:
    # What only this version knows goes with it.
    op.execute("DELETE FROM notifications WHERE kind = 'outcome'")
    op.execute("DELETE FROM role_grants WHERE role = 'office'")
    op.execute("UPDATE submissions SET owner_role = 'staff' WHERE owner_role = 'office'")
    op.execute("DELETE FROM invitations WHERE role = 'office'")
    _allow("notifications", "kind", "kind", NOTICES)
    for table, column, name in ROLE_COLUMNS:
        _allow(table, column, name, ROLES_BEFORE)
    op.drop_constraint(op.f("fk_users_stand_in_id_users"), "users", type_="foreignkey")
    op.drop_column("users", "wants_digest")
    op.drop_column("users", "away_until")
    op.drop_column("users", "stand_in_id")
    op.drop_index("ix_submissions_held", table_name="submissions", postgresql_where="state = 'quarantined'")
    op.drop_index("ix_submissions_emergency", table_name="submissions", postgresql_where="urgency = 'emergency'")
    op.drop_column("submissions", "contact_consent_at")
    op.drop_constraint(op.f("fk_departments_successor_id_departments"), "departments", type_="foreignkey")
    op.drop_column("departments", "successor_id")
    op.drop_column("departments", "kind")
    op.drop_constraint(op.f("fk_decisions_answer_id_answers"), "decisions", type_="foreignkey")
    op.drop_column("decisions", "answer_id")
    op.drop_index("uq_outcomes_once", table_name="outcomes")
    op.drop_index("ix_outcomes_topic", table_name="outcomes", postgresql_where="topic_id IS NOT NULL")
    op.drop_index("ix_outcomes_review", table_name="outcomes", postgresql_where="verdict = 'not_solved' AND reviewed_at IS NULL")
    op.drop_index("ix_outcomes_referral", table_name="outcomes", postgresql_where="referral_id IS NOT NULL")
    op.drop_index("ix_outcomes_district", table_name="outcomes")
    op.drop_table("outcomes")
    op.drop_index("uq_decline_checks_decision", table_name="decline_checks")
    op.drop_index("ix_decline_checks_open", table_name="decline_checks", postgresql_where="checked_at IS NULL")
    op.drop_table("decline_checks")
    op.drop_index(
        "ix_instruction_forwards_unit",
        table_name="instruction_forwards",
        postgresql_where="department_id IS NOT NULL AND reported_at IS NULL",
    )
    op.drop_index("ix_instruction_forwards_instruction", table_name="instruction_forwards")
    op.drop_table("instruction_forwards")
    op.drop_index("uq_answer_drafts_person", table_name="answer_drafts")
    op.drop_table("answer_drafts")
    op.drop_index("ix_attachments_referral", table_name="attachments")
    op.drop_index("ix_attachments_received", table_name="attachments", postgresql_where="state = 'received'")
    op.drop_table("attachments")
    op.drop_index("uq_referral_helpers_unit", table_name="referral_helpers")
    op.drop_index("ix_referral_helpers_unit_state", table_name="referral_helpers")
    op.drop_table("referral_helpers")
    op.drop_index("ix_referral_entries_referral", table_name="referral_entries")
    op.drop_table("referral_entries")
    op.drop_index("ix_pauses_referral", table_name="pauses")
    op.drop_table("pauses")
    op.drop_index("uq_instructions_number", table_name="instructions")
    op.drop_index("ix_instructions_topic", table_name="instructions", postgresql_where="topic_id IS NOT NULL")
    op.drop_index("ix_instructions_referral", table_name="instructions", postgresql_where="referral_id IS NOT NULL")
    op.drop_index("ix_instructions_district", table_name="instructions")
    op.drop_table("instructions")
    op.drop_index("uq_extensions_open", table_name="extensions", postgresql_where="state = 'asked'")
    op.drop_index("ix_extensions_referral", table_name="extensions")
    op.drop_table("extensions")
    op.drop_index("ix_answers_referral", table_name="answers")
    op.drop_table("answers")
    op.drop_index("uq_alarm_calls_person", table_name="alarm_calls")
    op.drop_index("ix_alarm_calls_unseen", table_name="alarm_calls", postgresql_where="seen_at IS NULL")
    op.drop_table("alarm_calls")
    op.drop_index(
        "uq_referrals_topic_open",
        table_name="referrals",
        postgresql_where="topic_id IS NOT NULL AND kind = 'relay' AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.drop_index(
        "uq_referrals_submission_open",
        table_name="referrals",
        postgresql_where="submission_id IS NOT NULL AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.drop_index("ix_referrals_topic", table_name="referrals", postgresql_where="topic_id IS NOT NULL")
    op.drop_index("ix_referrals_submission", table_name="referrals", postgresql_where="submission_id IS NOT NULL")
    op.drop_index("ix_referrals_sender", table_name="referrals")
    op.drop_index("ix_referrals_revisit", table_name="referrals", postgresql_where="revisit_on IS NOT NULL AND revisited_at IS NULL")
    op.drop_index("ix_referrals_external", table_name="referrals", postgresql_where="external_number <> ''")
    op.drop_index("ix_referrals_office", table_name="referrals")
    op.drop_index("ix_referrals_lead", table_name="referrals", postgresql_where="lead_id IS NOT NULL")
    op.drop_index(
        "ix_referrals_due",
        table_name="referrals",
        postgresql_where="due_at IS NOT NULL AND paused_at IS NULL AND state NOT IN ('delivered', 'returned', 'cancelled')",
    )
    op.drop_index("ix_referrals_district", table_name="referrals")
    op.drop_table("referrals")
    op.drop_index("uq_official_lists_version", table_name="official_lists", postgresql_where="series_id IS NOT NULL")
    op.drop_index("ix_official_lists_topic", table_name="official_lists", postgresql_where="topic_id IS NOT NULL")
    op.drop_index("ix_official_lists_district", table_name="official_lists")
    op.drop_table("official_lists")
    op.drop_index("uq_messages_key", table_name="messages")
    op.drop_index("ix_messages_unread", table_name="messages", postgresql_where="written_from = 'resident' AND read_at IS NULL")
    op.drop_index("ix_messages_submission", table_name="messages")
    op.drop_table("messages")
    op.drop_index("uq_alarms_submission", table_name="alarms")
    op.drop_index("ix_alarms_open", table_name="alarms", postgresql_where="state <> 'closed'")
    op.drop_index("ix_alarms_district", table_name="alarms")
    op.drop_table("alarms")
    op.drop_index("uq_digests_day", table_name="digests")
    op.drop_index("ix_digests_unseen", table_name="digests", postgresql_where="seen_at IS NULL")
    op.drop_table("digests")

    op.execute("DROP SEQUENCE referral_sequence")
