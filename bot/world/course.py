"""How a world's time passes: the clock moves from one instant to the next at which there is something to tell or do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent
from bot.intake import take
from bot.store.agenda import next_instant
from bot.store.engine import reading, writing
from bot.store.repos import heard
from bot.world.host import HOST, Host
from bot.world.script import Script

if TYPE_CHECKING:
    from jobs.schedule import Job

TICK = 2
"""Seconds between two beats at least; jobs that run as often are run at every beat."""
LONGEST_REST = 64
"""Seconds between two beats for something that is due and can't be done."""
STRIDE = 900
"""Seconds between two beats at most: what nobody foretells is looked for so often."""
LEAPS = 4 * STRIDE
"""Seconds that the clock passes over at most between two looks of one job; a program under it has not slept by then."""
HEARD_EVERY = 3600
"""Seconds after which a repository's webhook is noted as heard of again."""
FORETOLD, LOOKED_FOR = "tick", "absences"
"""On the way, the first job is run where something is told or due, the second at every stop; others once it stands."""
log = structlog.get_logger()


class Course:
    """The clock, what the script has for each instant, and the jobs of the program. Not for several threads at once."""

    def __init__(self, ctx: Context, clock: SetClock, script: Script, host: Host, jobs: Sequence[Job]) -> None:
        self._ctx, self._clock, self._script, self._host, self._jobs = ctx, clock, script, host, jobs
        self._ran: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._rest = TICK

    def step(self, end: int) -> None:
        """Go on to the next instant at which there is something to tell or to do, or to `end`."""
        now, due = self._clock.now(), self._due()
        at = self._next(now, due, end)
        events = self._script.coming(now, at)
        self._clock.set(at)
        if events:
            self._host.tell(events)
            self.tell(events)
        done = self._run([job for job in self._jobs if job.name == LOOKED_FOR])
        if events or done or (due is not None and due <= at):
            done += self._run([job for job in self._jobs if job.name == FORETOLD])
        self._rest = TICK if done or events else min(2 * self._rest, LONGEST_REST)

    def _due(self) -> int | None:
        with reading(self._ctx.engine) as session:
            return next_instant(session, self._ctx.workspace)

    def _next(self, now: int, due: int | None, end: int) -> int:
        stops = [end, now + STRIDE]
        if due is not None:
            stops.append(max(due, now + (TICK if due > now else self._rest)))
        told = self._script.next_at(now)
        return min(stops if told is None else [*stops, told])

    def tell(self, events: Sequence[FlowEvent], *, live: bool = True) -> None:
        """Tell the program; what it knows already changes nothing."""
        take(self._ctx, events, self._clock.now(), live=live)
        self._hear(events)

    def _hear(self, events: Sequence[FlowEvent]) -> None:
        """Whatever happens is told at once, as by webhooks that are well."""
        latest = {event.repo: event.at for event in events}
        stale = {repo: at for repo, at in latest.items() if at - self._heard.get(repo, 0) >= HEARD_EVERY}
        if stale:
            with writing(self._ctx.engine) as session:
                for repo, at in stale.items():
                    heard(session, self._ctx.workspace, HOST, [repo], at)
            self._heard |= stale

    def beat(self) -> None:
        """Run every job whose time has come while the clock stands."""
        self._run(self._jobs)

    def _run(self, jobs: Sequence[Job]) -> int:
        """How much was done. A job that fails is logged, and the others are run."""
        now, done = self._clock.now(), 0
        for job in jobs:
            ran = self._ran.get(job.name)
            if job.every > TICK and ran is not None and ran <= now < ran + job.every:
                continue
            self._ran[job.name] = now
            with structlog.contextvars.bound_contextvars(job=job.name):
                try:
                    done += job.do(now)
                except Exception:
                    log.exception("job failed")
        return done
