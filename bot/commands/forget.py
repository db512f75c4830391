"""`weir forget`: a person taken out of everything that is kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from bot.commands import Failed, Refused
from bot.commands.options import workspace_option

if TYPE_CHECKING:
    from bot.context import Context
    from bot.people.forgetting import Found

MOST = 100
"""Characters of a login; the code host allows 39."""


@click.command(epilog="Example: weir forget alice --yes")
@click.argument("login")
@click.option("--yes", is_flag=True, help="Do it; without this it is only said what would be done.")
@click.option("--lift", is_flag=True, help="Take in again what the code host tells of somebody who was forgotten.")
@workspace_option
def forget(login: str, yes: bool, lift: bool, workspace: str | None) -> None:
    """Take a person's login, Slack account and name out of everything. It can't be taken back."""
    from bot.commands.database import in_workspace

    login = login.removeprefix("@")
    if not login or len(login) > MOST or not login.isprintable() or set(login) & set(" /:"):
        raise Refused(f"{login!r} is no login; a login on the code host such as alice is allowed")
    if yes and lift:
        raise Refused("name either --yes or --lift, not both")
    with in_workspace(workspace, whole=True) as ctx:
        if lift:
            _lift(ctx, login)
        elif yes:
            _forget(ctx, login)
        else:
            _tell(ctx, login)


def _everywhere(ctx: Context) -> list[Context]:
    """Where somebody is forgotten: in the workspace that was named, else in all there are in the database."""
    from dataclasses import replace

    from bot.store.engine import reading
    from bot.store.forgetting import workspaces

    if ctx.owners is not None:
        return [ctx]
    with reading(ctx.engine) as session:
        names = workspaces(session)
    return [replace(ctx, workspace=name) for name in sorted({*names, ctx.workspace})]


def _tell(ctx: Context, login: str) -> None:
    from bot.people.forgetting import find

    found = [find(one, login) for one in _everywhere(ctx)]
    tables: Counter[str] = sum((one.tables for one in found), Counter())
    if tables:
        click.echo(f"{login} is in these rows:")
        _list(tables)
    else:
        click.echo(f"Nothing is kept of {login}.")
    _remark(login, found)
    click.echo(f"Nothing is changed. To take {login} out of all this for good: weir forget {login} --yes")


def _list(tables: Counter[str]) -> None:
    width = max(map(len, tables))
    for name, rows in sorted(tables.items()):
        click.echo(f"  {name:<{width}}  {rows:,}")


def _remark(login: str, found: list[Found]) -> None:
    """What stays, and why."""
    for repo in sorted({repo for one in found for repo in one.repos}):
        click.echo(f"The repository {repo} is called after them; its name stays until it is let go (/flow disconnect).")
    for account in sorted({account for one in found for account in one.shared}):
        click.echo(f"The Slack account {account} is linked to another login, too, and stays.")
    if not all(one.spoken for one in found):
        click.echo(f"“{login}” means something else to Weir, too; it stays in titles and other texts.")
    if any(one.in_file for one in found):
        click.echo("The policy file names them; take them out of it by hand.")


def _forget(ctx: Context, login: str) -> None:
    from bot.people.forgetting import find, forget

    now, places = ctx.clock.now(), _everywhere(ctx)
    remarks = [find(one, login) for one in places]
    tables: Counter[str] = sum((forget(one, login, now) for one in places), Counter())
    if tables:
        click.echo(f"{login} is forgotten. These rows named them:")
        _list(tables)
    else:
        click.echo(f"Nothing was kept of {login}, and nothing will be.")
    _remark(login, remarks)
    _compact(ctx)


def _compact(ctx: Context) -> None:
    """On SQLite the file is written anew; on PostgreSQL its own vacuum sees to that."""
    from bot.store.forgetting import InUse, compact

    if ctx.engine.dialect.name != "sqlite":
        return
    try:
        compact(ctx.engine)
    except InUse:
        raise Failed(
            "they are out of every row, but the file could not be written anew while it is in use, and old bytes may "
            "be in it still; stop weir and say the same again"
        ) from None


def _lift(ctx: Context, login: str) -> None:
    from bot.people.forgetting import lift

    lifted = [lift(one, login) for one in _everywhere(ctx)]
    if not any(lifted):
        raise Refused(f"{login} was never forgotten")
    click.echo(f"What the code host tells of {login} from now on is taken in again.")
