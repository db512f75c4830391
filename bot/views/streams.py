"""Answers about value streams: the list, a map with its measures, a stage, the versions, the YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, tzinfo
from typing import NamedTuple

from bot.flow.measures import StageMeasure, StreamMeasures, Times
from bot.flow.stream import AUTHOR, GROUP, PERSON, REVIEWERS, TEAM, Responsible, Segment, Stage, Stream
from bot.views.days import day_said
from bot.views.ids import STREAM_EDIT
from bot.views.message import NAME, SECTION, Block, Message, aside, bare, escaped, joined, plain, section
from bot.views.pages import Again, Confirm, ask_button, page_of
from bot.views.people import account
from bot.views.phrases import when
from bot.views.words import counted, elapsed, working

WORDS = 300
"""Characters of what is said about something."""
MOST_LOOPS = 3
PIECE, MOST_CODE = 700, 2_600
"""Characters of YAML in one of the pieces that a page shows, and in one block."""
LOOKED = "the last 90 days"
_HOW = (
    "`/flow map NAME` maps one with you. An administrator may also paste one with the button; it is YAML, and there is "
    "one to start from."
)


class Listed(NamedTuple):
    """A stream with its measures."""

    stream: Stream
    measures: StreamMeasures


class Saying(NamedTuple):
    """A version: who saved it, when, what changed in words; and who had all items measured by it."""

    number: int
    by: str
    at: int
    why: str
    again_by: str | None = None
    again_at: int | None = None


class Map(NamedTuple):
    """A stream with its measures, as a whole and by segment."""

    stream: Stream
    measures: StreamMeasures
    segments: Sequence[tuple[Segment, StreamMeasures]]
    version: Saying
    measuring: bool
    """Whether not all items are measured by it yet."""


def quoted(name: str) -> str:
    """A name as one word behind a verb."""
    return f'"{name}"'


def streams(told: Sequence[Listed], asked: Again, today: date) -> Message:
    """All streams by pages: what each is for, its stages, where most time goes, its next review."""
    new = edit_button("Paste one", "", 0)
    if not told:
        text = f"No value stream is mapped yet. {_HOW}"
        return Message(bare(text), (section(text), row(new)))
    opening = f"{counted(len(told), 'value stream')}; times are of {LOOKED}."
    page = page_of(told, asked)
    lines = [_listed(one, today) for one in page.shown]
    blocks = [
        {**section(joined(some, SECTION)), "accessory": _show_button(one.stream.name)}
        for some, one in zip(lines, page.shown, strict=True)
    ]
    said = [opening, *(line for some in lines for line in some), *page.said]
    return Message(bare(joined(said)), (section(opening), *blocks, *page.blocks, row(new)))


def show(name: str) -> Again:
    """Asks for the map of a stream."""
    return Again(f"stream {quoted(name)}")


def _show_button(name: str) -> Block:
    return ask_button(f"Show {name}"[:75], show(name))


def _listed(one: Listed, today: date) -> list[str]:
    stream, told = one
    segments = ", ".join(plain(segment.name, NAME) for segment in stream.segments)
    return [
        f"*{plain(stream.name, NAME)}*{f' · {segments}' if segments else ''}",
        *([plain(stream.outcome, WORDS)] if stream.outcome else []),
        _stages(stream.stages),
        f"{_done(told)} {_most(told)} {_review(stream.review_on, today)}".replace("  ", " "),
    ]


def _stages(stages: Sequence[Stage]) -> str:
    return " → ".join(plain(stage.name, NAME) for stage in stages)


def _done(told: StreamMeasures) -> str:
    if not told.done:
        return f"Nothing was done yet; {told.in_progress:,} on the way."
    return f"{told.done:,} done, half within {both(told.flow_time)}; {told.in_progress:,} on the way."


def both(times: Times, *, high: bool = False) -> str:
    """Working time with calendar time beside it."""
    work, calendar = (times.high, times.calendar_high) if high else (times.median, times.calendar_median)
    return f"{working(work or 0)} ({elapsed(calendar or 0)} by the calendar)"


def _most(told: StreamMeasures) -> str:
    most = max(told.stages, key=lambda stage: stage.times.total, default=None)
    if most is None or not most.share:
        return ""
    return f"Most time goes in *{plain(most.stage, NAME)}* ({most.share:.0%})."


def _review(day: date | None, today: date) -> str:
    if day is None:
        return "No review of the map is planned."
    return f"The map {'was to be' if day < today else 'is to be'} reviewed {_on(day, today)}."


def _on(day: date, today: date) -> str:
    return day_said(day, today) if day == today else f"on {day_said(day, today)}"


def stream(told: Map, zone: tzinfo, now: int, today: date) -> Message:
    """A map: a table of its stages with their measures, what takes longest, who saved it; buttons."""
    stream = told.stream
    head = [
        f"*{plain(stream.name, NAME)}*",
        *([plain(stream.outcome, WORDS)] if stream.outcome else []),
        *_ends(stream),
    ]
    below = [*_summary(told.measures), *_by_segment(told.segments), *_future(stream, today)]
    small = [*_small(told, zone, now), _review(stream.review_on, today)]
    rows = [_said_row(stage, _of(told.measures, stage)) for stage in stream.stages]
    blocks = (
        section(joined(head, SECTION)), table(stream, told.measures),
        *([section(joined(below, SECTION))] if below else []),
        aside(joined(small, SECTION)), row(*_buttons(told)),
    )  # fmt: skip
    return Message(bare(joined([*head, *rows, *below, *small])), blocks)


def _ends(stream: Stream) -> list[str]:
    named = [
        ("Begins", stream.trigger), ("done", stream.finish), ("north star", stream.north_star),
        ("supports", stream.parent),
        ("through", ", ".join(stream.repos)),
    ]  # fmt: skip
    said = [f"{name}: {plain(value, WORDS)}" for name, value in named if value]
    return [" · ".join(said)] if said else []


def _of(told: StreamMeasures, stage: Stage) -> StageMeasure | None:
    return next((one for one in told.stages if one.stage == stage.name), None)


_COLUMNS = ("Stage", "Responsible", "Target", "Half within", "85% within", "n", "Share", "Now")


def table(stream: Stream, measures: StreamMeasures) -> Block:
    """A map's stages with their measures."""
    heads = [{"type": "raw_text", "text": name} for name in _COLUMNS]
    rows = [_cells(stage, _of(measures, stage)) for stage in stream.stages]
    aligned = [{"align": "left", "is_wrapped": True}] * 2 + [{"align": "right"}] * (len(_COLUMNS) - 2)
    return {"type": "table", "rows": [heads, *rows], "column_settings": aligned}


