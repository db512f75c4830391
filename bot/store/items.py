"""Items: what their events come to, and the rows by which two processes folding one item take turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from bot.flow.events import MAX_INT, FlowEvent, ItemKey
from bot.flow.waits import Ledger
from bot.store.events import items_with_events
from bot.store.sql import Asking, Inserting, by_repo, plain, table, updating
from bot.store.tables import ItemRow
from bot.store.waits import items_with_waits

Facts: TypeAlias = dict[str, Any]
"""An item's columns but for its key."""

ITEMS = table(ItemRow)
_C = ITEMS.c
_FACTS = (
    "type", "title", "url", "author", "author_key", "size", "head", "merge_sha", "opened_at", "live", "ready", "merged",
    "nobody_to_ask",
)  # fmt: skip
_KEYS = ("workspace", "host", "repo", "item")
_OF_REPO = (_C.workspace == bindparam("workspace"), _C.host == bindparam("host"), _C.repo == bindparam("repo"))
_LOCKED = Asking(
    lambda one_of: (
        select(_C.item, *(_C[name] for name in _FACTS))
        .where(*_OF_REPO, one_of(_C.item, "items"))
        .order_by(_C.item)
        .with_for_update()
    )
)
_ADD = Inserting(ITEMS, lambda insert: insert.on_conflict_do_nothing())
_SAVE = updating(ITEMS, _KEYS, _FACTS)
_OF_COMMIT = (
    select(_C.item)
    .where(*_OF_REPO, or_(_C.head == bindparam("sha"), _C.merge_sha == bindparam("sha")))
    .order_by(_C.item)
)
UNOPENED: Facts = {
    "type": "", "title": None, "url": None, "author": None, "author_key": None, "size": None, "head": None,
    "merge_sha": None,
    "opened_at": 0, "live": False, "ready": False, "merged": False, "nobody_to_ask": False,
}  # fmt: skip
"""An item nothing is known of but that it exists."""


def lock(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, Facts]:
    """The items' facts as stored (those of an unknown item are UNOPENED); nobody else changes them till the end."""
    wanted = sorted(keys)
    found = _locked(session, workspace, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        rows = [{"workspace": workspace, "host": h, "repo": r, "item": i, **UNOPENED} for h, r, i in missing]
        session.connection().execute(_ADD.on(session), rows)
        found |= _locked(session, workspace, missing)
    return found


def _locked(session: Session, workspace: str, keys: Sequence[ItemKey]) -> dict[ItemKey, Facts]:
    found = {}
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for item, *facts in session.execute(_LOCKED.on(session), named):
            found[host, repo, item] = dict(zip(_FACTS, facts, strict=True))
    return found


def save(session: Session, workspace: str, changed: dict[ItemKey, Facts]) -> None:
    """Write the facts of items that have a row already."""
    if not changed:
        return
    rows = [
        {"at_workspace": workspace, "at_host": h, "at_repo": r, "at_item": i}
        | {f"new_{name}": facts[name] for name in _FACTS}
        for (h, r, i), facts in changed.items()
    ]
    session.connection().execute(_SAVE, rows)


def facts_of(history: Sequence[FlowEvent], ledger: Ledger | None) -> Facts:
    """An item's facts, from its events in the ledger's order and what they were folded into."""
    birth = next((event for event in history if event.kind == "opened"), None)
    facts = dict(UNOPENED, head=head_of(history), merge_sha=_last(history, "merged", "sha"))
    if birth is None or ledger is None:
        return facts
    size = birth.data.get("size")
    return facts | {
        "type": birth.data["type"],
        "title": _last(history, "renamed", "to") or plain(birth.data.get("title")),
        "url": plain(birth.data.get("url")),
        "author": birth.actor,
        "author_key": birth.actor and birth.actor.lower(),
        "size": size if type(size) is int and 0 <= size < MAX_INT else None,
        "opened_at": birth.at,
        "live": ledger.live,
        "ready": ledger.ready,
        "merged": ledger.merged,
        "nobody_to_ask": ledger.nobody_to_ask,
    }


def head_of(history: Sequence[FlowEvent]) -> str | None:
    """The commit at an item's head, as far as its events (in order) tell."""
    heads = (event.data.get("head" if event.kind == "opened" else "sha") for event in reversed(history) if
             event.kind in ("opened", "pushed"))  # fmt: skip
    return next((head for head in map(plain, heads) if head), None)


def _last(history: Sequence[FlowEvent], kind: str, key: str) -> str | None:
    told = (plain(event.data.get(key)) for event in reversed(history) if event.kind == kind)
    return next((text for text in told if text), None)


def of_commit(session: Session, workspace: str, host: str, repo: str, sha: str) -> list[ItemKey]:
    """The items that have this commit at their head, or were merged as it; in order."""
    rows = session.execute(_OF_COMMIT, {"workspace": workspace, "host": host, "repo": repo, "sha": sha})
    return [(host, repo, item) for (item,) in rows]


def all_keys(session: Session, workspace: str) -> list[ItemKey]:
    """Every item that anything is kept of, in order."""
    known = select(_C.host, _C.repo, _C.item).where(_C.workspace == workspace)
    found: set[ItemKey] = set()
    for keys in (known, items_with_events(workspace), items_with_waits(workspace)):
        found.update((host, repo, item) for host, repo, item in session.execute(keys))
    return sorted(found)


def of_repo(session: Session, workspace: str, host: str, repo: str) -> list[ItemKey]:
    """The keys of a repository's items, in order."""
    rows = session.execute(
        select(_C.item).where(_C.workspace == workspace, _C.host == host, _C.repo == repo).order_by(_C.item)
    )
    return [(host, repo, item) for (item,) in rows]


def by_keys(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, Row[Any]]:
    """The rows of these items, as far as they exist."""
    found: dict[ItemKey, Row[Any]] = {}
    for host, repo, items in by_repo(keys):
        for row in session.execute(
            select(ITEMS).where(_C.workspace == workspace, _C.host == host, _C.repo == repo, _C.item.in_(items))
        ):
            found[host, repo, row.item] = row
    return found
