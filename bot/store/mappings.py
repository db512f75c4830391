"""Conversations in which value streams are mapped: where each stands, and its turns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from bot.store.sql import insert, table
from bot.store.streams import name_key
from bot.store.tables import MappingRow, OutboxRow, TurnRow

MAPPINGS, TURNS, OUTBOX = table(MappingRow), table(TurnRow), table(OutboxRow)
_M, _T, _O = MAPPINGS.c, TURNS.c, OUTBOX.c
MOST_HEARD = 50


class Mapping(NamedTuple):
    """A conversation; see MappingRow."""

    id: str
    name: str
    user: str
    channel: str | None
    root: str | None
    draft: dict[str, Any]
    over: int
    turns: int
    heard: Sequence[str]
    began_at: int
    changed_at: int
    ended_at: int | None = None
    saved: int | None = None


class Turn(NamedTuple):
    """A turn; see TurnRow."""

    mapping: str
    number: int
    said: str
    answers: list[tuple[str, str]] | None


_COLUMNS = [_M[name] for name in Mapping._fields]


def _mapping(row: Row[Any] | None) -> Mapping | None:
    if row is None:
        return None
    return Mapping._make(row)._replace(draft=json.loads(row.draft), heard=json.loads(row.heard))


def begin(session: Session, workspace: str, one: Mapping) -> bool:
    """Keep a new conversation; False where one is open about a stream of that name."""
    values = {**one._asdict(), "draft": json.dumps(one.draft), "heard": json.dumps(list(one.heard))}
    row = {"workspace": workspace, "name_key": name_key(one.name), **values}
    statement = insert(session, MAPPINGS).values(row).on_conflict_do_nothing().returning(_M.id)
    return session.execute(statement).first() is not None


def by_id(session: Session, workspace: str, id_: str) -> Mapping | None:
    """The conversation of an id; None where there is none."""
    return _mapping(session.execute(select(*_COLUMNS).where(_M.workspace == workspace, _M.id == id_)).first())


def open_named(session: Session, workspace: str, name: str) -> Mapping | None:
    """The conversation that is open about the stream of a name; None where none is."""
    here = (_M.workspace == workspace, _M.name_key == name_key(name), _M.ended_at.is_(None))
    return _mapping(session.execute(select(*_COLUMNS).where(*here)).first())


def opened(session: Session, workspace: str) -> list[Mapping]:
    """Those that are open, in order of their names."""
    found = select(*_COLUMNS).where(_M.workspace == workspace, _M.ended_at.is_(None)).order_by(_M.name_key)
    return [one for one in map(_mapping, session.execute(found)) if one is not None]


def in_thread(session: Session, workspace: str, channel: str, ts: str) -> Mapping | None:
    """The conversation that is held in the thread of a message; None where it is none's."""
    found = (
        select(*_COLUMNS)
        .join(OUTBOX, (_O.workspace == _M.workspace) & (_O.id == _M.root))
        .where(_M.workspace == workspace, _M.channel == channel, _O.channel == channel, _O.ts == ts)
    )
    return _mapping(session.execute(found).first())


def direct(session: Session, workspace: str, user: str) -> Mapping | None:
    """The open conversation that was held last in somebody's direct conversation; None where none is."""
    here = (_M.workspace == workspace, _M.user == user, _M.channel.is_(None), _M.ended_at.is_(None))
    found = select(*_COLUMNS).where(*here).order_by(_M.changed_at.desc(), _M.id).limit(1)
    return _mapping(session.execute(found).first())


def keep(session: Session, workspace: str, was: Mapping, one: Mapping) -> bool:
    """Write a conversation as it is now; False where it is not as it `was` any more."""
    mine = (_M.workspace == workspace, _M.id == was.id, _M.turns == was.turns, _M.ended_at.is_(None))
    told = {key: value for key, value in one._asdict().items() if key not in ("id", "name", "began_at")}
    told |= {"draft": json.dumps(one.draft), "heard": json.dumps(list(one.heard)[-MOST_HEARD:])}
    return session.execute(update(MAPPINGS).where(*mine).values(told).returning(_M.id)).first() is not None


def add_turn(session: Session, workspace: str, mapping: str, number: int, said: str) -> None:
    """Keep a turn, which is open."""
    row = {"workspace": workspace, "mapping": mapping, "number": number, "said": said, "answers": None}
    session.execute(TURNS.insert().values(row))


def close_turn(
    session: Session, workspace: str, mapping: str, number: int, answers: Sequence[tuple[str, str]]
) -> None:  # fmt: skip
    """Keep who answered what to a turn; it is open no longer."""
    mine = (_T.workspace == workspace, _T.mapping == mapping, _T.number == number)
    session.execute(update(TURNS).where(*mine).values(answers=json.dumps(answers)))


def turn(session: Session, workspace: str, mapping: str, number: int) -> Turn | None:
    """A turn of a conversation; None where there is none."""
    here = (_T.workspace == workspace, _T.mapping == mapping, _T.number == number)
    row = session.execute(select(_T.mapping, _T.number, _T.said, _T.answers).where(*here)).first()
    if row is None:
        return None
    answers = None if row.answers is None else [(by, said) for by, said in json.loads(row.answers)]
    return Turn(row.mapping, row.number, row.said, answers)
