"""Answers on a nudge: on it, snoozed, a wrong ping; and those that lead on to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from bot.asking.claiming import take_over
from bot.asking.handing import hand_over
from bot.asking.leaving import leave
from bot.asking.people import NotKnown
from bot.asking.turns import Turn, answered, open_turn
from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.pauses import SNOOZES, end_of_day
from bot.incoming.unfolded import first_of
from bot.intake import settle
from bot.store import waits
from bot.store.answers import HAND_OVER, LEAVE, ON_IT, SNOOZE, TAKE, WRONG, Answer
from bot.store.engine import reading, undisturbed, writing
from bot.views import replies
from bot.views.controls import Press
from bot.views.message import Message
from bot.views.phrases import REASONS, Reply

OLD = "That button is an old one and no longer means anything."


def answer(ctx: Context, user: str, press: Press, now: int) -> Message:
    """Do what a Slack account answers to a wait; what came of it. Raises NotKnown where it can't be answered so."""
    settle(ctx, now, 0, partial(_first, ctx, press.wait_id))
    doing = _DOING.get(press.kind)
    if doing is None:
        raise NotKnown(OLD)
    return doing(ctx, user, press, now)


def _first(ctx: Context, wait_id: int, session: Session) -> set[ItemKey]:
    """What is to be folded in before it can be said how a wait stands: nobody who answers to it waits for the rest."""
    return first_of(session, ctx.workspace, list(waits.by_ids(session, ctx.workspace, [wait_id]).values()))


def _quiet(ctx: Context, user: str, press: Press, now: int) -> Message:
    return undisturbed(lambda: _say(ctx, user, press, now))


def _say(ctx: Context, user: str, press: Press, now: int) -> Message:
    with writing(ctx.engine) as session:
        turn = open_turn(session, ctx, press.wait_id, user, alone=True)
        must_hold(ctx, turn, user)
        told = Answer(turn.id, user, press.kind, _reason(press), now, _until(ctx, turn, press, now))
        is_new = answered(session, ctx, turn, told, now)
    zone = turn.zone(ctx.policy)
    if not is_new and turn.last is not None:
        return replies.already(Reply(turn.last.kind, turn.last.reason, turn.last.until), zone, now)
    seen_by = None if turn.author in (None, turn.wait.holder) else turn.author
    return replies.noted(Reply(told.kind, told.reason, told.until), seen_by, zone, now)


def must_hold(ctx: Context, turn: Turn, user: str) -> None:
    """Raises NotKnown where it is not the turn of a Slack account."""
    if turn.wait.team:
        raise NotKnown(f"The team {turn.wait.holder} is asked; somebody of it can take it.")
    if ctx.policy.person(turn.wait.holder).slack != user:
        raise NotKnown(f"This is not yours to answer: it waits for {turn.wait.holder}.")


def _reason(press: Press) -> str | None:
    if press.kind != WRONG:
        return None
    if press.option not in REASONS:
        raise NotKnown(OLD)
    return press.option


def _until(ctx: Context, turn: Turn, press: Press, now: int) -> int | None:
    """Until when somebody wants quiet, by their own working hours."""
    if press.kind == WRONG:
        return None
    pause = end_of_day if press.kind == ON_IT else SNOOZES.get(press.option)
    if pause is None:
        raise NotKnown(OLD)
    return pause(turn.calendar(ctx.policy), now)


def _over(ctx: Context, user: str, press: Press, now: int) -> Message:
    """To whom it was picked to go; where nobody was picked yet, ask for that."""
    if press.option:
        return hand_over(ctx, user, press.wait_id, press.option, now)
    with reading(ctx.engine) as session:
        turn = open_turn(session, ctx, press.wait_id, user)
    must_hold(ctx, turn, user)
    return replies.whom(turn.shown)


def _take(ctx: Context, user: str, press: Press, now: int) -> Message:
    return take_over(ctx, user, press.wait_id, now)


def _leave(ctx: Context, user: str, press: Press, now: int) -> Message:
    return leave(ctx, user, press.wait_id, now)


_DOING: dict[str, Callable[[Context, str, Press, int], Message]] = {
    ON_IT: _quiet,
    SNOOZE: _quiet,
    WRONG: _quiet,
    HAND_OVER: _over,
    TAKE: _take,
    LEAVE: _leave,
}
