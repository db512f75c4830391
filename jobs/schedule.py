"""The clockwork: runs jobs every so many seconds, and nothing more. What must not be lost is in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from bot.clock import Clock
from bot.telemetry import Telemetry
from bot.web import DATABASE_TROUBLE, one_line

WATCH = 1.0
"""Seconds between two looks at whether the clock was set back."""
SET_BACK = 10
"""Seconds by which a clock has to be set back for the jobs to begin anew; smaller corrections are waited out."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """`steps` are run one after the other with one `now`; each says how much it got done."""

    name: str
    every: int
    """Seconds; the first run is at the start."""
    steps: Sequence[Callable[[int], int]]


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
        for step in job.steps:
            if not run_step(job.name, step, now, self._telemetry):
                return


def run_step(name: str, step: Callable[[int], int], now: int, telemetry: Telemetry) -> bool:
    """Run one step; what it could not bear is logged and counted, and the clock ticks on. Says whether it went well."""
    with structlog.contextvars.bound_contextvars(job=name):
        try:
            done = step(now)
        except DATABASE_TROUBLE as error:
            telemetry.jobs.labels(name, "failed").inc()
            log.error("database away", why=one_line(error))
            return False
        except Exception:
            telemetry.jobs.labels(name, "failed").inc()
            log.exception("job failed")
            return False
    telemetry.jobs.labels(name, "done").inc()
    telemetry.done.labels(name).inc(done)
    return True
