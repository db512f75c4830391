"""The command line."""

from __future__ import annotations

import os
import sys

import click

from bot import __version__
from bot.commands import admin, ledger, log, running

_COMMANDS = (
    running.run, running.web, running.worker, running.migrate,
    admin.doctor, admin.manifest,
    log.import_, log.export, log.rebuild,
    ledger.waits, ledger.backtest,
)  # fmt: skip


class _Weir(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of a first use, not of the alphabet


@click.group(cls=_Weir, epilog="Start with: weir demo", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="weir")
def weir() -> None:
    """Weir knows whose turn it is, since when, and reminds that one person kindly."""


for _command in _COMMANDS:
    weir.add_command(_command)


def main() -> None:
    """Run the command line: errors are one line, exit status 2 for bad usage or input and 1 for a failure."""
    try:
        status = weir.main(prog_name="weir", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        sys.exit(_say(error))
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read us has had enough; leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(status if isinstance(status, int) else 0)


def _say(error: click.ClickException) -> int:
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return 2
    command = ctx.command_path if ctx else "weir"
    message = " ".join(error.format_message().split())
    click.echo(f"{command}: {message}", err=True)
    return error.exit_code


if __name__ == "__main__":
    main()
