"""Journeys through value streams, kept in step with the event log: folded from it, only what differs is written.

An item that was over when a version of a stream took another's place keeps the times of the earlier one; all others
are measured by the newest. That hangs on events and versions alone, so it can be made again at will.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from bot.flow.events import CLAIMED, HANDED_OVER, PICKED, FlowEvent, ItemKey
from bot.flow.stage_waits import is_held, stage_waits
from bot.flow.stages import Journey, closes, journey, needs_waits
from bot.flow.standard import STANDARD
from bot.flow.stream import Stream
from bot.flow.waits import Rules, Wait
from bot.incoming.kept_waits import Terms, write_stage_waits
from bot.store import events, items
from bot.store import journeys as kept
from bot.store import streams as saved
from bot.store.journeys import Links, Measured, Place
from bot.streams.file import from_yaml, to_yaml

LINKING = ("linked", "unlinked")
TELLING = (
    "opened", "closed", "merged", "reopened", "converted_to_draft", "ready_for_review", "labeled", "unlabeled",
    "assigned", CLAIMED, PICKED, HANDED_OVER, "status_changed", "deployed", "released", *LINKING,
)  # fmt: skip
"""The kinds of events that journeys hang on where no turns do."""
MOST_PARSED = 500
Histories: TypeAlias = Mapping[ItemKey, Sequence[FlowEvent]]
RulesOf: TypeAlias = Callable[[str], Rules]
STANDARD_KEY = "standard"
"""The key of the stream that goes through every repository, mapped or not; its journeys are kept like all others."""


class Version(NamedTuple):
    """A version of a stream: what it says, and from which instant on items may end under it."""

    number: int
    applies_from: int
    stream: Stream
    repos: frozenset[str] | None
    """In lower case; None for all there are."""
    course: tuple[Any, ...]
    """As `course_of` tells it."""


class Mapped(NamedTuple):
    """A stream's versions that any item is measured by, oldest first."""

    key: str
    versions: tuple[Version, ...]


_parsed: dict[str, Stream] = {}
"""Streams by their texts' digests, which never mean another."""


def all_mapped(session: Session, workspace: str) -> list[Mapped]:
    """All streams, as items are measured by them."""
    found: dict[str, list[saved.Head]] = {}
    for head in saved.heads(session, workspace):
        newer = found.setdefault(head.stream, [])
        if not newer or newer[-1].applies_from:
            newer.append(head)
    parsed = _streams(session, workspace, {head.digest for some in found.values() for head in some})
    return [
        Mapped(key, tuple(_version(head, parsed[head.digest]) for head in reversed(some)))
        for key, some in found.items()
    ]


def _version(head: saved.Head, stream: Stream) -> Version:
    repos = frozenset(repo.casefold() for repo in stream.repos)
    return Version(head.number, head.applies_from, stream, repos, course_of(stream))


def course_of(stream: Stream) -> tuple[Any, ...]:
    """All of a stream that makes an item's journey; two that share it measure alike."""
    stages = tuple((stage.name, stage.segment, stage.signals) for stage in stream.stages)
    return (stages, stream.segments, tuple(sorted(repo.casefold() for repo in stream.repos)))


def _streams(session: Session, workspace: str, digests: Collection[str]) -> Mapping[str, Stream]:
    if len(_parsed) > MOST_PARSED:
        _parsed.clear()
    known = dict(_parsed)
    texts = saved.texts(session, workspace, [digest for digest in digests if digest not in known])
    news = {digest: from_yaml(text) for digest, text in texts.items()}
    _parsed.update(news)
    return known | news


STANDARD_VERSION = 1
"""Counts up whenever the standard stream changes: all items are measured by it again then."""
STANDARD_WAY = Mapped(STANDARD_KEY, (Version(STANDARD_VERSION, 0, STANDARD, None, course_of(STANDARD)),))


def kinds_of(streams: Iterable[Mapped]) -> Collection[str] | None:
    """The kinds of events that tell anything in streams; None where any may."""
    maps = [version.stream for one in streams for version in one.versions]
    turns = any(needs_waits(one) or any(map(is_held, one.stages)) for one in maps)
    return None if turns else TELLING


def keep(session: Session, terms: Terms, histories: Histories) -> None:
    """Bring links, journeys and stage waits in step with these items' histories; the items are locked already."""
    workspace = terms.workspace
    # A history just read may have lost links; of one that is live the events tell.
    issues = _keep_links(session, workspace, histories, thorough=not terms.live)
    streams = [STANDARD_WAY, *all_mapped(session, workspace)]
    closers = kept.closing(session, workspace, histories)
    others = issues | kept.among(session, workspace, {key for some in closers.values() for key in some})
    others -= histories.keys()
    items.lock(session, workspace, others)
    fold(session, terms, streams, {*histories, *others}, histories)


