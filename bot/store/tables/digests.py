"""Digests that people asked for regularly."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel


class DigestRow(SQLModel, table=True):
    """A digest that comes every week or month at a local time: of what, where to, and on which day next."""

    __tablename__ = "digests"
    __table_args__ = (Index("digests_by_day", "workspace", "next_on"),)

    workspace: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    """Who gets it, as the outbox names recipients: `=` and a channel, or `@` and a Slack account."""
    about: str = Field(primary_key=True)
    """`stream:` and a key, `repo:` and a name; empty for what the channel is about."""
    every: str = Field(primary_key=True)
    """`week` or `month`."""
    day: int
    """The weekday, Monday being 0, or the day of the month from 1."""
    minute: int
    """Of the local day."""
    next_on: str
    """The local day of the next one (ISO 8601)."""
    by: str
    """The Slack account that asked for it."""
    at: int = Field(sa_type=BigInteger)
    """When they did."""
    outside: str = Field(sa_type=Text)
    """JSON: which types of work were told to be outside their bands, and on which side."""
    lease_until: int | None = Field(default=None, sa_type=BigInteger)
    """Until when one worker alone puts it together."""
