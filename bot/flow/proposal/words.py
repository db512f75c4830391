"""What the names of labels and columns say about work, in English; history decides where they are mute."""

from __future__ import annotations

import re
from collections.abc import Iterable

CODING, REVIEW, REWORK, FINISH = "coding", "review", "rework", "finish"
"""Parts that the words of a name can play."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLER = _set("in for on to needs need ready waiting wait awaiting the is be code pr pull request peer under")
_BEFORE = _set("ready to todo needs need waiting wait awaiting for next")
_ROLES = (
    (REVIEW, _set("review reviewing reviewer reviewers reviews")),
    (REWORK, _set("author changes requested rework revision reworking fixes rebase conflict conflicts")),
    (
        FINISH,
        _set("done shipped live released deployed closed complete completed finished delivered prod production merged"),
    ),
    (
        CODING,
        _set("progress doing wip development developing dev coding implementing implementation work working active"),
    ),
)
_WAITS = _set(
    "needs need waiting wait awaiting ready to todo pending backlog queue queued inbox triage next selected new verify "
    "qa"
)
_WORKS = _set("in doing progress analysis design")
_FLAGS = _set(
    "blocked blocker hold stale stalled wontfix duplicate invalid question help wanted good first issue urgent hotfix "
    "breaking security dependencies backport priority critical high medium low feature bug bugfix enhancement refactor "
    "refactoring documentation docs chore ci build test tests performance release discussion regression automerge "
    "automated customer epic frontend backend"
)
_STEPS = _set("status state stage s workflow process phase step flow")
_KINDS = _set(
    "type kind area component comp c a p t prio priority severity size lang module team platform topic feature os "
    "version effort meta"
)
_PREFIX = re.compile(r"^([^:/]+?)\s*[:/]+\s*(.+)$|^([A-Za-z])-(.+)$")
_WORD = re.compile(r"\w+")
_ACRONYMS = _set("qa uat pr ux ui po sre api")
MOST = 40
"""Characters of a stage's name."""


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, without what stands before a colon or slash."""
    return tuple(_WORD.findall(split(name)[1].replace("_", " ").casefold()))


def split(name: str) -> tuple[str, str]:
    """(what stands before the colon, slash or a single letter's dash, the rest): `status: in QA`, `S-waiting`."""
    found = _PREFIX.match(name.strip())
    if found is None:
        return "", name.strip()
    return (found[1] or found[3]).strip().casefold(), found[2] or found[4]


def role(name: str) -> str | None:
    """The part that a name plays in itself, such as `In review`; None where it says something of its own."""
    said = set(words(name))
    for part, meant in _ROLES:
        if said & meant and said - _FILLER <= meant and not (part == CODING and said & _BEFORE):
            return part
    return None


def names_a_step(name: str) -> bool:
    """Whether it says itself that it is a step: `status: …`, `needs …`, `ready for …`."""
    said = words(name)
    before = split(name)[0]
    return before in _STEPS or (not before and (role(name) is not None or (bool(said) and said[0] in _WAITS)))


def names_a_kind(name: str) -> bool:
    """Whether it says what an item is (bug, area, priority) or a mark beside its way (blocked, stale)."""
    said = words(name)
    return split(name)[0] in _KINDS or not said or set(said) <= _FLAGS | _FILLER or said[0] in ("blocked", "hold")


def is_active(name: str) -> bool | None:
    """Whether somebody works on what is there; None where the name does not say."""
    said = words(name)
    if said and (said[0] in _WAITS or role(name) == REVIEW):
        return False
    if any(word in _WORKS or (word.endswith("ing") and word not in _WAITS) for word in said):
        return True
    return None


def plain(name: str) -> str:
    """A label's or column's name as the name of a stage: `status: ready-for-qa` → `Ready for QA`."""
    said = _WORD.findall(split(name)[1].replace("_", " "))
    shown = " ".join(word.upper() if word.casefold() in _ACRONYMS else word for word in said)
    return (shown[:1].upper() + shown[1:])[:MOST].strip()


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last
