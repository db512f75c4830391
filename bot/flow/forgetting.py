"""A person taken out of what is kept: their logins become null, which is a deleted account, and their names a word.

A login counts as a word between anything but letters and digits, whatever its case: `alice` stands in `alice/fix` and
in `fix-by-alice`, not in `malice`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.flow.events import CLAIMED, HANDED_OVER, PICKED, RANKS, REVIEW_STATES, WORK_TYPES, FlowEvent
from bot.flow.stream import AUTHOR, GROUP, NAMED_SIGNALS, PERSON, PLAIN_SIGNALS, REVIEWERS, TEAM

SOMEBODY = "somebody"
"""What stands in text in place of a name."""
_PEOPLE = ("reviewer", "assignee")
"""Own keys of events that hold a login; so does `to` of what was handed over."""
_NO_TEXT = (
    "type", "team", "teams", "state", "url", "sha", "head", "in", "project", "field",
)  # fmt: skip
"""Own keys that are the host's names of things, or nobody's words."""
_NAMED_IN_ID = ("labeled", "unlabeled", "milestoned", "demilestoned", "deployed")
"""Kinds whose ids hold somebody's words."""
_KEPT_WORDS = """
user bot active wait stage stages kind name repo repos item items week month people teams streams types mix admins
calendar targets rules nudges flow status hours timezone country away slack mutes morning channel silent follow mentions
responsible signals target does proof policy segment segments forks goals tries until outcome trigger finish parent
repository issue pull pr stream by at to about text value state snooze take leave done other read on off none main
master github default somebody labels title branch actor data line shown wanted answers kept dropped true false null
linked unknown doubtful refused monday tuesday wednesday thursday friday saturday sunday sent failed pending digest
digests home
"""
_FLOW_WORDS = (CLAIMED, HANDED_OVER, PICKED, AUTHOR, GROUP, PERSON, REVIEWERS, TEAM)
_WORDS = {*PLAIN_SIGNALS, *NAMED_SIGNALS, *REVIEW_STATES, *WORK_TYPES, *_FLOW_WORDS, *_KEPT_WORDS.split()}
"""Words that mean something in what the program keeps."""
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-_]+[A-Za-z0-9]+)*")
_BETWEEN = re.compile(r"([-_]+)")
_SLASHED = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
IsGone = Callable[[str], bool]
"""Whether a login is a forgotten person's, whatever its case."""
_DROPPED = object()


def is_common(login: str) -> bool:
    """Whether a login is a word of the program's own as well: it is taken out where a login stands, not out of text."""
    return login.casefold() in _WORDS


