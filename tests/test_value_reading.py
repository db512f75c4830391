"""Milestones and parent issues: what GitHub's history says of them, and that webhooks tell the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_github_model import FakeIssue, FakeRepo

from bot.flow.events import FlowEvent, parse_instant
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.hosts.github.history import read_repo
from bot.hosts.github.missing import missing_events
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
NOW = NINE + 30 * 86400
REPO, SECRET = "acme/shop", "secret"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.fixture
def issue() -> FakeIssue:
    return FakeIssue(REPO, 7, "carol", NINE, "Totals are off")


def shown(server: FakeGithub, issue: FakeIssue) -> Snapshot:
    server.repos[REPO] = FakeRepo(REPO)
    server.repo(REPO).issues = {issue.number: issue}
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    pages = list(read_repo(github, REPO, None, oldest=NINE - 86400))
    github.close()
    return pages[0].snapshots[0]


def heard(event: str, payload: dict[str, Any]) -> tuple[FlowEvent, ...]:
    return parse(*gh.signed(SECRET, event, payload), NOW).events


def with_milestone(payload: dict[str, Any], title: str, of: str = "issue") -> dict[str, Any]:
    payload[of]["milestone"] = {"title": title, "number": 1}
    return payload


def test_a_milestone_is_set_and_taken_off_by_both_roads(server: FakeGithub, issue: FakeIssue) -> None:
    issue.set_milestone("Spring", NINE + 1)
    issue.set_milestone("Spring", NINE + 2, removed=True)
    told = [
        *heard("issues", gh.issue("opened", 7, REPO, "carol", title="Totals are off")),
        *heard("issues", with_milestone(gh.issue("milestoned", 7, REPO, "bob", author="carol", at=NINE + 1), "Spring")),
        *heard(
            "issues",
            gh.issue("demilestoned", 7, REPO, "bob", author="carol", at=NINE + 2) | {"milestone": {"title": "Spring"}},
        ),
    ]
    assert told == list(shown(server, issue).events)
    assert [(event.kind, event.id, event.data) for event in told[1:]] == [
        ("milestoned", "milestoned:7:Spring:2026-03-02T09:00:01Z", {"milestone": "Spring"}),
        ("demilestoned", "demilestoned:7:Spring:2026-03-02T09:00:02Z", {"milestone": "Spring"}),
    ]


def test_a_milestone_of_a_pull_request_is_told_too() -> None:
    payload = with_milestone(gh.pull_request("milestoned", at=NINE + 1), "Spring", "pull_request")
    (event,) = heard("pull_request", payload)
    assert (event.kind, event.data) == ("milestoned", {"milestone": "Spring"})


def test_what_was_opened_with_a_milestone_says_so(server: FakeGithub, issue: FakeIssue) -> None:
    issue.node["milestone"] = {"title": "Spring"}
    (opened,) = shown(server, issue).events
    assert opened.data["milestone"] == "Spring"
    (same,) = heard("issues", with_milestone(gh.issue("opened", 7, REPO, "carol", title="Totals are off"), "Spring"))
    assert same == opened


def test_a_milestone_that_was_taken_off_first_was_there_at_the_opening(server: FakeGithub, issue: FakeIssue) -> None:
    issue.set_milestone("Spring", NINE + 1, removed=True)
    assert shown(server, issue).events[0].data["milestone"] == "Spring"


def test_a_parent_issue_is_told_alike_by_both_roads(server: FakeGithub, issue: FakeIssue) -> None:
    above = FakeIssue("acme/plans", 3, "carol", NINE, "Checkout")
    issue.part_of(above, NINE + 1)
    issue.part_of(above, NINE + 2, removed=True)
    events = shown(server, issue).events[1:]
    told = [
        *heard("sub_issues", gh.sub_issue("parent_issue_added", parent_repo="acme/plans", at=NINE + 1)),
        *heard("sub_issues", gh.sub_issue("parent_issue_removed", parent_repo="acme/plans", at=NINE + 2)),
    ]
    assert told == list(events)
    assert [(event.kind, event.id, event.data) for event in events] == [
        ("parent_added", "parent_added:7:acme/plans#3:2026-03-02T09:00:01Z", {"parent": 3, "in": "acme/plans"}),
        ("parent_removed", "parent_removed:7:acme/plans#3:2026-03-02T09:00:02Z", {"parent": 3, "in": "acme/plans"}),
    ]


def test_what_the_parents_repository_is_told_of_its_own_parts_is_the_same_event() -> None:
    told = [heard("sub_issues", gh.sub_issue(action, at=NINE)) for action in ("parent_issue_added", "sub_issue_added")]
    assert told[0] == told[1] != ()


def test_a_parent_of_the_same_repository_needs_no_name(server: FakeGithub, issue: FakeIssue) -> None:
    issue.part_of(FakeIssue(REPO, 3, "carol", NINE, "Checkout"), NINE + 1)
    assert shown(server, issue).events[1].data == {"parent": 3}


def test_the_parents_repository_is_told_nothing_of_its_own() -> None:
    assert heard("sub_issues", gh.sub_issue("sub_issue_added", parent_repo="acme/plans")) == ()


def test_the_same_act_a_few_seconds_apart_is_not_doubled(server: FakeGithub, issue: FakeIssue) -> None:
    issue.part_of(FakeIssue(REPO, 3, "carol", NINE, "Checkout"), NINE + 10)
    issue.set_milestone("Spring", NINE + 20)
    snapshot = shown(server, issue)
    late = [
        snapshot.events[0],
        *heard("sub_issues", gh.sub_issue(at=NINE + 12)),
        *heard(
            "issues", with_milestone(gh.issue("milestoned", 7, REPO, "bob", author="carol", at=NINE + 23), "Spring")
        ),
    ]
    assert missing_events(late, snapshot, NOW) == []


def test_a_server_that_knows_no_parent_issues_is_read_without_them(server: FakeGithub, issue: FakeIssue) -> None:
    unknown = "Argument 'issueTypes' has an invalid value: PARENT_ISSUE_ADDED_EVENT"
    server.fail(200, body={"errors": [{"message": unknown}]})
    issue.part_of(FakeIssue(REPO, 3, "carol", NINE, "Checkout"), NINE + 1)
    issue.set_milestone("Spring", NINE + 2)
    assert [event.kind for event in shown(server, issue).events] == ["opened", "milestoned"]
    assert "ParentIssue" not in server.queries[-1].query
