"""What waits: on somebody, of theirs on others, or in repositories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Row

from bot.context import Context
from bot.intake import settle
from bot.store import asked
from bot.store.engine import reading
from bot.store.waits import to_wait
from bot.views.flow import Whose
from bot.views.phrases import Waiting

ANSWER = "answer"
"""Stands where a message would name the rung: it was asked for."""


class Found(NamedTuple):
    """Open waits, most overdue first, then what has no target."""

    held: list[Waiting]
    """Those on the person, or in the repositories."""
    authored: list[Waiting]
    """Those of the person's items that somebody else holds."""


def waits_of(ctx: Context, whose: Whose, now: int) -> Found:
    """What waits as of `now` (seconds since 1970 UTC)."""
    settle(ctx, now, most=1)
    with reading(ctx.engine) as session:
        if whose.repos:
            return Found(_in_order(ctx, asked.in_repos(session, ctx.workspace, whose.repos), now), [])
        held = asked.held_by(session, ctx.workspace, whose.logins)
        authored = asked.authored_by(session, ctx.workspace, whose.logins)
    return Found(_in_order(ctx, held, now), _in_order(ctx, authored, now))


def _in_order(ctx: Context, rows: Iterable[Row[Any]], now: int) -> list[Waiting]:
    return sorted((_measured(ctx, row, now) for row in rows), key=_most_overdue_first)


def _measured(ctx: Context, row: Row[Any], now: int) -> Waiting:
    wait = to_wait(row)
    return Waiting(
        wait=wait,
        step=ANSWER,
        age=ctx.policy.clock(wait).age(now),
        agreed=ctx.policy.target(wait.repo, wait.kind),
        title=row.title,
        url=row.url,
        size=row.size,
    )


def _most_overdue_first(one: Waiting) -> tuple[bool, int, str, int]:
    return (one.agreed is None, (one.agreed or 0) - one.age, one.wait.repo, one.wait.item)
