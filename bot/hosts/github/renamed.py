"""Who goes by another login than before, as a reading shows beside what the log has. Pure.

GitHub shows what somebody did under the login they have now. So an act that is known by its id, under another login, is
one of an account that was renamed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.flow.events import FlowEvent, ItemKey
from bot.flow.renaming import Renamed, is_person, is_same
from bot.hosts.github.entries import HOST
from bot.hosts.github.missing import NEAR, SURE
from bot.hosts.github.snapshots import Snapshot

_ACTS = ("opened", "review_submitted", "commented")
"""Kinds whose ids are the host's own and whose actor is who did it, by webhook as by reading."""
_ASKED = {"review_requested": "reviewer", "assigned": "assignee"}
"""Kinds whose ids hold the login they are about, and where it stands."""


class _Pair(NamedTuple):
    old: str
    new: str


def renamed(known: Mapping[ItemKey, Sequence[FlowEvent]], shown: Sequence[Snapshot], now: int) -> list[Renamed]:
    """The logins that changed, each once; `known` is what the log has of the items shown.

    None of deleted accounts and bots. A login that seems to have become two is left out: its work was two people's.
    Where somebody else goes by the old login now, what they did is theirs: `before` says from when on.
    """
    found: dict[str, dict[str, _Pair]] = defaultdict(dict)
    for item in shown:
        for pair in _pairs(known.get((item.host, item.repo, item.item), ()), item, now):
            found[pair.old.casefold()][pair.new] = pair
    clear = [next(iter(pairs.values())) for pairs in found.values() if len(pairs) == 1]
    return [_since(pair, known, shown, now) for pair in clear]


def _pairs(known: Sequence[FlowEvent], shown: Snapshot, now: int) -> Iterator[_Pair]:
    by_id = {event.id: event for event in known}
    for event in shown.events:
        was = by_id.get(event.id)
        if was and event.kind in _ACTS and _is_one_act(was, event) and was.actor != event.actor:
            yield _Pair(str(was.actor), str(event.actor))
    yield from _asked_otherwise(known, shown, now)


def _is_one_act(known: FlowEvent, shown: FlowEvent) -> bool:
    """A repository that was deleted and made again counts its items anew: those were opened at other instants."""
    people = all(is_person(event.actor, event.actor_type) for event in (known, shown))
    return people and abs(known.at - shown.at) <= NEAR


def _asked_otherwise(known: Sequence[FlowEvent], shown: Snapshot, now: int) -> Iterator[_Pair]:
    """Requests that the host shows as of the same instant for another login, and no longer for the one that is known.

    Such an id holds the login, so this is less sure: it has to be the only one of its instant, and known for a while.
    """
    ids = {event.id for event in known}
    here = {event.id for event in shown.events}
    gone = [event for event in known if event.id not in here and event.at < now - SURE and _about(event)]
    come = [event for event in shown.events if event.id not in ids and _about(event)]
    present = _present(shown)
    for was in gone:
        then, others = ([event for event in some if _is_near(event, was)] for some in (come, gone))
        old, new = _about(was), _about(then[0]) if then else None
        if old and new and len(then) == len(others) == 1 and old.casefold() not in present:
            yield _Pair(old, new)


def _is_near(one: FlowEvent, other: FlowEvent) -> bool:
    return one.kind == other.kind and abs(one.at - other.at) <= NEAR


def _about(event: FlowEvent) -> str | None:
    login = event.data.get(_ASKED[event.kind]) if event.kind in _ASKED else None
    return login if isinstance(login, str) and is_person(login) else None


def _present(shown: Snapshot) -> set[str]:
    """The logins that the host shows, folded."""
    return {login.casefold() for event in shown.events for login in (event.actor, _about(event)) if login}


def _since(
    pair: _Pair, known: Mapping[ItemKey, Sequence[FlowEvent]], shown: Iterable[Snapshot], now: int
) -> Renamed:  # fmt: skip
    """Before when what is under the old login is of who has the new one."""
    others = [now] if is_same(pair.old, pair.new) else [*_acts_of_another(pair.old, known, shown), now]
    return Renamed(HOST, pair.old, pair.new, min(others) if len(others) > 1 else now + 1, whole=len(others) == 1)


def _acts_of_another(
    old: str, known: Mapping[ItemKey, Sequence[FlowEvent]], shown: Iterable[Snapshot]
) -> Iterator[int]:  # fmt: skip
    """When somebody who is shown under a login now did what is theirs; what was another's login's before is not."""
    for item in shown:
        was = {event.id: event.actor for event in known.get((item.host, item.repo, item.item), ())}
        for event in item.events:
            if is_same(event.actor, old) and is_same(was.get(event.id, old), old):
                yield event.at
