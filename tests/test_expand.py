"""Expand, then contract: what a migration may do while programs of the release before it go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from program import wait_until
from schema_changes import Rows, changed, new_indexes, shape_of, taken_away
from sqlalchemy import Connection, Engine, event, text

from bot.store import online
from bot.store.engine import make_engine, writing
from bot.store.indexes import LargeIndex
from bot.store.migrate import FLOOR, declared, latest_of, migrate, revisions, schema_of, upgrade

HISTORY = "0012"
"""Up to here migrations were made before older programs had to go on with them."""
NEW = revisions()[revisions().index(HISTORY) + 1 :]
MOST_TABLES = 2
"""How many tables that were there before one migration may change: for each it may hold requests up for a second."""


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    yield said
    event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture(params=["sqlite", "postgres"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database as it was when the rule began."""
    postgres = request.param == "postgres"
    address = request.getfixturevalue("empty_postgres") if postgres else f"sqlite:///{tmp_path / 'before.db'}"
    engine = make_engine(address)
    with writing(engine) as session:
        upgrade(session, HISTORY)
    yield engine
    engine.dispose()


def test_no_migration_takes_anything_away_without_saying_from_which_program_on_it_serves(before: Engine) -> None:
    for revision in NEW:
        said = declared(revision)
        with writing(before) as session:
            was = shape_of(session.connection())
            with statements_of(before) as statements:
                upgrade(session, revision)
            now = shape_of(session.connection())
        if said.serves_from is None:
            assert taken_away(was, now) == [], f"{revision} has to name its serves_from, or leave that be"
        else:
            assert said.serves_from in revisions()[: revisions().index(revision)], "a release does without it first"
        beforehand = {one.name for one in said.indexes}
        assert new_indexes(was, now) <= beforehand, f"{revision} has to name its indexes, to be made without a lock"
        assert len(changed(was, now)) <= MOST_TABLES, f"{revision} is to be several migrations"
        assert not [one for one in statements if fills(one)], f"{revision} keeps rows from others; leave it to a job"


def fills(statement: str) -> bool:
    """Whether a statement goes through rows. (Alembic's own is that of the revision.)"""
    return statement.startswith(("UPDATE", "DELETE", "INSERT")) and "alembic_version" not in statement


CONTRACTIONS: list[tuple[str, str]] = [
    ("DROP TABLE sights", "table sights is gone or renamed"),
    ("ALTER TABLE sights RENAME TO seen", "table sights is gone or renamed"),
    ("ALTER TABLE repos DROP COLUMN private", "repos.private is gone or renamed"),
    ("ALTER TABLE sights ALTER COLUMN may DROP NOT NULL; ALTER TABLE repos ALTER private SET NOT NULL",
     "repos.private has to be given now"),
    ("ALTER TABLE items ALTER COLUMN title TYPE varchar(80)", "items.title is VARCHAR(80) instead of VARCHAR"),
    ("ALTER TABLE sights ADD COLUMN why text NOT NULL", "sights.why has to be given, and older programs do not"),
    ("CREATE UNIQUE INDEX one_name ON outcomes (workspace, text)", "outcomes now holds workspace, text to be unique"),
    ("DROP INDEX outcomes_by_name", "outcomes no longer holds workspace, name_key to be unique"),
    ("ALTER TABLE waits ADD CONSTRAINT at CHECK (since > 0)", "waits now checks since > 0"),
]  # fmt: skip


def rolled_back(engine: Engine, ddl: str) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """The schema before and after some statements that are not kept."""
    with engine.connect() as connection:
        was = shape_of(connection)
        for one in ddl.split("; "):
            connection.execute(text(one))
        now = shape_of(connection)
        connection.rollback()
    return was, now


def test_whatever_takes_something_away_is_noticed(postgres_engine: Engine) -> None:
    assert [taken_away(*rolled_back(postgres_engine, ddl)) for ddl, _ in CONTRACTIONS] == [
        [line] for _, line in CONTRACTIONS
    ]


def test_what_only_adds_is_nothing_taken_away(postgres_engine: Engine) -> None:
    more = "CREATE TABLE more (id int NOT NULL); ALTER TABLE repos ADD COLUMN why text; "
    more += "ALTER TABLE repos ADD COLUMN many int NOT NULL DEFAULT 0; CREATE INDEX by_why ON repos (why)"
    was, now = rolled_back(postgres_engine, more)
    assert (taken_away(was, now), changed(was, now), new_indexes(was, now)) == ([], ["repos"], {"by_why"})


