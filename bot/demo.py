"""The program played on one machine: a history told event by event through the real road, with a fast clock.

Only Slack is stood in for: what would be posted is handed to the stage instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import Policy
from bot.policy_file import PersonPart, RepoPart, TargetsPart
from bot.store.agenda import next_instant
from bot.store.engine import reading
from bot.views.message import Message

TARGETS = TargetsPart(review="8h", re_review="4h", rework="16h", respond="8h", merge="8h", assign="4h", fix="8h")  # type: ignore[arg-type]
"""Targets to show a history with whose policy sets none."""


@dataclass
class Stage(Messenger):
    """Slack's place in the play: nothing leaves the machine, the audience is told of every post and edit."""

    clock: SetClock
    audience: Callable[[str, Message, bool], None]
    """(conversation, message, whether it is an edit)"""
    posts: Counter[str] = field(default_factory=Counter)
    edits: int = 0
    _keys: dict[str, str] = field(default_factory=dict)

    def open_dm(self, user: str) -> str:
        return f"D{user}"

    def post(self, channel: str, message: Message, key: str) -> str:
        ts = f"{self.clock.now()}.{len(self._keys):06d}"
        self._keys[key] = ts
        self.posts[channel] += 1
        self.audience(channel, message, False)
        return ts

    def update(self, channel: str, ts: str, message: Message) -> None:
        self.edits += 1
        self.audience(channel, message, True)

    def find(self, channel: str, key: str, oldest: int) -> str | None:
        return self._keys.get(key)

    def do_not_disturb(self, user: str) -> tuple[int, int] | None:
        return None


@dataclass(frozen=True)
class Cast:
    """Everybody in a history as members of a workspace that does not exist."""

    policy: Policy
    names: dict[str, str]
    """Conversation → whose it is: a login, or `#` and the channel's repository."""


def cast_of(events: Sequence[FlowEvent], policy: Policy) -> Cast:
    """Give every person and repository of a history a place in Slack, and targets where the policy sets none."""
    logins = {event.actor for event in events} | {event.data.get("reviewer") for event in events}
    people, repos, names = dict(policy.file.people), dict(policy.file.repos), {}
    known = {login.casefold() for login, part in people.items() if part.slack}
    for number, login in enumerate(sorted(login for login in logins if login), 1):
        if login.casefold() not in known:
            people[login] = people.get(login, PersonPart()).model_copy(update={"slack": f"U{number}"})
    for number, repo in enumerate(sorted({event.repo for event in events}), 1):
        if not policy.channel(repo):
            repos[repo] = repos.get(repo, RepoPart()).model_copy(update={"channel": f"C{number}"})
    names.update({f"D{part.slack}": login for login, part in people.items()})
    names.update({part.channel: f"#{repo}" for repo, part in repos.items() if part.channel})
    update: dict[str, object] = {"people": people, "repos": repos}
    if not policy.has_targets:
        update["targets"] = TARGETS
    return Cast(Policy(policy.file.model_copy(update=update), policy.source), names)


def play(
    ctx: Context, clock: SetClock, events: Sequence[FlowEvent], start: int, end: int,
    tick: Callable[[int], object],
) -> Iterator[int]:  # fmt: skip
    """Read the history before `start`, then live on to `end`; yields the instants the clock stops at.

    `tick(now)` runs the jobs of the program.
    """
    clock.set(start)
    take(ctx, [event for event in events if event.at < start], start, live=False)
    coming = [event for event in events if start <= event.at < end]
    for at, told in groupby(coming, key=lambda event: event.at):
        yield from _until(ctx, clock, at, tick)
        clock.set(at)
        take(ctx, list(told), at, live=True)
        yield at
    yield from _until(ctx, clock, end, tick)


def _until(ctx: Context, clock: SetClock, end: int, tick: Callable[[int], object]) -> Iterator[int]:
    """Let time pass up to `end`, stopping wherever the program has something to do."""
    while True:
        with reading(ctx.engine) as session:
            due = next_instant(session, ctx.workspace)
        if due is None or due >= end:
            return
        clock.set(max(due, clock.now()))
        tick(clock.now())
        yield clock.now()
        clock.advance(seconds=1)
