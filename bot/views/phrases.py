"""What is said about a wait: what it waits for, why this person, what to do, and how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from bot.flow.answers import HAND_OVER, ON_IT, SNOOZE, WRONG
from bot.flow.events import CLAIMED, HANDED_OVER, PICKED
from bot.flow.waits import REVIEWER_KINDS, STAGE, Wait
from bot.views.message import NAME, TITLE, link, plain
from bot.views.words import counted, elapsed, working

BACKLOG = "backlog"
"""The rung of a wait that is only listed: its history was just read."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZES = ((10, "tiny"), (100, "small"), (400, "medium"), (1000, "large"))


class Reply(NamedTuple):
    """What a wait's holder answered last: see `bot.store.answers` for kinds and reasons."""

    kind: str
    reason: str | None
    until: int | None
    """Until when they hear nothing of it."""


@dataclass(frozen=True)
class Waiting:
    """A wait as a message shows it; durations are working seconds."""

    wait: Wait
    step: str
    """The rung that brought it here, without its count, or `backlog`."""
    age: int
    """As of the instant of the message; for a wait that is over, at its end."""
    agreed: int | None
    title: str | None = None
    url: str | None = None
    size: int | None = None
    """Changed lines."""
    answered: bool = True
    """Whether its end was the holder's own doing."""
    id: int = 0
    """The wait's id, for buttons."""
    reply: Reply | None = None
    called_by: str | None = None
    """The author who asks for it now, where that brought it here."""
    taken_by: str | None = None
    """Who took over what a team was asked."""

    @property
    def over(self) -> bool:
        return self.wait.until is not None


def name_of(one: Waiting) -> str:
    """The item as a link with its reference beside it; the reference alone where it has no title."""
    label = one.title and plain(one.title, TITLE)
    if not label:
        return link(one.url, reference(one))
    return f"{link(one.url, label)} · {reference(one)}"


def spoken_name(one: Waiting) -> str:
    """The item in running text, without a link."""
    label = one.title and plain(one.title, TITLE)
    return f"{label} ({reference(one)})" if label else reference(one)


def reference(one: Waiting) -> str:
    return f"{plain(one.wait.repo, NAME)}#{one.wait.item}"


def how_long(one: Waiting, now: int) -> str:
    """Working time, with calendar time beside it."""
    end = now if one.wait.until is None else one.wait.until
    return f"working time; {elapsed(max(0, end - one.wait.since))} by the calendar"


def size_of(one: Waiting) -> str | None:
    """`120 lines, medium`; None where it is not known."""
    if one.size is None or one.size < 0:
        return None
    name = next((name for most, name in _SIZES if one.size <= most), "very large")
    return f"{counted(one.size, 'line')}, {name}"


def when(at: int, zone: tzinfo, now: int) -> str:
    """An instant as the reader would say it: `Tuesday 14:10` within a week, else `24 Feb 14:10`."""
    there, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    return _day(there, today, near=0 <= (today.date() - there.date()).days < 7)


def by_when(at: int, zone: tzinfo, now: int) -> str:
    """The same for an instant to come: a weekday within the week that begins."""
    there, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    return _day(there, today, near=0 <= (there.date() - today.date()).days < 7)


def _day(there: datetime, today: datetime, *, near: bool) -> str:
    clock = there.strftime("%H:%M")
    if near:
        return f"{_WEEKDAYS[there.weekday()]} {clock}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there.day} {_MONTHS[there.month - 1]}{year} {clock}"


_WAITS_FOR = {
    "review": "for your review",
    "re_review": "for another look from you",
    "rework": "for your changes",
    "respond": "for your answer",
    "merge": "for you to merge it",
    "assign": "for you to find a reviewer",
    "fix": "for you to unblock it",
}
_ACTION = {
    "review": "Can you look, or hand it on?",
    "re_review": "Can you take another look, or hand it on?",
    "rework": "Can you push the changes, or say what is in the way?",
    "respond": "Can you answer, or push?",
    "merge": "Can you merge it?",
    "assign": "Can you ask somebody to review it?",
    "fix": "Can you unblock it?",
}
_CHANNEL_WAITS_FOR = {
    "review": "for a review",
    "re_review": "for another look",
    "rework": "for changes",
    "respond": "for an answer",
    "merge": "to be merged",
    "assign": "for a reviewer",
    "fix": "to be unblocked (red checks or a conflict)",
}


