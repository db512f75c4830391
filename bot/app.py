"""The composition root: builds everything once and says which job and which door gets what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.clock import Clock, SystemClock
from bot.context import Context
from bot.policy import Policy, load_policy
from bot.settings import Settings

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.catchup import Tally
    from bot.fit import Fit
    from bot.hosts.github.api import Github
    from bot.telemetry import Telemetry
    from bot.web import Answer, Request, Route
    from jobs.schedule import Job, Schedule

POLICY_FILE = Path("weir.toml")
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
DIGESTS = 20
"""Seconds between two looks at which digests are due."""
PEOPLE = 120
"""Seconds between two looks at who is who."""
CATCH_UP = 120
"""Most seconds for which nudges wait, at the start, for what happened in the meantime."""
LAST_TRY = "written_at"
"""The setting that is written to see whether a database takes something again."""
ASLEEP = 3600
"""Seconds by which the clock leaps where the machine slept for long; nudges wait then, too."""

log = structlog.get_logger()


class Stopped(Exception):
    """The program is to end; whoever was waiting gives up."""


def build(settings: Settings, clock: Clock | None = None, policy: Policy | None = None) -> Context:
    """Make everything the program is built of; nothing is opened or called yet. Raises BadPolicy.

    `policy` takes the place of the one that the settings name.
    """
    from bot.messenger import Messenger
    from bot.store.engine import make_engine

    clock = clock or SystemClock()
    stopping = threading.Event()
    token = settings.slack_bot_token
    return Context(
        engine=make_engine(settings.database_url),
        policy=policy_of(settings) if policy is None else policy,
        settings=settings,
        clock=clock,
        messenger=Messenger(token.get_secret_value() if token else "", settings.slack_api_url),
        github=github_of(settings, clock, stopping),
        stopping=stopping,
    )


def policy_of(settings: Settings) -> Policy:
    """The policy of WEIR_POLICY, else of `weir.toml` where it exists, else the built-in one. Raises BadPolicy."""
    if settings.weir_policy is not None:
        return load_policy(settings.weir_policy)
    return load_policy(POLICY_FILE) if POLICY_FILE.exists() else Policy()


def github_of(settings: Settings, clock: Clock, stopping: threading.Event) -> Github | None:
    """The reading side of GitHub; None without a token or App. Its waits raise Stopped when the program is to end."""
    from bot.hosts.github.api import Github

    key = settings.github_app_private_key
    if settings.github_token is None and not (settings.github_app_id and key):
        return None

    def sleep(seconds: float) -> None:
        if clock.wait(seconds, stopping):
            raise Stopped

    return Github(
        settings.github_api_url,
        token=settings.github_token.get_secret_value() if settings.github_token else None,
        app_id=settings.github_app_id,
        private_key=key.get_secret_value() if key else None,
        now=clock.now,
        sleep=sleep,
    )


def telemetry_of(ctx: Context) -> Telemetry:
    """Counters and, beside them, the figures read from the database."""
    from bot.telemetry import SharedFigures, Telemetry

    telemetry = Telemetry()
    telemetry.registry.register(SharedFigures(ctx))
    return telemetry


def slack_of(ctx: Context) -> App:
    from handlers.slack import make

    return make(ctx)


def all_routes(ctx: Context, telemetry: Telemetry, slack: App) -> dict[str, Route]:
    """Every address of the web process. In Socket Mode Slack comes by its socket alone."""
    from bot.fit import Fit
    from bot.web import Route
    from handlers.slack import http_door
    from handlers.webhooks import github_door

    fit, routes = Fit(ctx.engine, ctx.clock), own_routes(ctx, telemetry)
    routes["/readyz"] = Route("GET", lambda _: _ready(ctx, fit))
    routes["/webhooks/github"] = Route("POST", fit.guarded(partial(github_door, ctx, telemetry)))
    if ctx.settings.slack_app_token is None:
        routes["/slack/events"] = Route("POST", fit.guarded(partial(http_door, ctx, slack)))
    return routes


def own_routes(ctx: Context, telemetry: Telemetry) -> dict[str, Route]:
    """What any process may be asked about itself."""
    from bot.telemetry import CONTENT_TYPE
    from bot.web import Answer, Route

    def alive(_: Request) -> Answer:
        return Answer(200, "alive")

    def metrics(_: Request) -> Answer:
        return Answer(200, telemetry.show(), {"Content-Type": CONTENT_TYPE})

    return {"/healthz": Route("GET", alive), "/metrics": Route("GET", metrics)}


def _ready(ctx: Context, fit: Fit) -> Answer:
    """Ready while the database answers, takes what is written and fits this program; Slack or a code host may be down.

    Not any more once the end is asked for. Raises what a database in trouble raises.
    """
    from bot.fit import why_not
    from bot.store.engine import doubted
    from bot.web import Answer

    if ctx.stopping.is_set():
        return Answer(503, "stopping; others are to be asked from now on")
    why = why_not(fit.look())
    if why is None and doubted(ctx.engine):
        _try_to_write(ctx)
    return Answer(200, "ready") if why is None else Answer(503, why)


def _try_to_write(ctx: Context) -> None:
    from bot.store import settings
    from bot.store.engine import proven, writing

    with writing(ctx.engine) as session:
        settings.put(session, ctx.workspace, LAST_TRY, str(ctx.clock.now()))
    proven(ctx.engine)
    log.info("database back")


def schedule_of(ctx: Context, telemetry: Telemetry) -> Schedule:
    from bot.fit import Fit
    from jobs.schedule import Schedule

    return Schedule(jobs_of(ctx, telemetry), ctx.clock, telemetry, Fit(ctx.engine, ctx.clock).may_work)


def jobs_of(ctx: Context, telemetry: Telemetry) -> list[Job]:
    """Every job. At the start and after a sleep, nudges wait for what was missed, but no longer than CATCH_UP."""
    from bot.intake import refresh_looks
    from jobs import absences, deliver, digest, experiments, fold, homes, morning, nudge, people, retention
    from jobs import streams, value
    from jobs.schedule import Job

    caught_up = _CaughtUp(ctx)

    def looks(now: int) -> int:
        refresh_looks(ctx, now)
        return 0

    deciding = (_once(looks), partial(morning.run, ctx), partial(nudge.run, ctx), partial(deliver.run, ctx))
    tick = [caught_up.unless(step) for step in deciding]
    return [
        Job("tick", TICK, tick),
        Job("fold", TICK, [partial(fold.run, ctx)]),
        Job("reconcile", RECONCILE, [caught_up.after(_reconciling(ctx, telemetry))]),
        Job("connect", TICK, [_connecting(ctx, telemetry)]),
        Job("homes", TICK, [partial(homes.run, ctx)]),
        Job("absences", ABSENCES, [caught_up.unless(partial(absences.run, ctx))]),
        Job("streams", TICK, [partial(streams.run, ctx)]),
        Job("reviews", REVIEWS, [partial(streams.reviews, ctx), partial(experiments.run, ctx)]),
        Job("value", REVIEWS, [partial(value.run, ctx)]),
        Job("digests", DIGESTS, [caught_up.unless(partial(digest.run, ctx))]),
        Job("people", PEOPLE, [caught_up.unless(partial(people.run, ctx))]),
        Job("retention", RETENTION, [caught_up.unless(partial(retention.run, ctx))]),
    ]


Step = Callable[[int], int]


def _reconciling(ctx: Context, telemetry: Telemetry) -> Step:
    from jobs import reconcile

    first = True

    def step(now: int) -> int:
        nonlocal first
        fresh, first = 0 if first else RECONCILE - 60, False
        return _counted(reconcile.run(ctx, now, fresh), telemetry)

    return step


def _connecting(ctx: Context, telemetry: Telemetry) -> Step:
    from jobs import connect

    return lambda now: _counted(connect.run(ctx, now), telemetry)


def _counted(done: Tally, telemetry: Telemetry) -> int:
    """Count what was read of the code host; how many repositories were."""
    telemetry.events.labels("poll").inc(done.events)
    telemetry.github_calls.inc(done.calls)
    telemetry.github_points.inc(done.points)
    return done.repos


class _CaughtUp:
    """Whether the first reading of the code host after the start, or after a sleep of the machine, is over."""

    def __init__(self, ctx: Context) -> None:
        self._over = threading.Event()
        self._seen = ctx.clock.now()
        self._latest = self._seen + CATCH_UP

    def after(self, step: Step) -> Step:
        """The step, after which (however it ends) the others may go ahead."""

        def reading(now: int) -> int:
            self._look(now)
            try:
                return step(now)
            finally:
                self._over.set()

        return reading

    def unless(self, step: Step) -> Step:
        """The step, doing nothing as long as that reading runs."""

        def waiting(now: int) -> int:
            self._look(now)
            return step(now) if self._over.is_set() or now >= self._latest else 0

        return waiting

    def _look(self, now: int) -> None:
        """Where the machine slept, nobody knows what happened meanwhile: the next reading is due at once."""
        asleep = now - self._seen
        if not -ASLEEP < asleep <= 0:  # a later step of a run looks with the instant at which that began
            self._seen = now
        if asleep > ASLEEP:
            log.info("awake again", seconds=asleep)
            self._latest = now + CATCH_UP
            self._over.clear()


def _once(step: Step) -> Step:
    """The step until it went well for the first time, and nothing after that."""
    done = threading.Event()

    def first(now: int) -> int:
        result = 0 if done.is_set() else step(now)
        done.set()
        return result

    return first
