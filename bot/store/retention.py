"""What is older than it is to be kept, taken away in portions; and all of a repository, or of a workspace."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Delete, Exists, Select, Table, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from bot.flow.events import ItemKey
from bot.flow.ladder import channel_of, team_channel_of
from bot.store.answers import ANSWERS, ASKS
from bot.store.arrivals import ARRIVALS
from bot.store.checks import CHECKS
from bot.store.connections import CONNECTIONS, LEFT
from bot.store.events import EVENTS
from bot.store.items import ITEMS
from bot.store.journeys import JOURNEYS, LINKS, VISITS
from bot.store.mappings import MAPPINGS
from bot.store.outbox import NUDGES, OUTBOX
from bot.store.said import CHANGES
from bot.store.settings import SETTINGS
from bot.store.sights import SIGHTS
from bot.store.sql import batches, of_keys
from bot.store.unplaced import UNPLACED
from bot.store.waits import WAITS

_I, _E, _W, _L, _N, _O = ITEMS.c, EVENTS.c, WAITS.c, LINKS.c, NUDGES.c, OUTBOX.c


def ended_items(session: Session, workspace: str, after: ItemKey, before: int, most: int) -> list[ItemKey]:
    """The next items behind one, in order, that are over and were opened before an instant."""
    key = tuple_(_I.host, _I.repo, _I.item)
    ended = (_I.workspace == workspace, _I.live.is_(False), _I.opened_at < before, key > after)
    rows = session.execute(select(_I.host, _I.repo, _I.item).where(*ended).order_by(*key.clauses).limit(most))
    return [(host, repo, item) for host, repo, item in rows]


def hold(session: Session, workspace: str, keys: Iterable[ItemKey]) -> None:
    """Nobody else changes these items till the end."""
    key = (_I.host, _I.repo, _I.item)
    mine = select(*key).where(_I.workspace == workspace, of_keys(session, *key, keys))
    session.execute(mine.order_by(*key).with_for_update()).all()


def untouched(session: Session, workspace: str, keys: Iterable[ItemKey], before: int) -> set[ItemKey]:
    """Those of the items (some hundreds at most) of which nothing was told since, and that no open item hangs on."""
    wanted = set(keys)
    told = (_E.workspace == workspace, of_keys(session, _E.host, _E.repo, _E.item, wanted), _E.at >= before)
    open_ = (_I.workspace == workspace, of_keys(session, _I.host, _I.repo, _I.item, wanted), _I.live.is_(True))
    asked = (
        select(_E.host, _E.repo, _E.item).where(*told).distinct(),
        select(_I.host, _I.repo, _I.item).where(*open_),
        *_linked_to_live(session, workspace, wanted),
    )
    fresh = {(host, repo, item) for one in asked for host, repo, item in session.execute(one)} if wanted else set()
    return wanted - fresh


def _linked_to_live(session: Session, workspace: str, keys: Collection[ItemKey]) -> Iterator[Select[Any]]:
    """Of these, the pull requests of open issues, and the issues of open pull requests."""
    live = and_(_I.workspace == workspace, _I.host == _L.host, _I.live.is_(True))
    mine, issues = (_L.host, _L.repo, _L.item), (_L.host, _L.of_repo, _L.of_item)
    for own, others in ((mine, issues), (issues, mine)):
        joined = select(*own).join(ITEMS, and_(live, _I.repo == others[1], _I.item == others[2]))
        yield joined.where(_L.workspace == workspace, of_keys(session, *own, keys))


def remove_items(session: Session, workspace: str, keys: Collection[ItemKey]) -> None:
    """Take items (some hundreds at most) away with all that is known of them. They are locked already."""
    if not keys:
        return
    for of in (EVENTS, ASKS, ARRIVALS, LINKS, JOURNEYS, VISITS, ITEMS):
        c = of.c
        session.execute(delete(of).where(c.workspace == workspace, of_keys(session, c.host, c.repo, c.item, keys)))
    of_them = of_keys(session, _L.host, _L.of_repo, _L.of_item, keys)
    session.execute(delete(LINKS).where(_L.workspace == workspace, of_them))
    held = (_W.workspace == workspace, of_keys(session, _W.host, _W.repo, _W.item, keys))
    ids = session.execute(delete(WAITS).where(*held).returning(_W.id)).scalars().all()
    _remove_said(session, workspace, ids)


def _remove_said(session: Session, workspace: str, waits: Sequence[int]) -> None:
    """Take away what was sent of waits and answered to them."""
    for some in batches(waits):
        for of in (NUDGES, ANSWERS):
            session.execute(delete(of).where(of.c.workspace == workspace, of.c.wait_id.in_(some)))


def remove_facts(session: Session, workspace: str, before: int) -> None:
    """Take away results of checks on commits at which no open item is, and what was never placed."""
    c = CHECKS.c
    head = exists().where(
        _I.workspace == c.workspace, _I.host == c.host, _I.repo == c.repo, _I.head == c.sha, _I.live.is_(True)
    )
    session.execute(delete(CHECKS).where(c.workspace == workspace, c.at < before, ~head))
    session.execute(delete(UNPLACED).where(UNPLACED.c.workspace == workspace, UNPLACED.c.at < before))


def remove_sights(session: Session, workspace: str, now: int) -> None:
    """Take away who was let in where, where that is to be asked again anyway."""
    session.execute(delete(SIGHTS).where(SIGHTS.c.workspace == workspace, SIGHTS.c.ask_at <= now))


def remove_messages(session: Session, workspace: str, before: int, most: int) -> int:
    """Take away up to `most` messages that are done with, and what they carried; how many there were.

    Those that speak of an open wait stay, as do those that a conversation goes on in.
    """
    speaks = exists().where(
        _N.workspace == _O.workspace, _N.outbox_id == _O.id, _W.workspace == _O.workspace, _W.id == _N.wait_id,
        _W.until.is_(None),
    )  # fmt: skip
    done = (
        _O.workspace == workspace, _O.made_at < before, _O.state.in_(("sent", "moot", "failed")), _O.edit_at.is_(None),
        ~speaks, ~_is_held(CONNECTIONS, "outbox_id"), ~_is_held(MAPPINGS, "root"),
    )  # fmt: skip
    ids = session.execute(select(_O.id).where(*done).limit(most)).scalars().all()
    for some in batches(ids):
        session.execute(delete(NUDGES).where(_N.workspace == workspace, _N.outbox_id.in_(some)))
        session.execute(delete(OUTBOX).where(_O.workspace == workspace, _O.id.in_(some)))
    return len(ids)


def _is_held(of: Table, column: str) -> Exists:
    return exists().where(of.c.workspace == _O.workspace, of.c[column] == _O.id)


def remove_answers(session: Session, workspace: str, before: int) -> None:
    """Take away answers to waits that are over, and asks."""
    a = ANSWERS.c
    open_ = exists().where(_W.workspace == a.workspace, _W.id == a.wait_id, _W.until.is_(None))
    session.execute(delete(ANSWERS).where(a.workspace == workspace, a.at < before, ~open_))
    session.execute(delete(ASKS).where(ASKS.c.workspace == workspace, ASKS.c.at < before))


def let_go_at(session: Session, workspace: str) -> dict[str, int]:
    """Since when repositories are let go, by name in lower case: as it was last said, or as their connection ended."""
    c, k = CONNECTIONS.c, CHANGES.c
    left = session.execute(select(c.repo, c.at).where(c.workspace == workspace, c.state == LEFT))
    found = {repo.casefold(): at for repo, at in left}
    said = (k.workspace == workspace, k.path.like('["repos", %"follow"]'), k.became == "false")
    for path, at in session.execute(select(k.path, func.max(k.at)).where(*said).group_by(k.path)):
        repo = json.loads(path)[1].casefold()
        found[repo] = max(at, found.get(repo, 0))
    return found


def remove_repo(session: Session, workspace: str, repo: str) -> None:
    """Take away all that is known of a repository (its name in lower case) but what was said of it."""
    held = (_W.workspace == workspace, func.lower(_W.repo) == repo)
    _remove_said(session, workspace, session.execute(delete(WAITS).where(*held).returning(_W.id)).scalars().all())
    its = func.lower(_O.recipient)
    to_it = or_(its == channel_of(repo), its.startswith(team_channel_of(repo, ""), autoescape=True))
    session.execute(delete(OUTBOX).where(_O.workspace == workspace, to_it))
    for of in SQLModel.metadata.sorted_tables:
        for column in (of.c.get("repo"), of.c.get("of_repo")):
            if column is not None and "workspace" in of.c:
                session.execute(_of_workspace(of, workspace).where(func.lower(column) == repo))


def _of_workspace(of: Table, workspace: str) -> Delete:
    return delete(of).where(of.c.workspace == workspace)


def remove_slack(session: Session, workspace: str) -> None:
    """Take away what Slack showed of its members, and where to write to them."""
    shown = ("members", "absences", "homes", "addresses")
    for of in SQLModel.metadata.sorted_tables:
        if of.name in shown:
            session.execute(_of_workspace(of, workspace))


def remove_workspace(session: Session, workspace: str) -> None:
    """Take away all that is kept of a workspace."""
    for of in reversed(SQLModel.metadata.sorted_tables):
        if "workspace" in of.c and of is not SETTINGS:
            session.execute(_of_workspace(of, workspace))
    session.execute(_of_workspace(SETTINGS, workspace))
