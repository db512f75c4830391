"""A value stream of 200,000 stored events measured again, against reading those events. Aim: at most 4 times.

`python -m tests.bench.bench_streams` uses SQLite; DATABASE_URL names another, empty database. Under a changed map all
journeys differ, so all are read, folded and written; the other side reads the event log from JSON lines.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from bot import eventlog
from bot.clock import SetClock
from bot.context import Context
from bot.flow.stream import Signal, Stage, Stream
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import parse_policy
from bot.sample import policy_for
from bot.settings import Settings
from bot.store.engine import make_engine
from bot.store.migrate import migrate
from bot.streams.saving import measure, measure_again, save
from tests.bench.bench_stream import EVENTS, NOW, START, STREAMS, history
from tests.bench.measure import say, seconds

REPOS = ("acme/shop", "acme/billing", "acme/mobile")
PIECE = 20_000
"""Events taken in at once."""


def fill(ctx: Context, log: str) -> None:
    told = history()
    eventlog.write(log, told)
    for start in range(0, len(told), PIECE):
        take(ctx, told[start : start + PIECE], NOW, live=False)
    with ctx.engine.begin() as connection:
        connection.execute(text("ANALYZE"))  # as a database does by itself, in time


def changed(stream: Stream) -> Stream:
    """Another map, under which no item goes the same way."""
    queue = Stage("Queued", active=False, signals=(Signal("assigned"),))
    stages = tuple(one._replace(name=f"{one.name} anew") for one in stream.stages)
    return stream._replace(stages=(*stages[:-1], queue, stages[-1]))


def taken(ctx: Context, stream: Stream) -> float:
    """Seconds until all items are measured by a stream that was just saved, also those that are done."""
    save(ctx, "U0ALICE", stream, NOW)
    started = time.perf_counter()
    measure_again(ctx, "U0ALICE", stream.name, NOW)
    measure(ctx)
    return time.perf_counter() - started


def main() -> None:
    policy = parse_policy(policy_for(START, 364), "the sample policy")
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "log.jsonl")
        engine = make_engine(os.environ.get("DATABASE_URL") or f"sqlite:///{Path(folder) / 'weir.db'}")
        migrate(engine)
        ctx = Context(engine, policy, Settings(), SetClock(NOW), Messenger("", "http://127.0.0.1:9/"))
        fill(ctx, log)
        reading = seconds(lambda: eventlog.read(log), runs=3)
        for name, plain in STREAMS.items():
            stream = plain._replace(repos=REPOS, name=name)
            save(ctx, "U0ALICE", stream, NOW)
            measure(ctx)
            again = taken(ctx, changed(stream))
            say(f"a changed map {name} of {EVENTS:,} stored events, measured again", again, reading, 4)
            print(f"  {EVENTS / again:,.0f} events a second (aim: 100,000)")
        engine.dispose()


if __name__ == "__main__":
    main()
