"""Two Slack workspaces that one deployment serves: one database, and processes that know of each other by it alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from engines import close
from fake_slack import FakeSlack
from github_payloads import NINE, pull_request, signed
from oauth_slack import ACME, SHOP, base_of
from site_on_loopback import FORM, JSON, SECRET, signature
from slack_payloads import command, event_callback
from sqlalchemy import Engine

from bot.clock import SetClock
from bot.hosts.github.api import Github
from bot.installing import installs
from bot.installing.installs import Installed, installed_of
from bot.installing.secrets import vault_of
from bot.local.methods import no
from bot.serving.rounds import Rounds
from bot.serving.telemetry import Telemetry
from bot.settings import Settings
from bot.store.engine import make_engine, reading, writing
from bot.store.events import iterate_all
from bot.store.installs import Install
from bot.web import Answer, Request
from handlers.slack import SlackDoor
from handlers.webhooks import github_door
from jobs.schedule import run_job

TEAMS = (ACME, SHOP)
OWNERS = {ACME: ["Acme"], SHOP: ["acme", "corner-shop"]}
PEOPLE = ("alice", "bob", "carol")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def policy(target: str) -> str:
    """Everybody is mapped and works all the time; a review is agreed on, nothing else."""
    hours = ", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS)
    people = "".join(f'[people.{login}]\nslack = "U0{login.upper()}"\n' for login in PEOPLE)
    return (
        f'[calendar]\nhours = {{ {hours} }}\n[targets]\nreview = "{target}"\n'
        f"[nudges]\nheads_up = 0\nescalate = 0\nrepeat = 0\nmorning = false\n{people}"
    )


def write_files(folder: Path, targets: dict[str, str]) -> None:
    """The file of WEIR_WORKSPACES and a policy for each."""
    parts = []
    for team, target in targets.items():
        (folder / f"{team}.toml").write_text(policy(target))
        parts.append(f'[workspaces.{team}]\nowners = {json.dumps(OWNERS[team])}\npolicy = "{team}.toml"\n')
    (folder / "workspaces.toml").write_text("".join(parts))


class Exchange(FakeSlack):
    """The one address of Slack's; whose workspace a call is about is known by its token."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.by_token: dict[str, FakeSlack] = {}

    def answer(self, method: str, token: str | None, form: dict[str, Any]) -> dict[str, Any]:
        town = self.by_token.get(token or "")
        return town.answer(method, token, form) if town else no("invalid_auth" if token else "not_authed")


def token_of(team: str) -> str:
    return f"xoxb-of-{team}"


@contextmanager
def slacks() -> Iterator[tuple[Exchange, dict[str, FakeSlack]]]:
    """Slack, and the workspaces in it: the same people and channel ids in both."""
    with Exchange() as exchange, ExitStack() as open_:
        towns = {team: open_.enter_context(FakeSlack(token=token_of(team))) for team in TEAMS}
        for team, town in towns.items():
            exchange.by_token[token_of(team)] = town
            town.add_channel("C0TEAM")
            for login in PEOPLE:
                town.add_user(f"U0{login.upper()}", tz="UTC", is_admin=login == "alice")
        yield exchange, towns


def put_install(engine: Engine, settings: Settings, team: str, at: int) -> None:
    """Weir is installed in a workspace, as the door for installs keeps it."""
    token = vault_of(settings).seal(token_of(team))
    with writing(engine) as session:
        installs.keep(session, Install(team, team.title(), "A0WEIR", "U0WEIR", token, "chat:write", "U0ALICE", at))


