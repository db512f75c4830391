"""Arguments that several commands share, and how they are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands import Refused

if TYPE_CHECKING:
    from bot.flow.events import FlowEvent
    from bot.policy import Policy


class Instant(click.ParamType[int]):
    """RFC 3339 text → seconds since 1970 UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from bot.flow.events import parse_instant

        if isinstance(value, int):
            return value
        try:
            return parse_instant(value)
        except (ValueError, OverflowError) as error:
            self.fail(f"{value!r} is {error}", param, ctx)


class Whole(click.ParamType[int]):
    """A whole number from `least` to `most`."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = self._least - 1
        if not self._least <= number <= self._most:
            self.fail(f"{value!r}; a whole number from {self._least} to {self._most} is allowed", param, ctx)
        return number


events_option = click.option(
    "--events", "events_file", metavar="FILE", help="Read an event log (JSON lines, .gz too; - is standard input)."
)
policy_option = click.option(
    "--policy", "policy_file", metavar="FILE", help="The policy file [default: WEIR_POLICY, else weir.toml if present]."
)
workspace_option = click.option(
    "--workspace", metavar="TEAM", help="Which one, by its Slack team's id [default: the only one]."
)


def read_policy(path: str | None) -> Policy:
    """The policy of `--policy`, else of the environment, else the built-in one."""
    from bot.policy import BadPolicy, Policy, load_policy

    named = path or os.environ.get("WEIR_POLICY")
    try:
        if named:
            return load_policy(Path(named))
        return load_policy(Path("weir.toml")) if Path("weir.toml").exists() else Policy()
    except BadPolicy as error:
        raise Refused(str(error)) from None


def read_events(events_file: str) -> list[FlowEvent]:
    """The events of a file."""
    from bot.eventlog import BadLog, read

    try:
        return read(events_file)
    except BadLog as error:
        raise Refused(str(error)) from None


def of_no_workspace(workspace: str | None) -> None:
    """Raises Refused where a workspace is named beside a file."""
    if workspace is not None:
        raise Refused("--workspace says where in the database to look; with --events FILE there is nothing to look for")


def warn(message: str) -> None:
    """One line on standard error that stops nothing."""
    click.echo(f"weir: warning: {message}", err=True)
