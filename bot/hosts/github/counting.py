"""How much there is to read, as GitHub's search counts it."""

from __future__ import annotations

from urllib.parse import quote

from bot.flow.events import show_instant
from bot.hosts.github.answers import Told, owner_of, read_as
from bot.hosts.github.api import Github


class _Found(Told):
    total_count: int


def to_read(github: Github, repo: str, since: int) -> int:
    """About how many pull requests and issues a reading brings: open ones, and closed ones that changed since then.

    Raises Unreachable, Denied or Gone.
    """
    changed = f"is:closed updated:>={show_instant(since)}"
    kinds = [(kind, state) for kind in ("is:pr", "is:issue") for state in ("is:open", changed)]
    return sum(_count(github, repo, f"repo:{repo} {kind} {state}") for kind, state in kinds)


def _count(github: Github, repo: str, wanted: str) -> int:
    path = f"/search/issues?per_page=1&q={quote(wanted, safe='')}"
    return read_as(_Found, github.get(path, owner=owner_of(repo))[0]).total_count
