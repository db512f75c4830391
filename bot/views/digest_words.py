"""The words for figures and days in a digest."""

from __future__ import annotations

from datetime import date

from bot.flow.digest.told import EFFICIENCY, FLOW_TIME, LOAD, PREDICTABILITY, VELOCITY, Figure
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, UNCLASSIFIED
from bot.views.words import counted, elapsed, working

NAMES = {
    VELOCITY: "Flow velocity", FLOW_TIME: "Flow time", EFFICIENCY: "Flow efficiency", LOAD: "Flow load",
    PREDICTABILITY: "Predictability",
}  # fmt: skip
TYPE_NAMES = {
    FEATURE: "Features", DEFECT: "Defects", RISK: "Risks", DEBT: "Debt", UNCLASSIFIED: "Unclassified",
}  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def percent(share: float | None) -> str:
    """`45%`; a dash where nothing is known."""
    return "–" if share is None else f"{share * 100:.0f}%"


def amount(one: Figure) -> str:
    """A figure with its n, as far as it is known."""
    if one.value is None:
        return "nothing to tell"
    if one.name == FLOW_TIME:
        high = "" if one.high is None else f", 85% within {working(one.high)}"
        return (
            f"half within {working(int(one.value))} ({elapsed(one.calendar or 0)} by the calendar){high}, n = {one.n:,}"
        )
    if one.name == EFFICIENCY:
        return f"{percent(one.value)} of the time was active, n = {one.n:,}"
    if one.name == PREDICTABILITY:
        within = f" within {working(one.expected)}" if one.expected is not None else " within what is expected"
        return f"{percent(one.value)}{within}, n = {one.n:,}"
    items = counted(int(one.value), "item")
    return f"{items} in progress" if one.name == LOAD else f"{items} done"


def usually(one: Figure) -> str:
    """What the periods before it come to on average."""
    usual = one.change.usual or 0
    if one.name == FLOW_TIME:
        return f"usually {working(round(usual))}"
    if one.name in (EFFICIENCY, PREDICTABILITY):
        return f"usually {percent(usual)}"
    return f"usually {usual:.0f}" if usual >= 10 else f"usually {usual:.1f}".removesuffix(".0")


def days_said(first: date, last: date, today: date) -> str:
    """`16 to 22 November`, `30 November to 6 December`, `29 December 2025 to 4 January 2026`."""
    if first == last:
        return _day(first, today)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {_day(last, today)}"
    with_year = first.year != last.year
    return f"{_day(first, last if not with_year else today)} to {_day(last, first if with_year else today)}"


def _day(day: date, today: date) -> str:
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"
