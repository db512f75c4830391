"""The schema: made by migrations alone, the one the tables describe, and safe to ask for twice at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, inspect, text
from sqlmodel import SQLModel

from bot.store import asked, tables
from bot.store.engine import make_engine, reading, writing
from bot.store.migrate import FLOOR, Schema, migrate, schema_of, schema_state, upgrade

ROOT = Path(__file__).parent.parent
ALL = sorted(path.name.partition("_")[0] for path in (ROOT / "bot/store/migrations/versions").glob("0*.py"))
"""The migrations as their files name them, in the order in which they are to be done."""
MIGRATE = "import sys; from bot.store.engine import make_engine; from bot.store.migrate import migrate; "
MIGRATE += "print(migrate(make_engine(sys.argv[1])))"


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    found: str = request.getfixturevalue("empty_postgres")
    return found


@pytest.fixture
def empty(address: str) -> Iterator[Engine]:
    engine = make_engine(address)
    yield engine
    engine.dispose()


def test_a_new_database_is_behind_and_migrating_makes_it_current(empty: Engine) -> None:
    assert schema_state(empty) == "behind"
    assert migrate(empty) == ALL
    assert schema_state(empty) == "current"


def test_migrating_again_does_nothing(empty: Engine) -> None:
    migrate(empty)
    assert migrate(empty) == []


def test_the_migrated_schema_is_the_one_the_tables_describe(engine: Engine) -> None:
    assert tables.EventRow.metadata is SQLModel.metadata
    with reading(engine) as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_workspace_comes_first_in_every_key_and_index(engine: Engine) -> None:
    found = inspect(engine)
    for name in SQLModel.metadata.tables:
        assert found.get_pk_constraint(name)["constrained_columns"][0] == "workspace"
        assert {index["column_names"][0] for index in found.get_indexes(name)} <= {"workspace"}


def test_what_was_kept_before_questions_were_asked_is_found_by_them(empty: Engine) -> None:
    with writing(empty) as session:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "bot/store/migrations"))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0001")
        session.execute(text(OLD_ITEM))
        session.execute(text(OLD_WAIT))
    migrate(empty)
    with reading(empty) as session:
        assert [row.holder for row in asked.held_by(session, "default", ["alice"])] == ["Alice"]
        authored = [row.id for row in asked.briefly_of(session, "default", ["BOB"])[1]]
        assert [row.title for row in asked.shown(session, "default", authored).values()] == ["Fix rounding"]


OLD_ITEM = """INSERT INTO items (workspace, host, repo, item, type, title, author, opened_at, live, ready, merged,
nobody_to_ask) VALUES ('default', 'github', 'acme/shop', 1, 'pull_request', 'Fix rounding', 'Bob', 1, true, true, false,
false)"""
OLD_WAIT = """INSERT INTO waits (workspace, id, host, repo, item, kind, holder, team, since, reds, opened_by, backlog,
backlog_told) VALUES ('default', 1, 'github', 'acme/shop', 1, 'review', 'Alice', false, 1, '[]', 'opened', false,
false)"""


def of_a_later_version(engine: Engine, serves_from: str | None) -> None:
    with writing(engine) as session:
        session.execute(
            text("UPDATE alembic_version SET version_num = '9999', serves_from = :from"), {"from": serves_from}
        )


def test_a_schema_of_a_later_version_carries_a_program_from_which_on_it_serves(engine: Engine) -> None:
    assert schema_of(engine).serves_from == FLOOR
    of_a_later_version(engine, ALL[-1])
    assert schema_state(engine) == "newer"


def test_one_that_serves_later_programs_only_or_does_not_say_is_unknown(engine: Engine) -> None:
    for serves_from in ("9998", None):
        of_a_later_version(engine, serves_from)
        assert schema_state(engine) == "unknown"


def test_a_database_of_a_later_version_is_left_alone(engine: Engine) -> None:
    of_a_later_version(engine, ALL[-1])
    assert migrate(engine) == []
    assert schema_of(engine) == Schema("newer", "9999", ALL[-1])


def test_what_was_migrated_before_schemas_said_whom_they_serve_says_so_from_its_next_migration_on(
    empty: Engine,
) -> None:
    with writing(empty) as session:
        upgrade(session, ALL[-2])
        session.execute(text("ALTER TABLE alembic_version DROP COLUMN serves_from"))
    assert schema_of(empty) == Schema("behind", ALL[-2], None)
    assert migrate(empty) == ALL[-1:]
    assert schema_of(empty) == Schema("current", ALL[-1], FLOOR)


def test_threads_that_migrate_at_once_take_turns(address: str) -> None:
    engines, start = [make_engine(address) for _ in range(3)], Barrier(3)

    def work(engine: Engine) -> list[str]:
        start.wait()
        return migrate(engine)

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(work, engines)) == [[], [], ALL]
    for engine in engines:
        engine.dispose()


def test_processes_that_migrate_at_once_take_turns(address: str) -> None:
    program = [sys.executable, "-c", MIGRATE, address]
    started = [subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(process.communicate()[0].strip() for process in started) == [
        str(ALL),
        "[]",
    ]


def test_a_migration_that_breaks_off_leaves_nothing(empty: Engine) -> None:
    def break_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("CREATE INDEX"):
            raise RuntimeError("no more")

    event.listen(empty, "before_cursor_execute", break_off)
    with pytest.raises(RuntimeError, match="no more"):
        migrate(empty)
    assert inspect(empty).get_table_names() == []
