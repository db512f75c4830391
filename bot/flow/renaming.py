"""People whom a code host calls otherwise than before: what is told of them under the old login is theirs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from bot.flow.events import FlowEvent

T = TypeVar("T")
GHOST = "ghost"
"""As whom GitHub shows deleted accounts."""
_PEOPLE = ("reviewer", "assignee", "to")
"""Own keys of events that hold a login, of the kinds below."""
_NAMING = {
    "review_requested", "review_request_removed", "review_dismissed", "assigned", "unassigned", "claimed", "picked_up",
    "handed_over",
}  # fmt: skip
_INSTANT = r"(?=:\d{4}-\d\d-\d\dT[\d:]{8}Z$)"


class Renamed(NamedTuple):
    """An account that went by one login and goes by another."""

    host: str
    old: str
    new: str
    before: int
    """What is of an earlier instant and under the old login is theirs."""
    whole: bool = True
    """Whether what was said of the old login is of them, too: nobody else is known to go by it now."""


def is_person(login: str | None, actor_type: str = "User") -> bool:
    """Whether a login is somebody's: not a bot's, and not what stands for deleted accounts."""
    if not login or actor_type != "User":
        return False
    return not login.endswith("[bot]") and not is_same(login, GHOST)


def called_now(event: FlowEvent, renames: Iterable[Renamed]) -> FlowEvent:
    """The event with the logins that people went by then as they are now; `renames` in the order they were found."""
    for one in renames:
        if event.host == one.host and event.at < one.before:
            event = _called(event, one)
    return event


def _called(event: FlowEvent, one: Renamed) -> FlowEvent:
    named = [key for key in _PEOPLE if event.kind in _NAMING and is_same(event.data.get(key), one.old)]
    actor = one.new if is_same(event.actor, one.old) else event.actor
    if not named:
        return event if actor == event.actor else event._replace(actor=actor)
    id_ = re.sub(rf"(?<=[:/]){re.escape(one.old)}{_INSTANT}", one.new, event.id, flags=re.IGNORECASE)
    return event._replace(actor=actor, id=id_, data={**event.data, **dict.fromkeys(named, one.new)})


def named_now(known: Mapping[str, T], renames: Iterable[Renamed]) -> dict[str, T]:
    """What is known by login, by the logins of now; where somebody has both, each stays by its own."""
    found = dict(known)
    for one in renames:
        taken = {name.casefold() for name in found if not is_same(name, one.old)}
        if one.whole and one.new.casefold() not in taken:
            found = {one.new if is_same(name, one.old) else name: value for name, value in found.items()}
    return found


def in_order(found: Iterable[Renamed]) -> list[Renamed]:
    """One after the other, so that nobody gets a login before who had it lost it; of two who swapped theirs neither."""
    left, done = list(found), list[Renamed]()
    while ready := [one for one in left if not any(is_same(one.new, other.old) for other in left if other != one)]:
        done += ready
        left = [one for one in left if one not in ready]
    return done


def is_same(one: Any, other: str) -> bool:
    """Whether something is that login, whatever its case."""
    return isinstance(one, str) and one.casefold() == other.casefold()
