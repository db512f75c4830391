"""Every job in every workspace that is served, and what is remembered of each as long as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import structlog

from bot.context import Context
from bot.incoming.catchup import Tally
from bot.installing.leaving import ask_again, farewell
from bot.intake import refresh_looks
from bot.serving.telemetry import Telemetry
from bot.serving.workspaces import Workspaces
from jobs import (
    absences,
    connect,
    deliver,
    digest,
    experiments,
    fold,
    homes,
    morning,
    nudge,
    people,
    reconcile,
    retention,
    streams,
    value,
)
from jobs.schedule import Job, Step, Turn

TICK = 2
"""Seconds between two looks at what is due."""
ABSENCES = 60
"""Seconds between two looks at who is away while somebody waits for them."""
RECONCILE = 300
"""Seconds between two readings of the code host."""
REVIEWS = 900
"""Seconds between two looks at which maps are to be reviewed."""
RETENTION = 3600
"""Seconds between two looks at what is no longer to be kept."""
FAREWELL = 300
"""Seconds between two looks at which workspaces Weir was taken out of."""
DIGESTS = 20
"""Seconds between two looks at which digests are due."""
PEOPLE = 120
"""Seconds between two looks at who is who."""
CATCH_UP = 120
"""Most seconds for which nudges wait, at the start, for what happened in the meantime."""
ASLEEP = 2 * RECONCILE
"""Seconds by which the clock leaps where the machine slept for long: a reading was missed. Nudges wait then, too."""

log = structlog.get_logger()


class Rounds:
    """What each job does in the workspaces that are served when it is its time."""

    def __init__(self, served: Workspaces, telemetry: Telemetry, asleep: int = ASLEEP) -> None:
        """`asleep`: more than so many seconds are a sleep; under a clock that is meant to leap, its longest leaps."""
        self._served, self._telemetry, self._asleep = served, telemetry, asleep
        self._own: dict[str, _Own] = {}
        self._begun = False
        self._lock = threading.Lock()

    def jobs(self) -> list[Job]:
        """Every job. At the start and after a sleep, nudges wait for what was missed, but no longer than CATCH_UP."""
        return [
            Job("tick", TICK, self._each(self._tick)),
            Job("fold", TICK, self._each(lambda ctx, _: [partial(fold.run, ctx)])),
            Job("reconcile", RECONCILE, self._each(self._reconcile)),
            Job("newcomers", TICK, self._newcomers),
            Job("connect", TICK, self._each(lambda ctx, _: [partial(self._connect, ctx)])),
            Job("homes", TICK, self._each(lambda ctx, _: [partial(homes.run, ctx)])),
            Job("absences", ABSENCES, self._each(lambda ctx, own: [own.unless_behind(partial(absences.run, ctx))])),
            Job("streams", TICK, self._each(lambda ctx, _: [partial(streams.run, ctx)])),
            Job("reviews", REVIEWS, self._each(_reviews)),
            Job("value", REVIEWS, self._each(lambda ctx, _: [partial(value.run, ctx)])),
            Job("digests", DIGESTS, self._each(lambda ctx, own: [own.unless_behind(partial(digest.run, ctx))])),
            Job("people", PEOPLE, self._each(lambda ctx, own: [own.unless_behind(partial(people.run, ctx))])),
            Job("retention", RETENTION, self._each(lambda ctx, own: [own.unless_behind(partial(retention.run, ctx))])),
            Job("farewell", FAREWELL, self._farewell),
        ]

    def _each(self, steps: Callable[[Context, _Own], list[Step]]) -> Callable[[], list[Turn]]:
        def turns() -> list[Turn]:
            served = self._served.contexts()
            return [Turn(ctx.workspace, steps(ctx, own)) for ctx, own in zip(served, self._of(served), strict=True)]

        return turns

    def _of(self, served: Iterable[Context]) -> list[_Own]:
        """What is remembered of each; of those that are no longer served nothing is."""
        with self._lock:
            late, self._begun = self._begun, True
            known = self._own
            self._own = {ctx.workspace: known.get(ctx.workspace) or self._new(ctx, late) for ctx in served}
            return list(self._own.values())

    def _new(self, ctx: Context, late: bool) -> _Own:
        return _Own(ctx.clock.now(), late, self._asleep)

    def _newcomers(self) -> list[Turn]:
        """The first reading in workspaces that came while this runs: they do not wait for everybody's next one."""
        served = self._served.contexts()
        known = zip(served, self._of(served), strict=True)
        return [Turn(ctx.workspace, self._reconcile(ctx, own)) for ctx, own in known if own.late and not own.has_read]

    def _tick(self, ctx: Context, own: _Own) -> list[Step]:
        steps = (partial(morning.run, ctx), partial(nudge.run, ctx), partial(deliver.run, ctx))
        return [own.unless_behind(step) for step in (own.once(partial(_looks, ctx)), *steps)]

    def _reconcile(self, ctx: Context, own: _Own) -> list[Step]:
        def step(now: int) -> Iterator[int]:
            fresh = RECONCILE - 60 if own.has_read else 0
            own.has_read = True
            yield from map(self._counted, reconcile.one_by_one(ctx, now, fresh))

        return [own.catching_up(step)]

    def _connect(self, ctx: Context, now: int) -> Iterator[int]:
        yield from map(self._counted, connect.one_by_one(ctx, now))

    def _counted(self, done: Tally) -> int:
        """Count what was read of the code host; how many repositories were."""
        self._telemetry.events.labels("poll").inc(done.events)
        self._telemetry.github_calls.inc(done.calls)
        self._telemetry.github_points.inc(done.points)
        return done.repos

    def _farewell(self) -> list[Turn]:
        """What is left of workspaces that Weir was taken out of is taken away in time; what is not sure is asked."""
        unsure = [Turn(ctx.workspace, [partial(_asked_again, ctx)]) for ctx in self._served.contexts()]
        return [*unsure, *(Turn(ctx.workspace, [partial(_ended, ctx)]) for ctx in self._served.ended())]


