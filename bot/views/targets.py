"""The answers to `/flow targets`: what is agreed, what other targets would mean, what was agreed on just now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from bot.flow.learning import Forecast, Lengths
from bot.views.connection import agreed, meant, took, unlinked
from bot.views.message import NAME, SECTION, Block, Message, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.people import account
from bot.views.phrases import when
from bot.views.words import counted, working

MOST = 10
"""Repositories with targets of their own that are named."""
_WHO = "Slack's administrators and owners, and those they name, can agree to it; `/flow admins` lists who they named."


class Origin(NamedTuple):
    """Where a target comes from."""

    for_all: bool
    """It is the workspace's, shown for a repository."""
    by: str | None
    """The Slack account that set it; None where the policy file does."""
    at: int | None


class Kind(NamedTuple):
    """What is agreed for a kind of wait in working seconds, how long it took lately, and how many are open."""

    lengths: Lengths
    target: int | None
    origin: Origin | None
    open: int
    late: int


class Targets(NamedTuple):
    """The targets of the workspace or of a repository."""

    repo: str | None
    kinds: Sequence[Kind]
    of_their_own: Sequence[tuple[str, Sequence[tuple[str, int]]]]
    """Repositories that have some of their own, and which."""
    silent: bool


class Changing(NamedTuple):
    """A target that is to be another one; None for none."""

    kind: str
    was: int | None
    then: int | None


class Proposal(NamedTuple):
    """What other targets would mean."""

    repo: str | None
    changing: Sequence[Changing]
    before: Forecast
    after: Forecast
    newly_late: int
    no_longer_late: int
    silent: bool
    may_confirm: bool
    kept: Sequence[tuple[str, Sequence[tuple[str, int]]]] = ()
    """Repositories whose own targets stay as they are, and which."""


class Agreed(NamedTuple):
    """What was agreed on."""

    repo: str | None
    changing: Sequence[Changing]
    silent: bool


def targets(told: Targets, zone: tzinfo, now: int) -> Message:
    """What is agreed for each kind of wait, beside what the last 90 days say; `zone` is the reader's."""
    head = f"*Targets of {_of(told.repo)}*, in working time; beside them how long things took in the last 90 days."
    kinds = "\n".join(_kind(kind, zone, now) for kind in told.kinds)
    how = f"`/flow targets {_words(told.repo)}review 8h` shows what another target would mean."
    return _told([head, kinds, *_own(told), *_silent(told.repo, told.silent), how], _buttons(told))


def _told(lines: Sequence[str], buttons: Sequence[Block] = ()) -> Message:
    blocks = [section(joined(line.split("\n"), SECTION)) for line in lines]
    row = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return Message(joined(list(lines)).replace("*", "").replace("`", ""), (*blocks, *row))


def _of(repo: str | None) -> str:
    return plain(repo, NAME) if repo else "all repositories"


def _words(repo: str | None) -> str:
    return f"{plain(repo, NAME)} " if repo else ""


def _kind(one: Kind, zone: tzinfo, now: int) -> str:
    target = "no target" if one.target is None else f"*{working(one.target)}*"
    said = [f"*{one.lengths.kind}*: {target}{_whence(one.origin, zone, now)}."]
    said.append(f"{took(one.lengths).capitalize()}." if one.lengths.n else "None ended lately.")
    if one.open:
        late = "" if one.target is None and not one.late else f", {one.late:,} past it"
        said.append(f"{one.open:,} open{late}.")
    return " ".join(said)


def _whence(origin: Origin | None, zone: tzinfo, now: int) -> str:
    if origin is None:
        return ""
    all_of = "for all repositories, " if origin.for_all else ""
    if origin.by is None or origin.at is None:
        return f" ({all_of}by the policy file)"
    return f" ({all_of}by {account(origin.by)} on {when(origin.at, zone, now)})"


