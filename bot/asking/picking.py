"""What waits in a stage of a value stream: picked up by somebody, or handed on to somebody else."""

from __future__ import annotations

from typing import Any

import structlog

from bot.asking.people import NotKnown
from bot.asking.turns import Turn, answered, open_turn, taken
from bot.context import Context
from bot.flow.events import HANDED_OVER, PICKED, FlowEvent, flow_event
from bot.flow.waits import STAGE
from bot.hosts.github import ids
from bot.hosts.github.acting import assign
from bot.hosts.github.errors import HostError
from bot.incoming.unfolded import key_of
from bot.intake import settle_items
from bot.store import arrivals, events
from bot.store.answers import HAND_OVER, TAKE, Answer
from bot.store.engine import undisturbed, writing
from bot.views import replies
from bot.views.message import Message

log = structlog.get_logger()


def waits_in_stage(turn: Turn) -> bool:
    """Whether it waits in a stage of a value stream, not for a turn of the ledger's own."""
    return bool(turn.wait.kind == STAGE)


def pick_up(ctx: Context, user: str, turn: Turn, login: str, now: int) -> Message:
    """End a wait in a stage: a Slack account takes the item up by its login; of several the first one gets it.

    It is assigned to them on the host, where the token may. Raises NotKnown where somebody else has it.
    """
    if not turn.wait.team and not _is_holder(ctx, turn, user):
        raise NotKnown(f"It waits for {turn.wait.holder}; to have it, ask them to hand it over.")
    told = Answer(turn.id, user, TAKE, None, now, None)
    undisturbed(lambda: _tell(ctx, told, _event(turn, PICKED, login, login, now), now))
    settle_items(ctx, [key_of(turn.wait)], now)
    return replies.picked_up(turn.shown, _refused(ctx, turn, login))


def hand_on(ctx: Context, user: str, turn: Turn, to: str, now: int) -> Message:
    """Make a wait in a stage another person's (a login): its holder may, and the author of the item.

    They hear of it in their working hours. Raises NotKnown where it can't be handed over.
    """
    mine = ctx.policy.logins_of(user)
    told = Answer(turn.id, user, HAND_OVER, to, now, None)
    by = next(iter(mine), str(turn.wait.holder))
    undisturbed(lambda: _tell(ctx, told, _event(turn, HANDED_OVER, by, to, now, to=to), now))
    settle_items(ctx, [key_of(turn.wait)], now)
    return replies.handed_on(turn.shown, to, None if _is_holder(ctx, turn, user) else str(turn.wait.holder))


def _is_holder(ctx: Context, turn: Turn, user: str) -> bool:
    return ctx.policy.person(turn.wait.holder).slack == user


def _tell(ctx: Context, told: Answer, event: FlowEvent, now: int) -> None:
    """Keep an answer, and tell of what it means. Raises NotKnown where somebody did already."""
    with writing(ctx.engine) as session:
        turn = open_turn(session, ctx, told.wait_id, told.user, alone=True)
        if turn.last is not None and turn.last.kind in (TAKE, HAND_OVER):  # and it is not folded in yet
            raise NotKnown(taken(ctx, next(iter(ctx.policy.logins_of(turn.last.user)), None), told.user))
        answered(session, ctx, turn, told, now)
        events.append(session, ctx.workspace, [event])
        arrivals.add(session, ctx.workspace, [(event.key, None)], now)


def _event(turn: Turn, kind: str, actor: str, whose: str, now: int, **data: Any) -> FlowEvent:
    wait = turn.wait
    # Nothing ends within the second it began in.
    at = max(now, wait.since + 1)
    return flow_event(
        host=wait.host, repo=wait.repo, item=wait.item, id=ids.about(kind, wait.item, f"{wait.stage}/{whose}", at),
        at=at, kind=kind, actor=actor, stage=wait.stage, **data,
    )  # fmt: skip


def _refused(ctx: Context, turn: Turn, login: str) -> str | None:
    """Assign the item on the host; why that could not be done, None where it was."""
    if ctx.github is None:
        return "I have no token that may assign it"
    try:
        assign(ctx.github, turn.repo, turn.wait.item, login)
    except HostError as trouble:
        log.warning("not assigned on the host", repo=turn.repo, item=turn.wait.item, why=str(trouble))
        return str(trouble)
    return None
