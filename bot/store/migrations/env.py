"""How alembic runs the migrations: on the connection, and in the transaction, that `bot.store.migrate` hands it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from bot.store import tables

assert tables  # imported for the tables it describes
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
