"""How figures and instants are said to people."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

WORKING_DAY = 8 * 3600
CALENDAR_DAY = 86_400


def working(seconds: int) -> str:
    """Working time, a day being 8 working hours: `45m`, `6h 30m`, `1d 2h`."""
    return _spelt(seconds, WORKING_DAY)


def elapsed(seconds: int) -> str:
    """Calendar time: `45m`, `6h 30m`, `3d 4h`."""
    return _spelt(seconds, CALENDAR_DAY)


def _spelt(seconds: int, day: int) -> str:
    if seconds < 60:
        return "under 1m" if seconds > 0 else "0m"
    days, rest = divmod(seconds, day)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = [(days, "d"), (hours, "h"), (minutes if not days else 0, "m")]
    return " ".join(f"{n}{unit}" for n, unit in parts if n)


def local_minute(at: int, zone: tzinfo = UTC) -> str:
    """An instant on somebody's wall clock: `2026-03-02 10:00`."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def counted(n: int, one: str, many: str | None = None) -> str:
    """`1 wait`, `2 waits`, `3 people`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
