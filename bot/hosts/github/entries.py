"""An item's timeline as the API shows it → flow events: what issues and pull requests have in common. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from bot.flow.events import FlowEvent, flow_event
from bot.hosts.github import ids
from bot.hosts.github.nodes import Entry, Item, Named, actor_type_of, login_of
from bot.hosts.github.webhook_boards import STATUS

HOST = "github"

I = TypeVar("I", bound=Item)  # noqa: E741
Read: TypeAlias = Callable[[Any, Entry], FlowEvent | None]
"""(history, entry of a type) → the event it tells, if it tells one."""


class History(Generic[I]):
    """One item's entries, turned into events one by one; `READ` says how, by the names of GitHub's types."""

    READ: ClassVar[Mapping[str, Read]] = {}

    def __init__(self, repo: str, item: I) -> None:
        self.repo, self.item, self.number = repo, item, item.number
        self.entries = item.timeline_items.shown

    def events(self) -> Iterator[FlowEvent]:
        """Every event once; where two entries tell the same fact, the exact one is kept."""
        told = [self.opened(), *self._told(), *self.more(), *self.ended()]
        exact = {event.id for event in told if not event.approximate}
        seen: set[str] = set()
        for event in told:
            if event.id not in seen and not (event.approximate and event.id in exact):
                seen.add(event.id)
                yield event

    def opened(self) -> FlowEvent:
        """How it began."""
        titles = [entry.previous_title for entry in self.entries if entry.typename == "RenamedTitleEvent"]
        return self.event(
            "opened",
            ids.opened(self.number),
            self.item.created_at,
            self.item.author,
            **self.facts(),
            title=titles[0] if titles else self.item.title,
            url=self.item.url,
            labels=self._first_labels(),
            **self._first_milestone(),
        )

    def facts(self) -> dict[str, Any]:
        """The own keys of its opening that hang on what it is."""
        raise NotImplementedError

    def more(self) -> Iterable[FlowEvent]:
        """What is not told by the timeline."""
        return ()

    def ended(self) -> Iterable[FlowEvent]:
        """How it ended, where the timeline leaves that out."""
        item = self.item
        ends = [entry.typename for entry in self.entries if entry.typename in ("ClosedEvent", "ReopenedEvent")]
        if item.state == "CLOSED" and item.closed_at is not None and ends[-1:] != ["ClosedEvent"]:
            return [self.event("closed", ids.moment("closed", self.number, item.closed_at), item.closed_at, None)]
        return []

    def event(
        self, kind: str, id: str, at: int, who: Named | None, *, approximate: bool = False, **data: Any
    ) -> FlowEvent:
        """An event of this item; `data` are the kind's own keys."""
        return flow_event(
            host=HOST,
            repo=self.repo,
            item=self.number,
            id=id,
            at=at,
            kind=kind,
            actor=login_of(who),
            actor_type=actor_type_of(who),
            approximate=approximate,
            **data,
        )

    def _first_labels(self) -> list[str]:
        """The labels it was opened with: those taken off before they were put on, and those never touched."""
        first: dict[str, str] = {}
        for entry in self.entries:
            if entry.label is not None:
                first.setdefault(entry.label.name, entry.typename)
        now = [label.name for label in self.item.labels.shown] if self.item.labels else []
        taken_off = [name for name, typename in first.items() if typename == "UnlabeledEvent"]
        return [name for name in now if name not in first] + taken_off

    def _first_milestone(self) -> dict[str, Any]:
        """The milestone it was opened with: one taken off before any was set, or one never touched."""
        touched = [entry for entry in self.entries if entry.milestone_title]
        if not touched:
            return {"milestone": self.item.milestone.title} if self.item.milestone else {}
        taken_off = touched[0].typename == "DemilestonedEvent"
        return {"milestone": touched[0].milestone_title} if taken_off else {}

    def _told(self) -> Iterator[FlowEvent]:
        for entry in self.entries:
            read = self.READ.get(entry.typename)
            event = read(self, entry) if read else None
            if event is not None:
                yield event

    def plain(self, entry: Entry) -> FlowEvent | None:
        kind, at = KINDS[entry.typename], entry.created_at
        if at is None:
            return None
        return self.event(kind, ids.moment(kind, self.number, at), at, entry.actor)

    def closed(self, entry: Entry) -> FlowEvent | None:
        plain = self.plain(entry)
        if plain is None or not entry.state_reason:
            return plain
        return plain._replace(data={"reason": entry.state_reason.lower()})

    def label(self, entry: Entry) -> FlowEvent | None:
        if entry.label is None or entry.created_at is None:
            return None
        kind, at, name = KINDS[entry.typename], entry.created_at, entry.label.name
        return self.event(kind, ids.about(kind, self.number, name, at), at, entry.actor, label=name)

    def set_milestone(self, entry: Entry) -> FlowEvent | None:
        if not entry.milestone_title or entry.created_at is None:
            return None
        kind, at, title = KINDS[entry.typename], entry.created_at, entry.milestone_title
        return self.event(kind, ids.about(kind, self.number, title, at), at, entry.actor, milestone=title)

    def assignment(self, entry: Entry) -> FlowEvent | None:
        assignee = login_of(entry.assignee)
        if assignee is None or entry.created_at is None:
            return None
        kind, at = KINDS[entry.typename], entry.created_at
        return self.event(kind, ids.about(kind, self.number, assignee, at), at, entry.actor, assignee=assignee)

    def renamed(self, entry: Entry) -> FlowEvent | None:
        if entry.created_at is None:
            return None
        titles: dict[str, Any] = {"from": entry.previous_title, "to": entry.current_title}
        id = ids.moment("renamed", self.number, entry.created_at)
        return self.event("renamed", id, entry.created_at, entry.actor, **titles)

    def comment(self, entry: Entry) -> FlowEvent | None:
        if entry.full_database_id is None or entry.created_at is None:
            return None
        return self.event("commented", ids.comment(entry.full_database_id), entry.created_at, entry.author)

    def moved(self, entry: Entry) -> FlowEvent | None:
        """To another column of a board; one that the token may not see is not named, and then it is nobody's."""
        if entry.project is None or entry.created_at is None:
            return None
        id = ids.status_changed(self.number, entry.project.id, entry.created_at)
        data = status_data(entry.project.id, entry.previous_status, entry.status)
        return self.event("status_changed", id, entry.created_at, entry.actor, **data)


