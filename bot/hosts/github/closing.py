"""Which issues a pull request closes once it is merged, as GitHub reads the keywords in its text. Pure."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from bot.hosts.github.models import PullRequestTold

Target: TypeAlias = tuple[str, int]
"""(repository, number) of an issue"""

MOST = 50
"""Issues that one text is read to close."""

_KEYWORD = r"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+"
_REPO = r"[\w.-]{1,100}/[\w.-]{1,100}"
_CLOSES = re.compile(
    rf"{_KEYWORD}(?:(?P<repo>{_REPO})?#|https?://[\w.:-]{{1,200}}/(?P<url>{_REPO})/issues/)(?P<issue>[1-9]\d{{0,8}})(?!\w)",
    re.ASCII | re.IGNORECASE,
)
_QUOTED = re.compile(
    r"<!--.*?(?:-->|\Z)|^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[^\n]*$|\Z)|`[^`\n]+`", re.DOTALL | re.MULTILINE
)
"""Comments and code, in which keywords mean nothing."""


def closes(told: PullRequestTold, text: str | None) -> list[Target]:
    """The issues that a text of this pull request says to close, each once, in its order.

    GitHub heeds the keywords only where the pull request goes into the default branch.
    """
    base, default = told.item.base and told.item.base.ref, told.repository.default_branch
    if base and default and base != default:
        return []
    return closing(text or "", told.repository.full_name)


def closing(text: str, own: str) -> list[Target]:
    """The issues that a text says to close; `own` is the repository that `#12` means."""
    found: dict[tuple[str, int], Target] = {}
    for match in _CLOSES.finditer(_QUOTED.sub(" ", text)):
        repo, issue = match["repo"] or match["url"] or own, int(match["issue"])
        if repo.lower() == own.lower():
            repo = own
        found.setdefault((repo.lower(), issue), (repo, issue))
    return list(found.values())[:MOST]


def about(told: PullRequestTold, repo: str, issue: int) -> dict[str, Any]:
    """The own keys of a link."""
    return link(told.repository.full_name, repo, issue)


def link(own: str, repo: str, issue: int) -> dict[str, Any]:
    """The own keys of a link from a pull request of `own` to an issue of `repo`."""
    return {"issue": issue} if repo.lower() == own.lower() else {"issue": issue, "in": repo}
