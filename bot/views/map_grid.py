"""Where on the sheet the stages of a map stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bot.views.map_boxes import Place, figures_of, height, name_lines
from bot.views.map_plan import Cell, Plan

WIDTH = 700.0
"""Of the sheet, in pixels: as wide as Slack shows a picture in a message."""
EDGE = 22.0
ROOM = WIDTH - 2 * EDGE
GUTTER = 98.0
"""What segments' names take, left of their rows."""
GAP = 19.0
"""Least room between boxes, for an arrow."""
ROW_GAP = 14.0
MOST_WIDE = 164.0


class Grid(NamedTuple):
    """The columns and rows of a map; all boxes are of one size, but for those that span rows."""

    plan: Plan
    left: float
    pitch: float
    wide: float
    high: float
    name_lines: int

    @property
    def depth(self) -> float:
        """Height of all rows."""
        return len(self.plan.rows) * (self.high + ROW_GAP) - ROW_GAP

    def row(self, row: int, top: float) -> float:
        """Where a row's middle is."""
        return top + row * (self.high + ROW_GAP) + self.high / 2

    def places(self, columns: range, top: float) -> Mapping[Cell, Place]:
        """Where the boxes of a line are, by what stands in them."""
        return {cell: self._place(cell, columns, top) for cell in self.plan.cells if cell.column in columns}

    def _place(self, cell: Cell, columns: range, top: float) -> Place:
        rows = cell.last - cell.first + 1
        x, y = self.left + (cell.column - columns.start) * self.pitch, top + cell.first * (self.high + ROW_GAP)
        return Place(x, y, self.wide, rows * (self.high + ROW_GAP) - ROW_GAP)


def grid(plan: Plan) -> Grid:
    """The columns as wide, and the boxes as high, as what is in them needs."""
    left = EDGE + (GUTTER if plan.several else 0)
    room, size = WIDTH - EDGE - left, len(plan.breaks[0])
    wide = min(MOST_WIDE, (room + GAP) / size - GAP)
    pitch = (room - wide) / (size - 1) if size > 1 else room
    stages = [cell.stage for cell in plan.cells if cell.measure is not None]
    names = max((name_lines(stage, wide) for stage in stages), default=1)
    figures = max((len(figures_of(cell.stage, cell.measure)) for cell in plan.cells if cell.measure), default=1)
    return Grid(plan, left, pitch, wide, height(names, max(figures, 4)), names)
