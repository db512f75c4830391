"""Two releases side by side on one PostgreSQL; processes that are replaced one after the other, under deliveries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from engines import close
from program import PATIENCE, Program
from rolling import OLD_REVISION, Town, town_of, unpacked, url_of
from site_on_loopback import serve, settings, web
from sqlalchemy import Engine

from bot import app
from bot.policy import load_policy
from bot.serving.workspaces import OneWorkspace
from bot.store.engine import make_engine, writing
from bot.store.migrate import migrate, revisions, upgrade

SHORT, LONG = 7, 2_000
"""How many people are asked for a review at most."""


@pytest.fixture
def database(empty_postgres: str) -> Iterator[Engine]:
    """One with the schema of the release before."""
    engine = make_engine(empty_postgres)
    with writing(engine) as session:
        upgrade(session, OLD_REVISION)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def old(pytestconfig: pytest.Config) -> Path:
    return unpacked(pytestconfig.cache.mkdir("old"))


class Fleet:
    """The programs of a town, begun and ended; those that answer people are behind its balancer."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.all: list[Program] = []
        self._ports: dict[Program, int] = {}

    def begin(self, command: str, code: Path | None = None) -> Program:
        program = self._town.program(command, code)
        self.all.append(program)
        self._ports[program] = program.port  # once it runs
        if command != "worker":
            self._town.door.webs.append(self._ports[program])
        return program

    def end(self, program: Program) -> None:
        """As a service manager does: SIGTERM, and wait; the balancer finds out by itself."""
        assert program.stop() == 0
        if self._ports[program] in self._town.door.webs:
            self._town.door.webs.remove(self._ports[program])

    def replace(self, program: Program, command: str, code: Path | None = None) -> Program:
        """The new one is there before the old one goes."""
        successor = self.begin(command, code)
        self.end(program)
        return successor

    def alone(self, command: str) -> int:
        """Run a command that ends by itself; its status."""
        return self._town.program(command).end()

    def lines(self, words: str) -> list[str]:
        return [line for program in self.all for line in program.lines if words in line]


@pytest.fixture
def fleet_of() -> Iterator[Callable[[Town], Fleet]]:
    fleets: list[Fleet] = []

    def make(town: Town) -> Fleet:
        fleets.append(Fleet(town))
        return fleets[-1]

    yield make
    for fleet in fleets:
        for program in fleet.all:
            program.kill()


@contextmanager
def this_release(town: Town) -> Iterator[list[Any]]:
    """This program's web and worker in the tests' own process, which costs less than two more; what they log."""
    ctx = app.build(
        settings(
            town.home,
            slack_bot_token=town.slack.token,
            slack_api_url=town.slack.url,
            database_url=url_of(town.database),
        ),
        policy=load_policy(town.home / "weir.toml"),
    )
    served = OneWorkspace(ctx)
    schedule = app.schedule_of(served, app.telemetry_of(served))
    with structlog.testing.capture_logs() as lines, contextmanager(serve)(web(ctx)) as port:
        schedule.start()
        town.door.webs.append(port)
        yield lines
        town.door.webs.remove(port)
        assert schedule.stop(PATIENCE)
    close(ctx.engine)


def test_the_release_before_goes_on_beside_this_one_and_takes_over_again(
    database: Engine, old: Path, tmp_path: Path, fleet_of: Callable[[Town], Fleet]
) -> None:
    with town_of(tmp_path, database, SHORT) as town:
        fleet = fleet_of(town)
        fleet.begin("run", old)
        town.ask_for([1, 2])
        town.wait_for([1, 2], "for your review")
        assert migrate(database) == revisions()[revisions().index(OLD_REVISION) + 1 :]
        with this_release(town) as lines:
            town.ask_for([3, 4, 5, 6])
            town.wait_for([3, 4, 5, 6], "for your review")
            town.press([1, 2, 3, 4])
            town.review([1, 3])
            town.wait_for([1, 3], "thank you")
            assert len(town.door.served) == 2
        town.ask_for([7])
        town.press([5])
        town.review([5])
        town.wait_for([7], "for your review")
        town.all_is_well()
        assert bool(fleet.lines('"database newer"')) == (revisions()[-1] != OLD_REVISION)
        assert fleet.lines('"error"') == []
        assert [line for line in lines if line["log_level"] == "error"] == []


@contextmanager
def busy(town: Town, people: int) -> Iterator[None]:
    """The town asks, presses and reviews for as long as this lasts."""
    enough = threading.Event()
    with ThreadPoolExecutor(1) as hands:
        going = hands.submit(town.be_busy, range(1, people + 1), enough)
        try:
            yield
        finally:
            enough.set()
        going.result()


KINDS = ("web", "web", "worker", "worker")


@pytest.mark.long
def test_two_releases_take_turns_under_deliveries_presses_and_nudges(
    database: Engine, old: Path, tmp_path: Path, fleet_of: Callable[[Town], Fleet]
) -> None:
    with town_of(tmp_path, database, LONG) as town:
        fleet = fleet_of(town)
        programs = [fleet.begin(kind, old) for kind in KINDS]
        with busy(town, LONG):
            assert fleet.alone("migrate") == 0
            for code in (None, old):
                programs = [fleet.replace(one, kind, code) for one, kind in zip(programs, KINDS, strict=True)]
        town.wait_for(sorted(town.asked), "acme/shop#")
        town.all_is_well()
        assert bool(fleet.lines('"database newer"')) == (revisions()[-1] != OLD_REVISION)
        assert fleet.lines('"error"') == []
        print(figures(town))


@pytest.mark.long
def test_processes_are_replaced_one_after_the_other_and_nobody_notices(
    database: Engine, tmp_path: Path, fleet_of: Callable[[Town], Fleet]
) -> None:
    migrate(database)
    with town_of(tmp_path, database, LONG) as town:
        fleet = fleet_of(town)
        programs = [fleet.begin(kind) for kind in KINDS]
        with busy(town, LONG):
            for _ in range(2):
                programs = [fleet.replace(one, kind) for one, kind in zip(programs, KINDS, strict=True)]
        town.wait_for(sorted(town.asked), "acme/shop#")
        town.all_is_well()
        assert fleet.lines('"error"') == []
        print(figures(town))


def figures(town: Town) -> str:
    return (
        f"{sum(town.door.served.values())} requests by {len(town.door.served)} web processes, 0 failed, slowest "
        f"{town.door.slowest:.2f} s; {len(town.asked)} messages, {len(town.pressed)} pressed, {len(town.reviewed)} "
        f"reviewed, lost 0, doubled 0"
    )
