"""Digests that come regularly: set, stopped, listed; and put in the outbox on their day, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bot.asking.experiments import nudges_for
from bot.asking.people import NotKnown
from bot.context import Context
from bot.digest.reading import edges_of, shown_of
from bot.digest.subjects import Subject, kept
from bot.flow.digest.days import Due, Every, due, instant_of, start_of
from bot.flow.events import ItemKey
from bot.intake import settle
from bot.people.sight import HOST, as_seen_by, looks_after_all, named
from bot.said import current
from bot.store import arrivals, digests, outbox, said
from bot.store.digests import Regular
from bot.store.engine import reading, undisturbed, writing
from bot.store.outbox import DIGEST, Draft
from bot.views.digest import Shown
from bot.views.digest_plans import rhythm_said

_SHOWN = TypeAdapter(Shown)
log = structlog.get_logger()


class Planned(NamedTuple):
    """A digest that comes regularly, as people are told of it."""

    regular: Regular
    name: str
    """What it is about; empty where that is gone."""
    next_at: int | None
    zone: str
    repos: tuple[str, ...] = ()
    """Those that it is about; none where it is about all of them, or about what is gone."""


def channel_of(place: str) -> str | None:
    """The channel of a place; None for somebody's direct conversation."""
    return place[1:] if place.startswith("=") else None


def set_up(ctx: Context, user: str, subject: Subject, every: Every, place: str, now: int) -> Planned:
    """Let a digest come regularly from its next day on."""
    first = start_of(every, subject.calendar.local_date(now), subject.calendar, now)
    one = Regular(place, subject.about, every, first, user, now, {})

    def put() -> None:
        with writing(ctx.engine) as session:
            digests.put(session, ctx.workspace, one)
            _record(session, ctx, place, None, f"{rhythm_said(every)}, {subject.name}", user, now)

    undisturbed(put)
    return _planned(ctx, one)


def stop(ctx: Context, user: str, place: str, now: int) -> list[Regular]:
    """Let no digest come to a place any more; those that did."""

    def put() -> list[Regular]:
        with writing(ctx.engine) as session:
            gone = digests.drop(session, ctx.workspace, place)
            for one in gone:
                _record(session, ctx, place, rhythm_said(one.every), None, user, now)
            return gone

    return undisturbed(put)


def _record(
    session: Session, ctx: Context, place: str, was: str | None, became: str | None, by: str, now: int
) -> None:  # fmt: skip
    """Put a channel's change on the record; what somebody has sent to themselves is nobody's business."""
    channel = channel_of(place)
    if channel is not None:
        said.record(session, ctx.workspace, ("digests", channel), was, became, by, now, None)


def planned(ctx: Context) -> list[Planned]:
    """All that come regularly, in order of their places."""
    with reading(ctx.engine) as session:
        found = digests.every(session, ctx.workspace)
    return [_planned(ctx, one) for one in found]


def _planned(ctx: Context, one: Regular) -> Planned:
    try:
        subject = kept(ctx, one.about, channel_of(one.place))
    except NotKnown:
        return Planned(one, "", None, ctx.policy.calendar.timezone)
    at = instant_of(one.every, one.next_on, subject.calendar)
    return Planned(one, subject.name, at, subject.calendar.timezone, repos_of(subject))


def repos_of(subject: Subject) -> tuple[str, ...]:
    """The repositories that something is about; none where it is about all of them."""
    return tuple(subject.scope.repos or ()) or tuple(subject.scope.stream.repos)


def send_due(ctx: Context, now: int) -> int:
    """Put the digests whose time has come in the outbox; how many."""
    ctx = current(ctx)
    # Somewhere on earth it may be tomorrow already.
    tomorrow = datetime.fromtimestamp(now, UTC).date() + timedelta(days=1)
    with reading(ctx.engine) as session:
        coming = digests.until(session, ctx.workspace, tomorrow, now)
    return sum(_safely(ctx, one, now) for one in coming)


def _safely(ctx: Context, one: Regular, now: int) -> int:
    """One broken digest must not stop the others; it is tried again once its lease runs out."""
    try:
        return _send(ctx, one, now)
    except Exception:
        log.exception("digest.broken", place=one.place, about=one.about)
        return 0


def _send(ctx: Context, one: Regular, now: int) -> int:
    try:
        subject = kept(ctx, one.about, channel_of(one.place))
    except NotKnown as gone:
        return _end(ctx, one, str(gone), now)
    coming = due(one.every, one.next_on, subject.calendar, now)
    if coming is None or not _is_mine(ctx, one, now) or not _may_get(ctx, one, subject):
        return 0
    settle(ctx, now, 0, partial(_first, ctx, subject))
    edges = edges_of(one.every, coming, subject)
    shown = shown_of(_seen_there(ctx, one), subject, edges, one.outside, now, one.every, coming)
    if channel_of(one.place) is None:
        shown = shown._replace(nudges=nudges_for(ctx, one.by, now))
    return _put(ctx, one, coming, shown, now)


def _first(ctx: Context, subject: Subject, session: Session) -> set[ItemKey]:
    """What is to be folded in before a digest is put together; where it is about all work, all that was told by now."""
    repos = repos_of(subject)
    if not repos:
        return arrivals.items(session, ctx.workspace)
    return arrivals.of_repos(session, ctx.workspace, [(HOST, repo) for repo in repos])


def _may_get(ctx: Context, one: Regular, subject: Subject) -> bool:
    """Whether what somebody has sent to themselves is about something that they may see, as they did when they asked.

    Where not, it is looked at again when it is tried next: who asks is let in again some day, or nobody could say.
    """
    repos = repos_of(subject)
    if channel_of(one.place) is not None or not repos:
        return True
    return bool(named(_seen_there(ctx, one), repos))


def _seen_there(ctx: Context, one: Regular) -> Context:
    """With the eyes of whoever gets it; a channel gets what it is about, and whatever an administrator names."""
    channel = channel_of(one.place)
    if channel is None:
        return as_seen_by(ctx, one.place.removeprefix("@"))
    return ctx if looks_after_all(ctx, one.by) else as_seen_by(ctx, "", channel)


def _is_mine(ctx: Context, one: Regular, now: int) -> bool:
    """Whether this worker is the one to put it together; the promise that it is sent once does not hang on this."""
    with writing(ctx.engine) as session:
        return digests.lease(session, ctx.workspace, one, now)


def _put(ctx: Context, one: Regular, coming: Due, shown: Shown, now: int) -> int:
    about = {"shown": _SHOWN.dump_python(shown, mode="json"), "by": one.by}
    # The id is the promise: of one digest and local day there is one message.
    id_ = f"digest:{one.place}:{one.about}:{one.every.unit}:{coming.on}"
    draft = Draft(one.place, DIGEST, about=about, id=id_)

    def put() -> int:
        with writing(ctx.engine) as session:
            if not digests.move(session, ctx.workspace, one, coming.next_on, shown.told.outside):
                return 0
            return outbox.claim(session, ctx.workspace, [draft], now)

    return undisturbed(put)


def _end(ctx: Context, one: Regular, why: str, now: int) -> int:
    """What it is about is gone: it comes no more, and whoever asked for it is told."""
    draft = Draft(f"@{one.by}", DIGEST, about={"line": why}, id=f"digest:{one.place}:{one.about}:gone:{one.at}")

    def put() -> int:
        with writing(ctx.engine) as session:
            digests.drop_one(session, ctx.workspace, one)
            return outbox.claim(session, ctx.workspace, [draft], now)

    return undisturbed(put)


def kept_shown(about: object) -> Shown:
    """What `_put` kept."""
    return _SHOWN.validate_python(about)
