"""Settings said from Slack: the keys that win over the policy file, and the record of who changed what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.orm import Session

from bot.store import settings
from bot.store.sql import insert, table
from bot.store.tables import ChangeRow, SaidRow

SAID, CHANGES = table(SaidRow), table(ChangeRow)
_S, _C = SAID.c, CHANGES.c
REVISION = "said"
"""The setting that names the state of all of them; a new name with each change."""

Path: TypeAlias = tuple[str, ...]
"""A key of the policy file, such as ("people", "alice", "away")."""


def alone(session: Session, workspace: str) -> None:
    """Let one transaction at a time change settings; on SQLite a writer is alone as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"weir hears for {workspace}"})


def still(session: Session, workspace: str) -> None:
    """Let nobody change settings until the transaction ends; any number may ask for that at once."""
    if session.get_bind().dialect.name == "postgresql":
        key = {"key": f"weir hears for {workspace}"}
        session.execute(text("SELECT pg_advisory_xact_lock_shared(hashtext(:key))"), key)


def revision(session: Session, workspace: str) -> str:
    """The name of the present state; empty where nothing was ever said."""
    return str(settings.get(session, workspace, REVISION) or "")


def revise(session: Session, workspace: str) -> None:
    """Give the state a new name: whoever holds the old one reads it again."""
    settings.put(session, workspace, REVISION, uuid4().hex)


def everything(session: Session, workspace: str) -> dict[Path, Any]:
    """Every key that was said, with its value as the policy file would have it."""
    rows = session.execute(select(_S.path, _S.value).where(_S.workspace == workspace).order_by(_S.path))
    return {tuple(json.loads(path)): json.loads(value) for path, value in rows}


def put(session: Session, workspace: str, path: Path, value: Any) -> None:
    """Let a key have a value, whatever it was."""
    statement = insert(session, SAID)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace", "path"], set_={"value": statement.excluded.value}
    )
    session.execute(statement, {"workspace": workspace, "path": json.dumps(path), "value": json.dumps(value)})


def drop(session: Session, workspace: str, path: Path) -> None:
    """Let the policy file have its way again."""
    session.execute(delete(SAID).where(_S.workspace == workspace, _S.path == json.dumps(path)))


def record(
    session: Session, workspace: str, path: Path, was: Any, became: Any, by: str, at: int, why: str | None
) -> None:
    """Keep who changed a key, when, from what and to what (None: nothing set). Its id tells their order in a second."""
    id_ = f"{how_many(session, workspace):012}-{uuid4().hex}"
    session.execute(
        CHANGES.insert().values(
            workspace=workspace, id=id_, at=at, by=by, path=json.dumps(path), why=why,
            was=None if was is None else json.dumps(was), became=None if became is None else json.dumps(became),
        )
    )  # fmt: skip


def changes(session: Session, workspace: str, most: int, skip: int = 0) -> Sequence[Row[Any]]:
    """The changes (`at`, `by`, `path`, `was`, `became`, `why`; JSON as text), latest first."""
    latest = select(CHANGES).where(_C.workspace == workspace).order_by(_C.at.desc(), _C.id.desc())
    return session.execute(latest.limit(most).offset(skip)).all()


def last(session: Session, workspace: str, path: Path) -> Row[Any] | None:
    """The latest change of a key; None where it was never changed."""
    mine = (_C.workspace == workspace, _C.path == json.dumps(path))
    return session.execute(select(CHANGES).where(*mine).order_by(_C.at.desc(), _C.id.desc()).limit(1)).first()


def how_many(session: Session, workspace: str) -> int:
    """How many changes were made."""
    return session.scalar(select(func.count()).select_from(CHANGES).where(_C.workspace == workspace)) or 0


def rename(session: Session, workspace: str, old: str, new: str) -> None:
    """Let what was said of a repository hold under its new name; what is said of that one stays."""
    known, folded = everything(session, workspace), old.casefold()
    taken = {path[2:] for path in known if path[0] == "repos" and path[1].casefold() == new.casefold()}
    for path, value in known.items():
        if path[0] == "repos" and path[1].casefold() == folded:
            drop(session, workspace, path)
            if folded == new.casefold() or path[2:] not in taken:
                put(session, workspace, ("repos", new, *path[2:]), value)
        if path[0] == "people" and path[-1] == "mutes":
            moved = [{**mute, "repo": new} if mute["repo"].casefold() == folded else mute for mute in value]
            put(session, workspace, path, moved)
    if known:
        revise(session, workspace)


def rename_person(session: Session, workspace: str, old: str, new: str) -> None:
    """Let what was said of a login hold for another, and be on the record of that; what is said of that one stays.

    Of what is a list both have all.
    """
    known = everything(session, workspace)
    own = {path[2:]: (path, value) for path, value in known.items() if _is_of(path, new)}
    for path, value in known.items():
        if _is_of(path, old):
            drop(session, workspace, path)
            at, kept = own.get(path[2:], (("people", new, *path[2:]), None))
            both = isinstance(kept, list) and isinstance(value, list)
            if kept is None or both:
                put(session, workspace, at, [*kept, *(one for one in value if one not in kept)] if both else value)
    named = func.lower(_C.path).contains(json.dumps(old.lower()), autoescape=True)
    for id_, text_ in session.execute(select(_C.id, _C.path).where(_C.workspace == workspace, named)).all():
        path = tuple(json.loads(text_))
        if _is_of(path, old):
            mine = (_C.workspace == workspace, _C.id == id_)
            session.execute(update(CHANGES).where(*mine).values(path=json.dumps(("people", new, *path[2:]))))


def _is_of(path: Path, login: str) -> bool:
    return path[0] == "people" and path[1].casefold() == login.casefold()


def rename_stream(session: Session, workspace: str, old: str, new: str) -> None:
    """Let what was said of a value stream hold under its new name."""
    if old == new:
        return
    for path, value in everything(session, workspace).items():
        if path[0] == "streams" and path[1].casefold() == old.casefold():
            drop(session, workspace, path)
            put(session, workspace, ("streams", new, *path[2:]), value)
    revise(session, workspace)
