"""Below a map: its totals, how much of the time is active, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator

from bot.flow.measures import StreamMeasures
from bot.views.map_arrows import arrow, steps
from bot.views.map_plan import Plan
from bot.views.map_shapes import Area, Line, Shape, Words, box, triangle
from bot.views.map_text import cut, width
from bot.views.map_words import an_item, percent, said
from bot.views.words import working

TILE, BAR = 50.0, 18.0
TOTALS = TILE + BAR + 34
KEY = 34.0
SMALL, BIG = 10.0, 16.0
SIGN, APART = 22.0, 16.0
"""Room of a sign, and between it and the next."""


def totals(told: StreamMeasures, x: float, y: float, room: float) -> Iterator[Shape]:
    """The totals of the period, and the bar of active and waiting time."""
    yield Line(((x, y - 12), (x + room, y - 12)), "rule")
    tiles = (
        ("flow time, half within", said(told.flow_time.median)), ("85% within", said(told.flow_time.high)),
        ("done (n)", f"{told.done:,}"), ("on the way", f"{told.in_progress:,}"),
        ("hand-offs an item", "–" if told.hand_offs is None else f"{told.hand_offs:.1f}"),
        ("flow efficiency", percent(told.flow_efficiency)),
    )  # fmt: skip
    at = x
    shares = (0.215, 0.15, 0.13, 0.15, 0.19, 0.165)
    for (name, value), share in zip(tiles, shares, strict=True):
        yield Words(at, y + 8, cut(name, room * share - 8, SMALL), SMALL, "muted")
        yield Words(at, y + 29, cut(value, room * share - 8, BIG, bold=True), BIG, bold=True)
        at += room * share
    yield from _bar(told, x, y + TILE, room)


def _bar(told: StreamMeasures, x: float, y: float, room: float) -> Iterator[Shape]:
    """How an item's time divides, on average."""
    share = told.flow_efficiency
    if share is None:
        yield Words(x, y + 12, "Nothing was done in this time, so there are no totals yet.", SMALL, "muted")
        return
    active, waiting = an_item(told)
    split = x + room * share
    yield Area(box(x, y, room * share, BAR), "active")
    yield Area(box(split, y, room * (1 - share), BAR), "wait_soft", "wait", 1.2, dashed=True)
    below = y + BAR + 14
    yield Area(box(x, below - 8, 8, 8), "active")
    text = f"active {working(active)}"
    yield Words(x + 13, below, text, SMALL, "active", bold=True)
    after = x + 13 + width(text, SMALL, bold=True) + 18
    yield Area(triangle(after, below - 7.5, 8), "wait")
    text = f"waiting {working(waiting)}"
    yield Words(after + 13, below, text, SMALL, "wait", bold=True)
    after += 13 + width(text, SMALL, bold=True) + 8
    yield Words(after, below, "an item, on average", SMALL, "muted")


def key(laid: Plan, x: float, y: float, room: float) -> Iterator[Shape]:
    """What the signs mean, as far as they are used."""
    yield Line(((x, y - 4), (x + room, y - 4)), "rule")
    yield Words(x, y + 14, "Working time; half and 85% of the visits took at most that.", 9.5, "muted")
    yield from _signs(laid, x + room, y + 14)


def _signs(laid: Plan, right: float, y: float) -> Iterator[Shape]:
    """The signs, from right to left."""
    at = right + APART
    if any(not cell.stage.signals and cell.measure is not None for cell in laid.cells):
        at, text = _named(at - APART, y, "not measured")
        yield text
        yield Area(box(at, y - 9, 15, 11), "wait_soft", "wait", 0.8, hatched=True)
    if laid.measures.loops:
        at, text = _named(at - APART, y, "goes back")
        yield text
        yield Line(((at + 16, y - 3), (at, y - 3)), "worst", 1.5, arrow=True)
    if any(step.handed for step in steps(laid)):
        at, text = _named(at - APART, y, "hand-off")
        yield text
        yield from arrow(at, at + 18, y - 2, handed=True)


def _named(right: float, y: float, name: str) -> tuple[float, Words]:
    """(where its sign begins, what a sign is called)"""
    at = right - width(name, 9.5)
    return at - SIGN, Words(at, y, name, 9.5, "muted")
