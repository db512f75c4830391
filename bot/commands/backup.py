"""`weir backup` and `weir restore`: the whole database in one file."""

from __future__ import annotations

import sys

import click

from bot.commands import Refused


@click.command(epilog="Example: weir backup weir-backup.jsonl.gz")
@click.argument("file")
def backup(file: str) -> None:
    """Write the whole database to a file (.gz understood, - is standard output); the program may run meanwhile."""
    from bot.backup import write
    from bot.commands.database import opened, refuse_database_itself
    from bot.eventlog import STDIO, BadLog
    from bot.views.words import counted

    with opened(whole=True) as ctx:
        refuse_database_itself(ctx.engine, file)
        try:
            rows = write(ctx.engine, file, ctx.clock.now())
        except BadLog as error:
            raise Refused(str(error)) from None
    if file != STDIO:
        click.echo(f"{counted(rows, 'row')} written to {file}.", file=sys.stderr)


@click.command(epilog="Example: weir restore weir-backup.jsonl.gz")
@click.argument("file")
def restore(file: str) -> None:
    """Take a backup into an empty database, SQLite or PostgreSQL: all of it, or nothing."""
    from bot.backup import BadBackup
    from bot.backup import restore as take
    from bot.commands.database import opened
    from bot.views.words import counted

    with opened(ready=False, fills=True) as ctx:
        try:
            rows = take(ctx.engine, file)
        except BadBackup as error:
            raise Refused(str(error)) from None
    click.echo(f"{counted(rows, 'row')} restored.")
