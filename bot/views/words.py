"""How figures and instants are said to people."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

WORKING_DAY = 8 * 3600
CALENDAR_DAY = 86_400


def working(seconds: int) -> str:
    """Working time: `45m`, `6h 30m`, `26h`."""
    # Never in days: beside calendar time, a day of 8 hours would be read as one of 24.
    hours = seconds // 3600
    return _spelt(0, hours, seconds if seconds < WORKING_DAY else 0)


def from_target(age: int, target: int) -> str:
    """How far working time is from what is agreed: `2h left`, `45m over`; as coarse as the age beside it."""
    apart = abs(target - age)
    shown = apart if age < WORKING_DAY or apart < 3600 else apart // 3600 * 3600
    return f"{working(shown)} {'left' if age <= target else 'over'}"


def elapsed(seconds: int) -> str:
    """Calendar time: `45m`, `6h 30m`, `3d 4h`."""
    days, rest = divmod(seconds, CALENDAR_DAY)
    return _spelt(days, rest // 3600, 0 if days else seconds)


def _spelt(days: int, hours: int, seconds: int) -> str:
    """Days and hours, and the minutes of `seconds`; what is nothing is left out."""
    parts = [(days, "d"), (hours, "h"), (seconds % 3600 // 60, "m")]
    return " ".join(f"{n:,}{unit}" for n, unit in parts if n) or ("under 1m" if seconds > 0 else "0m")


def local_minute(at: int, zone: tzinfo = UTC) -> str:
    """An instant on somebody's wall clock: `2026-03-02 10:00`."""
    try:
        return datetime.fromtimestamp(at, zone).isoformat(" ")[:16]
    except (OverflowError, ValueError):
        # A wall clock beyond the years 1 to 9999; UTC's is within them wherever the instant is.
        return datetime.fromtimestamp(at, UTC).isoformat(" ")[:16]


def counted(n: int, one: str, many: str | None = None) -> str:
    """`1 wait`, `2 waits`, `3 people`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
