"""`weir import`, `weir export` and `weir rebuild`: the event log in and out of the database."""

from __future__ import annotations

import sys

import click

from bot.commands import Refused
from bot.commands.options import workspace_option


@click.command(name="import", epilog="Example: weir import history.jsonl.gz")
@click.argument("file")
@workspace_option
def import_(file: str, workspace: str | None) -> None:
    """Take an event log into the database: all of it, or nothing."""
    from bot.commands.database import in_workspace
    from bot.eventlog import BadLog, read
    from bot.intake import take
    from bot.serving.workspaces import whose
    from bot.store.engine import reading
    from bot.store.renames import told_now
    from bot.views.words import counted

    try:
        events = read(file)
    except BadLog as error:
        raise Refused(str(error)) from None
    with in_workspace(workspace, fills=True) as ctx:
        others = sorted({event.repo for event in events if not ctx.policy.may_follow(event.repo)})
        if others:
            raise Refused(f"{file}: {others[0]} is not followed in {ctx.workspace}; {whose(ctx.policy)}")
        with reading(ctx.engine) as session:
            events = told_now(session, ctx.workspace, events)
        taken = take(ctx, events, ctx.clock.now(), live=False)
    folded = counted(taken.items, "item")
    click.echo(f"{counted(taken.new, 'new event')}, {taken.known:,} known already; {folded} folded again.")


@click.command(epilog="Example: weir export - | gzip > history.jsonl.gz")
@click.argument("file")
@workspace_option
def export(file: str, workspace: str | None) -> None:
    """Write the whole event log of the database (- is standard output)."""
    from bot.commands.database import in_workspace, refuse_database_itself
    from bot.eventlog import STDIO, BadLog, write
    from bot.store.engine import reading
    from bot.store.events import iterate_all
    from bot.views.words import counted

    with in_workspace(workspace) as ctx, reading(ctx.engine) as session:
        refuse_database_itself(ctx.engine, file)
        try:
            written = write(file, iterate_all(session, ctx.workspace))
        except BadLog as error:
            raise Refused(str(error)) from None
    if file != STDIO:
        click.echo(f"{counted(written, 'event')} written to {file}.", file=sys.stderr)


@click.command(epilog="Example: weir rebuild")
@workspace_option
def rebuild(workspace: str | None) -> None:
    """Fold every item again from the event log; changes nothing where all is well."""
    from bot.commands.database import in_workspace
    from bot.intake import rebuild as fold_again
    from bot.views.words import counted

    with in_workspace(workspace) as ctx:
        items = fold_again(ctx, ctx.clock.now())
    click.echo(f"{counted(items, 'item')} folded again.")
