"""Where the stages of a map stand: columns across time, rows down the segments, lines where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.flow.measures import StageMeasure, StreamMeasures
from bot.flow.stream import Segment, Stage, Stream

ABREAST = 6
"""Most stages on a line: more could not be read in a preview 700 pixels wide."""
BESIDE_SEGMENTS = 5


class Row(NamedTuple):
    """A segment's way through the stream; without a segment everybody's."""

    segment: str | None
    measures: StreamMeasures


class Cell(NamedTuple):
    """A stage as it stands on the map: in a column, over rows [first, last]."""

    column: int
    first: int
    last: int
    stage: Stage
    measure: StageMeasure | None
    """None for the finish line."""


class Plan(NamedTuple):
    stream: Stream
    measures: StreamMeasures
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    breaks: tuple[range, ...]
    """The columns of each line."""

    @property
    def several(self) -> bool:
        """Whether segments have rows of their own."""
        return len(self.rows) > 1

    def way(self, row: int) -> list[Cell]:
        """The cells that a row goes through, in order."""
        return [cell for cell in self.cells if cell.first <= row <= cell.last]


def plan(stream: Stream, measures: StreamMeasures, segments: Sequence[tuple[Segment, StreamMeasures]] = ()) -> Plan:
    """Lay out a stream; two segments and more get rows of their own."""
    rows = tuple(Row(segment.name, told) for segment, told in segments)
    rows = rows if len(rows) > 1 else (Row(None, measures),)
    cells = [cell for column in range(len(stream.stages)) for cell in _column(stream, measures, rows, column)]
    most = ABREAST if len(rows) == 1 else BESIDE_SEGMENTS
    return Plan(stream, measures, rows, tuple(cells), _breaks(len(stream.stages), most))


def _breaks(many: int, most: int) -> tuple[range, ...]:
    """Lines of about the same length."""
    lines = -(-many // most)
    size = -(-many // max(1, lines))
    return tuple(range(start, min(start + size, many)) for start in range(0, many, size))


def _column(stream: Stream, measures: StreamMeasures, rows: Sequence[Row], column: int) -> list[Cell]:
    """The cells of a stage: one where it is the same for all, one a row where a segment has it another way."""
    stage, last = stream.stages[column], len(rows) - 1
    forked = any(fork.stage == stage.name for fork in stream.forks)
    if not last or (stage.segment is None and not forked):
        return [Cell(column, 0, last, stage, of(measures, stage))]
    found = []
    for place, row in enumerate(rows):
        own = next((one for one in stream.path(row.segment) if one.name == stage.name), None)
        if own is not None:
            found.append(Cell(column, place, place, own, of(row.measures, stage)))
    return found


def of(measures: StreamMeasures, stage: Stage) -> StageMeasure | None:
    """A stage's measure; None for the finish line."""
    return next((one for one in measures.stages if one.stage == stage.name), None)
