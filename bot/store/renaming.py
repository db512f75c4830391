"""A person whom the code host calls otherwise than before: what is kept under the old login goes by the new one.

As with a renamed repository, what both have stays as the new one has it.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.flow.answers import HAND_OVER
from bot.flow.events import ItemKey
from bot.flow.renaming import Renamed, called_now, is_same
from bot.store import said
from bot.store.answers import ANSWERS, ASKS
from bot.store.events import EVENTS, row_of, to_event
from bot.store.forgetting import Found, write
from bot.store.matches import LINKED, MATCHES
from bot.store.mornings import MORNINGS
from bot.store.outbox import HANDOVER
from bot.store.sights import SIGHTS
from bot.store.sql import updating
from bot.store.teams import TEAMS
from bot.store.unplaced import UNPLACED
from bot.store.waits import NUDGES, OUTBOX, WAITS, of_items, sent

_E, _W, _O, _M = EVENTS.c, WAITS.c, OUTBOX.c, MATCHES.c
_EVENT = [
    _E.at, _E.seq, _E.id, _E.host, _E.repo, _E.item, _E.kind, _E.actor, _E.actor_type, _E.approximate, _E.data,
]  # fmt: skip
_KEYS = ("workspace", "host", "repo", "id")
_CALL = updating(EVENTS, _KEYS, ("actor", "data"))


def rename(session: Session, workspace: str, found: Renamed) -> set[ItemKey]:
    """Move what is known of somebody to their new login; the items whose events tell of them, to be folded again."""
    keys = _events(session, workspace, found)
    _waits(session, workspace, found)
    if is_same(found.new, found.old) or not found.whole:
        return keys
    _messages(session, workspace, found)
    _match(session, workspace, found)
    _rekey(session, SIGHTS.c.who, workspace, found, found.new.lower())
    _rekey(session, MORNINGS.c.login, workspace, found, found.new)
    _members(session, workspace, found)
    said.rename_person(session, workspace, found.old, found.new)
    return keys


def _events(session: Session, workspace: str, found: Renamed) -> set[ItemKey]:
    """Rewrite the events that name them; one that is known under the new login as well is dropped."""
    old = found.old.lower()
    named = or_(func.lower(_E.actor) == old, func.lower(_E.data).contains(json.dumps(old), autoescape=True))
    mine = (_E.workspace == workspace, _E.host == found.host, _E.at < found.before, named)
    keys, same_ids = set(), []
    for row in session.execute(select(_E.workspace, *_EVENT).where(*mine)).all():
        event = to_event(row[1:])
        now = called_now(event, [found])
        if now == event:
            continue
        keys.add(event.key)
        values = row_of(workspace, now)
        if now.id != event.id:
            write(session, EVENTS, Found(row, values))
        else:
            same_ids.append(
                {f"at_{key}": values[key] for key in _KEYS} | {"new_actor": now.actor, "new_data": values["data"]}
            )
    if same_ids:
        session.connection().execute(_CALL, same_ids)
    return keys


def _waits(session: Session, workspace: str, found: Renamed) -> None:
    """A wait keeps its id, and with it what was sent of it and answered to it."""
    here = (_W.workspace == workspace, _W.host == found.host, _W.since < found.before)
    held = (_W.holder_key == found.old.lower(), _W.team.is_(False))
    session.execute(update(WAITS).where(*here, *held).values(holder=found.new, holder_key=found.new.lower()))


def _messages(session: Session, workspace: str, found: Renamed) -> None:
    """What is under way to them, what notices say of them, what they asked, and what was handed over to them."""
    old, new = found.old.lower(), found.new
    handed = (ANSWERS.c.workspace == workspace, ANSWERS.c.kind == HAND_OVER, func.lower(ANSWERS.c.reason) == old)
    session.execute(update(ANSWERS).where(*handed).values(reason=new))
    for column in (_O.recipient, ASKS.c.by):
        theirs = (column.table.c.workspace == workspace, func.lower(column) == old)
        session.execute(update(column.table).where(*theirs).values({column: new}))
    says = func.lower(_O.about).contains(json.dumps(old), autoescape=True)
    for row in session.execute(select(OUTBOX).where(_O.workspace == workspace, says)).all():
        about = json.loads(row.about).items()
        told = {key: new if key in _PEOPLE and is_same(value, old) else value for key, value in about}
        write(session, OUTBOX, Found(row, {"about": json.dumps(told)}))
    n = NUDGES.c
    for row in session.execute(select(NUDGES).where(n.workspace == workspace, n.rung.in_(_handed(found.old)))).all():
        write(session, NUDGES, Found(row, {"rung": f"{HANDOVER}:{new}"}))


def _handed(login: str) -> set[str]:
    """By what it is claimed that an author was asked to move a review to somebody."""
    return {f"{HANDOVER}:{name}" for name in (login, login.lower())}


_PEOPLE = ("to", "by", "holder", "author", "login")
"""Keys of what notices say that hold a login, or somebody's account."""


def _match(session: Session, workspace: str, found: Renamed) -> None:
    """What was found out about whose the old login is, unless that is known of the new one already."""
    logins = _M.login.in_([found.old.lower(), found.new.lower()])
    known = session.execute(select(_M.login, _M.state).where(_M.workspace == workspace, logins))
    states = {row.login: row.state for row in known}
    if states.get(found.old.lower()) == LINKED != states.get(found.new.lower()):
        session.execute(delete(MATCHES).where(_M.workspace == workspace, _M.login == found.new.lower()))
    _rekey(session, _M.login, workspace, found, found.new.lower())


def _rekey(session: Session, column: Column[Any], workspace: str, found: Renamed, new: str) -> None:
    """Rows by login go by the new one; where that has one it stays, and the old one's goes."""
    of = column.table
    theirs = (of.c.workspace == workspace, func.lower(column) == found.old.lower())
    for row in session.execute(select(of).where(*theirs)).all():
        write(session, of, Found(row, {column.name: new}))


def _members(session: Session, workspace: str, found: Renamed) -> None:
    """The teams they are in; and what waits to be placed that they did."""
    t, u, old = TEAMS.c, UNPLACED.c, json.dumps(found.old.lower())
    in_it = (t.workspace == workspace, t.host == found.host, func.lower(t.members).contains(old, autoescape=True))
    for row in session.execute(select(TEAMS).where(*in_it)).all():
        members = [found.new if is_same(one, found.old) else one for one in json.loads(row.members)]
        write(session, TEAMS, Found(row, {"members": json.dumps(members)}))
    did = (u.workspace == workspace, u.host == found.host, func.lower(u.fact).contains(old, autoescape=True))
    for row in session.execute(select(UNPLACED).where(*did)).all():
        fact: dict[str, Any] = json.loads(row.fact)
        if is_same(fact["actor"], found.old) and row.at < found.before:
            write(session, UNPLACED, Found(row, {"fact": json.dumps({**fact, "actor": found.new})}))


def messages_of(session: Session, workspace: str, keys: set[ItemKey]) -> set[str]:
    """The messages that speak of waits of these items."""
    ids = [row.id for rows in of_items(session, workspace, keys).values() for row in rows]
    return {one.outbox_id for claims in sent(session, workspace, ids).values() for one in claims}
