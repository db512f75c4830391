"""Value streams saved as new versions, and measured by them from the event log, in portions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.stream import Stream
from bot.flow.stream_changes import differences
from bot.incoming.kept_waits import Terms
from bot.people.sight import named
from bot.said import current
from bot.store import items, said, settings, waits
from bot.store import journeys as kept
from bot.store import streams as saved
from bot.store.engine import looking, reading, undisturbed, writing
from bot.streams.file import fitting, from_yaml, to_yaml
from bot.streams.journeys import (
    STANDARD_KEY,
    STANDARD_VERSION,
    STANDARD_WAY,
    Mapped,
    all_mapped,
    course_of,
    fold,
    kinds_of,
)

PORTION = 200
"""Items measured in one transaction."""
AT_ONCE = 10
"""Portions that are measured while somebody waits; a worker goes on with the rest."""
MOST_WHY = 1_000


class Outdated(ValueError):
    """Somebody saved the stream meanwhile; one line for whoever wanted to."""


class Saved(NamedTuple):
    """A stream as it was saved."""

    stream: Stream
    version: int
    changes: list[str]
    """What is another than before, in words; empty where nothing is, and then nothing was saved."""
    other_way: bool = False
    """Whether items go through it another way than before."""


def stream_named(ctx: Context, name: str) -> tuple[saved.Kept, Stream] | None:
    """A stream by its name, whatever its case; None where there is none."""
    with reading(ctx.engine) as session:
        held = saved.named(session, ctx.workspace, name)
    return None if held is None else (held, from_yaml(held.text))


def all_streams(ctx: Context) -> list[tuple[saved.Kept, Stream]]:
    """All streams that may be shown, in order of their names: through some repository whose name may be."""
    with reading(ctx.engine) as session:
        every = [(held, from_yaml(held.text)) for held in saved.every(session, ctx.workspace)]
    shown = named(ctx, {repo for _, stream in every for repo in stream.repos})
    return [one for one in every if not one[1].repos or shown.intersection(one[1].repos)]


def save(
    ctx: Context, user: str, stream: Stream, now: int, *, of: str | None = None, over: int | None = None,
    why: str | None = None,
) -> Saved:  # fmt: skip
    """Save a stream as the next version of the one called `of` (its own name, where that is left out), or as a new one.

    `over` is the version that was changed, 0 for a new stream: Outdated is raised where another holds by now (None: any
    may). `why` says what changed, where the differences do not. Raises BadStream. Some items are measured at once.
    """
    stream = fitting(stream)
    done = undisturbed(lambda: _save(ctx, user, stream, now, of or stream.name, over, why))
    if done.changes:
        measure(ctx, AT_ONCE)
    return done


def _save(
    ctx: Context, user: str, stream: Stream, now: int, name: str, over: int | None, why: str | None
) -> Saved:  # fmt: skip
    try:
        with writing(ctx.engine) as session:
            said.alone(session, ctx.workspace)
            held = saved.named(session, ctx.workspace, name)
            if over is not None and over != (held.version if held else 0):
                raise Outdated(_outdated(name, held))
            if held is None:
                saved.begin(session, ctx.workspace, stream.name, to_yaml(stream), user, now, why or "mapped")
                _agreed_anew(session, ctx.workspace, stream.repos, now)
                return Saved(stream, 1, [why or "mapped"])
            changes = differences(from_yaml(held.text), stream)
            if not changes:
                return Saved(stream, held.version, [])
            told = why or "; ".join(changes)
            number = saved.follow(
                session, ctx.workspace, held, stream.name, to_yaml(stream), user, now, told[:MOST_WHY]
            )
            said.rename_stream(session, ctx.workspace, held.name, stream.name)
            _agreed_anew(session, ctx.workspace, {*stream.repos, *from_yaml(held.text).repos}, now)
    except IntegrityError:
        raise Outdated(f"There is a stream called “{stream.name}” already.") from None
    if number is None:
        raise Outdated(_outdated(name, held))
    return Saved(stream, number, changes, course_of(stream) != course_of(from_yaml(held.text)))


def _agreed_anew(session: Session, workspace: str, repos: Iterable[str], now: int) -> None:
    """Have everybody take notice of what a map agrees on, and look at the ladders of these repositories anew."""
    said.revise(session, workspace)
    waits.look_again(session, workspace, now, repos=repos)


def _outdated(name: str, held: saved.Kept | None) -> str:
    if held is None:
        return f"There is no stream called “{name}” any more."
    return f"Somebody saved version {held.version} of “{held.name}” meanwhile. Please look at it, and change that one."


def measure_again(ctx: Context, user: str, name: str, now: int) -> bool:
    """Have all items of a stream measured by the version that holds, also those that are done; whether there is one."""

    def work() -> bool:
        with writing(ctx.engine) as session:
            held = saved.named(session, ctx.workspace, name)
            if held is not None:
                saved.apply_to_all(session, ctx.workspace, held, user, now)
            return held is not None

    found = undisturbed(work)
    measure(ctx, AT_ONCE)
    return found


def measure(ctx: Context, most: int | None = None, portion: int = PORTION) -> int:
    """Go on with measuring what new versions ask for, `most` portions of items at most; how many were measured.

    Any number of processes may do so at once; one that is stopped is gone on with.
    """
    with reading(ctx.engine) as session:
        if not saved.is_measuring(session, ctx.workspace):
            return 0
    measured = portions = 0
    while (most is None or portions < most) and not ctx.stopping.is_set():
        done = undisturbed(lambda: _measure_some(ctx, portion))
        if done is None:
            break
        measured, portions = measured + done, portions + 1
    return measured


def measure_standard(ctx: Context, portion: int = PORTION) -> int:
    """Measure by the standard stream what was there before it was kept, once; how many items were.

    Any number of processes may do so at once; one that is stopped is gone on with.
    """
    measured = 0
    while not ctx.stopping.is_set():
        done = undisturbed(lambda: _standard_some(ctx, portion))
        if done is None:
            break
        measured += done
    return measured


def _standard_some(ctx: Context, portion: int) -> int | None:
    terms = Terms(ctx.workspace, current(ctx).policy, ctx.clock.now(), live=False)
    with looking(ctx.engine) as session:
        if settings.get(session, ctx.workspace, STANDARD_KEY) == STANDARD_VERSION:
            return None
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        told = settings.get(session, ctx.workspace, STANDARD_KEY)
        if told == STANDARD_VERSION:
            return None
        keys = kept.keys_after(session, ctx.workspace, None, tuple(told) if told else saved.BEGINNING, portion)
        items.lock(session, ctx.workspace, keys)
        fold(session, terms, [STANDARD_WAY], keys, {})
        settings.put(session, ctx.workspace, STANDARD_KEY, keys[-1] if len(keys) == portion else STANDARD_VERSION)
    return len(keys)


def _measure_some(ctx: Context, portion: int) -> int | None:
    """Measure the next items of a stream; how many, or None where no stream waits for it."""
    terms = Terms(ctx.workspace, current(ctx).policy, ctx.clock.now(), live=False)
    with writing(ctx.engine) as session:
        held = saved.to_measure(session, ctx.workspace)
        if held is None or held.cursor is None:
            return None
        (stream,) = (one for one in all_mapped(session, ctx.workspace) if one.key == held.key)
        keys = kept.keys_after(session, ctx.workspace, _repos(stream), held.cursor, portion)
        wanted = {*keys, *_elsewhere(stream, kept.closed_by(session, ctx.workspace, keys))}
        items.lock(session, ctx.workspace, wanted)
        fold(session, terms, [stream], wanted, {}, kinds_of([stream]))
        saved.measured_to(session, ctx.workspace, held, keys[-1] if len(keys) == portion else None)
    return len(keys)


def _repos(stream: Mapped) -> set[str]:
    return {repo for version in stream.versions for repo in version.repos or ()}


def _elsewhere(stream: Mapped, links: kept.Links) -> set[ItemKey]:
    """Issues of repositories that the stream does not go through, closed by what is in those it does."""
    inside = _repos(stream)
    return {issue for issues in links.values() for issue in issues if issue[1].casefold() not in inside}
