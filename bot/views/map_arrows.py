"""The arrows of a drawn map: on to the next stage, to other hands, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.flow.stream import Responsible
from bot.views.map_boxes import Place
from bot.views.map_grid import EDGE, GAP, GUTTER, Grid
from bot.views.map_plan import Cell, Plan
from bot.views.map_shapes import Area, Ink, Line, Shape, Words, box
from bot.views.map_text import width
from bot.views.map_words import MOST_LOOPS

LANE = 19.0
"""Height that an arrow back takes above the boxes."""
SIZE = 9.5


class Step(NamedTuple):
    """From a stage to the next in a row; `shared` by all rows, `handed` to somebody else."""

    source: Cell
    target: Cell
    row: int
    shared: bool
    handed: bool


class Loop(NamedTuple):
    source: Cell
    target: Cell
    n: int


def steps(laid: Plan) -> list[Step]:
    """The steps of all rows; one that all rows share comes once."""
    ways = [list(pairwise(laid.way(row))) for row in range(len(laid.rows))]
    found = []
    for row, way in enumerate(ways):
        holder: Responsible | None = None
        for one, other in way:
            # Where nobody is responsible, the one before still is, as in the measures.
            holder = one.stage.responsible or holder
            after = other.stage.responsible if other.measure is not None else None
            shared = laid.several and all((one, other) in other_way for other_way in ways)
            if row == 0 or not shared:
                found.append(Step(one, other, row, shared, None not in (holder, after) and holder != after))
    return found


def onward(grid: Grid, places: Mapping[Cell, Place], top: float) -> Iterator[Shape]:
    """The steps that touch a line of stages."""
    for step in steps(grid.plan):
        ends = [places[cell] for cell in (step.source, step.target) if cell in places]
        if ends:
            y = ends[0].y + ends[0].h / 2 if step.shared else grid.row(step.row, top)
            yield from _arrow(step, places, y)
    if grid.plan.several:
        yield from _entries(grid, places, top)


def _arrow(step: Step, places: Mapping[Cell, Place], y: float) -> Iterator[Shape]:
    """Where the line breaks, its end on the one and its beginning on the other."""
    source, target = places.get(step.source), places.get(step.target)
    start = source.right + 1 if source else target.x - GAP + 3 if target else 0
    end = target.x - 1 if target else source.right + GAP - 3 if source else 0
    yield from arrow(start, end, y, handed=step.handed)


def arrow(start: float, end: float, y: float, *, handed: bool) -> Iterator[Shape]:
    """An arrow to the right; a hand-off is bold and has a dot."""
    ink: Ink = "hand_off" if handed else "muted"
    yield Line(((start, y), (end, y)), ink, 2.2 if handed else 1.4, arrow=True)
    if handed:
        yield Area(box((start + end) / 2 - 6, y - 14, 8, 8, 2.4), ink)


def _entries(grid: Grid, places: Mapping[Cell, Place], top: float) -> Iterator[Shape]:
    """From the names of segments to where they come in."""
    for row in range(len(grid.plan.rows)):
        first = grid.plan.way(row)[0]
        if first in places:
            y = grid.row(row, top)
            yield Line(((EDGE + GUTTER - 16, y), (places[first].x - 1, y)), "muted", 1.4, arrow=True)


def loops(laid: Plan) -> list[Loop]:
    """The ways back that are gone most often."""
    cells = {cell.stage.name: cell for cell in reversed(laid.cells)}
    most = laid.measures.loops.most_common(MOST_LOOPS)
    return [Loop(cells[a], cells[b], n) for (a, b), n in most if a in cells and b in cells]


def lanes(back: Sequence[Loop]) -> list[int]:
    """The lane of each, counted from the boxes upwards: those above each other do not cross, the shortest lowest."""
    taken: list[list[tuple[int, int]]] = []
    found: dict[Loop, int] = {}
    for loop in sorted(back, key=lambda one: abs(one.source.column - one.target.column)):
        low, high = sorted((loop.source.column, loop.target.column))
        lane = next((at for at, spans in enumerate(taken) if all(high < a or b < low for a, b in spans)), len(taken))
        taken += [[]] if lane == len(taken) else []
        taken[lane].append((low, high))
        found[loop] = lane
    return [found[loop] for loop in back]


def backward(back: Sequence[Loop], places: Mapping[Cell, Place], top: float) -> Iterator[Shape]:
    """Arrows over the boxes, from where items go back to where they go."""
    for loop, lane in zip(back, lanes(back), strict=True):
        source, target = places[loop.source], places[loop.target]
        start, end = source.middle + 12 - 12 * lane, target.middle - 12 + 12 * lane
        y = top + 4 - (lane + 1) * LANE
        yield Line(((start, source.y), (start, y), (end, y), (end, target.y - 1)), "worst", 1.5, arrow=True)
        text = f"{loop.n:,}× back"
        wide = width(text, SIZE, bold=True) + 8
        yield Area(box((start + end) / 2 - wide / 2, y - 7, wide, 14), "paper")
        yield Words((start + end) / 2, y + 3.4, text, SIZE, "worst", bold=True, align="center")
