"""The answer to `/flow repos`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from bot.views.message import NAME, Message, joined, plain, section
from bot.views.pages import Again, page_of
from bot.views.phrases import when
from bot.views.words import counted, elapsed


class Repo(NamedTuple):
    """A repository as it stands; instants in seconds since 1970 UTC."""

    name: str
    webhook_at: int | None
    read_at: int | None
    wrong: str | None
    note: str | None = None
    """What is particular about it, as a sentence."""


_NONE = "No repository is connected yet: `/flow connect OWNER/REPO` follows one."


def repos(repos: Sequence[Repo], asked: Again, zone: tzinfo, now: int) -> Message:
    """The repositories in the order given, by pages; `zone` is the reader's."""
    if not repos:
        return Message(_NONE.replace("`", ""), (section(_NONE),))
    wrong = sum(repo.wrong is not None for repo in repos)
    state = f"something is wrong with {wrong}" if wrong else "all is well"
    opening = f"{counted(len(repos), 'repository', 'repositories')}; {state}."
    page = page_of(repos, asked)
    blocks = [section(opening), *(section(told(repo, zone, now, "*")) for repo in page.shown)]
    said = [opening, *(told(repo, zone, now) for repo in page.shown), *page.said]
    return Message(joined(said), (*blocks, *page.blocks))


def told(repo: Repo, zone: tzinfo, now: int, bold: str = "") -> str:
    """A repository in a line; `bold` is put around its name."""
    heard = [f"last webhook {_ago(repo.webhook_at, zone, now)}"] if repo.webhook_at is not None else []
    heard += [f"last read {_ago(repo.read_at, zone, now)}"] if repo.read_at is not None else []
    state = f"Wrong: {plain(repo.wrong, 200)}." if repo.wrong else repo.note or "All is well."
    return f"{bold}{plain(repo.name, NAME)}{bold}: {', '.join(heard) or 'never heard of'}. {state}"


def _ago(at: int, zone: tzinfo, now: int) -> str:
    return f"{when(at, zone, now)} ({elapsed(max(0, now - at))} ago)"
