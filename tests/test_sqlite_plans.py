"""SQLite finds what there is to do without reading what was done: its own plans, over a year of a small team."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from bot.store import agenda, answers, outbox, waits
from bot.store.engine import reading, take_stock, writing

NOW = 1_772_000_000
MANY = 3_000
AS_A_WHOLE = re.compile(r"SCAN (\w+)|SEARCH (\w+) USING (?:\w+ )*INDEX \w+ \(workspace=\?\)$")
FILLED = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :many) """


@pytest.fixture
def filled(sqlite_engine: Engine) -> Engine:
    with writing(sqlite_engine) as session:
        for into in (
            "INSERT INTO outbox (workspace, id, recipient, rung, state, made_at, not_before, attempts, settled) "
            "SELECT 'default', 'm' || x, 'dev' || (x % 40), 'breach', 'sent', :now - x * 9000, :now - x * 9000, 0, 1",
            "INSERT INTO nudges (workspace, wait_id, rung, at, outbox_id) "
            "SELECT 'default', x, 'breach', :now - x * 9000, 'm' || x",
            "INSERT INTO answers (workspace, id, wait_id, user, kind, at) "
            "SELECT 'default', 'a' || x, x, 'U0BOB', 'on_it', :now - x * 9000",
        ):
            session.execute(text(f"{into} FROM n".replace("SELECT 'default'", f"{FILLED} SELECT 'default'")),
                            {"many": MANY, "now": NOW})  # fmt: skip
    take_stock(sqlite_engine)
    sqlite_engine.dispose()
    return sqlite_engine


@contextmanager
def watched(engine: Engine) -> Iterator[dict[str, list[str]]]:
    """How each statement is gone about."""
    plans: dict[str, list[str]] = {}

    def look(_conn: Any, cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            told = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans[statement] = [row[3] for row in told]

    event.listen(engine, "before_cursor_execute", look)
    yield plans
    event.remove(engine, "before_cursor_execute", look)


def test_the_tick_and_the_sending_read_nothing_as_a_whole(filled: Engine) -> None:
    with watched(filled) as plans, writing(filled) as session:
        assert outbox.lease(session, "default", NOW) is None
        assert outbox.lease_edit(session, "default", NOW) is None
        assert outbox.claims_of(session, "default", "m7") == [(7, "breach")]
        assert outbox.heard(session, "default", ["dev1"], NOW)
        assert answers.latest(session, "default", [7])
        assert waits.due(session, "default", NOW, 20) == []
        assert agenda.next_instant(session, "default") is None
    assert len(plans) >= 10
    wholes = {said: plan for said, plan in plans.items() if any(map(AS_A_WHOLE.search, plan))}
    partial = ("outbox_to_do", "outbox_to_edit", "waits_by_next_nudge", "mornings")
    assert {said: plan for said, plan in wholes.items() if not any(name in str(plan) for name in partial)} == {}


def test_one_that_reads_all_is_found(filled: Engine) -> None:
    with watched(filled) as plans, reading(filled) as session:
        session.execute(text("SELECT count(*) FROM outbox WHERE workspace = 'default' AND state = 'sent'"))

    assert [bool(AS_A_WHOLE.search(line)) for plan in plans.values() for line in plan] == [True]
