"""A world whose people reach it through one web process or several, and a Slack and a code host that can be held up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import structlog
from doors import SlackWithSocket, asked
from engines import close
from fake_github import Call, FakeGithub
from fake_slack import FakeSlack
from program import wait_until
from site_on_loopback import Reply, Site, routes_of, serve, settings
from sqlalchemy import text
from world import World

from bot.hosts.github.api import Github
from bot.messenger import Messenger
from bot.store.engine import make_engine
from bot.web import Server, application

Json = dict[str, Any]
Act = tuple[str, Callable[[Site], Reply]]
"""A Slack account, and what it does."""


@dataclass
class Hall:
    """A world, and the web processes that its people reach: each has an engine of its own on the one database."""

    world: World
    sites: list[Site]
    github: FakeGithub
    log: Sequence[Any]

    @property
    def slack(self) -> FakeSlack:
        return self.world.slack

    def of(self, user: str, place: int = 0) -> Site:
        """A process, by which answers to somebody bear their name."""
        site = self.sites[place % len(self.sites)]
        return replace(site, response_url=f"{self.slack.response_url}?user={user}")

    def at_once(self, *acts: Act) -> None:
        """People do these at the same instant, in turn through each process; all is acknowledged."""
        start = Barrier(len(acts))

        def one(place: int, user: str, act: Callable[[Site], Reply]) -> int:
            start.wait()
            return act(self.of(user, place)).status

        with ThreadPoolExecutor(len(acts)) as people:
            done = [people.submit(one, place, *act) for place, act in enumerate(acts)]
            assert [each.result() for each in done] == [200] * len(acts)

    def told(self, number: int) -> dict[str, Counter[str]]:
        """What each was answered, and how often, once there are so many answers."""
        wait_until(lambda: len(self.answers) >= number)
        assert len(self.answers) == number
        said: dict[str, Counter[str]] = {}
        for one in self.answers:
            said.setdefault(one["user"], Counter())[one["text"]] += 1
        return said

    @property
    def answers(self) -> list[Json]:
        return [*self.slack.whispers, *self.slack.replaced]

    def flow(self, words: str, user: str) -> Json:
        return asked(self.of(user), self.slack, words, user)

    def count(self, of: str) -> int:
        with self.world.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {of}")).scalar() or 0)


@contextmanager
def hall_of(
    world: World, tmp_path: Path, processes: int = 1, host: FakeGithub | None = None, patience: float | None = None
) -> Iterator[Hall]:
    """A hall whose code host is the tests' own, with `patience` for a database that another one holds (seconds)."""
    with host or FakeGithub() as github, ExitStack() as open_, structlog.testing.capture_logs() as lines:
        github.now = lambda: world.now
        sites = []
        for _ in range(processes):
            engine = make_engine(world.engine.url.render_as_string(hide_password=False), patience)
            open_.callback(close, engine)
            client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
            open_.callback(client.close)
            known = settings(tmp_path, slack_api_url=world.slack.url)
            patient = Messenger(world.slack.token, world.slack.url, timeout=60)
            ctx = replace(world.ctx(patient), engine=engine, settings=known, github=client)
            server = Server(application(routes_of(ctx)), "127.0.0.1", 0)
            sites.append(Site(ctx, open_.enter_context(contextmanager(serve)(server))))
        yield Hall(world, sites, github, lines)


class SlowSlack(SlackWithSocket):
    """Answers no call of some methods before it is let go."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.slow: set[str] = set()
        self.reached: set[str] = set()
        self.free = Event()

    def answer(self, method: str, token: str | None, form: Json) -> Json:
        self._held(method)
        return super().answer(method, token, form)

    def respond(self, key: str, form: Json) -> str | None:
        self._held("respond")
        return super().respond(key, form)

    def _held(self, method: str) -> None:
        if method in self.slow:
            self.reached.add(method)
            assert self.free.wait(60)


class SlowGithub(FakeGithub):
    """Does what it is asked to with a method of review requests, and says so no sooner than it is let go."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.reached, self.free = Event(), Event()

    def answer(self, call: Call) -> tuple[int, dict[str, str], Any]:
        answer = super().answer(call)
        if call.path.endswith("/requested_reviewers") and call.method == self.slow:
            self.reached.set()
            assert self.free.wait(60)
        return answer
