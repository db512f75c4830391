"""The answer to `/flow why`: an item's ledger, told in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING

from bot.flow.events import ISSUE
from bot.flow.waits import STAGE, Wait
from bot.views.flow import Reader
from bot.views.message import NAME, TITLE, Message, joined, link, plain, section
from bot.views.pages import Again, page_of
from bot.views.phrases import by_when, by_whom, holder_of, task_of, when
from bot.views.tracing import UNTRACED, Chain, chain
from bot.views.words import elapsed, from_target, working

if TYPE_CHECKING:
    from bot.ledger import Line


@dataclass(frozen=True)
class Story:
    """An item and its ledger in order of time; the figures of each line are those at the instant asked for."""

    repo: str
    item: int
    type: str
    """Empty while it is not known how the item began."""
    title: str | None
    url: str | None
    author: str | None
    opened_at: int
    live: bool
    ready: bool
    merged: bool
    nobody_to_ask: bool
    lines: tuple[Line, ...]
    on_it: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Until when somebody said to be on it, by kind of wait and login."""
    followed: bool = True
    """Whether its repository is; of one that was let go nothing is known any more."""
    held_back: frozenset[tuple[str, str]] = frozenset()
    """Whose nudges are held back at random, by kind of wait and login."""
    chains: tuple[Chain, ...] = ()
    """What it is for, the nearest reason first."""
    traceable: bool = False
    """Whether there is anything it could be for."""

    @property
    def reference(self) -> str:
        return f"{plain(self.repo, NAME)}#{self.item}"


def why(story: Story, asked: Again, reader: Reader, now: int) -> Message:
    """Whose turn it is now and by when, then whose it was: the latest page of it unless another was asked for."""
    open_ = [line for line in story.lines if line.wait.until is None]
    ended = [line for line in story.lines if line.wait.until is not None]
    page = page_of(ended, asked, newest_last=True)
    turns = [
        _now(line, reader, now) + _on_it(story, line.wait, reader, now) + _held_back(story, line.wait) for line in open_
    ]
    current = _gathered(turns) or [_nobody(story)]
    past = [_past(line, reader, now) for line in page.shown]
    heading = ["Before that:" if open_ else "What happened:"] if past else []
    title = plain(story.title, TITLE) if story.title else ""
    name = f"*{link(story.url, title or story.reference)}*" + (f" · {story.reference}" if title else "")
    spoken = f"{title} ({story.reference})" if title else story.reference
    meant = _meant(story)
    blocks = [section("\n".join([name, *_began(story, reader, now)])), *map(section, [*meant, *current])]
    blocks += map(section, [*heading, *past])
    said = [spoken, *_began(story, reader, now), *meant, *current, *heading, *past, *page.said]
    return Message(joined([line.replace("*", "") for line in said]), (*blocks, *page.blocks))


MOST_CHAINS = 3
"""Reasons why an item is worked on that are told."""
MOST_NOW = 6
"""Turns of now that are told in full; the rest is counted."""


def _gathered(current: list[str]) -> list[str]:
    more = [f"… and {len(current) - MOST_NOW} more, whose turn it is too"] if current[MOST_NOW:] else []
    return current[:MOST_NOW] + more


def _began(story: Story, reader: Reader, now: int) -> list[str]:
    if not story.type:
        return []
    by = plain(story.author, NAME) if story.author else "somebody whose account is gone"
    return [f"Opened by {by} on {when(story.opened_at, reader.zone, now)}."]


def _meant(story: Story) -> list[str]:
    """What it is for."""
    told = [chain(one) for one in story.chains[:MOST_CHAINS]]
    return told or ([UNTRACED] if story.traceable else [])


def _nobody(story: Story) -> str:
    """Why it is nobody's turn."""
    if not story.followed:
        return f"{plain(story.repo, NAME)} was let go, so I don't look any more whose turn it is."
    if not story.type:
        return "I don't know how it began, so I can't tell whose turn it is; that is learnt when its history is read."
    if story.merged:
        return "It is merged: it is nobody's turn any more."
    if not story.live:
        return "It is closed: it is nobody's turn."
    if story.type == ISSUE:
        return "It is an issue; turns are told of pull requests only."
    if not story.ready:
        return "It is a draft or marked as not ready: it is nobody's turn until that changes."
    if story.nobody_to_ask:
        return "Its author is gone or a machine, and nobody else is asked: there is nobody whose turn it could be."
    return "It is in the merge queue: it is nobody's turn."


