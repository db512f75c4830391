"""A digest: what changed, what to check in on, what improved, what is on track; where work waited, and what it was.

Nobody is named in it. Short enough for a phone: each figure stands in it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.flow.digest.days import WEEK
from bot.flow.digest.noise import LEAST
from bot.flow.digest.told import (
    CHECK,
    EARLY,
    EFFICIENCY,
    FLOW_TIME,
    IMPROVED,
    LOAD,
    ON_TRACK,
    PREDICTABILITY,
    VELOCITY,
    Figure,
    Old,
    Place,
    Share,
    Told,
    most_important,
)
from bot.flow.mix import WEEKS, WITHIN, Band, Drift
from bot.views import charts, digest_charts
from bot.views.days import date_of
from bot.views.digest_words import NAMES, TYPE_NAMES, amount, days_said, percent, usually
from bot.views.message import NAME, SECTION, TITLE, Block, Message, aside, bare, joined, link, plain, section
from bot.views.pages import Again, ask_button
from bot.views.phrases import when
from bot.views.words import counted, elapsed, working

LATE = 3600
"""Seconds after which a digest that comes says that it is late."""


class Shown(NamedTuple):
    """A digest to be shown."""

    name: str
    """Of the stream, or of what repositories it is about."""
    words: str
    """What stands behind a verb to ask about the same; empty for all repositories."""
    told: Told
    unit: str | None
    """Its rhythm; None for the last days as somebody asked for them."""
    zone: str
    due: int | None = None
    """When it was to come; None where somebody asked for it."""
    missed: int = 0
    """Earlier ones that did not come."""
    periods: int = 1
    """How many weeks or months it is about."""
    streams: tuple[str, ...] = ()
    """Value streams through the same repositories, which have digests of their own."""
    tried: tuple[tuple[str, ...], ...] = ()
    """Experiments under way, in lines."""
    untraced: int | None = None
    """Items done that are traced to no outcome; None where there is nothing to trace them to."""
    nudges: tuple[str, ...] = ()
    """For an administrator alone: waits with nudges beside waits that were held back, in lines."""


_HEADINGS = {CHECK: "Check in on", IMPROVED: "Improved", ON_TRACK: "On track", EARLY: "Too early to tell"}
_ARROWS = {1: " ↑", -1: " ↓", 0: " →", None: ":"}
_SPOKEN = {1: " (up):", -1: " (down):", 0: " (as usual):", None: ":"}


def digest(shown: Shown, now: int) -> Message:
    """The digest as a message; a period with nothing to say is one line."""
    one, zone = shown.told, ZoneInfo(shown.zone)
    days = _period(shown, zone)
    name = f"*{plain(shown.name, NAME)}*"
    late = _late(shown, zone, now)
    if one.is_empty:
        text = f"{name}, {days}: nothing was begun or done, and nothing is in progress. {' '.join(late)}".rstrip()
        return Message(bare(text), (section(text),))
    head = [f"{name} · {days}", headline(one, shown.unit), *late]
    drawn = digest_charts.charts(one, shown.unit, shown.periods, zone)
    waits, small = _waits(one.place), _small(shown)
    blocks = [
        section(joined(head, SECTION)),
        *(section(joined(lines, SECTION)) for lines in _sections(one, _ARROWS)),
        *charts.blocks(drawn[:1]),
        *(section(line) for line in _mix(one)),
        *charts.blocks(drawn[1:]),
        *waits, *(section(joined(lines, SECTION)) for lines in _purpose(shown)), aside(small), _buttons(shown),
    ]  # fmt: skip
    said = [*head, *(line for lines in _sections(one, _SPOKEN) for line in lines), *_mix(one)]
    said += [chart.said for chart in drawn] + _waits_said(one.place)
    said += [*(line for lines in _purpose(shown) for line in lines), small]
    return Message(bare(joined(said)), tuple(blocks))


def _period(shown: Shown, zone: ZoneInfo) -> str:
    told = shown.told
    if shown.unit is None:
        return "the last 7 days"
    return days_said(date_of(told.since, zone), date_of(told.until - 1, zone), date_of(told.until, zone))


def _late(shown: Shown, zone: ZoneInfo, now: int) -> list[str]:
    """That it comes late, and what else it stands for."""
    if shown.due is None:
        return []
    lines = []
    if now - shown.due > LATE:
        lines.append(f"This comes late: it was due on {when(shown.due, zone, now)}, and could not be sent then.")
    if shown.missed:
        some = f"the {shown.missed:,} before it" if shown.missed > 1 else "the one before it"
        lines.append(f"It stands for {some}, too, which did not come.")
    return lines


def headline(one: Told, unit: str | None = None) -> str:
    """One sentence: the most important thing that changed."""
    found = most_important(one)
    if isinstance(found, Figure):
        return _moved(found)
    if isinstance(found, Place):
        more = "more" if found.change.way > 0 else "less"
        return f"Work waited {more} than usual in *{place_name(found)}*: {working(found.lost)} in all, {_usual(found)}."
    if isinstance(found, Drift):
        return f"{_drifted(found)}."
    return _nothing_special(one, unit or WEEK)


_SENTENCES = {
    (VELOCITY, 1): "More was done than usual", (VELOCITY, -1): "Less was done than usual",
    (FLOW_TIME, 1): "Work took longer than usual", (FLOW_TIME, -1): "Work was faster than usual",
    (EFFICIENCY, 1): "Work waited less of its time than usual",
    (EFFICIENCY, -1): "Work waited more of its time than usual",
    (LOAD, 1): "More is in progress than usual", (LOAD, -1): "Less is in progress than usual",
    (PREDICTABILITY, 1): "Flow time could be relied on more than usual",
    (PREDICTABILITY, -1): "Flow time could be relied on less than usual",
}  # fmt: skip


def _moved(one: Figure) -> str:
    return f"*{_SENTENCES[one.name, one.change.way]}*: {amount(one)}, {usually(one)}."


def _nothing_special(one: Told, unit: str) -> str:
    load = one.figure(LOAD)
    if not one.done:
        return f"*Nothing was done*; {counted(int(load.value or 0), 'item')} in progress."
    half = int(one.figure(FLOW_TIME).value or 0)
    done = f"{counted(one.done, 'item')} done, half within {working(half)}"
    if one.known_before < LEAST:
        known = f"{counted(LEAST, f'whole {unit}')} of history; there are {one.known_before} so far"
        return f"*{done}.* What is a change and what is noise shows after {known}."
    return f"*Nothing changed more than it does by itself*: {done}."


def _sections(one: Told, arrows: dict[int | None, str]) -> Iterator[list[str]]:
    """What to check in on, what improved, what is on track; what is empty is left out."""
    for name, heading in _HEADINGS.items():
        lines = [_line(figure, arrows) for figure in one.figures if figure.section == name and _is_told(figure)]
        lines += {CHECK: _to_check, IMPROVED: _back_in}.get(name, _nothing)(one)
        if lines:
            yield [f"*{heading}*", *(f"• {line}" for line in lines)]


def _is_told(one: Figure) -> bool:
    return one.value is not None


def _line(one: Figure, arrows: dict[int | None, str]) -> str:
    """`*Flow time* ↑ half within 14h …, usually 6h; more than noise`"""
    arrow = arrows[one.change.way if one.change.usual is not None else None]
    said = f"*{NAMES[one.name]}*{arrow} {amount(one)}"
    if one.change.usual is None:
        return said
    noise = {True: "; more than noise", False: "", None: ""}[one.change.real]
    return f"{said}; {usually(one)}{noise}"


def _nothing(_: Told) -> list[str]:
    return []


def _to_check(one: Told) -> list[str]:
    """What else went another way than was agreed, or than it does."""
    lines = [_drifted(drift) for drift in one.drifts if drift.side != WITHIN]
    if one.late and one.expected is not None:
        of = counted(int(one.figure(LOAD).value or 0), "item")
        older = f"{'is' if one.late == 1 else 'are'} older than the {working(one.expected)} expected"
        lines.append(f"*{one.late:,} of {of} in progress* {older}")
    return [*lines, *_place_moved(one, 1)]


def _back_in(one: Told) -> list[str]:
    return [*(_drifted(drift) for drift in one.drifts if drift.side == WITHIN), *_place_moved(one, -1)]


def _place_moved(told: Told, way: int) -> list[str]:
    """That a place took more or less of waiting than usual, where the first sentence does not say so."""
    one = told.place
    if one is None or not one.change.real or one.change.way != way or most_important(told) == one:
        return []
    return [f"*{place_name(one)}*: {working(one.lost)} of waiting in all, {_usual(one)}; more than noise"]


def _drifted(one: Drift) -> str:
    now = f"{percent(one.share)} of the last {WEEKS} weeks (n = {one.of:,})"
    if one.side == WITHIN:
        return f"*{TYPE_NAMES[one.type]}*: {now} are within what is wanted again, {_band(one.band)}"
    return f"*{TYPE_NAMES[one.type]}*: {now} are {one.side} what is wanted, {_band(one.band)}"


def _band(one: Band) -> str:
    return f"{one.least} to {one.most}%"


def _mix(one: Told) -> list[str]:
    """What was done by type, with bands and the weeks before."""
    if not one.done:
        return []
    parts = [_share(share, one.outside.get(share.type)) for share in one.mix if share.n or share.before or share.band]
    before = f"; before: the 4 weeks before, n = {one.mix_before:,}" if one.mix_before else ""
    return [f"{' · '.join(parts)} (n = {one.done:,}{before})"]


def _share(one: Share, side: str | None) -> str:
    more = [f"before {percent(one.before)}"] if one.before is not None else []
    more += [f"wanted {_band(one.band)}" + (f", lately {side}" if side else "")] if one.band else []
    return f"{TYPE_NAMES[one.type]} *{percent(one.share)}*" + (f" ({', '.join(more)})" if more else "")


def place_name(one: Place) -> str:
    """A stage by its name, a kind of wait by its own."""
    return plain(one.name.replace("_", "-") if one.is_kind else one.name, NAME)


def _usual(one: Place) -> str:
    return f"usually {working(round(one.change.usual or 0))}"


def _waits(one: Place | None) -> list[Block]:
    """Where work waited longest, with the oldest items there."""
    if one is None:
        return []
    return [section(_longest(one)), *(section(_old(item), item.url) for item in one.oldest)]


def _longest(one: Place) -> str:
    parts = [f"{working(one.lost)} lost in all ({percent(one.share)} of all waiting)"]
    parts += [f"half of {one.n:,} within {working(one.half)}"] if one.half is not None else []
    parts += [f"{one.kept:,} of {one.targeted:,} within the target"] if one.targeted else []
    now = f" {counted(one.open, 'item')} there now, the oldest:" if one.oldest else ""
    return f"*Work waited longest in {place_name(one)}*: {'; '.join(parts)}.{now}"


def _old(one: Old) -> str:
    name = _reference(one)
    label = f"{link(one.url, plain(one.title, TITLE))} · {name}" if one.title else link(one.url, name)
    return f"{label}\n{working(one.age)} of working time; {elapsed(one.calendar_age)} by the calendar"


def _reference(one: Old) -> str:
    return f"{plain(one.key[1], NAME)}#{one.key[2]}"


def _waits_said(one: Place | None) -> list[str]:
    if one is None:
        return []
    return [_longest(one), *(_old_said(item) for item in one.oldest)]


def _old_said(one: Old) -> str:
    name = _reference(one)
    label = f"{plain(one.title, TITLE)} ({name})" if one.title else name
    return f"{label}: {working(one.age)} of working time, {elapsed(one.calendar_age)} by the calendar."


def _purpose(shown: Shown) -> Iterator[list[str]]:
    """What is being tried, and how much of what was done is for nothing that was named."""
    if shown.tried:
        yield ["*Being tried*", *(f"• {' '.join(lines)}" for lines in shown.tried)]
    if shown.untraced is not None and shown.told.done:
        share = percent(shown.untraced / shown.told.done)
        yield [f"*{share} of what was done is traced to no outcome* ({shown.untraced:,} of {shown.told.done:,})."]
    if shown.nudges:
        yield ["*Do the nudges help?* Of the last 90 days, everywhere:", *shown.nudges]


def _small(shown: Shown) -> str:
    told = shown.told
    parts = ["Working time of the team's calendar."]
    if told.known_before:
        unit = "time as long as this" if shown.periods > 1 else shown.unit or WEEK
        many = "times as long as this" if shown.periods > 1 else None
        parts.append(f"Usual: the mean of {counted(told.known_before, unit, many)} before.")
    if told.known_before >= LEAST:
        parts.append("More than noise: beyond what a figure varies by itself.")
    if told.bots:
        parts.append(f"{counted(told.bots, 'item')} of bots left out.")
    if shown.streams:
        named = ", ".join(f'`/flow digest "{plain(name, NAME)}"`' for name in shown.streams)
        parts.append(f"Value streams have their own: {named}.")
    return " ".join([*parts, "`/flow help metrics` defines each figure."])


def _buttons(shown: Shown) -> Block:
    about = f" {shown.words}" if shown.words else ""
    buttons = [ask_button("All figures", Again(f"metrics{about}"))]
    if shown.told.unclassified.n:
        n = shown.told.unclassified.n
        buttons.append(ask_button(f"Give {counted(n, 'item')} a type", Again(f"types{about}")))
    if shown.untraced:
        buttons.append(ask_button("Outcomes", Again("outcomes")))
    return {"type": "actions", "elements": buttons}
