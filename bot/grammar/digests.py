"""What the words behind `/flow digest` mean: which digest, and whether now or regularly."""

from __future__ import annotations

import re

from bot.flow.digest.days import MONTH, WEEK
from bot.grammar.kinds import ChannelKind
from bot.grammar.values import DigestWords, Misread

ALLOWED = (
    "Allowed are nothing (now, for your eyes only), a value stream or a repository; `weekly` with a weekday and a time "
    "(`weekly monday 9:30`) or `monthly` with a day of the month and a time (`monthly 1 9:30`), then a `#channel` and "
    "what it is about; `list`, and `off` with a `#channel` or nothing."
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = 3
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(am|pm)?")
_NTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")
_MONDAY, _FIRST, _HALF_PAST_NINE = 0, 1, 9 * 60 + 30
_AT = ("at", "on", "in", "the", "every")
_LONGEST_MONTH, _NOON, _HOURS, _MINUTES = 31, 12, 24, 60


def digest_words(words: tuple[str, ...]) -> DigestWords:
    """Which digest is meant, and when. Raises Misread."""
    first = words[0].casefold() if words else ""
    match first:
        case "weekly" | "monthly":
            return _regularly(WEEK if first == "weekly" else MONTH, list(words[1:]))
        case "off" | "list":
            channel, rest = _channel(list(words[1:]))
            if rest:
                raise Misread(f"“{' '.join(rest)}” is too much behind “{first}”.", allowed=ALLOWED)
            return DigestWords(first, channel=channel)
    channel, rest = _channel(list(words))
    return DigestWords("now", channel=channel, about=tuple(rest))


def _regularly(unit: str, words: list[str]) -> DigestWords:
    channel, words = _channel(words)
    rest = [word for word in words if word.casefold() not in _AT]
    day = _weekday(rest) if unit == WEEK else _day(rest)
    minute = _minute(rest)
    return DigestWords(unit, day=day, minute=minute, channel=channel, about=tuple(rest))


def _weekday(words: list[str]) -> int:
    """The weekday that words begin with, which is taken off; Monday where they begin with none."""
    folded = words[0].casefold() if words else ""
    found = next((number for number, name in enumerate(_WEEKDAYS) if _names(folded, name)), None)
    if found is None:
        return _MONDAY
    words.pop(0)
    return found


def _names(word: str, day: str) -> bool:
    return len(word) >= _SHORT and day.startswith(word.removesuffix("s") if word != day else word)


def _day(words: list[str]) -> int:
    """The day of the month that words begin with, which is taken off; the first where they begin with none."""
    found = _NTH.fullmatch(words[0].casefold()) if words else None
    if found is None:
        return _FIRST
    if not 1 <= int(found[1]) <= _LONGEST_MONTH:
        raise Misread(f"No month has a day {found[1]}.", allowed="Allowed are 1 to 31; a shorter month has its last.")
    words.pop(0)
    return int(found[1])


def _minute(words: list[str]) -> int:
    """The time that words begin with, in minutes of the day, which is taken off; half past nine without one."""
    found = _TIME.fullmatch(words[0].casefold()) if words else None
    if found is None:
        return _HALF_PAST_NINE
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    elif half:
        hour = _HOURS
    if hour >= _HOURS or minute >= _MINUTES:
        raise Misread(f"“{words[0]}” is a time that no clock shows.", allowed="Allowed are times such as `9:30`.")
    words.pop(0)
    return hour * _MINUTES + minute


def _channel(words: list[str]) -> tuple[str | None, list[str]]:
    """The channel among words, and the others. Raises Misread where there are several."""
    found = [(word, ChannelKind().read(word)) for word in words]
    channels = [channel for _, channel in found if channel is not None]
    if len(channels) > 1:
        raise Misread("One channel at a time, please.", allowed="Each channel may have a digest of its own.")
    named = next((word for word, channel in found if channel is None and word.startswith(("#", "<#"))), None)
    if named is not None:
        raise Misread(ChannelKind().problem(named), allowed=ChannelKind.allowed)
    return (channels[0] if channels else None), [word for word, channel in found if channel is None]
