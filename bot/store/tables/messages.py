"""Messages on their way to people, what they carry, and what people answer."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel


class NudgeRow(SQLModel, table=True):
    """A rung of a wait that was claimed; the key is the promise that a rung is sent once."""

    __tablename__ = "nudges"
    __table_args__ = (Index("nudges_by_message", "workspace", "outbox_id"), Index("nudges_by_time", "workspace", "at"))

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
        Index("outbox_by_time", "workspace", "made_at"),
    )  # fmt: skip

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    recipient: str
    """A login; `#` and a repository for its channel; `@` and a Slack account that asked for it; `=` and a conversation,
    behind a colon the outbox id (or the timestamp) of the message whose thread it goes to."""
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


class RequestRow(SQLModel, table=True):
    """A request of Slack's that was taken in hand; kept for some minutes, so that nobody has it done again."""

    __tablename__ = "requests"

    workspace: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    """A hash of its signature."""
    at: int = Field(sa_type=BigInteger)
