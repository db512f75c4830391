"""What was told about commits, as events of the items those commits belong to. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.hosts import ShaFact
from bot.hosts.github import ids
from bot.store.checks import Result

FAILED, PASSED = "checks_failed", "checks_passed"


def result(fact: ShaFact) -> Result:
    """The result that a fact of the kind `check` tells."""
    return Result(fact.host, fact.repo, fact.sha, fact.subject, fact.failed, fact.at)


def deployments(fact: ShaFact, keys: Sequence[ItemKey]) -> list[FlowEvent]:
    """The `deployed` events of the items whose commit was deployed."""
    return [
        flow_event(
            host=fact.host,
            repo=fact.repo,
            item=key[2],
            id=ids.deployed(key[2], fact.id),
            at=fact.at,
            kind="deployed",
            actor=fact.actor,
            actor_type=fact.actor_type,
            environment=fact.subject,
            **fact.data,
        )
        for key in keys
    ]


def turning(key: ItemKey, history: Sequence[FlowEvent], sha: str, known: Sequence[Result]) -> FlowEvent | None:
    """The event to add where the checks of an item's head say something else than its events (in order) do.

    Red since the first failure among the latest results, green since the last of them; never before what was told
    last, which it overrules. An item nothing is known of is green. A merge conflict is none of the checks' business.
    """
    if not known:
        return None
    failures = [result.at for result in known if result.failed]
    last = next((event for event in reversed(history) if _tells_of_checks(event)), None)
    if bool(failures) == (last is not None and last.kind == FAILED):
        return None
    at = min(failures) if failures else max(result.at for result in known)
    if last is not None:
        at = max(at, last.at + 1)
    kind = FAILED if failures else PASSED
    host, repo, item = key
    return flow_event(
        host=host, repo=repo, item=item, id=ids.checks(kind, item, sha, at), at=at, kind=kind, actor=None, sha=sha
    )


def _tells_of_checks(event: FlowEvent) -> bool:
    conflict = f"{event.kind}:{event.item}:conflict:"
    return event.kind in (FAILED, PASSED) and not event.id.startswith(conflict)
