"""Names as people say them: case, plural, marks and a typo aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bot.flow.mapping.turns import Choice, Refused
from bot.flow.stream_words import shortened

_ALIKE = 0.7


def folded(text: str) -> str:
    """A name without case, marks, articles and the plural."""
    words = "".join(mark if mark.isalnum() else " " for mark in text.casefold()).split()
    kept = [word for word in words if word not in ("the", "a", "an", "stage")] or words
    return " ".join(
        word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word for word in kept
    )


def meant(said: str, names: Iterable[str]) -> str | None:
    """The one name that is surely meant; None where none is, or more than one."""
    every = list(names)
    exact = [name for name in every if name.casefold() == said.strip().casefold()]
    loose = exact or [name for name in every if folded(name) == folded(said) != ""]
    return loose[0] if len(loose) == 1 or exact else None


def alike(said: str, names: Iterable[str], most: int = 3, least: float = _ALIKE) -> list[str]:
    """Names that may be meant, the likeliest first."""
    by_fold = {folded(name).replace(" ", ""): name for name in names}
    return [by_fold[one] for one in get_close_matches(folded(said).replace(" ", ""), by_fold, most, least)]


def unknown_stage(said: str, names: Sequence[str], again: str) -> Refused:
    """What to say of a stage that isn't there; `again` is the answer with `{}` for the name that was meant."""
    close = alike(said, names)
    if close:
        ask = f"There is no stage “{shortened(said)}”. Did you mean {either(close)}?"
        return Refused(ask, tuple(Choice(again.replace("{}", name), name) for name in close))
    there = f"The stages are {listed(names)}." if names else "There are no stages yet; type them in a line."
    return Refused(f"There is no stage “{shortened(said)}”. {there}")


def listed(names: Iterable[str], word: str = "and") -> str:
    """`“a”`, `“a” and “b”`, `“a”, “b” and “c”`."""
    *front, last = [f"“{shortened(name)}”" for name in names] or ["nothing"]
    return f"{', '.join(front)} {word} {last}" if front else last


def either(names: Iterable[str]) -> str:
    """`“a” or “b”`."""
    return listed(names, "or")
