"""What the program is built of, made once in `app.build` and passed down."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from bot.clock import Clock
from bot.policy import Policy
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.messenger import Messenger

WORKSPACE = "default"
"""The id of the one workspace a deployment with a fixed bot token serves."""


@dataclass(frozen=True)
class Viewer:
    """A Slack account that asks one thing, and the channel it asks in; an empty place is a direct conversation."""

    user: str
    place: str = ""
    asked: set[str] = field(default_factory=set, compare=False)
    """The repositories of which it was asked already whether they may be shown, be it in vain."""


@dataclass(frozen=True)
class Context:
    engine: Engine
    policy: Policy
    settings: Settings
    clock: Clock
    messenger: Messenger
    github: Any = None
    """The reading side of the code host; None where no token was given."""
    workspace: str = WORKSPACE
    viewer: Viewer | None = None
    """By whose eyes is looked; None where the program looks for itself."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set once the program is to end: jobs finish the one thing in hand and return."""

    @property
    def owners(self) -> frozenset[str] | None:
        """The accounts on the code host (casefolded) whose repositories may be followed here; None: anybody's."""
        return self.policy.owners
