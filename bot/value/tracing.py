"""Which outcomes and key results items are traced to, folded from the event log when it is asked for.

An item's labels, milestones and parents count as they were when it was first done, in whatever stream; what is not
done counts as it is now. A link that somebody gave counts whenever it was given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent, ItemKey
from bot.flow.stages import Journey
from bot.flow.value import KINDS, Rule, Trace, carries, parents_named, traces
from bot.store import events, journeys, value
from bot.value.catalogue import Catalogue, catalogue


class TracedShare(NamedTuple):
    """How much of the work done is traced to an outcome."""

    n: int
    """Items done."""
    traced: int
    none: tuple[ItemKey, ...]
    """Those that are traced to nothing, latest done first."""
    by_outcome: Mapping[str, int]
    """How many are traced to each outcome, by its id; an item may be traced to several."""
    possible: bool
    """Whether there is anything that work could be traced to."""

    @property
    def share(self) -> float | None:
        """Of items done that are traced to an outcome; None where nothing was done."""
        return self.traced / self.n if self.n else None


def traced_share(
    session: Session, workspace: str, done: Iterable[Journey], known: Catalogue | None = None
) -> TracedShare:
    """Which share of these journeys' items is traced to any outcome; those that are not done do not count."""
    ended = {one.key: one.done_at for one in done if one.done_at is not None}
    return share_of_done(session, workspace, ended, known or catalogue(session, workspace))


def share_of_done(session: Session, workspace: str, ended: Mapping[ItemKey, int], known: Catalogue) -> TracedShare:
    """Which share of these items, with the instants they were done at, is traced to any outcome."""
    found = traced(session, workspace, ended, known)
    outcomes = {key: {known.places[one.to].id for one in told} for key, told in found.items()}
    counts: dict[str, int] = {}
    for ids in outcomes.values():
        for id_ in ids:
            counts[id_] = counts.get(id_, 0) + 1
    none = sorted((key for key, ids in outcomes.items() if not ids), key=lambda key: (-ended[key], key))
    return TracedShare(len(ended), len(ended) - len(none), tuple(none), counts, bool(known.said))


def traced(
    session: Session, workspace: str, keys: Collection[ItemKey], known: Catalogue, rules: Sequence[Rule] | None = None
) -> dict[ItemKey, tuple[Trace, ...]]:
    """What each item is traced to that still holds, by these rules (those that are kept, unless others are given).

    An issue counts with the pull requests that close it, a pull request with the issues it closes.
    """
    if not known.places:
        return dict.fromkeys(keys, ())
    rules = value.rules(session, workspace) if rules is None else rules
    return {
        one.key: tuple(trace for trace in traces(one.items, one.told, rules, one.until) if trace.to in known.places)
        for one in _looked_at(session, workspace, keys)
    }


def carrying(session: Session, workspace: str, keys: Collection[ItemKey], rule: Rule) -> set[ItemKey]:
    """The items that a rule traces, or would trace, whatever else does."""
    found = _looked_at(session, workspace, keys)
    return {one.key for one in found if carries(one.items, one.told, rule, one.until)}


class _Looked(NamedTuple):
    """An item as it is looked at: with its parts, the histories of all that tells, and when it was done."""

    key: ItemKey
    items: tuple[ItemKey, ...]
    told: Mapping[ItemKey, Sequence[FlowEvent]]
    until: int | None


def _looked_at(session: Session, workspace: str, keys: Collection[ItemKey]) -> list[_Looked]:
    wholes, parts = journeys.closed_by(session, workspace, keys), journeys.closing(session, workspace, keys)
    together = {key: (key, *sorted({*wholes.get(key, ()), *parts.get(key, ())})) for key in keys}
    told = _with_parents(session, workspace, {one for some in together.values() for one in some})
    done = value.done_at(session, workspace, {*keys, *(issue for some in wholes.values() for issue in some)})
    return [_Looked(key, items, told, _end(items, done)) for key, items in together.items()]


def _end(items: Sequence[ItemKey], done: Mapping[ItemKey, int]) -> int | None:
    """When a flow item was done: an item of its own, or the issue that it is a part of."""
    return next((done[key] for key in items if key in done), None)


def _with_parents(session: Session, workspace: str, keys: set[ItemKey]) -> dict[ItemKey, list[FlowEvent]]:
    """The histories of items, of all that ever were their parents, and of theirs."""
    found: dict[ItemKey, list[FlowEvent]] = {}
    waiting = keys
    while waiting:
        read = events.of_items(session, workspace, waiting, KINDS)
        found |= {key: read.get(key, []) for key in waiting}
        waiting = {parent for told in read.values() for parent in parents_named(told)} - found.keys()
    return found
