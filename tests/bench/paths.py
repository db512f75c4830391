"""The main roads of the program in a generated organisation, with a Slack that takes everything at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import Engine, text

from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import flow_event
from bot.hosts import Delivery, ShaFact
from bot.policy import parse_policy
from bot.settings import Settings
from bot.store import homes, readings, repos
from bot.store.engine import writing
from bot.store.figures import figures
from bot.views.pages import Again
from handlers.commands import answer
from jobs import absences, deliver, digest, experiments, fold, morning, nudge, retention
from jobs import homes as publishing
from tests.bench.organisation import NOW, WORKSPACE

POLICY = """[calendar]
timezone = "UTC"
[targets]
review = "8h"
re_review = "4h"
merge = "8h"
assign = "4h"
[retention]
events = "330d"
messages = "330d"
[nudges]
max_messages_per_person_per_day = 200
"""
ASKER, PLACE, BUSIEST = "U1", "C1", "acme/r000001"
_numbers = count(1)


class ReadySlack:
    """Takes whatever is sent, at once."""

    def __init__(self) -> None:
        self.posts = 0

    def open_dm(self, user: str) -> str:
        return f"D{user}"

    def post(self, *_: object) -> str:
        self.posts += 1
        return f"{NOW}.{self.posts:06d}"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: None


def context(engine: Engine, now: int = NOW) -> Context:
    return Context(engine, parse_policy(POLICY, "bench.toml"), Settings(), SetClock(now), ReadySlack())  # type: ignore[arg-type]


def ask(words: str, place: str = PLACE) -> Callable[[Context], object]:
    return lambda ctx: answer(ctx, ASKER, Again(words, place=place))


def due(ctx: Context, many: int) -> None:
    """Have so many open reviews fall due now, that were not nudged yet."""
    with ctx.engine.begin() as connection:
        some = f"SELECT id FROM waits WHERE until IS NULL AND next_nudge_at > {NOW} ORDER BY id LIMIT {many}"
        since = f"{NOW} - 4 * 86400, next_nudge_at = {NOW} - 60"
        connection.execute(text(f"UPDATE waits SET since = {since} WHERE id IN ({some})"))


def delivery(repo: str, item: int, at: int = NOW) -> Delivery:
    """A comment on an item, and a check on a commit of its repository."""
    number = next(_numbers)
    told = flow_event(repo=repo, item=item, id=f"told:{number}", at=at, kind="commented", actor="dev7")
    check = ShaFact("github", repo, f"{number:040x}", "check", at, "build", items=(item,))
    return Delivery("github", (repo,), (told,), facts=(check,))


def tick(ctx: Context) -> int:
    """What the worker does every other second."""
    return morning.run(ctx, NOW) + nudge.run(ctx, NOW) + deliver.run(ctx, NOW)


def choice(ctx: Context) -> object:
    """Which repositories are to be read."""
    with writing(ctx.engine) as session:
        return readings.places(session, WORKSPACE, "github", [])


def home(ctx: Context) -> object:
    with writing(ctx.engine) as session:
        homes.opened(session, WORKSPACE, ASKER, NOW)
    return publishing.run(ctx, NOW)


def counts(ctx: Context) -> object:
    with writing(ctx.engine) as session:
        return figures(session, WORKSPACE, NOW)


def lost(ctx: Context) -> object:
    with writing(ctx.engine) as session:
        return repos.lost(session, WORKSPACE)


QUESTIONS: dict[str, Callable[[Context], object]] = {
    "/flow waits of a person": ask("waits", "D1"),
    "/flow waits in a channel": ask("waits"),
    "/flow why": ask(f"why {BUSIEST}#3"),
    "/flow metrics of a repository": ask(f"metrics {BUSIEST}"),
    "/flow digest of a repository": ask("digest"),
    "/flow people": ask("people"),
    "/flow repos": ask("repos"),
    "home tab": home,
}
MORE = tuple(map(ask, ("health", "log", "types", "mix", "experiments", "streams", "outcomes", "morning", "absences")))
JOBS: dict[str, Callable[[Context], object]] = {
    "a tick with nothing due": tick,
    "the other jobs with nothing due": lambda ctx: [
        one.run(ctx, NOW) for one in (fold, absences, digest, experiments, publishing)
    ],
    "reconcile's choice of repositories": choice,
    "retention, a run": lambda ctx: retention.run(ctx, NOW),
    "/metrics": counts,
}


@contextmanager
def quietly() -> Iterator[None]:
    """Without a log."""
    import logging

    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
