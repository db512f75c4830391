"""A database that another one holds: said at once where readiness is asked, and once in the log; gone on by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest
import structlog
from engines import close
from github_payloads import pull_request
from hall import Hall, hall_of
from messages_desk import world_of
from program import wait_until
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from world import MONDAY, NO_CHANNEL, World

from bot.clock import SetClock
from bot.serving import fit as fits
from bot.serving.fit import Fit
from bot.store.doubt import doubting
from bot.store.engine import make_engine, writing
from bot.together import Together
from bot.web import AWAY

GITHUB_WAITS = 10
"""Seconds after which a delivery is given up by the code host."""


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, NO_CHANNEL) as world:
        yield world


def hold(session: Session) -> None:
    """Nobody else writes facts until the transaction ends; on SQLite a writer is alone as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")


@contextmanager
def held(world: World) -> Iterator[None]:
    """Another process is at the database."""
    other = make_engine(world.engine.url.render_as_string(hide_password=False))
    try:
        with writing(other) as session:
            hold(session)
            yield
    finally:
        close(other)


def delivered(hall: Hall, number: int) -> int:
    return hall.sites[0].deliver(payload=pull_request("opened", number)).status


def readiness(hall: Hall) -> tuple[int, str]:
    reply = hall.sites[0].ask("GET", "/readyz")
    return reply.status, reply.text


def told(hall: Hall) -> list[str]:
    """What the log says of the database."""
    return [line["event"] for line in hall.log if line["event"].startswith("database")]


def test_while_the_database_is_locked_readiness_says_so_and_once_it_is_free_again(world: World, tmp_path: Path) -> None:
    with hall_of(world, tmp_path, patience=0.3) as hall:
        with held(world):
            began = monotonic()
            with ThreadPoolExecutor(6) as host:
                assert set(host.map(lambda number: delivered(hall, number), range(1, 7))) == {503}
            assert [readiness(hall) for _ in range(3)] == [(503, f"{AWAY}\n")] * 3
            assert monotonic() - began < GITHUB_WAITS
            assert hall.sites[0].ask("GET", "/healthz").status == 200
            assert told(hall) == ["database away"]
        wait_until(lambda: readiness(hall) == (200, "ready\n"))
        assert told(hall) == ["database away", "database back"]
        assert delivered(hall, 1) == 202


def test_a_database_that_is_locked_for_a_moment_is_waited_for_and_not_away(world: World, tmp_path: Path) -> None:
    with hall_of(world, tmp_path) as hall, ThreadPoolExecutor(1) as host:
        with held(world):
            delivery = host.submit(delivered, hall, 1)
            assert not delivery.done()
            assert readiness(hall) == (200, "ready\n")
        assert delivery.result() == 202
        assert told(hall) == []


@contextmanager
def in_doubt(engine: Engine) -> Iterator[None]:
    """A transaction has just failed, and another one of this process holds the database."""
    with suppress(OperationalError), doubting(engine):
        raise OperationalError("", None, Exception("locked"))
    with writing(engine) as session:
        hold(session)
        yield


def test_readiness_waits_for_no_writer(engine: Engine) -> None:
    fit = Fit(engine, SetClock(MONDAY))
    with structlog.testing.capture_logs() as lines:
        with in_doubt(engine):
            assert fit.unready() == AWAY
            assert fit.may_work(), "a job says by itself what it could not do"
        assert fit.unready() is None
    assert [line["event"] for line in lines] == ["database away", "database back"]


def test_a_worker_that_nobody_asks_notices_by_itself_that_the_database_is_back(engine: Engine) -> None:
    fit = Fit(engine, SetClock(MONDAY))
    with structlog.testing.capture_logs() as lines:
        with in_doubt(engine):
            pass
        assert fit.may_work()
    assert [line["event"] for line in lines] == ["database away", "database back"]


def test_a_database_that_says_nothing_is_not_ready_and_asked_once_at_a_time(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, go_on, looks = Fit(sqlite_engine, SetClock(MONDAY)), threading.Event(), list[int]()

    def look() -> fits.Schema:
        looks.append(1)
        assert go_on.wait(60)
        return Fit(sqlite_engine, SetClock(MONDAY)).look()

    monkeypatch.setattr(fit, "look", look)
    monkeypatch.setattr(fits, "READINESS", 0.05)
    assert [fit.unready() for _ in range(3)] == [fits.SLOW] * 3
    assert len(looks) == 1
    go_on.set()
    wait_until(lambda: fit.unready() is None)


def test_of_those_who_wait_together_nobody_waits_anew_for_what_was_hopeless() -> None:
    entered, go_on, served = threading.Event(), threading.Event(), list[list[int]]()

    def serve(asked: list[int]) -> list[int]:
        served.append(list(asked))
        entered.set()
        assert go_on.wait(60)
        raise TimeoutError

    together = Together[int, int](serve, lambda error: isinstance(error, TimeoutError))  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as people:
        first = people.submit(together.through, together, 0)
        assert entered.wait(60)
        others = [people.submit(together.through, together, number) for number in (1, 2, 3)]
        wait_until(lambda: len(together._waiting) == 3)
        go_on.set()
        for each in (first, *others):
            with pytest.raises(TimeoutError):
                each.result()
    assert served == [[0]]
