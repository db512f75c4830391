"""A pull request as the API shows it → a snapshot with its flow events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.flow.events import PULL_REQUEST, REVIEW_STATES, FlowEvent, flow_event
from bot.hosts.github import ids
from bot.hosts.github.nodes import Commit, Entry, Named, PullRequest, Review, actor_type_of, login_of
from bot.hosts.github.webhook_commits import GREEN, RED

HOST = "github"
SAME_MOMENT = 60
"""Seconds around a merge within which a `closed` is the merge's own."""
WEB_EDITOR = "web-flow"
"""The account that commits what is done on GitHub's pages."""

Required: TypeAlias = Callable[[str], bool]
"""Whether a check of this name is required for the pull request."""


@dataclass(frozen=True)
class Snapshot:
    """An item as the host shows it now, with its whole history as events (sorted).

    `failing` tells of required checks (None: undecided or not asked), `conflicting` of the merge (None: not known).
    `failing_since` and `decided_at` are seconds since 1970 UTC: when the first check that fails did, and when the
    last check came to its result.
    """

    host: str
    repo: str
    item: int
    events: tuple[FlowEvent, ...]
    head_sha: str
    commits: tuple[str, ...]
    """Its commits now, in the branch's order."""
    failing: bool | None
    failing_since: int | None
    decided_at: int | None
    conflicting: bool | None
    title: str
    url: str
    state: str
    """`open`, `closed` or `merged`."""

    @property
    def is_open(self) -> bool:
        return self.state == "open"


def snapshot(repo: str, pull: PullRequest, required: Required) -> Snapshot:
    """Read a pull request whose lists are complete."""
    failing, since, decided = _checks(pull, required)
    return Snapshot(
        host=HOST,
        repo=repo,
        item=pull.number,
        events=tuple(sorted(_History(repo, pull).events())),
        head_sha=pull.head_ref_oid,
        commits=tuple(entry.commit.oid for entry in pull.timeline_items.shown if entry.commit is not None),
        failing=failing,
        failing_since=since,
        decided_at=decided,
        conflicting={"CONFLICTING": True, "MERGEABLE": False}.get(pull.mergeable) if pull.state == "OPEN" else None,
        title=pull.title,
        url=pull.url,
        state=pull.state.lower(),
    )


def failing_checks(pull: PullRequest) -> list[str]:
    """The names of an open pull request's checks that fail, required or not."""
    rollup = pull.rollup if pull.state == "OPEN" else None
    return [context.subject for context in rollup.contexts.shown if context.outcome in RED] if rollup else []


def _checks(pull: PullRequest, required: Required) -> tuple[bool | None, int | None, int | None]:
    """(failing, failing since, decided at)"""
    if pull.state != "OPEN":
        return None, None, None
    contexts = pull.rollup.contexts.shown if pull.rollup else []
    times = [context.at for context in contexts if context.at is not None]
    decided = max(times, default=None)
    red = [
        context
        for context in contexts
        if context.outcome in RED and _is_required(context.is_required, required, context.subject)
    ]
    if red:
        return True, min((context.at for context in red if context.at is not None), default=None), decided
    waiting = pull.rollup is not None and pull.rollup.state in ("PENDING", "EXPECTED")
    undecided = waiting or any(context.outcome not in RED | GREEN for context in contexts)
    return (None if undecided else False), None, decided


def _is_required(told: bool | None, required: Required, name: str) -> bool:
    return required(name) if told is None else told


