"""What figures are made of, read from the database: only what overlaps the period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from bot.asking.streams import names_of_today, translated
from bot.context import Context
from bot.figures.scope import Scope
from bot.flow.calendar import Calendar
from bot.flow.events import FlowEvent, ItemKey
from bot.flow.metrics import DAYS_BEFORE, FlowFigures, Stay, figures, usual
from bot.flow.metrics.waited import stay_of
from bot.flow.stages import Journey
from bot.flow.types import KINDS as TYPING
from bot.flow.types import types_of
from bot.flow.waits import KINDS, Wait
from bot.flow.work import Work
from bot.policy import Policy
from bot.store import events, overlaps, waits
from bot.store import journeys as kept
from bot.store.engine import reading
from bot.store.overlaps import Opener
from bot.store.streams import versions
from bot.store.waits import to_wait

Parts = dict[ItemKey, tuple[ItemKey, ...]]
"""What flow items are made of, by item: the item itself, then the pull requests that close it."""


def figures_of(
    ctx: Context, scope: Scope, since: int, until: int, now: int, days: Calendar | None = None
) -> FlowFigures:
    """The flow metrics of a scope in [since, until), as far as `now`; load by the local days of a calendar, the
    workspace's where that is left out. What has arrived is to be folded in already.
    """
    with reading(ctx.engine) as session:
        ways = ways_of(session, ctx, scope, since, min(until, now))
        parts = parts_of(session, ctx, ways)
        works = works_of(session, ctx, ways, parts)
        stays = stays_of(session, ctx, (parts[work.journey.key] for work in works if not work.bot), since, until)
        usual = usual_of(session, ctx, scope, since)
    return figures(
        scope.stream, works, ctx.policy.team_calendar, since, until, now,
        days=days or ctx.policy.calendar, stays=stays, usual=usual, agreed=ctx.policy.expectation,
    )  # fmt: skip


def ways_of(session: Session, ctx: Context, scope: Scope, since: int, until: int) -> list[Journey]:
    """The journeys of a scope that overlap [since, until); stages that were renamed go by their names of today."""
    found = overlaps.journeys(session, ctx.workspace, scope.key, scope.repos, since, until)
    old = scope.version is not None and {one.version for one in found} - {scope.version}
    names = names_of_today(versions(session, ctx.workspace, scope.key)) if old else {}
    return [translated(one.journey, names.get(one.version, {})) for one in found]


def parts_of(session: Session, ctx: Context, ways: Iterable[Journey]) -> Parts:
    """What the items of journeys are made of."""
    keys = [one.key for one in ways]
    closers = kept.closing(session, ctx.workspace, keys)
    return {key: (key, *sorted(closers.get(key, ()))) for key in keys}


def works_of(session: Session, ctx: Context, ways: Sequence[Journey], parts: Parts) -> list[Work]:
    """Flow items as the metrics take them, with their types."""
    wanted = {part for one in ways for part in parts[one.key]}
    told = events.of_items(session, ctx.workspace, wanted, TYPING)
    return [
        work_of(one, {part: told[part] for part in parts[one.key] if part in told}, ctx.policy) for one in ways
    ]  # fmt: skip


def work_of(one: Journey, histories: Mapping[ItemKey, Sequence[FlowEvent]], policy: Policy) -> Work:
    """A flow item of its journey and of what was told of it and of what closes it."""
    ended = one.done_at if one.done_at is not None else one.dropped_at
    types = types_of(one.key, histories, policy.type_rules, ended)
    births = (event for told in histories.values() for event in told if event.kind == "opened")
    by_bots = [is_bot(event.key, Opener(event.actor, event.actor_type), policy) for event in births]
    return Work(one, types, bool(by_bots) and all(by_bots))


def is_bot(key: ItemKey, opener: Opener, policy: Policy) -> bool:
    """Whether a bot opened an item."""
    named = opener.login is not None and policy.rules(key[1]).named_like_a_bot(opener.login)
    return named or opener.actor_type == "Bot"


def stays_of(
    session: Session, ctx: Context, parts: Iterable[Collection[ItemKey]], since: int, until: int
) -> list[Stay]:  # fmt: skip
    """The waits of the ledger on items, or on what closes them, that overlap [since, until)."""
    keys = {key for some in parts for key in some}
    rows = (row for some in waits.of_items(session, ctx.workspace, keys).values() for row in some)
    found = (to_wait(row) for row in rows if row.since < until and (row.until is None or row.until >= since))
    return list(counting(found, ctx.policy))


def counting(found: Iterable[Wait], policy: Policy) -> Iterator[Stay]:
    """Waits by the clocks of their holders; those of stages are left to the stages."""
    return (stay_of(wait, policy.clock(wait), policy.target_of(wait)) for wait in found if wait.kind in KINDS)


def usual_of(session: Session, ctx: Context, scope: Scope, since: int) -> int | None:
    """The flow time that was usual in the DAYS_BEFORE an instant, of what people did; in working seconds."""
    start = since - DAYS_BEFORE * 86_400
    done = overlaps.done_in(session, ctx.workspace, scope.key, scope.repos, start, since)
    closers = kept.closing(session, ctx.workspace, [one.key for one in done])
    parts = {one.key: (one.key, *closers.get(one.key, ())) for one in done}
    openers = overlaps.openers(session, ctx.workspace, {part for some in parts.values() for part in some})
    people = {key for key, opener in openers.items() if not is_bot(key, opener, ctx.policy)}
    mine = [one for one in done if not people.isdisjoint(parts[one.key]) or openers.keys().isdisjoint(parts[one.key])]
    return usual(((one.key[1], one.began_at, one.done_at) for one in mine), ctx.policy.team_calendar)
