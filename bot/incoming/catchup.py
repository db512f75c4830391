"""A repository's history, brought from its host into the log page by page: by whoever reads it, for whatever reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from bot import intake
from bot.context import Context
from bot.flow.events import ISSUE, FlowEvent, ItemKey
from bot.hosts.github.errors import Gone, HostError
from bot.hosts.github.history import Page, Releases, gone_issues, read_repo
from bot.hosts.github.missing import left, missing_events, unknown_links
from bot.hosts.github.renamed import renamed
from bot.hosts.github.shipping import release_events
from bot.people.renaming import take_note
from bot.said import current
from bot.store import arrivals, checks, events, past, readings
from bot.store.engine import reading, writing
from bot.store.readings import Place, renamed_to

log = structlog.get_logger()

HOST = "github"
OLDEST = 90 * 86_400
"""How far back a first reading goes for what is no longer open, in seconds."""
OVERLAP = 120
"""Seconds read twice, for what the host shows late."""


@dataclass
class Tally:
    """What a run came to: repositories read to the end, new events, and what it cost."""

    repos: int = 0
    events: int = 0
    calls: int = 0
    points: int = 0

    def add(self, step: Step) -> None:
        """Count a page."""
        self.events += step.events
        self.calls += step.calls
        self.points += step.points

    def take_in(self, other: Tally) -> None:
        """Count what another run came to."""
        self.repos += other.repos
        self.events += other.events
        self.calls += other.calls
        self.points += other.points


class Step(NamedTuple):
    """A page that was read and kept: items, new events, and what it cost."""

    items: int
    events: int
    calls: int
    points: int
    done: bool
    """Whether it was the reading's last."""


def read(ctx: Context, place: Place, now: int) -> Iterator[Step]:
    """Read on from a place, keeping each page before it is told of. Raises HostError.

    One that goes by another name by now is read under that one, and all that was known of it goes along.
    """
    new = yield from _read(ctx, place, now)
    if new is None or place.problem == renamed_to(new):
        return
    place = _renamed(ctx, place.repo, new, now)
    again = yield from _read(current(ctx), place, now)
    if again is not None:
        raise HostError(f"GitHub tells more than one name of {place.repo}")


def _read(ctx: Context, place: Place, now: int) -> Generator[Step, None, str | None]:
    """The same; what it is called, where that is something else: then nothing was kept."""
    since = None if place.read_until is None else place.read_until - OVERLAP
    for page in read_repo(ctx.github, place.repo, since, place.cursor, oldest=now - OLDEST):
        if page.name not in (None, place.repo):
            return page.name
        missing = _missing(ctx, place.repo, page, now)
        new = intake.take(ctx, missing, now, live=not place.first).new if missing else 0
        if page.open_issues is not None:
            new += _gone(ctx, place, page.open_issues, now)
        if page.done and page.releases is not None:
            new += _released(ctx, place, page.releases, now)
        if page.unreadable:
            log.warning("items not readable", items=page.unreadable)
        _keep(ctx, place, page, now)
        yield Step(len(page.items), new, page.calls, page.points, page.done)
    return None


def _renamed(ctx: Context, old: str, new: str, now: int) -> Place:
    """Where reading goes on under the new name, once all is known by that."""
    if not ctx.policy.may_follow(new):
        raise Gone(f"{old} went to an owner whose repositories are not followed here")
    log.info("repository renamed", new=new)
    intake.rename(ctx, HOST, old, new, now)
    with writing(ctx.engine) as session:
        if old in current(ctx).policy.file.repos:
            readings.leave(session, ctx.workspace, HOST, old, new)
        (place,) = (one for one in readings.places(session, ctx.workspace, HOST, [new]) if one.repo == new)
    return place


def _missing(ctx: Context, repo: str, page: Page, now: int) -> list[FlowEvent]:
    links = [link for shown in page.snapshots for link in shown.links]
    keys = {*((HOST, repo, item) for item in page.items), *(link.key for link in links)}
    intake.settle(ctx, now, 0, partial(_first, ctx, repo, keys))
    known = _known(ctx, keys)
    found = renamed(known, page.snapshots, now)
    if found:
        take_note(ctx, found, now)
        intake.settle(ctx, now, 0, partial(_first, ctx, repo, keys))
        known = _known(ctx, keys)
    missing = [
        event
        for shown in page.snapshots
        for event in missing_events(known.get((HOST, repo, shown.item), []), shown, now)
    ]
    return missing + _unknown_links(known, missing, links)


def _known(ctx: Context, keys: set[ItemKey]) -> dict[ItemKey, list[FlowEvent]]:
    with reading(ctx.engine) as session:
        return events.of_items(session, ctx.workspace, keys)


def _first(ctx: Context, repo: str, keys: set[ItemKey], session: Session) -> set[ItemKey]:
    """What is to be folded in before a page of a repository can be compared with the log."""
    in_repo = arrivals.of_repos(session, ctx.workspace, [(HOST, repo)])
    return in_repo | arrivals.among(session, ctx.workspace, keys)


def _unknown_links(
    known: dict[ItemKey, list[FlowEvent]], missing: Iterable[FlowEvent], links: Iterable[FlowEvent]
) -> list[FlowEvent]:
    """What issues tell of the pull requests that close them, beside what is known or just learnt of those."""
    by_pull: dict[ItemKey, list[FlowEvent]] = defaultdict(list)
    for link in links:
        by_pull[link.key].append(link)
    learnt: dict[ItemKey, list[FlowEvent]] = defaultdict(list)
    for event in missing:
        learnt[event.key].append(event)
    return [
        link for key, of_pull in by_pull.items() for link in unknown_links([*known.get(key, ()), *learnt[key]], of_pull)
    ]


def _released(ctx: Context, place: Place, shown: Releases, now: int) -> int:
    """Keep which merges the host's releases are of; how many events that made."""
    if not shown.found:
        return 0
    with reading(ctx.engine) as session:
        known = events.outcomes(session, ctx.workspace, HOST, place.repo)
    told = release_events(shown.found, shown.base, [one for one in known if _in(one, shown)])
    return intake.take(ctx, told, now, live=not place.first).new if told else 0


def _gone(ctx: Context, place: Place, open_issues: int, now: int) -> int:
    """Close issues that were deleted or moved away unheard of: where the log has more open ones than the host."""
    with reading(ctx.engine) as session:
        live = past.live_items(session, ctx.workspace, HOST, place.repo, ISSUE)
    if len(live) <= open_issues:
        return 0
    gone = gone_issues(ctx.github, place.repo, [item for _, _, item in live])
    return intake.take(ctx, [left(place.repo, item, now) for item in gone], now, live=True).new if gone else 0


def _in(outcome: FlowEvent, shown: Releases) -> bool:
    return outcome.kind != "merged" or outcome.at > shown.since


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
