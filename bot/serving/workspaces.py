"""Which Slack workspaces a deployment serves: the one of its fixed token, or all that Weir is installed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from bot.context import Context
from bot.messenger import Messenger
from bot.policy import Policy
from bot.settings import Settings

INSTALL_PATH = "/slack/install"


class Workspaces(Protocol):
    """The workspaces of this deployment, each as a Context of its own; they come and go while it runs."""

    @property
    def base(self) -> Context:
        """What all of them share: engine, settings, clock, code host and the asking for the end."""

    def contexts(self) -> list[Context]:
        """Every workspace that is served now, in a steady order; the same Context as long as nothing of it changes."""

    def of_team(self, team: str | None) -> Context | None:
        """The one that a request of a Slack team belongs to; None where it is not served."""

    def shut_out(self, team: str | None) -> Context | None:
        """One that Weir is installed in and that can't be served; nothing can be said there, but that it is over."""

    def ended(self) -> list[Context]:
        """Those that Weir was taken out of, of which something is kept still. Nothing can be said there."""


@dataclass(frozen=True)
class OneWorkspace:
    """A deployment with a fixed token: whatever team Slack names, it is that token's."""

    base: Context

    def contexts(self) -> list[Context]:
        return [self.base]

    def of_team(self, team: str | None) -> Context | None:
        return self.base

    def shut_out(self, team: str | None) -> Context | None:
        return None

    def ended(self) -> list[Context]:
        return []


def context_of(base: Context, team: str, owners: Iterable[str], policy: Policy, messenger: Messenger) -> Context:
    """One of several workspaces: its own policy and token, and the accounts whose repositories it may follow."""
    mine = replace(policy, owners=frozenset(owner.casefold() for owner in owners))
    return replace(base, workspace=team, policy=mine, messenger=messenger)


def install_address(settings: Settings) -> str:
    """Where somebody installs Weir in one of several workspaces."""
    return f"{(settings.weir_public_url or '').rstrip('/')}{INSTALL_PATH}"


def whose(policy: Policy) -> str:
    """The accounts whose repositories a workspace may follow, where not anybody's; as the end of a sentence."""
    names = sorted(policy.owners or ("nobody",))
    accounts = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"it follows repositories of {accounts} only"
