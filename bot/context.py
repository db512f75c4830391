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
class Context:
    engine: Engine
    policy: Policy
    settings: Settings
    clock: Clock
    messenger: Messenger
    github: Any = None
    """The reading side of the code host; None where no token was given."""
    workspace: str = WORKSPACE
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set once the program is to end: jobs finish the one thing in hand and return."""
