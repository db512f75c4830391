"""What a digest says: the figures of a period beside those of the periods before it, and what is to be made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bot.flow.digest.noise import Change, change
from bot.flow.measures import Aged
from bot.flow.metrics import FlowFigures, Waited
from bot.flow.work import TYPES, UNCLASSIFIED

VELOCITY, FLOW_TIME, EFFICIENCY, LOAD, PREDICTABILITY = "velocity", "flow_time", "efficiency", "load", "predictability"
FIGURES = (VELOCITY, FLOW_TIME, EFFICIENCY, LOAD, PREDICTABILITY)
CHECK, IMPROVED, ON_TRACK = "check", "improved", "on_track"
WEEKS_OF_MIX = 28 * 86_400
"""How long before its period a mix is compared with, in seconds."""
OLDEST = 3
_GRAIN: Mapping[str, float] = {VELOCITY: 1, FLOW_TIME: 900, EFFICIENCY: 0.02, LOAD: 1, PREDICTABILITY: 0.05}
"""What moves less stays as it is, in the unit of each figure."""
_HOURS_GRAIN = 3600
_BETTER = {VELOCITY: 1, FLOW_TIME: -1, EFFICIENCY: 1, LOAD: -1, PREDICTABILITY: 1}
"""Whether more of it is better."""
Band = tuple[float, float]
"""The share of the work that a team wants a type to have, from and to, 0 to 1."""


class Figure(NamedTuple):
    """One of FIGURES in the period: items, working seconds of which half of the items stayed within, or a share."""

    name: str
    value: float | None
    n: int
    """Items it is of."""
    high: int | None
    """Of flow time: the working seconds that 85% stayed within."""
    expected: int | None
    """Of predictability: the service level expectation in working seconds, where there is one."""
    change: Change

    @property
    def section(self) -> str:
        """CHECK, IMPROVED or ON_TRACK: what moves no more than it does by itself is on track."""
        if not self.change.real:
            return ON_TRACK
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

    repo: str
    item: int
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
    place: Place | None
    points: tuple[Point, ...]
    """The periods before, oldest first, and this one last."""
    begun: int
    dropped: int
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

    @property
    def known_before(self) -> int:
        """How many periods before it tell anything."""
        return sum(point.done > 0 for point in self.points[:-1])


def told(now: FlowFigures, before: Sequence[FlowFigures], bands: Mapping[str, Band]) -> Told:
    """What to say of a period beside earlier ones as long as it, the oldest first; `bands` by type."""
    return Told(
        now.since, now.until,
        tuple(_figure(name, now, before) for name in FIGURES),
        *_mix(now, before, bands),
        _place(now, before),
        tuple(_point(one) for one in (*before, now)),
        now.load.begun, now.dropped, now.bots.done,
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
    moved = change(_value(name, now), [_value(name, one) for one in _from_the_start(before)], _GRAIN[name])
    n = {LOAD: now.load.items, PREDICTABILITY: now.predictability.n}.get(name, now.velocity)
    high = now.flow_time.high if name == FLOW_TIME else None
    expected = now.predictability.expectation if name == PREDICTABILITY else None
    return Figure(name, _value(name, now), n, high, expected, moved)


def _from_the_start(before: Sequence[FlowFigures]) -> Sequence[FlowFigures]:
    """The periods since anything is known; those before them are no zeros."""
    first = next((place for place, one in enumerate(before) if one.velocity or one.load.items), len(before))
    return before[first:]


def _mix(
    now: FlowFigures, before: Sequence[FlowFigures], bands: Mapping[str, Band]
) -> tuple[tuple[Share, ...], int]:  # fmt: skip
    lately = [one for one in before if one.since >= now.since - WEEKS_OF_MIX] or before[-1:]
    earlier: Counter[str] = Counter()
    for one in lately:
        earlier.update(one.done_by_type)
    all_earlier, counts = earlier.total(), now.done_by_type
    shares = (
        Share(
            kind, counts.get(kind, 0), counts.get(kind, 0) / now.velocity if now.velocity else None,
            earlier[kind] / all_earlier if all_earlier else None, bands.get(kind),
        )
        for kind in (*TYPES, UNCLASSIFIED)
    )  # fmt: skip
    return tuple(shares), all_earlier


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
    return Old(one.key[1], one.key[2], one.age, one.calendar_age)


def _point(one: FlowFigures) -> Point:
    return Point(one.since, one.until, one.velocity, one.flow_time.median, one.flow_time.high)


def entitled(one: Told, item_of: Callable[[Old], Old]) -> Told:
    """The same with what the host calls the oldest items."""
    if one.place is None:
        return one
    return one._replace(place=one.place._replace(oldest=tuple(map(item_of, one.place.oldest))))


def most_important(one: Told) -> Figure | Place | Share | None:
    """What changed most beyond noise, measured by its own limits; then a share outside its band; None for nothing."""
    moved: list[Figure | Place] = [figure for figure in one.figures if figure.change.real]
    if one.place is not None and one.place.change.real:
        moved.append(one.place)
    if moved:
        return max(moved, key=lambda it: it.change.size)
    return next(iter(outside(one)), None)


def outside(one: Told) -> list[Share]:
    """The types whose share lies outside their band by an item or more: those farthest away first."""
    found = [(off, share) for share in one.mix if (off := _off(share, one.done)) > 0]
    return [share for _, share in sorted(found, key=lambda pair: -pair[0])]


def _off(one: Share, done: int) -> float:
    """By how much of the work a share lies outside its band; 0 where an item more or less would change that."""
    if one.band is None or one.share is None:
        return 0
    off = max(one.band[0] - one.share, one.share - one.band[1], 0)
    return off if off * done >= 1 else 0