@dataclass
class Process:
    """What one process has of its own: its engine, its doors and its jobs."""

    served: Installed
    telemetry: Telemetry = field(default_factory=Telemetry)

    def __post_init__(self) -> None:
        self.slack = SlackDoor(self.served)
        self.jobs = {job.name: job for job in Rounds(self.served, self.telemetry).jobs()}

    def deliver(self, event: str, payload: dict[str, Any]) -> Answer:
        headers, body = signed(SECRET, event, payload)
        known = {name.lower(): value for name, value in headers.items()}
        return github_door(self.served, self.telemetry, Request("POST", known, body))

    def ask(self, team: str, words: str, user: str = "U0ALICE") -> str:
        """What somebody is told who types a command."""
        reply = self.from_slack(urlencode({**command(words, user), "team_id": team}))
        return str(json.loads(reply.text)["text"])

    def event(self, team: str, event: dict[str, Any], at: int) -> Answer:
        told = {**event_callback(event), "team_id": team, "event_time": at}
        told["authorizations"] = [{"enterprise_id": None, "team_id": team, "user_id": "U0WEIR", "is_bot": True}]
        return self.from_slack(json.dumps(told), JSON)

    def from_slack(self, body: str, content_type: str = FORM) -> Answer:
        headers = {name.lower(): value for name, value in signature(body).items()}
        return self.slack.by_http(Request("POST", {**headers, "content-type": content_type}, body.encode()))

    def run(self, *names: str) -> None:
        for name in names:
            run_job(self.jobs[name], self.served.base.clock.now(), self.telemetry)


@dataclass
class Quarter:
    """A deployment of two processes for two workspaces."""

    engine: Engine
    clock: SetClock
    slack: Exchange
    towns: dict[str, FakeSlack]
    processes: Sequence[Process]

    @property
    def settings(self) -> Settings:
        return self.processes[0].served.base.settings

    def wait(self, hours: float) -> None:
        """Let time pass; then every process does what is due."""
        self.clock.advance(seconds=int(hours * 3600))
        for town in self.towns.values():
            town.now = self.clock.now()
        for process in self.processes:
            process.run("reconcile", "fold", "tick")

    def uninstall(self, team: str, process: Process, at: int | None = None) -> Answer:
        """Slack lets a workspace's token be good no more, and tells of it, as of `at` by its clock."""
        self.slack.by_token.pop(token_of(team), None)
        return process.event(team, {"type": "app_uninstalled"}, self.clock.now() if at is None else at)

    def heard(self, user: str = "U0ALICE") -> dict[str, int]:
        """How many messages a person has, by workspace."""
        return {team: len(town.dms(user)) for team, town in self.towns.items()}

    def kept(self) -> dict[str, list[str]]:
        """The repositories that something is known to have happened in, by workspace."""
        with reading(self.engine) as session:
            return {team: sorted({event.repo for event in iterate_all(session, team)}) for team in TEAMS}


def ask_for_review(process: Process, repo: str = "acme/shop", number: int = 12) -> list[int]:
    """The host tells that alice is asked for a review; how that is answered."""
    opened = pull_request("opened", number, repo, opened_at=NINE, at=NINE)
    asked = pull_request("review_requested", number, repo, reviewer="alice", opened_at=NINE, at=NINE)
    return [process.deliver("pull_request", told).status for told in (opened, asked)]


@contextmanager
def quarter_of(
    engine: Engine, folder: Path, github: Github | None = None, teams: Sequence[str] = TEAMS
) -> Iterator[Quarter]:
    """Weir is installed in these workspaces since just now, a Monday at nine."""
    clock = SetClock(NINE)
    with slacks() as (slack, towns), ExitStack() as open_:
        base = replace(base_of(engine, slack, clock, folder), github=github)
        write_files(folder, {ACME: "30m", SHOP: "4h"})
        for team in teams:
            put_install(engine, base.settings, team, clock.now())
        for town in towns.values():
            town.now = clock.now()
        processes = []
        for _ in range(2):
            own = make_engine(engine.url.render_as_string(hide_password=False))
            open_.callback(close, own)
            processes.append(Process(installed_of(replace(base, engine=own))))
        yield Quarter(engine, clock, slack, towns, processes)