def _keep_links(session: Session, workspace: str, histories: Histories, *, thorough: bool) -> set[ItemKey]:
    """Write what the items close; the issues that they close by now, or closed before."""
    telling = [key for key, told in histories.items() if thorough or any(one.kind in LINKING for one in told)]
    if not telling:
        return set()
    was = kept.closed_by(session, workspace, telling)
    told = {key: set(closes(histories[key])) for key in telling}
    kept.set_links(session, workspace, was, told)
    return {issue for some in (was, told) for issues in some.values() for issue in issues}


def fold(
    session: Session,
    terms: Terms,
    streams: Sequence[Mapped],
    keys: Collection[ItemKey],
    histories: Histories,
    kinds: Collection[str] | None = None,
) -> None:
    """Fold these items, which are locked, through streams; `histories` are those that were read already.

    `kinds` are those of events that tell anything in these streams, where not all do.
    """
    workspace, rules = terms.workspace, terms.policy.rules
    wholes, parts = kept.closed_by(session, workspace, keys), kept.closing(session, workspace, keys)
    needed = {*keys, *_linked(wholes), *_linked(parts)} - histories.keys()
    read = {**histories, **events.of_items(session, workspace, needed, kinds)}
    known = {key: told for key, told in read.items() if any(event.kind == "opened" for event in told)}
    made: dict[Place, Measured] = {}
    waiting: dict[ItemKey, list[Wait]] = {}
    for key in keys:
        if key not in known or any(issue in known for issue in wholes.get(key, ())):
            continue  # nothing was told of it, or it is a part of those
        own = {part: known[part] for part in (key, *sorted(parts.get(key, ()))) if part in known}
        for stream in streams:
            found = _measured(stream, key, own, rules)
            if found is not None:
                made[stream.key, key] = found
                waiting.setdefault(key, []).extend(_stage_waits(stream, found, own, rules))
    named = {stream.key for stream in streams}
    _write(session, workspace, named, keys, made)
    write_stage_waits(session, terms, keys, waiting, named)


def _stage_waits(stream: Mapped, one: Measured, own: Histories, rules: RulesOf) -> list[Wait]:
    if stream.key == STANDARD_KEY:
        return []
    version = next(version for version in stream.versions if version.number == one.version)
    return [wait._replace(stream=stream.key) for wait in stage_waits(version.stream, one.journey, own, rules)]


def _linked(links: Links) -> Iterable[ItemKey]:
    return (key for some in links.values() for key in some)


def _write(
    session: Session,
    workspace: str,
    streams: Collection[str],
    keys: Collection[ItemKey],
    made: Mapping[Place, Measured],
) -> None:
    """Write journeys where they differ from what is written; of other streams nothing."""
    stored = kept.digests(session, workspace, keys)
    now = {place: kept.digest_of(one) for place, one in made.items()}
    gone = [place for place, digest in stored.items() if place[0] in streams and now.get(place) != digest]
    kept.replace(
        session, workspace, gone, [(now[place], one) for place, one in made.items() if stored.get(place) != now[place]]
    )


def _measured(stream: Mapped, key: ItemKey, own: Histories, rules: RulesOf) -> Measured | None:
    """An item's journey by the version of its day: the first under which it was over before the next one came."""
    folded: dict[tuple[Any, ...], Journey | None] = {}
    repos = {part[1].casefold() for part in own}
    found = None
    for version, following in zip(stream.versions, [*stream.versions[1:], None], strict=True):
        if version.course not in folded:
            through = version.repos is None or not version.repos.isdisjoint(repos)
            folded[version.course] = journey(key, own, version.stream, rules) if through else None
        found = folded[version.course]
        if found is not None and following is not None and _over_before(found, following.applies_from):
            return Measured(stream.key, version.number, found)
    return None if found is None else Measured(stream.key, stream.versions[-1].number, found)


def _over_before(one: Journey, instant: int) -> bool:
    end = one.done_at if one.done_at is not None else one.dropped_at
    return end is not None and end < instant


def repo_renamed(session: Session, workspace: str, host: str, old: str, new: str) -> None:
    """Let streams go through a repository by its new name; what was made of its items is to be made again."""
    kept.forget_repo(session, workspace, host, old)
    folded = old.casefold()
    for one in saved.every(session, workspace):
        for version in saved.versions(session, workspace, one.key):
            stream = from_yaml(version.text)
            if folded in {repo.casefold() for repo in stream.repos}:
                others = [new if repo.casefold() == folded else repo for repo in stream.repos]
                text = to_yaml(stream._replace(repos=tuple(dict.fromkeys(others))))
                saved.rewrite(session, workspace, one.key, version.number, text)
