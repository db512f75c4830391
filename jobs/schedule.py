"""The clockwork: runs jobs every so many seconds, and nothing more. What must not be lost is in the database."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from bot.clock import Clock
from bot.serving.telemetry import Telemetry
from bot.web import DATABASE_TROUBLE, one_line

WATCH = 1.0
"""Seconds between two looks at whether the clock was set back."""
SET_BACK = 10
"""Seconds by which a clock has to be set back for the jobs to begin anew; smaller corrections are waited out."""

OVER = -1
"""What no step gets done."""

Step: TypeAlias = Callable[[int], int | Iterator[int]]
"""Takes an instant, says how much it got done. What takes long says it bit by bit: others have a turn in between."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Turn:
    """What a job does in one workspace: `steps` one after the other with one `now`, none behind one that failed."""

    workspace: str
    steps: Sequence[Step]

    def bits(self, now: int) -> Iterator[int]:
        """Do it; how much each bit of it got done."""
        for step in self.steps:
            done = step(now)
            if isinstance(done, int):
                yield done
            else:
                yield from done


@dataclass(frozen=True)
class Job:
    name: str
    every: int
    """Seconds; the first run is at the start."""
    turns: Callable[[], Sequence[Turn]]
    """One for each workspace there is just then."""

    def do(self, now: int) -> int:
        """Do all of it; how much was done. Raises what a step raises."""
        return sum(done for turn in self.turns() for done in turn.bits(now))


class Schedule:
    """Runs each job in a thread of its own, never twice at once, and only while `may_work` says so."""

    def __init__(
        self, jobs: Sequence[Job], clock: Clock, telemetry: Telemetry, may_work: Callable[[], bool] = lambda: True
    ) -> None:
        self._may_work = may_work
        self._jobs, self._clock, self._telemetry = jobs, clock, telemetry
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._ended = threading.Event()

    def start(self) -> None:
        """Run every job now, and again whenever its seconds are over."""
        begin = datetime.fromtimestamp(self._clock.now(), UTC)
        for job in self._jobs:
            self._scheduler.add_job(
                self._run, IntervalTrigger(seconds=job.every, timezone=UTC), args=(job,), next_run_time=begin
            )
        self._scheduler.start()
        threading.Thread(target=self._watch, name="clock", daemon=True).start()

    def _watch(self) -> None:
        """Runs are due by the machine's clock; where that is set back they would wait until it is there again."""
        latest = self._clock.now()
        while not self._ended.wait(WATCH):
            before, latest = latest, self._clock.now()
            if latest < before - SET_BACK:
                log.warning("clock set back", seconds=before - latest)
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.fromtimestamp(latest, UTC))

    def stop(self, seconds: float) -> bool:
        """Begin no more runs; whether the running ones came to an end within `seconds`."""
        self._ended.set()
        ending = threading.Thread(target=self._scheduler.shutdown, name="stop", daemon=True)
        ending.start()
        ending.join(seconds)
        return not ending.is_alive()

    def _run(self, job: Job) -> None:
        if not self._may_work():
            return
        now = self._clock.now()
        self._telemetry.last_run.labels(job.name).set(now)
        run_job(job, now, self._telemetry)


def run_job(job: Job, now: int, telemetry: Telemetry) -> None:
    """Run a job in every workspace, a bit in each in turn; what one could not bear keeps no other from its turn."""
    turns: list[Turn] = []
    bear(job.name, lambda: turns.extend(job.turns()), telemetry)
    going = deque((turn.workspace, turn.bits(now)) for turn in turns)
    while going:
        workspace, bits = going.popleft()
        with structlog.contextvars.bound_contextvars(workspace=workspace):
            goes_on = _next(job.name, bits, telemetry)
        if goes_on:
            going.append((workspace, bits))


def _next(name: str, bits: Iterator[int], telemetry: Telemetry) -> bool:
    """Do the next bit of a turn; whether there may be more."""
    done: list[int] = []
    if not bear(name, lambda: done.append(next(bits, OVER)), telemetry):
        return False
    if done == [OVER]:
        telemetry.jobs.labels(name, "done").inc()
        return False
    telemetry.done.labels(name).inc(done[0])
    return True


def bear(name: str, work: Callable[[], object], telemetry: Telemetry) -> bool:
    """Do some work of a job, and say whether it went well; what it could not bear is logged and counted."""
    with structlog.contextvars.bound_contextvars(job=name):
        try:
            work()
            return True
        except DATABASE_TROUBLE as error:
            log.warning("job put off", why=one_line(error))
        except Exception:
            log.exception("job failed")
    telemetry.jobs.labels(name, "failed").inc()
    return False
