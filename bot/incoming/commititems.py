"""Whose commits they are that something was told of, and what their checks add to the histories of those items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent, ItemKey
from bot.hosts import ShaFact
from bot.incoming.commitfacts import turning
from bot.store import checks, items
from bot.store.items import Facts


def items_of(session: Session, facts: Iterable[ShaFact], workspace: str) -> list[tuple[ShaFact, list[ItemKey]]]:
    """The items each fact speaks of: those the host named, and those whose commit it is."""
    found = []
    for fact in facts:
        named = [(fact.host, fact.repo, item) for item in fact.items]
        own = items.of_commit(session, workspace, fact.host, fact.repo, fact.sha)
        found.append((fact, sorted({*named, *own})))
    return found


def turnings(
    session: Session,
    histories: dict[ItemKey, list[FlowEvent]],
    stored: dict[ItemKey, Facts],
    checked: dict[ItemKey, str],
    workspace: str,
) -> Iterator[FlowEvent]:
    """What the known checks add to the histories of items that were just checked, or have another head now."""
    commits: dict[tuple[str, str], dict[ItemKey, str]] = defaultdict(dict)
    for key, history in histories.items():
        head = items.head_of(history)
        sha = head or checked.get(key)
        if sha is not None and (key in checked or key not in stored or head != stored[key]["head"]):
            commits[key[:2]][key] = sha
    for (host, repo), shas in commits.items():
        known = checks.on_commits(session, workspace, host, repo, shas.values())
        for key, sha in shas.items():
            event = turning(key, histories[key], sha, known.get(sha, ()))
            if event is not None:
                yield event
