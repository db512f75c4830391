"""What a host told before it is known of which items; what became of items is found by repository."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OUTCOMES = "kind IN ('merged', 'deployed', 'released')"


def upgrade() -> None:
    op.create_table(
        "unplaced",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "id"),
    )
    op.create_index(
        "events_outcomes",
        "events",
        ["workspace", "host", "repo", "at"],
        sqlite_where=sa.text(_OUTCOMES),
        postgresql_where=sa.text(_OUTCOMES),
    )


def downgrade() -> None:
    op.drop_index("events_outcomes", "events")
    op.drop_table("unplaced")