class _History:
    """One pull request's entries, turned into events one by one."""

    def __init__(self, repo: str, pull: PullRequest) -> None:
        self._repo, self._pull = repo, pull
        self._number = pull.number
        self._entries = pull.timeline_items.shown

    def events(self) -> Iterator[FlowEvent]:
        """Every event once; where two entries tell the same fact, the exact one is kept."""
        told = [self._opened(), *self._told(), *self._reviewed(), *self._ended()]
        exact = {event.id for event in told if not event.approximate}
        seen: set[str] = set()
        for event in told:
            if event.id not in seen and not (event.approximate and event.id in exact):
                seen.add(event.id)
                yield event

    def _event(
        self, kind: str, id: str, at: int, who: Named | None, *, approximate: bool = False, **data: Any
    ) -> FlowEvent:
        return flow_event(
            host=HOST,
            repo=self._repo,
            item=self._number,
            id=id,
            at=at,
            kind=kind,
            actor=login_of(who),
            actor_type=actor_type_of(who),
            approximate=approximate,
            **data,
        )

    def _opened(self) -> FlowEvent:
        pull = self._pull
        titles = [entry.previous_title for entry in self._entries if entry.typename == "RenamedTitleEvent"]
        return self._event(
            "opened",
            ids.opened(pull.number),
            pull.created_at,
            pull.author,
            type=PULL_REQUEST,
            draft=self._was_draft(),
            title=titles[0] if titles else pull.title,
            url=pull.url,
            base=pull.base_ref_name,
            head=pull.head_ref_oid,
            size=pull.additions + pull.deletions,
            labels=self._first_labels(),
        )

    def _was_draft(self) -> bool:
        toggles = (entry.typename for entry in self._entries if entry.typename in _DRAFT_TOGGLES)
        first = next(toggles, None)
        return self._pull.is_draft if first is None else first == "ReadyForReviewEvent"

    def _first_labels(self) -> list[str]:
        """The labels it was opened with: those taken off before they were put on, and those never touched."""
        first: dict[str, str] = {}
        for entry in self._entries:
            if entry.label is not None:
                first.setdefault(entry.label.name, entry.typename)
        now = [label.name for label in self._pull.labels.shown] if self._pull.labels else []
        taken_off = [name for name, typename in first.items() if typename == "UnlabeledEvent"]
        return [name for name in now if name not in first] + taken_off

    def _told(self) -> Iterator[FlowEvent]:
        for entry in self._entries:
            read = _READ.get(entry.typename)
            event = read(self, entry) if read else None
            if event is not None:
                yield event

    def plain(self, entry: Entry) -> FlowEvent | None:
        kind, at = _PLAIN[entry.typename], entry.created_at
        if at is None:
            return None
        return self._event(kind, ids.moment(kind, self._number, at), at, entry.actor)

    def closed(self, entry: Entry) -> FlowEvent | None:
        merged = self._pull.merged_at
        own = merged is not None and entry.created_at is not None and entry.created_at > merged - SAME_MOMENT
        return None if own else self.plain(entry)

    def label(self, entry: Entry) -> FlowEvent | None:
        if entry.label is None or entry.created_at is None:
            return None
        kind, at, name = _PLAIN[entry.typename], entry.created_at, entry.label.name
        return self._event(kind, ids.about(kind, self._number, name, at), at, entry.actor, label=name)

    def assignment(self, entry: Entry) -> FlowEvent | None:
        assignee = login_of(entry.assignee)
        if assignee is None or entry.created_at is None:
            return None
        kind, at = _PLAIN[entry.typename], entry.created_at
        return self._event(kind, ids.about(kind, self._number, assignee, at), at, entry.actor, assignee=assignee)

    def renamed(self, entry: Entry) -> FlowEvent | None:
        if entry.created_at is None:
            return None
        titles: dict[str, Any] = {"from": entry.previous_title, "to": entry.current_title}
        id = ids.moment("renamed", self._number, entry.created_at)
        return self._event("renamed", id, entry.created_at, entry.actor, **titles)

    def request(self, entry: Entry) -> FlowEvent | None:
        asked, at = entry.requested_reviewer, entry.created_at
        # A bot owes nothing; a deleted account, or a team the token is not shown, can't be named.
        if asked is None or at is None or asked.typename == "Bot":
            return None
        kind, person = _PLAIN[entry.typename], login_of(asked)
        if asked.slug is not None:
            id = ids.team_request(kind, self._number, asked.slug, at)
            return self._event(kind, id, at, entry.actor, team=asked.slug)
        if person is None:
            return None
        return self._event(kind, ids.person_request(kind, self._number, person, at), at, entry.actor, reviewer=person)

    def dismissed(self, entry: Entry) -> FlowEvent | None:
        if entry.review is None or entry.created_at is None:
            return None
        id, reviewer = ids.review_dismissed(entry.review.full_database_id), login_of(entry.review.author)
        return self._event("review_dismissed", id, entry.created_at, entry.actor, reviewer=reviewer)

    def force_push(self, entry: Entry) -> FlowEvent | None:
        if entry.after_commit is None or entry.created_at is None:
            return None
        return self._push(entry.after_commit.oid, entry.created_at, entry.actor, approximate=False)

    def commit(self, entry: Entry) -> FlowEvent | None:
        commit = entry.commit
        if commit is None or commit.committed_date is None or commit.committed_date <= self._pull.created_at:
            return None
        # A commit dated ahead by a wrong clock was pushed by the time the item last changed.
        at = min(commit.committed_date, self._pull.updated_at)
        return self._push(commit.oid, at, _committed_by(commit), approximate=True)

    def _push(self, sha: str, at: int, who: Named | None, *, approximate: bool) -> FlowEvent:
        id = ids.pushed(self._number, sha)
        return self._event("pushed", id, at, who, approximate=approximate, sha=sha)

    def comment(self, entry: Entry) -> FlowEvent | None:
        if entry.full_database_id is None or entry.created_at is None:
            return None
        return self._event("commented", ids.comment(entry.full_database_id), entry.created_at, entry.author)

    def deployed(self, entry: Entry) -> FlowEvent | None:
        to = entry.deployment
        if to is None or to.database_id is None or to.environment is None or entry.created_at is None:
            return None
        id = ids.deployed(to.database_id, to.environment)
        return self._event("deployed", id, entry.created_at, entry.actor, environment=to.environment)

    def _reviewed(self) -> Iterator[FlowEvent]:
        for review in self._pull.reviews.shown if self._pull.reviews else ():
            if review.submitted_at is None:  # begun and not yet submitted
                continue
            yield self._review(review, review.submitted_at)
            for comment in review.comments.shown:
                id = ids.review_comment(comment.full_database_id)
                yield self._event("commented", id, comment.created_at, comment.author)

    def _review(self, review: Review, at: int) -> FlowEvent:
        data: dict[str, Any] = {"state": self._state(review)}
        teams = [team.slug for team in review.on_behalf_of.shown if team.slug] if review.on_behalf_of else []
        if teams:
            data["teams"] = teams
        return self._event("review_submitted", ids.review(review.full_database_id), at, review.author, **data)

    def _state(self, review: Review) -> str:
        """A dismissed review's state is told by its dismissal alone; without one it was an answer, no more is known."""
        state = review.state.lower()
        if state == "dismissed":
            dismissals = (entry for entry in self._entries if entry.typename == "ReviewDismissedEvent")
            mine = (d for d in dismissals if d.review and d.review.full_database_id == review.full_database_id)
            state = next((dismissal.previous_review_state.lower() for dismissal in mine), "")
        return state if state in REVIEW_STATES else "commented"

    def _ended(self) -> Iterable[FlowEvent]:
        """How it ended, where the timeline leaves that out; and a merge at its own instant."""
        pull = self._pull
        if pull.merged_at is not None:
            who = next((entry.actor for entry in self._entries if entry.typename == "MergedEvent"), pull.merged_by)
            return [self._event("merged", ids.moment("merged", pull.number, pull.merged_at), pull.merged_at, who)]
        ends = [entry.typename for entry in self._entries if entry.typename in ("ClosedEvent", "ReopenedEvent")]
        if pull.state == "CLOSED" and pull.closed_at is not None and ends[-1:] != ["ClosedEvent"]:
            return [self._event("closed", ids.moment("closed", pull.number, pull.closed_at), pull.closed_at, None)]
        return []


