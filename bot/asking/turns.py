"""A wait that somebody answers: still open, found with its item, and nobody else changing either."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.asking.people import NotKnown
from bot.context import Context
from bot.flow.calendar import Calendar
from bot.flow.events import CLAIMED, PICKED
from bot.policy import Policy
from bot.store import answers, events, homes, items, waits
from bot.store.answers import HAND_OVER, Answer
from bot.store.waits import to_wait
from bot.views.phrases import Waiting, closing

SAME = 60
"""Seconds within which the same answer is one that was pressed twice."""


class Turn(NamedTuple):
    """An open wait and its item."""

    wait: Row[Any]
    item: Row[Any] | None
    last: Answer | None
    """What was answered last."""

    @property
    def id(self) -> int:
        return int(self.wait.id)

    @property
    def repo(self) -> str:
        return str(self.wait.repo)

    @property
    def author(self) -> str | None:
        return self.item.author if self.item else None

    def calendar(self, policy: Policy) -> Calendar:
        return policy.holder_calendar(to_wait(self.wait))

    def zone(self, policy: Policy) -> tzinfo:
        return self.calendar(policy).zone

    @property
    def shown(self) -> Waiting:
        """The wait as views name it; without figures."""
        title, url = (self.item.title, self.item.url) if self.item else (None, None)
        return Waiting(to_wait(self.wait), "", 0, None, title, url, id=self.id)


def open_turn(session: Session, ctx: Context, wait_id: int, user: str = "", *, alone: bool = False) -> Turn:
    """The wait of this id, for a Slack account that presses.

    `alone`: neither it nor its answers change till the end of the transaction. Raises NotKnown where it is over or
    gone.
    """
    row = waits.by_ids(session, ctx.workspace, [wait_id]).get(wait_id)
    if row is not None and alone:
        # The lock that folding takes, too: a press and a fact that arrives go one after the other.
        items.lock(session, ctx.workspace, [(row.host, row.repo, row.item)])
        row = waits.by_ids(session, ctx.workspace, [wait_id]).get(wait_id)
    if row is None:
        raise NotKnown("That message is an old one: what it asked for is no longer so.")
    key = (row.host, row.repo, row.item)
    item = items.by_keys(session, ctx.workspace, [key]).get(key)
    turn = Turn(row, item, answers.latest(session, ctx.workspace, [wait_id]).get(wait_id))
    if row.until is not None:
        raise NotKnown(_over(session, ctx, turn, user))
    return turn


def _over(session: Session, ctx: Context, turn: Turn, user: str) -> str:
    wait = to_wait(turn.wait)
    if wait.ended_by in (CLAIMED, PICKED):
        taker = events.takers(session, ctx.workspace, [wait]).get(wait)
        return taken(ctx, taker, user)
    return f"That is settled by now ({closing(wait.ended_by) or 'it is done'}); there is nothing left to do here."


def taken(ctx: Context, taker: str | None, user: str) -> str:
    """What to tell a Slack account of something that a login took over."""
    if taker is not None and ctx.policy.person(taker).slack == user:
        return "You have it already, thank you."
    return f"{taker or 'Somebody'} has it already; there is nothing left to do here."


def answered(session: Session, ctx: Context, turn: Turn, answer: Answer, now: int) -> bool:
    """Keep an answer and have all that names the wait show it; False where it was given just before."""
    if turn.last is not None and _is_same(turn.last, answer):
        return False
    # Of two within a second, the last one has to be told by its instant.
    at = answer.at if turn.last is None else max(answer.at, turn.last.at + 1)
    answers.add(session, ctx.workspace, answer._replace(at=at))
    _show_anew(session, ctx, turn, now)
    return True


def withdrawn(session: Session, ctx: Context, turn: Turn, answer: Answer, now: int) -> None:
    """Take an answer back that came to nothing: the one before it counts again."""
    answers.withdraw(session, ctx.workspace, answer)
    _show_anew(session, ctx, turn, now)


def _show_anew(session: Session, ctx: Context, turn: Turn, now: int) -> None:
    """Have a wait's ladder looked at, and all that names it shown as it is."""
    waits.set_looks(session, ctx.workspace, {turn.id: now})
    sent = waits.sent(session, ctx.workspace, [turn.id]).get(turn.id, ())
    waits.edit_messages(session, ctx.workspace, {one.outbox_id for one in sent}, now)
    concerned = (turn.author, None if turn.wait.team else turn.wait.holder)
    users = {ctx.policy.person(login).slack for login in concerned if login}
    homes.touch(session, ctx.workspace, {user for user in users if user}, now)


def _is_same(last: Answer, new: Answer) -> bool:
    if (last.user, last.kind, last.reason) != (new.user, new.kind, new.reason):
        return False
    if new.kind == HAND_OVER and new.at - last.at >= SAME:
        return False  # it did not come about, and they try again
    if last.until is None or new.until is None:
        return last.until == new.until
    return new.at < last.until and abs(new.until - last.until) < SAME
