"""The commands of `weir`, light to import: what a command needs is imported when it runs."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """Bad usage or input: one line on standard error, exit status 2."""

    exit_code = 2


class Failed(click.ClickException):
    """It could not be done: one line on standard error, exit status 1."""

    exit_code = 1
