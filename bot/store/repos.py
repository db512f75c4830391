"""Repositories: which are followed, when each was last heard of, and what happens when one is renamed or lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, bindparam, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from bot.flow.ladder import channel_of, team_channel_of
from bot.store import digests, experiments, said, settings
from bot.store.arrivals import ARRIVALS
from bot.store.checks import CHECKS, optional_key
from bot.store.connections import CONNECTIONS
from bot.store.events import EVENTS
from bot.store.items import ITEMS
from bot.store.sql import Asking, Inserting, batches, insert, table
from bot.store.tables import RepoRow
from bot.store.unplaced import UNPLACED
from bot.store.waits import OUTBOX, WAITS

REPOS = table(RepoRow)
_C = REPOS.c

HEARD_EVERY = 60
"""Seconds within which `webhook_at` isn't moved, so that deliveries of one repository don't wait for each other."""
QUIET = 7 * 86_400
"""Seconds without a delivery after which a webhook is suspected."""
GONE = "access to it was lost"
"""So it was told; the host is asked about it at the next reading."""
GONE_INDEED = "access to it was lost, as the code host confirms"
SUSPENDED = "its owner suspended Weir's installation"
"""So it was told, or the host answered; the host is asked about it at every reading."""
LOST = (GONE, GONE_INDEED, SUSPENDED)
_HEARD = Asking(
    lambda one_of: select(_C.repo).where(
        _C.workspace == bindparam("workspace"), _C.host == bindparam("host"), one_of(_C.repo, "repos"),
        _C.connected, _C.problem.is_(None), _C.webhook_at > bindparam("since"),
    )
)  # fmt: skip
_HEAR = Inserting(
    REPOS,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["workspace", "host", "repo"],
        set_={"connected": True, "webhook_at": insert.excluded.webhook_at, "problem": None},
    ),
)


def known(session: Session, workspace: str) -> Sequence[Row[Any]]:
    """All repositories, in order of their names."""
    return session.execute(select(REPOS).where(_C.workspace == workspace).order_by(_C.host, _C.repo)).all()


def standing(session: Session, workspace: str) -> Sequence[Row[Any]]:
    """(repo, connected, problem, webhook_at, read_until) of all repositories, in no order."""
    told = (_C[name] for name in ("repo", "connected", "problem", "webhook_at", "read_until"))
    return session.execute(select(*told).where(_C.workspace == workspace)).all()


def spelt(session: Session, workspace: str, names: Iterable[str]) -> dict[str, list[str]]:
    """The repositories of these names, whatever their case, as their hosts spell them; by host."""
    found: dict[str, list[str]] = defaultdict(list)
    for some in batches(sorted({name.lower() for name in names})):
        named = (_C.workspace == workspace, func.lower(_C.repo).in_(some))
        for host, repo in session.execute(select(_C.host, _C.repo).where(*named)):
            found[host].append(repo)
    return dict(found)


def called(session: Session, workspace: str, name: str) -> list[str]:
    """The repositories of a name, with or without the owner, whatever its case."""
    meant, known = name.lower(), func.lower(_C.repo)
    named = (_C.workspace == workspace, or_(known == meant, known.endswith(f"/{meant}", autoescape=True)))
    return list(session.execute(select(_C.repo).where(*named)).scalars())


def add(session: Session, workspace: str, host: str, repos: Iterable[str], *, connected: bool = False) -> None:
    """Make sure the repositories have rows; those that have one stay as they are."""
    rows = [_row(workspace, host, repo, connected=connected) for repo in sorted(set(repos))]
    if rows:
        session.connection().execute(insert(session, REPOS).on_conflict_do_nothing(), rows)


def heard(session: Session, workspace: str, host: str, repos: Iterable[str], now: int) -> None:
    """A webhook told of these repositories: they are followed from now on."""
    wanted = sorted(set(repos))
    named = {"workspace": workspace, "host": host, "repos": wanted, "since": now - HEARD_EVERY}
    stale = set(wanted).difference(session.execute(_HEARD.on(session), named).scalars()) if wanted else set()
    if not stale:
        return
    rows = [_row(workspace, host, repo, connected=True) | {"webhook_at": now} for repo in sorted(stale)]
    session.connection().execute(_HEAR.on(session), rows)


def _row(workspace: str, host: str, repo: str, *, connected: bool) -> dict[str, Any]:
    return {"workspace": workspace, "host": host, "repo": repo, "connected": connected}


def lose(session: Session, workspace: str, host: str, repos: Iterable[str]) -> None:
    """The bot may not see these repositories any more: they are followed no longer, and say why."""
    for repo in sorted(set(repos)):
        session.execute(
            update(REPOS)
            .where(_C.workspace == workspace, _C.host == host, _C.repo == repo)
            .values(connected=False, problem=GONE)
        )


def suspend(session: Session, workspace: str, host: str, owner: str) -> None:
    """The bot may see none of an owner's repositories for now: those that are followed say so, and stay followed."""
    seen = (_C.connected, or_(_C.problem.is_(None), _C.problem.not_in(LOST)))
    session.execute(update(REPOS).where(*_owned(workspace, host, owner), *seen).values(problem=SUSPENDED))


