"""What an item is for, by rules that a team teaches: from what its issue and its pull requests are marked with.

A person's word goes before every rule; an issue's own marks go before those of the pull requests that close it; of the
rules the first that matches counts. Marks change, so the type does; it is frozen when the item ends.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeAlias

from bot.flow.events import ISSUE_TYPE_CHANGED, TYPED, FlowEvent, ItemKey
from bot.flow.work import UNCLASSIFIED

KINDS = ("opened", "labeled", "unlabeled", "renamed", ISSUE_TYPE_CHANGED, TYPED)
"""The kinds of events that types are read from."""
LABEL, ISSUE_TYPE, TITLE, BRANCH, REPO = "label", "issue_type", "title", "branch", "repo"
MARKS = (LABEL, ISSUE_TYPE, TITLE, BRANCH, REPO)
"""What a rule may look at."""
TYPED_AS = {LABEL: "label", ISSUE_TYPE: "issue-type", TITLE: "title", BRANCH: "branch", REPO: "repo"}
"""Marks as people type them."""
_BEGINNINGS = (TITLE, BRANCH)
_CONVENTIONAL = re.compile(r"[\w-]+:")
_GROUP = re.compile(r".*[/:]\s*(?=\S)", re.DOTALL)
_SCOPE = r"\s*(\([^)]*\))?\s*!?\s*:"
Types: TypeAlias = tuple[tuple[int, str], ...]
"""As `Work.types`: (from this instant on, of TYPES or UNCLASSIFIED), oldest first."""
Histories: TypeAlias = Mapping[ItemKey, Sequence[FlowEvent]]


class Marks(NamedTuple):
    """What a part of an item (an issue, a pull request) is marked with; in lower case."""

    repo: str
    title: str = ""
    branch: str = ""
    issue_type: str = ""
    labels: frozenset[str] = frozenset()

    def of(self, mark: str) -> Iterable[str]:
        """The texts of one of MARKS."""
        if mark == LABEL:
            return (name for label in self.labels for name in (label, bare(label)))
        text = str(getattr(self, mark))
        return (text,) if text else ()


def bare(label: str) -> str:
    """A label without the name of its group: `bug` of `type: bug`, `kind/bug` and `type::bug`."""
    return _GROUP.sub("", label)


class Rule(NamedTuple):
    """Says that what matches every mark it names is of a type; of a mark's patterns any one will do.

    `*` in a pattern stands for anything, and case does not matter. Of titles and branches a pattern is the beginning,
    of all else the whole. A title's `fix:` means `fix(scope):` and `fix!:`, too; `bug` a label `type: bug`, too.
    """

    type: str
    """Of TYPES."""
    marks: tuple[tuple[str, tuple[str, ...]], ...]
    """(of MARKS, patterns), at least one."""


Rules: TypeAlias = tuple[Rule, ...]
"""The first that matches counts."""


_Finder: TypeAlias = Callable[[str], Any]


@lru_cache(maxsize=64)
def _finders(rules: Rules) -> list[tuple[Rule, list[tuple[str, _Finder]]]]:
    return [(rule, [(mark, _finder(mark, patterns)) for mark, patterns in rule.marks]) for rule in rules]


def _finder(mark: str, patterns: Iterable[str]) -> _Finder:
    found = re.compile("|".join(_expression(mark, pattern.casefold()) for pattern in patterns), re.DOTALL)
    return found.match if mark in _BEGINNINGS else found.fullmatch


def _expression(mark: str, pattern: str) -> str:
    if mark == TITLE and _CONVENTIONAL.fullmatch(pattern):
        return re.escape(pattern[:-1]) + _SCOPE
    return re.escape(pattern).replace(r"\*", ".*")


def first_match(rules: Rules, marks: Marks) -> Rule | None:
    """The rule that counts for what is marked like that."""
    for rule, finders in _finders(rules):
        if all(any(map(find, marks.of(mark))) for mark, find in finders):
            return rule
    return None


def types_of(key: ItemKey, histories: Histories, rules: Rules, ended_at: int | None) -> Types:
    """What a flow item was from when on; `histories` are its own and those of the pull requests that close it.

    Frozen at `ended_at`: marks changed later tell nothing. What a person said later is a correction of what it was when
    it ended. Reads events of KINDS, and hangs on the set of them alone.
    """
    parts = _in_order(key, histories)
    told = [_marks(part, histories[part], ended_at) for part in parts]
    said = [_said(histories[part], ended_at) for part in parts]
    instants = {at for marked in told for at, _ in marked} | {at for given in said for at, _ in given}
    return _changes((at, _type_at(at, told, said, rules)) for at in sorted(instants) or [ended_at or 0])


def marks_of(key: ItemKey, histories: Histories, ended_at: int | None) -> list[Marks]:
    """What an item is marked with at its end, or now: its own marks first."""
    told = (_marks(part, histories[part], ended_at) for part in _in_order(key, histories))
    return [some[-1][1] for some in told if some]


def said_of(key: ItemKey, histories: Histories) -> str | None:
    """The type that a person gave it; None where the rules have their way."""
    return next((one for part in _in_order(key, histories) if (one := _last(_said(histories[part], None)))), None)


def _in_order(key: ItemKey, histories: Histories) -> list[ItemKey]:
    """The item itself, then what closes it: the first opened first."""
    others = [part for part in histories if part != key]
    others.sort(key=lambda part: (min((one.at for one in histories[part] if one.kind == "opened"), default=0), part))
    return [*([key] if key in histories else []), *others]


def type_by(rules: Rules, marks: Iterable[Marks]) -> str:
    """The type that rules tell of an item marked like that, its own marks first."""
    return next((rule.type for one in marks if (rule := first_match(rules, one))), UNCLASSIFIED)


_Marked: TypeAlias = list[tuple[int, Marks]]
_Said: TypeAlias = list[tuple[int, str | None]]


def _marks(part: ItemKey, told: Iterable[FlowEvent], ended_at: int | None) -> _Marked:
    """(instant, what it was marked with from then on)"""
    events = sorted(one for one in told if one.kind in _READ and (ended_at is None or one.at <= ended_at))
    found: _Marked = []
    marks = Marks(part[1].casefold())
    for at, together in groupby(events, attrgetter("at")):
        for event in together:
            marks = _READ[event.kind](marks, event.data)
        found.append((at, marks))
    return found


def _opened(marks: Marks, data: Mapping[str, Any]) -> Marks:
    labels = frozenset(map(_text, data.get("labels") or ()))
    title, branch, issue_type = (_text(data.get(key)) for key in ("title", "branch", "issue_type"))
    return Marks(marks.repo, title, branch, issue_type, labels)


def _labeled(marks: Marks, data: Mapping[str, Any]) -> Marks:
    return marks._replace(labels=marks.labels | {_text(data["label"])})


def _unlabeled(marks: Marks, data: Mapping[str, Any]) -> Marks:
    return marks._replace(labels=marks.labels - {_text(data["label"])})


def _renamed(marks: Marks, data: Mapping[str, Any]) -> Marks:
    return marks._replace(title=_text(data.get("to")))


def _issue_type_changed(marks: Marks, data: Mapping[str, Any]) -> Marks:
    return marks._replace(issue_type=_text(data.get("to")))


def _text(told: object) -> str:
    return told.strip().casefold() if isinstance(told, str) else ""


_READ: dict[str, Callable[[Marks, Mapping[str, Any]], Marks]] = {
    "opened": _opened,
    "labeled": _labeled,
    "unlabeled": _unlabeled,
    "renamed": _renamed,
    ISSUE_TYPE_CHANGED: _issue_type_changed,
}


def _said(told: Iterable[FlowEvent], ended_at: int | None) -> _Said:
    """(instant, the type a person gave it from then on, or None for what the rules say); at its end at the latest."""
    events = sorted(one for one in told if one.kind == TYPED)
    return [(one.at if ended_at is None else min(one.at, ended_at), one.data["type"]) for one in events]


def _last(said: _Said) -> str | None:
    return said[-1][1] if said else None


def _type_at(instant: int, told: Sequence[_Marked], said: Sequence[_Said], rules: Rules) -> str:
    for own in said:
        if (given := _last(_until(own, instant))) is not None:
            return given
    return type_by(rules, (known[-1][1] for marked in told if (known := _until(marked, instant))))


def _until(found: list[Any], instant: int) -> list[Any]:
    return found[: bisect_right(found, instant, key=itemgetter(0))]


def _changes(found: Iterable[tuple[int, str]]) -> Types:
    """Without what changes nothing."""
    return tuple(next(same) for _, same in groupby(found, itemgetter(1)))
