"""The digest's figures of 50 repositories with 1,000,000 events, against the same sums by DuckDB over the same rows.

`python -m tests.bench.bench_metrics` uses SQLite; DATABASE_URL names another, empty database. Aims: at most 3 times
DuckDB, or a cost that does not grow with history; and no more than 200 MB. The newest third of the history is taken in
first (with all that is open still) and the figures are read, then what was over before: figures and cost stay the same.
DuckDB gets the stored journeys and visits, the types, and the calendar's windows as tables of its own; loading them is
not counted, nor is finding the types, which it is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from bot.clock import SetClock
from bot.context import Context
from bot.digest.reading import last_days, shown_of
from bot.digest.subjects import meant
from bot.figures.reading import figures_of, parts_of, ways_of, works_of
from bot.flow.events import FlowEvent, ItemKey, parse_instant
from bot.flow.metrics import FlowFigures
from bot.flow.work import Work
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import parse_policy
from bot.sample import generate, policy_for
from bot.settings import Settings
from bot.store.engine import make_engine, reading
from bot.store.migrate import migrate
from tests.bench.measure import say, seconds

EVENTS, REPOS = int(os.environ.get("WEIR_EVENTS", "1000000")), 50
START, DAYS = parse_instant("2023-10-02T00:00:00Z"), 3 * 364
NOW = START + DAYS * 86_400
RECENT = NOW - DAYS * 86_400 // 3
PIECE = 20_000
"""Events taken in at once."""
RUNS = 5


def history() -> list[FlowEvent]:
    """The sample's three repositories, again and again under other names, until there are enough events."""
    once = [event for event in generate(1, START, DAYS) if event.at < NOW]
    names = sorted({event.repo for event in once})
    told: list[FlowEvent] = []
    for number in range(REPOS):
        own = names[number % len(names)]
        told += [event._replace(repo=f"acme/repo-{number:02}") for event in once if event.repo == own]
    return sorted(told)[-EVENTS:]


def over(events: list[FlowEvent]) -> set[ItemKey]:
    """The items that were over before the newest third began."""
    found: set[ItemKey] = set()
    for event in events:
        if event.kind in ("merged", "closed") and event.at < RECENT:
            found.add(event.key)
        elif event.kind == "reopened" or event.at >= RECENT:
            found.discard(event.key)
    return found


def context(url: str) -> Context:
    policy = parse_policy(policy_for(START, DAYS), "the sample policy")
    return Context(make_engine(url), policy, Settings(), SetClock(NOW), Messenger("", "http://127.0.0.1:9/"))


def fill(ctx: Context, events: list[FlowEvent]) -> None:
    for start in range(0, len(events), PIECE):
        take(ctx, events[start : start + PIECE], NOW, live=False)
    with ctx.engine.begin() as connection:
        connection.execute(text("ANALYZE"))  # as a database does by itself, in time


def read(url: str) -> None:
    """Read a digest's figures, in a process of its own: print seconds, and the most memory it took in MB."""
    ctx = context(url)
    subject = meant(ctx, ["all"], None)
    taken = seconds(lambda: shown_of(ctx, subject, last_days(NOW), {}, NOW), runs=3)
    with open("/proc/self/status") as file:  # what getrusage tells begins with the parent's
        most = next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))
    print(json.dumps([taken, most]))


