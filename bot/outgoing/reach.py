"""Who can be reached: what the policy says about people and channels, and what Slack said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bot.flow.ladder import Recipient, opening
from bot.policy import Policy
from bot.store import addresses, members

NO_PERSON = ("#", "@", "=")
"""Begin recipients that are no logins, and so have neither hours nor a ladder."""
SEEN_TO = 3600
"""Seconds within which it is seen again whether somebody may hear by now: they may be back before they said."""


@dataclass(frozen=True)
class Reach:
    """Recipients as the ladder asks for them."""

    policy: Policy
    problems: Mapping[str, int]
    """Slack addresses that can't be used, and when each may be tried again."""
    quiet: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Slack accounts that do not want to be disturbed, and from when to when."""

    def address(self, to: str) -> str | None:
        """The Slack account or channel behind a recipient; None where none is known."""
        if to.startswith("@"):
            return to[1:]
        if to.startswith("="):
            return to[1:].partition(":")[0]
        if not to.startswith("#"):
            return self.policy.person(to).slack
        repo, _, team = to[1:].partition("@")
        return self.policy.team_channel(team) if team else self.policy.channel(repo)

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
        quiet = self.quiet.get(terms.slack or "")
        return Recipient(terms.calendar, (*terms.away, *([quiet] if quiet else ())), sent)

    def may_hear(self, to: str, now: int) -> bool:
        """Whether something may be sent to a recipient at this instant: a person at work, and not to be left alone."""
        if not self.reachable(to):
            return False
        person = None if to.startswith(NO_PERSON) else self.person(to, ())
        return person is None or (
            person.calendar.is_working(now)
            and not any(start <= now and (end is None or now < end) for start, end in person.away)
        )

    def opens(self, to: str, now: int) -> int | None:
        """When to see again whether somebody who may hear nothing now may; None where they can't be reached."""
        person = None if to.startswith(NO_PERSON) else self.person(to, ())
        at = opening(person, now, 1) if person else None
        return None if at is None else min(at, now + SEEN_TO)

    def tried_again(self, to: str) -> int | None:
        """When somebody with a problem may be tried again."""
        return self.problems.get(self.address(to) or "")


def reach(session: Session, workspace: str, policy: Policy, now: int) -> Reach:
    """Who can be reached at `now`."""
    return Reach(policy, addresses.problems(session, workspace, now), members.quiet(session, workspace, now))
