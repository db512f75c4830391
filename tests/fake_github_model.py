"""Repositories, pull requests and issues as GitHub's GraphQL API shows them, built act by act.

Instants are seconds since 1970.
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


class FakeItem:
    """An issue or a pull request; every act is an entry of its timeline and moves `updatedAt`."""

    def __init__(self, repo: str, kind: str, number: int, author: str | None, at: int, title: str) -> None:
        self.repo, self.number = repo, number
        path = "pull" if kind == "PullRequest" else "issues"
        self.node: Node = {
            "__typename": kind,
            "id": f"{'PR' if kind == 'PullRequest' else 'I'}_{repo}_{number}",
            "number": number,
            "title": title,
            "url": f"https://github.com/{repo}/{path}/{number}",
            "state": "OPEN",
            "createdAt": show_instant(at),
            "updatedAt": show_instant(at),
            "closedAt": None,
            "author": account(author),
            "repository": {"nameWithOwner": repo},
            "labels": [],
            "milestone": None,
            "timelineItems": [],
            "projectItems": [],
        }

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

    def comment(self, by: str | None, at: int) -> Node:
        return self._act("IssueComment", at, author=account(by), fullDatabaseId=str(next(_ids)))

    def label(self, name: str, at: int, by: str = "bob") -> None:
        self.node["labels"].append({"name": name})
        self._act("LabeledEvent", at, actor=account(by), label={"name": name})

    def unlabel(self, name: str, at: int, by: str = "bob") -> None:
        self.node["labels"] = [label for label in self.node["labels"] if label["name"] != name]
        self._act("UnlabeledEvent", at, actor=account(by), label={"name": name})

    def set_milestone(self, title: str, at: int, by: str = "bob", *, removed: bool = False) -> None:
        self.node["milestone"] = None if removed else {"title": title}
        self._act("DemilestonedEvent" if removed else "MilestonedEvent", at, actor=account(by), milestoneTitle=title)

    def assign(self, login: str, at: int, by: str = "bob", *, removed: bool = False) -> None:
        self._act("UnassignedEvent" if removed else "AssignedEvent", at, actor=account(by), assignee=account(login))

    def rename(self, title: str, at: int, by: str = "bob") -> None:
        was, self.node["title"] = self.node["title"], title
        self._act("RenamedTitleEvent", at, actor=account(by), previousTitle=was, currentTitle=title)

    def reopen(self, at: int, by: str = "bob") -> None:
        self.node.update(state="OPEN", closedAt=None)
        self._act("ReopenedEvent", at, actor=account(by))

    def close(self, at: int, by: str | None = "bob", reason: str | None = None) -> None:
        self.node.update(state="CLOSED", closedAt=show_instant(at))
        self._act("ClosedEvent", at, actor=account(by), stateReason=reason and reason.upper())

    def move(self, column: str | None, at: int, by: str = "bob", board: str = "PVT_1") -> str | None:
        """To a column of a board; where it was. GitHub does not move `updatedAt` for it."""
        card = next((card for card in self.node["projectItems"] if card["project"]["id"] == board), None)
        if card is None:
            card = {"project": {"id": board}, "status": None}
            self.node["projectItems"].append(card)
        was: str | None = card["status"] and card["status"]["name"]
        card["status"] = column and {
            "__typename": "ProjectV2ItemFieldSingleSelectValue", "name": column, "updatedAt": show_instant(at)
        }  # fmt: skip
        names = {"previousStatus": was or "", "status": column or ""}
        updated = self.node["updatedAt"]
        self._act("ProjectV2ItemStatusChangedEvent", at, actor=account(by), project={"id": board}, **names)
        self.node["updatedAt"] = updated
        return was

    @property
    def shown(self) -> Node:
        """As another item points to it."""
        kind = {"__typename": self.node["__typename"]}
        return {**kind, "number": self.number, "repository": {"nameWithOwner": self.repo}}


class FakeIssue(FakeItem):
    def __init__(self, repo: str, number: int, author: str | None, at: int, title: str) -> None:
        super().__init__(repo, "Issue", number, author, at, title)
        self.node["issueType"] = None

    def file_as(self, name: str | None, at: int, by: str = "bob") -> None:
        """Give it another issue type, or none."""
        was, to = self.node["issueType"], name and {"name": name}
        self.node["issueType"] = to
        before = {"prevIssueType": was} if was and to else {}
        typename = f"IssueType{'Changed' if before else 'Added' if to else 'Removed'}Event"
        self._act(typename, at, actor=account(by), issueType=to or was, **before)

    def part_of(self, issue: FakeIssue, at: int, by: str = "bob", *, removed: bool = False) -> None:
        typename = "ParentIssueRemovedEvent" if removed else "ParentIssueAddedEvent"
        self._act(typename, at, actor=account(by), parent=issue.shown)

    def mentioned(self, pull: FakePull, at: int, by: str = "bob", *, closes: bool = True) -> None:
        """A pull request's text speaks of it."""
        self._act("CrossReferencedEvent", at, actor=account(by), willCloseTarget=closes, source=pull.shown)


