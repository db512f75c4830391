"""What the host shows of an item and the event log does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.flow.events import FlowEvent, flow_event
from bot.hosts.github import ids
from bot.hosts.github.closing import Target, link
from bot.hosts.github.entries import HOST, status_data
from bot.hosts.github.snapshots import Column, Snapshot

NEAR = 10
"""Seconds that webhooks and the API may differ by about the same act."""

TIMED = frozenset(
    {
        "closed", "merged", "reopened", "ready_for_review", "converted_to_draft", "queued", "dequeued", "renamed",
        "labeled", "unlabeled", "assigned", "unassigned", "review_requested", "review_request_removed", "linked",
        "unlinked", "status_changed", "milestoned", "demilestoned", "parent_added", "parent_removed",
        "issue_type_changed",
    }
)  # fmt: skip
"""Kinds whose id hangs on an instant, which webhooks take from the item as a whole."""

CHECKS = ("checks_failed", "checks_passed")
SURE = 3600
"""Seconds after which the API shows what a webhook told."""


def missing_events(known: Sequence[FlowEvent], snapshot: Snapshot, now: int) -> list[FlowEvent]:
    """Events to add to the log, sorted; `known` are all it has of this item, `now` is in seconds since 1970 UTC.

    A review that is known without its teams, or a merge without its commit, comes again under its id, with them. What
    is told by both roads a few seconds apart is not doubled. Adding what is returned leaves nothing missing.
    """
    untold = list(_untold(known, snapshot))
    told = sorted([*known, *untold])
    found = [
        *untold,
        *_told_better(known, snapshot),
        *_unseen_head(known, snapshot, now),
        *_redness(known, snapshot, now),
        *(_called_otherwise(known, snapshot, now) if snapshot.is_open else ()),
        *_linkage(told, snapshot, now),
        *(event for column in snapshot.columns for event in _standing(told, snapshot, column, now)),
    ]
    return sorted(found)


def left(repo: str, issue: int, now: int) -> FlowEvent:
    """The end of an issue that is no longer there; when and by whom, nothing tells."""
    id = ids.moment("closed", issue, now)
    return flow_event(
        host=HOST, repo=repo, item=issue, id=id, at=now, kind="closed", actor=None, approximate=True, reason="gone"
    )


def unknown_links(known: Sequence[FlowEvent], links: Iterable[FlowEvent]) -> list[FlowEvent]:
    """Of the links that an issue tells of, those whose instant the log does not have; `known` is the pull request's.

    None where the pull request itself is not known: it is older than what was read.
    """
    if not any(event.kind == "opened" for event in known):
        return []
    told = {_target(event) for event in known if event.kind == "linked" and not event.approximate}
    return [event for event in links if _target(event) not in told]


def _untold(known: Sequence[FlowEvent], snapshot: Snapshot) -> Iterator[FlowEvent]:
    told = {event.id for event in known}
    is_opened = any(event.kind == "opened" for event in known)
    covered = _covered_commits(known, snapshot)
    twins = _Twins(known, snapshot)
    for event in snapshot.events:
        if event.id in told or (event.kind == "opened" and is_opened):
            continue
        if event.kind == "pushed" and event.approximate and event.data["sha"] in covered:
            continue
        if not twins.take(event):
            yield event


class _Twins:
    """Known events that the host shows only under another id; each stands for one of the host's at most."""

    def __init__(self, known: Sequence[FlowEvent], snapshot: Snapshot) -> None:
        shown = {event.id for event in snapshot.events}
        self._free = [event for event in known if event.kind in TIMED and event.id not in shown]

    def take(self, event: FlowEvent) -> bool:
        """Whether one of them is the same act as `event`."""
        near = [other for other in self._free if _subject(other) == _subject(event) and _is_near(other, event)]
        if not near:
            return False
        self._free.remove(min(near, key=lambda other: abs(other.at - event.at)))
        return True


_SUBJECTS = ("reviewer", "team", "label", "assignee", "issue", "in", "project", "to", "milestone", "parent")


