"""审批步骤: a step that ends keeps who let it end and why; those that ended before have neither."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval_steps", sa.Column("ended_authority", sa.Text(), nullable=True))
    op.add_column("approval_steps", sa.Column("ended_reason", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_approval_steps_ended_with_reason"),
        "approval_steps",
        "(ended_authority IS NULL) = (ended_reason IS NULL)"
        " AND (ended_authority IS NULL OR (ended_at IS NOT NULL AND ended_authority <> '' AND ended_reason <> ''))",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_approval_steps_ended_with_reason"), "approval_steps", type_="check")
    op.drop_column("approval_steps", "ended_reason")
    op.drop_column("approval_steps", "ended_authority")
