"""Send what was claimed, and edit what was sent: state read again, rendered, posted, outcome written.

Every step is one short transaction and no call to Slack is made inside one. Whatever happens between two steps, a
message is sent once: what may have been sent is looked up in its conversation before it is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple, TypeAlias

import structlog
from sqlalchemy.orm import Session

from bot.asking import streams
from bot.asking.people import NotKnown
from bot.context import Context
from bot.digest.trouble import tell
from bot.flow.events import ItemKey
from bot.flow.ladder import MORNING, opening
from bot.incoming.unfolded import first_of, unfolded
from bot.intake import settle
from bot.messenger import Passing, Undeliverable, Unknown
from bot.notices import Notice
from bot.outgoing import charts, quiet, telling
from bot.outgoing.reach import NO_PERSON, SEEN_TO, Reach, reach
from bot.said import current
from bot.store import addresses, mornings, outbox, waits
from bot.store.engine import reading, writing
from bot.store.outbox import Leased
from bot.streams.pictures import post_map
from bot.views.charts import has_charts
from bot.views.message import Message

MOST = 50
"""Messages and edits handled in one run, so that a stop never waits long."""
FIRST_BACKOFF, LONGEST_BACKOFF = 15, 60
"""Seconds until another try: doubled each time, but never so long that messages come late once Slack is back."""
TOKEN_PAUSE = 60
"""Seconds until a token that was refused is tried again."""
SOON = 1
"""Seconds after which a message is taken up again of whose waits something was just told."""
CLOCK_SKEW = 3600
"""Seconds by which Slack's clock may run behind ours."""
TROUBLE = (Passing, Unknown, Undeliverable)
Trouble: TypeAlias = Passing | Unknown | Undeliverable
_log = structlog.get_logger()


class _Stop(Exception):
    """Slack takes nothing at present: the rest waits for the next run."""


def run(ctx: Context, now: int) -> int:
    """Send and edit what is to be done; how many posts and edits got through."""
    done = 0
    try:
        for step in (_next_post, _next_edit):
            done += _until_nothing_is_left(ctx, step, now)
    except _Stop:
        _log.info("deliver.stopped")
    return done


def _until_nothing_is_left(ctx: Context, step: Callable[[Context, int], bool | None], now: int) -> int:
    done = 0
    for _ in range(MOST):
        if ctx.stopping.is_set():
            break
        # A run may outlast a lease, so each message is handled at its own instant.
        outcome = step(ctx, max(now, ctx.clock.now()))
        if outcome is None:
            break
        done += outcome
    return done


def _next_post(ctx: Context, now: int) -> bool | None:
    """Handle the next message: whether it was posted; None if there is none."""
    ctx = current(ctx)
    with writing(ctx.engine) as session:
        row = None if addresses.paused(session, ctx.workspace, now) else outbox.lease(session, ctx.workspace, now)
    return None if row is None else _safely(_handle, ctx, row, now)


def _next_edit(ctx: Context, now: int) -> bool | None:
    """Handle the next edit: whether it got through; None if there is none."""
    ctx = current(ctx)
    with writing(ctx.engine) as session:
        row = None if addresses.paused(session, ctx.workspace, now) else outbox.lease_edit(session, ctx.workspace, now)
    return None if row is None else _safely(_edit, ctx, row, now)


def _safely(step: Callable[[Context, Leased, int], bool], ctx: Context, row: Leased, now: int) -> bool:
    """One broken message must not stop the others. Its lease runs out, and then it is tried again."""
    try:
        return step(ctx, row, now)
    except _Stop:
        raise
    except Exception:
        _log.exception("message.broken", message=row.id, to=row.recipient)
        return False


def _handle(ctx: Context, row: Leased, now: int) -> bool:
    thread = _thread_of(ctx, row, now)
    if isinstance(thread, _NoThread):
        return False
    try:
        if row.unsure and _already_there(ctx, row, thread):
            return True
    except TROUBLE as trouble:
        return _not_sent(ctx, row, trouble, now, unsure=True)
    try:
        channel = _conversation(ctx, row, now)
    except TROUBLE as trouble:
        return _not_sent(ctx, row, trouble, now, unsure=False)
    if channel is not None and not row.recipient.startswith(NO_PERSON):
        quiet.ask(ctx, _address(ctx, row), now)
    now = max(now, ctx.clock.now())  # Slack may have taken its time, and the lease is to hold over the posting
    ready = _prepared(ctx, row, channel, now)
    return ready is not None and _post(ctx, ready, thread, now)


class _Ready(NamedTuple):
    """What is posted, and under which lease."""

    row: Leased
    message: Message
    map_of: str | None = None
    """The stream whose map goes on top."""


class _NoThread(NamedTuple):
    """The message whose thread it goes to is not there."""


