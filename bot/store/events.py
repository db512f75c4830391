"""The event log: facts are added, never taken away; a better telling of a known fact takes its place."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm import Session

from bot.flow.events import RANKS, FlowEvent, ItemKey, preference, unique
from bot.store.sql import batches, by_repo, insert, table
from bot.store.tables import EventRow

EVENTS = table(EventRow)
_C = EVENTS.c
_COLUMNS = [
    _C.at,
    _C.seq,
    _C.id,
    _C.host,
    _C.repo,
    _C.item,
    _C.kind,
    _C.actor,
    _C.actor_type,
    _C.approximate,
    _C.data,
]
_ALL = select(*_COLUMNS)
_IN_ORDER = (_C.host, _C.repo, _C.item, _C.at, _C.seq, _C.id)


class Appended(NamedTuple):
    """What an `append` changed: events that were new, and known ones that were told better now."""

    new: list[FlowEvent]
    bettered: list[FlowEvent]
    items: set[ItemKey]
    """The items whose history is another one now."""


def append(session: Session, workspace: str, events: Iterable[FlowEvent]) -> Appended:
    """Add events that are not known yet. Of two tellings of one event `bot.flow.events.preference` picks one."""
    told = {_identity(event): event for event in sorted(unique(events), key=_identity)}
    if not told:
        return Appended([], [], set())
    added = session.execute(
        insert(session, EVENTS).on_conflict_do_nothing().returning(_C.host, _C.repo, _C.id),
        [_row(workspace, event) for event in told.values()],
    )
    new = [told.pop((host, repo, id_)) for host, repo, id_ in added]
    items = {event.key for event in new}
    bettered = []
    for stored in _stored(session, workspace, told.values()):
        event = told[_identity(stored)]
        if event != stored and min(event, stored, key=preference) is event:
            bettered.append(event)
            items |= {event.key, stored.key}
    _replace(session, workspace, bettered)
    return Appended(new, bettered, items)


def _identity(event: FlowEvent) -> tuple[str, str, str]:
    return (event.host, event.repo, event.id)


def _row(workspace: str, event: FlowEvent) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "host": event.host,
        "repo": event.repo,
        "id": event.id,
        "item": event.item,
        "at": event.at,
        "seq": event.seq,
        "kind": event.kind,
        "actor": event.actor,
        "actor_type": event.actor_type,
        "approximate": event.approximate,
        "data": json.dumps(event.data, separators=(",", ":")),
    }


def _stored(session: Session, workspace: str, events: Iterable[FlowEvent]) -> Iterator[FlowEvent]:
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in events:
        ids[event.host, event.repo].append(event.id)
    for (host, repo), known in ids.items():
        for some in batches(known):
            yield from _read(session, workspace, _C.host == host, _C.repo == repo, _C.id.in_(some))


def _replace(session: Session, workspace: str, events: Sequence[FlowEvent]) -> None:
    if not events:
        return
    mutable = ("item", "at", "seq", "kind", "actor", "actor_type", "approximate", "data")
    keys = ("workspace", "host", "repo", "id")
    statement = (
        update(EVENTS)
        .where(*(_C[key] == bindparam(f"old_{key}") for key in keys))
        .values({key: bindparam(f"new_{key}") for key in mutable})
    )
    rows = [_row(workspace, event) for event in events]
    named = [{**{f"old_{k}": row[k] for k in keys}, **{f"new_{k}": row[k] for k in mutable}} for row in rows]
    session.connection().execute(statement, named)


def of_item(session: Session, workspace: str, key: ItemKey) -> list[FlowEvent]:
    """All events of an item, sorted as the ledger applies them."""
    return of_items(session, workspace, [key]).get(key, [])


def of_items(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, list[FlowEvent]]:
    """All events of each item that has any, sorted as the ledger applies them."""
    found: dict[ItemKey, list[FlowEvent]] = defaultdict(list)
    for host, repo, items in by_repo(keys):
        for event in _read(session, workspace, _C.host == host, _C.repo == repo, _C.item.in_(items)):
            found[event.key].append(event)
    for history in found.values():
        history.sort()
    return dict(found)


def of_repo(session: Session, workspace: str, host: str, repo: str) -> list[FlowEvent]:
    """All events of a repository, in order of time."""
    return sorted(_read(session, workspace, _C.host == host, _C.repo == repo))


def iterate_all(session: Session, workspace: str, host: str | None = None) -> Iterator[FlowEvent]:
    """All events (of a host), item by item; read as they are asked for, never all at once."""
    which = [_C.workspace == workspace, *([] if host is None else [_C.host == host])]
    rows = session.execute(_ALL.where(*which).order_by(*_IN_ORDER), execution_options={"yield_per": 1000})
    for row in rows:
        yield to_event(row)


def items_with_events(workspace: str) -> Select[tuple[str, str, int]]:
    """The keys of all items that have events."""
    return select(_C.host, _C.repo, _C.item).where(_C.workspace == workspace).distinct()


def _read(session: Session, workspace: str, *which: ColumnElement[bool]) -> Iterator[FlowEvent]:
    return map(to_event, session.execute(_ALL.where(_C.workspace == workspace, *which)))


def to_event(row: Iterable[Any]) -> FlowEvent:
    at, seq, id_, host, repo, item, kind, actor, actor_type, approximate, data = row
    rank = RANKS.get(kind, 1)
    return FlowEvent(at, seq, rank, id_, host, repo, item, kind, actor, actor_type, bool(approximate), json.loads(data))