@dataclass(frozen=True)
class Scrub:
    """Takes people out of text. `spared` are logins of others, and `repos` names of repositories, which stay."""

    is_gone: IsGone
    is_said: IsGone
    """Of which logins the words in texts are taken out, too."""
    marks: frozenset[str] = frozenset()
    """Slack accounts."""
    names: frozenset[str] = frozenset()
    """What people are called."""
    spared: frozenset[str] = frozenset()
    repos: frozenset[str] = frozenset()

    @cached_property
    def _spoken(self) -> re.Pattern[str] | None:
        accounts = [rf"<@{re.escape(mark)}(?:\|[^<>]*)?>|(?<!\w){re.escape(mark)}(?!\w)" for mark in sorted(self.marks)]
        names = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(self.names, key=len, reverse=True)]
        return re.compile("|".join([*accounts, *names]), re.IGNORECASE) if accounts or names else None

    def text(self, text: str) -> str:
        """The text without them."""
        said = self._spoken.sub(SOMEBODY, text) if self._spoken else text
        done, at = [], 0
        for address in _SLASHED.finditer(said):
            done.append(_TOKEN.sub(self._token, said[at : address.start()]))
            done.append(self._address(address.group()))
            at = address.end()
        done.append(_TOKEN.sub(self._token, said[at:]))
        return "".join(done)

    def _address(self, path: str) -> str:
        """A path, in which the name of a repository stays as it is."""
        parts = path.split("/")
        pairs = ["/".join(parts[i : i + 2]).casefold() in self.repos for i in range(len(parts) - 1)]
        kept = [pair or (i > 0 and pairs[i - 1]) for i, pair in enumerate([*pairs, False])]
        return "/".join(part if keep else _TOKEN.sub(self._token, part) for part, keep in zip(parts, kept, strict=True))

    def _token(self, found: re.Match[str]) -> str:
        token = found.group()
        if token.casefold() in self.spared:
            return token
        if self.is_said(token):
            return SOMEBODY
        return self._within(token)

    def _within(self, token: str) -> str:
        """`alice-fix`, `alice_fix`: the longest runs of parts that are a login, from the left."""
        parts = _BETWEEN.split(token)  # every other one stands between two
        words = (len(parts) + 1) // 2
        for size in range(min(words - 1, 5), 0, -1):
            for start in range(0, 2 * (words - size) + 1, 2):
                end = start + 2 * size - 1
                if self.is_said("".join(parts[start:end])):
                    rest = _TOKEN.sub(self._token, "".join(parts[end:]))
                    return "".join([*parts[:start], SOMEBODY, rest])
        return token

    def kept(self, stored: str) -> str | None:
        """Stored text, or JSON, without them: dropped from lists and keys. None where nothing else was in it."""
        try:
            value = json.loads(stored) if stored[:1] in ("{", "[", '"') else _DROPPED
        except ValueError:
            value = _DROPPED
        if value is _DROPPED:
            return self.text(stored)
        left = self._value(value)
        if left == value:
            return stored
        compact = json.dumps(value, separators=(",", ":")) == stored
        return None if left is _DROPPED else json.dumps(left, separators=(",", ":") if compact else None)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return _DROPPED if value in self.marks or self.is_said(value) else self.text(value)
        if isinstance(value, list):
            return [left for one in value if (left := self._value(one)) is not _DROPPED]
        if isinstance(value, dict):
            found = {key: self._value(one) for key, one in value.items() if self._value(key) is not _DROPPED}
            return {self.text(key): None if one is _DROPPED else one for key, one in found.items()}
        return value


def without(event: FlowEvent, scrub: Scrub) -> FlowEvent:
    """The event as the host would tell it of a deleted account; the same one where nobody forgotten is in it."""
    own = [event.data.get(key) for key in _people_of(event)]
    gone = {one.casefold() for one in (event.actor, *own) if isinstance(one, str) and scrub.is_gone(one)}
    data = {key: _own(event, key, value, scrub) for key, value in event.data.items()}
    id_ = _id_without(event, gone, scrub)
    if not gone and data == event.data and id_ == event.id:
        return event
    actor = None if event.actor is not None and event.actor.casefold() in gone else event.actor
    if event.kind == CLAIMED and data.get("reviewer") is None:
        # A claim names somebody. What is left of this one is that the team is asked no longer.
        rank, data = RANKS.get(_REMOVED, 1), {"team": event.data["team"]}
        return event._replace(kind=_REMOVED, rank=rank, id=id_, actor=actor, data=data)
    return event._replace(id=id_, actor=actor, data=data)


_REMOVED = "review_request_removed"


def _people_of(event: FlowEvent) -> tuple[str, ...]:
    return (*_PEOPLE, "to") if event.kind == HANDED_OVER else _PEOPLE


def _own(event: FlowEvent, key: str, value: Any, scrub: Scrub) -> Any:
    if key in _people_of(event):
        return None if isinstance(value, str) and scrub.is_gone(value) else value
    if key in _NO_TEXT:
        return value
    if isinstance(value, str):
        return scrub.text(value)
    if isinstance(value, list):
        return [scrub.text(one) if isinstance(one, str) else one for one in value]
    return value


def _id_without(event: FlowEvent, gone: set[str], scrub: Scrub) -> str:
    """An id is made of parts between colons and slashes; of a deleted account there is an empty one, as on the host."""
    parts = ("" if part.casefold() in gone else part for part in re.split(r"([:/])", event.id))
    id_ = "".join(parts)
    return scrub.text(id_) if event.kind in _NAMED_IN_ID else id_
