"""What a check found, as a value."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, BROKEN = "ok", "warn", "broken"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it."""

    level: str
    about: str
    what: str
    advice: str = ""


def ok(about: str, what: str) -> Finding:
    return Finding(OK, about, what)


def warn(about: str, what: str, advice: str) -> Finding:
    return Finding(WARN, about, what, advice)


def broken(about: str, what: str, advice: str) -> Finding:
    return Finding(BROKEN, about, what, advice)
