"""A value stream's map as a picture: the sheet of shapes, drawn as a PNG."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.flow.measures import StreamMeasures
from bot.flow.stream import Segment, Stream
from bot.views.map_layout import sheet
from bot.views.map_shapes import DARK, LIGHT, Area, Ink, Line, Shape, Sheet
from bot.views.map_text import families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENSITY = 2
"""Pixels of the picture for one of the sheet, for fine screens."""
DOTS = 100
"""Pixels of the sheet an inch; text is told in points of a 72nd inch."""
_drawing = threading.Lock()
"""matplotlib keeps fonts between pictures, and is not made for threads."""


def picture(
    stream: Stream, measures: StreamMeasures, segments: Sequence[tuple[Segment, StreamMeasures]] = (), *,
    names: Mapping[str, str] | None = None, dark: bool = False,
) -> bytes:  # fmt: skip
    """The map as a PNG, 1,400 pixels wide, for a place of 700; two `segments` and more get rows of their own.

    `names` are those of Slack's accounts and user groups, by id. It takes about a second.
    """
    with _drawing:
        return _png(sheet(stream, measures, segments, names or {}), DARK if dark else LIGHT)


def _png(sheet: Sheet, inks: Mapping[Ink, str]) -> bytes:
    # matplotlib is slow to import, and few need it.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.family": list(families()), "hatch.linewidth": 0.9}):
        figure = Figure(figsize=(sheet.width / DOTS, sheet.height / DOTS), dpi=DOTS * DENSITY, facecolor=inks["paper"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, sheet.width)
        axes.set_ylim(sheet.height, 0)
        axes.set_axis_off()
        for place, shape in enumerate(sheet.shapes):
            _draw(axes, shape, inks, place)
        found = io.BytesIO()
        figure.savefig(found, format="png", pil_kwargs={"optimize": True})
        return found.getvalue()


def _draw(axes: Axes, shape: Shape, inks: Mapping[Ink, str], order: int) -> None:
    if isinstance(shape, Area):
        _area(axes, shape, inks, order)
    elif isinstance(shape, Line):
        _line(axes, shape, inks, order)
    else:
        axes.text(
            shape.x, shape.y, shape.text, fontsize=_points(shape.size), color=inks[shape.ink], ha=shape.align,
            va="baseline", weight="bold" if shape.bold else "normal", parse_math=False, zorder=order,
        )  # fmt: skip


def _points(pixels: float) -> float:
    return pixels * 72 / DOTS


def _area(axes: Axes, shape: Area, inks: Mapping[Ink, str], order: int) -> None:
    from matplotlib.patches import Polygon

    edge = inks[shape.edge] if shape.edge else "none"
    style: Any = (0, (4, 2)) if shape.dashed else "solid"
    axes.add_patch(
        Polygon(
            list(shape.points), closed=True, facecolor=inks[shape.fill], edgecolor=edge,
            linewidth=_points(shape.width), linestyle=style, joinstyle="miter", zorder=order,
        )
    )  # fmt: skip
    if shape.hatched:
        axes.add_patch(
            Polygon(
                list(shape.points),
                fill=False,
                hatch="////",
                edgecolor=inks["muted"],
                alpha=0.35,
                linewidth=0,
                zorder=order,
            )
        )


def _line(axes: Axes, shape: Line, inks: Mapping[Ink, str], order: int) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    style = "-|>,head_length=3.2,head_width=2" if shape.arrow else "-"
    axes.add_patch(
        FancyArrowPatch(
            path=Path(list(shape.points)), arrowstyle=style, color=inks[shape.ink], linewidth=_points(shape.width),
            linestyle="dashed" if shape.dashed else "solid", mutation_scale=1.6, joinstyle="miter",
            capstyle="butt", zorder=order,
        )
    )  # fmt: skip
