"""The code host: every act is kept three times, as the API shows it, as a delivery, and as the fact that it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import github_payloads as gh
import httpx
from fake_github import Call, FakeGithub
from fake_github_model import FakeIssue, FakePull
from github_payloads import Payload, signed

from bot.flow.events import FlowEvent, flow_event, show_instant
from months import checks
from months.checks import Result

SECRET = "webhook-secret"
KEPT = 120
"""Days after its end for which the host shows an item."""


@dataclass
class Delivery:
    """What the host sends of one fact; `fact` is None where the ledger has no use for it."""

    item: Item
    fact: FlowEvent | None
    event: str
    payload: Payload
    number: int
    result: Result | None = None
    """What it tells of checks."""

    def request(self) -> tuple[dict[str, str], bytes]:
        return signed(SECRET, self.event, self.payload, delivery=f"delivery-{self.number}")


@dataclass
class Item:
    """A pull request or an issue, and all that is true of it."""

    repo: str
    number: int
    author: str
    title: str
    opened_at: int
    shown: FakePull | FakeIssue
    facts: list[FlowEvent] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    draft: bool = False
    head: str = gh.HEAD
    result: Result | None = None
    """Of the checks on the head."""
    ended_at: int | None = None
    touched: int = 0

    @property
    def key(self) -> tuple[str, int]:
        return self.repo, self.number

    @property
    def about(self) -> dict[str, Any]:
        """As payloads show it."""
        return {"number": self.number, "repo": self.repo, "author": self.author, "title": self.title,
                "labels": self.labels, "opened_at": self.opened_at, "at": self.touched}  # fmt: skip


class Host:
    """`repos` says who may read one that is private, None for one that is public. `tell` is handed each delivery as it
    is made.
    """

    def __init__(self, repos: Mapping[str, set[str] | None], tell: Callable[[Delivery, int], None]) -> None:
        self.github = FakeGithub()
        self.items: dict[tuple[str, int], Item] = {}
        self._tell = tell
        self._numbers = dict.fromkeys(repos, 0)
        self._told = 0
        self._versions = dict.fromkeys(repos, 0)
        self._known: dict[str, tuple[int, dict[str, bytes]]] = {}
        for name, readers in repos.items():
            made = self.github.repo(name)
            made.private, made.collaborators = readers is not None, readers

    # What people do. Every act has a second of its own in its item.

    def open(self, repo: str, author: str, at: int, *, draft: bool = False) -> Item:
        number = self._next(repo)
        title = self._titled("Change", repo, number)
        pull = self.github.repo(repo).pull(number, at, author, draft=draft, title=title)
        item = Item(repo, number, author, title, at, pull, draft=draft, touched=at - 1)
        self.items[item.key] = item
        item.head = pull.node["headRefOid"]
        own = {"type": "pull_request", "draft": draft, "title": title, "head": item.head}
        self._pull_request(item, "opened", author, self._instant(item, at), "opened", **own)
        return item

    def open_issue(self, repo: str, author: str, at: int) -> Item:
        number = self._next(repo)
        title = self._titled("Trouble", repo, number)
        issue = self.github.repo(repo).issue(number, at, author, title=title)
        item = Item(repo, number, author, title, at, issue, touched=at)
        self.items[item.key] = item
        self._deliver(item, None, "issues", gh.issue("opened", actor=author, **item.about), at)
        return item

    def close_issue(self, item: Item, by: str, at: int) -> None:
        at = item.ended_at = self._instant(item, at)
        item.shown.close(at, by)
        self._deliver(item, None, "issues", gh.issue("closed", actor=by, closed_at=at, **item.about), at)

    def request(self, item: Item, at: int, by: str, *, person: str | None = None, team: str | None = None) -> None:
        at, pull = self._instant(item, at), _pull(item)
        if person is not None:
            pull.request(person, at, by)
        if team is not None:
            pull.request_team(team, at, by)
        self._requested(item, at, by, {"reviewer": person} if person else {"team": team})

    def _requested(self, item: Item, at: int, by: str, whom: dict[str, Any], *, removed: bool = False) -> None:
        kind = "review_request_removed" if removed else "review_requested"
        self._pull_request(item, kind, by, at, kind, whom, **whom)

    def tell_of_moves(self, item: Item, at: int) -> None:
        """Of the requests that the API made and took back at an instant."""
        item.touched = at
        kinds = {"ReviewRequestedEvent": False, "ReviewRequestRemovedEvent": True}
        for entry in list(item.shown.timeline):
            if entry["__typename"] in kinds and entry["createdAt"] == show_instant(at):
                person, removed = entry["requestedReviewer"]["login"], kinds[entry["__typename"]]
                self._requested(item, at, self.github.login, {"reviewer": person}, removed=removed)

    def review(self, item: Item, who: str, state: str, at: int, teams: Sequence[str] = ()) -> None:
        at = self._instant(item, at)
        made = _pull(item).review(who, state.upper(), at, teams=teams)
        told = gh.review(
            actor=who, state=state, review_id=int(made["fullDatabaseId"]), submitted_at=at, head=item.head,
            draft=item.draft, **item.about,
        )  # fmt: skip
        self._deliver(item, self._fact(item, at, "review_submitted", who, state=state), "pull_request_review", told, at)

    def push(self, item: Item, who: str, at: int, *, force: bool = False) -> None:
        at = self._instant(item, at)
        item.head = f"{item.number:06x}-{at:x}"
        if force:
            _pull(item).force_push(item.head, at, who)
        else:
            _pull(item).push(item.head, at, who)
        self._pull_request(item, "synchronize", who, at, "pushed", sha=item.head)

    def begin_checks(self, item: Item, kind: str, at: int) -> None:
        """They run on the head; the host tells nobody."""
        item.result = Result(item.head, None, at)
        _pull(item).checks([checks.shown(kind, item.result)])
        self._versions[item.repo] += 1

    def end_checks(self, item: Item, kind: str, at: int, *, failed: bool) -> None:
        at = self._instant(item, at)
        item.result = Result(item.head, failed, at)
        _pull(item).checks([checks.shown(kind, item.result)])
        item.facts.append(checks.fact_of(item.repo, item.number, f"{len(item.facts):04}", at, failed=failed))
        self._deliver(item, None, kind, checks.delivery(kind, item.repo, item.number, item.result), at, item.result)

    def comment(self, item: Item, who: str, at: int) -> None:
        at = self._instant(item, at)
        made = item.shown.comment(who, at)
        on_issue = isinstance(item.shown, FakeIssue)
        told = gh.comment(
            number=item.number, repo=item.repo, actor=who, comment_id=int(made["fullDatabaseId"]), at=at,
            on_issue=on_issue,
        )  # fmt: skip
        told["issue"] |= {"user": gh.account(item.author), "title": item.title}
        fact = None if on_issue else self._fact(item, at, "commented", who)
        self._deliver(item, fact, "issue_comment", told, at)

    def turn_draft(self, item: Item, by: str, at: int, *, on: bool) -> None:
        at, item.draft = self._instant(item, at), on
        _pull(item).draft(at, on=on, by=by)
        kind = "converted_to_draft" if on else "ready_for_review"
        self._pull_request(item, kind, by, at, kind)

    def label(self, item: Item, name: str, by: str, at: int, *, on: bool) -> None:
        at = self._instant(item, at)
        item.labels = (*(one for one in item.labels if one != name), *((name,) if on else ()))
        (item.shown.label if on else item.shown.unlabel)(name, at, by)
        kind = "labeled" if on else "unlabeled"
        self._pull_request(item, kind, by, at, kind, {"label": name}, label=name)

    def queue(self, item: Item, by: str, at: int, *, out: bool = False) -> None:
        """Into the merge queue, or out of it without being merged."""
        at = self._instant(item, at)
        _pull(item).queue(at, out=out, by=by)
        self._pull_request(item, "dequeued" if out else "enqueued", by, at, "dequeued" if out else "queued")

    def merge(self, item: Item, by: str, at: int) -> None:
        at = item.ended_at = self._instant(item, at)
        _pull(item).merge(at, by)
        self._pull_request(item, "closed", by, at, "merged", {"closed_at": at, "merged_at": at})

    def close(self, item: Item, by: str, at: int) -> None:
        at = item.ended_at = self._instant(item, at)
        item.shown.close(at, by)
        self._pull_request(item, "closed", by, at, "closed", {"closed_at": at})

    def deploy(self, item: Item, by: str, at: int) -> None:
        told = gh.deployment_status(
            repo=item.repo, actor=by, sha=f"merge-of-{item.number}", deployment_id=self._told, at=at
        )
        self._deliver(item, None, "deployment_status", told, at)

    def forget(self, now: int) -> list[Item]:
        """Let go of what ended long ago."""
        old = [one for one in self.items.values() if one.ended_at is not None and one.ended_at < now - KEPT * 86_400]
        for item in old:
            repo = self.github.repos[item.repo]
            (repo.pulls if isinstance(item.shown, FakePull) else repo.issues).pop(item.number)
            del self.items[item.key]
        return old

    def _next(self, repo: str) -> int:
        self._numbers[repo] += 1
        return self._numbers[repo]

    def _titled(self, what: str, repo: str, number: int) -> str:
        """A title tells where it is from, where that is private."""
        return f"Secret {number} of {repo}" if self.github.repo(repo).private else f"{what} {number}"

    def _instant(self, item: Item, at: int) -> int:
        item.touched = max(at, item.touched + 1)
        return item.touched

    def _fact(self, item: Item, at: int, kind: str, actor: str, **own: Any) -> FlowEvent:
        actor_type = "Bot" if actor.endswith("[bot]") else "User"
        fact = flow_event(
            repo=item.repo, item=item.number, id=f"{len(item.facts):04}", at=at, kind=kind, actor=actor,
            actor_type=actor_type, **own,
        )  # fmt: skip
        item.facts.append(fact)
        return fact

    def _pull_request(
        self, item: Item, action: str, actor: str, at: int, kind: str, shown: dict[str, Any] | None = None, **own: Any
    ) -> None:
        told = gh.pull_request(action, actor=actor, head=item.head, draft=item.draft, **item.about, **(shown or {}))
        self._deliver(item, self._fact(item, at, kind, actor, **own), "pull_request", told, at)

    def _deliver(
        self, item: Item, fact: FlowEvent | None, event: str, payload: Payload, at: int, result: Result | None = None
    ) -> None:
        payload["repository"]["private"] = self.github.repo(item.repo).private
        self._told += 1
        self._versions[item.repo] += 1
        self._tell(Delivery(item, fact, event, payload, self._told, result), at)

    # What the program asks.

    def client(self) -> httpx.Client:
        """An HTTP client that reaches this host and nothing else."""
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content) if request.content else {}
        path = request.url.raw_path.decode()
        call = Call(
            request.method, path, request.headers.get("authorization", ""), asked.get("query", ""),
            asked.get("variables", {}), asked,
        )  # fmt: skip
        fault = self.github.fault(call)
        if fault is not None:
            return httpx.Response(fault.status, headers=fault.headers, json=fault.body)
        repo = f"{call.variables.get('owner')}/{call.variables.get('name')}"
        if call.query and repo in self._versions:
            return httpx.Response(200, content=self._read(repo, call), headers={"content-type": "application/json"})
        status, headers, told = self.github.answer(call)
        return httpx.Response(status, headers=headers, json=told) if status != 204 else httpx.Response(204)

    def _read(self, repo: str, call: Call) -> bytes:
        """What was asked of a repository in which nothing happened since is answered the same."""
        version, known = self._known.get(repo, (-1, {}))
        if version != self._versions[repo]:
            known = {}
            self._known[repo] = (self._versions[repo], known)
        question = json.dumps([call.query, call.variables])
        if question not in known:
            known[question] = json.dumps(self.github.answer(call)[2]).encode()
        return known[question]


def _pull(item: Item) -> FakePull:
    assert isinstance(item.shown, FakePull)
    return item.shown
