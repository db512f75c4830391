"""Repositories and pull requests as GitHub's GraphQL API shows them, built act by act. Instants are seconds since 1970.

Ids are larger than 32 bits, as GitHub's have become.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from bot.flow.events import show_instant

Node = dict[str, Any]

_ids = itertools.count(5_000_000_001)


def account(login: str | None) -> Node | None:
    """An actor; a name that ends in `[bot]` is a bot, which GraphQL shows without it."""
    if login is None:
        return None
    bot = login.endswith("[bot]")
    return {"__typename": "Bot" if bot else "User", "login": login.removesuffix("[bot]")}


def _team(slug: str) -> Node:
    return {"__typename": "Team", "slug": slug}


def _commit(sha: str, at: int, by: str | None) -> Node:
    who = {"user": account(by)}
    return {"oid": sha, "committedDate": show_instant(at), "author": who, "committer": who}


def check_run(name: str, conclusion: str | None, at: int, *, required: bool = True) -> Node:
    return {
        "__typename": "CheckRun",
        "name": name,
        "conclusion": conclusion,
        "completedAt": show_instant(at) if conclusion else None,
        "isRequired": required,
    }


def status(context: str, state: str, at: int, *, required: bool = True) -> Node:
    return {
        "__typename": "StatusContext",
        "context": context,
        "state": state,
        "createdAt": show_instant(at),
        "isRequired": required,
    }


class FakePull:
    """A pull request; every act is an entry of its timeline and moves `updatedAt`."""

    def __init__(self, repo: str, number: int, author: str | None, at: int, *, draft: bool, title: str) -> None:
        self.number = number
        self.node: Node = {
            "__typename": "PullRequest",
            "id": f"PR_{number}",
            "number": number,
            "title": title,
            "url": f"https://github.com/{repo}/pull/{number}",
            "state": "OPEN",
            "isDraft": draft,
            "createdAt": show_instant(at),
            "updatedAt": show_instant(at),
            "additions": 8,
            "deletions": 3,
            "baseRefName": "main",
            "headRefOid": f"{number:06x}-first",
            "mergeable": "MERGEABLE",
            "author": account(author),
            "labels": [],
            "timelineItems": [],
            "reviews": [],
        }
        self.people: list[str] = []
        self.teams: list[str] = []
        """Who is asked for a review now."""
        self.checks([])

    @property
    def timeline(self) -> list[Node]:
        return self.node["timelineItems"]

    def _act(self, typename: str, at: int, **entry: Any) -> Node:
        made = {"__typename": typename, "createdAt": show_instant(at), **entry}
        self.timeline.append(made)
        self.touch(at)
        return made

    def touch(self, at: int) -> None:
        self.node["updatedAt"] = max(self.node["updatedAt"], show_instant(at))

    def opened_with(self, *labels: str) -> None:
        self.node["labels"] = [{"name": label} for label in labels]

    def request(self, reviewer: str | None, at: int, by: str = "bob", *, removed: bool = False) -> None:
        if reviewer is not None:
            _note(self.people, reviewer, removed=removed)
        typename = "ReviewRequestRemovedEvent" if removed else "ReviewRequestedEvent"
        self._act(typename, at, actor=account(by), requestedReviewer=account(reviewer))

    def request_team(self, slug: str, at: int, by: str = "bob", *, removed: bool = False) -> None:
        _note(self.teams, slug, removed=removed)
        typename = "ReviewRequestRemovedEvent" if removed else "ReviewRequestedEvent"
        self._act(typename, at, actor=account(by), requestedReviewer=_team(slug))

    def review(
        self, by: str | None, state: str, at: int, *, teams: Sequence[str] = (), comments: Iterable[int] = ()
    ) -> Node:
        """`comments` are the instants of those on its lines."""
        made = {
            "__typename": "PullRequestReview",
            "id": f"PRR_{len(self.node['reviews'])}_{self.number}",
            "fullDatabaseId": str(next(_ids)),
            "state": state,
            "submittedAt": None if state == "PENDING" else show_instant(at),
            "author": account(by),
            "onBehalfOf": [_team(slug) for slug in teams],
            "comments": [self._line_comment(by, moment) for moment in comments],
        }
        self.node["reviews"].append(made)
        self.people = [login for login in self.people if login != by]
        self.teams = [slug for slug in self.teams if slug not in teams]
        self.touch(at)
        return made

    def _line_comment(self, by: str | None, at: int) -> Node:
        return {"fullDatabaseId": str(next(_ids)), "createdAt": show_instant(at), "author": account(by)}

    def dismiss(self, review: Node, at: int, by: str = "bob") -> None:
        self._act("ReviewDismissedEvent", at, actor=account(by), previousReviewState=review["state"], review=review)
        review["state"] = "DISMISSED"

    def push(self, sha: str, at: int, by: str | None) -> None:
        self.timeline.append({"__typename": "PullRequestCommit", "commit": _commit(sha, at, by)})
        self.node["headRefOid"] = sha
        self.touch(at)

    def force_push(self, sha: str, at: int, by: str) -> None:
        """All commits are replaced by one."""
        self.timeline[:] = [entry for entry in self.timeline if entry["__typename"] != "PullRequestCommit"]
        self.push(sha, at - 30, by)
        self._act("HeadRefForcePushedEvent", at, actor=account(by), afterCommit=_commit(sha, at, by))

    def comment(self, by: str | None, at: int) -> Node:
        return self._act("IssueComment", at, author=account(by), fullDatabaseId=str(next(_ids)))

    def label(self, name: str, at: int, by: str = "bob") -> None:
        self.node["labels"].append({"name": name})
        self._act("LabeledEvent", at, actor=account(by), label={"name": name})

    def unlabel(self, name: str, at: int, by: str = "bob") -> None:
        self.node["labels"] = [label for label in self.node["labels"] if label["name"] != name]
        self._act("UnlabeledEvent", at, actor=account(by), label={"name": name})

    def assign(self, login: str, at: int, by: str = "bob", *, removed: bool = False) -> None:
        self._act("UnassignedEvent" if removed else "AssignedEvent", at, actor=account(by), assignee=account(login))

    def rename(self, title: str, at: int, by: str = "bob") -> None:
        was, self.node["title"] = self.node["title"], title
        self._act("RenamedTitleEvent", at, actor=account(by), previousTitle=was, currentTitle=title)

    def draft(self, at: int, *, on: bool, by: str = "bob") -> None:
        self.node["isDraft"] = on
        self._act("ConvertToDraftEvent" if on else "ReadyForReviewEvent", at, actor=account(by))

    def queue(self, at: int, *, out: bool = False, by: str = "bob") -> None:
        self._act("RemovedFromMergeQueueEvent" if out else "AddedToMergeQueueEvent", at, actor=account(by))

    def deploy(self, environment: str, id: int, at: int, by: str = "bob") -> None:
        deployment = {"databaseId": id, "environment": environment}
        self._act("DeployedEvent", at, actor=account(by), deployment=deployment)

    def close(self, at: int, by: str | None = "bob") -> None:
        self.node.update(state="CLOSED", closedAt=show_instant(at))
        self._act("ClosedEvent", at, actor=account(by))

    def reopen(self, at: int, by: str = "bob") -> None:
        self.node.update(state="OPEN", closedAt=None)
        self._act("ReopenedEvent", at, actor=account(by))

    def merge(self, at: int, by: str | None = "bob") -> None:
        self._act("MergedEvent", at, actor=account(by))
        self.close(at, by)
        self.node.update(state="MERGED", mergedAt=show_instant(at), mergedBy=account(by))

    def checks(self, contexts: Sequence[Node], state: str | None = None) -> None:
        """The head's checks and what they come to; GitHub does not move `updatedAt` for them."""
        rollup = {"state": state or _rolled_up(contexts), "contexts": list(contexts)} if contexts else None
        self.node["commits"] = [{"commit": {"oid": self.node["headRefOid"], "statusCheckRollup": rollup}}]

    def conflict(self, mergeable: str = "CONFLICTING") -> None:
        self.node["mergeable"] = mergeable


