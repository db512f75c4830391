"""Waits in the stages of value streams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waits", sa.Column("stage", sa.String(), nullable=False, server_default=""))
    op.add_column("waits", sa.Column("stream", sa.String(), nullable=False, server_default=""))
    op.add_column("waits", sa.Column("target", sa.BigInteger(), nullable=True))
    op.add_column("visits", sa.Column("handed_over", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("visits", "handed_over")
    op.drop_column("waits", "target")
    op.drop_column("waits", "stream")
    op.drop_column("waits", "stage")
