"""Slack workspaces that Weir is installed in, and installs that somebody began."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from bot.store.sealed import SEALED


class InstallRow(SQLModel, table=True):
    """A Slack workspace that Weir was installed in; its id is the Slack team's."""

    __tablename__ = "installs"

    workspace: str = Field(primary_key=True)
    name: str
    """What the team calls itself."""
    app: str
    bot_user: str
    token: str | None = Field(sa_type=Text, sa_column_kwargs={"info": SEALED})
    """The bot's token, sealed; null once the install has ended."""
    scopes: str = Field(sa_type=Text)
    """With commas between them."""
    installed_by: str
    """A Slack account."""
    installed_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)


class InstallStateRow(SQLModel, table=True):
    """An install that somebody came back from Slack with, so that nobody does so again.

    It may come to nothing, and so belongs to no workspace: that is the empty text.
    """

    __tablename__ = "install_states"
    __table_args__ = (Index("install_states_by_time", "workspace", "made_at"),)

    workspace: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    """SHA-256 of its state, in hexadecimal digits."""
    made_at: int = Field(sa_type=BigInteger)