def _subject(event: FlowEvent) -> tuple[str | None, ...]:
    about = (event.data.get(key) for key in _SUBJECTS)
    return (event.kind, *(None if value is None else str(value).casefold() for value in about))


def _is_near(one: FlowEvent, other: FlowEvent) -> bool:
    # A pull request is merged once, whenever that was heard of.
    return one.kind == "merged" or abs(one.at - other.at) <= NEAR


def _known_heads(known: Iterable[FlowEvent]) -> set[str]:
    """Commits that were the item's head at some time, as far as the log knows."""
    keys = {"opened": "head", "pushed": "sha"}
    heads = (event.data.get(keys[event.kind]) for event in known if event.kind in keys)
    return {head for head in heads if isinstance(head, str)}


def _covered_commits(known: Sequence[FlowEvent], snapshot: Snapshot) -> set[str]:
    """Commits that came with a known push: all up to the last one that is known."""
    heads = _known_heads(known)
    last = max((place for place, sha in enumerate(snapshot.commits) if sha in heads), default=-1)
    return set(snapshot.commits[: last + 1])


_LEARNT_LATER = {
    "review_submitted": ("teams",), "merged": ("sha", "base"), "opened": ("branch", "issue_type"),
}  # fmt: skip
"""Own keys by kind that webhooks, or earlier versions of this program, may leave out."""


def _told_better(known: Sequence[FlowEvent], snapshot: Snapshot) -> Iterator[FlowEvent]:
    shown = {event.id: event.data for event in snapshot.events if event.kind in _LEARNT_LATER}
    for event in known:
        data = shown.get(event.id, {})
        lacking = {key: data[key] for key in _LEARNT_LATER.get(event.kind, ()) if data.get(key)}
        if any(event.data.get(key) is None for key in lacking):
            yield event._replace(data={**event.data, **lacking})


def _linkage(told: Sequence[FlowEvent], snapshot: Snapshot, now: int) -> Iterator[FlowEvent]:
    """Links that the host has and the log does not, and the other way round."""
    if snapshot.closes is None:
        return
    last = {_target(event): event for event in told if event.kind in ("linked", "unlinked")}
    linked = {target for target, event in last.items() if event.kind == "linked"}
    own = snapshot.repo.lower()
    shown = {(repo.lower(), issue): (repo, issue) for repo, issue in snapshot.closes.issues}
    for key in sorted(shown.keys() - linked):
        yield _link(snapshot, "linked", shown[key], last.get(key), now)
    for key in sorted(linked - shown.keys()) if snapshot.closes.whole else ():
        if key[0] == own:  # those of another repository may only be hidden from the token
            yield _link(snapshot, "unlinked", (snapshot.repo, key[1]), last[key], now)


def _target(event: FlowEvent) -> Target:
    return (str(event.data.get("in") or event.repo).lower(), event.data["issue"])


def _link(snapshot: Snapshot, kind: str, target: Target, last: FlowEvent | None, now: int) -> FlowEvent:
    """Nearly all links are made when the pull request is opened; when one came or went later, nothing tells."""
    number, (repo, issue) = snapshot.item, target
    at = snapshot.opened_at if last is None else max(now, last.at + 1)
    if kind == "unlinked":
        id = ids.unlinked(number, repo, issue, at)
    else:
        id = ids.linked(number, repo, issue, None if last is None else at)
    return _seen(snapshot, kind, id, at, approximate=True, **link(snapshot.repo, repo, issue))


def _standing(told: Sequence[FlowEvent], snapshot: Snapshot, column: Column, now: int) -> Iterator[FlowEvent]:
    """A move to where the item stands on a board, where the log has it elsewhere."""
    moves = [event for event in told if event.kind == "status_changed" and event.data.get("project") == column.project]
    last = moves[-1] if moves else None
    before = last.data.get("to") if last else None
    if before == column.name:
        return
    exact = column.at is not None and (last.at if last else snapshot.opened_at - 1) < column.at <= now
    at = column.at if exact and column.at is not None else max(now, last.at + 1 if last else 0)
    id, data = ids.status_changed(snapshot.item, column.project, at), status_data(column.project, before, column.name)
    yield _seen(snapshot, "status_changed", id, at, approximate=not exact, **data)


