"""Talking with it: settings said from Slack, members, absences, answers, asks, mornings, homes, connections, teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("about", sa.Text(), nullable=True))
    _absences()
    _answers()
    _asks()
    _changes()
    _connections()
    _homes()
    _matches()
    _members()
    _mornings()
    _said()
    _teams()


def downgrade() -> None:
    names = (
        "absences",
        "answers",
        "asks",
        "changes",
        "connections",
        "homes",
        "matches",
        "members",
        "mornings",
        "said",
        "teams",
    )
    for name in names:
        op.drop_table(name)
    op.drop_column("outbox", "about")


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "user", "start"),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("wait_id", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("answers_by_time", "answers", ["workspace", "at"])
    op.create_index("answers_by_wait", "answers", ["workspace", "wait_id"])


def _asks() -> None:
    op.create_table(
        "asks",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "repo", "item", "day"),
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("became", sa.Text(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("changes_by_time", "changes", ["workspace", "at"])


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("items_read", sa.Integer(), nullable=False),
        sa.Column("items_known", sa.Integer(), nullable=True),
        sa.Column("hook", sa.String(), nullable=True),
        sa.Column("hook_id", sa.BigInteger(), nullable=True),
        sa.Column("learnt", sa.Text(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "host", "repo"),
    )


def _homes() -> None:
    op.create_table(
        "homes",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("held_page", sa.Integer(), nullable=False),
        sa.Column("authored_page", sa.Integer(), nullable=False),
        sa.Column("stale_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "user"),
    )
    op.create_index("homes_to_publish", "homes", ["workspace", "stale_at"])


def _matches() -> None:
    op.create_table(
        "matches",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("slack", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "login"),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("tz", sa.String(), nullable=True),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("quiet_from", sa.BigInteger(), nullable=True),
        sa.Column("quiet_until", sa.BigInteger(), nullable=True),
        sa.Column("quiet_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "user"),
    )


def _mornings() -> None:
    op.create_table(
        "mornings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "login"),
    )
    op.create_index("mornings_by_time", "mornings", ["workspace", "next_at"])


def _said() -> None:
    op.create_table(
        "said",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "path"),
    )


def _teams() -> None:
    op.create_table(
        "teams",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("members", sa.Text(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "owner", "team"),
    )
