"""Value streams: their versions, links between flow items, journeys and visits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _streams()
    _versions()
    _links()
    _journeys()
    _visits()


def downgrade() -> None:
    for name in ("visits", "journeys", "flow_links", "stream_versions", "streams"):
        op.drop_table(name)


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "key"),
    )
    op.create_index("streams_by_name", "streams", ["workspace", "name_key"], unique=True)


def _versions() -> None:
    op.create_table(
        "stream_versions",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("applies_from", sa.BigInteger(), nullable=False),
        sa.Column("again_by", sa.String(), nullable=True),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "stream", "number"),
    )


def _links() -> None:
    op.create_table(
        "flow_links",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("of_repo", sa.String(), nullable=False),
        sa.Column("of_item", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "host", "repo", "item", "of_repo", "of_item"),
    )
    op.create_index("flow_links_by_issue", "flow_links", ["workspace", "host", "of_repo", "of_item"])


def _journeys() -> None:
    op.create_table(
        "journeys",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("segment", sa.String(), nullable=True),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "stream", "host", "repo", "item"),
    )
    op.create_index("journeys_by_item", "journeys", ["workspace", "host", "repo", "item"])
    op.create_index("journeys_by_end", "journeys", ["workspace", "stream", "ended_at"])


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("picked_up_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "stream", "host", "repo", "item", "seq"),
    )
