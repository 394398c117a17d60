"""The resident's side complete: open calls, endorsements, paper slips and assisted filing, photos on public pages, keys of other systems; where
points and messages lie, what is held for a person, parts of photos that staff blurred.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAYS_BEFORE = ("form", "wechat_text", "wechat_image", "wechat_voice", "member", "worker", "import", "open_call")
WAYS_NEW = ("endorsement", "api")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({_listed(values)})")


def upgrade() -> None:
    _allow("submissions", "channel", "channel", (*WAYS_BEFORE, *WAYS_NEW))
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_hint", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_api_keys_created_by_users")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_api_keys_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index("ix_api_keys_district", "api_keys", ["district_id", "id"], unique=False)
    op.create_table(
        "open_calls",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "open", "closed", "reported", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("background", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("result_words", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_open_calls_days")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_open_calls_area_id_areas")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_open_calls_created_by_users")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_open_calls_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_calls")),
        sa.UniqueConstraint("point_id", name=op.f("uq_open_calls_point_id")),
    )
    op.create_index("ix_open_calls_district", "open_calls", ["district_id", "id"], unique=False)
    op.create_table(
        "paper_slips",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("printed_by", sa.BigInteger(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_paper_slips_point_id_intake_points")),
        sa.ForeignKeyConstraint(["printed_by"], ["users.id"], name=op.f("fk_paper_slips_printed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_slips")),
        sa.UniqueConstraint("number", name=op.f("uq_paper_slips_number")),
    )
    op.create_index("ix_paper_slips_point", "paper_slips", ["point_id", "id"], unique=False)
    op.create_table(
        "assisted_filings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("filed_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "spoken_by",
            sa.Enum(
                "self", "family", "neighbour", "guardian", "other", name="spoken_by", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "consent",
            sa.Enum("spoken", "phone", "written", "guardian", name="consent", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("is_child", sa.Boolean(), nullable=False),
        sa.Column("slip_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["filed_by"], ["users.id"], name=op.f("fk_assisted_filings_filed_by_users")),
        sa.ForeignKeyConstraint(["slip_id"], ["paper_slips.id"], name=op.f("fk_assisted_filings_slip_id_paper_slips")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_assisted_filings_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assisted_filings")),
        sa.UniqueConstraint("slip_id", name=op.f("uq_assisted_filings_slip_id")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_assisted_filings_submission_id")),
    )
    op.create_index("ix_assisted_filings_by", "assisted_filings", ["filed_by", "id"], unique=False)
    op.create_table(
        "endorsements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("person_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_endorsements_submission_id_submissions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_endorsements_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsements")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_endorsements_submission_id")),
    )
    op.create_index("ix_endorsements_device", "endorsements", ["topic_id", "device_hash", "created_at"], unique=False)
    op.create_index(
        "uq_endorsements_person", "endorsements", ["person_hash", "topic_id"], unique=True, postgresql_where="withdrawn_at IS NULL"
    )
    op.create_table(
        "release_photos",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Enum("before", "after", name="side", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("submission_file_id", sa.BigInteger(), nullable=True),
        sa.Column("attachment_id", sa.BigInteger(), nullable=True),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.CheckConstraint("(submission_file_id IS NULL) <> (attachment_id IS NULL)", name=op.f("ck_release_photos_one_source")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachments.id"], name=op.f("fk_release_photos_attachment_id_attachments")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_release_photos_release_id_releases")),
        sa.ForeignKeyConstraint(
            ["submission_file_id"], ["submission_files.id"], name=op.f("fk_release_photos_submission_file_id_submission_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_photos")),
    )
    op.create_index("ix_release_photos_release", "release_photos", ["release_id", "side", "position"], unique=False)
    op.add_column("intake_points", sa.Column("latitude", sa.Float(precision=53), nullable=True))
    op.add_column("intake_points", sa.Column("longitude", sa.Float(precision=53), nullable=True))
    op.add_column("intake_points", sa.Column("guard", sa.String(length=40), server_default="auto", nullable=False))
    op.add_column("intake_points", sa.Column("guarded_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_intake_points_guard"), "intake_points", "guard IN ('auto', 'on', 'off')")
    op.create_check_constraint(op.f("ck_intake_points_whole_position"), "intake_points", "(latitude IS NULL) = (longitude IS NULL)")
    op.create_check_constraint(
        op.f("ck_intake_points_position_on_earth"), "intake_points", "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
    )
    op.add_column("submission_files", sa.Column("blur", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"))
    op.add_column("submission_files", sa.Column("blurred_key", sa.Text(), nullable=False, server_default=""))
    op.alter_column("submission_files", "blur", server_default=None)
    op.alter_column("submission_files", "blurred_key", server_default=None)
    op.add_column("submission_files", sa.Column("blurred_by", sa.BigInteger(), nullable=True))
    op.add_column("submission_files", sa.Column("blurred_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_submission_files_blurred_by_users"), "submission_files", "users", ["blurred_by"], ["id"])
    op.create_index(
        "ix_submission_files_to_be_drawn",
        "submission_files",
        ["id"],
        unique=False,
        postgresql_where="blurred_at IS NOT NULL AND (blur = '[]'::jsonb) = (blurred_key <> '')",
    )
    op.add_column("submissions", sa.Column("open_call_id", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("api_key_id", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("suspicion", sa.String(length=40), nullable=True))
    op.add_column("submissions", sa.Column("latitude", sa.Float(precision=53), nullable=True))
    op.add_column("submissions", sa.Column("longitude", sa.Float(precision=53), nullable=True))
    op.create_check_constraint(op.f("ck_submissions_suspicion"), "submissions", "suspicion IN ('trap', 'fast', 'unproven', 'flood')")
    op.create_check_constraint(op.f("ck_submissions_whole_position"), "submissions", "(latitude IS NULL) = (longitude IS NULL)")
    op.create_index("ix_submissions_api_key", "submissions", ["api_key_id", "id"], unique=False, postgresql_where="api_key_id IS NOT NULL")
    op.create_index(
        "ix_submissions_open_call", "submissions", ["open_call_id", "id"], unique=False, postgresql_where="open_call_id IS NOT NULL"
    )
    op.create_foreign_key(op.f("fk_submissions_open_call_id_open_calls"), "submissions", "open_calls", ["open_call_id"], ["id"])
    op.create_foreign_key(op.f("fk_submissions_api_key_id_api_keys"), "submissions", "api_keys", ["api_key_id"], ["id"])


def downgrade() -> None:
    op.execute(f"UPDATE submissions SET channel = 'form' WHERE channel IN ({_listed(WAYS_NEW)})")
    _allow("submissions", "channel", "channel", WAYS_BEFORE)
    op.drop_constraint(op.f("fk_submissions_api_key_id_api_keys"), "submissions", type_="foreignkey")
    op.drop_constraint(op.f("fk_submissions_open_call_id_open_calls"), "submissions", type_="foreignkey")
    op.drop_index("ix_submissions_open_call", table_name="submissions", postgresql_where="open_call_id IS NOT NULL")
    op.drop_index("ix_submissions_api_key", table_name="submissions", postgresql_where="api_key_id IS NOT NULL")
    op.drop_constraint(op.f("ck_submissions_whole_position"), "submissions", type_="check")
    op.drop_constraint(op.f("ck_submissions_suspicion"), "submissions", type_="check")
    for column in ("longitude", "latitude", "suspicion", "api_key_id", "open_call_id"):
        op.drop_column("submissions", column)
    op.drop_index("ix_submission_files_to_be_drawn", table_name="submission_files")
    op.drop_constraint(op.f("fk_submission_files_blurred_by_users"), "submission_files", type_="foreignkey")
    for column in ("blurred_at", "blurred_by", "blurred_key", "blur"):
        op.drop_column("submission_files", column)
    for name in ("position_on_earth", "whole_position", "guard"):
        op.drop_constraint(op.f(f"ck_intake_points_{name}"), "intake_points", type_="check")
    for column in ("guarded_until", "guard", "longitude", "latitude"):
        op.drop_column("intake_points", column)
    for table in ("release_photos", "endorsements", "assisted_filings", "paper_slips", "open_calls", "api_keys"):
        op.drop_table(table)