def _now(line: Line, reader: Reader, now: int) -> str:
    wait = line.wait
    since = when(wait.since, reader.zone, now)
    said = f"Now it is *{_possessive(wait, reader)}* turn {task_of(wait)}, since {since}{_asked(wait)}"
    return f"{said}: {_figures(line, now)}.{_due(line, reader.zone, now)}"


def _on_it(story: Story, wait: Wait, reader: Reader, now: int) -> str:
    until = story.on_it.get((wait.kind, wait.on))
    if until is None or wait.team:
        return ""
    who = "You are" if wait.on.lower() in reader.logins else f"{holder_of(wait)} is"
    return f" {who} on it until {by_when(until, reader.zone, now)}."


def _held_back(story: Story, wait: Wait) -> str:
    if (wait.kind, wait.on) not in story.held_back:
        return ""
    return " I hold my own nudges about it back, drawn at random, to learn whether nudges help."


def _past(line: Line, reader: Reader, now: int) -> str:
    wait = line.wait
    start, end = when(wait.since, reader.zone, now), when(wait.until or now, reader.zone, now)
    until = _IN_STAGE.get(wait.ended_by or "") if wait.kind == STAGE else None
    until = until or _UNTIL.get(wait.ended_by or "", "something else happened")
    said = f"{start}: *{_possessive(wait, reader)}* turn {task_of(wait)}{_asked(wait)}, until {until} on {end}"
    return f"{said}. That took {_figures(line, now)}."


def _possessive(wait: Wait, reader: Reader) -> str:
    if not wait.team and wait.on.lower() in reader.logins:
        return "your"
    return f"{holder_of(wait)}'s"


def _asked(wait: Wait) -> str:
    who = by_whom(wait)
    return f" ({who})" if who else ""


def _figures(line: Line, now: int) -> str:
    """`1d 2h of working time (1d 6h by the calendar), 2h of it on hold; 1d agreed, 2h over`."""
    wait = line.wait
    end = now if wait.until is None else wait.until
    said = f"{working(line.working)} of working time ({elapsed(max(0, end - wait.since))} by the calendar)"
    if line.held:
        said += f", besides {working(line.held)} on hold"
    if line.target is None:
        return f"{said}; nothing is agreed for it"
    return f"{said}; {working(line.target)} agreed, {from_target(line.working, line.target)}"


def _due(line: Line, zone: tzinfo, now: int) -> str:
    if line.due is None:
        return "" if line.target is None else " It is not due as long as it is on hold."
    if line.breached:
        return f" It was due on {when(line.due, zone, now)}."
    return f" It is due on {by_when(line.due, zone, now)}."


_UNTIL = {
    "review_submitted": "a review came",
    "review_requested": "a review was asked for",
    "review_request_removed": "the request was taken back",
    "review_dismissed": "a review was dismissed",
    "claimed": "one of them took it",
    "picked_up": "somebody took it",
    "handed_over": "it was handed on",
    "assigned": "it was assigned to somebody",
    "status_changed": "it came into another column",
    "deployed": "it was deployed",
    "released": "it was released",
    "pushed": "commits were pushed",
    "commented": "the author commented",
    "checks_failed": "a required check failed or a conflict came up",
    "checks_passed": "checks and conflicts were cleared",
    "queued": "it went into the merge queue",
    "dequeued": "it left the merge queue",
    "converted_to_draft": "it went back to draft",
    "ready_for_review": "it was made ready for review",
    "labeled": "it was marked as not ready",
    "unlabeled": "it was marked as ready",
    "merged": "it was merged",
    "closed": "it was closed",
    "reopened": "it was reopened",
}
"""What ended a turn, by the kind of the event."""
_IN_STAGE = dict.fromkeys(("labeled", "unlabeled"), "it got other labels")
"""The same of a wait in a stage, where that is something else."""
