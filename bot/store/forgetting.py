"""A person taken out of every table: rows of their own are deleted, in those of others a word takes their place.

Every column of text is looked through, whatever table it is in, so that a new table needs no word here.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Engine,
    Integer,
    Numeric,
    Row,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from bot.flow.events import ItemKey
from bot.flow.forgetting import SOMEBODY, Scrub, without
from bot.store.events import EVENTS, to_event
from bot.store.events import row_of as event_row
from bot.store.forgotten import KEY
from bot.store.items import ITEMS
from bot.store.matches import LINKED, MATCHES
from bot.store.members import MEMBERS
from bot.store.renames import KEY as RENAMED
from bot.store.sealed import is_sealed
from bot.store.sql import table
from bot.store.tables import AddressRow, InstallRow, MappingRow, MemberRow, OutboxRow, RepoRow, SettingRow, TeamRow
from bot.store.waits import WAITS

_E, _I, _W = EVENTS.c, ITEMS.c, WAITS.c
_FOLDED = ("events", "items", "waits")
"""Tables that are gone through by themselves, or made again from those."""
_NOT_TEXT = ("workspace", "host", "repo", "of_repo", "sha", "state", "kind")
_OWN = {"answers": "user", "asks": "by", "outbox": "recipient"}
"""The columns by which rows are somebody's own, where those are not in their keys."""
_HOLDS_LOGINS = ("user", "login", "by", "recipient", "address", "place")
_ELSEWHERE = {"stream_versions": ("text", "digest")}
"""Columns that whoever reads them has to see to."""


class Person(NamedTuple):
    """Somebody by all that they go by in a workspace."""

    login: str
    accounts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    conversations: frozenset[str] = frozenset()
    """Slack's ids of the direct conversations with them."""

    @property
    def marks(self) -> frozenset[str]:
        """What stands for them alone, whatever it stands in."""
        return self.accounts | self.conversations


class Found(NamedTuple):
    """A row that somebody is in, and what becomes of it: other values, or (None) nothing."""

    row: Row[Any]
    values: dict[str, Any] | None


def linked(session: Session, workspace: str, login: str) -> set[str]:
    """The Slack accounts that a login was found to be."""
    c = MATCHES.c
    mine = (c.workspace == workspace, c.login == login.lower(), c.state == LINKED, c.slack.is_not(None))
    return set(session.execute(select(c.slack).where(*mine)).scalars())


def conversations(session: Session, workspace: str, accounts: Iterable[str]) -> set[str]:
    """The direct conversations with Slack accounts."""
    c = table(AddressRow).c
    theirs = (c.workspace == workspace, c.address.in_(sorted(accounts)), c.conversation.is_not(None))
    return set(session.execute(select(c.conversation).where(*theirs)).scalars())


def called(session: Session, workspace: str, accounts: Iterable[str]) -> set[str]:
    """What Slack accounts are called."""
    c = MEMBERS.c
    theirs = (c.workspace == workspace, c.user.in_(sorted(accounts)), c.name.is_not(None))
    return set(session.execute(select(c.name).where(*theirs)).scalars())


def team_names(session: Session, workspace: str) -> set[str]:
    """The teams of the code host that were heard of."""
    c = table(TeamRow).c
    return set(session.execute(select(c.team).where(c.workspace == workspace).distinct()).scalars())


def events_with(session: Session, workspace: str, person: Person, scrub: Scrub) -> Iterator[Found]:
    """The events that somebody is in; read as they are asked for."""
    words = select(EVENTS).where(_E.workspace == workspace, _says((_E.id, _E.actor, _E.data), person))
    for row in session.execute(words, execution_options={"yield_per": 1000}):
        event = to_event(_as_event(row))
        told = without(event, scrub)
        if told != event:
            yield Found(row, event_row(workspace, told))


def _as_event(row: Row[Any]) -> tuple[Any, ...]:
    return (
        row.at, row.seq, row.id, row.host, row.repo, row.item, row.kind, row.actor, row.actor_type, row.approximate,
        row.data,
    )  # fmt: skip


def items_of(session: Session, workspace: str, person: Person) -> set[ItemKey]:
    """The items of which somebody holds, held or asked for a turn, and those whose rows name them."""
    theirs = or_(_W.holder_key == person.login.lower(), func.lower(_W.asked_by) == person.login.lower())
    held = select(_W.host, _W.repo, _W.item).where(_W.workspace == workspace, theirs).distinct()
    named = select(_I.host, _I.repo, _I.item).where(_I.workspace == workspace, _says((_I.author, _I.title), person))
    return {(host, repo, item) for found in (held, named) for host, repo, item in session.execute(found)}


def sent_about(session: Session, workspace: str, keys: Iterable[ItemKey]) -> set[int]:
    """The waits, by id, of these items."""
    found: set[int] = set()
    for host, repo, item in keys:
        here = (_W.workspace == workspace, _W.host == host, _W.repo == repo, _W.item == item)
        found.update(session.execute(select(_W.id).where(*here)).scalars())
    return found


