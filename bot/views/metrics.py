"""Flow metrics for people: the same lines and rows in Slack and on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from bot.flow.measures import Times
from bot.flow.metrics import FlowFigures, Going, Waited
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, UNCLASSIFIED
from bot.views.message import NAME, SECTION, Block, Message, bare, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.tables import columns
from bot.views.words import counted, elapsed, local_minute, working

NAMES = {FEATURE: "features", DEFECT: "defects", RISK: "risks", DEBT: "debt", UNCLASSIFIED: "unclassified"}
"""How types are called, in the order they are told in."""
_ONE = {FEATURE: "feature", DEFECT: "defect", RISK: "risk"}
_COLUMNS = ("Where", "n", "Half within", "85% within", "Kept target", "Time in all", "Open")
_HELP = "What these mean: `/flow help metrics`."
_WAITS = {
    "review": "First review", "re_review": "Another review", "rework": "Changes to make",
    "respond": "Comments to answer", "merge": "Merging", "assign": "Finding a reviewer", "fix": "Red checks",
}  # fmt: skip


class Oldest(NamedTuple):
    """An item in progress, with its title and address where they are known."""

    item: Going
    title: str | None
    url: str | None


class Metrics(NamedTuple):
    """The metrics of a stream, a repository, or (None) all repositories in a period that is said like that."""

    name: str | None
    period: str
    figures: FlowFigures
    oldest: Sequence[Oldest] = ()


class Expected(NamedTuple):
    """What was agreed on for a repository, or (None) for all: working seconds, None for nothing any more."""

    repo: str | None
    seconds: int | None
    kept: int
    """Of the n items done in the last 90 days, those that were within it, or within what holds now."""
    n: int


def expected(told: Expected) -> Message:
    """What was agreed on, and what it would have meant."""
    whose = f"items of *{plain(told.repo, NAME)}*" if told.repo else "items"
    if told.seconds is None:
        text = f"Nothing is agreed any more on when {whose} are done; what was usual before a period stands in."
    else:
        text = f"From now on {whose} are expected to be done within {working(told.seconds)} of working time."
        if told.n:
            text += f" Of the {told.n:,} done in the last 90 days {told.kept:,} were ({told.kept / told.n:.0%})."
    return Message(bare(text), (section(text),))


def metrics(told: Metrics, zone: tzinfo) -> Message:
    """The figures, a table of stages and waits, and what is in progress for longest."""
    head = f"*{plain(told.name, NAME) if told.name else 'All repositories'}* · {_when(told, zone)}"
    lines = [f"*{name}*: {says}" for name, says in figures_said(told.figures)]
    rows = waits_rows(told.figures)
    spoken = [_spoken(row) for row in rows]
    oldest = [_oldest(one) for one in told.oldest]
    blocks = (
        section(head),
        section(joined(lines, SECTION)),
        *([_table(rows)] if rows else []),
        *(section(said, one.url) for said, one in zip(oldest, told.oldest, strict=True)),
        {"type": "actions", "elements": [ask_button("What they mean", Again("help metrics"))]},
    )
    return Message(bare(joined([head, *lines, *spoken, *oldest, _HELP])), blocks)


def _when(told: Metrics, zone: tzinfo) -> str:
    first, last = (
        datetime.fromtimestamp(at, zone).date().isoformat() for at in (told.figures.since, told.figures.until - 1)
    )
    return f"{told.period} ({first} to {last})" if first != last else f"{told.period} ({first})"


def figures_said(told: FlowFigures) -> list[tuple[str, str]]:
    """Every figure as (its name, a sentence), in the order of their definitions; waits are told apart."""
    return [
        ("Flow velocity", _velocity(told)),
        ("Flow time", _times(told.flow_time)),
        ("Flow load", _load(told)),
        ("Flow efficiency", _efficiency(told)),
        ("Flow distribution", _distribution(told)),
        ("Predictability", _predictability(told)),
        ("Rework loops", _per_item(told.loops, told.velocity)),
        ("Hand-offs", _per_item(told.hand_offs, told.velocity)),
        *([("Opened by bots", _bots(told))] if told.bots.done or told.bots.load else []),
    ]


def _velocity(told: FlowFigures) -> str:
    dropped = f"; {told.dropped:,} dropped" if told.dropped else ""
    return f"{counted(told.velocity, 'item')} done{_in_types(told.done_by_type)}{dropped}"


def _in_types(counts: Mapping[str, int]) -> str:
    parts = [f"{n:,} {_ONE.get(kind, NAMES[kind]) if n == 1 else NAMES[kind]}" for kind, n in _in_order(counts)]
    return f" ({', '.join(parts)})" if parts else ""


def _in_order(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((kind, counts[kind]) for kind in NAMES if counts.get(kind))


def _times(times: Times) -> str:
    if not times.n:
        return "– (n = 0)"
    return (
        f"half within {working(times.median or 0)}, 85% within {working(times.high or 0)} of working time "
        f"({elapsed(times.calendar_median or 0)} and {elapsed(times.calendar_high or 0)} by the calendar; "
        f"n = {times.n:,})"
    )


def _load(told: FlowFigures) -> str:
    load, ages = told.load, told.ages
    was = f"{load.before:,} at the beginning, {load.begun:,} begun, {load.ended:,} ended"
    said = f"{counted(load.items, 'item')} in progress{_in_types(load.by_type)}; {was}"
    if not ages.n:
        return said
    oldest = max(one.age for one in told.going)
    return f"{said}. Median age {working(ages.median or 0)} of working time, the oldest {working(oldest)}"


def _efficiency(told: FlowFigures) -> str:
    if told.efficiency is None:
        return "– (n = 0)"
    return (
        f"{told.efficiency:.0%}: {working(told.active_time)} active, {working(told.waiting_time)} waiting "
        f"(n = {told.velocity:,})"
    )


def _distribution(told: FlowFigures) -> str:
    if told.distribution is None:
        return "– (n = 0)"
    shares = told.distribution
    return (
        ", ".join(f"{NAMES[kind]} {shares[kind]:.0%}" for kind in NAMES if kind in shares) + f" (n = {told.velocity:,})"
    )


def _predictability(told: FlowFigures) -> str:
    one = told.predictability
    if one.low is None or one.high is None:
        return "– (n = 0)"
    spread = f"7 of 10 took {working(one.low)} to {working(one.high)} (n = {told.velocity:,})"
    if one.share is None:
        return f"nothing is agreed, and nothing was done in the 90 days before; {spread}"
    most = "what is agreed" if one.expectation is None else working(one.expectation)
    source = "as agreed" if one.agreed else "usual in the 90 days before"
    return f"{one.share:.0%} within {most} ({source}; {one.kept:,} of {one.n:,}); {spread}"


def _per_item(mean: float | None, n: int) -> str:
    return "– (n = 0)" if mean is None else f"{mean:.1f} an item (n = {n:,})"


def _bots(told: FlowFigures) -> str:
    return f"{counted(told.bots.done, 'item')} done, {told.bots.load:,} in progress; in no other figure"


def waits_rows(told: FlowFigures) -> list[tuple[str, ...]]:
    """Stages and kinds of waits in which anything was, as the cells of a table."""
    rows = [_row(f"{one.name} ({'active' if one.active else 'wait'})", one) for one in told.stages if _tells(one)]
    return [*rows, *(_row(f"{_WAITS[one.name]} (turn)", one) for one in told.kinds)]


def _tells(one: Waited) -> bool:
    return bool(one.times.n or one.open or one.lost)


def _row(name: str, one: Waited) -> tuple[str, ...]:
    times = one.times
    kept = "–" if one.attainment is None else f"{one.attainment:.0%} of {one.targeted:,}"
    half, high = ("–" if took is None else working(took) for took in (times.median, times.high))
    return (name, f"{times.n:,}", half, high, kept, working(one.lost), f"{len(one.open):,}")


def _table(rows: Sequence[tuple[str, ...]]) -> Block:
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in (_COLUMNS, *rows)]
    aligned = [{"align": "left", "is_wrapped": True}, *[{"align": "right"}] * (len(_COLUMNS) - 1)]
    return {"type": "table", "rows": cells, "column_settings": aligned}


def _spoken(row: tuple[str, ...]) -> str:
    name, n, half, high, kept, lost, still = row
    took = f"half within {half}, 85% within {high} (n = {n})" if n != "0" else "n = 0"
    within = "" if kept == "–" else f", target kept by {kept}"
    return f"{name}: {took}{within}, {lost} in all, {still} open."


def _oldest(one: Oldest) -> str:
    item = one.item
    _, repo, number = item.key
    title = plain(one.title) if one.title else f"{plain(repo, NAME)}#{number}"
    return (
        f"*{title}* ({plain(repo, NAME)}#{number}) has been in progress for {working(item.age)} of working time "
        f"({elapsed(item.calendar_age)} by the calendar), now in {plain(item.stage, NAME)}."
    )


def metrics_table(name: str | None, told: FlowFigures, zone: tzinfo) -> str:
    """The same as plain text, for the command line."""
    span = f"{local_minute(told.since, zone)} to {local_minute(told.until, zone)} ({zone})"
    lines = columns([(f"{name or 'All repositories'}", span), *figures_said(told)])
    rows = waits_rows(told)
    if not rows:
        return lines
    return f"{lines}\n\n{columns([tuple(cell.upper() for cell in _COLUMNS), *rows])}"
