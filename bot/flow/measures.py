"""The measures of a value stream: how long items were in its stages, where they wait, go back and change hands.

Seconds are working time of the repository's team where nothing else is said. A stage's figures are of its visits that
ended in the period [since, until), a stream's of the items that were done in it; what is open is as it is now. What
there is nothing of is None, not 0; a percentile is the nearest rank, and its n stands beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from bot.flow.calendar import Calendar
from bot.flow.events import PULL_REQUEST, FlowEvent, ItemKey
from bot.flow.learning import SHARE, percentile
from bot.flow.stages import Journey, Visit, hand_offs, loops
from bot.flow.stream import Stage, Stream
from bot.flow.waits import Rules

Clock: TypeAlias = Callable[[str], Calendar]
"""The team calendar of a repository."""


class Times(NamedTuple):
    """How long something took: working seconds, and seconds as the calendar has them."""

    n: int
    median: int | None
    high: int | None
    """The 85th percentile."""
    calendar_median: int | None
    calendar_high: int | None
    total: int
    """Working seconds of all together."""


class Aged(NamedTuple):
    """An item in a stage now."""

    key: ItemKey
    since: int
    age: int
    """Working seconds."""
    calendar_age: int


class StageMeasure(NamedTuple):
    """A stage in the period, and now."""

    stage: str
    active: bool
    times: Times
    """Of the visits that ended in the period."""
    share: float | None
    """Of the working time of all stages' ended visits, 0 to 1."""
    targeted: int
    """Ended visits that had a target."""
    kept: int
    """Of those, the ones within it."""
    begun: int
    """Visits that began in the period; where clearly more begin than end, its queue grows."""
    open: tuple[Aged, ...]
    """Items in it now, the oldest first."""

    @property
    def attainment(self) -> float | None:
        """The share of visits within their target, 0 to 1; None where none had one."""
        return self.kept / self.targeted if self.targeted else None

    @property
    def growth(self) -> int:
        """By how many items its queue grew in the period."""
        return self.begun - self.times.n


class StreamMeasures(NamedTuple):
    """A value stream in the period [since, until), seen from `now`."""

    since: int
    until: int
    now: int
    stages: tuple[StageMeasure, ...]
    """In the order of the stream, without its finish line."""
    loops: Counter[tuple[str, str]]
    """How often items that were done or dropped in the period, or are under way, went back: (from, to) → n."""
    flow_time: Times
    """Of the items done in the period."""
    dropped: int
    in_progress: int
    """Items begun and neither done nor dropped now."""
    active_time: int
    """Working seconds that the items done in the period were in active stages, and in waiting ones."""
    waiting_time: int
    hand_offs: float | None
    """On average, of an item done in the period."""

    @property
    def done(self) -> int:
        return self.flow_time.n

    @property
    def flow_efficiency(self) -> float | None:
        """Active ÷ (active + waiting) time, sum over sum, 0 to 1; None where nothing was done, or in no time."""
        both = self.active_time + self.waiting_time
        return self.active_time / both if both else None

    @property
    def largest_wait(self) -> StageMeasure | None:
        """The waiting stage with the most working time; None where nothing waited."""
        waits = [stage for stage in self.stages if not stage.active and stage.times.total]
        return max(waits, key=lambda stage: stage.times.total, default=None)


def measure(
    stream: Stream, journeys: Iterable[Journey], clock: Clock, since: int, until: int, now: int
) -> StreamMeasures:
    """Measure a stream by its items' journeys; those of other maps count where they name a stage of this one.

    For one segment, hand in its journeys alone.
    """
    known, clock = list(journeys), cache(clock)
    span = range(since, until)
    visits = _by_stage(known)
    paths = {segment: stream.path(segment) for segment in {one.segment for one in known}}
    targets = {segment: _targets(path) for segment, path in paths.items()}
    stages = [_stage(stage, visits[stage.name], targets, clock, span, now) for stage in stream.stages[:-1]]
    whole = sum(stage.times.total for stage in stages)
    done = [one for one in known if one.done_at is not None and one.done_at in span]
    dropped = [one for one in known if one.dropped_at is not None and one.dropped_at in span]
    going = [one for one in known if one.now_in is not None]
    active, waiting = active_and_waiting(stream, done, clock)
    return StreamMeasures(
        since, until, now,
        tuple(stage._replace(share=stage.times.total / whole if whole else None) for stage in stages),
        loops(stream.stages, [*done, *dropped, *going]),
        _times([(clock(one.key[1]), one.began_at, one.done_at) for one in done if one.done_at is not None]),
        len(dropped), len(going), active, waiting,
        sum(hand_offs(paths[one.segment], one) for one in done) / len(done) if done else None,
    )  # fmt: skip


