"""An issue as the API shows it → a snapshot with its flow events. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.flow.events import ISSUE, ISSUE_TYPE_CHANGED, FlowEvent, flow_event
from bot.hosts.github import ids
from bot.hosts.github.entries import COMMON, HOST, KINDS, History
from bot.hosts.github.nodes import Entry, Issue, actor_type_of, login_of
from bot.hosts.github.snapshots import Snapshot, columns_of


def issue_snapshot(repo: str, issue: Issue) -> Snapshot:
    """Read an issue whose timeline is complete."""
    return Snapshot(
        host=HOST,
        repo=repo,
        item=issue.number,
        events=tuple(sorted(_IssueHistory(repo, issue).events())),
        opened_at=issue.created_at,
        title=issue.title,
        url=issue.url,
        state=issue.state.lower(),
        columns=columns_of(issue),
        links=tuple(_links(repo, issue)),
    )


class _IssueHistory(History[Issue]):
    def facts(self) -> dict[str, Any]:
        first = self._first_type()
        return {"type": ISSUE, **({"issue_type": first} if first else {})}

    def _first_type(self) -> str | None:
        """The type it was opened as: the one before the first change, or one never touched."""
        entry = next((entry for entry in self.entries if entry.typename in _TYPED), None)
        if entry is None:
            found = self.item.issue_type
        else:
            found = entry.issue_type if entry.typename == "IssueTypeRemovedEvent" else entry.prev_issue_type
        return found.name if found else None

    def type_changed(self, entry: Entry) -> FlowEvent | None:
        if entry.created_at is None:
            return None
        removed = entry.typename == "IssueTypeRemovedEvent"
        to = None if removed or entry.issue_type is None else entry.issue_type.name
        id = ids.about(ISSUE_TYPE_CHANGED, self.number, to or "", entry.created_at)
        return self.event(ISSUE_TYPE_CHANGED, id, entry.created_at, entry.actor, to=to)

    def parent(self, entry: Entry) -> FlowEvent | None:
        """A part of another issue from now on, or no longer; of one that the token may not see nothing is told."""
        above, at = entry.parent, entry.created_at
        if above is None or above.number is None or above.repository is None or at is None:
            return None
        kind, repo = KINDS[entry.typename], above.repository.name_with_owner
        id = ids.parent(kind, self.number, repo, above.number, at)
        return self.event(kind, id, at, entry.actor, **parent(self.repo, repo, above.number))


_TYPED = ("IssueTypeAddedEvent", "IssueTypeChangedEvent", "IssueTypeRemovedEvent")

_IssueHistory.READ = {
    **COMMON,
    **dict.fromkeys(_TYPED, _IssueHistory.type_changed),
    "ParentIssueAddedEvent": _IssueHistory.parent,
    "ParentIssueRemovedEvent": _IssueHistory.parent,
}


def parent(own: str, repo: str, issue: int) -> dict[str, Any]:
    """The own keys of a `parent_added` or `parent_removed` of an issue of `own`."""
    return {"parent": issue} if repo.lower() == own.lower() else {"parent": issue, "in": repo}


def _links(repo: str, issue: Issue) -> Iterator[FlowEvent]:
    """When pull requests of the repository first said to close the issue. Those of others are read with theirs."""
    for entry in issue.timeline_items.shown:
        if entry.typename == "CrossReferencedEvent" and entry.will_close_target and entry.created_at is not None:
            event = _link(repo, issue.number, entry, entry.created_at)
            if event is not None:
                yield event


def _link(repo: str, issue: int, entry: Entry, at: int) -> FlowEvent | None:
    pull = entry.source
    if pull is None or not pull.is_a("PullRequest") or pull.number is None or pull.repository is None:
        return None
    if pull.repository.name_with_owner.lower() != repo.lower():
        return None
    return flow_event(
        host=HOST,
        repo=repo,
        item=pull.number,
        id=ids.linked(pull.number, repo, issue),
        at=at,
        kind="linked",
        actor=login_of(entry.actor),
        actor_type=actor_type_of(entry.actor),
        issue=issue,
    )
