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
    """A login; `#` and a repository for its channel; `@` and a Slack account that asked for it."""
    rung: str
    """The highest rung it carries, or what kind of notice it is."""
    about: str | None = Field(default=None, sa_type=Text)
    """JSON: what a notice speaks of; null for messages that speak of waits alone."""
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


class SaidRow(SQLModel, table=True):
    """A key of the policy as somebody set it from Slack; it wins over the file."""

    __tablename__ = "said"

    workspace: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    """JSON: the key's path, such as ["people", "alice", "away"]."""
    value: str = Field(sa_type=Text)
    """JSON, as the policy file would have it; null takes away what the file says."""


class ChangeRow(SQLModel, table=True):
    """A change of a setting: who, when, from, to. Rows are added and never changed."""

    __tablename__ = "changes"
    __table_args__ = (Index("changes_by_time", "workspace", "at"),)

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)
    by: str
    """A Slack account; empty where Weir itself did it."""
    path: str
    was: str | None = Field(sa_type=Text)
    """JSON of the value that held until then; null where nothing was set."""
    became: str | None = Field(sa_type=Text)
    why: str | None = None
    """How Weir came to it, where it was not said by somebody (`e-mail`, `commit e-mail`)."""


class MemberRow(SQLModel, table=True):
    """A member of the Slack workspace as Slack showed them last."""

    __tablename__ = "members"

    workspace: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    name: str | None = None
    tz: str | None = None
    admin: bool = False
    """An administrator or owner of the workspace."""
    gone: bool = False
    """Deactivated, or a bot."""
    seen_at: int = Field(default=0, sa_type=BigInteger)
    quiet_from: int | None = Field(default=None, sa_type=BigInteger)
    """The span of do-not-disturb that Slack told of last, now or next."""
    quiet_until: int | None = Field(default=None, sa_type=BigInteger)
    quiet_seen_at: int = Field(default=0, sa_type=BigInteger)
    status: str | None = None
    """Their Slack status as it was seen last, as one text: what changed since is news, the rest is not."""


class AbsenceRow(SQLModel, table=True):
    """A time away that a Slack status told of."""

    __tablename__ = "absences"

    workspace: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger)
    until: int | None = Field(default=None, sa_type=BigInteger)
    """Null while its end is not known."""


class AnswerRow(SQLModel, table=True):
    """What somebody answered to a nudge, about one wait. Rows are added and never changed."""

    __tablename__ = "answers"
    __table_args__ = (Index("answers_by_wait", "workspace", "wait_id"), Index("answers_by_time", "workspace", "at"))

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    wait_id: int = Field(sa_type=BigInteger)
    user: str
    """The Slack account that answered."""
    kind: str
    """`snooze`, `on_it`, `hand_over`, `wrong`, `take`, `leave`"""
    reason: str | None = None
    """Of `wrong`: `done`, `not_mine`, `not_ready`, `too_early`, `other`; of `hand_over`: to which login."""
    at: int = Field(sa_type=BigInteger)
    until: int | None = Field(default=None, sa_type=BigInteger)
    """Until when nothing is said about it to its holder."""


class AskRow(SQLModel, table=True):
    """An author's own word: please look now. The key is the promise of one a day and item."""

    __tablename__ = "asks"

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    repo: str = Field(primary_key=True)
    item: int = Field(primary_key=True, sa_type=BigInteger)
    day: str = Field(primary_key=True)
    """The asker's local date."""
    by: str
    """Login of who asks."""
    at: int = Field(sa_type=BigInteger)


class MorningRow(SQLModel, table=True):
    """When a person's next working day begins, for their morning message."""

    __tablename__ = "mornings"
    __table_args__ = (Index("mornings_by_time", "workspace", "next_at"),)

    workspace: str = Field(primary_key=True)
    login: str = Field(primary_key=True)
    next_at: int = Field(sa_type=BigInteger)
    terms: str
    """What the instant was computed by; another value means: compute it anew."""


class HomeRow(SQLModel, table=True):
    """A home tab that somebody opened, and whether it shows the truth."""

    __tablename__ = "homes"
    __table_args__ = (Index("homes_to_publish", "workspace", "stale_at"),)

    workspace: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    opened_at: int = Field(sa_type=BigInteger)
    held_page: int = 1
    authored_page: int = 1
    stale_at: int | None = Field(default=None, sa_type=BigInteger)
    """Since when it is to be published again; null while it is fresh, far ahead while somebody is at it."""
    lease_until: int | None = Field(default=None, sa_type=BigInteger)
    """Before this instant no worker publishes it (again)."""
    attempts: int = 0


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


class MatchRow(SQLModel, table=True):
    """What was found out about whose a login is; a link itself is a setting."""

    __tablename__ = "matches"

    workspace: str = Field(primary_key=True)
    login: str = Field(primary_key=True)
    state: str
    """`linked`, `doubtful` (a guess that somebody must confirm), `refused`, `unknown`"""
    slack: str | None = None
    """The member that is meant, or may be."""
    source: str | None = None
    tried_at: int = Field(sa_type=BigInteger)


class TeamRow(SQLModel, table=True):
    """The members of a host's team, as far as they can be read."""

    __tablename__ = "teams"

    workspace: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    members: str | None = Field(default=None, sa_type=Text)
    """JSON: logins; null where the host does not show them."""
    read_at: int = Field(sa_type=BigInteger)
