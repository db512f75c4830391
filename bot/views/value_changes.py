"""What an outcome or a key result is to be, to be confirmed; and that it is."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from bot.flow.value import KeyResult, Outcome
from bot.views.message import NAME, Message, plain
from bot.views.people import account
from bot.views.streams import WORDS
from bot.views.value import said, to_confirm, way
from bot.views.words import counted


class OutcomeChange(NamedTuple):
    """An outcome that is to have other words (none: it is to be dropped, with its key results)."""

    outcome: Outcome
    """As it is; with empty words where it is a new one."""
    text: str | None
    words: str
    """All behind the verb."""
    may_confirm: bool
    version: int | None = None
    """Of the stream's map, where that is changed."""


def outcome_change(one: OutcomeChange) -> Message:
    """What would be said of an outcome, to be confirmed by whoever may."""
    outcome, name = one.outcome, f"*{plain(one.outcome.name, NAME)}*"
    if one.text is None:
        many = f" with its {counted(len(outcome.results), 'key result')}" if outcome.results else ""
        lines = [f"{name} would be dropped{many}. Work that is traced to it would be traced to nothing by that."]
    elif outcome.text:
        lines = [f"{name} would be: {plain(one.text, WORDS)}", f"So far: {plain(outcome.text, WORDS)}"]
    else:
        lines = [f"{name}, an outcome of {plain(outcome.stream_name, NAME)}: {plain(one.text, WORDS)}"]
    return to_confirm(lines, f"outcome {one.words}", one.may_confirm, one.version)


class ResultChange(NamedTuple):
    """A key result that is to be another one."""

    before: KeyResult | None
    """None for a new one."""
    after: KeyResult | None
    """None where it is to be dropped."""
    outcome: Outcome
    words: str
    """All behind the verb."""
    may_confirm: bool


def result_change(one: ResultChange, zone: tzinfo, now: int) -> Message:
    """What a key result would be, to be confirmed by whoever may."""
    if one.after is None:
        name = plain(one.before.name, NAME) if one.before else ""
        lines = [f"*{name}* would be dropped: nobody is asked for its number any more. Work that is traced to it still "
                 f"counts for {plain(one.outcome.name, NAME)}."]  # fmt: skip
        return to_confirm(lines, f"result {one.words}", one.may_confirm)
    lines = [f"*{plain(one.after.name, NAME)}*, for {plain(one.outcome.name, NAME)}: {way(one.after, zone, now)}."]
    lines.append(f"{account(one.after.owner)} would be asked for its number once a month, in their working hours.")
    if one.before:
        lines.append(f"So far: {way(one.before, zone, now)}, asked of {account(one.before.owner)}.")
    return to_confirm(lines, f"result {one.words}", one.may_confirm)


def outcome_said(name: str) -> Message:
    """An outcome holds with its words."""
    verify = "A key result, a number that is to move, makes it one that can be verified."
    return said(f"*{plain(name, NAME)}* is said. {verify}")


def dropped(name: str) -> Message:
    """An outcome or a key result holds no more."""
    return said(f"*{plain(name, NAME)}* is dropped.")


def result_said(told: KeyResult, zone: tzinfo, now: int) -> Message:
    """A key result holds."""
    asked = f"{account(told.owner)} is asked for its number once a month, from next month on."
    return said(f"*{plain(told.name, NAME)}* is set: {way(told, zone, now)}. {asked}")
