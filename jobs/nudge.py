"""Decide what to send: the waits whose time has come, the ladder's word on them, messages claimed in the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.context import Context
from bot.experiments.holding_back import drawn, note
from bot.flow.events import ItemKey
from bot.flow.ladder import Decision, Message, Recipient, Standing, by_channel, decide
from bot.incoming.unfolded import first_of, key_of, unfolded
from bot.intake import settle
from bot.outgoing.reach import Reach, reach
from bot.outgoing.standings import standings_of
from bot.said import current
from bot.store import outbox, repos, said, waits
from bot.store.engine import undisturbed, writing

MOST = 20_000
"""Waits looked at in one transaction; more come with the next tick."""
PORTIONS = 1
"""Portions of what was told of other items that are folded in before anything is decided; `jobs.fold` does the rest."""
LOST_FOR = 3600
"""Seconds until a wait of a repository that access was lost to is looked at again: it may be back."""
_log = structlog.get_logger()


def run(ctx: Context, now: int) -> int:
    """Claim the messages of this instant; how many. What can't be sent yet is looked at again when it can.

    A wait of which something was told that could not be folded in now is left for the next run.
    """
    ctx = current(ctx)
    settle(ctx, now, PORTIONS, partial(_first, ctx, now))
    return undisturbed(lambda: _run(ctx, now))


def _first(ctx: Context, now: int, session: Session) -> Collection[ItemKey]:
    """What is to be folded in before the waits whose time has come can be decided about."""
    return first_of(session, ctx.workspace, waits.due_items(session, ctx.workspace, now, MOST))


def _run(ctx: Context, now: int) -> int:
    with writing(ctx.engine) as session:
        outbox.deciding(session, ctx.workspace)
        rows = waits.due(session, ctx.workspace, now, MOST)
        unknown = unfolded(session, ctx.workspace, rows)
        rows = [row for row in rows if key_of(row) not in unknown]
        # Asked once the rows are locked: whoever changes terms from here on has them looked at after us.
        if not rows or said.revision(session, ctx.workspace) != ctx.policy.revision:
            return 0  # somebody changed their terms just now; the next tick knows them
        return _decide(ctx, session, rows, now)


def _decide(ctx: Context, session: Session, rows: Sequence[Row[Any]], now: int) -> int:
    lost = repos.lost(session, ctx.workspace)
    standings = _standings(ctx, session, [row for row in rows if (row.host, row.repo) not in lost], now)
    holders = {standing.holder for standing in standings}
    heard = outbox.heard(session, ctx.workspace, holders, now)
    can = reach(session, ctx.workspace, ctx.policy, now)

    def recipient_of(login: str) -> Recipient | None:
        return can.person(login, heard.get(login, ()))

    decision = decide(standings, recipient_of, can.channel, ctx.policy.nudges, now)
    looks: dict[int, int | None] = {row.id: now + LOST_FOR if (row.host, row.repo) in lost else None for row in rows}
    looks.update({standing.id: at for standing, at in zip(standings, decision.wake, strict=True)})
    _try_again_some_day(decision, can, looks)
    waits.set_looks(session, ctx.workspace, looks)
    note(session, ctx, [*decision.held_back, *(one for message in decision.messages for one in message.nudges)], now)
    return _claim(ctx, session, by_channel(decision.messages, ctx.policy.channel, now), heard, now)


def _standings(ctx: Context, session: Session, rows: Sequence[Row[Any]], now: int) -> list[Standing]:
    """The waits that are on the ladder: the open ones."""
    climbing = [row for row in rows if row.until is None]
    return drawn(session, ctx, standings_of(session, ctx.workspace, ctx.policy, climbing).values(), now)


def _try_again_some_day(decision: Decision, can: Reach, looks: dict[int, int | None]) -> None:
    """Slack's troubles pass: who can't be reached for one of them is looked at again. All of it is logged."""
    for standing, to in decision.unreachable:
        again, known = can.tried_again(to), looks[standing.id]
        if again is not None:
            looks[standing.id] = again if known is None else min(again, known)
    for to, waiting in Counter(to for _, to in decision.unreachable).items():
        _log.info("nudge.unreachable", to=to, waits=waiting, known=can.address(to) is not None)


def _claim(ctx: Context, session: Session, messages: Sequence[Message], heard: dict[str, list[int]], now: int) -> int:
    backlog = backlog_of(ctx, session, [m.to for m in messages if is_first_of_the_day(ctx, m.to, heard, now)], now)
    drafts = [
        outbox.Draft(
            message.to,
            message.rung,
            [*((nudge.standing.id, nudge.rung) for nudge in message.nudges),
             *((wait, outbox.BACKLOG) for wait in backlog.get(message.to, ()))],
        )
        for message in messages
    ]  # fmt: skip
    claimed = outbox.claim(session, ctx.workspace, drafts, now)
    outbox.told(session, ctx.workspace, (wait for some in backlog.values() for wait in some))
    if claimed:
        _log.info("nudge.claimed", messages=claimed)
    return claimed


def is_first_of_the_day(ctx: Context, to: str, heard: Mapping[str, list[int]], now: int) -> bool:
    """Whether a person (never a channel) heard nothing yet on their local day."""
    if to.startswith("#"):
        return False
    calendar = ctx.policy.person(to).calendar
    today = calendar.local_date(now)
    return all(calendar.local_date(at) != today for at in heard.get(to, ()))


def backlog_of(ctx: Context, session: Session, people: Sequence[str], now: int) -> dict[str, list[int]]:
    """What to list for people once, by login; what is on hold is listed another day."""
    found = outbox.untold_backlog(session, ctx.workspace, people)
    return {
        login: [row.id for row in rows if not ctx.policy.clock(waits.to_wait(row)).on_hold(now)]
        for login, rows in found.items()
    }
