"""What work is for: outcomes, key results, their numbers, and the rules that trace items to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outcomes()
    _key_results()
    _numbers()
    _rules()


def downgrade() -> None:
    for name in ("trace_rules", "key_result_numbers", "key_results", "outcomes"):
        op.drop_table(name)


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    _one_a_name("outcomes")


def _key_results() -> None:
    op.create_table(
        "key_results",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("baseline", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    _one_a_name("key_results")


def _one_a_name(rows: str) -> None:
    holds = sa.text("ended_at IS NULL")
    op.create_index(
        f"{rows}_by_name", rows, ["workspace", "name_key"], unique=True, sqlite_where=holds, postgresql_where=holds
    )


def _numbers() -> None:
    op.create_table(
        "key_result_numbers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "result", "seq"),
    )


def _rules() -> None:
    op.create_table(
        "trace_rules",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "kind", "name_key"),
    )
