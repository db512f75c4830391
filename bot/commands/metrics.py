"""`weir metrics`: the flow metrics of a history at hand, of a value stream or of a repository."""

from __future__ import annotations

import json
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
    from bot.context import Context
    from bot.figures.scope import Scope
    from bot.flow.events import FlowEvent
    from bot.flow.metrics import FlowFigures
    from bot.policy import Policy

    Found = tuple[Scope, FlowFigures]


@click.command(epilog="Example: weir metrics acme/shop --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z")
@click.argument("name", metavar="[STREAM|REPO]", required=False)
@events_option
@policy_option
@workspace_option
@click.option("--since", type=Instant(), help="From this instant on [default: 30 days before --until].")
@click.option("--until", type=Instant(), help="Up to this instant, without it [default: now].")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def metrics(
    name: str | None, events_file: str | None, policy_file: str | None, workspace: str | None, since: int | None,
    until: int | None, form: str,
) -> None:  # fmt: skip
    """How much was done of what, how long it took, what is in progress, and where it waited."""
    from bot.clock import SystemClock
    from bot.grammar.periods import USUAL_DAYS

    if (events_file is None) == (name is None):
        raise Refused("name either --events FILE, or a value stream or a repository such as acme/shop (one of the two)")
    now = SystemClock().now()
    end = now if until is None else until
    start = end - USUAL_DAYS * 86_400 if since is None else since
    if start >= min(end, now):
        raise Refused("--since is not before --until and now; allowed is an instant before both")
    if events_file is not None:
        of_no_workspace(workspace)
        policy = read_policy(policy_file)
        scope, figures = _of_file(events_file, policy, start, end, now)
    else:
        own = None if policy_file is None else read_policy(policy_file)
        policy, scope, figures = _of_database(name or "", workspace, own, start, end, now)
    _say(scope, figures, policy, form)


def _say(scope: Scope, figures: FlowFigures, policy: Policy, form: str) -> None:
    if form == "json":
        from bot.figures.record import as_record

        click.echo(json.dumps(as_record(scope.name, figures), indent=2))
    else:
        from bot.views.metrics import metrics_table

        click.echo(metrics_table(scope.name, figures, policy.calendar.zone))
    if not (figures.done or figures.going):
        warn("nothing was done or in progress in this period; --since and --until name another")


def _of_file(events_file: str, policy: Policy, since: int, until: int, now: int) -> Found:
    """The figures of all that a log tells of."""
    from bot.figures.folding import figures_from
    from bot.figures.scope import of_repos

    scope = of_repos(None)
    return scope, figures_from(read_events(events_file), policy, scope, since, until, now)


def _of_database(
    name: str, workspace: str | None, own: Policy | None, since: int, until: int, now: int
) -> tuple[Policy, Scope, FlowFigures]:
    """The figures of a stream or repository; under a policy of one's `own` all is folded again."""
    from bot.commands.database import in_workspace
    from bot.figures.folding import figures_from
    from bot.figures.reading import figures_of
    from bot.intake import settle
    from bot.said import current

    with in_workspace(workspace) as ctx:
        scope = _scope(ctx, name)
        if own is not None:
            return own, scope, figures_from(_events(ctx), own, scope, since, until, now)
        settle(ctx, now)
        there = current(ctx)
        return there.policy, scope, figures_of(there, scope, since, until, now)


def _scope(ctx: Context, name: str) -> Scope:
    """The stream or repository of a name. Raises Refused."""
    from bot.asking.metrics import scope_meant
    from bot.asking.people import NotKnown, repos_known
    from bot.grammar import Misread
    from bot.streams.saving import all_streams

    if not name.isprintable():  # bytes that are no text, which a database does not take either
        raise Refused(f"{name!r} is no name; allowed is a value stream, or a repository such as acme/shop")
    try:
        scope, rest = scope_meant(ctx, [name])
    except (NotKnown, Misread) as error:
        raise Refused(str(error)) from None
    if rest or not name:
        known = [*(stream.name for _, stream in all_streams(ctx)), *repos_known(ctx)]
        raise Refused(f"nothing is known of {name!r}; known are {', '.join(known) or 'no repositories yet'}")
    return scope


def _events(ctx: Context) -> list[FlowEvent]:
    from bot.store.engine import reading
    from bot.store.events import iterate_all

    with reading(ctx.engine) as session:
        return list(iterate_all(session, ctx.workspace))