def _committed_by(commit: Commit) -> Named | None:
    committer = commit.committer.user if commit.committer else None
    if committer is not None and committer.login != WEB_EDITOR:
        return committer
    return commit.author.user if commit.author else None


_DRAFT_TOGGLES = ("ReadyForReviewEvent", "ConvertToDraftEvent")

_PLAIN = {
    "AddedToMergeQueueEvent": "queued",
    "RemovedFromMergeQueueEvent": "dequeued",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "converted_to_draft",
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "AssignedEvent": "assigned",
    "UnassignedEvent": "unassigned",
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_request_removed",
}
"""Kinds by the names of GitHub's types."""

_READ: dict[str, Callable[[_History, Entry], FlowEvent | None]] = {
    "AddedToMergeQueueEvent": _History.plain,
    "RemovedFromMergeQueueEvent": _History.plain,
    "ClosedEvent": _History.closed,
    "ReopenedEvent": _History.plain,
    "ReadyForReviewEvent": _History.plain,
    "ConvertToDraftEvent": _History.plain,
    "LabeledEvent": _History.label,
    "UnlabeledEvent": _History.label,
    "AssignedEvent": _History.assignment,
    "UnassignedEvent": _History.assignment,
    "RenamedTitleEvent": _History.renamed,
    "ReviewRequestedEvent": _History.request,
    "ReviewRequestRemovedEvent": _History.request,
    "ReviewDismissedEvent": _History.dismissed,
    "HeadRefForcePushedEvent": _History.force_push,
    "PullRequestCommit": _History.commit,
    "IssueComment": _History.comment,
    "DeployedEvent": _History.deployed,
}
