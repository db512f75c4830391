"""How PostgreSQL goes about what the program sends it: statements are explained right before they are run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, event
from sqlmodel import SQLModel

from bot.store import tables

PEOPLE = "grows with people, and what they set"
REPOSITORIES = "grows with repositories"
MAPS = "grows with what is mapped, agreed and tried"
WORKSPACES = "grows with workspaces"
SMALL = {
    **dict.fromkeys(("absences", "addresses", "asks", "homes", "matches", "members", "mornings", "said"), PEOPLE),
    **dict.fromkeys(("changes", "digests", "settings", "sights", "teams"), PEOPLE),
    **dict.fromkeys(("repos", "connections"), REPOSITORIES),
    **dict.fromkeys(
        ("experiments", "key_result_numbers", "key_results", "mapping_turns", "mappings", "outcomes"), MAPS
    ),
    **dict.fromkeys(("streams", "stream_versions", "trace_rules"), MAPS),
    **dict.fromkeys(("installs", "install_states"), WORKSPACES),
    "unplaced": "is emptied as soon as the items are known",
    "requests": "forgets after minutes",
}
"""Tables that are gone through as a whole now and then, and why they may."""
LARGE = set(SQLModel.metadata.tables) - SMALL.keys()
"""Tables that grow with the work that is done."""
assert tables  # which declares them
PARTIAL = {
    index.name
    for table in SQLModel.metadata.sorted_tables
    for index in table.indexes
    if index.dialect_options["postgresql"]["where"] is not None
}
"""Indexes of some rows only; to go through all of one is to go through what is open."""


class Scan(NamedTuple):
    """A large table gone through from end to end, or an index by nothing but its workspace."""

    table: str
    how: str
    condition: str
    rows: float
    """As PostgreSQL expects."""


class Plans:
    """What was explained: by statement, how it goes through large tables as a whole."""

    def __init__(self, engine: Engine, least: float = 0) -> None:
        self._engine, self._least = engine, least
        self.seen: set[str] = set()
        self.scans: dict[str, list[Scan]] = {}

    @contextmanager
    def watched(self) -> Iterator[Plans]:
        event.listen(self._engine, "before_cursor_execute", self._look)
        try:
            yield self
        finally:
            event.remove(self._engine, "before_cursor_execute", self._look)

    def _look(self, _conn: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement in self.seen or not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement):
            return
        self.seen.add(statement)
        first = parameters[0] if many and isinstance(parameters, list) else parameters
        [[told]] = cursor.connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", first).fetchall()
        plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
        found = [scan for scan in _scans(plan, bounded=False) if scan.rows >= self._least]
        if found:
            self.scans[statement] = found


def _scans(node: dict[str, Any], *, bounded: bool) -> Iterator[Scan]:
    bounded = bounded or node["Node Type"] == "Limit"
    table, kind = node.get("Relation Name"), node["Node Type"]
    if table in LARGE and kind == "Seq Scan":
        yield Scan(table, kind, str(node.get("Filter", "")), node["Plan Rows"])
    elif table in LARGE and not bounded:
        parts = [node] if kind.startswith("Index") else list(_bitmaps(node))
        for part in parts:
            condition, index = str(part.get("Index Cond", "")), part.get("Index Name")
            if index not in PARTIAL and not re.search(
                r"\((?!workspace\b)\w+\)?(::text)? (=|<|>|<=|>=|IS NULL)", condition
            ):
                yield Scan(str(table), f"{kind} by {index}", condition, part["Plan Rows"])
    for child in node.get("Plans", ()):
        yield from _scans(child, bounded=bounded)


def _bitmaps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in node.get("Plans", ()):
        if child["Node Type"] == "Bitmap Index Scan":
            yield child
        yield from _bitmaps(child)
