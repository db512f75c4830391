"""Who can be reached: what the policy says about people and channels, and what Slack said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.flow.ladder import Recipient
from bot.policy import Policy
from bot.store import addresses


@dataclass(frozen=True)
class Reach:
    """Recipients as the ladder asks for them."""

    policy: Policy
    problems: Mapping[str, int]
    """Slack addresses that can't be used, and when each may be tried again."""

    def address(self, to: str) -> str | None:
        """The Slack account of a login, or the channel of `#` and a repository; None where none is known."""
        return self.policy.channel(to[1:]) if to.startswith("#") else self.policy.person(to).slack

    def reachable(self, to: str) -> bool:
        address = self.address(to)
        return address is not None and address not in self.problems

    def channel(self, repo: str) -> bool:
        return self.reachable(f"#{repo}")

    def person(self, login: str, sent: Sequence[int]) -> Recipient | None:
        """A person and what they heard lately; None where nothing can be sent to them."""
        if not self.reachable(login):
            return None
        terms = self.policy.person(login)
        return Recipient(terms.calendar, terms.away, sent)

    def tried_again(self, to: str) -> int | None:
        """When somebody with a problem may be tried again."""
        return self.problems.get(self.address(to) or "")


def reach(session: Session, workspace: str, policy: Policy, now: int) -> Reach:
    """Who can be reached at `now`."""
    return Reach(policy, addresses.problems(session, workspace, now))