def _note(asked: list[str], name: str, *, removed: bool) -> None:
    asked[:] = [other for other in asked if other != name] + ([] if removed else [name])


def _rolled_up(contexts: Sequence[Node]) -> str:
    outcomes = {context.get("conclusion") or context.get("state") or "PENDING" for context in contexts}
    if outcomes & {"FAILURE", "TIMED_OUT", "CANCELLED", "ERROR"}:
        return "FAILURE"
    return "PENDING" if "PENDING" in outcomes else "SUCCESS"


class FakeRepo:
    """A repository with its pull requests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pulls: dict[int, FakePull] = {}
        self.hooks: list[Node] = []
        self.archived = False
        self.collaborators: set[str] | None = None
        """Who may be asked for a review, people and teams; None for anybody."""
        self.commits: list[Node] = []
        """As the REST API shows them, oldest first."""
        self.permissions = {"pull": True, "push": False, "admin": False}

    def pull(
        self, number: int, at: int, author: str | None = "bob", *, draft: bool = False, title: str = "Fix rounding"
    ) -> FakePull:
        """Open one."""
        made = self.pulls[number] = FakePull(self.name, number, author, at, draft=draft, title=title)
        return made

    def commit(self, login: str | None, email: str) -> None:
        """`login` is the account that GitHub knows the address of; None where it knows none."""
        signed = {"name": "Somebody", "email": email}
        self.commits.append({"author": {"login": login} if login else {}, "commit": {"author": signed}})