def _cells(stage: Stage, one: StageMeasure | None) -> list[Block]:
    only = f", {stage.segment} only" if stage.segment else ""
    name = f"{stage.name} ({'active' if stage.active else 'wait'}{only})"
    target = working(stage.target) if stage.target else "–"
    return [
        _cell(name),
        _holder_cell(stage.responsible, last=one is None),
        *map(_cell, (target, *_figures(stage, one))),
    ]


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": text}


def _figures(stage: Stage, one: StageMeasure | None) -> tuple[str, ...]:
    """Half, 85%, n, share, in it now."""
    if one is None:
        return ("–", "–", "–", "–", "done")
    if not stage.signals:
        return ("–", "–", "–", "–", "unmeasured")
    times, now = one.times, f"{len(one.open):,}"
    if not times.n:
        return ("–", "–", "0", "–", now)
    half, high = (f"{working(work or 0)} / {elapsed(calendar or 0)}" for work, calendar in (
        (times.median, times.calendar_median), (times.high, times.calendar_high)))  # fmt: skip
    return (half, high, f"{times.n:,}", f"{one.share or 0:.0%}", now)


_ESCAPED = re.compile(r"&lt;@(\w+)&gt;")
_USER, _USER_GROUP = re.compile(r"<@(\w+)>"), re.compile(r"S[A-Z0-9]{5,}")


