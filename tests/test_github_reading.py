"""Reading pull requests, issues and releases in one go: what it costs, and what it does without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGithub

from bot.flow.events import parse_instant
from bot.flow.shipped import Release
from bot.hosts.github.api import Github
from bot.hosts.github.history import Page, Releases, read_repo

NINE = parse_instant("2026-03-02T09:00:00Z")
HOUR, DAY = 3600, 86400
REPO = "acme/shop"


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.repo(REPO)
        yield server


@pytest.fixture
def github(server: FakeGithub) -> Iterator[Github]:
    github = Github(server.url, token="t0ken", now=lambda: NINE + DAY, sleep=lambda seconds: None)
    yield github
    github.close()


def read(github: Github, since: int | None = None, cursor: dict[str, Any] | None = None) -> list[Page]:
    return list(read_repo(github, REPO, since, cursor, oldest=NINE - 90 * DAY))


def fill(server: FakeGithub) -> None:
    for number in range(1, 61):
        server.repo(REPO).pull(number, NINE + number)
    for number in range(61, 121):
        server.repo(REPO).pull(number, NINE).merge(NINE + number * HOUR)


def items(pages: list[Page]) -> list[int]:
    return sorted(item for page in pages for item in page.items)


def fill_both(server: FakeGithub, each: int = 100) -> None:
    repo = server.repo(REPO)
    for number in range(1, each + 1):
        repo.pull(number, NINE + number)
        repo.issue(1000 + number, NINE + number)


def test_100_open_issues_and_100_open_pull_requests_cost_four_calls(server: FakeGithub, github: Github) -> None:
    fill_both(server)
    pages = read(github, NINE + DAY)
    assert [len(page.items) for page in pages] == [75, 75, 25, 25]
    assert [page.calls for page in pages] == [1, 1, 1, 1]
    assert len(server.calls) == 4


def test_50_issues_alone_cost_one_call(server: FakeGithub, github: Github) -> None:
    for number in range(1, 101):
        server.repo(REPO).issue(number, NINE + number)
    assert [len(page.items) for page in read(github, NINE + DAY)] == [50, 50]
    assert len(server.calls) == 2


def test_issues_that_are_over_are_read_as_far_back_as_asked(server: FakeGithub, github: Github) -> None:
    repo = server.repo(REPO)
    for number in range(1, 61):
        repo.issue(number, NINE).close(NINE + number * HOUR, reason="completed")
    repo.issue(99, NINE - 500 * DAY)
    repo.issue(98, NINE - 500 * DAY).close(NINE - 400 * DAY)
    assert items(read(github)) == [*range(1, 61), 99]
    assert items(read(github, NINE + 58 * HOUR)) == [58, 59, 60, 99]


def test_a_reading_of_both_goes_on_where_it_stopped(server: FakeGithub, github: Github) -> None:
    fill_both(server, 60)
    fill(server)
    for number in range(2001, 2041):
        server.repo(REPO).issue(number, NINE).close(NINE + number)
    whole = [page.items for page in read(github)]
    assert len(whole) > 3
    for stop in range(1, len(whole)):
        reading = read_repo(github, REPO, None, oldest=NINE - 90 * DAY)
        before = [next(reading) for _ in range(stop)]
        after = read(github, None, json.loads(json.dumps(before[-1].cursor)))
        assert [page.items for page in before + after] == whole
    read_once = [item for items in whole for item in items]
    assert sorted(read_once) == [*range(1, 121), *range(1001, 1061), *range(2001, 2041)]


def test_a_cursor_of_an_older_version_leads_on(server: FakeGithub, github: Github) -> None:
    fill(server)
    cursor = {"floor": NINE, "began": NINE + DAY, "left": ["open"], "open": "000012", "changed": None}
    assert items(read(github, None, cursor)) == list(range(1, 61))


# What the token may not see


@pytest.mark.parametrize("refusing", [set(), {"boards"}, {"issues"}, {"releases"}, {"boards", "issues", "releases"}])
def test_a_reading_goes_on_without_what_the_token_may_not_see(
    server: FakeGithub, github: Github, refusing: set[str]
) -> None:
    fill_both(server, 60)
    repo = server.repo(REPO)
    repo.issues[1001].move("QA", NINE + HOUR)
    repo.pulls[1].comment("alice", NINE + HOUR)
    for second in range(120):
        repo.pulls[2].comment("alice", NINE + second)
    repo.release(1, "v1", NINE, NINE + HOUR)
    server.refusing = refusing
    pages = read(github)
    assert items(pages) == [*range(1, 61), *([] if "issues" in refusing else range(1001, 1061))]
    assert any(event.kind == "status_changed" for page in pages for event in page.events) != bool(
        refusing & {"boards", "issues"}
    )
    assert all((page.releases is None) == ("releases" in refusing) for page in pages)
    assert len(server.calls) == len(pages) + 1 + len(refusing)
    server.calls.clear()
    read(github)
    assert len(server.calls) == len(pages) + 1


def test_a_server_that_is_too_old_for_boards_is_read_without_them(server: FakeGithub, github: Github) -> None:
    server.repo(REPO).pull(12, NINE)
    unknown = "No such type ProjectV2ItemStatusChangedEvent, so it can't be a fragment condition"
    told = {"errors": [{"path": ["fragment Timeline"], "extensions": {"code": "undefinedType"}, "message": unknown}]}
    server.fail(200, body=told)
    assert items(read(github)) == [12]
    assert "projectItems" not in server.queries[-1].query


def test_a_card_that_the_token_may_not_see_hides_no_item(server: FakeGithub, github: Github) -> None:
    server.repo(REPO).pull(12, NINE)
    hidden = {"type": "FORBIDDEN", "path": ["repository", "open", "nodes", 0, "projectItems"], "message": "Forbidden"}
    shown = {"open": {"nodes": [None], "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    server.fail(200, body={"data": {"repository": shown}, "errors": [hidden]})
    assert items(read(github)) == [12]


def test_what_was_refused_is_tried_again_after_an_hour(server: FakeGithub) -> None:
    at = [NINE + DAY]
    github = Github(server.url, token="t0ken", now=lambda: at[0], sleep=lambda seconds: None)
    server.repo(REPO).issue(7, NINE)
    server.refusing = {"issues"}
    assert [page.items for page in read(github)] == [[]]
    server.refusing = set()
    assert [page.items for page in read(github)] == [[]]
    at[0] += 2 * HOUR
    assert [page.items for page in read(github)] == [[7]]
    github.close()


def test_releases_are_told_with_the_branch_they_are_made_of(server: FakeGithub, github: Github) -> None:
    repo = server.repo(REPO)
    repo.release(1, "v1", NINE, NINE + HOUR)
    repo.release(2, "v2", NINE + DAY, NINE + DAY, prerelease=True)
    repo.release(3, "v3", NINE + DAY, NINE + DAY, draft=True)
    (page,) = read(github)
    assert page.releases == Releases(
        (
            Release(2, "v2", True, NINE + DAY, NINE + DAY, "bob"),
            Release(1, "v1", False, NINE, NINE + HOUR, "bob"),
        ),
        "main",
        0,
    )
    for id in range(4, 60):
        repo.release(id, f"v{id}", NINE + id * HOUR, NINE + id * HOUR)
    (page,) = read(github)
    assert page.releases is not None
    assert (len(page.releases.found), page.releases.since) == (50, NINE + 10 * HOUR)
