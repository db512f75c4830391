"""A value stream's map as a sheet of shapes: title, boxes, arrows, the ladder of times, the totals, the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.flow.measures import StreamMeasures
from bot.flow.stream import Segment, Stream
from bot.views.map_arrows import LANE, Loop, backward, lanes, loops, onward
from bot.views.map_boxes import SMALL, Place, finish_box, stage_box
from bot.views.map_grid import EDGE, GUTTER, ROOM, WIDTH, Grid, grid
from bot.views.map_ladder import LADDER, ladder
from bot.views.map_plan import Cell, plan
from bot.views.map_shapes import Area, Shape, Sheet, Words, box
from bot.views.map_text import cut, drawable, lines, width
from bot.views.map_totals import KEY, TOTALS, key, totals
from bot.views.map_words import period, said

LINE_GAP = 24.0
MARK = 22.0
"""Room below the boxes, for the label of the largest wait."""
TITLE_SIZES = (20.0, 17.0, 15.0)


def sheet(
    stream: Stream, measures: StreamMeasures, segments: Sequence[tuple[Segment, StreamMeasures]],
    names: Mapping[str, str],
) -> Sheet:  # fmt: skip
    """The map, drawn; `names` are those of Slack's accounts and user groups, by id."""
    laid = grid(plan(stream, measures, segments))
    shapes = [*_title(stream, measures)]
    y = max(one.y for one in shapes if isinstance(one, Words)) + 14
    back = loops(laid.plan)
    for columns in laid.plan.breaks:
        near = [one for one in back if one.source.column in columns and one.target.column in columns]
        y += LANE * (max(lanes(near), default=-1) + 1) + 4
        shapes += _line(laid, columns, y, near, names)
        y += laid.depth + MARK + LADDER + LINE_GAP
    far = [*_far(laid, back, y - 4)]
    y += 15 * len(far) + 4
    shapes += [*far, *totals(measures, EDGE, y, ROOM), *key(laid.plan, EDGE, y + TOTALS, ROOM)]
    high = y + TOTALS + KEY
    return Sheet(WIDTH, high, (Area(box(0.5, 0.5, WIDTH - 1, high - 1), "paper", "rule"), *shapes))


def _title(stream: Stream, told: StreamMeasures) -> Iterator[Shape]:
    small = f"value stream map · {period(told)}"
    room = ROOM - width(small, SMALL) - 16
    name = drawable(stream.name)
    size = next((one for one in TITLE_SIZES if width(name, one, bold=True) <= room), TITLE_SIZES[-1])
    yield Words(EDGE, 37, cut(name, room, size, bold=True), size, bold=True)
    yield Words(WIDTH - EDGE, 37, small, SMALL, "muted", align="right")
    y = 41.0
    for line in lines(drawable(stream.outcome), ROOM, 11.5, 2):
        y += 15
        yield Words(EDGE, y, line, 11.5)
    named = (("Begins", stream.trigger), ("Done", stream.finish), ("North star", stream.north_star))
    ends = [f"{name}: {drawable(value)}" for name, value in named if value]
    for line in lines("  ·  ".join(ends), ROOM, SMALL, 2):
        y += 14
        yield Words(EDGE, y, line, SMALL, "muted")


def _line(
    laid: Grid, columns: range, top: float, near: Sequence[Loop], names: Mapping[str, str]
) -> Iterator[Shape]:  # fmt: skip
    """One line of stages with its ladder."""
    places = laid.places(columns, top)
    if laid.plan.several:
        yield from _row_names(laid, top)
    yield from onward(laid, places, top)
    for cell, place in places.items():
        yield from _box(laid, cell, place, names)
    yield from backward(near, places, top)
    spans = {cell.column: place for cell, place in places.items()}
    yield from ladder(laid.plan, spans, top + laid.depth + MARK)


def _box(laid: Grid, cell: Cell, place: Place, names: Mapping[str, str]) -> Iterator[Shape]:
    told, worst = laid.plan.measures, laid.plan.measures.largest_wait
    if cell.measure is None:
        own = laid.plan.several and cell.first == cell.last
        yield from finish_box(place, cell.stage, laid.plan.rows[cell.first].measures.done if own else told.done)
        return
    marked = worst is not None and cell.measure.stage == worst.stage and cell.measure.times.n > 0
    yield from stage_box(place, cell.stage, cell.measure, names, laid.name_lines, laid.high, worst=marked)


def _row_names(laid: Grid, top: float) -> Iterator[Shape]:
    for place, row in enumerate(laid.plan.rows):
        y = laid.row(place, top) - 20
        for line in lines(drawable(row.segment or ""), GUTTER - 18, 11, 3, bold=True):
            yield Words(EDGE, y, line, 11, bold=True)
            y += 13
        yield Words(EDGE, y + 2, f"{row.measures.done:,} done", SMALL, "muted")
        if row.measures.done:
            yield Words(EDGE, y + 15, "half within", SMALL, "muted")
            yield Words(EDGE, y + 28, said(row.measures.flow_time.median), SMALL, bold=True)


def _far(laid: Grid, back: Sequence[Loop], y: float) -> Iterator[Shape]:
    """The ways back that lead to another line, in words."""
    for columns in laid.plan.breaks:
        for one in back:
            if one.source.column in columns and one.target.column not in columns:
                text = f"{one.n:,}× back from {one.source.stage.name} to {one.target.stage.name}"
                yield Words(EDGE, y, cut(drawable(text), ROOM, SMALL, bold=True), SMALL, "worst", bold=True)
                y += 15
