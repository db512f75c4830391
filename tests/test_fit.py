"""A program whose database a newer one migrated: it goes on where the schema carries it, else it stands still."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from doors import SOCKET, SlackWithSocket, asked, opened
from program import wait_until
from site_on_loopback import Site, serve, settings, web
from slack_bolt.request import BoltRequest
from slack_payloads import event_callback
from sqlalchemy import Engine, text
from test_migrations import ALL

from bot import app
from bot.__main__ import run
from bot.clock import SetClock
from bot.serving.fit import LOOK, Fit
from bot.serving.telemetry import Telemetry
from bot.serving.workspaces import OneWorkspace
from bot.store.engine import writing
from jobs.schedule import Job, Schedule, Turn

NOW = 1_772_442_000
WHY = (
    "the database's schema 9999 works with programs from schema 9998 on, and no longer with this one; "
    "update this program"
)
UPDATED = "Weir is being updated just now. Please try again in a few minutes."


def serving_from(engine: Engine, revision: str) -> None:
    """A newer program migrates."""
    with writing(engine) as session:
        said = {"revision": revision}
        session.execute(text("UPDATE alembic_version SET version_num = '9999', serves_from = :revision"), said)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def site(sqlite_engine: Engine, tmp_path: Path, clock: SetClock) -> Iterator[Site]:
    ctx = app.build(settings(tmp_path), clock)
    for port in serve(web(ctx)):
        yield Site(ctx, port)
    ctx.engine.dispose()


def test_a_schema_that_carries_the_program_keeps_it_ready_and_is_told_once(
    site: Site, sqlite_engine: Engine, clock: SetClock
) -> None:
    with structlog.testing.capture_logs() as lines:
        assert site.ask("GET", "/readyz").status == 200
        serving_from(sqlite_engine, ALL[-1])
        for _ in range(2):
            assert (site.ask("GET", "/readyz").status, site.deliver().status // 100) == (200, 2)
    told = [line for line in lines if line["event"].startswith("database")]
    assert told == [{"event": "database newer", "schema": "9999", "serves_from": ALL[-1], "log_level": "info"}]


def test_one_that_does_not_has_it_take_nothing_in_and_say_why(site: Site, sqlite_engine: Engine) -> None:
    serving_from(sqlite_engine, "9998")
    with structlog.testing.capture_logs() as lines:
        ready = site.ask("GET", "/readyz")
        assert (ready.status, ready.text) == (503, WHY + "\n")
        assert [site.deliver().status, site.send_event(event_callback({"type": "app_home_opened"})).status] == [
            503,
            503,
        ]
        assert json.loads(site.command("waits").text)["text"] == UPDATED
    assert [line for line in lines if line["event"] == "database does not fit"] == [
        {"event": "database does not fit", "why": WHY, "log_level": "error"}
    ]
    assert site.events() == []


def test_it_is_noticed_where_nobody_asks_whether_it_is_ready(
    site: Site, sqlite_engine: Engine, clock: SetClock
) -> None:
    assert site.deliver().status == 202
    serving_from(sqlite_engine, "9998")
    clock.advance(seconds=LOOK)
    with structlog.testing.capture_logs():
        wait_until(lambda: site.deliver().status == 503)
    serving_from(sqlite_engine, ALL[-1])
    clock.advance(seconds=LOOK)
    wait_until(lambda: site.deliver().status == 200)


def test_by_slack_s_socket_the_same_is_said_and_nothing_done(
    sqlite_engine: Engine, tmp_path: Path, clock: SetClock
) -> None:
    with SlackWithSocket() as slack, structlog.testing.capture_logs():
        ctx = replace(
            app.build(settings(tmp_path, slack_api_url=slack.url, slack_bot_token=slack.token), clock),
            engine=sqlite_engine,
        )
        with opened(ctx, slack, SOCKET) as hands:
            assert asked(hands, slack, "waits", "U0ALICE")["text"] != UPDATED
            serving_from(sqlite_engine, "9998")
            clock.advance(seconds=LOOK)
            wait_until(lambda: asked(hands, slack, "waits", "U0ALICE")["text"] == UPDATED)
        door = app.slack_of(OneWorkspace(ctx))
        told = event_callback({"type": "app_uninstalled"})
        wait_until(lambda: door.dispatch(BoltRequest(mode="socket_mode", body=told)).status == 503)
        assert door.dispatch(BoltRequest(mode="socket_mode", body=told)).body == WHY


def test_a_database_that_says_nothing_keeps_nobody_waiting_for_long(sqlite_engine: Engine, clock: SetClock) -> None:
    fit = Fit(sqlite_engine, clock)
    go_on = threading.Event()
    fit.look = lambda: go_on.wait(30) and Fit(sqlite_engine, clock).look()  # type: ignore[assignment, return-value]
    assert [fit.why(), fit.why()] == [None, None], "the second did not wait for the first one's look"
    go_on.set()


def test_jobs_keep_off_a_schema_that_does_not_carry_them_until_it_does(sqlite_engine: Engine, clock: SetClock) -> None:
    fit = Fit(sqlite_engine, clock)
    assert fit.may_work()
    serving_from(sqlite_engine, "9998")
    clock.advance(seconds=LOOK)
    with structlog.testing.capture_logs():
        assert not fit.may_work()
    serving_from(sqlite_engine, ALL[-1])
    clock.advance(seconds=LOOK)
    assert fit.may_work()


def test_a_job_that_may_not_work_is_not_begun(clock: SetClock) -> None:
    begun: list[int] = []
    allowed = iter([False, True])

    def step(now: int) -> int:
        begun.append(now)
        return 1

    schedule = Schedule([], clock, Telemetry(), lambda: next(allowed))
    for _ in range(2):
        clock.advance(seconds=1)
        schedule._run(Job("tick", 2, lambda: [Turn("default", [step])]))
    assert begun == [NOW + 2]


COMMANDS = ["waits acme/shop", "export -", "metrics main", "backup -", "forget alice", "run", "migrate"]


@pytest.fixture
def environment(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'weir.db'}")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_a_schema_that_does_not_carry_them_in_a_line(
    environment: None, sqlite_engine: Engine, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    serving_from(sqlite_engine, "9998")
    assert run(command.split()) == 1
    assert capsys.readouterr().err == f"weir: {WHY}\n"


def test_what_concerns_every_table_is_left_to_the_newer_program(
    environment: None, sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    serving_from(sqlite_engine, ALL[-1])
    for command in ("backup -", "forget alice"):
        assert run(command.split()) == 1
        assert "schema 9999 is newer than this program, which does not know all of it" in capsys.readouterr().err
    assert run(["export", "-"]) == 0


def test_migrating_says_what_was_done_and_who_works_with_it(
    environment: None, sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["migrate"]) == 0
    said = f"The database is up to date (schema {ALL[-1]}). Programs from schema 0012 on work with it.\n"
    assert capsys.readouterr().out == said
    serving_from(sqlite_engine, ALL[-1])
    assert run(["migrate"]) == 0
    said = "The database is newer than this program (schema 9999); nothing was changed. Programs from schema "
    assert capsys.readouterr().out == f"{said}{ALL[-1]} on work with it.\n"
