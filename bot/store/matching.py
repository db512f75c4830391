"""Which stored wait is which, after the item was folded again. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Row

from bot.flow.waits import Wait

Stored: TypeAlias = Row[Any]
"""A row of the table of waits."""


class Matched(NamedTuple):
    """Every wait of the fold with its stored row, if it has one; and the stored rows that no wait is left for."""

    pairs: list[tuple[Wait, Stored | None]]
    gone: list[Stored]


def match(waits: Sequence[Wait], stored: Sequence[Stored]) -> Matched:
    """Waits of one item against its stored rows: by kind (and stage), holder and start; then by overlap."""
    by_turn: dict[tuple[Any, ...], list[Stored]] = defaultdict(list)
    for one in sorted(stored, key=lambda one: (one.since, one.id)):
        by_turn[one.kind, one.stream, one.stage, one.holder, one.team].append(one)
    found: dict[int, Stored] = {}
    for fits in (_same_start, _overlap):
        for place, wait in enumerate(waits):
            rows = by_turn[wait.kind, wait.stream, wait.stage, wait.on, wait.team]
            row = next((row for row in rows if fits(wait, row)), None)
            if row is not None and place not in found:
                rows.remove(row)
                found[place] = row
    pairs = [(wait, found.get(place)) for place, wait in enumerate(waits)]
    return Matched(pairs, [row for rows in by_turn.values() for row in rows])


def _same_start(wait: Wait, row: Stored) -> bool:
    return bool(wait.since == row.since)


def _overlap(wait: Wait, row: Stored) -> bool:
    return wait.since < _end(row.until) and row.since < _end(wait.until)


def _end(until: int | None) -> float:
    return inf if until is None else until


def wait_id(workspace: str, wait: Wait, taken: set[int]) -> int:
    """A 63-bit id made of what the wait is: one that comes back has its old id, and with it the nudges it had.

    `taken` are the ids of the item's other waits, one of which may have begun where this one begins.
    """
    stage = (wait.stream, wait.stage) if wait.stage else ()
    named = "\n".join(map(str, (workspace, *wait.key, wait.kind, wait.on, wait.team, wait.since, *stage)))
    while True:
        digest = hashlib.blake2b(named.encode(), digest_size=8).digest()
        found = int.from_bytes(digest, "big") >> 1
        if found not in taken:
            return found
        named += "+"
