"""What a drawn map is made of: areas, lines and words in pixels of a sheet, y downwards, colours by their role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, float]
Ink: TypeAlias = Literal[
    "paper", "text", "muted", "rule", "active", "active_soft", "wait", "wait_soft", "worst", "hand_off", "finish_soft",
    "on_active", "on_wait",
]  # fmt: skip

LIGHT: Mapping[Ink, str] = {
    "paper": "#ffffff", "text": "#1d2327", "muted": "#56616a", "rule": "#c9d1d6", "active": "#1f6f6b",
    "active_soft": "#e4f2f0", "wait": "#945600", "wait_soft": "#fdf1dd", "worst": "#b3261e", "hand_off": "#5b3fa6",
    "finish_soft": "#eceff1", "on_active": "#ffffff", "on_wait": "#ffffff",
}  # fmt: skip
DARK: Mapping[Ink, str] = {
    "paper": "#1b1f23", "text": "#f1f3f4", "muted": "#b4bdc4", "rule": "#4a545c", "active": "#58c2b8",
    "active_soft": "#1d3a39", "wait": "#f0b252", "wait_soft": "#43321a", "worst": "#ff8a80", "hand_off": "#c2adff",
    "finish_soft": "#30373d", "on_active": "#0d2221", "on_wait": "#2b1c05",
}  # fmt: skip


class Area(NamedTuple):
    """A filled outline."""

    points: Sequence[Point]
    fill: Ink
    edge: Ink | None = None
    width: float = 1.0
    dashed: bool = False
    hatched: bool = False


class Line(NamedTuple):
    points: Sequence[Point]
    ink: Ink
    width: float = 1.0
    arrow: bool = False
    """A head at its end."""
    dashed: bool = False


class Words(NamedTuple):
    """One line of text; `y` is the line it stands on."""

    x: float
    y: float
    text: str
    size: float
    ink: Ink = "text"
    bold: bool = False
    align: Literal["left", "center", "right"] = "left"


Shape: TypeAlias = Area | Line | Words


class Sheet(NamedTuple):
    """Shapes, later ones on top, and how much room they take."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def box(x: float, y: float, w: float, h: float, cut: float = 0) -> tuple[Point, ...]:
    """A rectangle, its corners cut off by so much."""
    if not cut:
        return ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    return (
        (x + cut, y), (x + w - cut, y), (x + w, y + cut), (x + w, y + h - cut),
        (x + w - cut, y + h), (x + cut, y + h), (x, y + h - cut), (x, y + cut),
    )  # fmt: skip


def pointed(x: float, y: float, w: float, h: float, tip: float) -> tuple[Point, ...]:
    """A rectangle that points to the right."""
    return ((x, y), (x + w - tip, y), (x + w, y + h / 2), (x + w - tip, y + h), (x, y + h))


def triangle(x: float, y: float, side: float) -> tuple[Point, ...]:
    """The sign of what waits, its tip at the bottom."""
    return ((x, y), (x + side, y), (x + side / 2, y + side * 0.87))
