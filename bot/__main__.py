"""The command line."""

from __future__ import annotations

import os
import sys

import click

from bot import __version__
from bot.commands import admin, demo, ledger, log, running

_COMMANDS = (
    demo.demo,
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
    """The `weir` command."""
    sys.exit(run(sys.argv[1:]))


def run(args: list[str]) -> int:
    """Run a command line; its exit status. Errors are one line: 2 for bad usage or input, 1 for a failure."""
    try:
        status = weir.main(args, prog_name="weir", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _said(error)
    except click.Abort:
        return 130
    except BrokenPipeError:
        # Whoever read us has had enough; leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


def _said(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return 2
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx else "weir"
    click.echo(f"{command}: {' '.join(error.format_message().split())}", err=True)
    return error.exit_code


if __name__ == "__main__":
    main()
