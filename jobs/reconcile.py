"""Reads what the code host shows and appends what the log lacks: missed deliveries, and histories from before us."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot import intake
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.hosts.github.errors import Denied, Gone, HostError, Unreachable
from bot.hosts.github.history import Page, read_repo
from bot.hosts.github.missing import missing_events
from bot.said import current
from bot.store import checks, events, readings
from bot.store.engine import reading, writing
from bot.store.readings import Place

log = structlog.get_logger()

HOST = "github"
OLDEST = 90 * 86_400
"""How far back a first reading goes for what is no longer open, in seconds."""
OVERLAP = 120
"""Seconds read twice, for what the host shows late."""


@dataclass
class Reconciled:
    """What a run came to: repositories read to the end, new events, and what it cost."""

    repos: int = 0
    events: int = 0
    calls: int = 0
    points: int = 0


def run(ctx: Context, now: int, fresh: int = 0) -> Reconciled:
    """Read every followed repository, but those read within the last `fresh` seconds (another process did)."""
    done, ctx = Reconciled(), current(ctx)
    if ctx.github is None:
        return done
    for place in _places(ctx):
        if ctx.stopping.is_set():
            break
        if place.cursor is None and place.read_until is not None and now - place.read_until < fresh:
            continue
        with structlog.contextvars.bound_contextvars(repo=place.repo):
            if not _read_or_say_why(ctx, place, now, done):
                break
    return done


def _places(ctx: Context) -> list[Place]:
    with writing(ctx.engine) as session:
        return readings.places(session, ctx.workspace, HOST, ctx.policy.file.repos)


def _read_or_say_why(ctx: Context, place: Place, now: int, done: Reconciled) -> bool:
    """Read one repository; False where the others need not be tried now."""
    try:
        _read(ctx, place, now, done)
    except Unreachable as trouble:
        log.warning("host not reachable", why=str(trouble), retry_after=trouble.retry_after)
        return trouble.retry_after is None
    except (Denied, Gone) as trouble:
        _note(ctx, place, str(trouble))
    except HostError as trouble:
        log.warning("reading given up", why=str(trouble))
    return True


def _note(ctx: Context, place: Place, problem: str) -> None:
    """Write down why a repository can't be read; said once as long as it stays the same."""
    if problem == place.problem:
        return
    log.error("repository not readable", why=problem)
    with writing(ctx.engine) as session:
        readings.trouble(session, ctx.workspace, HOST, place.repo, problem)


def _read(ctx: Context, place: Place, now: int, done: Reconciled) -> None:
    since = None if place.read_until is None else place.read_until - OVERLAP
    for page in read_repo(ctx.github, place.repo, since, place.cursor, oldest=now - OLDEST):
        missing = _missing(ctx, place.repo, page, now)
        if missing:
            done.events += intake.take(ctx, missing, now, live=not place.first).new
        done.calls, done.points = done.calls + page.calls, done.points + page.points
        if page.unreadable:
            log.warning("items not readable", items=page.unreadable)
        _keep(ctx, place, page, now)
        if ctx.stopping.is_set():
            return
    done.repos += 1


def _missing(ctx: Context, repo: str, page: Page, now: int) -> list[FlowEvent]:
    intake.settle(ctx, now)
    keys = [(HOST, repo, item) for item in page.items]
    with reading(ctx.engine) as session:
        known = events.of_items(session, ctx.workspace, keys)
    return [
        event
        for shown in page.snapshots
        for event in missing_events(known.get((HOST, repo, shown.item), []), shown, now)
    ]


def _keep(ctx: Context, place: Place, page: Page, now: int) -> None:
    """Keep how far the reading came, and what it learnt about which checks are required."""
    required, optional = ctx.github.checks_of(place.repo)
    with writing(ctx.engine) as session:
        checks.learn(session, ctx.workspace, HOST, place.repo, required=required, optional=optional)
        if page.done:
            began = int(page.cursor["began"])
            readings.finish(session, ctx.workspace, HOST, place.repo, began=began, now=now, first=place.first)
        else:
            readings.go_on(session, ctx.workspace, HOST, place.repo, page.cursor)
