"""The database as commands need it: opened, brought up to date where that is safe, faults in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import Failed, Refused

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.context import Context
    from bot.flow.events import FlowEvent


_WHERE = "set DATABASE_URL to the one that Weir uses, such as sqlite:////var/lib/weir/weir.db or postgresql://…"


@contextmanager
def opened(*, ready: bool = True, whole: bool = False, fills: bool = False) -> Iterator[Context]:
    """The program's context over a database that is `ready` for use, or as it was found. Raises Refused or Failed.

    `whole` is for what concerns every table: a newer schema may have some that this program does not know. Only what
    `fills` a database may make one, and leaves none behind where it comes to nothing.
    """
    from sqlalchemy.exc import DBAPIError

    from bot import app
    from bot.commands.environment import read_settings
    from bot.logs import quiet
    from bot.policy import BadPolicy

    settings = read_settings()
    quiet(settings)
    try:
        ctx = app.build(settings)
    except BadPolicy as error:
        raise Refused(str(error)) from None
    try:
        with _left_as_found(ctx.engine):
            if ready:
                _bring_up_to_date(ctx, whole, fills)
            yield ctx
    except DBAPIError as error:
        raise Failed(f"the database can't be used: {reason(error)}") from None
    finally:
        ctx.engine.dispose()


def _bring_up_to_date(ctx: Context, whole: bool, fills: bool) -> None:
    from bot.serving.fit import why_not
    from bot.store.migrate import migrate, schema_of
    from bot.store.place import file_of, is_there

    file = file_of(ctx.engine)
    if not is_there(ctx.engine) and not fills:
        raise Failed(f"there is no database at {file}; {_WHERE}")
    schema = schema_of(ctx.engine)
    if file is not None and schema.revision is None and not fills:
        raise Failed(f"nothing of Weir's is in {file}; {_WHERE}")
    if file is not None and schema.state == "behind":
        migrate(ctx.engine)
    elif schema.state == "newer" and whole:
        raise Failed(f"the database's schema {schema.revision} is newer than this program, which does not know all of "
                     "it; use the newer one for this")  # fmt: skip
    elif (why := why_not(schema)) is not None:
        raise Failed(why)


@contextmanager
def _left_as_found(engine: Engine) -> Iterator[None]:
    """What fails leaves no SQLite file where there was none."""
    from bot.store.place import file_of, is_there

    file, there = file_of(engine), is_there(engine)
    try:
        yield
    except BaseException:
        if file is not None and not there and file.exists():
            _take_away(engine, file)
        raise


def _take_away(engine: Engine, file: Path) -> None:
    """An empty database, unless somebody else has it open by now."""
    from sqlalchemy.exc import DBAPIError

    from bot.store.copying import is_empty, tables_there
    from bot.store.engine import reading
    from bot.store.place import files_of

    with suppress(DBAPIError):
        with reading(engine) as session:
            empty = all(is_empty(session, one) for one in tables_there(session).values())
        engine.dispose()
        # Whoever closes it last takes these with them.
        if empty and not any(one.exists() for one in files_of(file)[1:]):
            file.unlink()


def refuse_database_itself(engine: Engine, file: str) -> None:
    """Raises Refused where what is to be written is the database, by the file itself and whatever it is called."""
    from bot.eventlog import STDIO
    from bot.store.place import file_of, files_of

    database = file_of(engine)
    named = "/dev/stdout" if file == STDIO else file
    if database is not None and any(_same(named, one) for one in files_of(database)):
        said = "standard output" if file == STDIO else file
        raise Refused(f"{said}: can't be written: the database itself is in it ({database}); name another file")


def _same(name: str, file: Path) -> bool:
    try:
        return os.path.realpath(name) == str(file) or os.path.samefile(name, file)
    except OSError:
        return False


@contextmanager
def in_workspace(workspace: str | None, *, whole: bool = False, fills: bool = False) -> Iterator[Context]:
    """One workspace's context, the only one's where none is named, over a database that is ready (as `opened` says).

    Raises Refused or Failed.
    """
    from bot.app import workspaces_of
    from bot.policy import BadPolicy

    with opened(whole=whole, fills=fills) as ctx:
        try:
            served = workspaces_of(ctx)
        except BadPolicy as error:
            raise Refused(str(error)) from None
        yield _chosen([*served.contexts(), *served.ended()], workspace)


def _chosen(there: Sequence[Context], workspace: str | None) -> Context:
    known = {ctx.workspace: ctx for ctx in there}
    if workspace is None and len(known) == 1:
        return there[0]
    if workspace in known:
        return known[workspace]
    if not known:
        raise Refused("Weir is installed in no workspace yet")
    names = ", ".join(sorted(known))
    if workspace is None:
        raise Refused(f"several workspaces are served here; name one with --workspace: {names}")
    raise Refused(f"{workspace!r} is not served here; allowed for --workspace: {names}")


def events_of_repo(ctx: Context, repo: str) -> list[FlowEvent]:
    """A repository's events from the database. Raises Refused where there are none."""
    from bot.store.engine import reading
    from bot.store.events import of_repo
    from bot.store.repos import known

    with reading(ctx.engine) as session:
        hosts = {row.host: row.repo for row in known(session, ctx.workspace) if row.repo == repo}
        if not hosts:
            names = sorted({row.repo for row in known(session, ctx.workspace)})
            raise Refused(f"nothing is known of {repo!r}; known are {', '.join(names) or 'no repositories yet'}")
        return [event for host in hosts for event in of_repo(session, ctx.workspace, host, repo)]


def reason(error: Exception) -> str:
    """What a database's error says, on one line, without the statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__