def _holder_cell(who: Responsible | None, *, last: bool) -> Block:
    """Who is responsible as a cell; an account of Slack's by the name that Slack shows."""
    user = _USER.fullmatch(who.name) if who else None
    group = who is not None and who.kind == GROUP and _USER_GROUP.fullmatch(who.name)
    if who is None or not (user or group):
        return _cell(holder(who) if who or not last else "–")
    part = {"type": "user", "user_id": user[1]} if user else {"type": "usergroup", "usergroup_id": who.name}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [part]}]}


_HOLDERS = {AUTHOR: "authors", REVIEWERS: "reviewers", TEAM: "team ", GROUP: "group ", PERSON: ""}


def holder(who: Responsible | None) -> str:
    """`authors`, `team core`, `alice`; `nobody yet`."""
    return "nobody yet" if who is None else f"{_HOLDERS[who.kind]}{who.name}"


def holder_said(who: Responsible | None) -> str:
    """Who is responsible, in running text."""
    if who is not None and _USER.fullmatch(who.name):
        return who.name
    if who is not None and who.kind == GROUP and _USER_GROUP.fullmatch(who.name):
        return f"<!subteam^{who.name}>"
    return plain(holder(who), NAME)


def _said_row(stage: Stage, one: StageMeasure | None) -> str:
    half, high, n, share, now = _figures(stage, one)
    kind = "active" if stage.active else "wait"
    who = f", {holder_said(stage.responsible)}" if stage.responsible or one is not None else ""
    parts = [f"{plain(stage.name, NAME)}: {kind}{who}"]
    parts += [f"target {working(stage.target)}"] if stage.target else []
    if half != "–":
        parts.append(f"half within {half}, 85% within {high} (n = {n}), {share} of the time")
    parts.append(f"{now} in it now" if one is not None and stage.signals else now)
    return "; ".join(parts) + "."


def _summary(told: StreamMeasures) -> list[str]:
    """What it comes to, what waits longest, what goes back."""
    if told.done:
        efficiency = "" if told.flow_efficiency is None else f" Flow efficiency {told.flow_efficiency:.0%}."
        hands = "" if told.hand_offs is None else f" {told.hand_offs:.1f} hand-offs an item."
        first = f"*{told.done:,} done* in {LOOKED}: half within {both(told.flow_time)}, 85% within "
        first += f"{both(told.flow_time, high=True)}.{efficiency}{hands}"
    else:
        first = f"*Nothing was done* in {LOOKED}."
    dropped = f", {told.dropped:,} given up" if told.dropped else ""
    lines = [f"{first} {told.in_progress:,} on the way{dropped}."]
    wait = told.largest_wait
    if wait is not None:
        lines.append(f"Largest wait: *{plain(wait.stage, NAME)}*, {wait.share or 0:.0%} of the time.")
    return [*lines, *_back(told)]


def _back(told: StreamMeasures) -> list[str]:
    most = told.loops.most_common(MOST_LOOPS)
    said = [f"{plain(a, NAME)} → {plain(b, NAME)} ({counted(n, 'time')})" for (a, b), n in most]
    return [f"Goes back: {', '.join(said)}."] if said else []


def _by_segment(segments: Sequence[tuple[Segment, StreamMeasures]]) -> list[str]:
    return [f"*{plain(segment.name, NAME)}*: {_done(told)} {_most(told)}".rstrip() for segment, told in segments]


def _future(stream: Stream, today: date) -> list[str]:
    lines = []
    for goal in stream.goals:
        target = f"{working(goal.target)}" if goal.target else "better"
        until = f", until {day_said(goal.until, today)}" if goal.until else ""
        tries = f": {plain(goal.tries, WORDS)}" if goal.tries else ""
        lines.append(f"Future state of *{plain(goal.stage, NAME)}*: {target}{until}{tries}.")
    return lines


