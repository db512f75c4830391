"""A value stream's stages as one line: `idea -> coding (active, authors) -> QA (wait, @qa-team, 2d, label qa) -> live`.

Arrows are `->`, `→`, `>` or `=>`. The words in brackets stand in any order. A name with an arrow, a bracket, a comma or
a quote in it stands in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.flow.stream import MOST_STAGES, Responsible, Signal, Stage
from bot.flow.stream_words import NOTHING_KNOWN, Known, Unread, Words, quoted, shortened, unquoted, words, words_of

LONGEST_NAME = 40
EXAMPLE = "idea -> coding (active, authors) -> review (wait, reviewers, 8h) -> live (deploy production)"


class Sketch(NamedTuple):
    """A stage as far as it has been said."""

    name: str
    active: bool | None = None
    responsible: Responsible | None = None
    signals: tuple[Signal, ...] = ()
    unmeasured: bool = False
    """It was said that nothing tells of it."""
    target: int | None = None
    """Working seconds; 0 where it was said that nothing is agreed."""
    segment: str | None = None
    does: str = ""
    proof: str = ""
    policy: str = ""

    def told(self, said: Words) -> Sketch:
        """The same with what was said of it."""
        news = {key: value for key, value in said._asdict().items() if value not in (None, ())}
        if said.signals or said.unmeasured:
            return self._replace(**news | {"signals": said.signals})
        return self._replace(**news | {"unmeasured": self.unmeasured})

    def over(self, older: Sketch) -> Sketch:
        """The same with what an older sketch knew beyond it."""
        unsaid = [key for key, value in self._asdict().items() if value is None or value in ("", (), False)]
        if self.unmeasured or self.signals:
            unsaid = [key for key in unsaid if key not in ("signals", "unmeasured")]
        if self.active is not None:
            unsaid = [key for key in unsaid if key != "active"]
        return self._replace(**{key: getattr(older, key) for key in unsaid})

    @property
    def stage(self) -> Stage:
        """The stage; active where nothing else was said."""
        return Stage(
            self.name, self.active is not False, self.responsible, self.signals, self.target or None,
            self.does, self.proof, self.policy, self.segment,
        )  # fmt: skip


def sketch_of(stage: Stage) -> Sketch:
    """A stage as a sketch of which everything has been said."""
    return Sketch(
        stage.name, stage.active, stage.responsible, stage.signals, not stage.signals, stage.target or 0,
        stage.segment, stage.does, stage.proof, stage.policy,
    )  # fmt: skip


_ARROW = re.compile(r"[-–—=]*(?:>|&gt;)|[→⇒➔➜⟶]")
_TOKEN = re.compile(rf"\"(?:[^\"]|\"\")*\"|“[^”]*”|<[@!#][^<>]*>|{_ARROW.pattern}|[()]|.", re.DOTALL)


def has_arrow(text: str) -> bool:
    """Whether an arrow joins something in it, outside quotes."""
    return any(_ARROW.fullmatch(token) for token in _TOKEN.findall(text))


def parse(line: str, known: Known = NOTHING_KNOWN) -> tuple[Sketch, ...]:
    """The stages that a line says. Raises Unread, which names the stage and what is allowed."""
    parts = _parts(line)
    if len(parts) > MOST_STAGES:
        raise Unread(f"That is {len(parts)} stages; a stream has at most {MOST_STAGES}.")
    sketches = tuple(_sketch(number, part, known) for number, part in enumerate(parts, 1))
    seen: set[str] = set()
    for sketch in sketches:
        if sketch.name.casefold() in seen:
            raise Unread(f"“{sketch.name}” is there twice; each stage needs a name of its own.")
        seen.add(sketch.name.casefold())
    return sketches


class _Part(NamedTuple):
    name: str
    inside: str
    """What stands in brackets."""
    after: str
    """What stands behind them, which nothing may."""
    closed: bool


def _parts(line: str) -> list[_Part]:
    """The line cut at its arrows."""
    parts, depth = [["", "", ""]], 0
    for mark in _TOKEN.findall(line.strip()):
        place = 1 if depth else 2 if parts[-1][1] else 0
        if mark == "(" and not depth and not parts[-1][1]:
            depth, parts[-1][1] = 1, " "
        elif mark == ")" and depth:
            depth = 0
        elif not depth and _ARROW.fullmatch(mark):
            parts.append(["", "", ""])
        else:
            parts[-1][place] += mark
    last = len(parts) - 1
    return [
        _Part(name.strip(), inside, after.strip(), not depth or at != last)
        for at, (name, inside, after) in enumerate(parts)
    ]


def _sketch(number: int, part: _Part, known: Known) -> Sketch:
    name = unquoted(part.name)
    where = f"In stage {number}" + (f", “{shortened(name)}”" if name else "")
    if not name:
        raise Unread(f"{where}: the name is missing. Arrows stand between names, as in `{EXAMPLE}`.")
    if len(name) > LONGEST_NAME:
        raise Unread(f"{where}: the name has {len(name)} characters; at most {LONGEST_NAME} are allowed.")
    if not part.closed:
        raise Unread(f"{where}: the closing bracket is missing, as in `QA (wait, @qa-team, 2d)`.")
    if part.after or (set("()") & set(part.name) and name == " ".join(part.name.split())):
        raise Unread(f"{where}: one pair of brackets stands behind the name, and then an arrow.")
    try:
        said = words(part.inside, known)
    except Unread as wrong:
        raise Unread(f"{where}: {wrong}") from None
    return Sketch(name).told(said)


def line_of(sketches: Iterable[Sketch]) -> str:
    """The stages as a line, with what was said of them; read again it is the same."""
    return " -> ".join(_bracketed(one.name, _said(one)) for one in sketches)


def _said(one: Sketch) -> Iterator[str]:
    said = words_of(one.stage, last=one.active is None)
    if said:
        yield said
    if one.target == 0:
        yield "no target"
    if one.unmeasured:
        yield "unmeasured"


def _bracketed(name: str, said: Iterable[str]) -> str:
    inside = ", ".join(said)
    return f"{quoted(name)} ({inside})" if inside else quoted(name)
