"""Value streams as they were saved, version by version; and how far a new version is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.store.sql import insert, table
from bot.store.tables import StreamRow, StreamVersionRow

STREAMS, VERSIONS = table(StreamRow), table(StreamVersionRow)
_S, _V = STREAMS.c, VERSIONS.c
Cursor = tuple[str, str, int]
"""The item behind which the measuring goes on: (host, repo, item)."""
BEGINNING: Cursor = ("", "", 0)
_HEADS = (
    select(_S.key, _S.name, _V.number, _V.applies_from, _V.digest)
    .join(VERSIONS, (_V.workspace == _S.workspace) & (_V.stream == _S.key))
    .where(_S.workspace == bindparam("workspace"))
    .order_by(_S.name_key, _V.number.desc())
)


class Head(NamedTuple):
    """A version of a stream, without what it says."""

    stream: str
    """The stream's key."""
    name: str
    number: int
    applies_from: int
    digest: str


class Version(NamedTuple):
    """A version of a stream; see StreamVersionRow."""

    number: int
    text: str
    by: str
    at: int
    why: str
    applies_from: int
    again_by: str | None
    again_at: int | None


class Kept(NamedTuple):
    """A stream with the version that holds."""

    key: str
    name: str
    version: int
    cursor: Cursor | None
    """Up to which item that version is measured; None once all are."""
    text: str
    at: int
    """When that version was saved."""


_KEPT = (
    select(_S.key, _S.name, _S.version, _S.cursor, _V.text, _V.at)
    .join(VERSIONS, (_V.workspace == _S.workspace) & (_V.stream == _S.key) & (_V.number == _S.version))
    .order_by(_S.name_key)
)


def name_key(name: str) -> str:
    """What a name is looked up by: case, and how an apostrophe is written, do not matter."""
    return " ".join(name.split()).casefold().replace("’", "'").replace("‘", "'")


def heads(session: Session, workspace: str) -> Sequence[Head]:
    """All versions of all streams, each stream's newest first."""
    return [Head(*row) for row in session.execute(_HEADS, {"workspace": workspace})]


def texts(session: Session, workspace: str, digests: Iterable[str]) -> dict[str, str]:
    """What versions say, by their digests."""
    wanted = sorted(set(digests))
    if not wanted:
        return {}
    rows = session.execute(select(_V.digest, _V.text).where(_V.workspace == workspace, _V.digest.in_(wanted)))
    return {row.digest: row.text for row in rows}


def every(session: Session, workspace: str) -> list[Kept]:
    """All streams, in order of their names."""
    return [_kept(row) for row in session.execute(_KEPT.where(_S.workspace == workspace))]


def named(session: Session, workspace: str, name: str) -> Kept | None:
    """The stream of a name; None where there is none."""
    found = session.execute(_KEPT.where(_S.workspace == workspace, _S.name_key == name_key(name))).first()
    return None if found is None else _kept(found)


def by_key(session: Session, workspace: str, key: str) -> Kept | None:
    """The stream of a key; None where there is none."""
    found = session.execute(_KEPT.where(_S.workspace == workspace, _S.key == key)).first()
    return None if found is None else _kept(found)


def _kept(row: Any) -> Kept:
    return Kept._make(row)._replace(cursor=_cursor(row.cursor))


def _cursor(kept: str | None) -> Cursor | None:
    return None if kept is None else tuple(json.loads(kept))


def versions(session: Session, workspace: str, stream: str) -> list[Version]:
    """All versions of a stream, newest first."""
    columns = [_V[name] for name in Version._fields]
    mine = select(*columns).where(_V.workspace == workspace, _V.stream == stream).order_by(_V.number.desc())
    return [Version._make(row) for row in session.execute(mine)]