def drop_waits(session: Session, workspace: str, person: Person) -> None:
    """Delete what waits for somebody and does not come from the events."""
    mine = (_W.workspace == workspace, _W.holder_key == person.login.lower(), _W.team.is_(False))
    session.execute(delete(WAITS).where(*mine))


def end_conversations(session: Session, workspace: str, person: Person, now: int) -> None:
    """Nobody goes on with the conversations about maps that somebody was in."""
    mappings = table(MappingRow)
    c = mappings.c
    theirs = (c.workspace == workspace, c.user.in_(sorted(person.accounts)), c.ended_at.is_(None))
    session.execute(update(mappings).where(*theirs).values(ended_at=now))


def workspaces(session: Session) -> list[str]:
    """Every workspace that anything is kept of, in order."""
    known = (table(one).c.workspace for one in (RepoRow, SettingRow, MemberRow, OutboxRow, InstallRow))
    return sorted({str(name) for column in known for name in session.execute(select(column).distinct()).scalars()})


def looked_through() -> list[Table]:
    """The tables that are not made again from events."""
    return [one for one in SQLModel.metadata.sorted_tables if one.name not in _FOLDED and "workspace" in one.c]


def rows_with(session: Session, workspace: str, of: Table, person: Person, scrub: Scrub) -> list[Found]:
    """The rows of a table that somebody is in."""
    columns = [column for column in of.c if _is_text(column) and column.name not in _ELSEWHERE.get(of.name, ())]
    if not columns:
        return []
    found = session.execute(select(of).where(of.c.workspace == workspace, _says(columns, person))).all()
    return [one for row in found if (one := _left_of(row, of, columns, person, scrub)) is not None]


def _is_text(column: Column[Any]) -> bool:
    kept = isinstance(column.type, (Integer, Numeric, Boolean)) or is_sealed(column)
    return not kept and column.name not in _NOT_TEXT


def _left_of(row: Row[Any], of: Table, columns: Iterable[Column[Any]], person: Person, scrub: Scrub) -> Found | None:
    if of.name == "settings" and row.key in (KEY, RENAMED):
        return None
    if _is_own(row, of, person, scrub):
        return Found(row, None)
    values = {}
    for column in columns:
        old = getattr(row, column.name)
        new = _left(old, column, person, scrub) if old is not None else None
        if new != old:
            values[column.name] = new
    if any(values.get(column.name, "") is None and not column.nullable for column in columns):
        return Found(row, None)
    return Found(row, values) if values else None


def _is_own(row: Row[Any], of: Table, person: Person, scrub: Scrub) -> bool:
    if of.name in ("said", "changes"):
        path: list[str] = json.loads(row.path)
        return path[0] == "people" and path[1].casefold() == person.login.casefold()
    named = [_OWN[of.name]] if of.name in _OWN else [column.name for column in of.primary_key if _is_text(column)]
    if not scrub.is_said(person.login):  # what a key says may mean something else
        named = [name for name in named if name in _HOLDS_LOGINS]
    return any(_is_theirs(getattr(row, name), person) for name in named)


def _is_theirs(key: str, person: Person) -> bool:
    place = key.partition(":")[0]
    return place.casefold() == person.login.casefold() or place.lstrip("@=") in person.marks


def _left(old: str, column: Column[Any], person: Person, scrub: Scrub) -> str | None:
    """What is left of a text; None where it named somebody and nothing else."""
    if old in person.marks or (old.casefold() == person.login.casefold() and scrub.is_said(old)):
        return None if column.nullable else SOMEBODY
    return scrub.kept(old)


def _says(columns: Iterable[Column[Any]], person: Person) -> ColumnElement[bool]:
    """Whether they may be in one of the columns; beside them that finds a few more, who are looked at more closely."""
    words = {person.login, *person.marks, *person.names}
    spelt = {form for word in words for form in (word, json.dumps(word, ensure_ascii=False)[1:-1])}
    likes = {_like(word) for word in spelt}
    return or_(*(func.lower(column).like(like, escape="/") for column in columns for like in likes))


def _like(word: str) -> str:
    """A pattern for text that holds a word in any case: beyond ASCII databases differ on what is the same letter."""
    escaped = re.sub(r"[%_/]", r"/\g<0>", word.lower())
    return f"%{re.sub(r'[^ -~]+', '%', escaped)}%"


def write(session: Session, of: Table, found: Found) -> None:
    """Let the row become what it is to be. One that would then be the same as another is deleted."""
    keys = and_(*(column == getattr(found.row, column.name) for column in of.primary_key))
    if found.values is None:
        session.execute(delete(of).where(keys))
        return
    try:
        with session.begin_nested():
            session.execute(update(of).where(keys).values(found.values))
    except IntegrityError:
        session.execute(delete(of).where(keys))


class InUse(Exception):
    """SQLite's file can't be written anew while another process is at it."""


def compact(engine: Engine) -> None:
    """Write SQLite's file anew, so that nothing of what was deleted is left in it. Raises InUse."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        raise InUse from None
    finally:
        raw.close()
    if busy:
        raise InUse
