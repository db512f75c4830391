"""PostgreSQL databases for tests: migrated once, and made as new again for the next test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection, Engine, make_url, text

from bot.store.engine import make_engine
from bot.store.migrate import migrate

TEMPLATE = "template_weir"
USED = """SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""
LOOKS = """SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version), (
    SELECT md5(string_agg(concat_ws(' ', relname, attname, atttypid, attnotnull), ',' ORDER BY relname, attnum))
    FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relnamespace = 'public'::regnamespace)"""


class Databases:
    """Databases on one server, whose administrator is connected to it without transactions.

    Making a database takes ten times as long as emptying one. A name is used once, as whatever a test left running
    must not reach the next test's database.
    """

    def __init__(self, admin: Engine) -> None:
        self._admin = admin
        self._numbers = count()
        self._used: list[str] = []
        self._do(f"CREATE DATABASE {TEMPLATE}")
        with self._connected(TEMPLATE, migrated=True) as connection:
            assert connection.execute(text(USED)).all() == []
            self._looks = _looks(connection)

    def url(self, name: str) -> str:
        return make_url(self._admin.url).set(database=name).render_as_string(hide_password=False)

    def migrated(self) -> str:
        """The name of a migrated database without rows."""
        name = f"test_{next(self._numbers)}"
        if not (self._used and self._renewed(self._used.pop(), name)):
            self._do(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return name

    def bare(self) -> str:
        """The name of a database without tables."""
        name = f"empty_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name}")
        return name

    def use_again(self, name: str) -> None:
        """Take back a migrated database, whatever was done to it."""
        self._used.append(name)

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _renewed(self, used: str, name: str) -> bool:
        """Whether a used database could be made as new; where its schema was changed it is dropped."""
        self._clear_of_sessions(used)
        self._do(f"ALTER DATABASE {used} RENAME TO {name}")
        with self._connected(name) as connection:
            tables = ", ".join(connection.execute(text(USED)).scalars())
            if tables:
                connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            as_new = _looks(connection) == self._looks
        if not as_new:
            self.drop(name)
        return as_new

    def _clear_of_sessions(self, name: str) -> None:
        end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        with self._admin.connect() as connection:
            while connection.execute(end, {"name": name}).all():
                time.sleep(0.002)

    def _do(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    @contextmanager
    def _connected(self, name: str, *, migrated: bool = False) -> Iterator[Connection]:
        engine = make_engine(self.url(name))
        if migrated:
            migrate(engine)
        with engine.begin() as connection:
            yield connection
        engine.dispose()


def _looks(connection: Connection) -> tuple[str, ...]:
    """The version and the schema of a database."""
    return tuple(connection.execute(text(LOOKS)).one())
