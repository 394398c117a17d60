"""The desk's first page: its month lies in an index whole, and what of it stands in topics is found by when it was put there; what was kept
for a day that has come, and what could not be decided, lie apart.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_submissions_heard", table_name="submissions")
    op.create_index(
        "ix_submissions_heard",
        "submissions",
        ["district_id", "received_at"],
        postgresql_include=["area_id", "state", "channel", "category", "parent_id"],
    )
    op.create_index(
        "ix_contributors_made",
        "contributors",
        ["district_id", "created_at"],
        postgresql_where="status = 'confirmed'",
        postgresql_include=["topic_id", "submission_id"],
    )
    op.create_index(
        "ix_topics_look_again",
        "topics",
        ["district_id", "look_again_on", "id"],
        postgresql_where="state = 'pooled' AND look_again_on IS NOT NULL",
    )
    op.create_index("ix_screening_drafts_problem", "screening_drafts", ["district_id", "id"], postgresql_where="problem <> ''")


def downgrade() -> None:
    op.drop_index("ix_screening_drafts_problem", table_name="screening_drafts")
    op.drop_index("ix_topics_look_again", table_name="topics")
    op.drop_index("ix_contributors_made", table_name="contributors")
    op.drop_index("ix_submissions_heard", table_name="submissions")
    op.create_index("ix_submissions_heard", "submissions", ["district_id", "received_at"])
