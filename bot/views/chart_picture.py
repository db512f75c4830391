"""Charts as a picture, for where Slack does not take them as blocks."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.views.charts import BAR, charts_of
from bot.views.map_shapes import LIGHT
from bot.views.map_text import drawable, families
from bot.views.message import Block, Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DENSITY = 7.0, 3.0, 200
"""Inches of the picture, and of each chart in it; pixels an inch."""
MOST_ALT = 1_990
_INKS = (LIGHT["active"], LIGHT["wait"], LIGHT["hand_off"], LIGHT["worst"], LIGHT["muted"], LIGHT["text"])
_HATCHES, _MARKS, _DASHES = ("", "///", "...", "xxx", "\\\\\\", "ooo"), "os^Dvp", ("-", "--", ":", "-.", "-", "--")
_drawing = threading.Lock()
"""matplotlib keeps fonts between pictures, and is not made for threads."""


def picture(message: Message) -> bytes:
    """The charts of a message below each other as a PNG of 1,400 pixels' width; it takes about a second."""
    with _drawing:
        return _png(charts_of(message))


def alt_text(message: Message) -> str:
    """What is to be seen: the numbers, chart by chart."""
    return " ".join(map(_said, charts_of(message)))[:MOST_ALT]


def _said(one: Block) -> str:
    chart = one["chart"]
    series = (f"{part['name']}: {', '.join(map(_point, part['data']))}." for part in chart["series"])
    return f"{one['title']} ({chart['axis_config']['y_label']}). {' '.join(series)}"


def _point(one: Block) -> str:
    return f"{one['label']} {one['value']:g}"


def _png(charts: Sequence[Block]) -> bytes:
    # matplotlib is slow to import, and few need it.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.family": list(families()), "font.size": 9, "hatch.linewidth": 0.6}):
        figure = Figure(figsize=(WIDTH, HEIGHT * len(charts)), dpi=DENSITY, facecolor=LIGHT["paper"])
        figure.set_layout_engine("constrained")
        for place, one in enumerate(charts):
            _draw(figure.add_subplot(len(charts), 1, place + 1), one)
        found = io.BytesIO()
        figure.savefig(found, format="png", pil_kwargs={"optimize": True})
        return found.getvalue()


def _draw(axes: Axes, one: Block) -> None:
    chart = one["chart"]
    labels = [drawable(label) for label in chart["axis_config"]["categories"]]
    axes.set_title(drawable(one["title"]), loc="left", fontweight="bold", color=LIGHT["text"])
    axes.set_ylabel(drawable(chart["axis_config"]["y_label"]), color=LIGHT["muted"])
    for place, part in enumerate(chart["series"]):
        values = [point["value"] for point in part["data"]]
        draw: Any = _bars if chart["type"] == BAR else _line
        draw(axes, place, len(chart["series"]), drawable(part["name"]), values)
    axes.set_xticks(range(len(labels)), labels, rotation=0 if len(labels) < 8 else 45)
    axes.tick_params(colors=LIGHT["muted"], length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT["rule"])
    axes.grid(axis="y", color=LIGHT["rule"], linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, ncols=3, loc="upper right", bbox_to_anchor=(1, 1.14), fontsize=8)


def _bars(axes: Axes, place: int, of: int, name: str, values: Sequence[float]) -> None:
    """Bars side by side, told apart by their hatching, too, each with its number."""
    wide = 0.8 / of
    where = [at + (place - (of - 1) / 2) * wide for at in range(len(values))]
    bars = axes.bar(
        where, values, wide * 0.92, label=name, color=_INKS[place], hatch=_HATCHES[place], edgecolor=LIGHT["paper"]
    )
    axes.bar_label(bars, [f"{value:g}" for value in values], color=LIGHT["text"], fontsize=8, padding=2)


def _line(axes: Axes, place: int, _: int, name: str, values: Sequence[float]) -> None:
    """A line, told apart by its marks and dashes, too, with the last number at its end."""
    axes.plot(
        range(len(values)), values, label=name, color=_INKS[place], marker=_MARKS[place], linestyle=_DASHES[place],
        markersize=4,
    )  # fmt: skip
    axes.annotate(
        f"{values[-1]:g}", (len(values) - 1, values[-1]), (6, 0), textcoords="offset points", color=_INKS[place],
        va="center", fontsize=8,
    )  # fmt: skip
