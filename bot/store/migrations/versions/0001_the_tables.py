"""The tables as they were first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _addresses()
    _arrivals()
    _checks()
    _events()
    _items()
    _nudges()
    _outbox()
    _repos()
    _settings()
    _waits()


def downgrade() -> None:
    names = ("addresses", "arrivals", "checks", "events", "items", "nudges", "outbox", "repos", "settings", "waits")
    for name in names:
        op.drop_table(name)


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("problem_at", sa.BigInteger(), nullable=True),
        sa.Column("next_post_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "address"),
    )


def _arrivals() -> None:
    op.create_table(
        "arrivals",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("sha", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "repo", "sha", "subject"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("actor_type", sa.String(), nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "repo", "id"),
    )
    op.create_index("events_by_item", "events", ["workspace", "host", "repo", "item"])


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.String(), nullable=True),
        sa.Column("merge_sha", sa.String(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("merged", sa.Boolean(), nullable=False),
        sa.Column("nobody_to_ask", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "repo", "item"),
    )
    op.create_index("items_by_head", "items", ["workspace", "host", "repo", "head"])
    op.create_index("items_by_merge", "items", ["workspace", "host", "repo", "merge_sha"])


def _nudges() -> None:
    op.create_table(
        "nudges",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("wait_id", sa.BigInteger(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "wait_id", "rung"),
    )
    op.create_index("nudges_by_message", "nudges", ["workspace", "outbox_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("edit_at", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("outbox_by_recipient", "outbox", ["workspace", "recipient", "made_at"])
    _partial_index("outbox_to_do", "outbox", ["workspace", "not_before"], "state IN ('pending', 'sending')")
    _partial_index("outbox_to_edit", "outbox", ["workspace", "edit_at"], "edit_at IS NOT NULL")


def _repos() -> None:
    op.create_table(
        "repos",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("history_read_at", sa.BigInteger(), nullable=True),
        sa.Column("read_until", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("webhook_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "host", "repo"),
    )


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key"),
    )


def _waits() -> None:
    op.create_table(
        "waits",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("team", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("reds", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("next_nudge_at", sa.BigInteger(), nullable=True),
        sa.Column("backlog", sa.Boolean(), nullable=False),
        sa.Column("backlog_told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("waits_by_item", "waits", ["workspace", "host", "repo", "item"])
    _partial_index("waits_by_next_nudge", "waits", ["workspace", "next_nudge_at"], "next_nudge_at IS NOT NULL")
    _partial_index("waits_open_by_holder", "waits", ["workspace", "holder"], "until IS NULL")
    op.create_index(
        "waits_to_list",
        "waits",
        ["workspace", "holder"],
        sqlite_where=sa.text("until IS NULL AND backlog IS 1 AND backlog_told IS 0"),
        postgresql_where=sa.text("until IS NULL AND backlog IS true AND backlog_told IS false"),
    )
