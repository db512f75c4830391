"""Conversations in which value streams are mapped, and what was asked and answered in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel


class MappingRow(SQLModel, table=True):
    """A conversation, from its first question until its map is saved or it is given up."""

    __tablename__ = "mappings"
    __table_args__ = (
        Index("mappings_by_name", "workspace", "name_key", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    """Of the stream."""
    name_key: str
    """The name as it is looked up, whatever its case; at most one conversation a name is open."""
    user: str
    """The Slack account that began it, or took it over."""
    channel: str | None = None
    """Where it is held; null for the direct conversation with `user`."""
    root: str | None = None
    """The outbox id of the message whose thread it is; null in a direct conversation."""
    draft: str = Field(sa_type=Text)
    """JSON."""
    over: int
    """The version of the stream that is changed; 0 for a new stream."""
    turns: int
    """The number of the last turn; it grows with everything that is heard."""
    heard: str = Field(sa_type=Text)
    """JSON: what was heard last, by names that tell when it comes again."""
    began_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    saved: int | None = None
    """The version that came of it."""


class TurnRow(SQLModel, table=True):
    """A turn of a conversation, which is a message."""

    __tablename__ = "mapping_turns"

    workspace: str = Field(primary_key=True)
    mapping: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    said: str = Field(sa_type=Text)
    """JSON: what is asked and shown."""
    answers: str | None = Field(default=None, sa_type=Text)
    """JSON: who answered what; null while it is open."""
