"""`weir import`, `weir export` and `weir rebuild`: the event log in and out of the database."""

from __future__ import annotations

import sys

import click

from bot.commands import Refused


@click.command(name="import", epilog="Example: weir import history.jsonl.gz")
@click.argument("file")
def import_(file: str) -> None:
    """Take an event log into the database: all of it, or nothing."""
    from bot.commands.database import opened
    from bot.eventlog import BadLog, read
    from bot.intake import take
    from bot.views.words import counted

    try:
        events = read(file)
    except BadLog as error:
        raise Refused(str(error)) from None
    with opened() as ctx:
        taken = take(ctx, events, ctx.clock.now(), live=False)
    folded = counted(taken.items, "item")
    click.echo(f"{counted(taken.new, 'new event')}, {taken.known:,} known already; {folded} folded again.")


@click.command(epilog="Example: weir export - | gzip > history.jsonl.gz")
@click.argument("file")
def export(file: str) -> None:
    """Write the whole event log of the database (- is standard output)."""
    from bot.commands.database import opened
    from bot.eventlog import STDIO, BadLog, write
    from bot.store.engine import reading
    from bot.store.events import iterate_all
    from bot.views.words import counted

    with opened() as ctx, reading(ctx.engine) as session:
        try:
            written = write(file, iterate_all(session, ctx.workspace))
        except BadLog as error:
            raise Refused(str(error)) from None
    if file != STDIO:
        click.echo(f"{counted(written, 'event')} written to {file}.", file=sys.stderr)


@click.command(epilog="Example: weir rebuild")
def rebuild() -> None:
    """Fold every item again from the event log; changes nothing where all is well."""
    from bot.commands.database import opened
    from bot.intake import rebuild as fold_again
    from bot.views.words import counted

    with opened() as ctx:
        items = fold_again(ctx, ctx.clock.now())
    click.echo(f"{counted(items, 'item')} folded again.")
