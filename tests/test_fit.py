"""A program whose database a newer one migrated: it goes on where the schema carries it, else it stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine, text
from test_migrations import ALL

from bot import app
from bot.__main__ import run
from bot.clock import SetClock
from bot.fit import LOOK, Fit
from bot.store.engine import writing
from bot.telemetry import Telemetry
from jobs.schedule import Job, Schedule, Turn

NOW = 1_772_442_000
WHY = (
    "the database's schema 9999 works with programs from schema 9998 on, and no longer with this one; "
    "update this program"
)


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
        assert [site.deliver().status, site.command("waits").status] == [503, 503]
    assert [line for line in lines if line["event"] == "database does not fit"] == [
        {"event": "database does not fit", "why": WHY, "log_level": "error"}
    ]
    assert site.events() == []


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