def unsuspend(session: Session, workspace: str, host: str, owner: str) -> None:
    """It may see them again."""
    suspended = _C.problem == SUSPENDED
    session.execute(update(REPOS).where(*_owned(workspace, host, owner), suspended).values(problem=None))


def _owned(workspace: str, host: str, owner: str) -> tuple[ColumnElement[bool], ...]:
    name = func.lower(_C.repo)
    return _C.workspace == workspace, _C.host == host, name.startswith(f"{owner.lower()}/", autoescape=True)


def lost(session: Session, workspace: str) -> set[tuple[str, str]]:
    """(host, repo) of those that access was lost to: what is known of them is no longer true."""
    they = (_C.workspace == workspace, _C.problem.in_(LOST))
    rows = session.execute(select(_C.host, _C.repo).where(*they))
    return {(host, repo) for host, repo in rows}


def rename(session: Session, workspace: str, host: str, old: str, new: str) -> None:
    """Move all that is known under the old name to the new one; what both have stays as the new one has it.

    The items' waits have to be folded again where both names had events.
    """
    _read_as_far(session, workspace, host, old, new)
    for keyed in (EVENTS, CHECKS, ITEMS, REPOS, CONNECTIONS):
        _move(session, keyed, workspace, host, old, new)
    for moved in (WAITS, ARRIVALS, UNPLACED):
        c = moved.c
        session.execute(update(moved).where(c.workspace == workspace, c.host == host, c.repo == old).values(repo=new))
    o = OUTBOX.c
    was, its_teams = channel_of(old), o.recipient.startswith(team_channel_of(old, ""), autoescape=True)
    session.execute(
        update(OUTBOX)
        .where(o.workspace == workspace, or_(o.recipient == was, its_teams))
        .values(recipient=channel_of(new) + func.substr(o.recipient, len(was) + 1))
    )
    said.rename(session, workspace, old, new)
    digests.rename(session, workspace, old, new)
    experiments.rename(session, workspace, old, new)
    optional = settings.get(session, workspace, optional_key(host, old))
    if optional is not None:
        settings.put(session, workspace, optional_key(host, new), optional)


def _read_as_far(session: Session, workspace: str, host: str, old: str, new: str) -> None:
    """What was read under the old name need not be read as a first history under the new one."""
    here = (_C.workspace == workspace, _C.host == host)
    read = select(_C.history_read_at, _C.read_until).where(*here, _C.repo == old, _C.history_read_at.is_not(None))
    for row in session.execute(read).mappings():
        unread = (_C.repo == new, _C.history_read_at.is_(None))
        session.execute(update(REPOS).where(*here, *unread).values(cursor=None, **row))


def _move(session: Session, keyed: Table, workspace: str, host: str, old: str, new: str) -> None:
    """Copy the rows under their new key, skipping those that are there, and delete the old ones."""
    c = keyed.c
    mine = (c.workspace == workspace, c.host == host, c.repo == old)
    renamed = select(*(literal(new) if column.name == "repo" else column for column in c)).where(*mine)
    names = [column.name for column in c]
    session.execute(insert(session, keyed).from_select(names, renamed).on_conflict_do_nothing())
    session.execute(delete(keyed).where(*mine))
