"""`weir run`, `weir web`, `weir worker` and `weir migrate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bot.commands import Failed, Refused

if TYPE_CHECKING:
    from bot.context import Context
    from bot.settings import Settings
    from bot.store.migrate import Schema


@click.command(epilog="Example: SLACK_BOT_TOKEN=… SLACK_SIGNING_SECRET=… GITHUB_WEBHOOK_SECRET=… weir run")
@click.pass_context
def run(click_ctx: click.Context) -> None:
    """Run everything in one process; SQLite is brought up to date by itself."""
    settings = _settings(click_ctx, web=True, worker=True)
    ctx = _built(settings)
    if ctx.engine.dialect.name == "sqlite":
        _migrated(ctx)
    _start(ctx, web=True, worker=True)


@click.command(epilog="Example: DATABASE_URL=postgresql://weir@localhost/weir PORT=3000 weir web")
@click.pass_context
def web(click_ctx: click.Context) -> None:
    """Answer Slack and the code hosts; any number of these beside any number of workers, on PostgreSQL."""
    settings = _settings(click_ctx, web=True, worker=False)
    _start(_shared(settings, "web"), web=True, worker=False)


@click.command(epilog="Example: DATABASE_URL=postgresql://weir@localhost/weir WEIR_METRICS_PORT=9100 weir worker")
@click.pass_context
def worker(click_ctx: click.Context) -> None:
    """Watch the clock and send; any number of these, on PostgreSQL."""
    settings = _settings(click_ctx, web=False, worker=True)
    _start(_shared(settings, "worker"), web=False, worker=True)


@click.command(epilog="Example: DATABASE_URL=postgresql://weir@localhost/weir weir migrate")
def migrate() -> None:
    """Bring the database up to date."""
    from bot.commands.environment import read_settings
    from bot.serving.fit import why_not
    from bot.store.migrate import schema_of

    ctx = _built(read_settings())
    applied = _migrated(ctx)
    with _usable_database():
        schema = schema_of(ctx.engine)
    why = why_not(schema)
    if why:
        raise Failed(why)
    click.echo(f"{_done(applied, schema)} Programs from schema {schema.serves_from} on work with it.")


def _done(applied: list[str], schema: Schema) -> str:
    if schema.state == "newer":
        return f"The database is newer than this program (schema {schema.revision}); nothing was changed."
    return f"Applied: {', '.join(applied)}." if applied else f"The database is up to date (schema {schema.revision})."


def _settings(click_ctx: click.Context, *, web: bool, worker: bool) -> Settings:
    """The settings; where some are missing, says which and where to get them, and ends with status 2."""
    from bot.commands.environment import explain_missing, read_settings

    settings = read_settings()
    missing = explain_missing(settings, web=web, worker=worker)
    if missing:
        click.echo(missing, err=True)
        click_ctx.exit(2)
    return settings


def _built(settings: Settings) -> Context:
    from bot.app import build
    from bot.policy import BadPolicy

    try:
        return build(settings)
    except BadPolicy as error:
        raise Refused(str(error)) from None


def _shared(settings: Settings, command: str) -> Context:
    if settings.database_url.startswith("sqlite"):
        raise Refused(f"weir {command} shares its database with other processes: set DATABASE_URL=postgresql://…, "
                      "or use weir run for everything in one process on SQLite")  # fmt: skip
    return _built(settings)


def _migrated(ctx: Context) -> list[str]:
    from bot.store.migrate import migrate as bring_up_to_date
    from bot.store.online import Occupied

    try:
        with _usable_database():
            return bring_up_to_date(ctx.engine)
    except Occupied as error:
        raise Failed(str(error)) from None


@contextmanager
def _usable_database() -> Iterator[None]:
    from sqlalchemy.exc import DBAPIError

    from bot.commands.database import reason

    try:
        yield
    except DBAPIError as error:
        raise Failed(f"the database can't be used: {reason(error)}") from None


def _start(ctx: Context, *, web: bool, worker: bool) -> None:
    from bot import logs
    from bot.app import workspaces_of
    from bot.policy import BadPolicy
    from bot.serving import running
    from bot.serving.fit import why_not
    from bot.store.migrate import schema_of

    with _usable_database():
        why = why_not(schema_of(ctx.engine))
    if why:
        raise Failed(why)
    try:
        served = workspaces_of(ctx)
    except BadPolicy as error:
        raise Refused(str(error)) from None
    logs.configure(ctx.settings)
    try:
        running.run(served, web=web, worker=worker)
    except OSError as error:
        raise Failed(f"can't listen on {ctx.settings.host}:{ctx.settings.port}: {error.strerror or error}") from None
