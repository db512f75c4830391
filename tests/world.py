"""A small world: people, a repository, a code host's facts told one by one, a clock that is moved, and a Slack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fake_slack import FakeSlack
from sqlalchemy import Engine, text

from bot.clock import SetClock
from bot.context import WORKSPACE, Context
from bot.flow.events import FlowEvent, flow_event, parse_instant
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import Policy, parse_policy
from bot.settings import Settings
from bot.store import repos, sights
from bot.store.agenda import next_instant
from bot.store.engine import reading, writing
from jobs import absences, deliver, morning, nudge

POLICY = """
[calendar]
timezone = "Europe/Berlin"
[targets]
review = "8h"
re_review = "4h"
rework = "16h"
merge = "8h"
assign = "4h"
fix = "8h"
[people.alice]
slack = "U0ALICE"
[people.bob]
slack = "U0BOB"
[people.carol]
slack = "U0CAROL"
[repos."acme/shop"]
channel = "C0TEAM"
"""
NO_CHANNEL = POLICY.replace('channel = "C0TEAM"', "")
SETTINGS = Settings()
MONDAY = parse_instant("2026-03-02T08:00:00Z")
"""Nine o'clock in Berlin."""


def publish(engine: Engine, *names: str, private: bool = False) -> None:
    """Say of repositories that they are public (or private), as if the code host had said so."""
    with writing(engine) as session:
        repos.add(session, WORKSPACE, "github", names)
        sights.tell(session, WORKSPACE, "github", dict.fromkeys(names, private), MONDAY)


@dataclass
class World:
    """Start it with Monday, nine o'clock; `take` tells facts, `wait` lets time pass."""

    engine: Engine
    slack: FakeSlack
    policy: Policy = field(default_factory=lambda: parse_policy(NO_CHANNEL, "test.toml"))
    clock: SetClock = field(default_factory=lambda: SetClock(MONDAY))
    morning: bool = False
    """Whether people get morning messages."""
    offers: bool = False
    """Whether authors are offered a hand-over while a reviewer is away."""
    private: bool | None = False
    """What the code host says of its repositories; None where it says nothing."""
    _ids: Iterator[int] = field(default_factory=count)

    @property
    def now(self) -> int:
        return self.clock.now()

    def ctx(self, messenger: Any = None) -> Context:
        """A program just started."""
        messenger = messenger or Messenger(self.slack.token, self.slack.url, timeout=2)
        return Context(self.engine, self.policy, SETTINGS, self.clock, messenger)

    def set_policy(self, toml: str) -> None:
        self.policy = parse_policy(toml, "test.toml")

    def fact(
        self, kind: str, actor: str | None = "bob", *, item: int = 1, at: int | None = None, **data: Any
    ) -> FlowEvent:
        at = self.now if at is None else at
        return flow_event(repo="acme/shop", item=item, id=f"e{next(self._ids)}", at=at, kind=kind, actor=actor, **data)

    def tell(self, *facts: FlowEvent, live: bool = True) -> None:
        take(self.ctx(), facts, self.now, live=live)
        if self.private is not None:
            told = {fact.repo: self.private for fact in facts}
            with writing(self.engine) as session:
                sights.tell(session, self.ctx().workspace, "github", told, self.now)

    def publish(self, *repos: str) -> None:
        """Let everybody see repositories."""
        publish(self.engine, *repos)

    def ask(self, *reviewers: str, item: int = 1, title: str = "Fix rounding in totals", at: int | None = None,
            live: bool = True, author: str = "bob") -> None:  # fmt: skip
        """Open a pull request and ask for reviews, at one instant."""
        url = f"https://github.com/acme/shop/pull/{item}"
        opened = self.fact("opened", author, item=item, at=at, type="pull_request", title=title, url=url, size=120)
        asked = [self.fact("review_requested", author, item=item, at=at, reviewer=login) for login in reviewers]
        self.tell(opened, *asked, live=live)

    def review(self, who: str, state: str = "approved", item: int = 1) -> None:
        self.tell(self.fact("review_submitted", who, item=item, state=state))

    def tick(self, ctx: Context | None = None) -> None:
        """One beat of the clock."""
        ctx = ctx or self.ctx()
        self.slack.now = self.now
        if self.offers:
            absences.run(ctx, self.now)
        if self.morning:
            morning.run(ctx, self.now)
        nudge.run(ctx, self.now)
        deliver.run(ctx, self.now)

    def wait(self, *, days: int = 0, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass, ticking wherever there is something to do, at most every five seconds, and at the end."""
        ctx, end = self.ctx(), self.now + int(days * 86400 + hours * 3600 + minutes * 60)
        while self.now < end:
            with reading(self.engine) as session:
                coming = next_instant(session, ctx.workspace)
            self.clock.set(min(end if coming is None else max(coming, self.now + 5), end))
            self.tick(ctx)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database has by now."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def texts(self, user: str) -> list[str]:
        return [message["text"] for message in self.slack.dms(user)]

    @property
    def channel(self) -> list[str]:
        return [message["text"] for message in self.slack.messages("C0TEAM")]

    def sent_at(self) -> list[int]:
        return [int(float(message["ts"])) for message in self.slack.history()]

    def outbox(self) -> list[str]:
        """The states of all messages."""
        with self.engine.connect() as connection:
            return sorted(connection.execute(text("SELECT state FROM outbox")).scalars())

    def problems(self) -> dict[str, str]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT address, problem FROM addresses WHERE problem IS NOT NULL"))
            return {row.address: row.problem for row in rows}
