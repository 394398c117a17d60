"""Triage that learns and explains: proposals, examples, models, heat, and the sentence that brought a submission to its topic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "triage_models",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("candidate", "adopted", "retired", "refused", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("measured", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("artifact", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_triage_models_made_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triage_models")),
    )
    op.create_index("ix_triage_models_district", "triage_models", ["district_id", "id"], unique=False)
    op.create_index("uq_triage_models_adopted", "triage_models", ["district_id"], unique=True, postgresql_where="state = 'adopted'")
    op.create_table(
        "assistant_drafts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose", sa.Enum("title", "summary", name="purpose", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("asked", "drafted", "unreachable", "refused", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_assistant_drafts_asked_by_users")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_assistant_drafts_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistant_drafts")),
    )
    op.create_index("ix_assistant_drafts_budget", "assistant_drafts", ["district_id", "created_at"], unique=False)
    op.create_index("ix_assistant_drafts_topic", "assistant_drafts", ["topic_id", "id"], unique=False)
    op.create_table(
        "topic_proposals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.Enum("merge", "split", "class", name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "accepted", "dismissed", "outdated", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("submission_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("result_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_topic_proposals_decided_by_users")),
        sa.ForeignKeyConstraint(["result_topic_id"], ["topics.id"], name=op.f("fk_topic_proposals_result_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_proposals")),
    )
    op.create_index("ix_topic_proposals_open", "topic_proposals", ["district_id", "id"], unique=False, postgresql_where="state = 'open'")
    op.create_index("ix_topic_proposals_topics", "topic_proposals", ["topic_ids"], unique=False, postgresql_using="gin")
    op.create_index("uq_topic_proposals_subject", "topic_proposals", ["district_id", "kind", "subject"], unique=True)
    op.create_table(
        "training_examples",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("category", "same", "different", "screen", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("other_submission_id", sa.BigInteger(), nullable=True),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("suggested", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_training_examples_decided_by_users")),
        sa.ForeignKeyConstraint(
            ["other_submission_id"], ["submissions.id"], name=op.f("fk_training_examples_other_submission_id_submissions")
        ),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_training_examples_submission_id_submissions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_training_examples_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_examples")),
    )
    op.create_index("ix_training_examples_learn", "training_examples", ["district_id", "kind", "id"], unique=False)
    op.create_index("ix_training_examples_submission", "training_examples", ["submission_id", "id"], unique=False)
    op.add_column("contributors", sa.Column("sentence_start", sa.Integer(), nullable=True))
    op.add_column("contributors", sa.Column("sentence_end", sa.Integer(), nullable=True))
    op.create_index(
        "ix_submissions_device", "submissions", ["device_hash", "received_at"], unique=False, postgresql_where="device_hash IS NOT NULL"
    )
    op.add_column(
        "topics",
        sa.Column(
            "kind",
            sa.Enum("matter", "class", name="kind", native_enum=False, create_constraint=True, length=40),
            server_default="matter",
            nullable=False,
        ),
    )
    op.add_column("topics", sa.Column("class_topic_id", sa.BigInteger(), nullable=True))
    op.add_column("topics", sa.Column("summary", sa.Text(), server_default="", nullable=False))
    op.add_column("topics", sa.Column("keywords", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False))
    op.add_column("topics", sa.Column("people_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("topics", sa.Column("heat", sa.Integer(), server_default="0", nullable=False))
    op.add_column("topics", sa.Column("heat_parts", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False))
    op.add_column("topics", sa.Column("heat_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_topics_class", "topics", ["class_topic_id"], unique=False, postgresql_where="class_topic_id IS NOT NULL")
    op.create_index("ix_topics_heat", "topics", ["district_id", "state", "heat", "id"], unique=False)
    op.create_foreign_key(op.f("fk_topics_class_topic_id_topics"), "topics", "topics", ["class_topic_id"], ["id"])
    op.create_table(
        "gram_sightings",
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("gram", sa.Integer(), nullable=False),
        sa.Column("seen", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "gram", name=op.f("pk_gram_sightings")),
    )
    # Every message changes some of their rows: room on the page keeps a new version beside the old one, and the index as it is.
    op.execute("ALTER TABLE gram_sightings SET (fillfactor = 70)")
    op.execute("ALTER TABLE gram_counts SET (fillfactor = 70)")
    # As in every other table: each new gram would look the district up (models/base.py: DistrictId).
    op.drop_constraint("fk_gram_counts_district_id_areas", "gram_counts", type_="foreignkey")
    op.execute(
        """
        INSERT INTO gram_sightings (district_id, gram, seen)
        SELECT district_id, gram, (array_agg(sighting ORDER BY sighting DESC))[1:64]
        FROM submission_grams, unnest(rare) AS gram,
            LATERAL (SELECT ((extract(epoch FROM received_at)::bigint / 86400) << 48) | submission_id AS sighting) AS made
        GROUP BY district_id, gram
        """
    )
    op.drop_index("ix_submission_grams_rare", table_name="submission_grams", postgresql_using="gin")
    # Until the next change of a topic counts its senders, every submission counts as somebody else's.
    op.execute("UPDATE topics SET people_count = confirmed_count + suggested_count")


def downgrade() -> None:
    op.create_index(
        "ix_submission_grams_rare",
        "submission_grams",
        ["rare"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("gram_sightings")
    op.execute("ALTER TABLE gram_counts RESET (fillfactor)")
    op.create_foreign_key(op.f("fk_gram_counts_district_id_areas"), "gram_counts", "areas", ["district_id"], ["id"])
    op.drop_constraint(op.f("fk_topics_class_topic_id_topics"), "topics", type_="foreignkey")
    op.drop_index("ix_topics_heat", table_name="topics")
    op.drop_index("ix_topics_class", table_name="topics", postgresql_where="class_topic_id IS NOT NULL")
    op.drop_column("topics", "heat_at")
    op.drop_column("topics", "heat_parts")
    op.drop_column("topics", "heat")
    op.drop_column("topics", "people_count")
    op.drop_column("topics", "keywords")
    op.drop_column("topics", "summary")
    op.drop_column("topics", "class_topic_id")
    op.drop_column("topics", "kind")
    op.drop_index("ix_submissions_device", table_name="submissions", postgresql_where="device_hash IS NOT NULL")
    op.drop_column("contributors", "sentence_end")
    op.drop_column("contributors", "sentence_start")
    op.drop_index("ix_training_examples_submission", table_name="training_examples")
    op.drop_index("ix_training_examples_learn", table_name="training_examples")
    op.drop_table("training_examples")
    op.drop_index("uq_topic_proposals_subject", table_name="topic_proposals")
    op.drop_index("ix_topic_proposals_topics", table_name="topic_proposals", postgresql_using="gin")
    op.drop_index("ix_topic_proposals_open", table_name="topic_proposals", postgresql_where="state = 'open'")
    op.drop_table("topic_proposals")
    op.drop_index("ix_assistant_drafts_topic", table_name="assistant_drafts")
    op.drop_index("ix_assistant_drafts_budget", table_name="assistant_drafts")
    op.drop_table("assistant_drafts")
    op.drop_index("uq_triage_models_adopted", table_name="triage_models", postgresql_where="state = 'adopted'")
    op.drop_index("ix_triage_models_district", table_name="triage_models")
    op.drop_table("triage_models")
