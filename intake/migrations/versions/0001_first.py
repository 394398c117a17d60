"""The first tables, append-only history and audit, and the application role's rights."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


SEQUENCES = ("topic_sequence",)
APPEND_ONLY = ("history", "audit_entries", "audit_links")
REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
# The application signs in as zhibao_app where an installation separates it from the owner (the embedded default does); elsewhere the
# trigger alone keeps history append-only.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhibao_app') AND current_user <> 'zhibao_app' THEN
        GRANT USAGE ON SCHEMA public TO zhibao_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zhibao_app;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO zhibao_app;
        -- Tables of later migrations as well.
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zhibao_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO zhibao_app;
        REVOKE UPDATE, DELETE ON history, audit_entries, audit_links FROM zhibao_app;
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM zhibao_app;
    END IF;
END $$
"""
REVOKES = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhibao_app') AND current_user <> 'zhibao_app' THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM zhibao_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM zhibao_app;
    END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "areas",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("city", "district", "street", "community", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["areas.id"], name=op.f("fk_areas_district_id_areas")),
        sa.ForeignKeyConstraint(["parent_id"], ["areas.id"], name=op.f("fk_areas_parent_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint("parent_id", "name", name=op.f("uq_areas_parent_id_name")),
    )
    op.create_index("ix_areas_path", "areas", ["path"], unique=False, postgresql_ops={"path": "text_pattern_ops"})
    op.create_table(
        "submission_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_submission_keys")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_submission_keys_submission_id")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_owned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_index("ix_users_district", "users", ["district_id", "id"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum("person", "machine", "resident", name="actor_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_audit_entries_actor_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "gram_counts",
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("gram", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["areas.id"], name=op.f("fk_gram_counts_district_id_areas")),
        sa.PrimaryKeyConstraint("district_id", "gram", name=op.f("pk_gram_counts")),
    )
    op.create_table(
        "intake_points",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "community",
                "station",
                "studio",
                "enterprise",
                "school",
                "building",
                "event",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "paused", "retired", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("closed_note", sa.Text(), nullable=False),
        sa.Column("helper_name", sa.Text(), nullable=False),
        sa.Column("helper_phone", sa.Text(), nullable=False),
        sa.Column("helper_hours", sa.Text(), nullable=False),
        sa.Column("poster_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_intake_points_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_points")),
        sa.UniqueConstraint("code", name=op.f("uq_intake_points_code")),
        sa.UniqueConstraint("scene", name=op.f("uq_intake_points_scene")),
    )
    op.create_index("ix_intake_points_area", "intake_points", ["area_id"], unique=False)
    op.create_index("ix_intake_points_district", "intake_points", ["district_id", "id"], unique=False)
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    op.create_index("ix_login_sessions_user", "login_sessions", ["user_id"], unique=False)
    op.create_table(
        "role_grants",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "worker",
                "member",
                "convenor",
                "staff",
                "chair",
                "department",
                "leader",
                "admin",
                "evaluator",
                "auditor",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_role_grants_area_id_areas")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_role_grants_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint("user_id", "role", "area_id", name=op.f("uq_role_grants_user_id_role_area_id")),
    )
    op.create_index("ix_role_grants_area_role", "role_grants", ["area_id", "role"], unique=False)
    op.create_table(
        "topics",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
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
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column(
            "urgency",
            sa.Enum("emergency", "soon", "normal", name="urgency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "candidate",
                "proposed",
                "pooled",
                "planned",
                "consulting",
                "delivering",
                "delivered",
                "rejected",
                "referred",
                "merged",
                "dissolved",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_count", sa.Integer(), nullable=False),
        sa.Column("suggested_count", sa.Integer(), nullable=False),
        sa.Column("area_count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_topics_area_id_areas")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["topics.id"], name=op.f("fk_topics_merged_into_id_topics")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_topics_opened_by_users")),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name=op.f("fk_topics_proposed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("number", name=op.f("uq_topics_number")),
    )
    op.create_index("ix_topics_area", "topics", ["area_id", "state"], unique=False)
    op.create_index(
        "ix_topics_board", "topics", ["district_id", "state", sa.literal_column("(confirmed_count + suggested_count)"), "id"], unique=False
    )
    op.create_table(
        "audit_links",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id_audit_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "form",
                "wechat_text",
                "member",
                "worker",
                "import",
                "open_call",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "triaged",
                "needs_detail",
                "in_topic",
                "referred",
                "answered",
                "reported_back",
                "reopened",
                "declined",
                "quarantined",
                "withdrawn",
                "closed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("receipt_salt", sa.LargeBinary(), nullable=False),
        sa.Column("text_written", sa.Text(), nullable=False),
        sa.Column("text_masked", sa.Text(), nullable=False),
        sa.Column("replaced_characters", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("place_masked", sa.Text(), nullable=False),
        sa.Column("contact_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("contact_hint", sa.Text(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=True),
        sa.Column("openid_hash", sa.LargeBinary(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column(
            "urgency",
            sa.Enum("emergency", "soon", "normal", name="urgency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "owner_role",
            sa.Enum(
                "worker",
                "member",
                "convenor",
                "staff",
                "chair",
                "department",
                "leader",
                "admin",
                "evaluator",
                "auditor",
                name="owner_role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(text_written) <= 5000", name=op.f("ck_submissions_text_length")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_submissions_owner_id_users")),
        sa.ForeignKeyConstraint(["parent_id"], ["submissions.id"], name=op.f("fk_submissions_parent_id_submissions")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_submissions_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_submissions_receipt_number")),
    )
    op.create_index("ix_submissions_district", "submissions", ["district_id", "id"], unique=False)
    op.create_index("ix_submissions_escalate", "submissions", ["escalate_at"], unique=False, postgresql_where="escalate_at IS NOT NULL")
    op.create_index(
        "ix_submissions_owner", "submissions", ["owner_id", "id"], unique=False, postgresql_where="state IN ('triaged', 'reopened')"
    )
    op.create_index("ix_submissions_received", "submissions", ["id"], unique=False, postgresql_where="state = 'received'")
    op.create_index(
        "ix_submissions_retention",
        "submissions",
        ["state_changed_at"],
        unique=False,
        postgresql_where="state IN ('withdrawn', 'closed', 'declined')",
    )
    op.create_index(
        "ix_submissions_silence",
        "submissions",
        ["state_changed_at"],
        unique=False,
        postgresql_where="state IN ('answered', 'reported_back')",
    )
    op.create_index(
        "ix_submissions_waiting",
        "submissions",
        ["area_id", "received_at", "id"],
        unique=False,
        postgresql_where="state IN ('triaged', 'reopened')",
    )
    op.create_table(
        "wechat_followers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("openid_hash", sa.LargeBinary(), nullable=False),
        sa.Column("openid_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("following", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_wechat_followers_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_followers")),
    )
    op.create_index("uq_wechat_followers_account_openid", "wechat_followers", ["account", "openid_hash"], unique=True)
    op.create_table(
        "contributors",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("via_topic_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("suggested", "confirmed", "removed", name="status", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_contributors_decided_by_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_contributors_submission_id_submissions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_contributors_topic_id_topics")),
        sa.ForeignKeyConstraint(["via_topic_id"], ["topics.id"], name=op.f("fk_contributors_via_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributors")),
    )
    op.create_index("ix_contributors_submission", "contributors", ["submission_id", "id"], unique=False)
    op.create_index("ix_contributors_topic", "contributors", ["topic_id", "status", "id"], unique=False)
    op.create_index("uq_contributors_live", "contributors", ["submission_id"], unique=True, postgresql_where="status <> 'removed'")
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("target_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(submission_id IS NULL) <> (topic_id IS NULL)", name=op.f("ck_decisions_one_subject")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_decisions_decided_by_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_decisions_submission_id_submissions")),
        sa.ForeignKeyConstraint(["target_topic_id"], ["topics.id"], name=op.f("fk_decisions_target_topic_id_topics")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_decisions_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_by", "decisions", ["decided_by", "id"], unique=False)
    op.create_index("ix_decisions_submission", "decisions", ["submission_id", "id"], unique=False)
    op.create_index("ix_decisions_topic", "decisions", ["topic_id", "id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_findings_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index("ix_findings_submission", "findings", ["submission_id", "id"], unique=False)
    op.create_table(
        "submission_grams",
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grams", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("rare", sa.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_submission_grams_area_id_areas")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_submission_grams_submission_id_submissions")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_grams")),
    )
    op.create_index("ix_submission_grams_district", "submission_grams", ["district_id", "received_at"], unique=False)
    op.create_index(
        "ix_submission_grams_rare",
        "submission_grams",
        ["rare"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "wechat_messages",
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["areas.id"], name=op.f("fk_wechat_messages_district_id_areas")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_wechat_messages_submission_id_submissions")),
        sa.PrimaryKeyConstraint("dedupe_key", name=op.f("pk_wechat_messages")),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum("person", "machine", "resident", name="actor_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_history_actor_id_users")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_history_decision_id_decisions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_history_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index("ix_history_entity", "history", ["noun", "entity_id", "id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.Enum("decision", "topic_decision", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("channel", sa.Enum("receipt", name="channel", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "uncertain",
                "failed",
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
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_notifications_decision_id_decisions")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_notifications_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_claimed", "notifications", ["state_changed_at"], unique=False, postgresql_where="state = 'sending'")
    op.create_index("ix_notifications_due", "notifications", ["due_at"], unique=False, postgresql_where="state = 'pending'")
    op.create_index("ix_notifications_submission", "notifications", ["submission_id", "id"], unique=False)
    op.create_index("uq_notifications_once", "notifications", ["submission_id", "decision_id", "channel"], unique=True)
    for sequence in SEQUENCES:
        op.execute(f"CREATE SEQUENCE {sequence}")
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(GRANTS)


def downgrade() -> None:
    op.drop_index("uq_notifications_once", table_name="notifications")
    op.drop_index("ix_notifications_submission", table_name="notifications")
    op.drop_index("ix_notifications_due", table_name="notifications", postgresql_where="state = 'pending'")
    op.drop_index("ix_notifications_claimed", table_name="notifications", postgresql_where="state = 'sending'")
    op.drop_table("notifications")
    op.drop_index("ix_history_entity", table_name="history")
    op.drop_table("history")
    op.drop_table("wechat_messages")
    op.drop_index("ix_submission_grams_rare", table_name="submission_grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"})
    op.drop_index("ix_submission_grams_district", table_name="submission_grams")
    op.drop_table("submission_grams")
    op.drop_index("ix_findings_submission", table_name="findings")
    op.drop_table("findings")
    op.drop_index("ix_decisions_topic", table_name="decisions")
    op.drop_index("ix_decisions_submission", table_name="decisions")
    op.drop_index("ix_decisions_by", table_name="decisions")
    op.drop_table("decisions")
    op.drop_index("uq_contributors_live", table_name="contributors", postgresql_where="status <> 'removed'")
    op.drop_index("ix_contributors_topic", table_name="contributors")
    op.drop_index("ix_contributors_submission", table_name="contributors")
    op.drop_table("contributors")
    op.drop_index("uq_wechat_followers_account_openid", table_name="wechat_followers")
    op.drop_table("wechat_followers")
    op.drop_index("ix_submissions_waiting", table_name="submissions", postgresql_where="state IN ('triaged', 'reopened')")
    op.drop_index("ix_submissions_silence", table_name="submissions", postgresql_where="state IN ('answered', 'reported_back')")
    op.drop_index("ix_submissions_retention", table_name="submissions", postgresql_where="state IN ('withdrawn', 'closed', 'declined')")
    op.drop_index("ix_submissions_received", table_name="submissions", postgresql_where="state = 'received'")
    op.drop_index("ix_submissions_owner", table_name="submissions", postgresql_where="state IN ('triaged', 'reopened')")
    op.drop_index("ix_submissions_escalate", table_name="submissions", postgresql_where="escalate_at IS NOT NULL")
    op.drop_index("ix_submissions_district", table_name="submissions")
    op.drop_table("submissions")
    op.drop_table("audit_links")
    op.drop_index("ix_topics_board", table_name="topics")
    op.drop_index("ix_topics_area", table_name="topics")
    op.drop_table("topics")
    op.drop_index("ix_role_grants_area_role", table_name="role_grants")
    op.drop_table("role_grants")
    op.drop_index("ix_login_sessions_user", table_name="login_sessions")
    op.drop_table("login_sessions")
    op.drop_index("ix_intake_points_district", table_name="intake_points")
    op.drop_index("ix_intake_points_area", table_name="intake_points")
    op.drop_table("intake_points")
    op.drop_table("gram_counts")
    op.drop_table("audit_entries")
    op.drop_index("ix_users_district", table_name="users")
    op.drop_table("users")
    op.drop_table("submission_keys")
    op.drop_index("ix_areas_path", table_name="areas", postgresql_ops={"path": "text_pattern_ops"})
    op.drop_table("areas")
    op.execute(REVOKES)
    op.execute("DROP FUNCTION refuse_change()")
    for sequence in SEQUENCES:
        op.execute(f"DROP SEQUENCE {sequence}")
