"""What a drawn map says, in words: who is responsible, the figures, and all of it for those who do not see it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.flow.measures import StageMeasure, StreamMeasures
from bot.flow.stream import AUTHOR, GROUP, PERSON, REVIEWERS, TEAM, Responsible, Stage, Stream
from bot.views.words import counted, working

MOST_ALT = 2_000
"""Characters that Slack takes as the description of an image."""
MOST_LOOPS = 3
DAY = 86_400
_HOLDERS = {AUTHOR: "authors", REVIEWERS: "reviewers", TEAM: "team ", GROUP: "group ", PERSON: ""}
_ACCOUNT, _GROUP = re.compile(r"<@(\w+)>"), re.compile(r"S[A-Z0-9]{5,}")


def holder(who: Responsible | None, names: Mapping[str, str]) -> str:
    """`authors`, `team core`, `alice`, `nobody yet`; `names` are those of Slack's accounts and user groups, by id."""
    if who is None:
        return "nobody yet"
    account = _ACCOUNT.fullmatch(who.name)
    if account:
        return names.get(account[1], "somebody")
    if who.kind == GROUP and _GROUP.fullmatch(who.name):
        return names.get(who.name, "a user group")
    return f"{_HOLDERS[who.kind]}{who.name}"


def period(told: StreamMeasures) -> str:
    """`90 days`"""
    return counted(round((told.until - told.since) / DAY), "day")


def said(seconds: int | None) -> str:
    """Working time; a dash where there is none."""
    return "–" if seconds is None else working(seconds)


def an_item(told: StreamMeasures) -> tuple[int, int]:
    """Working seconds that an item done was in active and in waiting stages, on average."""
    done = max(1, told.done)
    return told.active_time // done, told.waiting_time // done


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def alt_text(stream: Stream, measures: StreamMeasures, names: Mapping[str, str] | None = None) -> str:
    """The map in words: its totals first, then stage by stage as far as there is room."""
    text = " ".join(_totals(stream, measures))
    stages = [_stage(stage, _of(measures, stage), names or {}) for stage in stream.stages]
    for place, line in enumerate(stages):
        left = f" And {counted(len(stages) - place, 'more stage')}."
        if len(text) + 1 + len(line) + len(left) > MOST_ALT:
            return (text + left)[:MOST_ALT]
        text += f" {line}"
    return text


def _of(measures: StreamMeasures, stage: Stage) -> StageMeasure | None:
    return next((one for one in measures.stages if one.stage == stage.name), None)


def _totals(stream: Stream, told: StreamMeasures) -> list[str]:
    said_first = f"Value stream map of {stream.name[:100]}, {period(told)}, working time."
    if not told.done:
        return [said_first, f"Nothing was done; {told.in_progress:,} on the way."]
    lines = [
        said_first,
        f"{told.done:,} done, half within {said(told.flow_time.median)}, 85% within {said(told.flow_time.high)}; "
        f"{told.in_progress:,} on the way.",
    ]
    active, waiting = an_item(told)
    lines.append(f"An item is active for {working(active)} and waits for {working(waiting)} on average: flow "
                 f"efficiency {percent(told.flow_efficiency)}.")  # fmt: skip
    wait = told.largest_wait
    if wait is not None:
        lines.append(f"Largest wait: {wait.stage[:80]}, {percent(wait.share)} of the time.")
    back = [f"{a[:80]} to {b[:80]} ({counted(n, 'time')})" for (a, b), n in told.loops.most_common(MOST_LOOPS)]
    return [*lines, f"Goes back: {', '.join(back)}."] if back else lines


def _stage(stage: Stage, one: StageMeasure | None, names: Mapping[str, str]) -> str:
    name = stage.name[:80]
    if one is None:
        return f"{name}: finish line."
    head = f"{name}: {'active' if stage.active else 'wait'}, {holder(stage.responsible, names)[:60]}"
    if stage.target:
        head += f", target {working(stage.target)}"
    if not stage.signals:
        return f"{head}, not measured."
    if one.times.n:
        head += f", half within {said(one.times.median)}, 85% within {said(one.times.high)} (n = {one.times.n:,})"
    return f"{head}, {len(one.open):,} in it now."
