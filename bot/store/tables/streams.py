"""Value streams: what was mapped, by whom and when; and the ways of flow items through them, made again at will."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel


class StreamRow(SQLModel, table=True):
    """A value stream; what it is like stands in its versions."""

    __tablename__ = "streams"
    __table_args__ = (Index("streams_by_name", "workspace", "name_key", unique=True),)

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    name_key: str
    """The name as it is looked up, whatever its case."""
    version: int
    """The number of the version that holds."""
    cursor: str | None = Field(default=None, sa_type=Text)
    """JSON: up to which item a new version is measured; null once all are."""


class StreamVersionRow(SQLModel, table=True):
    """A stream as it was saved. Only its repositories' names ever change, with those."""

    __tablename__ = "stream_versions"

    workspace: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    """YAML."""
    digest: str
    """Of the text."""
    by: str
    """A Slack account."""
    at: int = Field(sa_type=BigInteger)
    why: str = Field(sa_type=Text)
    """What changed, in words."""
    applies_from: int = Field(sa_type=BigInteger)
    """Items that ended before this instant keep the times of an earlier version."""
    again_by: str | None = None
    """Who had all items measured by it, and when."""
    again_at: int | None = Field(default=None, sa_type=BigInteger)


class LinkRow(SQLModel, table=True):
    """A pull request closes an issue, as their events tell."""

    __tablename__ = "flow_links"
    __table_args__ = (Index("flow_links_by_issue", "workspace", "host", "of_repo", "of_item"),)

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    item: int = Field(primary_key=True, sa_type=BigInteger)
    of_repo: str = Field(primary_key=True)
    of_item: int = Field(primary_key=True, sa_type=BigInteger)


class JourneyRow(SQLModel, table=True):
    """A flow item's way through a stream, under the version of its day."""

    __tablename__ = "journeys"
    __table_args__ = (
        Index("journeys_by_item", "workspace", "host", "repo", "item"),
        Index("journeys_by_end", "workspace", "stream", "ended_at"),
    )

    workspace: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    item: int = Field(primary_key=True, sa_type=BigInteger)
    version: int
    segment: str | None
    began_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(sa_type=BigInteger)
    """When it was done or dropped; null while it is on its way."""
    dropped: bool
    """Whether it was given up on the way."""
    digest: str
    """Of the whole journey with its visits: one that is folded again and differs has another."""


class VisitRow(SQLModel, table=True):
    """A stay of a flow item in a stage."""

    __tablename__ = "visits"

    workspace: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    item: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True)
    """Counts from 0 along the way."""
    stage: str
    since: int = Field(sa_type=BigInteger)
    until: int | None = Field(sa_type=BigInteger)
    picked_up_at: int | None = Field(sa_type=BigInteger)
    handed_over: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
