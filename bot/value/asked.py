"""Key results' numbers, asked for from their owners once a month, in their working hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date

from bot.context import Context
from bot.flow.calendar import Calendar
from bot.flow.forgetting import SOMEBODY
from bot.flow.value import KeyResult, to_be_asked
from bot.policy import Policy
from bot.said import current
from bot.store import outbox
from bot.store.engine import reading, undisturbed, writing
from bot.store.outbox import KEY_RESULT, Draft
from bot.value.catalogue import catalogue
from bot.views.days import date_of

DAY = 86_400
LOOKED_BACK = 93
"""Days in which a question counts as the latest one."""


def month_of(day: date) -> str:
    """`2026-11`"""
    return f"{day:%Y-%m}"


def question_id(result: str, month: str) -> str:
    """The id of the message that asks for a key result's number in a month: there is one, whoever looks how often."""
    return f"key_result:{result}:{month}"


def latest_ids(result: str, now: int) -> set[str]:
    """The ids that questions of the last months have, if there are any."""
    return {question_id(result, month_of(date_of(now - days * DAY, UTC))) for days in range(-1, LOOKED_BACK, 15)}


def ask(ctx: Context, now: int) -> int:
    """Put a question in the outbox for each key result whose number is to be asked for by now; how many."""
    with reading(ctx.engine) as session:
        results = catalogue(session, ctx.workspace).results
    ctx = current(ctx) if results else ctx
    return sum(_ask(ctx, one, now) for one in results)


def _ask(ctx: Context, one: KeyResult, now: int) -> int:
    if one.owner == SOMEBODY:  # who was forgotten since
        return 0
    calendar = calendar_of(ctx.policy, one.owner)
    today = date_of(now, calendar.zone)
    given_on = date_of(one.latest.at, calendar.zone) if one.latest else None
    due = to_be_asked(one, today, date_of(one.began_at, calendar.zone), given_on)
    login = next(iter(ctx.policy.logins_of(one.owner)), None)
    # A message to a login waits until its reader is at work by itself; to a mere account it goes at once.
    if not due or (login is None and not calendar.is_working(now)):
        return 0
    id_ = question_id(one.id, month_of(today))
    about = {"result": one.id, "name": one.name, "owner": one.owner, "month": month_of(today), "at": now}
    return _put(ctx, Draft(login or f"@{one.owner}", KEY_RESULT, [], about, id_), now)


def _put(ctx: Context, draft: Draft, now: int) -> int:
    with reading(ctx.engine) as session:
        if outbox.is_known(session, ctx.workspace, draft.id or ""):
            return 0

    def put() -> int:
        with writing(ctx.engine) as session:
            return outbox.claim(session, ctx.workspace, [draft], now)

    return undisturbed(put)


def calendar_of(policy: Policy, user: str) -> Calendar:
    """When a Slack account works: as its login does, else in the workspace's hours where it is."""
    for login in policy.logins_of(user):
        return policy.person(login).calendar
    return replace(policy.calendar, timezone=str(policy.zone_of(user)))
