"""The store's families of functions, each on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent, flow_event
from bot.store import asked, checks, events, items, repos, settings, waits
from bot.store.checks import Result
from bot.store.engine import looking, make_engine, reading, undisturbed, writing

HOME = "default"
AT = 1_772_442_000


def fact(id_: str, kind: str = "commented", at: int = AT, *, item: int = 1, repo: str = "acme/shop", **data: Any
         ) -> FlowEvent:  # fmt: skip
    return flow_event(repo=repo, item=item, id=id_, at=at, kind=kind, actor="alice", **data)


def wait(id_: int, next_nudge_at: int | None = None, **parts: Any) -> dict[str, Any]:
    row = {
        "workspace": HOME, "id": id_, "host": "github", "repo": "acme/shop", "item": 1, "kind": "review",
        "holder": "alice", "holder_key": "alice", "team": False, "since": AT, "until": None, "ended_by": None,
        "reds": "[]", "asked_by": None, "asked_at": None, "opened_by": "opened",
        "next_nudge_at": next_nudge_at, "backlog": False,
    }  # fmt: skip
    return row | parts


def append(engine: Engine, *told: FlowEvent) -> events.Appended:
    with writing(engine) as session:
        return events.append(session, HOME, told)


def test_what_is_written_stays_and_what_fails_leaves_nothing(engine: Engine) -> None:
    with writing(engine) as session:
        settings.put(session, HOME, "kept", [1, {"two": None}])

    def fail() -> None:
        with writing(engine) as session:
            settings.put(session, HOME, "kept", "lost")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    with reading(engine) as session:
        assert settings.get(session, HOME, "kept") == [1, {"two": None}]
        assert settings.get(session, HOME, "never set") is None
        assert settings.get(session, "elsewhere", "kept") is None


def test_what_is_written_while_reading_is_dropped(engine: Engine) -> None:
    with suppress(InternalError), reading(engine) as session:  # PostgreSQL refuses it
        settings.put(session, HOME, "key", 1)
    with reading(engine) as session:
        assert settings.get(session, HOME, "key") is None


def test_sqlite_flushes_every_commit_and_waits_for_others(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in
                 ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")}  # fmt: skip
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 8_000, "foreign_keys": 1}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_a_postgresql_address_is_understood(postgres_engine: Engine, scheme: str) -> None:
    address = postgres_engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", scheme)
    engine = make_engine(address)
    with reading(engine) as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_writers_of_one_process_and_of_others_take_turns(engine: Engine) -> None:
    address = engine.url.render_as_string(hide_password=False)
    others = [make_engine(address) for _ in range(3)]
    with writing(engine) as session:
        repos.add(session, HOME, "github", ["acme/shop"])

    def count_up(own: Engine) -> None:
        for _ in range(5):
            with writing(own) as session:
                session.execute(text("UPDATE repos SET webhook_at = coalesce(webhook_at, 0) + 1"))

    threads = [threading.Thread(target=count_up, args=(own,)) for own in [*others, engine, engine]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as session:
        assert repos.known(session, HOME)[0].webhook_at == 25
    for own in others:
        own.dispose()


class Deadlock(Exception):
    sqlstate = "40P01"


def failing(times: int, cause: Exception) -> Callable[[], str]:
    left = [times]

    def work() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise DBAPIError("SELECT 1", {}, cause)
        return "done"

    return work


def test_a_transaction_picked_to_end_a_deadlock_is_done_again_a_few_times() -> None:
    assert undisturbed(failing(2, Deadlock())) == "done"
    with pytest.raises(DBAPIError):
        undisturbed(failing(3, Deadlock()))


def test_any_other_failure_is_not_tried_again() -> None:
    with pytest.raises(DBAPIError):
        undisturbed(failing(1, ValueError()))


def test_an_event_is_kept_once_and_read_back_unchanged(engine: Engine) -> None:
    told = fact("e1", "opened", type="pull_request", title="<!channel> Grüße 🎉", labels=["a b"])
    assert append(engine, told, told) == ([told], [], {told.key})
    assert append(engine, told) == ([], [], set())
    with reading(engine) as session:
        assert events.of_items(session, HOME, [told.key]) == {told.key: [told]}
        assert events.of_items(session, HOME, [("github", "acme/shop", 2)]) == {}


def test_the_same_id_in_another_repository_is_another_event(engine: Engine) -> None:
    assert len(append(engine, fact("e1"), fact("e1", repo="acme/site")).new) == 2


def test_an_exact_telling_takes_the_place_of_an_approximate_one(engine: Engine) -> None:
    rough = fact("p1", "pushed", AT - 900, sha="aaa")._replace(approximate=True)
    exact = fact("p1", "pushed", sha="aaa")
    append(engine, rough)
    assert append(engine, exact).bettered == [exact]
    assert append(engine, rough).bettered == []
    with reading(engine) as session:
        assert events.of_items(session, HOME, [exact.key]) == {exact.key: [exact]}


def test_more_events_than_a_statement_can_name_are_appended(engine: Engine) -> None:
    many = [fact(f"e{n}", item=n % 700 + 1) for n in range(3000)]
    assert len(append(engine, *many).new) == 3000
    assert append(engine, *many) == ([], [], set())
    with reading(engine) as session:
        found = events.of_items(session, HOME, {event.key for event in many})
        assert sum(map(len, found.values())) == 3000
        assert len(events.of_repo(session, HOME, "github", "acme/shop")) == 3000


def test_all_events_are_read_item_by_item_in_order_of_time(engine: Engine) -> None:
    append(engine, fact("b", at=AT + 1), fact("a", at=AT + 1), fact("c"), fact("d", item=2), fact("e", repo="acme/api"))
    with reading(engine) as session:
        assert [event.id for event in events.iterate_all(session, HOME)] == ["e", "c", "a", "b", "d"]
        assert list(events.iterate_all(session, "elsewhere")) == []


def test_items_nothing_is_known_of_are_locked_too(engine: Engine) -> None:
    key, other = ("github", "acme/shop", 2), ("github", "acme/shop", 1)
    with writing(engine) as session:
        assert items.lock(session, HOME, [key, other]) == {key: items.UNOPENED, other: items.UNOPENED}
        items.save(session, HOME, {key: dict(items.UNOPENED, head="aaa")})
    with reading(engine) as session:
        assert items.of_commit(session, HOME, "github", "acme/shop", "aaa") == [key]
        assert items.of_repo(session, HOME, "github", "acme/shop") == [other, key]
        assert items.by_keys(session, HOME, [key, ("github", "acme/shop", 3)])[key].head == "aaa"
        assert items.all_keys(session, HOME) == [other, key]


def test_waits_fall_due_in_order_and_no_more_than_asked_for(engine: Engine) -> None:
    with writing(engine) as session:
        waits.add(session, [wait(1, 30), wait(2, 10), wait(3, 20), wait(4, 99), wait(5), wait(6, 5, workspace="x")])
    with writing(engine) as session:
        assert [row.id for row in waits.due(session, HOME, 30, 10)] == [2, 3, 1]
        assert [row.id for row in waits.due(session, HOME, 30, 2)] == [2, 3]
        waits.set_looks(session, HOME, {2: None, 3: 40})
        waits.set_looks(session, HOME, {})
    with writing(engine) as session:
        assert [row.id for row in waits.due(session, HOME, 50, 10)] == [1, 3]


def test_what_is_asked_often_is_planned_once(postgres_engine: Engine) -> None:
    for look in (reading, looking) * 10:
        with look(postgres_engine) as session:
            assert settings.get(session, HOME, "key") is None
    with reading(postgres_engine) as session:
        known = session.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert any("settings" in statement for statement in known)


def test_a_wait_that_ended_meanwhile_is_not_looked_at_again(engine: Engine) -> None:
    with writing(engine) as session:
        waits.add(session, [wait(1, None, until=AT + 5, ended_by="closed")])
        waits.set_looks(session, HOME, {1: 10})
    with reading(engine) as session:
        assert waits.by_ids(session, HOME, [1, 2])[1].next_nudge_at is None


def test_open_waits_are_read_on_from_an_id(engine: Engine) -> None:
    with writing(engine) as session:
        waits.add(session, [wait(1, since=AT + 9), wait(2), wait(3, until=AT + 1), wait(4, holder="bob")])
    with reading(engine) as session:
        assert [row.id for row in waits.open_after(session, HOME, 0, 2)] == [1, 2]
        assert [row.id for row in waits.open_after(session, HOME, 1, 10)] == [2, 4]


def test_a_stored_wait_is_read_back_as_the_ledger_had_it(engine: Engine) -> None:
    with writing(engine) as session:
        waits.add(session, [wait(1, reds="[[5,7],[9,null]]", team=True, asked_by="bob", asked_at=AT)])
    with reading(engine) as session:
        found = waits.to_wait(waits.by_ids(session, HOME, [1])[1])
    assert (found.key, found.on, found.team, found.reds) == (
        ("github", "acme/shop", 1),
        "alice",
        True,
        ((5, 7), (9, None)),
    )
    assert (found.asked_by, found.asked_at, found.until, found.opened_by) == ("bob", AT, None, "opened")


def result(subject: str, at: int, *, failed: bool, sha: str = "aaa") -> Result:
    return Result("github", "acme/shop", sha, subject, failed, at)


def test_of_a_check_the_newest_result_is_kept(engine: Engine) -> None:
    old, new = result("tests", 10, failed=True), result("tests", 20, failed=False)
    with writing(engine) as session:
        assert checks.record(session, HOME, [new, old]) == {new}
        assert checks.record(session, HOME, [old]) == set()
        assert checks.record(session, HOME, [new]) == set()
        same_second = result("tests", 20, failed=True)
        assert checks.record(session, HOME, [same_second]) == {same_second}
        assert checks.record(session, HOME, []) == set()
        assert checks.on_commits(session, HOME, "github", "acme/shop", ["aaa", "bbb"]) == {"aaa": [same_second]}


def test_checks_known_to_be_optional_do_not_count_nor_do_suites_once_a_repository_was_read(engine: Engine) -> None:
    lint, tests = result("lint", 10, failed=True), result("tests", 10, failed=False)
    suite = result("suite/acme-ci/1", 10, failed=True)

    def counted() -> set[Result]:
        return set(checks.on_commits(session, HOME, "github", "acme/shop", ["aaa"])["aaa"])

    with writing(engine) as session:
        checks.record(session, HOME, [lint, tests, suite])
        assert counted() == {lint, tests, suite}
        checks.learn(session, HOME, "github", "acme/shop", required=[], optional=[])
        assert counted() == {lint, tests}
        checks.learn(session, HOME, "github", "acme/shop", required=["tests"], optional=["lint"])
        assert counted() == {tests}
        checks.learn(session, HOME, "github", "acme/shop", required=["lint"], optional=[])
        assert counted() == {lint, tests}


def test_a_repository_heard_of_within_the_minute_is_not_written_again(engine: Engine) -> None:
    with writing(engine) as session:
        repos.add(session, HOME, "github", ["acme/shop"])
        for now in (AT, AT + 59):
            repos.heard(session, HOME, "github", ["acme/shop"], now)
        assert repos.known(session, HOME)[0].webhook_at == AT
        repos.heard(session, HOME, "github", ["acme/shop", "acme/site"], AT + 60)
        assert [(row.repo, row.webhook_at) for row in repos.known(session, HOME)] == [
            ("acme/shop", AT + 60), ("acme/site", AT + 60)]  # fmt: skip


def plan(engine: Engine, statement: Any) -> str:
    """How the database would go about it."""
    literal = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))
    with reading(engine) as session:
        ask = session.connection().exec_driver_sql
        if engine.dialect.name == "sqlite":
            return str(ask("EXPLAIN QUERY PLAN " + literal).all())
        ask("SET LOCAL enable_seqscan = off")
        return str(ask("EXPLAIN " + literal).all())


def fill(engine: Engine) -> None:
    """2,000 waits of 20 repositories, an eighth of them open, on 200 people."""
    rows = [
        wait(n, n if n % 8 == 0 else None, repo=f"acme/r{n % 20}", item=n, holder=f"P{n % 200}",
             holder_key=f"p{n % 200}", until=None if n % 8 == 0 else AT + 1, backlog=n % 16 == 0)
        for n in range(2_000)
    ]  # fmt: skip
    facts = [
        items.UNOPENED | {"author": f"P{n % 200}", "author_key": f"p{n % 200}", "live": True} for n in range(2_000)
    ]
    keys = [("github", f"acme/r{n % 20}", n) for n in range(2_000)]
    with writing(engine) as session:
        waits.add(session, rows)
        items.lock(session, HOME, keys)
        items.save(session, HOME, dict(zip(keys, facts, strict=True)))
    if engine.dialect.name == "postgresql":  # it gathers statistics by itself, in time; SQLite has none
        with writing(engine) as session:
            session.connection().exec_driver_sql("ANALYZE")


def test_what_is_due_and_what_is_to_be_listed_is_found_by_index(engine: Engine) -> None:
    fill(engine)
    w = waits.WAITS.c
    mine = select(waits.WAITS).where(w.workspace == HOME)
    to_list = mine.where(w.holder.in_(["P0"]), w.until.is_(None), w.team.is_(False), w.backlog.is_(True))
    assert "waits_by_next_nudge" in plan(engine, mine.where(w.next_nudge_at <= 5).order_by(w.next_nudge_at))
    assert "waits_open_by_holder" in plan(engine, mine.where(w.holder == "P0", w.until.is_(None)))
    assert "waits_to_list" in plan(engine, to_list.where(w.backlog_told.is_(False)))


def asked_plan(engine: Engine, ask: Callable[[Session], object]) -> str:
    """How the database goes about the one statement that `ask` runs."""
    seen: list[Any] = []

    def keep(_connection: Any, statement: Any, _many: Any, values: Any, _options: Any) -> None:
        seen.append(statement.params(values))

    with reading(engine) as session:
        event.listen(engine, "before_execute", keep)
        ask(session)
        event.remove(engine, "before_execute", keep)
    (statement,) = seen
    return plan(engine, statement)


def test_what_people_ask_for_is_one_statement_that_an_index_answers(engine: Engine) -> None:
    fill(engine)
    assert "waits_open_by_person" in asked_plan(engine, lambda session: asked.held_by(session, HOME, ["P0"]))
    authored = asked_plan(engine, lambda session: asked.briefly_of(session, HOME, ["P0"]))
    assert "items_by_author" in authored
    assert "waits_by_item" in authored or engine.dialect.name == "postgresql"  # that one goes by what it counted
    assert "waits_open_by_repo" in asked_plan(engine, lambda session: asked.in_repos(session, HOME, ["acme/r0"]))


def test_what_people_ask_for_disregards_the_case_of_logins(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as session:
        assert {row.holder for row in asked.held_by(session, HOME, ["p0", "P0"])} == {"P0"}
        assert asked.held_by(session, HOME, ["p1"]) == []
        assert {row.repo for row in asked.in_repos(session, HOME, ["acme/r0"])} == {"acme/r0"}
        assert asked.briefly_of(session, HOME, ["P0"])[1] == []  # each of these waits on its author