def begin(session: Session, workspace: str, name: str, text: str, by: str, now: int, why: str) -> str | None:
    """Keep a stream's first version; its key, or None where there is one of that name."""
    key = uuid4().hex
    row = {"workspace": workspace, "key": key, "name": name, "name_key": name_key(name), "version": 1}
    statement = insert(session, STREAMS).values(**row, cursor=json.dumps(BEGINNING))
    added = session.execute(statement.on_conflict_do_nothing().returning(_S.key)).first()
    if added is None:
        return None
    _add_version(session, workspace, key, 1, text, by, now, why, 0)
    return key


def follow(
    session: Session, workspace: str, held: Kept, name: str, text: str, by: str, now: int, why: str
) -> int | None:  # fmt: skip
    """Keep a version after the one that is held; its number, or None where somebody else did so before."""
    number = held.version + 1
    changed = session.execute(
        update(STREAMS)
        .where(_S.workspace == workspace, _S.key == held.key, _S.version == held.version)
        .values(version=number, name=name, name_key=name_key(name), cursor=json.dumps(BEGINNING))
        .returning(_S.key)
    ).first()
    if changed is None:
        return None
    _add_version(session, workspace, held.key, number, text, by, now, why, now)
    return number


def _add_version(
    session: Session, workspace: str, stream: str, number: int, text: str, by: str, now: int, why: str, start: int
) -> None:
    values = {
        "workspace": workspace, "stream": stream, "number": number, "text": text, "digest": digest_of(text), "by": by,
        "at": now, "why": why, "applies_from": start,
    }  # fmt: skip
    session.execute(VERSIONS.insert().values(**values))


def digest_of(text: str) -> str:
    """Names a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def apply_to_all(session: Session, workspace: str, held: Kept, by: str, now: int) -> None:
    """Have every item measured by the version that holds, however long ago it ended."""
    mine = (_V.workspace == workspace, _V.stream == held.key, _V.number == held.version)
    session.execute(update(VERSIONS).where(*mine).values(applies_from=0, again_by=by, again_at=now))
    here = (_S.workspace == workspace, _S.key == held.key)
    session.execute(update(STREAMS).where(*here).values(cursor=json.dumps(BEGINNING)))


def measure_all(session: Session, workspace: str, key: str) -> None:
    """Have a stream's items measured again, each by the version of its day."""
    here = (_S.workspace == workspace, _S.key == key)
    session.execute(update(STREAMS).where(*here).values(cursor=json.dumps(BEGINNING)))


def remove(session: Session, workspace: str, key: str) -> None:
    """Take a stream away with all its versions."""
    session.execute(delete(VERSIONS).where(_V.workspace == workspace, _V.stream == key))
    session.execute(delete(STREAMS).where(_S.workspace == workspace, _S.key == key))


def to_measure(session: Session, workspace: str) -> Kept | None:
    """A stream of which not all items are measured; on PostgreSQL nobody else takes it until the transaction ends."""
    wanted = _KEPT.where(_S.workspace == workspace, _S.cursor.is_not(None)).limit(1)
    found = session.execute(wanted.with_for_update(of=STREAMS, skip_locked=True)).first()
    return None if found is None else _kept(found)


def measured_to(session: Session, workspace: str, held: Kept, last: ItemKey | None) -> None:
    """Note up to which item a stream is measured (None: all are), unless it was changed meanwhile."""
    mine = (_S.workspace == workspace, _S.key == held.key, _S.version == held.version)
    session.execute(update(STREAMS).where(*mine).values(cursor=None if last is None else json.dumps(last)))


def rewrite(session: Session, workspace: str, stream: str, number: int, text: str) -> None:
    """Let a version say the same in other words: a repository goes by another name."""
    mine = (_V.workspace == workspace, _V.stream == stream, _V.number == number)
    session.execute(update(VERSIONS).where(*mine).values(text=text, digest=digest_of(text)))


def is_measuring(session: Session, workspace: str) -> bool:
    """Whether there is a stream of which not all items are measured."""
    wanted = select(_S.key).where(_S.workspace == workspace, _S.cursor.is_not(None)).limit(1)
    return session.execute(wanted).first() is not None
