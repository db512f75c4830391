"""Repositories are found by their names, whatever their host."""

from __future__ import annotations

from alembic import op
from alembic.operations import Operations

from bot.store.indexes import LargeIndex

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
indexes = [LargeIndex("repos_by_name", "repos", ["workspace", "repo"])]


def upgrade() -> None:
    for index in indexes:
        index.make(Operations(op.get_context()))


def downgrade() -> None:
    for index in indexes:
        index.drop(Operations(op.get_context()))
