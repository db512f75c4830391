"""What can go wrong with GitHub, told apart by what helps. Every message is one line and holds no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class HostError(Exception):
    """A question that GitHub did not answer."""


class Unreachable(HostError):
    """Passing trouble: asking again later helps, after `retry_after` seconds where GitHub said so.

    `maybe_done`: GitHub may have done what was asked all the same.
    """

    def __init__(self, message: str, retry_after: int | None = None, *, maybe_done: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.maybe_done = retry_after, maybe_done


class Overloaded(Unreachable):
    """GitHub gave up on the question; asking for less may help at once."""


class Denied(HostError):
    """The token is not good, may not do this, or asks for what can't be; somebody has to change a setting.

    `status` is GitHub's, and `reason` its own words, where it answered.
    """

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


class TokenEnded(Denied):
    """The token itself is no longer accepted."""


class Suspended(Denied):
    """The owner of what was asked about suspended the App's installation."""


class NotInstalled(Denied):
    """The App is not installed for the owner of what was asked about."""


class PartRefused(Denied):
    """The token may not see a part of what was asked (one of `PARTS`); the rest can be asked for without it."""

    def __init__(self, message: str, part: str) -> None:
        super().__init__(message)
        self.part = part


class Gone(HostError):
    """There is no such thing, or the token is not shown it."""


class StaleCursor(HostError):
    """GitHub no longer knows the place that a reading stopped at; it has to begin again."""


BOARDS, PARENTS, TYPES, ISSUES, RELEASES = "boards", "parents", "types", "issues", "releases"
PARTS = (BOARDS, PARENTS, TYPES, ISSUES, RELEASES)
"""What a reading can do without: columns of boards, the issues that issues are parts of, their types, issues,
releases."""
_OF_PARTS = {"projectItems": BOARDS, "openIssues": ISSUES, "changedIssues": ISSUES, "releases": RELEASES}
_OF_BOARDS = re.compile(r"project_?v2|projectItems|fieldValueByName|:project\b", re.IGNORECASE)
_OF_PARENTS = re.compile(r"parent_?issue", re.IGNORECASE)
_OF_TYPES = re.compile(r"issue_?type(?!s)", re.IGNORECASE)


def part_of(error: Mapping[str, Any]) -> str | None:
    """Which part an error of GraphQL is about, if it is about one that can be done without.

    Where a scope is missing, or a server is too old to know boards, no path leads there: the words do.
    """
    path = [step for step in error.get("path") or () if isinstance(step, str)]
    if "projectItems" in path or _OF_BOARDS.search(str(error.get("message"))):
        return BOARDS
    if _OF_PARENTS.search(str(error.get("message"))):
        return PARENTS
    if _OF_TYPES.search(str(error.get("message"))):
        return TYPES
    return _OF_PARTS.get(path[-1]) if path else None


def is_suspension(status: int, message: str) -> bool:
    """Whether a refusal says that the installation is suspended: "This installation has been suspended"."""
    said = message.lower()
    return status == 403 and "installation" in said and "suspended" in said


def one_line(text: object, longest: int = 200) -> str:
    """Text from the host, fit for a message of one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
