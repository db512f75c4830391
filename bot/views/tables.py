"""What the command line shows people: plain text, aligned, in one time zone that is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.flow.events import ItemKey
from bot.views.words import counted, elapsed, local_minute, working

if TYPE_CHECKING:
    from bot.backtest import Result
    from bot.ledger import Line

Row = tuple[str, ...]


def columns(rows: Sequence[Row]) -> str:
    """Rows as aligned columns, the first row being the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def waits_table(lines: Sequence[Line], nobody_to_ask: Sequence[ItemKey], zone: ZoneInfo, now: int) -> str:
    """The ledger for reading: working time first, calendar time beside it."""
    if not lines:
        return _end("No waits.", nobody_to_ask)
    head = ("ITEM", "WAIT", "ON", f"SINCE ({zone.key})", "WORKING TIME", "CALENDAR", "DUE", "STATE")
    rows = [head, *(_wait_row(line, zone, now) for line in lines)]
    still = sum(line.wait.until is None for line in lines)
    late = sum(line.breached for line in lines)
    open_and_late = f"{still:,} open, {late:,} past the agreed time"
    total = f"{counted(len(lines), 'wait')}, {open_and_late}; as of {local_minute(now, zone)} ({zone.key})."
    return _end(f"{columns(rows)}\n\n{total}", nobody_to_ask)


def _wait_row(line: Line, zone: ZoneInfo, now: int) -> Row:
    wait = line.wait
    end = now if wait.until is None else wait.until
    held = f" (+{working(line.held)} on hold)" if line.held else ""
    state = "open" if wait.until is None else f"ended by {wait.ended_by}"
    return (
        f"{wait.repo}#{wait.item}",
        wait.kind,
        f"team {wait.on}" if wait.team else wait.on,
        local_minute(wait.since, zone),
        working(line.working) + held,
        elapsed(end - wait.since),
        "–" if line.due is None else local_minute(line.due, zone),
        f"{state}, LATE" if line.breached else state,
    )


def _end(text: str, nobody_to_ask: Sequence[ItemKey]) -> str:
    if not nobody_to_ask:
        return text
    items = ", ".join(f"{repo}#{item}" for _, repo, item in nobody_to_ask)
    return f"{text}\nNobody can be asked (the author is gone or a bot): {items}."


def backtest_summary(result: Result, zone: ZoneInfo) -> str:
    """A back-test for people: how many messages, to whom, when most, and who could not be reached."""
    figures = result.figures
    if result.start > result.end:
        return f"No messages: the first event lies after {local_minute(result.end, zone)} ({zone.key})."
    period = f"{local_minute(result.start, zone)} to {local_minute(result.end, zone)} ({zone.key})"
    if not result.targets:
        return f"No messages from {period}: the policy sets no target for any wait of this history."
    facts = [
        f"{counted(figures.messages, 'message')} from {period}:",
        f"  {figures.to_people:,} to {counted(figures.people, 'person', 'people')}{_a_week(result)}, "
        f"{figures.messages - figures.to_people:,} to channels",
        f"  {counted(figures.breaches, 'breach', 'breaches')}, {counted(figures.escalations, 'escalation')}",
    ]
    if figures.busiest_day:
        day, most = figures.busiest_day
        facts.append(f"  busiest day: {day} with {counted(most, 'message')}")
    facts += _unreachable(result.unreachable)
    if result.assumed:
        facts.append("  the policy maps nobody to Slack, so everybody is taken to be reachable")
    if not figures.per_person:
        return "\n".join(facts)
    weeks = max(figures.weeks, 1 / 7)
    rows = [("TO", "MESSAGES", "A WEEK"), *((to, f"{n:,}", f"{n / weeks:.1f}") for to, n in figures.per_person)]
    return "\n".join([*facts, "", columns(rows)])


def _a_week(result: Result) -> str:
    mean = result.figures.per_person_a_week
    return "" if mean is None else f" ({mean:.1f} each a week)"


def _unreachable(counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    named = ", ".join(f"{to} ({counted(n, 'wait')})" for to, n in counts.most_common(10))
    more = f" and {len(counts) - 10:,} more" if len(counts) > 10 else ""
    return [f"  can't be reached: {named}{more}"]
