"""Conversations in which value streams are mapped, and their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _mappings()
    _turns()


def downgrade() -> None:
    for name in ("mapping_turns", "mappings"):
        op.drop_table(name)


def _mappings() -> None:
    op.create_table(
        "mappings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("root", sa.String(), nullable=True),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("saved", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "mappings_by_name", "mappings", ["workspace", "name_key"], unique=True,
        sqlite_where=still_open, postgresql_where=still_open,
    )  # fmt: skip


def _turns() -> None:
    op.create_table(
        "mapping_turns",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "mapping", "number"),
    )
