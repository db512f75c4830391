"""What people ask for: read, measured, ready to be shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.waits import Wait
from bot.intake import settle
from bot.store import asked, items
from bot.store.engine import reading
from bot.store.waits import to_wait
from bot.views.phrases import Waiting

ANSWER = "answer"
"""Stands where a message would name the rung: it was asked for."""


def logins_of(ctx: Context, user: str) -> list[str]:
    """The logins that the policy maps to a Slack user."""
    return [login for login, part in ctx.policy.file.people.items() if part.slack == user]


def turns_of(ctx: Context, logins: list[str], now: int) -> list[Waiting]:
    """What waits for a person as of `now` (seconds since 1970 UTC): most overdue first, then what has no target."""
    settle(ctx, now)
    with reading(ctx.engine) as session:
        waits = [to_wait(row) for row in asked.open_waits_of(session, ctx.workspace, logins)]
        rows = items.by_keys(session, ctx.workspace, {wait.key for wait in waits})
    return sorted((_measured(ctx, wait, rows, now) for wait in waits), key=_most_overdue_first)


def _measured(ctx: Context, wait: Wait, rows: dict[ItemKey, Row[Any]], now: int) -> Waiting:
    row = rows.get(wait.key)
    return Waiting(
        wait=wait,
        step=ANSWER,
        age=ctx.policy.clock(wait).age(now),
        agreed=ctx.policy.target(wait.repo, wait.kind),
        title=row.title if row else None,
        url=row.url if row else None,
        size=row.size if row else None,
    )


def _most_overdue_first(one: Waiting) -> tuple[bool, int, str, int]:
    return (one.agreed is None, (one.agreed or 0) - one.age, one.wait.repo, one.wait.item)
