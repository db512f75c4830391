"""The program itself, with two workspaces that come while it runs, and one that goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from databases import Databases
from github_payloads import pull_request
from oauth_slack import ACME, KEY, SHOP
from program import SECRET, Program, wait_until
from quarter import TEAMS, Exchange, put_install, slacks, write_files
from site_on_loopback import FORM, JSON, SLACK_SECRET, settings, signature
from slack_payloads import command, event_callback

from bot.clock import SystemClock
from bot.store.engine import make_engine

pytestmark = pytest.mark.long
NOW = SystemClock().now()
Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Begins a program for two workspaces, in which it is not installed yet."""
    started: list[Program] = []
    write_files(tmp_path, {ACME: "20m", SHOP: "30m"})

    def begin(slack: Exchange, command: str = "run", **environment: str) -> Program:
        known = {
            "WEIR_WORKSPACES": "workspaces.toml", "WEIR_SECRET_KEY": KEY, "WEIR_PUBLIC_URL": "https://weir.acme.test",
            "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "secret", "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "SLACK_API_URL": slack.url, "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0",
        }  # fmt: skip
        started.append(Program(tmp_path, command, **{**known, **environment}))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


def installed(address: str, folder: Path) -> None:
    engine = make_engine(address)
    for team in TEAMS:
        put_install(engine, settings(folder, weir_secret_key=KEY), team, NOW - 60)
    engine.dispose()


def ask_for_review(program: Program, number: int, reviewer: str) -> None:
    """The host tells that somebody was asked an hour ago."""
    at = NOW - 3600
    for told in (
        pull_request("opened", number, opened_at=at, at=at),
        pull_request("review_requested", number, reviewer=reviewer, opened_at=at, at=at),
    ):
        assert program.deliver("pull_request", told) == 202


def flow(program: Program, team: str) -> str:
    """What alice is told in a workspace."""
    body = urlencode({**command("waits", "U0ALICE"), "team_id": team})
    return program.ask("POST", "/slack/events", body.encode(), {**signature(body), "Content-Type": FORM})[1]


def uninstall(program: Program, team: str, slack: Exchange) -> None:
    del slack.by_token[f"xoxb-of-{team}"]
    told = {**event_callback({"type": "app_uninstalled"}), "team_id": team, "event_time": NOW}
    body = json.dumps({**told, "authorizations": [{"team_id": team, "user_id": "U0WEIR", "is_bot": True}]})
    assert program.ask("POST", "/slack/events", body.encode(), {**signature(body), "Content-Type": JSON})[0] == 200


def serve_two(webs: list[Program], address: str, folder: Path, slack: Exchange) -> None:
    towns = {team: slack.by_token[f"xoxb-of-{team}"] for team in TEAMS}
    assert webs[0].port
    installed(address, folder)
    for team in TEAMS:  # a process may look just between the two
        wait_until(lambda team=team: "Weir is not installed" not in flow(webs[0], team))
    ask_for_review(webs[0], 12, "alice")
    wait_until(lambda: all(town.dms("U0ALICE") for town in towns.values()))
    uninstall(webs[-1], ACME, slack)
    wait_until(lambda: "Weir is not installed" in flow(webs[0], ACME))
    ask_for_review(webs[0], 13, "carol")
    wait_until(lambda: towns[SHOP].dms("U0CAROL"))
    heard = [[len(town.dms(user)) for user in ("U0ALICE", "U0CAROL")] for town in towns.values()]
    assert heard == [[1, 0], [1, 1]]
    for program in webs:
        assert not [line for line in program.lines if "Traceback" in line]


def test_two_workspaces_come_while_it_runs_each_is_nudged_and_one_goes(start: Start, tmp_path: Path) -> None:
    with slacks() as (slack, _):
        serve_two([start(slack)], f"sqlite:///{tmp_path / 'weir.db'}", tmp_path, slack)


def test_two_workspaces_are_served_by_two_of_each_process(start: Start, tmp_path: Path, postgres: Databases) -> None:
    name = postgres.migrated()
    address = postgres.url(name)
    with slacks() as (slack, _):
        webs = [start(slack, "web", DATABASE_URL=address) for _ in range(2)]
        workers = [start(slack, "worker", DATABASE_URL=address) for _ in range(2)]
        serve_two(webs, address, tmp_path, slack)
        assert [program.stop() for program in (*webs, *workers)] == [0] * 4
    postgres.use_again(name)
