"""`weir new-key` and `weir rotate-key`: the key that stored secrets are sealed with."""

from __future__ import annotations

import click

from bot.commands import Failed


@click.command(name="new-key", epilog="Example: export WEIR_SECRET_KEY=$(weir new-key)")
def new_key() -> None:
    """Print a new key for WEIR_SECRET_KEY; it is stored nowhere."""
    from bot.installing.secrets import new_key as made

    click.echo(made())


@click.command(name="rotate-key", epilog="Example: WEIR_SECRET_KEY=NEW,OLD weir rotate-key")
def rotate_key() -> None:
    """Seal all stored secrets with the first key of WEIR_SECRET_KEY; after that the others are not needed."""
    from bot.commands.database import opened
    from bot.installing.secrets import NoKey, NotOpened, vault_of
    from bot.store import tables  # noqa: F401 (makes every table known)
    from bot.store.engine import writing
    from bot.store.sealed import seal_anew
    from bot.views.words import counted

    with opened(whole=True) as ctx:
        try:
            vault = vault_of(ctx.settings)
            with writing(ctx.engine) as session:
                changed = seal_anew(session, vault.newly)
        except (NoKey, NotOpened) as error:
            raise Failed(str(error)) from None
    click.echo(f"{counted(changed, 'secret')} sealed with the first key.")
