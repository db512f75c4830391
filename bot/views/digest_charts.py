"""The two charts of a digest: what was done by type, and flow time from period to period."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from bot.flow.digest.days import MONTH, WEEK
from bot.flow.digest.told import Point, Told
from bot.flow.work import UNCLASSIFIED
from bot.views.charts import BAR, LINE, Chart, Series
from bot.views.days import date_of
from bot.views.digest_words import TYPE_NAMES, percent
from bot.views.words import working

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def charts(one: Told, unit: str | None, periods: int, zone: ZoneInfo) -> list[Chart]:
    """What can be drawn: the mix once something was done, flow time once there is more than one time of it.

    Each is so many weeks or months (`periods` of `unit`) long; without a unit seven days up to any instant.
    """
    days = _days(one, zone) if unit else "last 7 days"
    found = [_mix(one, days)] if one.done else []
    unit = unit or WEEK
    if sum(point.half is not None for point in one.points) > 1:
        found.append(_flow_time(one, unit if periods == 1 else f"{periods} {unit}s", zone))
    return found


def _mix(one: Told, days: str) -> Chart:
    shares = [share for share in one.mix if share.type != UNCLASSIFIED or share.n or share.before]
    series = [Series(days, tuple(round(100 * (share.share or 0)) for share in shares))]
    if one.mix_before:
        series.append(Series("4 weeks before", tuple(round(100 * (share.before or 0)) for share in shares)))
    said = (
        f"{TYPE_NAMES[share.type]} {percent(share.share)} (n = {share.n:,})"
        + (f", in the 4 weeks before {percent(share.before)}" if one.mix_before else "")
        for share in shares
    )
    names = tuple(TYPE_NAMES[share.type] for share in shares)
    return Chart(BAR, "Flow distribution", names, tuple(series), "% of items done",
                 f"Flow distribution: {'; '.join(said)}.")  # fmt: skip


def _days(one: Told, zone: ZoneInfo) -> str:
    """`7 Sep – 13 Sep`"""
    first, last = date_of(one.since, zone), date_of(one.until - 1, zone)
    return f"{_short(first)} – {_short(last)}"


def _short(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _flow_time(one: Told, unit: str, zone: ZoneInfo) -> Chart:
    half = Series("Half within", tuple(_hours(point.half) for point in one.points))
    high = Series("85% within", tuple(_hours(point.high) for point in one.points))
    labels = tuple(_label(point, unit, zone) for point in one.points)
    said = "; ".join(_said(label, point) for label, point in zip(labels, one.points, strict=True) if point.done)
    none = sum(not point.done for point in one.points)
    without = f" In {none} of the {len(one.points)} nothing was done." if none else ""
    return Chart(LINE, f"Flow time by {unit}", labels, (half, high), "working hours",
                 f"Flow time, half within and 85% within, by {unit} from its first day: {said}.{without}")  # fmt: skip


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


def _label(point: Point, unit: str, zone: ZoneInfo) -> str:
    day = date_of(point.since, zone)
    return f"{_MONTHS[day.month - 1]} {day.year}" if unit == MONTH and day.day == 1 else _short(day)


def _said(label: str, point: Point) -> str:
    return f"{label}: {working(point.half or 0)}, {working(point.high or 0)}"