def status_data(project: str, before: str | None, after: str | None) -> dict[str, Any]:
    """The own keys of a `status_changed`; None stands for no column."""
    return {"field": STATUS, "from": before or None, "to": after or None, "project": project}


KINDS = {
    "AddedToMergeQueueEvent": "queued",
    "RemovedFromMergeQueueEvent": "dequeued",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "converted_to_draft",
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "MilestonedEvent": "milestoned",
    "DemilestonedEvent": "demilestoned",
    "ParentIssueAddedEvent": "parent_added",
    "ParentIssueRemovedEvent": "parent_removed",
    "AssignedEvent": "assigned",
    "UnassignedEvent": "unassigned",
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_request_removed",
    "ConnectedEvent": "linked",
    "DisconnectedEvent": "unlinked",
}
"""Kinds of events by the names of GitHub's types."""

COMMON: Mapping[str, Read] = {
    "ClosedEvent": History.closed,
    "ReopenedEvent": History.plain,
    "LabeledEvent": History.label,
    "UnlabeledEvent": History.label,
    "MilestonedEvent": History.set_milestone,
    "DemilestonedEvent": History.set_milestone,
    "AssignedEvent": History.assignment,
    "UnassignedEvent": History.assignment,
    "RenamedTitleEvent": History.renamed,
    "IssueComment": History.comment,
    "ProjectV2ItemStatusChangedEvent": History.moved,
}
