"""Charts as Slack draws them, and the text that says the same: no figure stands in a picture alone.

Slack wants up to 20 categories and 6 series, labels of 20 characters, and a number for every category of every series.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bot.views.message import Block, Message

CHART = "data_visualization"
BAR, LINE = "bar", "line"
LABEL, CHART_TITLE, MOST_CATEGORIES = 20, 50, 20


class Series(NamedTuple):
    """What is drawn in one colour, a number for each category; what is not known is None."""

    name: str
    values: tuple[float | None, ...]


class Chart(NamedTuple):
    """Numbers by category. `said` says in words all that is drawn."""

    kind: str
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    """What the numbers are."""
    said: str


def block(one: Chart) -> Block | None:
    """The chart as a block; categories that not every series has a number for are left out. None if none is left."""
    known = [place for place in range(len(one.categories)) if all(s.values[place] is not None for s in one.series)]
    known = known[-MOST_CATEGORIES:]
    if not known:
        return None
    labels = _labels(one.categories[place] for place in known)
    series = [
        {
            "name": part.name[:LABEL],
            "data": [{"label": label, "value": part.values[place]} for label, place in zip(labels, known, strict=True)],
        }
        for part in one.series
    ]
    drawn = {"type": one.kind, "series": series, "axis_config": {"categories": labels, "y_label": one.unit}}
    return {"type": CHART, "title": one.title[:CHART_TITLE], "chart": drawn}


def _labels(names: Iterable[str]) -> list[str]:
    """Names as long as labels may be, each its own."""
    found: list[str] = []
    for name in names:
        label, more = name[:LABEL], 2
        while label in found:
            label, more = f"{name[: LABEL - 3]} {more}", more + 1
        found.append(label)
    return found


def blocks(charts: Sequence[Chart]) -> list[Block]:
    """The blocks of charts of which there is anything to draw."""
    return [drawn for one in charts if (drawn := block(one)) is not None]


def has_charts(message: Message) -> bool:
    return any(one["type"] == CHART for one in message.blocks)


def without_charts(message: Message) -> Message:
    """The message for where charts are refused; its text says the same anyhow."""
    return Message(message.text, tuple(one for one in message.blocks if one["type"] != CHART))


def charts_of(message: Message) -> list[Block]:
    return [one for one in message.blocks if one["type"] == CHART]
