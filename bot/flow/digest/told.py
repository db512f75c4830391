"""What a digest says: the figures of a period beside those of the periods before it, and what is to be made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.flow.digest.noise import Change, change
from bot.flow.events import ItemKey
from bot.flow.measures import Aged
from bot.flow.metrics import FlowFigures, Waited
from bot.flow.mix import WEEKS, WITHIN, Band, Bands, Drift, Outside, drift
from bot.flow.work import TYPES, UNCLASSIFIED

VELOCITY, FLOW_TIME, EFFICIENCY, LOAD, PREDICTABILITY = "velocity", "flow_time", "efficiency", "load", "predictability"
FIGURES = (VELOCITY, FLOW_TIME, EFFICIENCY, LOAD, PREDICTABILITY)
CHECK, IMPROVED, ON_TRACK, EARLY = "check", "improved", "on_track", "early"
_LATELY = WEEKS * 7 * 86_400
"""How long before its period a mix is compared with, in seconds."""
OLDEST = 3
_GRAIN: Mapping[str, float] = {VELOCITY: 1, FLOW_TIME: 900, EFFICIENCY: 0.02, LOAD: 1, PREDICTABILITY: 0.05}
"""What moves less stays as it is, in the unit of each figure."""
_HOURS_GRAIN = 3600
_BETTER = {VELOCITY: 1, FLOW_TIME: -1, EFFICIENCY: 1, LOAD: -1, PREDICTABILITY: 1}
"""Whether more of it is better."""


class Figure(NamedTuple):
    """One of FIGURES in the period: items, working seconds of which half of the items stayed within, or a share."""

    name: str
    value: float | None
    n: int
    """Items it is of."""
    calendar: int | None
    """Of flow time: the seconds that half of them stayed within, as the calendar has them."""
    high: int | None
    """Of flow time: the working seconds that 85% stayed within."""
    expected: int | None
    """Of predictability: the service level expectation in working seconds, where there is one."""
    change: Change

    @property
    def section(self) -> str:
        """CHECK, IMPROVED, ON_TRACK (it moves no more than it does by itself), or EARLY where nobody can tell yet."""
        if not self.change.real:
            return EARLY if self.change.real is None else ON_TRACK
        return IMPROVED if self.change.way == _BETTER[self.name] else CHECK


class Share(NamedTuple):
    """A type's share of the items done; None where nothing was."""

    type: str
    n: int
    share: float | None
    before: float | None
    """Its share of those done in the weeks before."""
    band: Band | None


class Old(NamedTuple):
    """An item that has waited for long; `title` and `url` as the host has them."""

    key: ItemKey
    age: int
    """Working seconds."""
    calendar_age: int
    title: str | None = None
    url: str | None = None


class Place(NamedTuple):
    """Where work waited longest: a stage, or a kind of wait."""

    name: str
    is_kind: bool
    lost: int
    """Working seconds that all items together spent there in the period."""
    share: float
    """Of all such time in waiting places, 0 to 1."""
    n: int
    """Stays that ended in the period."""
    half: int | None
    targeted: int
    kept: int
    open: int
    """Items there at the end."""
    oldest: tuple[Old, ...]
    change: Change


class Point(NamedTuple):
    """A period of the past, or the one told of: what of it is drawn."""

    since: int
    until: int
    done: int
    half: int | None
    """Working seconds that half of the items done stayed within; None where nothing was done."""
    high: int | None


