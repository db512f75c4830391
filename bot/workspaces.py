"""Which Slack workspaces a deployment serves: the one of its fixed token, or all that Weir is installed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.context import Context


class Workspaces(Protocol):
    """The workspaces of this deployment, each as a Context of its own; they come and go while it runs."""

    @property
    def base(self) -> Context:
        """What all of them share: engine, settings, clock, code host and the asking for the end."""

    def contexts(self) -> list[Context]:
        """Every workspace that is served now, in a steady order."""

    def of_team(self, team: str | None) -> Context | None:
        """The one that a request of a Slack team belongs to; None where it is not served."""


@dataclass(frozen=True)
class OneWorkspace:
    """A deployment with a fixed token: whatever team Slack names, it is that token's."""

    base: Context

    def contexts(self) -> list[Context]:
        return [self.base]

    def of_team(self, team: str | None) -> Context | None:
        return self.base
