"""Indexes by time, so that what is old, or new, is found without going through all there is; arrivals by their item."""

from __future__ import annotations

from alembic import op
from alembic.operations import Operations

from bot.store.indexes import LargeIndex

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
indexes = [
    LargeIndex("arrivals_by_item", "arrivals", ["workspace", "host", "repo", "item"]),
    LargeIndex("items_by_opening", "items", ["workspace", "opened_at"]),
    LargeIndex("waits_by_end", "waits", ["workspace", "until"], "until IS NOT NULL"),
    LargeIndex("checks_by_time", "checks", ["workspace", "at"]),
    LargeIndex("outbox_by_time", "outbox", ["workspace", "made_at"]),
    LargeIndex("nudges_by_time", "nudges", ["workspace", "at"]),
]


def upgrade() -> None:
    for index in indexes:
        index.make(Operations(op.get_context()))


def downgrade() -> None:
    for index in indexes:
        index.drop(Operations(op.get_context()))