def _thread_of(ctx: Context, row: Leased, now: int) -> str | _NoThread | None:
    """The timestamp of the message that it replies to; None for one that stands alone.

    Where that message is not there yet this one waits for it, and where it never will be this one fails.
    """
    root = row.recipient.partition(":")[2] if row.recipient.startswith("=") else ""
    if not root or "." in root:
        return root or None
    with writing(ctx.engine) as session:
        state, ts = outbox.posted(session, ctx.workspace, root)
        if ts is not None:
            return ts
        if state in ("pending", "sending"):
            outbox.later(session, ctx.workspace, row, now + addresses.PACE, None, tried=False)
        else:
            outbox.failed(session, ctx.workspace, row, "thread_not_found")
    return _NoThread()


def _already_there(ctx: Context, row: Leased, thread: str | None) -> bool:
    """Whether a message of unknown fate was sent after all; it is taken up then."""
    ts = ctx.messenger.find(row.channel or "", row.id, row.made_at - CLOCK_SKEW, thread)
    if ts is None:
        return False
    with writing(ctx.engine) as session:
        outbox.sent(session, ctx.workspace, row, ts, max(row.made_at, int(float(ts))))
    _log.info("message.found", message=row.id, to=row.recipient)
    return True


def _conversation(ctx: Context, row: Leased, now: int) -> str | None:
    """Where the recipient reads; a direct conversation is opened once. None where they can't be reached."""
    with reading(ctx.engine) as session:
        can = Reach(ctx.policy, addresses.problems(session, ctx.workspace, now))
        address = can.address(row.recipient) if can.reachable(row.recipient) else None
        if address is None or row.recipient.startswith(("#", "=")):
            return address
        known = addresses.address_of(session, ctx.workspace, address)
    if known is not None and known.conversation:
        return str(known.conversation)
    conversation = ctx.messenger.open_dm(address)
    with writing(ctx.engine) as session:
        addresses.remember(session, ctx.workspace, address, conversation)
    return conversation


def _prepared(ctx: Context, row: Leased, channel: str | None, now: int) -> _Ready | None:
    """Read the state again: the words, and the lease to post them under; None where nothing is to be posted now."""
    for _ in range(3):
        settle(ctx, now, 0, partial(_first, ctx, row))
        with writing(ctx.engine) as session:
            held = outbox.hold(session, ctx.workspace, row, now)
            if held is None:
                return None
            told = telling.read(session, ctx.workspace, ctx.policy, row)
            if unfolded(session, ctx.workspace, [claim.wait for claim in told.claims]):
                outbox.later(session, ctx.workspace, held, now + SOON, None, tried=False)
                return None
            notice = telling.notice_of(session, ctx.workspace, told, ctx.policy, now)
            can = reach(session, ctx.workspace, ctx.policy, now)
            verdict = telling.judge(told, notice, can, now)
            later = verdict.later
            if notice is not None and not verdict.moot and later is None:
                later = _turn_of_notice(ctx, session, row, can, now)
            if later is not None:
                outbox.later(session, ctx.workspace, held, later, None, tried=False)
                return None
            if not verdict.drop and not verdict.moot and channel is not None:
                words = _words(ctx, session, told, notice, now)
                ready = _Ready(held, words, notice.map_of if notice else None)
                return _take_turn(ctx, session, ready, channel, now)
        row = held
        moot = verdict.moot or channel is None
        with writing(ctx.engine) as session:
            drop = told.everything if moot else verdict.drop
            outbox.release(session, ctx.workspace, row, drop, now, whole=moot)
            if channel is None:
                tell(session, ctx.workspace, row, "channel_not_found", now)
            if moot and row.rung == MORNING:
                mornings.again(session, ctx.workspace, row.recipient, now)
        if moot:
            _log.info("message.moot", message=row.id, to=row.recipient)
            return None
    return None


def _first(ctx: Context, row: Leased, session: Session) -> Collection[ItemKey]:
    """What is to be folded in before it can be said how things stand with what a message names."""
    named = [wait for wait, _ in outbox.claims_of(session, ctx.workspace, row.id)]
    return first_of(session, ctx.workspace, list(waits.by_ids(session, ctx.workspace, named).values()))


def _turn_of_notice(ctx: Context, session: Session, row: Leased, can: Reach, now: int) -> int | None:
    """When a person may get one more message, as the ladder sees to it for nudges; None for now."""
    if row.recipient.startswith(NO_PERSON):
        return None
    had = outbox.had(session, ctx.workspace, [row.recipient], now)
    whom = can.person(row.recipient, had.get(row.recipient, ()))
    at = opening(whom, now, ctx.policy.nudges.max_messages_per_day) if whom else None
    return None if at is None or at <= now else min(at, now + SEEN_TO)


def _words(ctx: Context, session: Session, told: telling.Told, notice: Notice | None, now: int) -> Message:
    return notice.message if notice else telling.render(session, ctx.workspace, told, ctx.policy, now)


def _take_turn(ctx: Context, session: Session, ready: _Ready, channel: str, now: int) -> _Ready | None:
    """Mark it as about to be posted, if the channel's pace allows it now."""
    row = ready.row
    # A turn of a conversation follows what somebody said, and people are slower than the pace.
    turn = row.rung == outbox.MAPPING
    free_at = None if turn else addresses.reserve(session, ctx.workspace, _address(ctx, row), now)
    if free_at is not None:
        outbox.later(session, ctx.workspace, row, free_at, None, tried=False)
        return None
    pictured = ready.map_of is not None or has_charts(ready.message)
    return ready._replace(row=outbox.about_to_post(session, ctx.workspace, row, channel, pictured=pictured))