_TASK = {
    "review": "to review it",
    "re_review": "to take another look",
    "rework": "to make the changes a review asks for",
    "respond": "to answer a review",
    "merge": "to merge it",
    "assign": "to ask somebody for a review",
    "fix": "to clear its way (a required check failed, or it conflicts with its base)",
}


def task_of(wait: Wait) -> str:
    """What a holder is to do, behind their name."""
    return _TASK[wait.kind] if wait.kind != STAGE else f"to take it on, as it waits in {stage_of(wait)}"


def stage_of(wait: Wait) -> str:
    """The stage it waits in, in quotes."""
    return f"“{plain(wait.stage, NAME)}”"


def holder_of(wait: Wait) -> str:
    """`alice`, `the team core`, `a user group`."""
    if wait.team and GROUP_ID.fullmatch(wait.on):
        return "the user group"
    return f"the team {plain(wait.on, NAME)}" if wait.team else plain(wait.on, NAME)


GROUP_ID = re.compile(r"S[A-Z0-9]{5,}")
"""How Slack names a user group; a team's slug on the code host is in lower case."""


def waits_for(one: Waiting) -> str:
    return _WAITS_FOR[one.wait.kind] if one.wait.kind != STAGE else f"for you in {stage_of(one.wait)}"


def waits_for_in_channel(one: Waiting) -> str:
    """Without anybody's name; a team's is said."""
    wait = one.wait
    if wait.kind == STAGE:
        return f"in {stage_of(wait)}" + (f" for {holder_of(wait)}" if wait.team else "")
    by = f" by {plain(wait.on, NAME)}" if wait.team else ""
    return _CHANNEL_WAITS_FOR[wait.kind] + by


def action_on(one: Waiting) -> str:
    return _ACTION[one.wait.kind] if one.wait.kind != STAGE else "Can you take it on, or hand it on?"


def why(one: Waiting, zone: tzinfo, now: int) -> str:
    """Why the holder is the one to hear of it, in the reader's zone."""
    wait = one.wait
    since = when(wait.since, zone, now)
    if wait.kind == STAGE:
        return f"{_moved_there(wait)} on {since}"
    if wait.kind in REVIEWER_KINDS:
        return _who_asked(wait, zone, now) or f"{_BACK_AGAIN.get(wait.opened_by, _YOUR_TURN)} on {since}"
    if wait.kind == "rework":
        return f"A review asks for changes; your turn since {since}"
    if wait.kind == "respond":
        return f"A review comment has no answer yet; your turn since {since}"
    if wait.kind == "merge":
        return f"It is approved, and nothing is in its way since {since}"
    if wait.kind == "fix":
        return f"A required check failed, or it has a merge conflict; your turn since {since}"
    return f"Nobody is asked to review it; your turn since {since}"


def _moved_there(wait: Wait) -> str:
    """How it came to wait in its stage."""
    who = plain(wait.asked_by, NAME) if wait.asked_by else None
    if wait.opened_by == HANDED_OVER:
        return f"{who or 'Somebody'} handed it on to you"
    return f"{who} brought it there" if who else "It came there"


def by_whom(wait: Wait) -> str | None:
    """Who made it the holder's turn: `asked by bob`; None where nobody in particular did."""
    if not wait.asked_by:
        return None
    if wait.kind != STAGE:
        return f"asked by {plain(wait.asked_by, NAME)}"
    return f"{'handed on' if wait.opened_by == HANDED_OVER else 'brought there'} by {plain(wait.asked_by, NAME)}"


_YOUR_TURN = "It became your turn"
_BACK_AGAIN = {
    "pushed": "New commits came after your review",
    "commented": "Your review was answered",
    "review_submitted": "Your review was answered",
}


