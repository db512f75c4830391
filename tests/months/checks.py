"""What checks come to on each head, as the host tells of it and shows it; and what of that can be known when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import github_payloads as gh
from fake_github_model import Node, check_run, status
from github_payloads import Payload

from bot.flow.events import FlowEvent, flow_event
from months.hours import Span

RED, GREEN = "checks_failed", "checks_passed"
FOREVER = 2**40


class Result(NamedTuple):
    """How the one check that a repository has ended on a head; `failed` is None as long as it runs."""

    sha: str
    failed: bool | None
    at: int


def delivery(kind: str, repo: str, number: int, result: Result) -> Payload:
    """As the host tells of it: a `check_run`, or a `status`, which names no pull request."""
    if kind == "status":
        state = "failure" if result.failed else "success"
        return gh.status(state, repo, sha=result.sha, at=result.at)
    conclusion = "failure" if result.failed else "success"
    return gh.check_run(repo=repo, conclusion=conclusion, sha=result.sha, numbers=(number,), at=result.at)


def shown(kind: str, result: Result) -> Node:
    """As the API shows it."""
    if kind == "status":
        states = {None: "PENDING", True: "FAILURE", False: "SUCCESS"}
        return status("ci/build", states[result.failed], result.at)
    conclusions = {None: None, True: "FAILURE", False: "SUCCESS"}
    return check_run("unit tests", conclusions[result.failed], result.at)


@dataclass
class KnownChecks:
    """Of one item: what was told of its heads and what was read, and whether it is known to be red since when."""

    repo: str
    number: int
    told: dict[str, Result] = field(default_factory=dict)
    red: bool = False
    last: int = 0
    turned: int = 0

    def hear(self, result: Result) -> None:
        """A delivery; what is older than what is known of that head says nothing."""
        if result.sha not in self.told or self.told[result.sha].at < result.at:
            self.told[result.sha] = result

    def turn(self, head: str | None, now: int, *, read: bool = False) -> FlowEvent | None:
        """What the head's result, where it has one, changes; one that was `read` late is dated when it was seen."""
        result = self.told.get(head or next(iter(self.told), ""))
        if result is None or bool(result.failed) == self.red or result.failed is None:
            return None
        late = result.at <= self.last
        at = now if late and read else max(result.at, self.last + 1)
        self.red, self.last, self.turned = result.failed, at, self.turned + 1
        return fact_of(self.repo, self.number, f"checks{self.turned:03}", at, failed=result.failed)


def fact_of(repo: str, number: int, id: str, at: int, *, failed: bool) -> FlowEvent:
    return flow_event(repo=repo, item=number, id=id, at=at, kind=RED if failed else GREEN, actor=None)


def head_of(known: Sequence[FlowEvent]) -> str | None:
    """The head as far as these facts, in order, tell."""
    own: dict[str, Any] = {"opened": "head", "pushed": "sha"}
    return next((fact.data[own[fact.kind]] for fact in reversed(known) if fact.kind in own), None)


def red_spans(known: Iterable[FlowEvent]) -> list[Span]:
    """When it was red, by facts in order; what is not over ends never."""
    found: list[Span] = []
    since: int | None = None
    for fact in known:
        if fact.kind == RED and since is None:
            since = fact.at
        elif fact.kind == GREEN and since is not None:
            found.append((since, fact.at))
            since = None
    return [*found, (since, FOREVER)] if since is not None else found
