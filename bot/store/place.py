"""Where SQLite keeps a database."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine


def file_of(engine: Engine) -> Path | None:
    """The file of an engine's database, there or not, links followed; None for PostgreSQL."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name:
        return None
    named = unquote(urlsplit(name).path) if name.startswith("file:") else name
    return Path(os.path.realpath(named))  # which leaves links that go in a circle as they are


def is_there(engine: Engine) -> bool:
    """Whether there is a file to open, which SQLite would make otherwise; of PostgreSQL that shows in time."""
    file = file_of(engine)
    return file is None or file.exists()


def files_of(database: Path) -> list[Path]:
    """SQLite's own files of a database, itself the first."""
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]
