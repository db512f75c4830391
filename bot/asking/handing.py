"""A review handed over to somebody else: on the host where the token may, else by asking its author to."""

from __future__ import annotations

import structlog

from bot.asking.people import NotKnown
from bot.asking.picking import hand_on, waits_in_stage
from bot.asking.turns import Turn, answered, open_turn, withdrawn
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.flow.pauses import tomorrow_morning
from bot.flow.waits import REVIEWER_KINDS, STAGE
from bot.hosts.github.acting import UNFIT
from bot.hosts.github.acting import hand_over as move_request
from bot.hosts.github.errors import Denied, HostError
from bot.hosts.github.history import read_items
from bot.hosts.github.missing import missing_events
from bot.intake import settle_items, take
from bot.outgoing.reach import reach
from bot.store import events, outbox, waits
from bot.store.answers import HAND_OVER, Answer
from bot.store.engine import reading, undisturbed, writing
from bot.store.outbox import HANDOVER, Draft
from bot.views import replies
from bot.views.message import Message

log = structlog.get_logger()


def hand_over(ctx: Context, user: str, wait_id: int, whom: str, now: int) -> Message:
    """Hand a reviewer's wait over to a Slack account (`whom`); its holder may, and the author of the item.

    Asks the host, so it may take long. Raises NotKnown where it can't be handed over (so).
    """
    with reading(ctx.engine) as session:
        turn = open_turn(session, ctx, wait_id, user)
    _may_give(ctx, turn, user)
    to = _login_of(ctx, turn, whom)
    if waits_in_stage(turn):
        return hand_on(ctx, user, turn, to, now)
    until = tomorrow_morning(turn.calendar(ctx.policy), now)
    told = Answer(wait_id, user, HAND_OVER, to, now, until)
    if not undisturbed(lambda: _note(ctx, told, now)):
        return replies.handed_already(to)
    by = None if ctx.policy.person(turn.wait.holder).slack == user else str(turn.wait.holder)
    moved, refusal = _moved(ctx, turn, to)
    if refusal is not None:
        undisturbed(lambda: _take_back(ctx, turn, told, now))
        raise NotKnown(f"{str(refusal).rstrip('.')}. Nothing is changed; please choose somebody else.")
    if moved:
        stays = _stays(ctx, turn, now)
        return (replies.handed_in_part if stays else replies.handed_over)(turn.shown, to, by)
    if by is not None:
        return replies.ask_yourself(turn.shown, to)
    return _to_author(ctx, turn, to, until, now)


def _may_give(ctx: Context, turn: Turn, user: str) -> None:
    if turn.wait.team or turn.wait.kind not in (*REVIEWER_KINDS, STAGE):
        raise NotKnown("Only what waits for one person in a review or in a stage can be handed over.")
    givers = {ctx.policy.person(login).slack for login in (turn.wait.holder, turn.author) if login}
    if user not in givers:
        raise NotKnown(f"This is not yours to hand over: it waits for {turn.wait.holder}.")


def _login_of(ctx: Context, turn: Turn, whom: str) -> str:
    """The login that a Slack account is asked by. Raises NotKnown where it can't be asked."""
    logins = ctx.policy.logins_of(whom)
    if not logins:
        raise NotKnown("I don't know yet which login on the code host is theirs. Once /flow link has told me, please "
                       "hand it over again.")  # fmt: skip
    folded = {login.casefold() for login in logins}
    if turn.wait.holder.casefold() in folded:
        raise NotKnown(f"It waits for {turn.wait.holder} already.")
    if not waits_in_stage(turn) and turn.author and turn.author.casefold() in folded:
        raise NotKnown(f"{turn.author} wrote it, so somebody else has to review it.")
    if ctx.policy.rules(turn.repo).named_like_a_bot(logins[0]):
        raise NotKnown(f"{logins[0]} is a bot; only people can take it over.")
    return logins[0]


def _note(ctx: Context, told: Answer, now: int) -> bool:
    with writing(ctx.engine) as session:
        turn = open_turn(session, ctx, told.wait_id, told.user, alone=True)
        return answered(session, ctx, turn, told, now)


def _take_back(ctx: Context, turn: Turn, told: Answer, now: int) -> None:
    with writing(ctx.engine) as session:
        withdrawn(session, ctx, turn, told, now)


def _moved(ctx: Context, turn: Turn, to: str) -> tuple[bool, Denied | None]:
    """(whether the host's request was moved, why the host would not ask this person, whoever asks it to)"""
    if ctx.github is None:
        return False, None
    try:
        move_request(ctx.github, turn.repo, turn.wait.item, turn.wait.holder, to)
    except HostError as trouble:
        log.warning("request not moved", repo=turn.repo, item=turn.wait.item, why=str(trouble))
        return False, trouble if isinstance(trouble, Denied) and trouble.status == UNFIT else None
    return True, None


def _stays(ctx: Context, turn: Turn, now: int) -> bool:
    """Have the ledger follow at once; whether it is the same one's turn all the same."""
    try:
        read_again(ctx, turn.repo, turn.wait.item, now)
    except HostError as trouble:  # it follows later
        log.warning("item not read again", repo=turn.repo, item=turn.wait.item, why=str(trouble))
        return False
    with reading(ctx.engine) as session:
        row = waits.by_ids(session, ctx.workspace, [turn.id]).get(turn.id)
    return row is not None and row.until is None


def read_again(ctx: Context, repo: str, item: int, now: int) -> None:
    """Read an item from the host, and take in what is not known yet. Raises HostError."""
    key = ("github", repo, item)
    shown = read_items(ctx.github, repo, [item])
    settle_items(ctx, [key], now)
    with reading(ctx.engine) as session:
        known = events.of_items(session, ctx.workspace, [key]).get(key, [])
    missing: list[FlowEvent] = [event for one in shown for event in missing_events(known, one, now)]
    if missing:
        take(ctx, missing, now, live=True)


def _to_author(ctx: Context, turn: Turn, to: str, until: int, now: int) -> Message:
    """Have the author asked to move the request, once, in their own working hours."""
    author = turn.author
    with writing(ctx.engine) as session:
        if author is None or not reach(session, ctx.workspace, ctx.policy, now).reachable(author):
            return replies.author_out_of_reach(turn.shown, author, to)
        about = {"wait": turn.id, "to": to, "by": turn.wait.holder}
        # The claim has the message change by itself once the wait does.
        draft = Draft(author, HANDOVER, [(turn.id, f"{HANDOVER}:{to}")], about)
        is_new = bool(outbox.claim(session, ctx.workspace, [draft], now))
    return replies.author_asked(turn.shown, author, to, turn.zone(ctx.policy), until, now, is_new=is_new)