class Told(NamedTuple):
    """What a digest says of a stream or of repositories in [since, until)."""

    since: int
    until: int
    figures: tuple[Figure, ...]
    mix: tuple[Share, ...]
    """TYPES, then UNCLASSIFIED."""
    mix_before: int
    """Items that the shares before are of."""
    drifts: tuple[Drift, ...]
    """What is news of the mix of the last weeks."""
    outside: dict[str, str]
    """Which types are known to be outside their bands now, and on which side."""
    place: Place | None
    points: tuple[Point, ...]
    """The periods before since the history begins, oldest first, and this one last."""
    known_before: int
    """Whole periods before this one of which anything is known."""
    begun: int
    dropped: int
    late: int
    """Items in progress at the end that are older than the expectation within which items are done."""
    expected: int | None
    """That expectation in working seconds; None where there is none, or several."""
    bots: int
    """Items that bots opened and that were done; they are in nothing else."""

    def figure(self, name: str) -> Figure:
        return next(one for one in self.figures if one.name == name)

    @property
    def done(self) -> int:
        return self.figure(VELOCITY).n

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say: nothing was begun, done or given up, and nothing is in progress."""
        return not (self.done or self.begun or self.dropped or self.figure(LOAD).value)

    @property
    def unclassified(self) -> Share:
        return self.mix[-1]


def told(
    now: FlowFigures, before: Sequence[FlowFigures], bands: Bands, known: Outside, usual: int | None = None
) -> Told:  # fmt: skip
    """What to say of a period beside earlier ones as long as it, the oldest first.

    `known` are the types that were told to be outside their `bands`: that is news once. `usual` is the flow time that
    is expected where nothing was done that tells.
    """
    lately = [one.done_by_type for one in (*before, now) if one.until > now.until - _LATELY]
    drifts, outside = drift(_sum(lately), bands, known)
    return Told(
        now.since, now.until,
        tuple(_figure(name, now, before) for name in FIGURES),
        *_mix(now, before, bands), tuple(drifts), dict(outside),
        _place(now, before),
        tuple(_point(one) for one in (*before[_start(before) :], now)), len(_from_the_start(before)),
        now.load.begun, now.dropped, *_late(now, usual), now.bots.done,
    )  # fmt: skip


def _value(name: str, one: FlowFigures) -> float | None:
    """A figure; of what had not begun yet there is none."""
    if name == VELOCITY:
        return one.velocity
    if name == LOAD:
        return one.load.items
    if name == FLOW_TIME:
        return one.flow_time.median
    return one.efficiency if name == EFFICIENCY else one.predictability.share


def _figure(name: str, now: FlowFigures, before: Sequence[FlowFigures]) -> Figure:
    n = {LOAD: now.load.items, PREDICTABILITY: now.predictability.n}.get(name, now.velocity)
    # A single item more or less within the expectation is no change, however few there are.
    grain = max(_GRAIN[name], 1 / n) if name == PREDICTABILITY and n else _GRAIN[name]
    moved = change(_value(name, now), [_value(name, one) for one in _from_the_start(before)], grain)
    calendar, high = (now.flow_time.calendar_median, now.flow_time.high) if name == FLOW_TIME else (None, None)
    expected = now.predictability.expectation if name == PREDICTABILITY else None
    return Figure(name, _value(name, now), n, calendar, high, expected, moved)


def _from_the_start(before: Sequence[FlowFigures]) -> Sequence[FlowFigures]:
    """The whole periods of which anything is known: those before the history begins are no zeros, and the one in which
    it begins is no whole one.
    """
    first = _start(before)
    return before[first + 1 if first else 0 :]


def _start(before: Sequence[FlowFigures]) -> int:
    """The place of the first period of which anything is known."""
    return next((place for place, one in enumerate(before) if one.velocity or one.load.items), len(before))


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return found


def _mix(now: FlowFigures, before: Sequence[FlowFigures], bands: Bands) -> tuple[tuple[Share, ...], int]:
    lately = [one for one in before if one.since >= now.since - _LATELY] or before[-1:]
    earlier, counts = _sum(one.done_by_type for one in lately), now.done_by_type
    of = earlier.total()
    shares = (
        Share(
            kind, counts.get(kind, 0), counts.get(kind, 0) / now.velocity if now.velocity else None,
            earlier[kind] / of if of else None, bands.get(kind),
        )
        for kind in (*TYPES, UNCLASSIFIED)
    )  # fmt: skip
    return tuple(shares), of


def _places(one: FlowFigures) -> tuple[Sequence[Waited], bool]:
    """Where items wait, and whether that are kinds of waits: a stream without waiting stages has these alone."""
    stages = [stage for stage in one.stages if not stage.active]
    return (stages, False) if stages else (one.kinds, True)


def _place(now: FlowFigures, before: Sequence[FlowFigures]) -> Place | None:
    places, is_kind = _places(now)
    whole = sum(one.lost for one in places)
    longest = max(places, key=lambda one: one.lost, default=None)
    if longest is None or not longest.lost:
        return None
    earlier = [_lost(longest.name, one) for one in _from_the_start(before)]
    return Place(
        longest.name, is_kind, longest.lost, longest.lost / whole, longest.times.n, longest.times.median,
        longest.targeted, longest.kept, len(longest.open), tuple(map(_old, longest.open[:OLDEST])),
        change(longest.lost, earlier, _HOURS_GRAIN),
    )  # fmt: skip


def _lost(name: str, one: FlowFigures) -> int:
    return next((place.lost for place in _places(one)[0] if place.name == name), 0)


def _old(one: Aged) -> Old:
    return Old(one.key, one.age, one.calendar_age)


def _late(now: FlowFigures, usual: int | None) -> tuple[int, int | None]:
    most = now.predictability.expectation if now.done else usual
    return (0 if most is None else sum(one.age > most for one in now.going)), most


def _point(one: FlowFigures) -> Point:
    return Point(one.since, one.until, one.velocity, one.flow_time.median, one.flow_time.high)


def entitled(one: Told, item_of: Callable[[Old], Old]) -> Told:
    """The same with what the host calls the oldest items."""
    if one.place is None:
        return one
    return one._replace(place=one.place._replace(oldest=tuple(map(item_of, one.place.oldest))))


def most_important(one: Told) -> Figure | Place | Drift | None:
    """What changed most beyond noise, measured by its own limits; then what left its band; None for nothing."""
    moved: list[Figure | Place] = [figure for figure in one.figures if figure.change.real]
    if one.place is not None and one.place.change.real:
        moved.append(one.place)
    if moved:
        return max(moved, key=lambda it: it.change.size)
    return next(iter(sorted(one.drifts, key=lambda drift: drift.side == WITHIN)), None)
