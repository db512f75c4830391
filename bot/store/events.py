"""The event log: facts are added, never taken away; a better telling of a known fact takes its place."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Executable, Select, bindparam, select, text
from sqlalchemy.orm import Session

from bot.flow.events import CLAIMED, PICKED, RANKS, FlowEvent, ItemKey, preference, unique
from bot.flow.waits import STAGE, Wait
from bot.store.forgotten import spared
from bot.store.sql import Asking, Inserting, batches, by_repo, table, updating
from bot.store.tables import EventRow
from bot.store.tables.ledger import OUTCOMES

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
_OF_REPO = select(*_COLUMNS).where(
    _C.workspace == bindparam("workspace"), _C.host == bindparam("host"), _C.repo == bindparam("repo")
)
_OF_ITEMS = Asking(lambda one_of: _OF_REPO.where(one_of(_C.item, "items")))
_OF_KINDS = Asking(lambda one_of: _OF_REPO.where(one_of(_C.item, "items"), one_of(_C.kind, "kinds")))
_BY_IDS = Asking(lambda one_of: _OF_REPO.where(one_of(_C.id, "ids")))
_OUTCOMES = _OF_REPO.where(text(OUTCOMES), _C.at >= bindparam("since"))
_KEYS = ("workspace", "host", "repo", "id")
_MUTABLE = ("item", "at", "seq", "kind", "actor", "actor_type", "approximate", "data")
_ADD = Inserting(EVENTS, lambda insert: insert.on_conflict_do_nothing().returning(_C.host, _C.repo, _C.id))
_REPLACE = updating(EVENTS, _KEYS, _MUTABLE)
_parsed = json.JSONDecoder().raw_decode
_IN_ORDER = (_C.host, _C.repo, _C.item, _C.at, _C.seq, _C.id)


class Appended(NamedTuple):
    """What an `append` changed: events that were new, and known ones that were told better now."""

    new: list[FlowEvent]
    bettered: list[FlowEvent]
    items: set[ItemKey]
    """The items whose history is another one now."""


def append(session: Session, workspace: str, events: Iterable[FlowEvent]) -> Appended:
    """Add events that are not known yet. Of two tellings of one event `bot.flow.events.preference` picks one.

    Whoever was forgotten is not in them any more.
    """
    told = {_identity(one): one for one in sorted(unique(spared(session, workspace, events)), key=_identity)}
    if not told:
        return Appended([], [], set())
    added = _ADD.returned(session, [row_of(workspace, event) for event in told.values()])
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


def row_of(workspace: str, event: FlowEvent) -> dict[str, Any]:
    """The columns of an event."""
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
            yield from _read(session, _BY_IDS.on(session), workspace=workspace, host=host, repo=repo, ids=some)


def _replace(session: Session, workspace: str, events: Sequence[FlowEvent]) -> None:
    rows = [row_of(workspace, event) for event in events]
    named = [{f"at_{key}": row[key] for key in _KEYS} | {f"new_{key}": row[key] for key in _MUTABLE} for row in rows]
    if named:
        session.connection().execute(_REPLACE, named)


def of_items(
    session: Session, workspace: str, keys: Iterable[ItemKey], kinds: Iterable[str] | None = None
) -> dict[ItemKey, list[FlowEvent]]:  # fmt: skip
    """All events (of some kinds) of each item that has any, sorted as the ledger applies them."""
    found: dict[ItemKey, list[FlowEvent]] = defaultdict(list)
    statement, more = (_OF_ITEMS, {}) if kinds is None else (_OF_KINDS, {"kinds": sorted(kinds)})
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items, **more}
        for event in _read(session, statement.on(session), **named):
            found[event.key].append(event)
    for history in found.values():
        history.sort()
    return dict(found)


def takers(session: Session, workspace: str, ended: Iterable[Wait]) -> dict[Wait, str]:
    """Who took over what teams were asked, or took up what waited in a stage, for those waits that this ended."""
    taken = [wait for wait in ended if _is_taken(wait)]
    histories = of_items(session, workspace, {wait.key for wait in taken})
    found: dict[Wait, str] = {}
    for wait in taken:
        for event in histories.get(wait.key, ()):
            if (event.kind, event.at) == (wait.ended_by, wait.until) and event.data.get("team", wait.on) == wait.on:
                taker = event.data.get("reviewer") or event.data.get("assignee") or event.actor
                if isinstance(taker, str):
                    found[wait] = taker
    return found


def _is_taken(wait: Wait) -> bool:
    if wait.kind == STAGE:
        return wait.ended_by in (CLAIMED, PICKED, "assigned")
    return wait.team and wait.ended_by == CLAIMED


def of_repo(session: Session, workspace: str, host: str, repo: str) -> list[FlowEvent]:
    """All events of a repository, in order of time."""
    return sorted(_read(session, _OF_REPO, workspace=workspace, host=host, repo=repo))


def outcomes(session: Session, workspace: str, host: str, repo: str, since: int = 0) -> list[FlowEvent]:
    """The `merged`, `deployed` and `released` events of a repository since an instant, in order of time."""
    return sorted(_read(session, _OUTCOMES, workspace=workspace, host=host, repo=repo, since=since))


def iterate_all(session: Session, workspace: str, host: str | None = None) -> Iterator[FlowEvent]:
    """All events (of a host), item by item; read as they are asked for, never all at once."""
    which = [_C.workspace == workspace, *([] if host is None else [_C.host == host])]
    rows = session.execute(select(*_COLUMNS).where(*which).order_by(*_IN_ORDER), execution_options={"yield_per": 1000})
    for row in rows:
        yield to_event(row)


def items_with_events(workspace: str) -> Select[tuple[str, str, int]]:
    """The keys of all items that have events."""
    return select(_C.host, _C.repo, _C.item).where(_C.workspace == workspace).distinct()


def _read(session: Session, statement: Executable, **values: Any) -> Iterator[FlowEvent]:
    return map(to_event, session.execute(statement, values).all())


def to_event(row: Iterable[Any]) -> FlowEvent:
    at, seq, id_, host, repo, item, kind, actor, actor_type, approximate, data = row
    rank = RANKS.get(kind, 1)
    return FlowEvent(
        at,
        seq,
        rank,
        id_,
        host,
        repo,
        item,
        kind,
        actor,
        actor_type,
        bool(approximate),
        {} if data == "{}" else _parsed(data)[0],
    )
