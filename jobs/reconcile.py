"""Reads what the code host shows and appends what the log lacks: missed deliveries, and histories from before us.

Before that, what deliveries told without naming its items is placed.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from bot.context import Context
from bot.hosts.github.errors import Denied, Gone, HostError, NotInstalled, Suspended, Unreachable
from bot.incoming import placing
from bot.incoming.catchup import HOST, Tally, read
from bot.said import current
from bot.store import connections, readings
from bot.store.engine import writing
from bot.store.readings import Place
from bot.store.repos import GONE, GONE_INDEED, LOST, SUSPENDED

log = structlog.get_logger()


def run(ctx: Context, now: int, fresh: int = 0) -> Tally:
    """Read every followed repository, but those read within the last `fresh` seconds (another process did)."""
    done = Tally()
    for one in one_by_one(ctx, now, fresh):
        done.take_in(one)
    return done


def one_by_one(ctx: Context, now: int, fresh: int = 0) -> Iterator[Tally]:
    """The same; what each repository came to."""
    ctx = current(ctx)
    yield Tally(events=placing.place(ctx, now))
    for place in _places(ctx) if ctx.github is not None else ():
        if ctx.stopping.is_set():
            break
        if _was_read(place, now, fresh):
            continue
        done = Tally()
        with structlog.contextvars.bound_contextvars(repo=place.repo):
            goes_on = _read_or_say_why(ctx, place, now, done)
        yield done
        if not goes_on:
            break


def _was_read(place: Place, now: int, fresh: int) -> bool:
    """Whether it was read to the end lately, and nobody told that it is gone, or suspended."""
    was_read = place.cursor is None and place.read_until is not None and now - place.read_until < fresh
    return was_read and place.problem not in (GONE, SUSPENDED)


def _places(ctx: Context) -> list[Place]:
    """Those that are followed, but for those that are being connected: they are read by a job of their own."""
    named = [repo for repo in ctx.policy.file.repos if ctx.policy.follows(repo)]
    with writing(ctx.engine) as session:
        readings.forget_names(session, ctx.workspace, HOST, named)
        others = connections.being_read(session, ctx.workspace, HOST)
        places = readings.places(session, ctx.workspace, HOST, named)
    return [place for place in places if place.repo not in others and ctx.policy.follows(place.repo)]


def _read_or_say_why(ctx: Context, place: Place, now: int, done: Tally) -> bool:
    """Read one repository; False where the others need not be tried now."""
    try:
        _read(ctx, place, now, done)
    except Unreachable as trouble:
        log.warning("host not reachable", why=str(trouble), retry_after=trouble.retry_after)
        return trouble.retry_after is None
    except (Denied, Gone) as trouble:
        _note(ctx, place, _problem(place, trouble))
    except HostError as trouble:
        log.warning("reading given up", why=str(trouble))
    return True


def _problem(place: Place, trouble: Denied | Gone) -> str:
    """What is wrong with a repository. Once it is lost, no other refusal says that it is back.

    One that was never shown is no loss: its deliveries may come all the same.
    """
    lost = place.problem in LOST
    if isinstance(trouble, Suspended):
        return SUSPENDED
    if isinstance(trouble, Gone):
        return GONE_INDEED if lost or place.was_shown else str(trouble)
    if lost:
        return str(place.problem)
    return GONE_INDEED if isinstance(trouble, NotInstalled) and place.was_shown else str(trouble)


def _note(ctx: Context, place: Place, problem: str) -> None:
    """Write down why a repository can't be read; said once as long as it stays the same."""
    if problem == place.problem:
        return
    log.error("repository not readable", why=problem)
    with writing(ctx.engine) as session:
        readings.trouble(session, ctx.workspace, HOST, place.repo, problem)


def _read(ctx: Context, place: Place, now: int, done: Tally) -> None:
    for step in read(ctx, place, now):
        done.add(step)
        if ctx.stopping.is_set():
            return
    done.repos += 1
