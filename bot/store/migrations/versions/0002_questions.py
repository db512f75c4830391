"""What people's questions are answered by: logins without regard to case, and indexes for open waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = sa.text("until IS NULL")


def upgrade() -> None:
    op.add_column("waits", sa.Column("holder_key", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE waits SET holder_key = lower(holder)")
    op.add_column("items", sa.Column("author_key", sa.String(), nullable=True))
    op.execute("UPDATE items SET author_key = lower(author)")
    op.create_index("items_by_author", "items", ["workspace", "author_key", "live"])
    for name, column in (("waits_open_by_person", "holder_key"), ("waits_open_by_repo", "repo")):
        op.create_index(name, "waits", ["workspace", column], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    for name, table in (
        ("waits_open_by_repo", "waits"),
        ("waits_open_by_person", "waits"),
        ("items_by_author", "items"),
    ):
        op.drop_index(name, table)
    op.drop_column("items", "author_key")
    op.drop_column("waits", "holder_key")
