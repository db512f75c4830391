"""Reading GitHub page by page: what it costs, where it goes on, and what it does in trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGithub, Fault
from fake_github_model import FakePull

from bot.flow.events import parse_instant
from bot.hosts.github.api import Github
from bot.hosts.github.errors import Denied, Gone, StaleCursor, Unreachable
from bot.hosts.github.history import Page, read_items, read_repo
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
HOUR, DAY = 3600, 86400
REPO = "acme/shop"
USED_UP = {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NINE + DAY + 30)}


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.repo(REPO)
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def github(server: FakeGithub, slept: list[float]) -> Iterator[Github]:
    github = Github(server.url, token="t0ken", now=lambda: NINE + DAY, sleep=slept.append)
    yield github
    github.close()


def opened(server: FakeGithub, number: int = 12, at: int = NINE, **how: Any) -> FakePull:
    return server.repo(REPO).pull(number, at, **how)


def read(github: Github, since: int | None = None, cursor: dict[str, Any] | None = None) -> list[Page]:
    return list(read_repo(github, REPO, since, cursor, oldest=NINE - 90 * DAY))


def the_item(github: Github) -> Snapshot:
    (page,) = read(github)
    (shown,) = page.snapshots
    return shown


def test_25_open_pull_requests_cost_one_call(server: FakeGithub, github: Github) -> None:
    for number in range(1, 101):
        opened(server, number, NINE + number).request("alice", NINE + HOUR)
    pages = read(github, NINE + DAY)
    assert [len(page.items) for page in pages] == [25, 25, 25, 25]
    assert [page.calls for page in pages] == [1, 1, 1, 1]
    assert len(server.calls) == 4


def test_points_are_counted(server: FakeGithub, github: Github) -> None:
    server.cost = 17
    pull = opened(server)
    for n in range(150):
        pull.comment("alice", NINE + n)
    (page,) = read(github)
    assert (page.calls, page.points) == (2, 34)


def test_what_is_over_is_read_as_far_back_as_asked(server: FakeGithub, github: Github) -> None:
    for number in range(1, 61):
        opened(server, number, NINE).merge(NINE + number * HOUR)
    opened(server, 99, NINE - 500 * DAY)
    assert sorted(item for page in read(github) for item in page.items) == [*range(1, 61), 99]
    before = len(server.calls)
    since = sorted(item for page in read(github, NINE + 58 * HOUR) for item in page.items)
    assert since == [58, 59, 60, 99]
    assert len(server.calls) == before + 1


def test_long_lists_are_read_to_their_end(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    for n in range(230):
        pull.comment("alice", NINE + n)
    for n in range(135):
        pull.review("carol", "COMMENTED", NINE + 1000 + n)
    pull.review("dave", "COMMENTED", NINE + 2000, comments=range(NINE + 1500, NINE + 1645))
    kinds = [event.kind for event in the_item(github).events]
    assert (kinds.count("commented"), kinds.count("review_submitted")) == (230 + 145, 136)


def fill(server: FakeGithub) -> None:
    for number in range(1, 61):
        opened(server, number, NINE + number)
    for number in range(61, 121):
        opened(server, number, NINE).merge(NINE + number * HOUR)


def test_a_reading_goes_on_where_it_stopped(server: FakeGithub, github: Github) -> None:
    fill(server)
    whole = [page.items for page in read(github)]
    for stop in range(1, len(whole)):
        reading = read_repo(github, REPO, None, oldest=NINE - 90 * DAY)
        before = [next(reading) for _ in range(stop)]
        cursor = json.loads(json.dumps(before[-1].cursor))
        after = read(github, None, cursor)
        assert [page.items for page in before + after] == whole
        assert after[-1].done
        assert after[-1].cursor["began"] == NINE + DAY
    assert sorted(item for items in whole for item in items) == list(range(1, 121))
    assert read(github, None, after[-1].cursor) == []


def test_a_place_that_github_forgot_is_read_from_the_start(server: FakeGithub, github: Github) -> None:
    fill(server)
    first = next(read_repo(github, REPO, None, oldest=NINE))
    forgotten = {"data": None, "errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "`x` is not a cursor"}]}
    server.fail(200, body=forgotten)
    items = {item for page in read(github, None, first.cursor) for item in page.items}
    assert items == set(range(1, 121))
    server.fail(200, times=9, body=forgotten)
    with pytest.raises(StaleCursor):
        read(github, None, first.cursor)


def test_items_are_read_by_number_and_those_that_are_none_are_left_out(server: FakeGithub, github: Github) -> None:
    for number in range(1, 31):
        opened(server, number)
    found = read_items(github, REPO, [*range(1, 29), 404])
    assert [shown.item for shown in found] == list(range(1, 29))
    assert len(server.calls) == 2


def test_items_read_by_number_are_read_to_the_end_of_their_lists(server: FakeGithub, github: Github) -> None:
    opened(server, 1)
    pull = server.repo(REPO).pulls[1]
    for second in range(150):
        pull.comment("bob", NINE + second)
    pull.request("alice", NINE + 200)
    (shown,) = read_items(github, REPO, [1])
    assert len(shown.events) == 152
    assert shown.events[-1].kind == "review_requested"


# Trouble


def test_what_is_too_large_for_github_is_asked_for_in_smaller_pages(server: FakeGithub, github: Github) -> None:
    fill(server)
    server.most = 7
    pages = read(github)
    assert sorted(item for page in pages for item in page.items) == list(range(1, 121))
    assert pages[0].calls == 3
    assert {call.variables["openFirst"] for call in server.queries} == {25, 12, 6}


def test_a_query_that_timed_out_within_github_is_asked_for_in_smaller_pages(server: FakeGithub, github: Github) -> None:
    opened(server)
    gave_up = "Something went wrong while executing your query. This may be the result of a timeout."
    server.fail(200, body={"data": None, "errors": [{"message": gave_up}]})
    assert the_item(github).item == 12
    assert [call.variables["openFirst"] for call in server.queries] == [25, 12]


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"status": 200, "cut": True, "body": {"data": {}}}]
)
def test_passing_trouble_passes(server: FakeGithub, github: Github, slept: list[float], fault: dict[str, Any]) -> None:
    opened(server)
    server.fail(times=2, **fault)
    assert the_item(github).item == 12
    assert slept == [2, 4]


def test_trouble_in_the_middle_of_a_long_item_loses_nothing(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    for n in range(150):
        pull.comment("alice", NINE + n)
    server.faults += [fault_on("MoreTimeline"), fault_on("MoreTimeline")]
    assert len(the_item(github).events) == 151


def fault_on(query: str) -> Fault:
    return Fault(502, only=lambda call: f"query {query}(" in call.query)


@pytest.mark.parametrize(
    ("status", "headers", "message", "waited"),
    [
        (403, {"retry-after": "17"}, "You have exceeded a secondary rate limit", 17),
        (429, {"retry-after": "5"}, "Too many", 5),
        (403, {}, "You have exceeded a secondary rate limit", 60),
        (403, USED_UP, "API rate limit exceeded", 31),
    ],
)
def test_a_limit_is_waited_for_as_long_as_github_asks(
    server: FakeGithub,
    github: Github,
    slept: list[float],
    status: int,
    headers: dict[str, str],
    message: str,
    waited: int,
) -> None:
    opened(server)
    server.fail(status, headers=headers, body={"message": message})
    assert the_item(github).item == 12
    assert slept == [waited]


def test_a_long_wait_is_left_to_the_caller(server: FakeGithub, github: Github, slept: list[float]) -> None:
    server.fail(403, headers={"retry-after": "900"}, body={"message": "secondary rate limit"})
    with pytest.raises(Unreachable) as trouble:
        read(github)
    assert (trouble.value.retry_after, slept) == (900, [])


def test_a_limit_told_by_graphql_is_waited_for(server: FakeGithub, github: Github, slept: list[float]) -> None:
    opened(server)
    server.fail(200, body={"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user"}]})
    assert the_item(github).item == 12
    assert slept == [60]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "Bad credentials"}, Denied),
        (403, {"message": "Resource not accessible by integration"}, Denied),
        (404, {"message": "Not Found"}, Gone),
        (200, {"data": {"repository": None}, "errors": [{"type": "FORBIDDEN", "message": "SAML"}]}, Denied),
        (200, {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "No repo"}]}, Gone),
    ],
)
def test_permanent_trouble_is_told_at_once_in_one_line_without_the_token(
    server: FakeGithub, github: Github, slept: list[float], status: int, body: dict[str, Any], error: type[Exception]
) -> None:
    server.fail(status, body=body)
    with pytest.raises(error) as trouble:
        read(github)
    assert slept == []
    assert "\n" not in str(trouble.value)
    assert "t0ken" not in str(trouble.value)


def test_a_repository_that_is_not_there_is_gone(github: Github) -> None:
    with pytest.raises(Gone):
        list(read_repo(github, "acme/none", None, oldest=NINE))


def test_parts_that_the_token_may_not_see_are_passed_over(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.review("alice", "APPROVED", NINE + 9)["onBehalfOf"] = [None]
    pull.request("x", NINE + 10)
    pull.timeline[-1]["requestedReviewer"] = None
    assert [event.kind for event in the_item(github).events] == ["opened", "review_submitted"]


def test_an_item_that_cannot_be_read_is_named_and_the_others_come(server: FakeGithub, github: Github) -> None:
    opened(server, 11).node["url"] = "https://github.com/acme/shop/pull/11"
    opened(server, 12).node["createdAt"] = "yesterday"
    (page,) = read(github)
    assert (page.items, page.unreadable) == ([11], (12,))


def test_nobody_answers(github: Github, server: FakeGithub, slept: list[float]) -> None:
    server.fail(500, times=9)
    with pytest.raises(Unreachable):
        read(github)
    assert slept == [2, 4, 8]
