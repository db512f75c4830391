"""Text on a drawn map: how wide it is, where it is broken and cut, which characters can be drawn."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

FAMILIES = (
    "DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Devanagari", "Arial Unicode MS",
)  # fmt: skip
"""The first comes with matplotlib; the others help out with its missing characters where they are installed."""
LEAST = 3
"""Characters of a word that may stand alone on a line, before a hyphen or behind one."""
_SYLLABLE = re.compile(r"[^\W\d_aeiouyäöüáéíóúàèåæø][aeiouyäöüáéíóúàèåæø]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\ud800-\udfff]+")


@cache
def families() -> tuple[str, ...]:
    """The families of fonts that are there."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FAMILIES if name in installed)


@cache
def _fonts(bold: bool) -> tuple[FT2Font, ...]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    found = (get_font(findfont(FontProperties(family=name, weight=weight))) for name in families())  # type: ignore[no-untyped-call,unused-ignore]
    return tuple(found)


@lru_cache(4096)
def _advance(char: str, bold: bool) -> float | None:
    """How far a character goes, in shares of the size; None where no font has it."""
    for font in _fonts(bold):
        if font.get_char_index(ord(char)):
            font.set_size(100, 72)
            return font.load_char(ord(char)).linearHoriAdvance / 65_536 / 100
    return None


def drawable(text: str) -> str:
    """The text on one line; of characters that no font has, pictures go, letters leave a box."""
    words = " ".join(_UNSEEN.sub("", text.replace("\n", " ").replace("\t", " ")).split())
    kept = "".join(char if _advance(char, False) is not None else ("□" if char.isalnum() else "") for char in words)
    return re.sub(r"□{3,}", "□□", " ".join(kept.split()))


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that a line of text takes."""
    return size * sum(_advance(char, bold) or 0.6 for char in text)


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A line of text that fits, with an ellipsis where it had to be cut."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip(" -–,·") + "…"


def lines(text: str, room: float, size: float, most: int, *, bold: bool = False) -> list[str]:
    """A text on at most so many lines: broken between words, a word that is too long within; the last one is cut."""
    found: list[str] = []
    rest = text
    while rest and len(found) < most - 1:
        first, rest = _broken(rest, room, size, bold)
        found.append(first)
    return [*found, cut(rest, room, size, bold=bold)] if rest else found


def _broken(text: str, room: float, size: float, bold: bool) -> tuple[str, str]:
    """(what fits on a line, what is left)"""
    if width(text, size, bold=bold) <= room:
        return text, ""
    fits = max((at for at in range(1, len(text)) if width(text[:at], size, bold=bold) <= room), default=1)
    spaces = [found.end() for found in re.finditer(r"[\s/_–-]+", text[: fits + 1]) if found.end() <= fits + 1]
    if spaces:
        return text[: spaces[-1]].rstrip(), text[spaces[-1] :].lstrip()
    hyphen = width("-", size, bold=bold)
    fits = max((at for at in range(1, fits + 1) if width(text[:at], size, bold=bold) + hyphen <= room), default=1)
    return _hyphenated(text, fits)


def _hyphenated(text: str, fits: int) -> tuple[str, str]:
    """A long word broken where a syllable may begin: before a consonant with a vowel behind it; (line, rest)."""
    word = len(re.match(r"\S*", text)[0])  # type: ignore[index]  # it matches always
    last = max(1, min(fits, word - LEAST))
    at = next((at for at in range(last, max(LEAST, last - 6), -1) if _SYLLABLE.match(text, at)), last)
    return text[:at] + "-", text[at:]
