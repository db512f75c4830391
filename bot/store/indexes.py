"""Indexes of tables that may be large by the time a migration runs.

A migration that adds some names them as `indexes`, makes them in `upgrade` and drops them in `downgrade`; a PostgreSQL
that is in use has made them without a lock by then, and `upgrade` finds them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alembic.operations import Operations
from sqlalchemy import text


class LargeIndex(NamedTuple):
    name: str
    table: str
    columns: Sequence[str]
    where: str | None = None
    """Which rows are in it; None for all."""
    unique: bool = False

    def make(self, op: Operations, *, concurrently: bool = False) -> None:
        """Make it, unless it is there."""
        where = None if self.where is None else text(self.where)
        op.create_index(
            self.name, self.table, [*self.columns], unique=self.unique, if_not_exists=True,
            sqlite_where=where, postgresql_where=where, postgresql_concurrently=concurrently,
        )  # fmt: skip

    def drop(self, op: Operations, *, concurrently: bool = False) -> None:
        """Drop it, if it is there."""
        op.drop_index(self.name, self.table, if_exists=True, postgresql_concurrently=concurrently)
