"""The tables. The workspace's id comes first in every key, so that the data can be sharded by workspace.

Instants are whole seconds since 1970 UTC; JSON is kept as text. Ids of waits are 63-bit integers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel


class EventRow(SQLModel, table=True):
    """The event log: every fact once, never changed except to learn a missing key."""

    __tablename__ = "events"
    __table_args__ = (Index("events_by_item", "workspace", "host", "repo", "item"),)

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

    workspace: str = Field(primary_key=True)
    id: int = Field(primary_key=True, sa_type=BigInteger)
    host: str
    repo: str
    item: int = Field(sa_type=BigInteger)
    sha: str | None
    """The commit whose checks were told of, where that is what was told."""


class WaitRow(SQLModel, table=True):
    """The ledger, ended and open waits. A wait keeps its id while refolding moves its ends."""

    __tablename__ = "waits"
    __table_args__ = (
        Index("waits_by_item", "workspace", "host", "repo", "item"),
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
    next_nudge_at: int | None = Field(sa_type=BigInteger)
    """When to look at its ladder again; null where nothing is to come."""
    backlog: bool = False
    """Was breached already when its history was first read: listed once, never nudged."""
    backlog_told: bool = False


class NudgeRow(SQLModel, table=True):
    """A rung of a wait that was claimed; the key is the promise that a rung is sent once."""

    __tablename__ = "nudges"
    __table_args__ = (Index("nudges_by_message", "workspace", "outbox_id"),)

    workspace: str = Field(primary_key=True)
    wait_id: int = Field(primary_key=True, sa_type=BigInteger)
    rung: str = Field(primary_key=True)
    """`heads_up`, `breach`, `repeat:1` …, `escalation`; `backlog` for one listed because its history was just read"""
    at: int = Field(sa_type=BigInteger)
    outbox_id: str


class OutboxRow(SQLModel, table=True):
    """A message, from the decision to send it until its last edit.

    state: pending → sending (leased) → sent, or moot (nothing left to say), or failed (permanently; `error` says why).
    A row found in `sending` with its lease over is of unknown fate and is looked up before it is sent again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_to_do", "workspace", "not_before", sqlite_where=text("state IN ('pending', 'sending')"),
              postgresql_where=text("state IN ('pending', 'sending')")),
        Index("outbox_to_edit", "workspace", "edit_at", sqlite_where=text("edit_at IS NOT NULL"),
              postgresql_where=text("edit_at IS NOT NULL")),
        Index("outbox_by_recipient", "workspace", "recipient", "made_at"),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    recipient: str
    """A login, or `#` and a repository for its channel."""
    rung: str
    state: str = "pending"
    made_at: int = Field(sa_type=BigInteger)
    not_before: int = Field(sa_type=BigInteger)
    """When to try (again)."""
    lease_until: int | None = Field(default=None, sa_type=BigInteger)
    attempts: int = 0
    channel: str | None = None
    """The conversation it goes to; written before posting."""
    ts: str | None = None
    sent_at: int | None = Field(default=None, sa_type=BigInteger)
    edit_at: int | None = Field(default=None, sa_type=BigInteger)
    """When to edit it (again); null while it shows the truth."""
    settled: bool = False
    error: str | None = None


class AddressRow(SQLModel, table=True):
    """A Slack account or channel as far as sending goes: its conversation, and what is wrong with it."""

    __tablename__ = "addresses"

    workspace: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    conversation: str | None = None
    problem: str | None = None
    """Why nothing can be sent there, in Slack's words (`user_disabled`, `is_archived`); null while all is well."""
    problem_at: int | None = Field(default=None, sa_type=BigInteger)
    next_post_at: int | None = Field(default=None, sa_type=BigInteger)


class RepoRow(SQLModel, table=True):
    """A repository Weir follows or has events of."""

    __tablename__ = "repos"

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


class CheckRow(SQLModel, table=True):
    """The latest result of one check on one commit."""

    __tablename__ = "checks"

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    failed: bool
    at: int = Field(sa_type=BigInteger)


class SettingRow(SQLModel, table=True):
    """Small facts about the installation, as JSON."""

    __tablename__ = "settings"

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)