def in_a_process(url: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.bench.bench_metrics", "--read", url]
    taken, most = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return taken, most


def last_week(ctx: Context) -> FlowFigures:
    return figures_of(ctx, meant(ctx, ["all"], None).scope, NOW - 7 * 86_400, NOW, NOW)


class Duck:
    """The stored rows in DuckDB, and the digest's sums of them."""

    def __init__(self, ctx: Context) -> None:
        import duckdb  # which the process that reads the figures does without

        self._db = duckdb.connect()
        scope, edges = meant(ctx, ["all"], None).scope, last_days(NOW)
        with reading(ctx.engine) as session:
            ways = ways_of(session, ctx, scope, START, NOW)
            works = works_of(session, ctx, ways, parts_of(session, ctx, ways))
        self._fill_items(list(enumerate(works)))
        stages = ((one.name, place, one.active, str(one.responsible)) for place, one in enumerate(scope.stream.stages))
        self._fill("stages", "stage TEXT, place INT, active BOOL, who TEXT", stages)
        weeks = ((week, *span) for week, span in enumerate(pairwise(edges)))
        self._fill("weeks", "week INT, since BIGINT, until BIGINT", weeks)
        self._fill("days", "since BIGINT, until BIGINT", _days(edges))
        self._fill("hours", "since BIGINT, until BIGINT, before BIGINT", _windows(ctx))

    def _fill_items(self, works: list[tuple[int, Work]]) -> None:
        items = ((n, w.bot, w.journey.began_at, w.journey.done_at, w.journey.dropped_at) for n, w in works)
        self._fill("items", "id INT, bot BOOL, began BIGINT, done BIGINT, dropped BIGINT", items)
        types = ((n, at, kind) for n, work in works for at, kind in work.types)
        self._fill("types", "id INT, since BIGINT, type TEXT", types)
        visits = (
            (n, seq, visit.stage, visit.since, visit.until, visit.handed_over)
            for n, work in works
            for seq, visit in enumerate(work.journey.visits)
        )
        self._fill("visits", "id INT, seq INT, stage TEXT, since BIGINT, until BIGINT, handed_over INT", visits)

    def _fill(self, name: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
        """A table of rows, by way of a file, which is the fast way in."""
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            for row in rows:
                file.write(",".join("" if one is None else str(one).replace(",", ";") for one in row) + "\n")
            file.flush()
            self._db.execute(f"CREATE TABLE {name} ({columns})")
            self._db.execute(f"COPY {name} FROM '{file.name}' (HEADER false)")

    def sums(self) -> dict[str, list[tuple[Any, ...]]]:
        """Velocity and flow time, load, efficiency, stages, loops and hand-offs by week, and what was usual."""
        self._db.execute(WORKED)
        return {name: self._db.execute(query).fetchall() for name, query in SUMS.items()}


def _days(edges: list[int]) -> Iterator[tuple[int, int]]:
    return ((since, min(since + 86_400, edges[-1])) for since in range(edges[0], edges[-1], 86_400))


def _windows(ctx: Context) -> Iterator[tuple[int, int, int]]:
    """The working hours of all teams, who share them here: each with the working seconds before it."""
    calendar, at, before = ctx.policy.calendar, START - 40 * 86_400, 0
    while (start := calendar.next_working(at)) is not None and start < NOW + 86_400:
        end = start
        while calendar.is_working(end):
            end += 1800
        yield start, end, before
        before, at = before + end - start, end


WORKED = """
CREATE OR REPLACE TEMP TABLE instants AS
WITH all_instants AS (
    SELECT since AS t FROM visits UNION SELECT until FROM visits WHERE until IS NOT NULL
    UNION SELECT began FROM items UNION SELECT done FROM items WHERE done IS NOT NULL
    UNION SELECT since FROM weeks UNION SELECT until FROM weeks)
SELECT t, before + least(t, until) - since AS worked FROM all_instants ASOF JOIN hours ON t >= hours.since;
CREATE OR REPLACE TEMP TABLE people AS SELECT items.*, b.worked AS b, d.worked AS d FROM items
    JOIN instants b ON b.t = began LEFT JOIN instants d ON d.t = done WHERE NOT bot;
CREATE OR REPLACE TEMP TABLE stays AS SELECT visits.*, place, active, who, a.worked AS a, z.worked AS z
    FROM visits JOIN people USING (id) JOIN stages USING (stage) JOIN instants a ON a.t = visits.since
    LEFT JOIN instants z ON z.t = visits.until;
"""
_DONE = "people JOIN weeks ON done >= weeks.since AND done < weeks.until"
SUMS = {
    "done": f"""
        WITH last AS (SELECT id, arg_max(type, since) AS type FROM types GROUP BY id)
        SELECT week, type, count(*) FROM {_DONE} JOIN last USING (id) GROUP BY ALL ORDER BY ALL""",
    "times": f"""
        SELECT week, count(*), quantile_disc(d - b, 0.5), quantile_disc(d - b, 0.85), quantile_disc(d - b, 0.15),
            quantile_disc(done - began, 0.5), quantile_disc(done - began, 0.85)
        FROM {_DONE} GROUP BY ALL ORDER BY ALL""",
    "efficiency": f"""
        SELECT week, sum(z - a) FILTER (active), sum(z - a) FILTER (NOT active)
        FROM {_DONE} JOIN stays USING (id) WHERE place < 5 GROUP BY ALL ORDER BY ALL""",
    "load": """
        SELECT days.since, type, count(*) FROM days
        JOIN people ON began < days.until AND coalesce(done, dropped, days.until) >= days.until
        ASOF JOIN (SELECT id, type, CASE row_number() OVER (PARTITION BY id ORDER BY since) WHEN 1 THEN 0 ELSE since END
            AS since FROM types) t ON t.id = people.id AND days.until > t.since GROUP BY ALL ORDER BY ALL""",
    "area": """
        SELECT days.since, sum(least(coalesce(done, dropped, until), until) - greatest(began, days.since)) FROM days
        JOIN people ON began < until AND coalesce(done, dropped, until) > days.since GROUP BY ALL ORDER BY ALL""",
    "stages": """
        SELECT week, stage, count(*), quantile_disc(z - a, 0.5), quantile_disc(z - a, 0.85) FROM stays
        JOIN weeks ON stays.until >= weeks.since AND stays.until < weeks.until GROUP BY ALL ORDER BY ALL""",
    "lost": """
        SELECT week, stage, sum(least(coalesce(z, e.worked), e.worked) - greatest(a, s.worked)) FROM stays
        JOIN weeks ON stays.since < weeks.until AND coalesce(stays.until, weeks.until) >= weeks.since
        JOIN instants s ON s.t = weeks.since JOIN instants e ON e.t = weeks.until GROUP BY ALL ORDER BY ALL""",
    "ways": f"""
        WITH ways AS (SELECT id, place, lag(place) OVER way AS before, who, lag(who) OVER way AS other, handed_over
            FROM stays
            WINDOW way AS (PARTITION BY id ORDER BY seq))
        SELECT week, count(*) FILTER (place < before),
            count(*) FILTER (place < 5 AND who <> other) + sum(handed_over)
        FROM {_DONE} JOIN ways USING (id) GROUP BY ALL ORDER BY ALL""",
    "usual": f"""
        SELECT quantile_disc(d - b, 0.85) FROM people
        WHERE done >= {NOW - 97 * 86_400} AND done < {NOW - 7 * 86_400}""",
}


def compare(told: FlowFigures, sums: dict[str, list[tuple[Any, ...]]]) -> None:
    """Raises where the two differ about the last week."""
    week = sums["times"][-1]
    times = told.flow_time
    ours = (times.n, times.median, times.high, told.predictability.low, times.calendar_median, times.calendar_high)
    assert week[1:] == ours, (week, ours)
    assert {kind: n for number, kind, n in sums["done"] if number == week[0]} == dict(told.done_by_type)
    assert sums["efficiency"][-1][1:] == (told.active_time, told.waiting_time)
    assert sum(area for _, area in sums["area"][-7:]) == told.load.item_seconds
    assert sum(n for day, _, n in sums["load"] if day == sums["load"][-1][0]) == told.load.items
    stages = {one.name: (one.times.n, one.times.median, one.times.high) for one in told.stages if one.times.n}
    assert {
        stage: tuple(found) for number, stage, *found in sums["stages"] if number == week[0] and stage in stages
    } == stages
    lost = {one.name: one.lost for one in told.stages}
    assert {stage: most for number, stage, most in sums["lost"] if number == week[0] and stage in lost} == lost
    assert sums["ways"][-1][1:] == (sum(one.loops for one in told.done), sum(one.hand_offs for one in told.done))
    assert sums["usual"] == [(told.predictability.expectation,)]


def in_turn(url: str, duck: Duck) -> tuple[float, float, float]:
    """Median seconds of ours and of DuckDB's, run in turn so that a drifting machine meets them alike; MB of ours."""
    ours, theirs, most = [], [], []
    for _ in range(RUNS):
        for found, one in zip((ours, most), in_a_process(url), strict=True):
            found.append(one)
        theirs.append(seconds(duck.sums, runs=3))
    return median(ours), median(theirs), max(most)


def main() -> None:
    events = history()
    behind = over(events)
    older = [event for event in events if event.key in behind]
    recent = [event for event in events if event.key not in behind]
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{Path(folder) / 'weir.db'}"
        ctx = context(url)
        migrate(ctx.engine)
        fill(ctx, recent)
        told, few = last_week(ctx), Duck(ctx)
        before, fewer, _ = in_turn(url, few)
        fill(ctx, older)
        assert last_week(ctx) == told
        duck = Duck(ctx)
        compare(told, duck.sums())
        ours, theirs, most = in_turn(url, duck)
        say(f"a digest's figures of {REPOS} repositories with {len(events):,} events, against DuckDB", ours, theirs, 3)
        say(f"with the {len(recent):,} of them that are recent or of what is open, against DuckDB", before, fewer, 3)
        print(
            f"  the older ones cost {ours / before:.2f} times that (aim: at most 1.2); {most:,.0f} MB (aim: "
            "at most 200)"
        )
        ctx.engine.dispose()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(sys.argv[2])
    else:
        main()
