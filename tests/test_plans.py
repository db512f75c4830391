"""On PostgreSQL no statement of the main roads goes through a large table, or an index of it, from end to end.

Asked of the planner with sequential scans switched off: one that it plans all the same has no index it could go by.
Whether it chooses to go by one hangs on how much there is; `tests.bench.bench_scale` says so with real sizes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plans import LARGE, SMALL, Plans, Scan
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from bot.intake import take_delivery
from bot.store.engine import make_engine
from jobs import retention
from tests.bench.organisation import NOW, WORKSPACE, Size, fill
from tests.bench.paths import BUSIEST, JOBS, MORE, QUESTIONS, context, delivery, due, quietly

SIZE = Size(40, 12, 900)
AS_WITH_MANY_ROWS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Of tables as small as these PostgreSQL would rather read all, and join that."""
LINKS = f"""INSERT INTO flow_links (workspace, host, repo, item, of_repo, of_item)
SELECT '{WORKSPACE}', host, repo, item, repo, item + 1 FROM items"""
ALL_OF_IT = {
    "SELECT outbox.state, outbox.rung, count": "the figures of /metrics count what is kept",
    "SELECT coalesce(outbox.error": "the figures of /metrics count what is kept",
    "SELECT nudges.rung, count": "the figures of /metrics count what is kept",
    "SELECT answers.kind, coalesce": "the figures of /metrics count what is kept",
    "SELECT count(*) AS count_1 \nFROM answers": "the figures of /metrics count what is kept",
    "SELECT EXISTS (SELECT * \nFROM arrivals": "whether there is a row at all",
    "SELECT DISTINCT arrivals.host": "all that is not folded in yet is what is asked for",
    "SELECT items.author_key, min": "who wrote something in 90 days, or what is open: no index goes by both",
    "SELECT waits.holder_key, min": "who held something in 90 days, or does: no index goes by both",
    "DELETE FROM arrivals": "what is not folded in of items that go; emptied all the time, and empty here",
    "AS drawn_at": "the trials of held back nudges: PostgreSQL may look up what was called wrong all at once",
}
"""What goes through something as a whole, by what stands in it, and why it may."""


@pytest.fixture
def filled(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    fill(postgres_engine, SIZE)
    with postgres_engine.begin() as connection:
        connection.execute(text(LINKS))
        connection.execute(text("ANALYZE flow_links"))
    monkeypatch.setattr(retention, "PORTION", 20)
    address = postgres_engine.url.update_query_dict({"options": AS_WITH_MANY_ROWS})
    engine = make_engine(address.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def through_all(plans: Plans) -> dict[str, list[Scan]]:
    return {said: scans for said, scans in plans.scans.items() if not any(one in said for one in ALL_OF_IT)}


def test_no_statement_of_the_main_roads_goes_through_a_large_table_as_a_whole(filled: Engine) -> None:
    ctx, plans = context(filled), Plans(filled)
    due(ctx, 5)
    with quietly(), plans.watched():
        for item in (1, 2, 3):
            take_delivery(ctx, delivery(BUSIEST, item), NOW)
        for path in (*QUESTIONS.values(), *MORE, *JOBS.values()):
            path(ctx)
    assert len(plans.seen) > 150
    assert [(said, scan) for said, scans in through_all(plans).items() for scan in scans] == []


def test_a_statement_that_goes_through_all_is_found(filled: Engine) -> None:
    plans = Plans(filled)
    with plans.watched(), filled.connect() as connection:
        connection.execute(text("SELECT count(*) FROM events WHERE actor = 'dev1'"))
        connection.execute(text(f"SELECT count(*) FROM events WHERE workspace = '{WORKSPACE}' AND actor = 'dev1'"))
        connection.execute(text(f"SELECT * FROM items WHERE workspace = '{WORKSPACE}' AND head = '1' AND repo = 'a'"))
    assert [[scan.table for scan in scans] for scans in plans.scans.values()] == [["events"], ["events"]]


def test_every_table_that_grows_with_the_work_is_watched() -> None:
    work = {"events", "items", "waits", "visits", "journeys", "checks", "flow_links"}
    assert work | {"outbox", "nudges", "answers", "arrivals"} == LARGE
    assert SMALL.keys() <= set(SQLModel.metadata.tables)
