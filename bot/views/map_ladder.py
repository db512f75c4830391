"""The ladder below a map's boxes: waiting time on its upper steps, active time on its lower ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from bot.flow.measures import StageMeasure
from bot.flow.stream import Stage
from bot.views.map_boxes import Place
from bot.views.map_plan import Plan, of
from bot.views.map_shapes import Ink, Line, Shape, Words
from bot.views.map_text import cut
from bot.views.map_words import percent, said

LADDER = 56.0
RISE = 22.0
_UPPER = 16.0
SIZE = 9.5


class _Step(NamedTuple):
    stage: Stage
    one: StageMeasure
    start: float
    end: float


def ladder(laid: Plan, spans: Mapping[int, Place], y: float) -> Iterator[Shape]:
    """The ladder of one line: by column where its box stands; half of the visits' time, and the share of all time."""
    steps = _steps(laid, spans)
    level = {True: y + _UPPER + RISE, False: y + _UPPER}
    for before, after in pairwise(steps):
        rise = ((after.start, level[before.stage.active]), (after.start, level[after.stage.active]))
        yield Line(rise, "muted", 1.2)
    for step in steps:
        ends = ((step.start, level[step.stage.active]), (step.end, level[step.stage.active]))
        measured = bool(step.stage.signals)
        yield Line(ends, _ink(step), 3 if measured else 1.6, dashed=not measured)
        yield _said(step, level[step.stage.active])


def _steps(laid: Plan, spans: Mapping[int, Place]) -> list[_Step]:
    """What is on each step, and from where to where it goes: halfway to the next boxes."""
    columns = [one for one in sorted(spans) if of(laid.measures, laid.stream.stages[one]) is not None]
    edges = [(spans[a].right + spans[b].x) / 2 for a, b in pairwise(columns)]
    starts = [spans[columns[0]].x, *edges] if columns else []
    ends = [*edges, spans[columns[-1]].right] if columns else []
    found = []
    for column, start, end in zip(columns, starts, ends, strict=True):
        stage = laid.stream.stages[column]
        one = of(laid.measures, stage)
        if one is not None:
            found.append(_Step(stage, one, start, end))
    return found


def _said(step: _Step, level: float) -> Words:
    text = "nothing yet" if step.stage.signals else "not measured"
    if step.stage.signals and step.one.times.n:
        text = f"{said(step.one.times.median)} · {percent(step.one.share)}"
    y = level + 13 if step.stage.active else level - 6
    fitting = cut(text, step.end - step.start, SIZE, bold=True)
    return Words((step.start + step.end) / 2, y, fitting, SIZE, _ink(step), bold=True, align="center")


def _ink(step: _Step) -> Ink:
    return "active" if step.stage.active else "wait"
