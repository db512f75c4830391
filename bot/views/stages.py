"""Answers about one stage of a value stream: what it is, what a change of it would mean, what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.flow.measures import Aged, StageMeasure
from bot.flow.stream import Stage, Stream
from bot.views.message import NAME, SECTION, TITLE, Message, aside, bare, joined, link, plain, section
from bot.views.pages import Again, ask_button
from bot.views.streams import LOOKED, WORDS, both, holder_said, in_words, label, quoted, row, show
from bot.views.words import elapsed, working

_WHO = "Slack's administrators and owners, and those they name, can change it; `/flow admins` lists who they named."


class Item(NamedTuple):
    """An item in a stage now."""

    aged: Aged
    title: str | None
    url: str | None


class StageMap(NamedTuple):
    """A stage with its measures (None for the finish line), and some of the items in it."""

    stream: Stream
    stage: Stage
    measure: StageMeasure | None
    items: Sequence[Item]


def stage(told: StageMap) -> Message:
    """A stage: what it is, its measures, what is in it now, and how it is changed."""
    one, stream, name = told.stage, plain(told.stream.name, NAME), plain(told.stage.name, NAME)
    lines = [f"*{name}* in {stream}: {_kind(told)}.", _signals(one), *_agreed(one), *_forked(told.stream, one)]
    lines += [*_stage_measure(told), *map(_item, told.items)]
    change = "policy WORDS" if told.measure is None else "target 8h"
    typed = f"`/flow stage {stream} {name} {change}` shows what that would mean."
    back = row(ask_button("Show the map", show(told.stream.name)))
    return Message(bare(joined([*lines, typed])), (section(joined(lines, SECTION)), aside(typed), back))


def _kind(told: StageMap) -> str:
    """Active or wait, who is responsible, and the target."""
    one = told.stage
    kind = "active" if one.active else "wait"
    if told.measure is None:
        return f"{kind}, the finish line"
    target = f"target {working(one.target)}" if one.target else "no target"
    return f"{kind}, {holder_said(one.responsible)} responsible, {target}"


def _signals(one: Stage) -> str:
    if not one.signals:
        return "Nothing tells when an item is in it, so it is not measured."
    return f"An item is in it by {', '.join(plain(str(signal), NAME) for signal in one.signals)}."


def _agreed(one: Stage) -> list[str]:
    named = [("What happens", one.does), ("Done when", one.proof), ("Policy", one.policy), ("Only for", one.segment)]
    return [f"{name}: {plain(value, WORDS)}" for name, value in named if value]


def _forked(stream: Stream, one: Stage) -> list[str]:
    lines = []
    for fork in stream.forks:
        if fork.stage != one.name:
            continue
        own = [f"target {working(fork.target) if fork.target else 'none'}"] if fork.target is not None else []
        own += [holder_said(fork.responsible)] if fork.responsible else []
        own += [plain(text, WORDS) for text in (fork.proof, fork.policy) if text]
        lines.append(f"For {plain(fork.segment, NAME)}: {'; '.join(own) or 'as for all'}.")
    return lines


def _stage_measure(told: StageMap) -> list[str]:
    one = told.measure
    if one is None or not told.stage.signals:
        return []
    if not one.times.n:
        return [f"No stay in it ended in {LOOKED}; {len(one.open):,} in it now."]
    share = "" if one.share is None else f", {one.share:.0%} of the time"
    stays = f"{one.times.n:,} stays" if one.times.n > 1 else "1 stay"
    lines = [f"Of {stays}, half took up to {both(one.times)}, 85% up to {both(one.times, high=True)}{share}."]
    if one.targeted:
        lines.append(f"{one.kept:,} of {one.targeted:,} were within the target.")
    growth = f", {one.growth:,} more than 90 days ago" if one.growth > 0 else ""
    return [*lines, f"{len(one.open):,} in it now{growth}."]


def _item(one: Item) -> str:
    _, repo, number = one.aged.key
    reference = f"{plain(repo, NAME)}#{number}"
    name = f"{link(one.url, plain(one.title, TITLE))} · {reference}" if one.title else link(one.url, reference)
    return f"{name}: {working(one.aged.age)} ({elapsed(one.aged.calendar_age)} by the calendar)"


class Edit(NamedTuple):
    """A change of a stage that is to be confirmed."""

    stream: Stream
    version: int
    """The version it changes."""
    words: str
    """All behind the verb."""
    changes: Sequence[str]
    means: Sequence[str]
    """What it would mean, a sentence each."""
    may_confirm: bool


def edit(one: Edit) -> Message:
    """What a change of a stage would mean, to be confirmed by whoever may."""
    name = plain(one.stream.name, NAME)
    shown = ask_button("Show the map", show(one.stream.name))
    if not one.changes:
        text = f"That is what the map of *{name}* says already."
        return Message(bare(text), (section(text), row(shown)))
    lines = [f"*{name}*: {'; '.join(in_words(change) for change in one.changes)}.", *one.means]
    if not one.may_confirm:
        lines.append(_WHO)
        return Message(bare(joined(lines)), (*map(section, lines), row(shown)))
    yes = ask_button("Confirm", Again(f"stage {one.words}", one.version, sure=True), style="primary")
    return Message(bare(joined(lines)), (*map(section, lines), row(yes, {**shown, "text": label("Leave it")})))


def saved(
    name: str, version: int, changes: Sequence[str], remarks: Sequence[str] = (), *, other_way: bool = False
) -> Message:  # fmt: skip
    """A stream was saved; `remarks` are sentences about it, `other_way` is whether items go through it another way."""
    shown = ask_button("Show the map", show(name))
    if not changes:
        text = f"That is what the map of *{plain(name, NAME)}* says already; nothing was saved."
        return Message(bare(text), (section(text), row(shown)))
    what = "; ".join(in_words(change) for change in changes)
    lines = [f"*{plain(name, NAME)}* is saved as version {version}: {what}."]
    if other_way:
        lines.append("Items that are done keep their times, until *Measure again* on the map; all others go by it now.")
    lines += [plain(remark, WORDS) for remark in remarks]
    return Message(bare(joined(lines)), (*map(section, lines), row(shown)))


def deleting(name: str, version: int) -> Message:
    """Asks back before a whole stream is deleted."""
    what = plain(name, NAME)
    text = (
        f"Delete the value stream *{what}*? Its map with all versions and measures goes, and nobody is nudged about "
        f"its stages any more. What happened to the items stays known. `/flow stream {what} export` gives you the map "
        "to keep."
    )
    sure = ask_button(f"Delete {name}"[:75], Again(f"stream {quoted(name)} delete", version, sure=True), style="danger")
    return Message(bare(text), (section(text), row(sure, ask_button("Leave it", show(name)))))


def deleted(name: str) -> Message:
    text = f"The value stream *{plain(name, NAME)}* is deleted. `/flow log` says so, too."
    return Message(bare(text), (section(text),))
