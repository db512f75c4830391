"""Issue types and branches: what GitHub's history says of them, and that webhooks tell the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import github_payloads as gh
import pytest
from fake_github import FakeGithub
from fake_github_model import FakeIssue, FakeRepo

from bot.flow.events import BadEvent, FlowEvent, from_record, parse_instant, to_record, unique
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
def repo(server: FakeGithub) -> FakeRepo:
    server.repos[REPO] = FakeRepo(REPO)
    return server.repo(REPO)


@pytest.fixture
def issue(repo: FakeRepo) -> FakeIssue:
    return repo.issue(7, NINE)


def shown(server: FakeGithub) -> Snapshot:
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    found = [one for page in read_repo(github, REPO, None, oldest=NINE - 86400) for one in page.snapshots]
    github.close()
    return found[0]


def heard(event: str, payload: dict[str, Any]) -> tuple[FlowEvent, ...]:
    return parse(*gh.signed(SECRET, event, payload), NOW).events


def typed(action: str, name: str, at: int) -> dict[str, Any]:
    kind = {"id": 1, "name": name, "color": "red", "description": None, "is_enabled": True}
    return gh.issue(action, 7, REPO, "bob", author="carol", at=at) | {"type": kind}


def test_an_issue_type_is_set_changed_and_taken_away_by_both_roads(server: FakeGithub, issue: FakeIssue) -> None:
    issue.file_as("Bug", NINE + 1)
    issue.file_as("Feature", NINE + 2)
    issue.file_as(None, NINE + 3)
    told = [
        *heard("issues", gh.issue("opened", 7, REPO, "carol", title="Totals are off")),
        *heard("issues", typed("typed", "Bug", NINE + 1)),
        *heard("issues", typed("typed", "Feature", NINE + 2)),
        *heard("issues", typed("untyped", "Feature", NINE + 3)),
    ]
    assert told == list(shown(server).events)
    assert [(event.kind, event.id, event.data) for event in told[1:]] == [
        ("issue_type_changed", "issue_type_changed:7:Bug:2026-03-02T09:00:01Z", {"to": "Bug"}),
        ("issue_type_changed", "issue_type_changed:7:Feature:2026-03-02T09:00:02Z", {"to": "Feature"}),
        ("issue_type_changed", "issue_type_changed:7::2026-03-02T09:00:03Z", {"to": None}),
    ]
    assert missing_events(told, shown(server), NOW) == []


def test_what_was_opened_as_an_issue_type_says_so(server: FakeGithub, issue: FakeIssue) -> None:
    issue.node["issueType"] = {"name": "Bug"}
    (opened,) = shown(server).events
    assert opened.data["issue_type"] == "Bug"
    payload = gh.issue("opened", 7, REPO, "carol", title="Totals are off")
    payload["issue"]["type"] = {"id": 1, "name": "Bug"}
    assert heard("issues", payload) == (opened,)


def test_an_issue_type_that_was_changed_first_was_there_at_the_opening(server: FakeGithub, issue: FakeIssue) -> None:
    issue.node["issueType"] = {"name": "Bug"}
    issue.file_as("Feature", NINE + 1)
    assert shown(server).events[0].data["issue_type"] == "Bug"


def test_a_server_that_knows_no_issue_types_is_read_without_them(server: FakeGithub, issue: FakeIssue) -> None:
    unknown = "Field 'issueType' doesn't exist on type 'Issue'"
    told = {"errors": [{"path": ["fragment IssueItem"], "extensions": {"code": "undefinedField"}, "message": unknown}]}
    server.fail(200, body=told)
    assert shown(server).item == 7
    assert "issueType {" not in server.queries[-1].query


def test_a_pull_request_s_branch_is_told_by_both_roads(server: FakeGithub, repo: FakeRepo) -> None:
    pull = repo.pull(12, NINE, "bob")
    (opened,) = shown(server).events
    assert opened.data["branch"] == "rounding"
    payload = gh.pull_request("opened", head=pull.node["headRefOid"], title=pull.node["title"])
    (told,) = heard("pull_request", payload)
    assert told.data["branch"] == "rounding"


def test_an_opening_that_was_read_before_branches_were_comes_again_with_its_branch(
    server: FakeGithub, repo: FakeRepo
) -> None:
    repo.pull(12, NINE, "bob")
    snapshot = shown(server)
    (opened,) = snapshot.events
    old = opened._replace(data={key: value for key, value in opened.data.items() if key != "branch"})
    (better,) = missing_events([old], snapshot, NOW)
    assert better == opened
    assert unique([old, better]) == unique([better, old]) == [opened]
    assert missing_events([opened], snapshot, NOW) == []


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({"kind": "typed"}, "'type' of a typed event is None; feature, defect, risk, debt are allowed, and null"),
        ({"kind": "typed", "type": "bug"}, "'type' of a typed event is 'bug'; feature, defect, risk, debt"),
        ({"kind": "issue_type_changed"}, "'to' of an issue type's change is None; its name, or null for none"),
        ({"kind": "issue_type_changed", "to": 3}, "'to' of an issue type's change is 3"),
    ],
)
def test_an_event_that_says_no_type_is_refused(own: dict[str, Any], fault: str) -> None:
    line = {"host": "github", "repo": REPO, "item": 7, "id": "1", "at": "2026-03-02T09:00:00Z", "actor": "alice", **own}
    with pytest.raises(BadEvent, match="^" + fault.replace("(", r"\(")):
        from_record(line)


def test_what_a_person_said_is_exported_and_imported_unchanged() -> None:
    line = {
        "host": "github", "repo": REPO, "item": 7, "id": "1", "at": "2026-03-02T09:00:00Z", "kind": "typed",
        "actor": "alice", "actor_type": "User", "type": None,
    }  # fmt: skip
    assert to_record(from_record(dict(line))) == line
