"""The command line."""

from __future__ import annotations

import os
import sys

import click

from bot import __version__
from bot.commands import Failed, admin, backup, demo, forget, keys, ledger, log, metrics, running

_COMMANDS = (
    demo.demo,
    running.run, running.web, running.worker, running.migrate,
    admin.doctor, admin.manifest, keys.new_key, keys.rotate_key, forget.forget,
    log.import_, log.export, log.rebuild, backup.backup, backup.restore,
    ledger.waits, ledger.backtest, metrics.metrics,
)  # fmt: skip


class _ReaderGone(Exception):
    """Whoever read our output has had enough."""


class _Weir(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGone from None  # of a broken pipe click itself makes exit status 1

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
    _open_closed_streams()
    try:
        status = weir.main(args, prog_name="weir", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _said(error)
    except click.Abort:
        return 130
    except (BrokenPipeError, _ReaderGone):
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        return _said(Failed(where + (error.strerror or str(error))))
    return status if isinstance(status, int) else 0


def _open_closed_streams() -> None:
    """Where a standard stream was closed before the start, nothing is read from it, or what is written is lost."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 (open as long as the process)


def _drop_output() -> None:
    # Leave nothing for the interpreter to flush into a pipe that is closed or a disk that is full.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
