"""Offer authors a hand-over: once for each review that waits for somebody who is away for longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.asking.absences import Absence, absences_of
from bot.context import Context
from bot.flow.calendar import Calendar
from bot.flow.events import ItemKey
from bot.flow.ladder import opening
from bot.flow.waits import REVIEWER_KINDS, STAGE
from bot.incoming.unfolded import first_of, key_of, unfolded
from bot.intake import settle
from bot.outgoing.reach import reach
from bot.policy import Policy
from bot.said import current
from bot.store import asked, items, outbox, repos, said, waits
from bot.store.engine import undisturbed, writing
from bot.store.waits import to_wait

LONG = 4 * 3600
"""Working seconds; who is back sooner can be waited for."""
MOST = 8
"""Reviews in one message; more come with the next."""
RECENT = 3 * 86_400
"""Seconds after its end in which an absence's offers are looked at: they say then that their holder is back."""
_log = structlog.get_logger()


class _Offered(NamedTuple):
    """A review to be offered to its author, and since when its holder is away."""

    row: Row[Any]
    author: str
    start: int


def run(ctx: Context, now: int) -> int:
    """Claim the offers of this instant, and have those edited whose holders are back; how many were claimed."""
    ctx = current(ctx)
    away, back = _away(ctx.policy, now), _back(ctx.policy, now)
    if not away and not back:
        return 0
    settle(ctx, now, 0, partial(_first, ctx, {*away, *back}))
    return undisturbed(lambda: _run(ctx, away, back, now))


def _first(ctx: Context, logins: Collection[str], session: Session) -> Collection[ItemKey]:
    """What is to be folded in before it can be said what waits for people."""
    return first_of(session, ctx.workspace, asked.held_by(session, ctx.workspace, logins))


def _away(policy: Policy, now: int) -> dict[str, int]:
    """Since when people are away for longer, by login in lower case."""
    found = {}
    for login, person in ((login, policy.person(login)) for login in policy.file.people):
        absence = next((one for one in absences_of(person, now) if one.covers(now)), None) if person.away else None
        if absence is not None and _is_long(absence, person.calendar, now):
            found[login.lower()] = absence.start
    return found


def _is_long(absence: Absence, calendar: Calendar, now: int) -> bool:
    """Whether it goes on for more than some working hours, and for what is left of today at least."""
    if absence.end is None:
        return True
    midnight = calendar.midnight(calendar.local_date(now) + timedelta(days=1))
    return calendar.working(now, absence.end) > LONG and calendar.working(absence.end, midnight) == 0


def _back(policy: Policy, now: int) -> set[str]:
    """Whose absence ended lately."""
    return {
        login.lower()
        for login in policy.file.people
        if any(end is not None and now - RECENT < end <= now for _, end in policy.person(login).away)
    }


def _run(ctx: Context, away: Mapping[str, int], back: Iterable[str], now: int) -> int:
    with writing(ctx.engine) as session:
        outbox.deciding(session, ctx.workspace)
        if said.revision(session, ctx.workspace) != ctx.policy.revision:
            return 0  # somebody changed their terms just now; the next run knows them
        _tell_of_return(ctx, session, back, now)
        return _claim(ctx, session, _to_offer(ctx, session, away, now), now)


def _tell_of_return(ctx: Context, session: Session, back: Iterable[str], now: int) -> None:
    held = [row.id for row in asked.held_by(session, ctx.workspace, back)]
    sent = waits.sent(session, ctx.workspace, held)
    told = {one.outbox_id for some in sent.values() for one in some if one.rung.startswith(outbox.OFFER)}
    waits.edit_messages(session, ctx.workspace, told, now)


def _to_offer(ctx: Context, session: Session, away: Mapping[str, int], now: int) -> list[_Offered]:
    lost = repos.lost(session, ctx.workspace)
    rows = [row for row in asked.held_by(session, ctx.workspace, away) if _may_be_offered(ctx.policy, row, now)]
    unknown = unfolded(session, ctx.workspace, rows)
    rows = [row for row in rows if (row.host, row.repo) not in lost and key_of(row) not in unknown]
    sent = waits.sent(session, ctx.workspace, [row.id for row in rows])
    keys = {row.id: (row.host, row.repo, row.item) for row in rows}
    known = items.by_keys(session, ctx.workspace, keys.values())
    found = []
    for row in rows:
        item, start = known.get(keys[row.id]), away[row.holder_key]
        if item is None or item.author in (None, "", row.holder):
            continue
        if _rung(start) in {one.rung for one in sent.get(row.id, ())}:
            continue
        if ctx.policy.muted_until(item.author, row.repo, row.item) <= now:
            found.append(_Offered(row, item.author, start))
    return found


def _may_be_offered(policy: Policy, row: Row[Any], now: int) -> bool:
    """A review, or a wait in a stage, that nothing but the absence holds, and that is not from before Weir watched."""
    if row.kind not in (*REVIEWER_KINDS, STAGE) or row.backlog or policy.is_silent(row.repo):
        return False
    return not replace(policy.clock(to_wait(row)), away=()).on_hold(now)


def _rung(start: int) -> str:
    return f"{outbox.OFFER}:{start}"


def _claim(ctx: Context, session: Session, offered: Sequence[_Offered], now: int) -> int:
    by_author: dict[str, list[_Offered]] = defaultdict(list)
    for one in offered:
        by_author[one.author].append(one)
    heard = outbox.heard(session, ctx.workspace, by_author, now)
    can = reach(session, ctx.workspace, ctx.policy, now)
    drafts = []
    for author, theirs in by_author.items():
        whom = can.person(author, heard.get(author, ()))
        if whom is not None and opening(whom, now, ctx.policy.nudges.max_messages_per_day) == now:
            drafts.append(_draft(author, theirs[:MOST]))
    claimed = outbox.claim(session, ctx.workspace, drafts, now) if drafts else 0
    if claimed:
        _log.info("absence.offered", messages=claimed)
    return claimed


def _draft(author: str, offered: Sequence[_Offered]) -> outbox.Draft:
    about = {"to": author, "waits": [[one.row.id, one.start] for one in offered]}
    return outbox.Draft(author, outbox.OFFER, [(one.row.id, _rung(one.start)) for one in offered], about)
