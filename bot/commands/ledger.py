"""`weir waits` and `weir backtest`: what the ledger says, and what a policy would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.commands import Refused
from bot.commands.options import (
    Instant,
    events_option,
    of_no_workspace,
    policy_option,
    read_events,
    read_policy,
    warn,
    workspace_option,
)

if TYPE_CHECKING:
    from bot.flow.events import FlowEvent
    from bot.ledger import Waits
    from bot.policy import Policy

format_option = click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table")


@click.command(epilog="Example: weir waits --events history.jsonl.gz --open --at 2026-03-02T17:00:00Z")
@click.argument("repo", required=False)
@events_option
@policy_option
@workspace_option
@click.option("--at", type=Instant(), help="As of this instant; later events do not exist [default: now].")
@click.option("--open", "only_open", is_flag=True, help="Only waits that are open at that instant.")
@format_option
def waits(
    repo: str | None, events_file: str | None, policy_file: str | None, workspace: str | None, at: int | None,
    only_open: bool, form: str,
) -> None:  # fmt: skip
    """Whose turn it was or is, since when, and by when it should move."""
    from bot.clock import SystemClock
    from bot.ledger import as_json, lines, waits_of

    policy, events = _read(policy_file, events_file, repo, workspace)
    now = SystemClock().now() if at is None else at
    found = waits_of(events, policy, now)
    chosen = [wait for wait in found.waits if wait.until is None] if only_open else found.waits
    figures = lines(chosen, policy, now)
    if form == "jsonl":
        click.echo("".join(as_json(line) + "\n" for line in figures), nl=False)
    else:
        from bot.views.tables import waits_table

        click.echo(waits_table(list(figures), found.nobody_to_ask, policy.calendar.zone, now))
    _warn_of_unopened(found)


@click.command(
    epilog="Example: weir backtest --events history.jsonl.gz --policy weir.toml --since 2026-01-01T00:00:00Z"
)
@click.argument("repo", required=False)
@events_option
@policy_option
@workspace_option
@click.option("--since", type=Instant(), help="Only messages from this instant on [default: the first event].")
@click.option("--until", type=Instant(), help="Up to this instant; later events do not exist [default: now].")
@format_option
def backtest(
    repo: str | None,
    events_file: str | None,
    policy_file: str | None,
    workspace: str | None,
    since: int | None,
    until: int | None,
    form: str,
) -> None:
    """Which nudges this policy would have sent, to whom and when."""
    from bot.backtest import as_json, replay
    from bot.clock import SystemClock

    policy, events = _read(policy_file, events_file, repo, workspace)
    end = SystemClock().now() if until is None else until
    start = min((event.at for event in events), default=end) if since is None else since
    if since is not None and since > end:
        raise Refused("--since lies after --until; allowed is an instant before it")
    result = replay(events, policy, start, end)
    if form == "jsonl":
        click.echo("".join(as_json(message) + "\n" for message in result.messages), nl=False)
    else:
        from bot.views.tables import backtest_summary

        click.echo(backtest_summary(result, policy.calendar.zone))
    _warn_of_unopened(result.waits)


def _read(
    policy_file: str | None, events_file: str | None, repo: str | None, workspace: str | None
) -> tuple[Policy, list[FlowEvent]]:
    """The policy and the history to go by; for a repository in the database what was set from Slack holds, too."""
    if events_file is not None and repo is None:
        of_no_workspace(workspace)
        return read_policy(policy_file), read_events(events_file)
    if events_file is not None or repo is None:
        raise Refused("name either --events FILE or a repository such as acme/shop (one of the two)")
    own = None if policy_file is None else read_policy(policy_file)
    from bot.commands.database import events_of_repo, in_workspace
    from bot.said import current

    with in_workspace(workspace) as ctx:
        return own or current(ctx).policy, events_of_repo(ctx, repo)


def _warn_of_unopened(found: Waits) -> None:
    if found.unopened:
        _, repo, item = found.unopened[0]
        many = len(found.unopened)
        these = f"{many} items have" if many > 1 else "1 item has"
        warn(f"{these} no 'opened' event and so no waits, such as {repo}#{item}")