def _looks(ctx: Context, now: int) -> int:
    refresh_looks(ctx, now)
    return 0


def _reviews(ctx: Context, _: _Own) -> list[Step]:
    return [partial(streams.reviews, ctx), partial(experiments.run, ctx)]


def _asked_again(ctx: Context, now: int) -> int:
    return int(ask_again(ctx, now))


def _ended(ctx: Context, now: int) -> int:
    return int(farewell(ctx, now))


class _Own:
    """A workspace's own state: whether its first reading of the code host, at the start or after a sleep, is over."""

    def __init__(self, now: int, late: bool, asleep: int) -> None:
        """`late`: others were served before. `asleep`: the least seconds that are a sleep."""
        self.late, self.has_read = late, False
        self._asleep = asleep
        self._over, self._went_well = threading.Event(), threading.Event()
        self._seen = now
        self._latest = now + CATCH_UP

    def once(self, step: Callable[[int], int]) -> Callable[[int], int]:
        """The step until it went well for the first time, and nothing after that."""

        def first(now: int) -> int:
            result = 0 if self._went_well.is_set() else step(now)
            self._went_well.set()
            return result

        return first

    def catching_up(self, step: Callable[[int], Iterator[int]]) -> Step:
        """The step, after which (however it ends) the others may go ahead."""

        def reading(now: int) -> Iterator[int]:
            self._look(now)
            try:
                yield from step(now)
            finally:
                self._over.set()

        return reading

    def unless_behind(self, step: Callable[[int], int]) -> Step:
        """The step, doing nothing as long as that reading runs."""

        def waiting(now: int) -> int:
            self._look(now)
            return step(now) if self._over.is_set() or now >= self._latest else 0

        return waiting

    def _look(self, now: int) -> None:
        """Where the machine slept, nobody knows what happened meanwhile: the next reading is due at once."""
        asleep = now - self._seen
        if not -self._asleep < asleep <= 0:  # a later step of a run looks with the instant at which that began
            self._seen = now
        if asleep > self._asleep:
            log.info("awake again", seconds=asleep)
            self._latest = now + CATCH_UP
            self._over.clear()
