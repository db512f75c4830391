"""The boxes of a drawn map: what is done there is square, what waits there has cut corners and a dashed edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.flow.measures import StageMeasure
from bot.flow.stream import Stage
from bot.views.map_shapes import Area, Ink, Line, Shape, Words, box, pointed, triangle
from bot.views.map_text import cut, drawable, lines, width
from bot.views.map_words import holder, percent, said
from bot.views.words import working

HEAD = 17.0
"""Height of the band with what kind of stage it is."""
NAME, SMALL, TAG = 11.5, 10.0, 9.0
"""Sizes of text, in pixels."""
STEP = 14.0
PAD = 7.0
TIP = 12.0
CORNER = 6.0
MOST_NAME_LINES = 3
FIGURES = 6


class Place(NamedTuple):
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def middle(self) -> float:
        return self.x + self.w / 2


class Look(NamedTuple):
    """What a box is drawn in."""

    soft: Ink
    strong: Ink
    on: Ink
    kind: str


_ACTIVE, _WAIT = Look("active_soft", "active", "on_active", "active"), Look("wait_soft", "wait", "on_wait", "wait")


def name_lines(stage: Stage, wide: float) -> int:
    """How many lines a stage's name takes in a box of that width."""
    return len(_name(stage, wide))


def _name(stage: Stage, wide: float) -> list[str]:
    return lines(drawable(stage.name), wide - 2 * PAD, NAME, MOST_NAME_LINES, bold=True)


def height(names: int, figures: int) -> float:
    """Of a box whose name takes so many lines, with so many figures."""
    return HEAD + names * STEP + 24 + figures * STEP + 9


def figures_of(stage: Stage, one: StageMeasure) -> list[tuple[str, str]]:
    """What is told of a stage: (name, value)."""
    target = [("target", working(stage.target))] if stage.target else []
    if not stage.signals:
        return target
    kept = [("kept", percent(one.attainment))] if one.targeted else []
    half, high = said(one.times.median), said(one.times.high)
    return [("half", half), ("85%", high), ("n", f"{one.times.n:,}"), ("now", f"{len(one.open):,}"), *target, *kept]


def stage_box(
    at: Place, stage: Stage, one: StageMeasure, names: Mapping[str, str], name_room: int, inside: float, *, worst: bool
) -> Iterator[Shape]:  # fmt: skip
    """A stage with its figures; names of all take `name_room` lines, all that is in a box `inside` pixels of height.

    `worst` marks the largest wait.
    """
    look, outline = _ACTIVE if stage.active else _WAIT, box(*at, 0 if stage.active else CORNER)
    yield Area(outline, look.soft, hatched=not stage.signals)
    yield from _head(at, stage, look)
    edge: Ink = "worst" if worst else look.strong
    yield Line((*outline, outline[0], outline[1]), edge, 2.6 if worst else 1.3, dashed=not (stage.active or worst))
    y = at.y + HEAD + (at.h - inside) / 2 + 14
    yield from _said_of(at, y, stage, names, name_room)
    yield from _figures(at, y + name_room * STEP + 7 + STEP, stage, one)
    if worst:
        yield from _mark(at, f"largest wait {percent(one.share)}")


def _head(at: Place, stage: Stage, look: Look) -> Iterator[Shape]:
    inset = 0.0 if stage.active else CORNER
    band = ((at.x + inset, at.y), (at.right - inset, at.y), (at.right, at.y + inset), (at.right, at.y + HEAD),
            (at.x, at.y + HEAD), (at.x, at.y + inset))  # fmt: skip
    yield Area(band, look.strong)
    sign = box(at.x + PAD, at.y + 5, 7, 7) if stage.active else triangle(at.x + PAD, at.y + 5.3, 8)
    yield Area(sign, look.on)
    yield Words(at.x + PAD + 12, at.y + 12.3, look.kind, TAG, look.on, bold=True)


def _said_of(at: Place, y: float, stage: Stage, names: Mapping[str, str], name_room: int) -> Iterator[Shape]:
    """The stage's name, and who is responsible."""
    for place, line in enumerate(_name(stage, at.w)):
        yield Words(at.x + PAD, y + place * STEP, line, NAME, bold=True)
    y += name_room * STEP
    nobody = stage.responsible is None and not stage.active
    who = cut(drawable(holder(stage.responsible, names)), at.w - 2 * PAD, SMALL)
    yield Words(at.x + PAD, y, who, SMALL, "worst" if nobody else "muted")
    yield Line(((at.x + PAD, y + 7), (at.right - PAD, y + 7)), "rule", 0.8)


def _figures(at: Place, y: float, stage: Stage, one: StageMeasure) -> Iterator[Shape]:
    if not stage.signals:
        yield Words(at.x + PAD, y, "not measured", SMALL, "muted")
        y += STEP
    for name, value in figures_of(stage, one):
        room = at.w - 2 * PAD - width(name, SMALL) - 4
        yield Words(at.x + PAD, y, name, SMALL, "muted")
        yield Words(at.right - PAD, y, cut(value, room, SMALL, bold=True), SMALL, bold=True, align="right")
        y += STEP


def _mark(at: Place, text: str) -> Iterator[Shape]:
    """A label on the lower edge of a box."""
    wide = width(text, TAG, bold=True) + 10
    yield Area(box(at.middle - wide / 2, at.y + at.h - 6, wide, 15), "worst")
    yield Words(at.middle, at.y + at.h + 4.8, text, TAG, "paper", bold=True, align="center")


def finish_box(at: Place, stage: Stage, done: int) -> Iterator[Shape]:
    """The finish line, with how many came there."""
    yield Area(pointed(*at, TIP), "finish_soft", "text", 1.3)
    room, y = at.w - PAD - TIP - 2, at.y + at.h / 2 - 2 * STEP
    yield Words(at.x + PAD, y, cut("finish line", room, TAG, bold=True), TAG, "muted", bold=True)
    for line in lines(drawable(stage.name), room, NAME, MOST_NAME_LINES, bold=True):
        y += STEP
        yield Words(at.x + PAD, y + 2, line, NAME, bold=True)
    yield Words(at.x + PAD, y + STEP + 6, f"{done:,} done", SMALL)
