"""WeChat as a front door: accounts, followers' message rights, chat drafts, residents' files, outward notices, scene codes, campaigns, bindings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS_BEFORE = ("decision", "topic_decision", "outcome")
KINDS_NEW = ("received", "joined", "session", "rate", "message")
CHANNELS_NEW = ("customer", "long", "once", "template", "sms", "board")
STATES_BEFORE = ("pending", "sending", "sent", "uncertain", "failed", "cancelled")
ENTRIES_BEFORE = (
    "instruction", "progress", "help", "return", "dispute", "dispute_decision", "reassignment", "send_back", "extension", "extension_decision",
    "pause", "resume", "hand_over", "reopening",
)  # fmt: skip
WAYS_BEFORE = ("form", "wechat_text", "member", "worker", "import", "open_call")
WAYS_NEW = ("wechat_image", "wechat_voice")
WAYS = ("form", "wechat_text", *WAYS_NEW, "member", "worker", "import", "open_call")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({_listed(values)})")


def upgrade() -> None:
    _allow("notifications", "kind", "kind", (*KINDS_BEFORE, *KINDS_NEW))
    _allow("notifications", "channel", "channel", ("receipt", *CHANNELS_NEW))
    _allow("notifications", "state", "state", (*STATES_BEFORE, "expired"))
    _allow("submissions", "channel", "channel", WAYS)
    _allow("referral_entries", "kind", "kind", (*ENTRIES_BEFORE, "urge"))
    op.create_index("ix_answers_paper", "answers", ["district_id", "paper_number"], unique=False, postgresql_where="paper_number <> ''")
    op.create_table(
        "wechat_accounts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("service", "subscription", "partner", "none", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("callback_key", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("original_id", sa.Text(), nullable=False),
        sa.Column("token_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("aes_key_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("secret_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("verify_name", sa.Text(), nullable=False),
        sa.Column("verify_text", sa.Text(), nullable=False),
        sa.Column("menu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("check_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("menu_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_wechat_accounts_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_accounts")),
        sa.UniqueConstraint("callback_key", name=op.f("uq_wechat_accounts_callback_key")),
    )
    op.create_index("ix_wechat_accounts_area", "wechat_accounts", ["area_id"], unique=False)
    op.create_index("uq_wechat_accounts_original_id", "wechat_accounts", ["original_id"], unique=True, postgresql_where="original_id <> ''")
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_campaigns_area_id_areas")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_campaigns_created_by_users")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_campaigns_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("code", name=op.f("uq_campaigns_code")),
    )
    op.create_index("ix_campaigns_district", "campaigns", ["district_id", "id"], unique=False)
    op.create_table(
        "wechat_bind_tickets",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wechat_bind_tickets_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_bind_tickets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_wechat_bind_tickets_token_hash")),
    )
    op.create_index("ix_wechat_bind_tickets_user", "wechat_bind_tickets", ["user_id"], unique=False)
    op.create_table(
        "wechat_bindings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("openid_hash", sa.LargeBinary(), nullable=False),
        sa.Column("openid_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wechat_bindings_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_bindings")),
    )
    op.create_index(
        "uq_wechat_bindings_openid", "wechat_bindings", ["account", "openid_hash"], unique=True, postgresql_where="ended_at IS NULL"
    )
    op.create_index("uq_wechat_bindings_user", "wechat_bindings", ["user_id", "account"], unique=True, postgresql_where="ended_at IS NULL")
    op.create_table(
        "wechat_scenes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column(
            "state", sa.Enum("asked", "made", "failed", name="state", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("refused_because", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["wechat_accounts.id"], name=op.f("fk_wechat_scenes_account_id_wechat_accounts")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_wechat_scenes_asked_by_users")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_wechat_scenes_point_id_intake_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_scenes")),
        sa.UniqueConstraint("account_id", "point_id", name=op.f("uq_wechat_scenes_account_id_point_id")),
        sa.UniqueConstraint("account_id", "scene", name=op.f("uq_wechat_scenes_account_id_scene")),
    )
    op.create_index("ix_wechat_scenes_asked", "wechat_scenes", ["id"], unique=False, postgresql_where="state = 'asked'")
    op.create_table(
        "wechat_templates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "decision",
                "topic_decision",
                "outcome",
                "received",
                "joined",
                "session",
                "rate",
                "message",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "receipt",
                "customer",
                "long",
                "once",
                "template",
                "sms",
                "board",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("channel IN ('long', 'once', 'template')", name=op.f("ck_wechat_templates_channel_has_templates")),
        sa.ForeignKeyConstraint(["account_id"], ["wechat_accounts.id"], name=op.f("fk_wechat_templates_account_id_wechat_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_templates")),
        sa.UniqueConstraint("account_id", "kind", "channel", name=op.f("uq_wechat_templates_account_id_kind_channel")),
    )
    op.create_table(
        "campaign_counts",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("formed", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint("shard BETWEEN 0 AND 15", name=op.f("ck_campaign_counts_shard")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_counts_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("campaign_id", "day", "shard", name=op.f("pk_campaign_counts")),
    )
    op.create_table(
        "wechat_rights",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("follower_id", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "receipt",
                "customer",
                "long",
                "once",
                "template",
                "sms",
                "board",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_wechat_rights_remaining")),
        sa.ForeignKeyConstraint(["follower_id"], ["wechat_followers.id"], name=op.f("fk_wechat_rights_follower_id_wechat_followers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_rights")),
        sa.UniqueConstraint("follower_id", "template_id", name=op.f("uq_wechat_rights_follower_id_template_id")),
    )
    op.create_table(
        "chat_drafts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("follower_id", sa.BigInteger(), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state", sa.Enum("open", "sent", "dropped", name="state", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("link_salt", sa.LargeBinary(), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sent_by", sa.Enum("word", "pause", "form", name="sent_by", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("offered", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["follower_id"], ["wechat_followers.id"], name=op.f("fk_chat_drafts_follower_id_wechat_followers")),
        sa.ForeignKeyConstraint(["point_id"], ["intake_points.id"], name=op.f("fk_chat_drafts_point_id_intake_points")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_chat_drafts_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_drafts")),
    )
    op.create_index("ix_chat_drafts_due", "chat_drafts", ["closes_at"], unique=False, postgresql_where="state = 'open'")
    op.create_index(
        "ix_chat_drafts_dropped", "chat_drafts", ["id"], unique=False, postgresql_where="state = 'dropped' AND erased_at IS NULL"
    )
    op.create_index("ix_chat_drafts_follower", "chat_drafts", ["follower_id", "state_changed_at"], unique=False)
    op.create_index(
        "ix_chat_drafts_submission", "chat_drafts", ["submission_id"], unique=False, postgresql_where="submission_id IS NOT NULL"
    )
    op.create_index(
        "uq_chat_drafts_open",
        "chat_drafts",
        ["follower_id", "point_id"],
        unique=True,
        postgresql_where="state = 'open'",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "submission_files",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Enum("photo", "voice", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum("awaited", "received", "ready", "refused", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Text(), nullable=False),
        sa.Column("fetch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetch_tries", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("heard_written", sa.Text(), nullable=False),
        sa.Column("heard_masked", sa.Text(), nullable=False),
        sa.Column("transcribed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_because", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_submission_files_size")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_submission_files_submission_id_submissions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_files")),
    )
    op.create_index("ix_submission_files_awaited", "submission_files", ["fetch_at"], unique=False, postgresql_where="state = 'awaited'")
    op.create_index("ix_submission_files_received", "submission_files", ["id"], unique=False, postgresql_where="state = 'received'")
    op.create_index("ix_submission_files_submission", "submission_files", ["submission_id", "id"], unique=False)
    op.create_index(
        "ix_submission_files_unneeded",
        "submission_files",
        ["id"],
        unique=False,
        postgresql_where="file_key <> '' AND (state = 'refused' OR removed_at IS NOT NULL)",
    )
    op.create_index(
        "ix_submission_files_to_hear",
        "submission_files",
        ["id"],
        unique=False,
        postgresql_where="state = 'ready' AND kind = 'voice' AND transcribed_at IS NULL",
    )
    op.create_table(
        "chat_parts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=True),
        sa.Column("draft_id", sa.BigInteger(), nullable=False),
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("text", "image", "voice", "location", "link", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("char_length(words) <= 5000", name=op.f("ck_chat_parts_words_length")),
        sa.ForeignKeyConstraint(["draft_id"], ["chat_drafts.id"], name=op.f("fk_chat_parts_draft_id_chat_drafts")),
        sa.ForeignKeyConstraint(["file_id"], ["submission_files.id"], name=op.f("fk_chat_parts_file_id_submission_files")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_parts")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_chat_parts_dedupe_key")),
    )
    op.create_index("ix_chat_parts_file", "chat_parts", ["file_id"], unique=False, postgresql_where="file_id IS NOT NULL")
    op.create_index("ix_chat_parts_draft", "chat_parts", ["draft_id", "sent_at", "message_id"], unique=False)
    op.add_column("notifications", sa.Column("once_key", sa.Text(), nullable=False, server_default=""))
    op.add_column("notifications", sa.Column("follower_id", sa.BigInteger(), nullable=True))
    op.add_column("notifications", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("tried", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"))
    op.add_column("notifications", sa.Column("platform_id", sa.Text(), nullable=False, server_default=""))
    op.add_column("notifications", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("notifications", "decision_id", existing_type=sa.BIGINT(), nullable=True)
    op.drop_index(op.f("uq_notifications_once"), table_name="notifications")
    op.execute("UPDATE notifications SET once_key = 'decision:' || decision_id || ':' || channel")
    for column in ("once_key", "tried", "platform_id"):
        op.alter_column("notifications", column, server_default=None)
    op.create_index("uq_notifications_once", "notifications", ["submission_id", "once_key"], unique=True)
    op.create_index(
        "ix_notifications_follower", "notifications", ["follower_id", "id"], unique=False, postgresql_where="follower_id IS NOT NULL"
    )
    op.drop_index("ix_notifications_due", table_name="notifications", postgresql_where="state = 'pending'")
    op.create_index(
        "ix_notifications_due",
        "notifications",
        ["due_at", "id"],
        unique=False,
        postgresql_where="state = 'pending' AND channel = 'receipt'",
    )
    op.create_index(
        "ix_notifications_due_out",
        "notifications",
        ["due_at", "id"],
        unique=False,
        postgresql_where="state = 'pending' AND channel <> 'receipt'",
    )
    op.create_index(
        "ix_notifications_received",
        "notifications",
        ["due_at", "id"],
        unique=False,
        postgresql_where="state = 'pending' AND kind = 'received'",
    )
    op.create_index("ix_notifications_platform", "notifications", ["platform_id"], unique=False, postgresql_where="platform_id <> ''")
    op.create_index(
        "ix_notifications_out", "notifications", ["district_id", "created_at"], unique=False, postgresql_where="channel <> 'receipt'"
    )
    op.create_index(
        "ix_outcomes_unsaid", "outcomes", ["told_at"], unique=False, postgresql_where="verdict IS NULL AND superseded_at IS NULL"
    )
    op.create_index(
        "ix_notifications_stuck", "notifications", ["district_id", "id"], unique=False, postgresql_where="state IN ('uncertain', 'failed')"
    )
    op.create_foreign_key(
        op.f("fk_notifications_follower_id_wechat_followers"), "notifications", "wechat_followers", ["follower_id"], ["id"]
    )
    op.add_column("submissions", sa.Column("follower_id", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_submissions_campaign", "submissions", ["campaign_id", "id"], unique=False, postgresql_where="campaign_id IS NOT NULL"
    )
    op.create_index(
        "ix_submissions_follower", "submissions", ["follower_id", "id"], unique=False, postgresql_where="follower_id IS NOT NULL"
    )
    op.create_foreign_key(op.f("fk_submissions_follower_id_wechat_followers"), "submissions", "wechat_followers", ["follower_id"], ["id"])
    op.create_foreign_key(op.f("fk_submissions_campaign_id_campaigns"), "submissions", "campaigns", ["campaign_id"], ["id"])
    op.add_column("wechat_messages", sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}"))
    op.alter_column("wechat_messages", "answer", server_default=None)
    op.add_column("wechat_followers", sa.Column("wrote_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("wechat_followers", sa.Column("replies_used", sa.Integer(), server_default="0", nullable=False))
    op.add_column("wechat_followers", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("wechat_followers", sa.Column("touches_used", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("wechat_followers", "district_id", existing_type=sa.BIGINT(), nullable=True)
    op.alter_column("wechat_followers", "point_id", existing_type=sa.BIGINT(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE decision_id IS NULL OR channel <> 'receipt' OR state = 'expired'")
    op.execute(f"DELETE FROM notifications WHERE kind IN ({_listed(KINDS_NEW)})")
    op.execute(f"UPDATE submissions SET channel = 'wechat_text' WHERE channel IN ({_listed(WAYS_NEW)})")
    _allow("submissions", "channel", "channel", WAYS_BEFORE)
    op.drop_index("ix_answers_paper", table_name="answers", postgresql_where="paper_number <> ''")
    op.execute("DELETE FROM referral_entries WHERE kind = 'urge'")
    _allow("referral_entries", "kind", "kind", ENTRIES_BEFORE)
    _allow("notifications", "state", "state", STATES_BEFORE)
    _allow("notifications", "channel", "channel", ("receipt",))
    _allow("notifications", "kind", "kind", KINDS_BEFORE)
    op.drop_constraint(op.f("fk_submissions_campaign_id_campaigns"), "submissions", type_="foreignkey")
    op.drop_constraint(op.f("fk_submissions_follower_id_wechat_followers"), "submissions", type_="foreignkey")
    op.drop_index("ix_submissions_follower", table_name="submissions", postgresql_where="follower_id IS NOT NULL")
    op.drop_index("ix_submissions_campaign", table_name="submissions", postgresql_where="campaign_id IS NOT NULL")
    op.drop_column("submissions", "campaign_id")
    op.drop_column("submissions", "follower_id")
    op.drop_constraint(op.f("fk_notifications_follower_id_wechat_followers"), "notifications", type_="foreignkey")
    op.drop_index("ix_outcomes_unsaid", table_name="outcomes", postgresql_where="verdict IS NULL AND superseded_at IS NULL")
    op.drop_index("ix_notifications_out", table_name="notifications", postgresql_where="channel <> 'receipt'")
    op.drop_index("ix_notifications_platform", table_name="notifications", postgresql_where="platform_id <> ''")
    op.drop_index("ix_notifications_received", table_name="notifications", postgresql_where="state = 'pending' AND kind = 'received'")
    op.drop_index("ix_notifications_due_out", table_name="notifications", postgresql_where="state = 'pending' AND channel <> 'receipt'")
    op.drop_index("ix_notifications_due", table_name="notifications", postgresql_where="state = 'pending' AND channel = 'receipt'")
    op.create_index("ix_notifications_due", "notifications", ["due_at"], unique=False, postgresql_where="state = 'pending'")
    op.drop_index("ix_notifications_stuck", table_name="notifications", postgresql_where="state IN ('uncertain', 'failed')")
    op.drop_index("ix_notifications_follower", table_name="notifications", postgresql_where="follower_id IS NOT NULL")
    op.drop_index("uq_notifications_once", table_name="notifications")
    op.create_index(op.f("uq_notifications_once"), "notifications", ["submission_id", "decision_id", "channel"], unique=True)
    op.alter_column("notifications", "decision_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("notifications", "reached_at")
    op.drop_column("notifications", "arrived_at")
    op.drop_column("notifications", "platform_id")
    op.drop_column("notifications", "tried")
    op.drop_column("notifications", "expires_at")
    op.drop_column("notifications", "follower_id")
    op.drop_column("notifications", "once_key")
    op.drop_index("ix_chat_parts_file", table_name="chat_parts", postgresql_where="file_id IS NOT NULL")
    op.drop_index("ix_chat_parts_draft", table_name="chat_parts")
    op.drop_table("chat_parts")
    op.drop_index(
        "ix_submission_files_unneeded",
        table_name="submission_files",
        postgresql_where="file_key <> '' AND (state = 'refused' OR removed_at IS NOT NULL)",
    )
    op.drop_index(
        "ix_submission_files_to_hear",
        table_name="submission_files",
        postgresql_where="state = 'ready' AND kind = 'voice' AND transcribed_at IS NULL",
    )
    op.drop_index("ix_submission_files_submission", table_name="submission_files")
    op.drop_index("ix_submission_files_received", table_name="submission_files", postgresql_where="state = 'received'")
    op.drop_index("ix_submission_files_awaited", table_name="submission_files", postgresql_where="state = 'awaited'")
    op.drop_table("submission_files")
    op.drop_index("uq_chat_drafts_open", table_name="chat_drafts", postgresql_where="state = 'open'", postgresql_nulls_not_distinct=True)
    op.drop_index("ix_chat_drafts_submission", table_name="chat_drafts", postgresql_where="submission_id IS NOT NULL")
    op.drop_index("ix_chat_drafts_follower", table_name="chat_drafts")
    op.drop_index("ix_chat_drafts_dropped", table_name="chat_drafts", postgresql_where="state = 'dropped' AND erased_at IS NULL")
    op.drop_index("ix_chat_drafts_due", table_name="chat_drafts", postgresql_where="state = 'open'")
    op.drop_table("chat_drafts")
    op.drop_table("wechat_rights")
    op.drop_table("campaign_counts")
    op.drop_table("wechat_templates")
    op.drop_index("ix_wechat_scenes_asked", table_name="wechat_scenes", postgresql_where="state = 'asked'")
    op.drop_table("wechat_scenes")
    op.drop_index("uq_wechat_bindings_user", table_name="wechat_bindings", postgresql_where="ended_at IS NULL")
    op.drop_index("uq_wechat_bindings_openid", table_name="wechat_bindings", postgresql_where="ended_at IS NULL")
    op.drop_table("wechat_bindings")
    op.drop_index("ix_wechat_bind_tickets_user", table_name="wechat_bind_tickets")
    op.drop_table("wechat_bind_tickets")
    op.drop_index("ix_campaigns_district", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_index("uq_wechat_accounts_original_id", table_name="wechat_accounts", postgresql_where="original_id <> ''")
    op.drop_index("ix_wechat_accounts_area", table_name="wechat_accounts")
    op.drop_table("wechat_accounts")
    op.execute("DELETE FROM wechat_followers WHERE point_id IS NULL")
    op.alter_column("wechat_followers", "point_id", existing_type=sa.BIGINT(), nullable=False)
    op.alter_column("wechat_followers", "district_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("wechat_messages", "answer")
    op.drop_column("wechat_followers", "touches_used")
    op.drop_column("wechat_followers", "touched_at")
    op.drop_column("wechat_followers", "replies_used")
    op.drop_column("wechat_followers", "wrote_at")
