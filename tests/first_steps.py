"""From an empty workspace to the first nudge: the whole program, a Slack and a GitHub on loopback, no policy file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fake_github import FakeGithub
from fake_slack import FakeSlack, content_error
from program import wait_until
from site_on_loopback import Site, serve, settings

from bot import app
from bot.clock import SetClock
from bot.flow.events import parse_instant
from bot.messenger import Messenger
from bot.serving.workspaces import OneWorkspace
from bot.store.agenda import next_instant
from bot.store.engine import reading
from bot.store.migrate import migrate
from bot.web import Server, application

HOUR, DAY = 3600, 86_400
LEAPS = 1800
"""Seconds that the clock passes over at most between two beats; the machine has not slept by then."""
MONDAY = parse_instant("2026-03-02T08:00:00Z")
"""Nine o'clock in Berlin."""
PEOPLE = {"alice": "Europe/Berlin", "bob": "Europe/Berlin", "carol": "Europe/London", "dan": "Europe/Berlin"}
TITLES = (
    "Fix rounding in totals", "Retry payments that time out", "Show the delivery date", "Faster search",
    "Remove the old checkout", "Translate the receipts",
)  # fmt: skip


@dataclass
class FirstSteps:
    """Everything there is on the first day. `beat` runs every job once, `wait` lets time pass."""

    slack: FakeSlack
    github: FakeGithub
    clock: SetClock
    site: Site
    jobs: list[Any]

    def flow(self, text: str, user: str = "U0DAN") -> dict[str, Any]:
        """What somebody is answered, at once or beside the command."""
        before = len(self.slack.whispers)
        reply = self.site.command(text, user)
        if not reply.text:
            wait_until(lambda: len(self.slack.whispers) > before)
        said: dict[str, Any] = json.loads(reply.text) if reply.text else self.slack.whispers[-1]
        assert (reply.status, content_error(said)) == (200, None)
        return said

    def beat(self) -> None:
        self.slack.now = self.clock.now()
        for job in self.jobs:
            job.do(self.clock.now())

    def wait(self, hours: float) -> None:
        """Let time pass, with a beat wherever there is something to do."""
        end = self.clock.now() + int(hours * HOUR)
        while self.clock.now() < end:
            with reading(self.site.ctx.engine) as session:
                coming = next_instant(session, self.site.ctx.workspace)
            at = self.clock.now()
            self.clock.set(min(end, at + 900 if coming is None else max(at + 5, min(coming, at + 900))))
            self.beat()

    def history(self) -> None:
        """Eight weeks of pull requests on the code host, the last of them open."""
        repo = self.github.repo("acme/shop")
        people = list(PEOPLE)
        for number in range(1, 41):
            day = MONDAY - 56 * DAY + (number - 1) // 5 * 7 * DAY + (number - 1) % 5 * DAY
            author, reviewer = people[number % 4], people[(number + 1 + number % 3) % 4]
            pull = repo.pull(number, author=author, at=day + HOUR, title=TITLES[number % len(TITLES)])
            pull.request(reviewer, at=day + HOUR + 60, by=author)
            pull.review(reviewer, "APPROVED", at=day + HOUR + 60 + (1 + number % 9) * 2000)
            pull.merge(at=day + 8 * HOUR)
            repo.commit(author, f"{author}@acme.example")

    def open_pull(self, number: int, author: str, reviewer: str, title: str) -> Any:
        now = self.clock.now()
        pull = self.github.repo("acme/shop").pull(number, author=author, at=now, title=title)
        pull.request(reviewer, at=now + 1, by=author)
        return pull


@contextmanager
def first_steps(folder: Path) -> Iterator[FirstSteps]:
    """A workspace in which Weir was just installed."""
    with FakeSlack() as slack, FakeGithub() as github:
        for login, zone in PEOPLE.items():
            slack.add_user(f"U0{login.upper()}", tz=zone, real_name=login.title(), is_admin=login == "dan",
                           profile={"email": f"{login}@acme.example"})  # fmt: skip
        slack.add_channel("C0SHOP", name="shop")
        clock = SetClock(MONDAY)
        github.now = clock.now
        known = settings(folder, slack_api_url=slack.url, slack_bot_token=slack.token, github_api_url=github.url,
                         github_token="token", weir_public_url="https://weir.example.com")  # fmt: skip
        ctx = app.build(known, clock)
        ctx = replace(ctx, messenger=Messenger(slack.token, slack.url, timeout=5))
        migrate(ctx.engine)
        served = OneWorkspace(ctx)
        telemetry = app.telemetry_of(served)
        server = Server(application(app.all_routes(served, telemetry, app.slack_of(served))), "127.0.0.1", 0)
        for port in serve(server):
            site = Site(ctx, port, slack.response_url)
            yield FirstSteps(slack, github, clock, site, app.jobs_of(served, telemetry, LEAPS))
        if ctx.github:
            ctx.github.close()
        ctx.engine.dispose()
