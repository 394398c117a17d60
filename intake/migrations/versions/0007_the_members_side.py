"""The member's side complete: leases, hand-overs and recusals, answers to start from, messages split by sentence, members' groups, venues and
calendar, what members report and did, briefs and proposers; a second factor, and decisions kept on a phone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES_BEFORE = (
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
)
STATES_NEW = ("rejoined",)
SAID = "lower((title || ' '::text) || words)"
PIECES = (
    f"(string_to_array(regexp_replace({SAID}, '(..)'::text, '\\1'::text || chr(1), 'g'::text), chr(1))"
    f" || string_to_array(regexp_replace(substr({SAID}, 2), '(..)'::text, '\\1'::text || chr(1), 'g'::text), chr(1)))"
)
WAITING = "state IN ('triaged', 'reopened')"


def _allow_states(values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(op.f("ck_submissions_state"), "submissions", type_="check")
    op.create_check_constraint(op.f("ck_submissions_state"), "submissions", f"state IN ({listed})")


def upgrade() -> None:
    _allow_states((*STATES_BEFORE, *STATES_NEW))
    op.create_table(
        "answer_templates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_answer_templates_created_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_templates")),
    )
    op.create_index("ix_answer_templates_district", "answer_templates", ["district_id", "action", "id"], unique=False)
    op.create_table(
        "member_groups",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("liaison", "sector", "committee", "joint", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=True),
        sa.Column("convenor_id", sa.BigInteger(), nullable=True),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_member_groups_area_id_areas")),
        sa.ForeignKeyConstraint(["convenor_id"], ["users.id"], name=op.f("fk_member_groups_convenor_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_groups")),
    )
    op.create_index("ix_member_groups_district", "member_groups", ["district_id", "kind", "id"], unique=False)
    op.create_table(
        "member_profiles",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("province", "city", "district", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("concerns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_member_profiles_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_member_profiles")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index("ix_recovery_codes_user", "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "group_memberships",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f("ck_group_memberships_days")),
        sa.ForeignKeyConstraint(["group_id"], ["member_groups.id"], name=op.f("fk_group_memberships_group_id_member_groups")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_group_memberships_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_memberships")),
    )
    op.create_index("ix_group_memberships_user", "group_memberships", ["user_id", "group_id"], unique=False)
    op.create_index(
        "uq_group_memberships_live", "group_memberships", ["group_id", "user_id"], unique=True, postgresql_where="until IS NULL"
    )
    op.create_table(
        "topic_briefs",
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("photos", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edited_by"], ["users.id"], name=op.f("fk_topic_briefs_edited_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_briefs_topic_id_topics")),
        sa.PrimaryKeyConstraint("topic_id", name=op.f("pk_topic_briefs")),
    )
    op.create_table(
        "topic_proposers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Enum("member", "group", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name=op.f("ck_topic_proposers_one_proposer")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_topic_proposers_asked_by_users")),
        sa.ForeignKeyConstraint(["group_id"], ["member_groups.id"], name=op.f("fk_topic_proposers_group_id_member_groups")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_proposers_topic_id_topics")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_topic_proposers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_proposers")),
    )
    op.create_index(
        "ix_topic_proposers_asked",
        "topic_proposers",
        ["user_id", "id"],
        unique=False,
        postgresql_where="agreed_at IS NULL AND declined_at IS NULL",
    )
    op.create_index("ix_topic_proposers_group", "topic_proposers", ["group_id", "id"], unique=False)
    op.create_index(
        "uq_topic_proposers_group", "topic_proposers", ["topic_id", "group_id"], unique=True, postgresql_where="group_id IS NOT NULL"
    )
    op.create_index(
        "uq_topic_proposers_user", "topic_proposers", ["topic_id", "user_id"], unique=True, postgresql_where="user_id IS NOT NULL"
    )
    op.create_table(
        "venues",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("hall", "station", "studio", "reception_room", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Float(precision=53), nullable=True),
        sa.Column("longitude", sa.Float(precision=53), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_venues_whole_position")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_venues_position_on_earth")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_venues_area_id_areas")),
        sa.ForeignKeyConstraint(["group_id"], ["member_groups.id"], name=op.f("fk_venues_group_id_member_groups")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_venues_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venues")),
    )
    op.create_index("ix_venues_area", "venues", ["area_id"], unique=False)
    op.create_index("ix_venues_district", "venues", ["district_id", "id"], unique=False)
    op.create_table(
        "duty_shifts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked_id", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends > starts", name=op.f("ck_duty_shifts_hours")),
        sa.ForeignKeyConstraint(["asked_id"], ["users.id"], name=op.f("fk_duty_shifts_asked_id_users")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_duty_shifts_made_by_users")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_duty_shifts_user_id_users")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_duty_shifts_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shifts")),
    )
    op.create_index("ix_duty_shifts_district", "duty_shifts", ["district_id", "day", "id"], unique=False)
    op.create_index("ix_duty_shifts_asked", "duty_shifts", ["asked_id", "day"], unique=False, postgresql_where="asked_id IS NOT NULL")
    op.create_index("ix_duty_shifts_user", "duty_shifts", ["user_id", "day"], unique=False)
    op.create_index(
        "uq_duty_shifts_place",
        "duty_shifts",
        ["venue_id", "user_id", "day", "starts"],
        unique=True,
        postgresql_where="cancelled_at IS NULL",
    )
    op.create_table(
        "reassignments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("hand_over", "escalate", "recuse", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("from_user_id", sa.BigInteger(), nullable=False),
        sa.Column("to_user_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["from_user_id"], ["users.id"], name=op.f("fk_reassignments_from_user_id_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_reassignments_submission_id_submissions")),
        sa.ForeignKeyConstraint(["to_user_id"], ["users.id"], name=op.f("fk_reassignments_to_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassignments")),
    )
    op.create_index("ix_reassignments_submission", "reassignments", ["submission_id", "id"], unique=False)
    op.create_index(
        "uq_reassignments_recused", "reassignments", ["from_user_id", "submission_id"], unique=True, postgresql_where="kind = 'recuse'"
    )
    op.create_table(
        "submission_leases",
        sa.Column("submission_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_submission_leases_submission_id_submissions")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_submission_leases_user_id_users")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_leases")),
    )
    op.create_index("ix_submission_leases_user", "submission_leases", ["user_id", "until"], unique=False)
    op.create_table(
        "submission_parts",
        sa.Column("submission_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("spans", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("split_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rejoined_by", sa.BigInteger(), nullable=True),
        sa.Column("rejoined_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["submissions.id"], name=op.f("fk_submission_parts_parent_id_submissions")),
        sa.ForeignKeyConstraint(["rejoined_by"], ["users.id"], name=op.f("fk_submission_parts_rejoined_by_users")),
        sa.ForeignKeyConstraint(["split_by"], ["users.id"], name=op.f("fk_submission_parts_split_by_users")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_submission_parts_submission_id_submissions")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_parts")),
    )
    op.create_index("ix_submission_parts_parent", "submission_parts", ["parent_id", "submission_id"], unique=False)
    op.create_table(
        "venue_checks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_by", sa.BigInteger(), nullable=False),
        sa.Column("has", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name=op.f("fk_venue_checks_checked_by_users")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_venue_checks_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_checks")),
    )
    op.create_index("ix_venue_checks_venue", "venue_checks", ["venue_id", "id"], unique=False)
    op.create_table(
        "venue_members",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_venue_members_user_id_users")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_venue_members_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_members")),
        sa.UniqueConstraint("venue_id", "user_id", name=op.f("uq_venue_members_venue_id_user_id")),
    )
    op.create_index("ix_venue_members_user", "venue_members", ["user_id"], unique=False)
    op.create_table(
        "activities",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "duty", "reception", "visit", "mediation", "service", name="kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=True),
        sa.Column("venue_id", sa.BigInteger(), nullable=True),
        sa.Column("shift_id", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("people BETWEEN 0 AND 2000", name=op.f("ck_activities_people")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_activities_area_id_areas")),
        sa.ForeignKeyConstraint(["shift_id"], ["duty_shifts.id"], name=op.f("fk_activities_shift_id_duty_shifts")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_activities_user_id_users")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_activities_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
        sa.UniqueConstraint("nonce", name=op.f("uq_activities_nonce")),
    )
    op.create_index("ix_activities_district", "activities", ["district_id", "day", "id"], unique=False)
    op.create_index("ix_activities_user", "activities", ["user_id", "day", "id"], unique=False)
    op.create_table(
        "member_reports",
        sa.Column("submission_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "report_of", sa.Enum("own", "resident", name="report_of", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column(
            "consent",
            sa.Enum("spoken", "phone", "written", "guardian", name="consent", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("activity_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_member_reports_activity_id_activities")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_member_reports_submission_id_submissions")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_member_reports_user_id_users")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_member_reports")),
    )
    op.create_index("ix_member_reports_activity", "member_reports", ["activity_id"], unique=False)
    op.create_index("ix_member_reports_user", "member_reports", ["user_id", "submission_id"], unique=False)
    op.add_column("decisions", sa.Column("nonce", sa.LargeBinary(), nullable=True))
    op.create_index("uq_decisions_nonce", "decisions", ["nonce"], unique=True, postgresql_where="nonce IS NOT NULL")
    op.add_column("login_sessions", sa.Column("way", sa.Text(), server_default="", nullable=False))
    op.add_column("login_sessions", sa.Column("device", sa.Text(), server_default="", nullable=False))
    op.add_column("users", sa.Column("totp_cipher", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("totp_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("totp_last", sa.BigInteger(), nullable=True))
    op.create_index("ix_submission_leases_until", "submission_leases", ["until"], unique=False)
    op.create_index(
        "ix_submissions_waiting_category", "submissions", ["area_id", "category", "received_at", "id"], postgresql_where=WAITING
    )
    op.create_index(
        "ix_submissions_waiting_emergency",
        "submissions",
        ["area_id", "received_at", "id"],
        postgresql_where=f"{WAITING} AND urgency = 'emergency'",
    )
    op.create_index(
        "ix_submission_grams_said",
        "submission_grams",
        [sa.text("(grams || ARRAY[(area_id % 2147483647)::integer, (district_id % 2147483647)::integer])")],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "1024"},
    )
    op.create_index("ix_releases_latest", "releases", ["released_at", "id"], postgresql_where="state = 'released'")
    op.create_index(
        "ix_releases_said",
        "releases",
        [sa.text(PIECES)],
        postgresql_using="gin",
        postgresql_where="state = 'released'",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    op.drop_index("ix_releases_said", table_name="releases")
    op.drop_index("ix_releases_latest", table_name="releases")
    op.drop_index("ix_submission_grams_said", table_name="submission_grams")
    op.drop_index("ix_submissions_waiting_emergency", table_name="submissions")
    op.drop_index("ix_submissions_waiting_category", table_name="submissions")
    for column in ("totp_last", "totp_since", "totp_cipher"):
        op.drop_column("users", column)
    for column in ("device", "way"):
        op.drop_column("login_sessions", column)
    op.drop_index("uq_decisions_nonce", table_name="decisions", postgresql_where="nonce IS NOT NULL")
    op.drop_column("decisions", "nonce")
    for table in (
        "member_reports",
        "activities",
        "venue_members",
        "venue_checks",
        "submission_parts",
        "submission_leases",
        "reassignments",
        "duty_shifts",
        "venues",
        "topic_proposers",
        "topic_briefs",
        "group_memberships",
        "recovery_codes",
        "member_profiles",
        "member_groups",
        "answer_templates",
    ):
        op.drop_table(table)
    op.execute("UPDATE submissions SET state = 'withdrawn' WHERE state = 'rejoined'")
    _allow_states(STATES_BEFORE)