def _address(ctx: Context, row: Leased) -> str:
    return Reach(ctx.policy, {}).address(row.recipient) or row.recipient


def _post(ctx: Context, ready: _Ready, thread: str | None, now: int) -> bool:
    row = ready.row
    try:
        ts = _posted(ctx, ready, thread, now)
    except TROUBLE as trouble:
        return _not_sent(ctx, row, trouble, now, unsure=isinstance(trouble, Unknown))
    with writing(ctx.engine) as session:
        outbox.sent(session, ctx.workspace, row, ts, now)
        addresses.all_is_well(session, ctx.workspace, (_address(ctx, row), addresses.EVERYTHING))
    _log.info("message.sent", message=row.id, to=row.recipient)
    return True


def _posted(ctx: Context, ready: _Ready, thread: str | None, now: int) -> str:
    """Post it, with a map on top where it shows one; its timestamp."""
    row, channel = ready.row, ready.row.channel or ""
    if ready.map_of is not None:
        try:
            shown = streams.map_of(ctx, *streams.meant(ctx, [ready.map_of])[:2], now)
            return post_map(ctx, channel, shown, ready.message, thread, row.id).ts
        except NotKnown:
            _log.info("message.without_map", message=row.id)
    return charts.post(ctx.messenger, channel, ready.message, row.id, thread)


def _not_sent(ctx: Context, row: Leased, trouble: Trouble, now: int, *, unsure: bool) -> bool:
    """Write what becomes of a message that did not get through."""
    _log.warning("message.not_sent", message=row.id, to=row.recipient, reason=str(trouble), unsure=unsure)
    with writing(ctx.engine) as session:
        if isinstance(trouble, Undeliverable) and trouble.scope != "all":
            _give_up(ctx, session, row, trouble, now)
            return False
        at = _next_try(ctx, session, row, trouble, now)
        outbox.later(session, ctx.workspace, row, at, str(trouble), unsure=unsure)
    raise _Stop


def _give_up(ctx: Context, session: Session, row: Leased, trouble: Undeliverable, now: int) -> None:
    personal = not row.recipient.startswith(("#", "="))
    if personal and trouble.reason == "channel_not_found" and not row.attempts:
        # A conversation kept from another bot user; it is opened anew.
        addresses.remember(session, ctx.workspace, _address(ctx, row), None)
        outbox.later(session, ctx.workspace, row, now, trouble.reason)
        return
    outbox.failed(session, ctx.workspace, row, trouble.reason)
    tell(session, ctx.workspace, row, trouble.reason, now)
    if trouble.scope == "address":
        addresses.trouble(session, ctx.workspace, _address(ctx, row), trouble.reason, now)


def _next_try(ctx: Context, session: Session, row: Leased, trouble: Trouble, now: int) -> int:
    """When to try again; where Slack said how long, or refused the token, everything else waits, too."""
    if isinstance(trouble, Undeliverable):
        addresses.pause(session, ctx.workspace, now + TOKEN_PAUSE, trouble.reason, now)
        return now + TOKEN_PAUSE
    if isinstance(trouble, Passing) and trouble.retry_after is not None:
        addresses.pause(session, ctx.workspace, now + trouble.retry_after, None, now)
        return now + trouble.retry_after
    return now + min(LONGEST_BACKOFF, FIRST_BACKOFF << min(row.attempts, 10))


def _edit(ctx: Context, row: Leased, now: int) -> bool:
    with reading(ctx.engine) as session:
        told = telling.read(session, ctx.workspace, ctx.policy, row)
        notice = telling.notice_of(session, ctx.workspace, told, ctx.policy, now)
        message = _words(ctx, session, told, notice, row.sent_at or row.made_at)
    try:
        ctx.messenger.update(row.channel or "", row.ts or "", message)
    except TROUBLE as trouble:
        return _not_edited(ctx, row, trouble, now)
    with writing(ctx.engine) as session:
        outbox.edited(session, ctx.workspace, row, settled=telling.settled(told, notice))
    _log.info("message.edited", message=row.id, to=row.recipient)
    return True


def _not_edited(ctx: Context, row: Leased, trouble: Trouble, now: int) -> bool:
    _log.warning("message.not_edited", message=row.id, to=row.recipient, reason=str(trouble))
    with writing(ctx.engine) as session:
        if isinstance(trouble, Undeliverable) and trouble.scope != "all":
            # Deleted by its reader, or out of reach: there is nothing left that could be wrong.
            outbox.edited(session, ctx.workspace, row, settled=True, error=trouble.reason)
            return False
        outbox.edit_later(session, ctx.workspace, row, _next_try(ctx, session, row, trouble, now), str(trouble))
    raise _Stop
