"""A back-test of a history under a policy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.flow.backtest import Replay, Summary, summary
from bot.flow.events import FlowEvent, show_instant
from bot.flow.ladder import Message, Recipient, Standing
from bot.flow.learning import Forecast
from bot.flow.waits import Wait
from bot.ledger import Waits, waits_of
from bot.policy import Policy


@dataclass(frozen=True)
class Result:
    """What would have been sent in [start, end], and to whom nothing could be."""

    messages: list[Message]
    waits: Waits
    figures: Summary
    start: int
    end: int
    unreachable: Counter[str]
    """Logins, and `#` with a repository, that nothing could be sent to; with the number of their due waits."""
    targets: bool
    """Whether the policy sets any target at all."""
    assumed: bool
    """Nobody is mapped to Slack by the policy, so everybody was taken to be reachable."""


def replay(events: Iterable[FlowEvent], policy: Policy, start: int, end: int) -> Result:
    """Replay all of the history up to `end`; the messages from `start` on are the result."""
    waits = waits_of(events, policy, end)
    standings = _standings(waits.waits, policy)
    run = Replay(
        standings, lambda login: recipient(policy, login), lambda repo: reaches_channel(policy, repo),
        policy.nudges, end,
    )  # fmt: skip
    messages = [message for message in run.messages() if message.at >= start]
    figures = summary(messages, start, end, lambda at: policy.calendar.local_date(at).isoformat())
    return Result(messages, waits, figures, start, end, run.unreachable, bool(standings), not policy.maps_people)


def forecast(waits: Iterable[Wait], policy: Policy, start: int, end: int) -> Forecast:
    """What a policy would have meant in [start, end] for waits as they are stored.

    Those that ended a while before `start` need not be among them. Who is not linked to Slack counts as if they were.
    """
    standings = _standings(waits, policy)
    run = Replay(standings, lambda login: _reached(policy, login), lambda repo: True, policy.nudges, end)
    messages = [message for message in run.messages() if message.at >= start]
    told = [message for message in messages if _has_ears(policy, message)]
    figures = summary(told, start, end, lambda at: policy.calendar.local_date(at).isoformat())
    people = [to for to, _ in figures.per_person if not to.startswith("#")]
    return Forecast(
        nudges=figures.to_people,
        people=figures.people,
        breaches=figures.breaches,
        in_channel=figures.messages - figures.to_people,
        unheard=len(messages) - len(told),
        unlinked=unlinked(policy, people),
        logins=tuple(people),
    )


def unlinked(policy: Policy, logins: Iterable[str]) -> int:
    """How many people are not linked to Slack."""
    return sum(policy.person(login).slack is None for login in logins)


def _has_ears(policy: Policy, message: Message) -> bool:
    """Whether a message goes to a person, or to a channel that is set."""
    return not message.to.startswith("#") or policy.channel(message.to[1:]) is not None


def _reached(policy: Policy, login: str) -> Recipient:
    person = policy.person(login)
    return Recipient(person.calendar, person.away)


def _standings(waits: Iterable[Wait], policy: Policy) -> list[Standing]:
    found: list[Standing] = []
    for wait in waits:
        target = policy.target_of(wait)
        if target is not None:
            found.append(Standing(wait, policy.clock(wait), target, {}, len(found)))
    return found


def recipient(policy: Policy, login: str) -> Recipient | None:
    """A person's terms. Where the policy says who is who in Slack, only those it maps can be reached."""
    person = policy.person(login)
    if policy.maps_people and person.slack is None:
        return None
    return Recipient(person.calendar, person.away)


def reaches_channel(policy: Policy, repo: str) -> bool:
    """Whether a repository's channel hears; where the policy names no channel at all, each is taken to have one."""
    return policy.channel(repo) is not None or not policy.maps_channels


def as_json(message: Message) -> str:
    """The message's line, keys in the documented order."""
    waits = [
        {
            "repo": one.wait.repo,
            "item": one.wait.item,
            "kind": one.wait.kind,
            "since": show_instant(one.wait.since),
            "due": _instant(None if one.target is None else one.clock.reaches(one.target, message.at)),
        }
        for one in message.named
    ]
    line = {"at": show_instant(message.at), "to": message.to, "rung": message.rung, "waits": waits}
    return json.dumps(line, separators=(",", ":"))


def _instant(at: int | None) -> str | None:
    return None if at is None else show_instant(at)
