"""A pull request as the API shows it → a snapshot with its flow events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from bot.flow.events import PULL_REQUEST, REVIEW_STATES, FlowEvent
from bot.hosts.github import ids
from bot.hosts.github.closing import link
from bot.hosts.github.entries import COMMON, HOST, KINDS, History
from bot.hosts.github.nodes import Commit, Entry, Named, PullRequest, Review, login_of
from bot.hosts.github.snapshots import Closes, Snapshot, columns_of
from bot.hosts.github.webhook_commits import GREEN, RED

SAME_MOMENT = 60
"""Seconds around a merge within which a `closed` is the merge's own."""
WEB_EDITOR = "web-flow"
"""The account that commits what is done on GitHub's pages."""

Required: TypeAlias = Callable[[str], bool]
"""Whether a check of this name is required for the pull request."""


def snapshot(repo: str, pull: PullRequest, required: Required) -> Snapshot:
    """Read a pull request whose lists are complete."""
    failing, since, decided = _checks(pull, required)
    return Snapshot(
        host=HOST,
        repo=repo,
        item=pull.number,
        events=tuple(sorted(_PullHistory(repo, pull).events())),
        head_sha=pull.head_ref_oid,
        commits=tuple(entry.commit.oid for entry in pull.timeline_items.shown if entry.commit is not None),
        failing=failing,
        failing_since=since,
        decided_at=decided,
        conflicting={"CONFLICTING": True, "MERGEABLE": False}.get(pull.mergeable) if pull.state == "OPEN" else None,
        opened_at=pull.created_at,
        title=pull.title,
        url=pull.url,
        state=pull.state.lower(),
        closes=_closes(pull),
        columns=columns_of(pull),
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


def _closes(pull: PullRequest) -> Closes | None:
    shown = pull.closing_issues_references
    if shown is None:
        return None
    issues = [(one.repository.name_with_owner, one.number) for one in shown.shown if one.repository and one.number]
    return Closes(tuple(issues), whole=not shown.page_info.has_next_page)


class _PullHistory(History[PullRequest]):
    def facts(self) -> dict[str, Any]:
        pull = self.item
        return {
            "type": PULL_REQUEST,
            "draft": self._was_draft(),
            "base": pull.base_ref_name,
            "head": pull.head_ref_oid,
            **({"branch": pull.head_ref_name} if pull.head_ref_name else {}),
            "size": pull.additions + pull.deletions,
        }

    def _was_draft(self) -> bool:
        toggles = (entry.typename for entry in self.entries if entry.typename in _DRAFT_TOGGLES)
        first = next(toggles, None)
        return self.item.is_draft if first is None else first == "ReadyForReviewEvent"

    def closed(self, entry: Entry) -> FlowEvent | None:
        merged = self.item.merged_at
        own = merged is not None and entry.created_at is not None and entry.created_at > merged - SAME_MOMENT
        return None if own else self.plain(entry)

    def connection(self, entry: Entry) -> FlowEvent | None:
        """A link that somebody made or took away by hand; which end is the issue hangs on who looks."""
        ends = [end for end in (entry.subject, entry.source) if end is not None and end.is_a("Issue")]
        if not ends or entry.created_at is None or ends[0].repository is None or ends[0].number is None:
            return None
        kind, at, repo, issue = (
            KINDS[entry.typename],
            entry.created_at,
            ends[0].repository.name_with_owner,
            ends[0].number,
        )
        name = ids.linked if kind == "linked" else ids.unlinked
        return self.event(kind, name(self.number, repo, issue, at), at, entry.actor, **link(self.repo, repo, issue))

    def request(self, entry: Entry) -> FlowEvent | None:
        asked, at = entry.requested_reviewer, entry.created_at
        # A bot owes nothing; a deleted account, or a team the token is not shown, can't be named.
        if asked is None or at is None or asked.typename == "Bot":
            return None
        kind, person = KINDS[entry.typename], login_of(asked)
        if asked.slug is not None:
            id = ids.team_request(kind, self.number, asked.slug, at)
            return self.event(kind, id, at, entry.actor, team=asked.slug)
        if person is None:
            return None
        return self.event(kind, ids.person_request(kind, self.number, person, at), at, entry.actor, reviewer=person)

    def dismissed(self, entry: Entry) -> FlowEvent | None:
        if entry.review is None or entry.created_at is None:
            return None
        id, reviewer = ids.review_dismissed(entry.review.full_database_id), login_of(entry.review.author)
        return self.event("review_dismissed", id, entry.created_at, entry.actor, reviewer=reviewer)

    def force_push(self, entry: Entry) -> FlowEvent | None:
        if entry.after_commit is None or entry.created_at is None:
            return None
        return self._push(entry.after_commit.oid, entry.created_at, entry.actor, approximate=False)

    def commit(self, entry: Entry) -> FlowEvent | None:
        commit = entry.commit
        if commit is None or commit.committed_date is None or commit.committed_date <= self.item.created_at:
            return None
        # A commit dated ahead by a wrong clock was pushed by the time the item last changed.
        at = min(commit.committed_date, self.item.updated_at)
        return self._push(commit.oid, at, _committed_by(commit), approximate=True)

    def _push(self, sha: str, at: int, who: Named | None, *, approximate: bool) -> FlowEvent:
        id = ids.pushed(self.number, sha)
        return self.event("pushed", id, at, who, approximate=approximate, sha=sha)

    def deployed(self, entry: Entry) -> FlowEvent | None:
        to = entry.deployment
        if to is None or to.database_id is None or to.environment is None or entry.created_at is None:
            return None
        id = ids.deployed(self.number, ids.deployment(to.database_id, to.environment))
        return self.event("deployed", id, entry.created_at, entry.actor, environment=to.environment)

    def more(self) -> Iterator[FlowEvent]:
        for review in self.item.reviews.shown if self.item.reviews else ():
            if review.submitted_at is None:  # begun and not yet submitted
                continue
            yield self._review(review, review.submitted_at)
            for comment in review.comments.shown:
                id = ids.review_comment(comment.full_database_id)
                yield self.event("commented", id, comment.created_at, comment.author)

    def _review(self, review: Review, at: int) -> FlowEvent:
        data: dict[str, Any] = {"state": self._state(review)}
        teams = [team.slug for team in review.on_behalf_of.shown if team.slug] if review.on_behalf_of else []
        if teams:
            data["teams"] = teams
        return self.event("review_submitted", ids.review(review.full_database_id), at, review.author, **data)

    def _state(self, review: Review) -> str:
        """A dismissed review's state is told by its dismissal alone; without one it was an answer, no more is known."""
        state = review.state.lower()
        if state == "dismissed":
            dismissals = (entry for entry in self.entries if entry.typename == "ReviewDismissedEvent")
            mine = (d for d in dismissals if d.review and d.review.full_database_id == review.full_database_id)
            state = next((dismissal.previous_review_state.lower() for dismissal in mine), "")
        return state if state in REVIEW_STATES else "commented"

    def ended(self) -> Iterable[FlowEvent]:
        """How it ended, where the timeline leaves that out; and a merge at its own instant."""
        pull, at = self.item, self.item.merged_at
        if at is None:
            return super().ended()
        who = next((entry.actor for entry in self.entries if entry.typename == "MergedEvent"), pull.merged_by)
        made: dict[str, Any] = {"sha": pull.merge_commit.oid} if pull.merge_commit else {}
        return [self.event("merged", ids.moment("merged", self.number, at), at, who, **made, base=pull.base_ref_name)]


def _committed_by(commit: Commit) -> Named | None:
    committer = commit.committer.user if commit.committer else None
    if committer is not None and committer.login != WEB_EDITOR:
        return committer
    return commit.author.user if commit.author else None


_DRAFT_TOGGLES = ("ReadyForReviewEvent", "ConvertToDraftEvent")

_PullHistory.READ = {
    **COMMON,
    "ClosedEvent": _PullHistory.closed,
    "AddedToMergeQueueEvent": _PullHistory.plain,
    "RemovedFromMergeQueueEvent": _PullHistory.plain,
    "ReadyForReviewEvent": _PullHistory.plain,
    "ConvertToDraftEvent": _PullHistory.plain,
    "ConnectedEvent": _PullHistory.connection,
    "DisconnectedEvent": _PullHistory.connection,
    "ReviewRequestedEvent": _PullHistory.request,
    "ReviewRequestRemovedEvent": _PullHistory.request,
    "ReviewDismissedEvent": _PullHistory.dismissed,
    "HeadRefForcePushedEvent": _PullHistory.force_push,
    "PullRequestCommit": _PullHistory.commit,
    "DeployedEvent": _PullHistory.deployed,
}
