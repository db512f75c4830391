"""Where somebody ever held something is found without going through all waits."""

from __future__ import annotations

from alembic import op
from alembic.operations import Operations

from bot.store.indexes import LargeIndex

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
indexes = [
    # Of ended waits alone: SQLite would take one of all for the open ones, too.
    LargeIndex("waits_ended_by_person", "waits", ["workspace", "holder_key", "repo"], "until IS NOT NULL")
]


def upgrade() -> None:
    for index in indexes:
        index.make(Operations(op.get_context()))


def downgrade() -> None:
    for index in indexes:
        index.drop(Operations(op.get_context()))
