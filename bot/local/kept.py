"""A shelf: values by kind and key in a SQLite file, for what is to outlive the process."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any


class Shelf:
    """Written at once, but not flushed to the disk each time: a power cut may cost the last second.

    What comes after `close` is not kept.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key))"
        )

    def put(self, kind: str, key: str, value: Any) -> None:
        """Keep a value that JSON can hold; None takes it away."""
        with self._lock:
            if self._closed:
                return
            if value is None:
                self._connection.execute("DELETE FROM kept WHERE kind = ? AND key = ?", (kind, key))
            else:
                row = (kind, key, json.dumps(value))
                self._connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", row)

    def all(self, kind: str) -> list[tuple[str, Any]]:
        """(key, value) of a kind, by key."""
        with self._lock:
            rows = self._connection.execute("SELECT key, value FROM kept WHERE kind = ? ORDER BY key", (kind,))
            return [(key, json.loads(value)) for key, value in rows]

    def get(self, kind: str, key: str) -> Any:
        """The value, or None."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM kept WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()
