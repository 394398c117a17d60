"""Places and people on the desk, posters in batches, and what the public may read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_backstop", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("district_id", "name", name=op.f("uq_departments_district_id_name")),
    )
    op.create_table(
        "district_profiles",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_hours", sa.Text(), nullable=False),
        sa.Column("icp_number", sa.Text(), nullable=False),
        sa.Column("police_number", sa.Text(), nullable=False),
        sa.Column("poster_title", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("emblem", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_district_profiles")),
        sa.UniqueConstraint("district_id", name=op.f("uq_district_profiles_district_id")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sa.Enum("open", "used", "revoked", name="state", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
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
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_invitations_area_id_areas")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_invitations_created_by_users")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_invitations_department_id_departments")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invitations_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index("ix_invitations_district", "invitations", ["district_id", "id"], unique=False)
    op.create_table(
        "point_codes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_point_codes_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_point_codes_code")),
    )
    op.create_table(
        "point_listeners",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_point_listeners_weekday")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_point_listeners_point_id_intake_points")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_point_listeners_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_listeners")),
        sa.UniqueConstraint("point_id", "weekday", "user_id", name=op.f("uq_point_listeners_point_id_weekday_user_id")),
    )
    op.create_index("ix_point_listeners_user", "point_listeners", ["user_id"], unique=False)
    op.create_table(
        "poster_batches",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "running", "done", "failed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_key", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_poster_batches_area_id_areas")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_poster_batches_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poster_batches")),
    )
    op.create_index("ix_poster_batches_district", "poster_batches", ["district_id", "id"], unique=False)
    op.create_index("ix_poster_batches_waiting", "poster_batches", ["id"], unique=False, postgresql_where="state IN ('waiting', 'running')")
    op.create_table(
        "releases",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("in_hand", "decision", "result", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("draft", "released", "withdrawn", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("prepared_by", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_releases_area_id_areas")),
        sa.ForeignKeyConstraint(["prepared_by"], ["users.id"], name=op.f("fk_releases_prepared_by_users")),
        sa.ForeignKeyConstraint(["released_by"], ["users.id"], name=op.f("fk_releases_released_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_releases_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index("ix_releases_area", "releases", ["area_id", "released_at", "id"], unique=False, postgresql_where="state = 'released'")
    op.create_index("ix_releases_district", "releases", ["district_id", "id"], unique=False)
    op.create_index(
        "ix_releases_public", "releases", ["district_id", "released_at", "id"], unique=False, postgresql_where="state = 'released'"
    )
    op.create_index("ix_releases_topic", "releases", ["topic_id", "id"], unique=False)
    op.add_column("areas", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("users", sa.Column("department_id", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_foreign_key(op.f("fk_users_department_id_departments"), "users", "departments", ["department_id"], ["id"])
    op.create_index("ix_audit_entries_entity", "audit_entries", ["noun", "entity_id", "id"], unique=False)
    op.create_index("ix_submissions_heard", "submissions", ["district_id", "received_at"], unique=False)
    op.create_index(
        "ix_submissions_pressing",
        "submissions",
        ["district_id", "received_at"],
        unique=False,
        postgresql_where="state IN ('triaged', 'reopened') AND (urgency = 'emergency' OR owner_role = 'staff')",
    )
    op.create_index("ix_submissions_point", "submissions", ["point_id", "received_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_submissions_point", table_name="submissions")
    op.drop_index(
        "ix_submissions_pressing",
        table_name="submissions",
        postgresql_where="state IN ('triaged', 'reopened') AND (urgency = 'emergency' OR owner_role = 'staff')",
    )
    op.drop_index("ix_submissions_heard", table_name="submissions")
    op.drop_index("ix_audit_entries_entity", table_name="audit_entries")
    op.drop_constraint(op.f("fk_users_department_id_departments"), "users", type_="foreignkey")
    op.drop_column("users", "version")
    op.drop_column("users", "department_id")
    op.drop_column("areas", "version")
    op.drop_index("ix_releases_topic", table_name="releases")
    op.drop_index("ix_releases_public", table_name="releases", postgresql_where="state = 'released'")
    op.drop_index("ix_releases_district", table_name="releases")
    op.drop_index("ix_releases_area", table_name="releases", postgresql_where="state = 'released'")
    op.drop_table("releases")
    op.drop_index("ix_poster_batches_waiting", table_name="poster_batches", postgresql_where="state IN ('waiting', 'running')")
    op.drop_index("ix_poster_batches_district", table_name="poster_batches")
    op.drop_table("poster_batches")
    op.drop_index("ix_point_listeners_user", table_name="point_listeners")
    op.drop_table("point_listeners")
    op.drop_table("point_codes")
    op.drop_index("ix_invitations_district", table_name="invitations")
    op.drop_table("invitations")
    op.drop_table("district_profiles")
    op.drop_table("departments")