def _by_stage(journeys: Iterable[Journey]) -> Mapping[str, Sequence[tuple[Journey, Visit]]]:
    found: dict[str, list[tuple[Journey, Visit]]] = defaultdict(list)
    for one in journeys:
        for visit in one.visits:
            found[visit.stage].append((one, visit))
    return found


def _targets(path: Iterable[Stage]) -> Mapping[str, int]:
    return {stage.name: stage.target for stage in path if stage.target is not None}


def _stage(
    stage: Stage, visits: Iterable[tuple[Journey, Visit]], targets: Mapping[str | None, Mapping[str, int]],
    clock: Clock, span: range, now: int,
) -> StageMeasure:  # fmt: skip
    ended, begun, targeted, kept = [], 0, 0, 0
    aged: list[Aged] = []
    for one, visit in visits:
        calendar = clock(one.key[1])
        begun += visit.since in span
        if visit.until is None and visit.since <= now:
            aged.append(Aged(one.key, visit.since, calendar.working(visit.since, now), now - visit.since))
        if visit.until is None or visit.until not in span:
            continue
        ended.append((calendar, visit.since, visit.until))
        target = targets[one.segment].get(stage.name)
        if target is not None:
            targeted += 1
            kept += calendar.working(visit.since, visit.until) <= target
    oldest = sorted(aged, key=lambda item: (item.since, item.key))
    return StageMeasure(stage.name, stage.active, _times(ended), None, targeted, kept, begun, tuple(oldest))


def _times(spans: Sequence[tuple[Calendar, int, int]]) -> Times:
    return times_of(
        [calendar.working(since, until) for calendar, since, until in spans],
        [until - since for _, since, until in spans],
    )


def times_of(working: Sequence[int], passed: Sequence[int]) -> Times:
    """How long things took that took so many working seconds, and so many by the calendar."""
    return Times(
        len(working), percentile(working, 50), percentile(working, SHARE), percentile(passed, 50),
        percentile(passed, SHARE), sum(working),
    )  # fmt: skip


def active_and_waiting(stream: Stream, done: Iterable[Journey], clock: Clock) -> tuple[int, int]:
    """Working seconds in active and in waiting stages; the finish line is neither."""
    active = {stage.name: stage.active for stage in stream.stages[:-1]}
    spent = {True: 0, False: 0}
    for one in done:
        for visit in one.visits:
            if visit.until is not None and visit.stage in active:
                spent[active[visit.stage]] += clock(one.key[1]).working(visit.since, visit.until)
    return spent[True], spent[False]


class Begun(NamedTuple):
    """What somebody has begun: the items in active stages that lie with them now, by key."""

    login: str
    items: tuple[ItemKey, ...]


def begun(
    stream: Stream, journeys: Iterable[Journey], holders: Callable[[ItemKey], Collection[str]]
) -> tuple[Begun, ...]:
    """Who has begun what, by login: nobody is ranked. `holders(key)` says with whom an item lies, as `held_by` does."""
    active = {stage.name for stage in stream.stages[:-1] if stage.active}
    found: dict[str, list[ItemKey]] = defaultdict(list)
    for one in journeys:
        if one.now_in in active:
            for login in holders(one.key):
                found[login].append(one.key)
    return tuple(Begun(login, tuple(sorted(items))) for login, items in sorted(found.items()))


def held_by(histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Rules) -> frozenset[str]:
    """With whom a flow item lies: whoever it, or what closes it, is assigned to, else the authors of its open pull
    requests. Bots hold nothing."""
    assigned: set[str] = set()
    authors: set[str] = set()
    bots: set[str] = set()
    for told in histories.values():
        history = sorted(told)
        bots |= {event.actor for event in history if event.actor is not None and event.actor_type == "Bot"}
        assigned |= _assignees(history)
        authors |= _authors(history)
    people = {login for login in assigned if not _is_bot(login, bots, rules)}
    return frozenset(people or {login for login in authors if not _is_bot(login, bots, rules)})


def _assignees(history: Iterable[FlowEvent]) -> set[str]:
    found: set[str] = set()
    for event in history:
        login = event.data.get("assignee")
        if event.kind in ("assigned", "unassigned") and isinstance(login, str):
            change = found.add if event.kind == "assigned" else found.discard
            change(login)
    return found


def _authors(history: Iterable[FlowEvent]) -> set[str]:
    """Who opened it, if it is a pull request that is open."""
    author, live = None, False
    for event in history:
        if event.kind == "opened" and event.data.get("type") == PULL_REQUEST:
            author, live = event.actor, True
        elif event.kind in ("closed", "merged", "reopened"):
            live = event.kind == "reopened"
    return {author} if author is not None and live else set()


def _is_bot(login: str, bots: Collection[str], rules: Rules) -> bool:
    return login in bots or rules.named_like_a_bot(login)
