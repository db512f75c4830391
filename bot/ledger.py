"""The wait ledger of a set of events under a policy, with every figure of a ledger line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from bot.flow.events import FlowEvent, ItemKey, show_instant, unique
from bot.flow.waits import Wait, by_item, fold
from bot.policy import Policy


class Line(NamedTuple):
    """A wait and its figures at the instant asked for; durations are working seconds."""

    wait: Wait
    working: int
    held: int
    target: int | None
    due: int | None
    breached: bool


@dataclass(frozen=True)
class Waits:
    """All waits of a history in the order of ledger lines; what has none, and why."""

    waits: list[Wait]
    unopened: list[ItemKey]
    """Items without an `opened` event."""
    nobody_to_ask: list[ItemKey]
    """Items whose turn nobody can be asked to take: the author is gone or a bot."""


def waits_of(events: Iterable[FlowEvent], policy: Policy, now: int) -> Waits:
    """Fold every item's events up to and including `now`; later ones do not exist."""
    waits: list[Wait] = []
    unopened, nobody = [], []
    for key, history in by_item(unique(event for event in events if event.at <= now)).items():
        ledger = fold(history, policy.rules(key[1]))
        if ledger is None:
            unopened.append(key)
            continue
        waits += ledger.waits
        if ledger.nobody_to_ask:
            nobody.append(key)
    waits.sort(key=lambda wait: wait[:7])
    return Waits(waits, sorted(unopened), sorted(nobody))


def lines(waits: Iterable[Wait], policy: Policy, now: int) -> Iterator[Line]:
    """The figures of each wait at `now` (for an ended one: at its end)."""
    for wait in waits:
        clock, target = policy.clock(wait), policy.target_of(wait)
        held, age = clock.held(now), clock.age(now)
        due = None if target is None else clock.reaches(target, now)
        yield Line(wait, age, held, target, due, target is not None and age > target)


def as_json(line: Line) -> str:
    """A ledger line, keys in the documented order."""
    wait, number, instant = line.wait, _number, _instant
    return (
        f'{{"repo":{quoted(wait.repo)},"item":{wait.item},"kind":"{wait.kind}","on":{quoted(wait.on)},'
        f'"team":{"true" if wait.team else "false"},"since":"{show_instant(wait.since)}",'
        f'"until":{instant(wait.until)},"ended_by":{"null" if wait.ended_by is None else quoted(wait.ended_by)},'
        f'"working_seconds":{line.working},"held_seconds":{line.held},"target_seconds":{number(line.target)},'
        f'"due":{instant(line.due)},"breached":{"true" if line.breached else "false"}}}'
    )


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _instant(at: int | None) -> str:
    return "null" if at is None else f'"{show_instant(at)}"'
