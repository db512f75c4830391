"""What waits hang on that was told and is not folded in yet: until it is, nobody decides about them.

A wait for somebody's turn hangs on its own item alone. One in a stage of a value stream hangs on what closes its item,
too, and on what is told to close it and nobody looked at yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Protocol

from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.waits import STAGE
from bot.store import arrivals, events
from bot.store.journeys import closing
from bot.streams.journeys import LINKING


class OfItem(Protocol):
    """A wait, stored or not."""

    @property
    def host(self) -> str: ...
    @property
    def repo(self) -> str: ...
    @property
    def item(self) -> int: ...
    @property
    def kind(self) -> str: ...


def key_of(wait: OfItem) -> ItemKey:
    """Its item."""
    return (wait.host, wait.repo, wait.item)


def unfolded(session: Session, workspace: str, waits: Collection[OfItem]) -> dict[ItemKey, set[ItemKey]]:
    """What is to be folded in before anything is decided about waits, by their items; but for those free of it."""
    pending = arrivals.items(session, workspace) if waits else set()
    found: dict[ItemKey, set[ItemKey]] = defaultdict(set)
    if pending:
        for key in pending.intersection(map(key_of, waits)):
            found[key].add(key)
        staged = {key_of(wait) for wait in waits if wait.kind == STAGE}
        for issue, part in _closing(session, workspace, staged, pending) if staged else ():
            found[issue].add(part)
    return dict(found)


def _closing(
    session: Session, workspace: str, staged: set[ItemKey], pending: set[ItemKey]
) -> Iterator[tuple[ItemKey, ItemKey]]:
    for issue, parts in closing(session, workspace, staged).items():
        yield from ((issue, part) for part in parts & pending)
    for key, told in events.of_items(session, workspace, pending, LINKING).items():
        for one in told:
            issue = (one.host, one.data.get("in") or one.repo, one.data["issue"])
            if issue in staged:
                yield issue, key


def first_of(session: Session, workspace: str, waits: Collection[OfItem]) -> set[ItemKey]:
    """All that `unfolded` names: what is to be folded in first."""
    return {part for parts in unfolded(session, workspace, waits).values() for part in parts}