def _small(told: Map, zone: tzinfo, now: int) -> list[str]:
    lines = ["Working time of the team's calendar / calendar time."]
    if told.measuring:
        lines.append("Its items are being measured just now; the figures still change.")
    one = told.version
    return [*lines, f"Version {one.number} by {account(one.by)} on {when(one.at, zone, now)}: {in_words(one.why)}."]


def _buttons(told: Map) -> list[Block]:
    name, number = told.stream.name, told.version.number
    again = Confirm(
        "Measure all items again?",
        "Items that were done under earlier maps get their times by this one, from the log of events.",
        "Measure again",
    )
    return [
        ask_button("Picture", Again(f"stream {quoted(name)} picture")),
        edit_button("Edit", name, number),
        ask_button("Export", Again(f"stream {quoted(name)} export")),
        ask_button("Measure again", Again(f"stream {quoted(name)} measure", sure=True), confirm=again),
        ask_button("History", Again(f"stream {quoted(name)} history")),
        ask_button("All streams", Again("streams")),
    ]


def edit_button(label: str, name: str, version: int) -> Block:
    """A button that opens the map of a version as YAML; without a name a new one."""
    button = ask_button(label, Again(name, version or None))
    return {**button, "action_id": f"{STREAM_EDIT}{version}"}


def history(name: str, told: Sequence[Saying], asked: Again, zone: tzinfo, now: int) -> Message:
    """The versions of a stream, latest first, by pages."""
    opening = f"*{plain(name, NAME)}* has {counted(len(told), 'version')}, latest first."
    page = page_of(told, asked)
    shown = [_version(one, zone, now) for one in page.shown]
    back = row(ask_button("Show the map", show(name)))
    return Message(
        bare(joined([opening, *shown, *page.said])), (section(opening), *map(section, shown), *page.blocks, back)
    )


def _version(one: Saying, zone: tzinfo, now: int) -> str:
    said = f"*{one.number}* {in_words(one.why)}\n{account(one.by)} · {when(one.at, zone, now)}"
    if one.again_by and one.again_at is not None:
        said += f"; all items measured by it: {account(one.again_by)} · {when(one.again_at, zone, now)}"
    return said


def exported(name: str, text: str, asked: Again) -> Message:
    """A map as YAML in blocks of code; a long one by pages."""
    opening = f"*{plain(name, NAME)}* as YAML. *Edit* on its map takes it back, changed."
    page = page_of(parts(text, PIECE), asked)
    shown = "".join(page.shown)
    back = row(ask_button("Show the map", show(name)))
    blocks = (section(opening), *map(_code, parts(shown, MOST_CODE)), *page.blocks, back)
    return Message(joined([bare(opening), *escaped(shown.rstrip("\n")).split("\n"), *page.said]), blocks)


def parts(text: str, most: int) -> list[str]:
    """A text cut between lines, each part of at most so many characters; a longer line is cut within."""
    found = [""]
    for whole in text.splitlines(keepends=True) or [""]:
        for line in [whole[at : at + most] for at in range(0, len(whole), most)] or [""]:
            if len(found[-1]) + len(line) > most:
                found.append("")
            found[-1] += line
    return found


def _code(text: str) -> Block:
    written = {"type": "text", "text": text.rstrip("\n") or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [written]}]}


def measuring(name: str, *, more: bool) -> Message:
    """All items of a stream are measured again."""
    state = "are being measured; the figures change until they are" if more else "are measured"
    text = f"All items of *{plain(name, NAME)}* {state} by the map that holds now."
    return Message(bare(text), (section(text), row(ask_button("Show the map", show(name)))))


def in_words(words: str) -> str:
    """What changed, or what is said of something, with accounts of Slack's as people."""
    return _ESCAPED.sub(r"<@\1>", plain(words, WORDS))


def row(*buttons: Block) -> Block:
    """Buttons beside each other."""
    return {"type": "actions", "elements": list(buttons)}


def label(text: str) -> Block:
    """What stands on a button."""
    return {"type": "plain_text", "text": text, "emoji": False}
