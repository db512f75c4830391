"""Journeys of flow items through value streams, and which pull requests close which issues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.stages import Journey, Visit
from bot.store.sql import Asking, Inserting, batches, by_repo, table
from bot.store.tables import ItemRow, JourneyRow, LinkRow, VisitRow

JOURNEYS, VISITS, LINKS, ITEMS = table(JourneyRow), table(VisitRow), table(LinkRow), table(ItemRow)
_J, _V, _L, _I = JOURNEYS.c, VISITS.c, LINKS.c, ITEMS.c
Links: TypeAlias = dict[ItemKey, set[ItemKey]]
"""Issues by the pull request that closes them."""
Place: TypeAlias = tuple[str, ItemKey]
"""(a stream's key, an item)"""
_HERE: tuple[Any, ...] = (bindparam("workspace"), bindparam("host"), bindparam("repo"))
_CLOSED_BY = Asking(
    lambda one_of: select(_L.item, _L.of_repo, _L.of_item).where(
        _L.workspace == _HERE[0], _L.host == _HERE[1], _L.repo == _HERE[2], one_of(_L.item, "items")
    )
)
_CLOSING = Asking(
    lambda one_of: select(_L.repo, _L.item, _L.of_item).where(
        _L.workspace == _HERE[0], _L.host == _HERE[1], _L.of_repo == _HERE[2], one_of(_L.of_item, "items")
    )
)
_STAY = (_V.stream, _V.host, _V.repo, _V.item, _V.stage, _V.since, _V.until, _V.picked_up_at, _V.handed_over)
_DIGESTS = Asking(
    lambda one_of: select(_J.stream, _J.item, _J.digest).where(
        _J.workspace == _HERE[0], _J.host == _HERE[1], _J.repo == _HERE[2], one_of(_J.item, "items")
    )
)
_ADD_JOURNEYS = Inserting(JOURNEYS, lambda insert: insert)
_ADD_VISITS = Inserting(VISITS, lambda insert: insert)
_ADD_LINKS = Inserting(LINKS, lambda insert: insert.on_conflict_do_nothing())


class Measured(NamedTuple):
    """A journey under a version of a stream."""

    stream: str
    version: int
    journey: Journey


def closed_by(session: Session, workspace: str, keys: Iterable[ItemKey]) -> Links:
    """The issues that these items close, by item; those that close none are left out."""
    found: Links = defaultdict(set)
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for item, of_repo, of_item in session.execute(_CLOSED_BY.on(session), named):
            found[host, repo, item].add((host, of_repo, of_item))
    return dict(found)


def closing(session: Session, workspace: str, keys: Iterable[ItemKey]) -> Links:
    """What closes these items, by item; those that nothing closes are left out."""
    found: Links = defaultdict(set)
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for by_repo_name, by_item, item in session.execute(_CLOSING.on(session), named):
            found[host, repo, item].add((host, by_repo_name, by_item))
    return dict(found)


def set_links(session: Session, workspace: str, was: Links, told: Links) -> None:
    """Write which issues items close, where that differs from what was written."""
    for key, issues in told.items():
        gone, new = was.get(key, set()) - issues, issues - was.get(key, set())
        for issue in sorted(gone):
            session.execute(delete(LINKS).where(*_at(LINKS, workspace, key), _L.of_repo == issue[1],
                                                _L.of_item == issue[2]))  # fmt: skip
        if new:
            _ADD_LINKS.run(session, [_link_row(workspace, key, issue) for issue in sorted(new)])


def _link_row(workspace: str, key: ItemKey, issue: ItemKey) -> dict[str, Any]:
    host, repo, item = key
    return {"workspace": workspace, "host": host, "repo": repo, "item": item, "of_repo": issue[1], "of_item": issue[2]}


def _at(rows: Any, workspace: str, key: ItemKey) -> tuple[Any, ...]:
    host, repo, item = key
    return (rows.c.workspace == workspace, rows.c.host == host, rows.c.repo == repo, rows.c.item == item)


def digests(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[Place, str]:
    """The digests of the journeys of these items."""
    found: dict[Place, str] = {}
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for stream, item, digest in session.execute(_DIGESTS.on(session), named):
            found[stream, (host, repo, item)] = digest
    return found


def digest_of(one: Measured) -> str:
    """Names a journey under a version, with all its visits."""
    return blake2b(repr(tuple(one)).encode(), digest_size=12).hexdigest()


_Stays: TypeAlias = Mapping[Place, list[Visit]]


def _stays(rows: Iterable[Any]) -> _Stays:
    """Visits in the order given, by stream and item."""
    found: dict[Place, list[Visit]] = defaultdict(list)
    for stream, host, repo, item, *stay in rows:
        found[stream, (host, repo, item)].append(Visit(*stay))
    return found


def _measured(row: Row[Any], stays: _Stays) -> Measured:
    key = (row.host, row.repo, row.item)
    done, dropped = (None, row.ended_at) if row.dropped else (row.ended_at, None)
    visits = tuple(stays[row.stream, key])
    return Measured(row.stream, row.version, Journey(key, row.segment, visits, done, dropped))


def since(session: Session, workspace: str, stream: str, start: int) -> list[Measured]:
    """The journeys through a stream that go on, or ended at `start` or later; in order of their items."""
    mine = and_(_J.workspace == workspace, _J.stream == stream, or_(_J.ended_at.is_(None), _J.ended_at >= start))
    rows = session.execute(select(JOURNEYS).where(mine).order_by(_J.host, _J.repo, _J.item)).all()
    same = [_V[name] == _J[name] for name in ("workspace", "stream", "host", "repo", "item")]
    stays = _stays(session.execute(select(*_STAY).join(JOURNEYS, and_(*same)).where(mine).order_by(_V.seq)))
    return [_measured(row, stays) for row in rows]


def among(session: Session, workspace: str, keys: Collection[ItemKey]) -> set[ItemKey]:
    """Those of the items that have journeys."""
    found = set()
    for host, repo, items in by_repo(keys):
        here = (_J.workspace == workspace, _J.host == host, _J.repo == repo, _J.item.in_(items))
        found |= {(host, repo, item) for item in session.execute(select(_J.item).where(*here).distinct()).scalars()}
    return found


def replace(session: Session, workspace: str, gone: Iterable[Place], new: Iterable[tuple[str, Measured]]) -> None:
    """Take journeys away, and write new ones, each with its digest, where there are none."""
    _remove(session, workspace, gone)
    new = list(new)
    journeys = [_journey_row(workspace, digest, one) for digest, one in new]
    visits = [row for _, one in new for row in _visit_rows(workspace, one)]
    for rows, adding in ((journeys, _ADD_JOURNEYS), (visits, _ADD_VISITS)):
        for portion in batches(rows, 5_000):
            adding.run(session, portion)


def _remove(session: Session, workspace: str, gone: Iterable[Place]) -> None:
    items: dict[str, set[ItemKey]] = defaultdict(set)
    for stream, key in gone:
        items[stream].add(key)
    for stream, keys in items.items():
        for host, repo, some in by_repo(keys):
            for rows in (VISITS, JOURNEYS):
                c = rows.c
                here = (c.workspace == workspace, c.stream == stream, c.host == host, c.repo == repo)
                session.execute(delete(rows).where(*here, c.item.in_(some)))


def _journey_row(workspace: str, digest: str, one: Measured) -> dict[str, Any]:
    told = one.journey
    dropped = told.done_at is None and told.dropped_at is not None
    return {
        "workspace": workspace, "stream": one.stream, "host": told.key[0], "repo": told.key[1], "item": told.key[2],
        "version": one.version, "segment": told.segment, "began_at": told.began_at,
        "ended_at": told.dropped_at if dropped else told.done_at, "dropped": dropped, "digest": digest,
    }  # fmt: skip


def _visit_rows(workspace: str, one: Measured) -> Iterator[dict[str, Any]]:
    host, repo, item = one.journey.key
    for seq, visit in enumerate(one.journey.visits):
        yield {
            "workspace": workspace, "stream": one.stream, "host": host, "repo": repo, "item": item, "seq": seq,
            "stage": visit.stage, "since": visit.since, "until": visit.until, "picked_up_at": visit.picked_up_at,
            "handed_over": visit.handed_over,
        }  # fmt: skip


def forget_repo(session: Session, workspace: str, host: str, repo: str) -> None:
    """Take away what was made of a repository's items; it is made again from their events."""
    for rows in (VISITS, JOURNEYS, LINKS):
        c = rows.c
        session.execute(delete(rows).where(c.workspace == workspace, c.host == host, c.repo == repo))


def forget_stream(session: Session, workspace: str, stream: str) -> None:
    """Take away all journeys through a stream."""
    for rows in (VISITS, JOURNEYS):
        session.execute(delete(rows).where(rows.c.workspace == workspace, rows.c.stream == stream))


def keys_after(
    session: Session, workspace: str, repos: Iterable[str] | None, last: tuple[str, str, int], most: int
) -> list[ItemKey]:  # fmt: skip
    """The next items, in order, of repositories (case does not matter; None: all) behind one; at most so many."""
    host, repo, item = last
    behind = or_(_I.host > host, and_(_I.host == host, or_(_I.repo > repo, and_(_I.repo == repo, _I.item > item))))
    here = [_I.workspace == workspace, behind]
    if repos is not None:
        here.append(func.lower(_I.repo).in_(sorted({name.lower() for name in repos})))
    rows = session.execute(
        select(_I.host, _I.repo, _I.item).where(*here).order_by(_I.host, _I.repo, _I.item).limit(most)
    )
    return [(host, repo, item) for host, repo, item in rows]
