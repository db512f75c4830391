"""The event log and what it comes to: items, waits, checks, repositories."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

OUTCOMES = "kind IN ('merged', 'deployed', 'released')"
"""The events by which it is found what a deployment or a release carries."""


class EventRow(SQLModel, table=True):
    """The event log: every fact once, never changed except to learn a missing key."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_by_item", "workspace", "host", "repo", "item"),
        Index("events_outcomes", "workspace", "host", "repo", "at", sqlite_where=text(OUTCOMES),
              postgresql_where=text(OUTCOMES)),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    item: int = Field(sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger)
    seq: int = Field(sa_type=BigInteger)
    kind: str
    actor: str | None
    actor_type: str
    approximate: bool
    data: str = Field(sa_type=Text)


class ItemRow(SQLModel, table=True):
    """What the events of an item come to; made again from them at will."""

    __tablename__ = "items"
    __table_args__ = (
        Index("items_by_head", "workspace", "host", "repo", "head"),
        Index("items_by_merge", "workspace", "host", "repo", "merge_sha"),
        Index("items_by_author", "workspace", "author_key", "live"),
        Index("items_by_opening", "workspace", "opened_at"),
    )

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    item: int = Field(primary_key=True, sa_type=BigInteger)
    type: str
    """As on `opened`; empty while that is not known yet."""
    title: str | None
    url: str | None
    author: str | None
    author_key: str | None
    """The author in lower case."""
    size: int | None = Field(sa_type=BigInteger)
    head: str | None
    """The commit at its head, where known."""
    merge_sha: str | None
    """The commit it was merged as, where known."""
    opened_at: int = Field(sa_type=BigInteger)
    live: bool
    ready: bool
    merged: bool
    nobody_to_ask: bool


class ArrivalRow(SQLModel, table=True):
    """An item of which something was told that is not folded in yet. Rows are added and taken away, never changed."""

    __tablename__ = "arrivals"
    __table_args__ = (Index("arrivals_by_item", "workspace", "host", "repo", "item"),)

    workspace: str = Field(primary_key=True)
    id: int = Field(primary_key=True, sa_type=BigInteger)
    host: str
    repo: str
    item: int = Field(sa_type=BigInteger)
    sha: str | None
    """The commit whose checks were told of, where that is what was told."""


class UnplacedRow(SQLModel, table=True):
    """What a host told that is not an event yet, as it is not known of which items it is. Taken away once it is."""

    __tablename__ = "unplaced"

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    repo: str | None
    """None where only a look at the host tells."""
    at: int = Field(sa_type=BigInteger)
    fact: str = Field(sa_type=Text)
    """JSON: what else was told."""


class WaitRow(SQLModel, table=True):
    """The ledger, ended and open waits. A wait keeps its id while refolding moves its ends."""

    __tablename__ = "waits"
    __table_args__ = (
        Index("waits_by_item", "workspace", "host", "repo", "item"),
        # Of ended waits alone: SQLite would take these two for the open ones, too.
        Index("waits_by_end", "workspace", "until", sqlite_where=text("until IS NOT NULL"),
              postgresql_where=text("until IS NOT NULL")),
        Index("waits_ended_by_person", "workspace", "holder_key", "repo", sqlite_where=text("until IS NOT NULL"),
              postgresql_where=text("until IS NOT NULL")),
        Index("waits_open_by_holder", "workspace", "holder", sqlite_where=text("until IS NULL"),
              postgresql_where=text("until IS NULL")),
        Index("waits_open_by_person", "workspace", "holder_key", sqlite_where=text("until IS NULL"),
              postgresql_where=text("until IS NULL")),
        Index("waits_open_by_repo", "workspace", "repo", sqlite_where=text("until IS NULL"),
              postgresql_where=text("until IS NULL")),
        Index("waits_by_next_nudge", "workspace", "next_nudge_at", sqlite_where=text("next_nudge_at IS NOT NULL"),
              postgresql_where=text("next_nudge_at IS NOT NULL")),
        # In the words of each database: SQLite knows the index by them.
        Index("waits_to_list", "workspace", "holder",
              sqlite_where=text("until IS NULL AND backlog IS 1 AND backlog_told IS 0"),
              postgresql_where=text("until IS NULL AND backlog IS true AND backlog_told IS false")),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    id: int = Field(primary_key=True, sa_type=BigInteger)
    host: str
    repo: str
    item: int = Field(sa_type=BigInteger)
    kind: str
    holder: str
    holder_key: str = Field(sa_column_kwargs={"server_default": ""})
    """The holder in lower case."""
    team: bool
    since: int = Field(sa_type=BigInteger)
    until: int | None = Field(sa_type=BigInteger)
    ended_by: str | None
    reds: str = Field(sa_type=Text)
    """JSON: [[start, end or null], …], when the item's required checks were red."""
    asked_by: str | None
    asked_at: int | None = Field(sa_type=BigInteger)
    opened_by: str
    stage: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The name of the value stream's stage that it waits in; empty for the ledger's turns."""
    stream: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The key of that value stream."""
    target: int | None = Field(default=None, sa_type=BigInteger)
    """Working seconds that the stage has agreed."""
    next_nudge_at: int | None = Field(sa_type=BigInteger)
    """When to look at its ladder again; null where nothing is to come."""
    backlog: bool = False
    """Was breached already when its history was first read: listed once, never nudged."""
    backlog_told: bool = False


class CheckRow(SQLModel, table=True):
    """The latest result of one check on one commit."""

    __tablename__ = "checks"
    __table_args__ = (Index("checks_by_time", "workspace", "at"),)

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    failed: bool
    at: int = Field(sa_type=BigInteger)


class RepoRow(SQLModel, table=True):
    """A repository Weir follows or has events of."""

    __tablename__ = "repos"
    __table_args__ = (Index("repos_by_name", "workspace", "repo"),)

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    connected: bool
    """Followed: named by the policy, or heard of by webhook. False: its events were imported, or access is gone."""
    history_read_at: int | None = Field(default=None, sa_type=BigInteger)
    """When the first reading of its history was complete."""
    read_until: int | None = Field(default=None, sa_type=BigInteger)
    """The instant up to which changes were read."""
    cursor: str | None = Field(default=None, sa_type=Text)
    """JSON: where a reading that was stopped goes on."""
    webhook_at: int | None = Field(default=None, sa_type=BigInteger)
    problem: str | None = None
    private: bool | None = None
    """As the host told; null where it did not yet, which counts as private."""
    private_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it told."""


class ConnectionRow(SQLModel, table=True):
    """A repository that somebody connects from Slack: from the first reading to the switching on."""

    __tablename__ = "connections"

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    user: str
    """The Slack account that connects it."""
    state: str
    """`reading`, `learnt`, `on`, `failed`"""
    at: int = Field(sa_type=BigInteger)
    items_read: int = 0
    items_known: int | None = None
    """How many there are to read, where the host said."""
    hook: str | None = None
    """What became of the webhook, in words for people."""
    hook_id: int | None = Field(default=None, sa_type=BigInteger)
    """The webhook that Weir set up itself, by the host's number; null where it did not."""
    learnt: str | None = Field(default=None, sa_type=Text)
    """JSON of what the history taught."""
    problem: str | None = None
    outbox_id: str
    """The message that shows how far it is."""
    lease_until: int | None = Field(default=None, sa_type=BigInteger)


class SettingRow(SQLModel, table=True):
    """Small facts about the installation, as JSON."""

    __tablename__ = "settings"

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)
