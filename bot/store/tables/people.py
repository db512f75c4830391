"""Who is who, and what they set from Slack."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel


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
    """A hash of their Slack status as it was seen last: what changed since is news, the rest is not."""


class AbsenceRow(SQLModel, table=True):
    """A time away that a Slack status told of."""

    __tablename__ = "absences"

    workspace: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger)
    until: int | None = Field(default=None, sa_type=BigInteger)
    """Null while its end is not known."""


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


class SightRow(SQLModel, table=True):
    """Whether somebody may see what is in a place, as the code host or Slack told when asked."""

    __tablename__ = "sights"

    workspace: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    """`repo:` and the host's name of a repository, or `=` and a channel."""
    who: str = Field(primary_key=True)
    """A login in lower case, or a Slack account."""
    may: bool
    ask_at: int = Field(sa_type=BigInteger)
    """From when on it is to be asked again."""
