"""What the words behind `/flow try` and `/flow experiments` mean."""

from __future__ import annotations

import re

from bot.flow.waits import KINDS
from bot.grammar.days import ALLOWED as DAYS
from bot.grammar.days import days_words
from bot.grammar.values import DayWords, ExperimentWords, Misread, TryWords

MOST_WORDS = 150
"""Characters of what is tried."""
_QUOTED = "What you try stands in quotes, and first."
TRY = (
    "Allowed are what you try, in quotes; a kind of wait (`review`, `merge` …) or a stage, where you like behind the "
    "repository or the value stream it is of; by how much it is to be shorter (`-30%`); and `by` a day."
)
EXPERIMENTS = (
    "Allowed are nothing (all of them), one's number, `keep`, `drop` or `extend` and a number (behind `extend` also "
    "`by` a day), `nudges` (whether they help), and `hold-back` with a share up to 50% or `off`."
)
ANSWERING = ("keep", "drop", "extend")
_PERCENT = re.compile(r"([-−–‐+]?)(\d{1,4})(?:[.,]0+)?%")
_BY = ("by", "until", "till")
_MOST_SHARE, _WHOLE = 50, 100


def try_words(words: tuple[str, ...]) -> TryWords:
    """What is tried, where, how much shorter it is to be, and by when. Raises Misread."""
    words = _joined(words)
    if words and words[0][0] in "\"'":
        raise Misread("A quote is opened and not closed.", allowed=_QUOTED)
    place = next((place for place, word in enumerate(words) if _PERCENT.fullmatch(word)), None)
    if place is None:
        raise Misread("By how much it is to be shorter is missing.", allowed="Allowed is `-1%` to `-99%`.")
    tried, about = words[0], words[1:place]
    if place == 0 or (place == 1 and words[0].casefold().replace("-", "_") in KINDS):
        raise Misread("What you try is missing.", allowed=_QUOTED)
    if len(tried) > MOST_WORDS:
        raise Misread("What you try is too long.", allowed=f"Allowed are {MOST_WORDS} characters.")
    if not about:
        raise Misread("Which stage or kind of wait is to be shorter is missing.", allowed="It stands before the share.")
    return TryWords(tried, about, _goal(words[place]), _by(words[place + 1 :]))


def _joined(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, a sign and a percent sign that stand alone put to their number."""
    text = "\0".join(words)
    text = re.sub(r"(?<![^\0])([-−–‐+])\0(?=\d)", r"\1", text)
    return tuple(word for word in re.sub(r"(?<=\d)\0%(?![^\0])", "%", text).split("\0") if word)


def _goal(word: str) -> int:
    """The change in percent, below 0. Raises Misread."""
    found = _PERCENT.fullmatch(word)
    sign, number = (found[1], int(found[2])) if found else ("", 0)
    if not sign and 0 < number < _WHOLE:
        raise Misread(f"“{word}” may be how much shorter or how much is left.", allowed=f"Allowed is `-{number}%`.")
    if sign in ("", "+") or not 0 < number < _WHOLE:
        raise Misread(f"“{word}” is no way to be shorter.", allowed="Allowed is `-1%` to `-99%`.")
    return -number


def _by(words: tuple[str, ...]) -> DayWords:
    if not words or words[0].casefold() not in _BY:
        said = f"“{words[0]}” stands where `by` and a day belong." if words else "By when is missing."
        raise Misread(said, allowed=DAYS)
    if not words[1:]:
        raise Misread(f"The day behind “{words[0]}” is missing.", allowed=DAYS)
    return days_words(" ".join(words[1:]))


def experiment_words(words: tuple[str, ...]) -> ExperimentWords:
    """Which experiment is asked for, what is to become of it, or how many nudges are held back. Raises Misread."""
    first, rest = (words[0].casefold(), words[1:]) if words else ("", ())
    if first in ("", "nudges") or first.isdecimal():
        _nothing_behind(first, rest)
        return ExperimentWords("one", int(first)) if first.isdecimal() else ExperimentWords(first or "all")
    if first in ANSWERING:
        return _ending(first, rest)
    if first in ("hold-back", "holdback", "hold_back"):
        _nothing_behind(first, rest[1:])
        return ExperimentWords("hold-back", share=_share(rest[0]) if rest else None)
    raise Misread(f"“{words[0]}” is none of the words that may stand here.")


def _nothing_behind(word: str, rest: tuple[str, ...]) -> None:
    if rest:
        raise Misread(f"“{' '.join(rest)}” is too much behind “{word}”.")


def _ending(do: str, rest: tuple[str, ...]) -> ExperimentWords:
    number = rest[0].removeprefix("#") if rest else ""
    if not number.isdecimal():
        raise Misread(
            f"Which one to {do} is missing.", allowed="Allowed is its number; `/flow experiments` lists them."
        )
    if do != "extend":
        _nothing_behind(number, rest[1:])
    return ExperimentWords(do, int(number), day=_by(rest[1:]) if rest[1:] else None)


def _share(word: str) -> int:
    """Percent. Raises Misread."""
    if word.casefold() in ("off", "none", "0"):
        return 0
    found = _PERCENT.fullmatch(word)
    if found is None or found[1] not in ("", "+") or int(found[2]) > _MOST_SHARE:
        raise Misread(f"“{word}” is no share that can be held back.", allowed="Allowed is `1%` to `50%`, or `off`.")
    return int(found[2])
