"""A slow, literal reading of where items were in the standard stream, and of what type: from events alone.

What an instant tells is looked up from all events again; nothing is carried on but the stage. Instants are whole
seconds since 1970 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from reference import Stretch, in_order, ledger, matches

from bot.flow.events import FlowEvent
from bot.flow.types import Rule
from bot.policy import Policy

PATH = ("Coding", "Waiting for a reviewer", "Review", "Rework", "Ready to merge", "Merged")
TOLD_BY = {
    "draft": "Coding", "ready": "Waiting for a reviewer", "assign": "Waiting for a reviewer", "review": "Review",
    "re_review": "Review", "rework": "Rework", "respond": "Rework", "fix": "Rework", "merge": "Ready to merge",
    "merged": "Merged",
}  # fmt: skip

Name = tuple[str, int]
"""(repository, number)"""


class Part(NamedTuple):
    """An issue, or a pull request."""

    name: Name
    events: list[FlowEvent]
    waits: list[Stretch]

    @property
    def opened(self) -> FlowEvent:
        return next(event for event in self.events if event.kind == "opened")

    @property
    def is_change(self) -> bool:
        return bool(self.opened.data.get("type") == "pull_request")

    def given_up(self) -> int | None:
        """When it was closed for the last time, where it is closed and was never merged."""
        turns = [event for event in self.events if event.kind in ("opened", "closed", "merged", "reopened")]
        if turns[-1].kind != "closed" or any(event.kind == "merged" for event in turns):
            return None
        return turns[-1].at


class Item:
    """A flow item: its own part first, then the pull requests that close it, the first opened first."""

    def __init__(self, parts: list[Part], policy: Policy) -> None:
        self.name = parts[0].name
        self.parts = [parts[0], *sorted(parts[1:], key=lambda part: (part.opened.at, part.name))]
        self.policy = policy
        self.rules = policy.rules(self.name[0])

    @cached_property
    def bot(self) -> bool:
        return all(self.opened_by_bot(part.opened) for part in self.parts)

    def opened_by_bot(self, event: FlowEvent) -> bool:
        names = (*self.rules.bots, "*[bot]")
        return event.actor_type == "Bot" or any(matches(event.actor or "", name) for name in names)

    @cached_property
    def dropped(self) -> int | None:
        ends = [part.given_up() for part in self.parts]
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) and self.done is None else None

    @cached_property
    def done(self) -> int | None:
        at, stage = self.way[-1]
        return at if stage == "Merged" else None

    @cached_property
    def end(self) -> int | None:
        return self.dropped if self.done is None else self.done

    @cached_property
    def began(self) -> int:
        return self.way[0][0]

    @cached_property
    def way(self) -> list[tuple[int, str]]:
        """(instant, the stage it came into), while its stage changes; empty where nothing ever told a stage."""
        found: list[tuple[int, str]] = []
        instants = {event.at for part in self.parts for event in part.events}
        ends = [part.given_up() for part in self.parts]
        last = None if None in ends else max(end for end in ends if end is not None)
        for at in sorted(instants):
            stages = {stage for part in self.parts for stage in told_at(part, at)}
            own = {event.kind for event in self.parts[0].events if event.at == at}
            if found and found[-1][1] == PATH[-1] and "reopened" in own and len(found) > 1:
                stages |= {found[-2][1]}  # taken back from the finish line
            if stages and (last is None or at <= last):
                stage = max(stages, key=PATH.index)
                if not found or found[-1][1] != stage:
                    found.append((at, stage))
        return found

    @cached_property
    def stays(self) -> list[tuple[str, int, int | None]]:
        """(stage, since, until); those of no length that the end of a dropped item left are none."""
        ends = [*(at for at, _ in self.way[1:]), self.dropped]
        stays = [(stage, at, end) for (at, stage), end in zip(self.way, ends, strict=True)]
        if self.dropped is not None and len(stays) > 1 and stays[-1][1] == self.dropped:
            stays.pop()
        return stays

    def type_before(self, instant: int) -> str:
        """What it was right before an instant; what was not marked yet is what it was marked first."""
        first = min(event.at for part in self.parts for event in part.events if event.kind in MARKING)
        return self._type(max(first, instant - 1))

    @property
    def final_type(self) -> str:
        assert self.end is not None
        return self._type(self.end, corrected=True)

    def _type(self, at: int, *, corrected: bool = False) -> str:
        for part in self.parts:
            said = [e.data["type"] for e in part.events if e.kind == "typed" and (corrected or e.at <= at)]
            if said and said[-1]:
                return str(said[-1])
        for part in self.parts:
            known = [event for event in part.events if event.at <= at]
            for rule in self.policy.type_rules if known else ():
                if catches(rule, part.name[0], known):
                    return rule.type
        return "unclassified"


MARKING = ("opened", "labeled", "unlabeled", "renamed", "issue_type_changed", "typed")


def told_at(part: Part, at: int) -> set[str]:
    """The stages that a part tells at an instant: by its events, turns that begin, and turns that are left alone."""
    signals = {signal for event in part.events if event.at == at for signal in told_by(event)}
    if part.is_change:
        begin = {wait.kind for wait in part.waits if wait.since == at}
        ended = [wait for wait in part.waits if wait.until == at]
        going = [wait for wait in part.waits if wait.since < at and (wait.until is None or at < wait.until)]
        left = {stay.kind for stay in going if ended} if not begin else set()
        signals |= begin | left
    return {TOLD_BY[signal] for signal in signals}


def told_by(event: FlowEvent) -> Iterable[str]:
    if event.kind == "opened" and event.data.get("type") == "pull_request":
        yield "draft" if event.data.get("draft") else "ready"
    if event.kind in ("converted_to_draft", "ready_for_review", "merged"):
        yield {"converted_to_draft": "draft", "ready_for_review": "ready"}.get(event.kind, "merged")


# --- types ------------------------------------------------------------------------------------------------------


def catches(rule: Rule, repo: str, known: list[FlowEvent]) -> bool:
    return all(
        any(fits(mark, pattern.lower(), text.lower()) for pattern in patterns for text in marked(mark, repo, known))
        for mark, patterns in rule.marks
    )


def marked(mark: str, repo: str, known: list[FlowEvent]) -> list[str]:
    """The texts of one mark after some events."""
    if mark == "repo":
        return [repo]
    texts: list[str] = []
    for event in known:
        data = event.data
        if event.kind == "opened":
            texts = list(data.get("labels") or ()) if mark == "label" else [data.get(mark) or ""]
        elif mark == "label" and event.kind == "labeled":
            texts = [*texts, data["label"]]
        elif mark == "label" and event.kind == "unlabeled":
            texts = [text for text in texts if text.lower() != data["label"].lower()]
        elif (mark, event.kind) in (("title", "renamed"), ("issue_type", "issue_type_changed")):
            texts = [data["to"] or ""]
    return [text.strip() for text in texts if text.strip()]


def fits(mark: str, pattern: str, text: str) -> bool:
    if mark == "title" and re.fullmatch(r"[\w-]+:", pattern):
        return re.match(re.escape(pattern[:-1]) + r"(\(.*?\))?!?:", text) is not None
    if mark in ("title", "branch"):
        return matches(text, pattern + "*")
    return matches(text, pattern) or (mark == "label" and matches(re.split("[/:]", text)[-1].strip(), pattern))


# --- items ------------------------------------------------------------------------------------------------------


def items_of(events: Iterable[FlowEvent], policy: Policy) -> list[Item]:
    logs: dict[Name, list[FlowEvent]] = {}
    for event in in_order(set_of(events)):
        logs.setdefault((event.repo, event.item), []).append(event)
    parts = {}
    for name, log in logs.items():
        opened = [event for event in log if event.kind == "opened"]
        if not opened:
            continue
        change = opened[0].data.get("type") == "pull_request"
        parts[name] = Part(name, log, ledger(log, policy.rules(name[0])) if change else [])
    closing = {name: closed_by(part) & parts.keys() - {name} for name, part in parts.items()}
    wholes = [name for name in parts if not closing[name]]
    items = (Item([parts[name], *(parts[o] for o in parts if name in closing[o])], policy) for name in wholes)
    return [item for item in items if item.way]


def set_of(events: Iterable[FlowEvent]) -> Iterable[FlowEvent]:
    """Each event once."""
    return {(event.host, event.repo, event.id): event for event in events}.values()


def closed_by(part: Part) -> set[Name]:
    """The issues that a pull request closes."""
    found: set[Name] = set()
    for event in part.events:
        if event.kind in ("linked", "unlinked"):
            issue = (event.data.get("in") or event.repo, event.data["issue"])
            found = found | {issue} if event.kind == "linked" else found - {issue}
    return found