class FakePull(FakeItem):
    def __init__(self, repo: str, number: int, author: str | None, at: int, *, draft: bool, title: str) -> None:
        super().__init__(repo, "PullRequest", number, author, at, title)
        self.node |= {
            "isDraft": draft,
            "mergedAt": None,
            "mergedBy": None,
            "mergeCommit": None,
            "additions": 8,
            "deletions": 3,
            "baseRefName": "main",
            "headRefName": "rounding",
            "headRefOid": f"{number:06x}-first",
            "mergeable": "MERGEABLE",
            "reviews": [],
            "closingIssuesReferences": [],
        }
        self.people: list[str] = []
        self.teams: list[str] = []
        """Who is asked for a review now."""
        self.checks([])

    def closes(self, *issues: FakeIssue) -> None:
        """The issues that its text says to close, as it stands now."""
        self.node["closingIssuesReferences"] = [issue.shown for issue in issues]

    def connect(self, issue: FakeIssue, at: int, by: str = "bob", *, out: bool = False) -> None:
        """Link an issue by hand."""
        linked = [one for one in self.node["closingIssuesReferences"] if one != issue.shown]
        self.node["closingIssuesReferences"] = linked if out else [*linked, issue.shown]
        ends = {"source": self.shown, "subject": issue.shown}
        self._act("DisconnectedEvent" if out else "ConnectedEvent", at, actor=account(by), **ends)

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

    def draft(self, at: int, *, on: bool, by: str = "bob") -> None:
        self.node["isDraft"] = on
        self._act("ConvertToDraftEvent" if on else "ReadyForReviewEvent", at, actor=account(by))

    def queue(self, at: int, *, out: bool = False, by: str = "bob") -> None:
        self._act("RemovedFromMergeQueueEvent" if out else "AddedToMergeQueueEvent", at, actor=account(by))

    def deploy(self, environment: str, id: int, at: int, by: str = "bob") -> None:
        deployment = {"databaseId": id, "environment": environment}
        self._act("DeployedEvent", at, actor=account(by), deployment=deployment)

    def merge(self, at: int, by: str | None = "bob") -> None:
        self._act("MergedEvent", at, actor=account(by))
        self.close(at, by)
        made = {"oid": f"merge-of-{self.number}"}
        self.node.update(state="MERGED", mergedAt=show_instant(at), mergedBy=account(by), mergeCommit=made)

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
    """A repository with its pull requests, issues and releases."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pulls: dict[int, FakePull] = {}
        self.issues: dict[int, FakeIssue] = {}
        self.releases: list[Node] = []
        self.hooks: list[Node] = []
        self.archived, self.private = False, False
        self.collaborators: set[str] | None = None
        """Who may be asked for a review, people and teams; None for anybody."""
        self.assigned: dict[int, list[str]] = {}
        """Whom items were assigned to over the REST API, by number."""
        self.commits: list[Node] = []
        """As the REST API shows them, oldest first."""
        self.permissions = {"pull": True, "push": False, "admin": False}

    def rename(self, name: str) -> None:
        """Everything in it is shown by its new name."""
        for item in (*self.pulls.values(), *self.issues.values()):
            item.repo = name
            item.node["url"] = item.node["url"].replace(f"/{self.name}/", f"/{name}/")
            item.node["repository"]["nameWithOwner"] = name
        self.name = name

    def pull(
        self, number: int, at: int, author: str | None = "bob", *, draft: bool = False, title: str = "Fix rounding"
    ) -> FakePull:
        """Open one."""
        made = self.pulls[number] = FakePull(self.name, number, author, at, draft=draft, title=title)
        return made

    def issue(self, number: int, at: int, author: str | None = "carol", *, title: str = "Totals are off") -> FakeIssue:
        """Open one."""
        made = self.issues[number] = FakeIssue(self.name, number, author, at, title)
        return made

    def release(
        self, id: int, tag: str, cut: int, at: int, by: str = "bob", *, prerelease: bool = False, draft: bool = False
    ) -> None:
        """`cut` is when its commit was made."""
        named = {"databaseId": id, "tagName": tag, "isDraft": draft, "isPrerelease": prerelease}
        dates = {"createdAt": show_instant(at), "publishedAt": None if draft else show_instant(at)}
        commit = {"oid": f"of-{tag}", "committedDate": show_instant(cut)}
        self.releases.insert(0, {**named, **dates, "author": account(by), "tagCommit": commit})

    def commit(self, login: str | None, email: str) -> None:
        """`login` is the account that GitHub knows the address of; None where it knows none."""
        signed = {"name": "Somebody", "email": email}
        self.commits.append({"author": {"login": login} if login else {}, "commit": {"author": signed}})
