"""A step of the mapping conversation: when it is due, what it asks, how it reads an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bot.flow.mapping.draft import State
from bot.flow.mapping.turns import Facts, Question, Refused


def _always(_: State, __: Facts) -> Iterable[str]:
    return ("",)


class Step(NamedTuple):
    """A step. `about` names what a question of it is about: a stage, a segment, or nothing.

    `read` and `fill` return the map after the answer, or why it can't be read; they settle nothing.
    """

    name: str
    ask: Callable[[State, str, Facts], Question]
    read: Callable[[State, str, str, Facts], State | Refused]
    due: Callable[[State, Facts], Iterable[str]] = _always
    """What it is to ask about, in order."""
    fill: Callable[[State, str, Mapping[str, str], Facts], State | Refused] | None = None
    """Reads a form, where the step has one."""
    rest: Callable[[State, str, Facts], State] | None = None
    """What “the rest is fine” says, where the step has a rest."""
    prose: bool = False
    """It takes sentences, so that little else is read out of them."""
