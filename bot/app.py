"""The composition root: builds everything once and says which job and which door gets what."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.clock import Clock, SystemClock
from bot.context import Context
from bot.policy import Policy, load_policy
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.hosts.github.api import Github
    from bot.serving.fit import Fit
    from bot.serving.telemetry import Telemetry
    from bot.serving.workspaces import Workspaces
    from bot.web import Answer, Request, Route
    from handlers.slack import SlackDoor
    from jobs.schedule import Job, Schedule

POLICY_FILE = Path("weir.toml")

log = structlog.get_logger()


class Stopped(Exception):
    """The program is to end; whoever was waiting gives up."""


def build(settings: Settings, clock: Clock | None = None, policy: Policy | None = None) -> Context:
    """Make everything the program is built of; nothing is opened or called yet. Raises BadPolicy.

    `policy` takes the place of the one that the settings name. Where several workspaces are served it is what they
    share, and `workspaces_of` makes each of them.
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
    """The policy of WEIR_POLICY, else of `weir.toml` where it exists, else the built-in one. Raises BadPolicy.

    Several workspaces have one each, and none here.
    """
    if settings.weir_workspaces is not None:
        return Policy()
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


def workspaces_of(ctx: Context) -> Workspaces:
    """The workspaces that are served: of the fixed token, or all of WEIR_WORKSPACES' installs. Raises BadPolicy."""
    from bot.installing.installs import installed_of
    from bot.serving.workspaces import OneWorkspace

    return OneWorkspace(ctx) if ctx.settings.weir_workspaces is None else installed_of(ctx)


def telemetry_of(served: Workspaces) -> Telemetry:
    """Counters and, beside them, the figures read from the database."""
    from bot.serving.telemetry import SharedFigures, Telemetry

    telemetry = Telemetry()
    telemetry.registry.register(SharedFigures(served))
    return telemetry


def slack_of(served: Workspaces) -> SlackDoor:
    from handlers.slack import SlackDoor

    return SlackDoor(served)


def all_routes(served: Workspaces, telemetry: Telemetry, slack: SlackDoor) -> dict[str, Route]:
    """Every address of the web process. In Socket Mode Slack comes by its socket alone."""
    from bot.installing.installs import Installed
    from bot.web import Route, Signature
    from handlers import installing
    from handlers.slack import MOST_BYTES
    from handlers.webhooks import github_door

    fit, routes = slack.fit, own_routes(telemetry)
    routes["/readyz"] = Route("GET", lambda _: _ready(served.base, fit))
    by_github = fit.guarded(partial(github_door, served, telemetry))
    routes["/webhooks/github"] = Route("POST", by_github, signature=Signature("X-Hub-Signature-256", "sha256="))
    if served.base.settings.slack_app_token is None:
        routes["/slack/events"] = Route("POST", slack.by_http, MOST_BYTES, Signature("X-Slack-Signature", "v0="))
    if isinstance(served, Installed):
        routes |= {path: Route(one.method, fit.guarded(one.door)) for path, one in installing.routes(served).items()}
    return routes


def own_routes(telemetry: Telemetry) -> dict[str, Route]:
    """What any process may be asked about itself."""
    from bot.serving.telemetry import CONTENT_TYPE
    from bot.web import Answer, Route, for_all

    def alive(_: Request) -> Answer:
        return Answer(200, "alive")

    def metrics(_: Request) -> Answer:
        return Answer(200, telemetry.show(), {"Content-Type": CONTENT_TYPE})

    return {"/healthz": Route("GET", alive), "/metrics": Route("GET", for_all(metrics))}


def _ready(ctx: Context, fit: Fit) -> Answer:
    """Ready while the database answers, takes what is written and fits this program; Slack or a code host may be down.

    Not any more once the end is asked for.
    """
    from bot.web import Answer

    if ctx.stopping.is_set():
        return Answer(503, "stopping; others are to be asked from now on")
    why = fit.unready()
    return Answer(200, "ready") if why is None else Answer(503, why)


def schedule_of(served: Workspaces, telemetry: Telemetry) -> Schedule:
    from bot.serving.fit import Fit
    from jobs.schedule import Schedule

    may_work = Fit(served.base.engine, served.base.clock).may_work
    return Schedule(jobs_of(served, telemetry), served.base.clock, telemetry, may_work)


def jobs_of(served: Workspaces, telemetry: Telemetry, leaps: int | None = None) -> list[Job]:
    """Every job, in each workspace that is served when it is its time.

    `leaps`: the most seconds that a clock passes over by intention; beyond them the machine slept.
    """
    from bot.serving.rounds import ASLEEP, Rounds

    return Rounds(served, telemetry, ASLEEP if leaps is None else leaps).jobs()