def _who_asked(wait: Wait, zone: tzinfo, now: int) -> str | None:
    if wait.asked_at is None:
        return None
    who = plain(wait.asked_by, NAME) if wait.asked_by else "Somebody"
    what = "your review" if wait.kind == "review" else "another look from you"
    return f"{who} asked for {what} on {when(wait.asked_at, zone, now)}"


_CLOSING = {
    "merged": "merged",
    "closed": "closed without merging",
    "converted_to_draft": "back in draft",
    "labeled": "marked as not ready",
    "queued": "in the merge queue",
    "review_request_removed": "handed on",
}


def closing(ended_by: str | None) -> str | None:
    """How the item itself ended a wait, by the kind of the event; None where somebody's work did."""
    return _CLOSING.get(ended_by or "")


_DONE = {
    ("rework", "pushed"): "pushed",
    ("rework", "review_requested"): "handed back",
    ("respond", "pushed"): "answered",
    ("respond", "commented"): "answered",
    ("respond", "review_submitted"): "answered",
    ("respond", "review_requested"): "handed back",
    ("assign", "review_requested"): "a reviewer was asked",
    ("fix", "checks_passed"): "unblocked",
    ("merge", "merged"): "merged",
    ("merge", "queued"): "queued",
}


def ending(one: Waiting, now: int) -> str:
    """How a wait that is over ended: `reviewed after 3h 10m, thank you (…)`, `alice took it`, `no longer needed`."""
    kind, by = one.wait.kind, one.wait.ended_by or ""
    if kind == STAGE:
        return _stage_ending(one, now)
    if by == CLAIMED:
        return f"{plain(one.taken_by, NAME)} took it" if one.taken_by else "somebody took it"
    done = _DONE.get((kind, by))
    if kind in REVIEWER_KINDS and by == "review_submitted":
        done = "reviewed" if one.answered else None
    if done is None or not one.answered:
        return _CLOSING.get(by, "no longer needed")
    return f"{done} after {working(one.age)}, thank you ({how_long(one, now)})"


def _stage_ending(one: Waiting, now: int) -> str:
    by = one.wait.ended_by or ""
    if by == HANDED_OVER:
        return "handed on"
    if by in ("merged", "closed"):
        return _CLOSING[by]
    taken, taker = by in (PICKED, CLAIMED, "assigned"), one.taken_by
    if taken and taker is not None and taker != one.wait.on:
        return f"{plain(taker, NAME)} took it after {working(one.age)}"
    done = "taken on" if taken else f"moved on from {stage_of(one.wait)}"
    return f"{done} after {working(one.age)}{', thank you' if taker else ''} ({how_long(one, now)})"


REASONS = {
    "done": "already done", "not_mine": "not mine", "not_ready": "not ready", "too_early": "too early",
    "other": "other",
}  # fmt: skip
"""Why a nudge was a wrong one, in the words of whoever got it."""


def replied(reply: Reply, zone: tzinfo, now: int) -> str:
    """What a holder answered, as they read it: `On it until Monday 17:00`."""
    until = "" if reply.until is None else f" until {by_when(reply.until, zone, now)}"
    if reply.kind == HAND_OVER:
        return f"You asked that {plain(reply.reason or 'somebody', NAME)} takes it; quiet{until}"
    if reply.kind == WRONG:
        return f"You called it a wrong ping ({REASONS.get(reply.reason or '', 'other')}); you hear no more of it"
    return f"{_REPLIED[reply.kind]}{until}"


_REPLIED = {ON_IT: "On it", SNOOZE: "Snoozed"}


def busy(one: Waiting, who: str, zone: tzinfo, now: int) -> str | None:
    """For others: that its holder (`who`) is on it; None where they did not say so, whatever else they answered."""
    if one.reply is None or one.reply.kind != ON_IT or one.reply.until is None or one.over:
        return None
    return f"{who} on it until {by_when(one.reply.until, zone, now)}"