def _own(told: Targets) -> list[str]:
    if not told.of_their_own:
        return []
    lines = [f"*{plain(repo, NAME)}*: {_or_none(own)}" for repo, own in told.of_their_own[:MOST]]
    more = len(told.of_their_own) - MOST
    lines += [f"… and {more:,} more; `/flow targets REPO` shows one of them."] if more > 0 else []
    return ["\n".join(["Some repositories have targets of their own:", *lines])]


def _or_none(targets: Sequence[tuple[str, int]]) -> str:
    held = agreed((kind, seconds) for kind, seconds in targets if seconds)
    none = [kind for kind, seconds in targets if not seconds]
    return " · ".join([*([held] if held else []), *(f"{kind} none" for kind in none)])


def _silent(repo: str | None, silent: bool) -> list[str]:
    return [f"{_of(repo)} is silent: nobody is nudged about it until it is switched on."] if silent else []


def _buttons(told: Targets) -> list[Block]:
    if told.repo and told.silent:
        return [ask_button("Switch on", Again(f"connect {told.repo}", sure=True), style="primary")]
    return [ask_button(f"Targets of {repo}"[:75], Again(f"targets {repo}")) for repo, _ in told.of_their_own[:5]]


def proposal(one: Proposal) -> Message:
    """What other targets would mean, to be confirmed by whoever may."""
    if not one.changing:
        return _told([f"That is what is agreed for {_of(one.repo)} already."])
    lines = [f"*Targets of {_of(one.repo)}*: {_changing(one.changing)}", *_kept(one), _back_test(one), _open(one)]
    if one.silent:
        lines.append(f"{_silent(one.repo, True)[0]} The figures are what it would mean then.")
    if not one.may_confirm:
        return _told([*lines, _WHO])
    words = " ".join(f"{change.kind} {_typed(change.then)}" for change in one.changing)
    yes = ask_button(
        "Confirm", Again(f"targets {one.repo + ' ' if one.repo else ''}{words}", sure=True), style="primary"
    )
    return _told(lines, [yes, ask_button("Leave it", Again(f"targets {one.repo or ''}".strip()))])


def _kept(one: Proposal) -> list[str]:
    if not one.kept:
        return []
    named = [f"*{plain(repo, NAME)}* ({_or_none(own)})" for repo, own in one.kept[:MOST]]
    named += [f"{len(one.kept) - MOST:,} more"] if one.kept[MOST:] else []
    return [f"Targets of a repository's own stay as they are: {', '.join(named)}."]


def _changing(changing: Sequence[Changing]) -> str:
    return ", ".join(f"{one.kind} {_length(one.was)} → {_length(one.then)}" for one in changing) + "."


def _length(seconds: int | None) -> str:
    return "none" if seconds is None else working(seconds)


def _typed(seconds: int | None) -> str:
    """As the command takes it: minutes lose nothing."""
    if seconds is None:
        return "none"
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds // 60}m"


def _back_test(one: Proposal) -> str:
    said = f"In the last 30 days, as things are: {meant(one.before)}. With this: {meant(one.after)}."
    return f"{said}\n{unlinked(one.after)}" if one.after.unlinked else said


def _open(one: Proposal) -> str:
    if one.newly_late:
        they = "it is nudged" if one.newly_late == 1 else "they are nudged"
        said = f"{counted(one.newly_late, 'open wait')} would be past it at once; {they} in working hours."
    else:
        said = "No further open wait would be past it at once."
    return f"{said} {one.no_longer_late:,} would no longer be." if one.no_longer_late else said


def agreed_on(one: Agreed) -> Message:
    """What was agreed on."""
    if not one.changing:
        return _told([f"That is what is agreed for {_of(one.repo)} already."])
    button = ask_button("Show the targets", Again(f"targets {one.repo or ''}".strip()))
    return _told([f"*Agreed for {_of(one.repo)}*: {_changing(one.changing)}", *_silent(one.repo, one.silent)], [button])
