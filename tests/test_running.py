"""The program as people run it: a process, killed and started again, against stand-ins on loopback."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import doors
import pytest
from fake_github import FakeGithub
from fake_slack import FakeSlack, Fault
from fake_socket import FakeSocket
from github_payloads import pull_request, review
from program import SECRET, Program, wait_until
from site_on_loopback import settings
from sqlalchemy import Engine
from world import World

from bot.clock import SystemClock

NOW = SystemClock().now()
ASKED = NOW - 3600
POLICY = """
[calendar]
timezone = "UTC"
hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
[targets]
review = "30m"
[nudges]
escalate = 0
repeat = 0
[people.alice]
slack = "U0ALICE"
"""  # noqa: E501
OPENED = pull_request("opened", actor="bob", opened_at=ASKED, at=ASKED)
REQUESTED = pull_request("review_requested", actor="bob", reviewer="alice", opened_at=ASKED, at=ASKED)
REVIEWED = review("submitted", actor="alice", reviewer="alice", state="approved", at=NOW, submitted_at=NOW)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        running.add_user("U0ALICE")
        yield running


@pytest.fixture
def start(tmp_path: Path, slack: FakeSlack) -> Iterator[Callable[..., Program]]:
    (tmp_path / "weir.toml").write_text(POLICY)
    started: list[Program] = []

    def begin(command: str = "run", **environment: str) -> Program:
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": "signing-secret", "SLACK_API_URL": slack.url,
                 "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0"}  # fmt: skip
        started.append(Program(tmp_path, command, **{**known, **environment}))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


def a_while_passes(home: Path) -> None:
    """The lease of a message that was being sent runs out."""
    with sqlite3.connect(home / "weir.db") as database:
        database.execute("UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL")
    database.close()


def test_a_review_request_becomes_a_message_that_is_edited_once_reviewed(
    start: Callable[..., Program], slack: FakeSlack
) -> None:
    program = start()
    assert [program.deliver("pull_request", payload) for payload in (OPENED, REQUESTED)] == [202, 202]
    wait_until(lambda: slack.dms("U0ALICE"))
    (message,) = slack.dms("U0ALICE")
    assert "acme/shop#12" in message["text"]
    assert "for your review" in message["text"]
    assert program.deliver("pull_request_review", REVIEWED) == 202
    wait_until(lambda: "thank you" in slack.dms("U0ALICE")[0]["text"])
    assert "reviewed after" in slack.dms("U0ALICE")[0]["text"]
    assert program.stop() == 0
    assert len(slack.history()) == 1
    assert not [line for line in program.lines if SECRET in line or slack.token in line]


def test_killed_at_any_step_and_started_again_it_sends_exactly_one_message(
    start: Callable[..., Program], slack: FakeSlack, tmp_path: Path
) -> None:
    program = start()
    assert [program.deliver("pull_request", payload) for payload in (OPENED, REQUESTED)] == [202, 202]
    program.kill()  # stored, not decided or just deciding

    slack.fail("conversations.open", *[Fault("slow", seconds=30)])
    program = start()
    wait_until(lambda: slack.called("conversations.open"))
    program.kill()  # claimed, and its conversation being opened
    a_while_passes(tmp_path)

    slack.fail("chat.postMessage", Fault("slow", seconds=30))
    program = start()
    wait_until(lambda: slack.dms("U0ALICE"))
    program.kill()  # posted, and its reply never read
    a_while_passes(tmp_path)

    program = start()
    wait_until(lambda: slack.called("conversations.history"))
    assert program.deliver("pull_request_review", REVIEWED) == 202
    wait_until(lambda: slack.called("chat.update"))
    program.kill()  # being edited
    a_while_passes(tmp_path)

    program = start()
    wait_until(lambda: "thank you" in slack.dms("U0ALICE")[0]["text"])
    assert program.stop() == 0
    assert len(slack.history()) == 1
    assert slack.called("chat.postMessage") == 1


def test_asked_to_stop_while_sending_it_finishes_that_message(
    start: Callable[..., Program], slack: FakeSlack, tmp_path: Path
) -> None:
    slack.fail("chat.postMessage", Fault("slow", seconds=2))
    program = start()
    assert [program.deliver("pull_request", payload) for payload in (OPENED, REQUESTED)] == [202, 202]
    wait_until(lambda: slack.dms("U0ALICE"))
    assert program.stop() == 0
    with sqlite3.connect(tmp_path / "weir.db") as database:
        assert database.execute("SELECT state, lease_until FROM outbox").fetchall() == [("sent", None)]
    database.close()


def test_what_fell_due_while_it_was_down_is_nudged_unless_it_was_settled_meanwhile(
    start: Callable[..., Program], slack: FakeSlack, tmp_path: Path
) -> None:
    with FakeGithub() as github:
        (tmp_path / "weir.toml").write_text(POLICY.replace('"30m"', '"8h"'))
        program = start(GITHUB_TOKEN="token", GITHUB_API_URL=github.url)
        pulls = [github.repo("acme/shop").pull(number, at=ASKED) for number in (12, 13)]
        for pull in pulls:
            pull.request("alice", at=ASKED)
            opened = pull_request("opened", pull.number, actor="bob", opened_at=ASKED, at=ASKED)
            asked = pull_request(
                "review_requested", pull.number, actor="bob", reviewer="alice", opened_at=ASKED, at=ASKED
            )
            assert program.deliver("pull_request", opened) == 202
            assert program.deliver("pull_request", asked) in (202, 200)  # 200 where the host was read just before it
        assert program.stop() == 0
        assert slack.history() == []
        pulls[0].review("alice", "APPROVED", at=NOW - 60)
        (tmp_path / "weir.toml").write_text(POLICY)
        program = start(GITHUB_TOKEN="token", GITHUB_API_URL=github.url)
        wait_until(lambda: slack.dms("U0ALICE"))
        assert program.stop() == 0
    (message,) = slack.history()
    assert "acme/shop#13" in message["text"]
    assert "acme/shop#12" not in message["text"]


def test_with_slack_and_the_host_down_it_stays_ready_and_stores(start: Callable[..., Program]) -> None:
    program = start(SLACK_API_URL="http://127.0.0.1:9/api/", GITHUB_TOKEN="token", GITHUB_API_URL="http://127.0.0.1:9")
    assert [program.deliver("pull_request", payload) for payload in (OPENED, REQUESTED)] == [202, 202]
    wait_until(lambda: program.ask("GET", "/readyz") == (200, "ready\n"))


def test_a_socket_that_slack_does_not_open_stops_nothing(start: Callable[..., Program]) -> None:
    program = start(SLACK_APP_TOKEN="xapp-1", SLACK_API_URL="http://127.0.0.1:9/api/")
    assert program.ask("GET", "/healthz") == (200, "alive\n")
    assert program.ask("POST", "/slack/events")[0] == 404
    assert program.stop() == 0


@pytest.mark.long
def test_two_of_each_on_postgresql_send_one_message(
    start: Callable[..., Program], slack: FakeSlack, empty_postgres: str
) -> None:
    behind = start("worker", DATABASE_URL=empty_postgres)
    assert behind.end() == 1
    assert "run: weir migrate" in said(behind)
    assert start("migrate", DATABASE_URL=empty_postgres).end() == 0
    webs = [start("web", DATABASE_URL=empty_postgres) for _ in range(2)]
    assert [web.deliver("pull_request", payload) for payload in (OPENED, REQUESTED) for web in webs] == [202, 200] * 2
    workers = [start("worker", DATABASE_URL=empty_postgres, WEIR_METRICS_PORT="0") for _ in range(2)]
    wait_until(lambda: slack.dms("U0ALICE"))
    for worker in workers:
        assert worker.ask("GET", "/healthz") == (200, "alive\n")
        assert worker.ask("POST", "/webhooks/github")[0] == 404
    wait_until(lambda: 'weir_messages{rung="breach",state="sent"} 1.0' in workers[0].ask("GET", "/metrics")[1])
    assert [program.stop() for program in (*webs, *workers)] == [0, 0, 0, 0]
    assert len(slack.history()) == 1


def test_a_worker_without_a_metrics_port_listens_nowhere(start: Callable[..., Program], empty_postgres: str) -> None:
    assert start("migrate", DATABASE_URL=empty_postgres).end() == 0
    worker = start("worker", DATABASE_URL=empty_postgres)
    assert worker.port == 0
    assert worker.stop() == 0


class SlackWithSocket(FakeSlack):
    """A Slack that hands out the address of a socket."""

    link = ""

    def _apps_connections_open(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.link}


def test_in_socket_mode_a_command_and_a_press_are_answered_through_the_socket(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    (tmp_path / "weir.toml").write_text('admins = ["U0ALICE"]\n' + POLICY + '[repos."acme/shop"]\n')
    with FakeSocket() as link, SlackWithSocket() as slack:
        slack.link = link.url
        program = start(SLACK_APP_TOKEN=slack.token, SLACK_API_URL=slack.url, SLACK_SIGNING_SECRET="")
        wait_until(link.connected.is_set)
        link.response_url = slack.response_url
        asked = link.command("waits")
        wait_until(lambda: link.answer_to(asked))
        button = {"type": "button", "action_id": "ask:repos", "value": '{"ask":"repos","page":null}'}
        pressed = link.press(button)
        wait_until(lambda: slack.replaced)
        assert program.stop() == 0
    assert (slack.replaced[0]["text"][:13], slack.replaced[0]["replace_original"]) == ("1 repository;", True)
    assert link.answers == [link.answer_to(asked), link.answer_to(pressed)]
    assert link.answers[0]["payload"]["text"] == "Nothing waits for you just now."


def test_once_a_socket_is_closed_nothing_of_it_is_left(sqlite_engine: Engine, tmp_path: Path) -> None:
    with doors.SlackWithSocket() as slack:
        known = settings(tmp_path, slack_bot_token=slack.token, slack_api_url=slack.url)
        ctx = replace(World(sqlite_engine, slack).ctx(), settings=known)
        before = set(threading.enumerate())
        with doors.opened(ctx, slack, doors.SOCKET) as link:
            assert set(threading.enumerate()) > before
            asked = link.command("help")
            wait_until(lambda: link.answer_to(asked))
        left = set(threading.enumerate()) - before
    assert [thread.name for thread in left if not thread.name.startswith("soon")] == []


def said(program: Program) -> str:
    return "".join(program.lines)


def test_with_settings_missing_it_says_which_where_to_get_them_and_what_next(start: Callable[..., Program]) -> None:
    program = start(SLACK_BOT_TOKEN="", SLACK_SIGNING_SECRET="", GITHUB_WEBHOOK_SECRET="")
    assert program.end() == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "GITHUB_WEBHOOK_SECRET", "weir manifest", "weir doctor"):
        assert name in said(program)


@pytest.mark.parametrize(
    ("command", "environment", "status", "words"),
    [
        ("web", {}, 2, "shares its database"),
        ("worker", {}, 2, "shares its database"),
        ("worker", {"DATABASE_URL": "postgresql://weir:hidden@127.0.0.1:9/weir"}, 1, "can't be used"),
        ("run", {"DATABASE_URL": "sqlite:////nowhere/weir.db"}, 1, "can't be used"),
        ("run", {"DATABASE_URL": "mysql://weir@localhost/weir"}, 2, "DATABASE_URL"),
        ("run", {"PORT": "many"}, 2, "PORT"),
        ("run", {"HOST": "203.0.113.1"}, 1, "can't listen"),
        ("run", {"SLACK_API_URL": "slack.com"}, 2, "SLACK_API_URL"),
        ("run", {"WEIR_POLICY": "absent.toml"}, 2, "absent.toml: no such file"),
        ("migrate", {"DATABASE_URL": "postgres://weir:hidden@127.0.0.1:9/weir"}, 1, "can't be used"),
    ],
)
def test_what_can_not_work_is_said_in_one_line(
    start: Callable[..., Program], command: str, environment: dict[str, str], status: int, words: str
) -> None:
    program = start(command, **environment)
    assert program.end() == status
    (line,) = program.lines
    assert words in line
    assert "hidden" not in line
