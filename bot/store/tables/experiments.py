"""What teams try so that work takes less time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel


class ExperimentRow(SQLModel, table=True):
    """Something that is tried, from its beginning until it is kept or dropped."""

    __tablename__ = "experiments"
    __table_args__ = (
        Index("experiments_by_words", "workspace", "tried_key", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    """Counts from 1 in the workspace."""
    tried: str
    """In the words of whoever began it."""
    tried_key: str
    """The words as they are looked up, whatever their case; at most one experiment of them is open."""
    sort: str
    """`kind` of wait, or `stage`."""
    name: str
    """Of the kind or the stage."""
    stream: str
    """The key of the stream whose journeys count."""
    version: int | None = None
    """The version of the stream that calls the stage so; null for the standard one."""
    repos: str | None = Field(default=None, sa_type=Text)
    """JSON: only items of these repositories; null for all of the stream."""
    goal: int
    """The change of the median that is asked for, in percent, below 0."""
    began_at: int = Field(sa_type=BigInteger)
    began_by: str
    """The Slack account."""
    channel: str | None = None
    """Where it was begun; null for a direct conversation."""
    until: str
    """The day (ISO 8601) on which it is said whether it held."""
    baseline: str = Field(sa_type=Text)
    """JSON: the working seconds of what ended in the days before, sorted, by kind or stage."""
    result: str | None = Field(default=None, sa_type=Text)
    """JSON: what came of it, once its day has come or it was ended."""
    measured_at: int | None = Field(default=None, sa_type=BigInteger)
    """When that was measured."""
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    ended_by: str | None = None
    ending: str | None = None
    """`kept` or `dropped`."""
