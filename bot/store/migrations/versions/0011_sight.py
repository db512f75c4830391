"""Who may see a repository: whether it is private, and whom the host or Slack let in when they were asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repos", sa.Column("private", sa.Boolean(), nullable=True))
    op.add_column("repos", sa.Column("private_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "sights",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("may", sa.Boolean(), nullable=False),
        sa.Column("ask_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "place", "who"),
    )


def downgrade() -> None:
    op.drop_table("sights")
    op.drop_column("repos", "private_at")
    op.drop_column("repos", "private")