def _unseen_head(known: Sequence[FlowEvent], snapshot: Snapshot, now: int) -> Iterator[FlowEvent]:
    """A push of commits that are older than the pull request: no date tells of it, only the head moved."""
    heads = _known_heads(known)
    followed = any(event.kind == "opened" and "head" in event.data for event in known)
    shown = any(event.data.get("sha") == snapshot.head_sha for event in snapshot.events)
    if followed and snapshot.is_open and not shown and snapshot.head_sha not in heads:
        id = ids.pushed(snapshot.item, snapshot.head_sha)
        yield _seen(snapshot, "pushed", id, now, approximate=True, sha=snapshot.head_sha)


def _redness(known: Sequence[FlowEvent], snapshot: Snapshot, now: int) -> Iterator[FlowEvent]:
    """One event where the log's redness is not the host's; what the host does not know is as the log has it."""
    if not snapshot.is_open:
        return
    told = sorted(event for event in known if event.kind in CHECKS)
    conflicts = [event for event in told if _is_conflict(event)]
    checks = [event for event in told if not _is_conflict(event)]
    failing = _is_red(checks) if snapshot.failing is None else snapshot.failing
    conflicting = _is_red(conflicts) if snapshot.conflicting is None else snapshot.conflicting
    red = failing or conflicting
    if red == _is_red(told):
        return
    of_conflict = not failing if red else _is_conflict(told[-1])
    since = None if of_conflict else snapshot.failing_since if red else snapshot.decided_at
    earliest = told[-1].at + 1 if told else 0  # what is added has to come last
    exact = since is not None and earliest <= since <= now
    at = since if exact and since is not None else max(now, earliest)
    kind = CHECKS[0] if red else CHECKS[1]
    id = (
        ids.conflict(kind, snapshot.item, at) if of_conflict else ids.checks(kind, snapshot.item, snapshot.head_sha, at)
    )
    yield _seen(snapshot, kind, id, at, approximate=not exact)


def _called_otherwise(known: Sequence[FlowEvent], snapshot: Snapshot, now: int) -> Iterator[FlowEvent]:
    """The end of requests under a name that the host knows no longer: they go on under the new one.

    It shows a renamed person's acts, old ones too, as those of somebody it has not named before.
    """
    shown = [event for event in snapshot.events if event.kind == "review_requested" and "reviewer" in event.data]
    names = {str(name).casefold() for event in snapshot.events for name in (event.actor, event.data.get("reviewer"))}
    last = {
        str(event.data["reviewer"]).casefold(): event
        for event in sorted(known)
        if event.kind in ("review_requested", "review_request_removed") and "reviewer" in event.data
    }
    for name, asked in last.items():
        open_ = asked.kind == "review_requested" and asked.at < now - SURE
        if open_ and name not in names and any(_is_near(asked, event) for event in shown):
            reviewer = str(asked.data["reviewer"])
            id = ids.person_request("review_request_removed", snapshot.item, reviewer, now)
            yield _seen(snapshot, "review_request_removed", id, now, approximate=True, reviewer=reviewer)


def _is_red(told: Sequence[FlowEvent]) -> bool:
    return bool(told) and told[-1].kind == CHECKS[0]


def _is_conflict(event: FlowEvent) -> bool:
    return event.id.startswith(f"{event.kind}:{event.item}:conflict:")


def _seen(snapshot: Snapshot, kind: str, id: str, at: int, *, approximate: bool, **data: Any) -> FlowEvent:
    """What the state shows and nobody is named for."""
    return flow_event(
        host=snapshot.host,
        repo=snapshot.repo,
        item=snapshot.item,
        id=id,
        at=at,
        kind=kind,
        actor=None,
        approximate=approximate,
        **data,
    )
