"""The lists that a reading goes along, and how far it got on each."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

PAGE = 25
"""Pull requests a call."""
ISSUES_PAGE = 50
BESIDE = 0.4
"""Of those that changed, as large a share of a page is asked for beside one of open ones."""

Road: TypeAlias = Literal["open", "changed", "openIssues", "changedIssues"]
OPEN: tuple[Road, ...] = ("open", "openIssues")
OF_ISSUES: tuple[Road, ...] = ("openIssues", "changedIssues")
ROADS: tuple[Road, ...] = ("open", "changed", *OF_ISSUES)


@dataclass(frozen=True)
class Place:
    """How far a reading got."""

    floor: int
    """What changed before, and is no longer open, is not read."""
    began: int
    left: tuple[Road, ...] = ROADS
    after: Mapping[str, str] = field(default_factory=dict)
    """By road: the host's cursor behind what was read."""

    @classmethod
    def at(cls, cursor: Mapping[str, Any]) -> Place:
        """Where a cursor stands. One of an older version goes along the same roads from their beginnings."""
        left = tuple(road for road in ROADS if road in cursor["left"])
        return cls(cursor["floor"], cursor["began"], left, cursor.get("after") or {})

    @property
    def cursor(self) -> dict[str, Any]:
        """JSON-able."""
        return {"floor": self.floor, "began": self.began, "left": list(self.left), "after": dict(self.after)}

    def variables(self, share: float) -> dict[str, Any]:
        """Those of the query; `share` of a whole page."""
        told: dict[str, Any] = {}
        for road in ROADS:
            told |= {
                road: road in self.left,
                f"{road}First": self._size(road, share),
                f"{road}After": self.after.get(road),
            }
        return told

    def _size(self, road: Road, share: float) -> int:
        whole = ISSUES_PAGE if road in OF_ISSUES else PAGE
        beside = road not in OPEN and OPEN[road in OF_ISSUES] in self.left
        return max(1, int(whole * share * (BESIDE if beside else 1)))

    def without(self, roads: Container[Road]) -> Place:
        """The same, as if these roads were read."""
        return replace(self, left=tuple(road for road in self.left if road not in roads))

    def moved(self, ends: Mapping[Road, str | None]) -> Place:
        """On past what was just read; a road whose end is None is read to its end."""
        on: dict[str, str] = {road: end for road, end in ends.items() if end is not None}
        return replace(self, left=tuple(road for road in ROADS if road in on), after={**self.after, **on})

    def afresh(self) -> Place:
        """From the beginning again."""
        return replace(self, left=ROADS, after={})