def test_of_what_migrations_ask_for_the_latest_holds() -> None:
    assert latest_of(["0011", FLOOR, "0013", "0014"], [None, "0014", None, "0013"]) == "0014"
    assert latest_of(["0011", FLOOR, "0013"], [None, "0011"]) == FLOOR


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Something that goes on in a thread of its own, and what came of it."""
    came: list[Any] = []
    thread = Thread(target=lambda: came.append(work()))
    thread.start()
    yield came
    thread.join()


def waits_for_a_lock(engine: Engine) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with engine.connect() as connection:
        return bool(connection.execute(text(waiting)).scalar())


def test_a_table_that_is_in_use_is_waited_for_and_nobody_behind_it_is_held_up_for_good(empty_postgres: str) -> None:
    engine = make_engine(empty_postgres)
    with writing(engine) as session:
        upgrade(session, "0010")
    with engine.connect() as reader:
        reader.execute(text("SELECT * FROM repos"))
        with meanwhile(lambda: migrate(engine)) as came:
            wait_until(lambda: waits_for_a_lock(engine))
            with engine.begin() as writer:  # behind the migration, which gives way
                writer.execute(text("SET LOCAL lock_timeout = '60s'"))
                writer.execute(text("DELETE FROM repos"))
            assert came == []
            reader.rollback()
    assert came == [revisions()[revisions().index("0010") + 1 :]]
    engine.dispose()


def test_a_table_that_is_never_free_is_said_to_be_in_use_and_nothing_is_changed(empty_postgres: str) -> None:
    engine = make_engine(empty_postgres)
    with writing(engine) as session:
        upgrade(session, "0010")
    with engine.connect() as reader:
        reader.execute(text("SELECT * FROM repos"))
        with pytest.raises(
            online.Occupied, match="migration 0011 found a table in use at each of 1 tries and changed nothing"
        ):
            migrate(engine, tries=1)
    assert schema_of(engine).revision == "0010"
    assert migrate(engine)[0] == "0011"
    engine.dispose()


INDEX = LargeIndex("settings_by_value", "settings", ["workspace", "value"], unique=True)
SETTING = text("INSERT INTO settings (workspace, key, value) VALUES ('default', :key, :value)")


def indexed(engine: Engine) -> None:
    with online.turn(engine) as connection:
        online.index(connection, [INDEX])


def state_of(connection: Connection) -> bool | None:
    of = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('settings_by_value')"
    found: bool | None = connection.execute(text(of)).scalar()
    return found


def test_an_index_of_a_large_table_is_made_while_others_write(postgres_engine: Engine) -> None:
    with postgres_engine.connect() as first:
        first.execute(SETTING, {"key": "a", "value": "1"})
        with meanwhile(lambda: indexed(postgres_engine)):
            wait_until(lambda: waits_for_a_lock(postgres_engine))
            with postgres_engine.begin() as second:
                second.execute(text("SET LOCAL lock_timeout = '60s'"))
                second.execute(SETTING, {"key": "b", "value": "2"})
            first.commit()
        assert state_of(first) is True


def test_an_index_that_broke_off_halfway_is_made_anew(postgres_engine: Engine) -> None:
    with postgres_engine.begin() as connection:
        connection.execute(SETTING, [{"key": key, "value": "1"} for key in "ab"])
    with pytest.raises(sa.exc.IntegrityError):
        indexed(postgres_engine)
    with postgres_engine.begin() as connection:
        assert state_of(connection) is False
        connection.execute(text("DELETE FROM settings WHERE key = 'b'"))
    indexed(postgres_engine)
    with postgres_engine.connect() as connection:
        assert state_of(connection) is True


def test_a_migration_makes_its_index_where_none_was_made_before(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        op = Operations(MigrationContext.configure(connection))
        INDEX.make(op)
        INDEX.make(op)
        connection.execute(SETTING, {"key": "a", "value": "1"})
        with pytest.raises(sa.exc.IntegrityError) as refused:
            connection.execute(SETTING, {"key": "b", "value": "1"})
        assert isinstance(refused.value.orig, sqlite3.IntegrityError)
        INDEX.drop(op)
        connection.execute(SETTING, {"key": "b", "value": "1"})
