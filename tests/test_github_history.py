"""GitHub's history, read through GraphQL from a server of the tests' own, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import graphql as gql
import pytest
from fake_github import FakeGithub, Fault, checked, schema
from fake_github_model import FakePull, check_run, status
from reduce_github_schema import QUERIES

from bot.flow.events import FlowEvent, from_record, parse_instant, to_record
from bot.flow.waits import Rules, fold
from bot.hosts.github.api import Github
from bot.hosts.github.errors import Denied, Gone, StaleCursor, Unreachable
from bot.hosts.github.history import Page, read_items, read_repo
from bot.hosts.github.timeline import Snapshot

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


def record(event: FlowEvent) -> dict[str, Any]:
    """The event's own part of its line in the event log."""
    line = to_record(event)
    assert from_record(dict(line)) == event
    assert (line.pop("host"), line.pop("repo"), line.pop("item")) == ("github", REPO, 12)
    return line


def records(shown: Snapshot) -> list[dict[str, Any]]:
    return [record(event) for event in shown.events if event.kind != "opened"]


def told(kind: str, id: str, at: str, actor: str | None = "bob", **own: Any) -> dict[str, Any]:
    return {"id": id, "at": f"2026-03-02T{at}Z", "kind": kind, "actor": actor, "actor_type": "User", **own}


# What a pull request says


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_is_one_that_github_understands(query: str) -> None:
    """The reduced schema is cut from the published one, as tests/reduce_github_schema.py describes."""
    checked(query)
    assert gql.validate(schema(), gql.parse("{ repository(owner: 1, name: 2) { nonsense } }"))


def test_an_opened_pull_request_is_told_with_all_that_a_webhook_tells(server: FakeGithub, github: Github) -> None:
    opened(server).opened_with("bug")
    shown = the_item(github)
    assert [record(event) for event in shown.events] == [
        told(
            "opened",
            "opened:12",
            "09:00:00",
            type="pull_request",
            draft=False,
            title="Fix rounding",
            url="https://github.com/acme/shop/pull/12",
            base="main",
            head="00000c-first",
            size=11,
            labels=["bug"],
        )
    ]
    assert (shown.title, shown.state, shown.head_sha) == ("Fix rounding", "open", "00000c-first")


def test_every_act_is_one_event(server: FakeGithub, github: Github) -> None:
    pull, at = opened(server), NINE
    pull.request("alice", at + 1)
    pull.request_team("core", at + 2)
    pull.request("alice", at + 3, removed=True)
    pull.label("wip", at + 4)
    pull.unlabel("wip", at + 5)
    pull.assign("carol", at + 6)
    pull.assign("carol", at + 7, removed=True)
    pull.rename("Fix totals", at + 8)
    pull.draft(at + 9, on=True)
    pull.draft(at + 10, on=False)
    pull.queue(at + 11)
    pull.queue(at + 12, out=True)
    pull.close(at + 13)
    pull.reopen(at + 14)
    pull.deploy("staging", 77, at + 15)
    moment = [
        told("review_requested", "review_requested:12:alice:2026-03-02T09:00:01Z", "09:00:01", reviewer="alice"),
        told("review_requested", "review_requested:12:team/core:2026-03-02T09:00:02Z", "09:00:02", team="core"),
        told(
            "review_request_removed",
            "review_request_removed:12:alice:2026-03-02T09:00:03Z",
            "09:00:03",
            reviewer="alice",
        ),
        told("labeled", "labeled:12:wip:2026-03-02T09:00:04Z", "09:00:04", label="wip"),
        told("unlabeled", "unlabeled:12:wip:2026-03-02T09:00:05Z", "09:00:05", label="wip"),
        told("assigned", "assigned:12:carol:2026-03-02T09:00:06Z", "09:00:06", assignee="carol"),
        told("unassigned", "unassigned:12:carol:2026-03-02T09:00:07Z", "09:00:07", assignee="carol"),
        told("renamed", "renamed:12:2026-03-02T09:00:08Z", "09:00:08", **{"from": "Fix rounding", "to": "Fix totals"}),
        told("converted_to_draft", "converted_to_draft:12:2026-03-02T09:00:09Z", "09:00:09"),
        told("ready_for_review", "ready_for_review:12:2026-03-02T09:00:10Z", "09:00:10"),
        told("queued", "queued:12:2026-03-02T09:00:11Z", "09:00:11"),
        told("dequeued", "dequeued:12:2026-03-02T09:00:12Z", "09:00:12"),
        told("closed", "closed:12:2026-03-02T09:00:13Z", "09:00:13"),
        told("reopened", "reopened:12:2026-03-02T09:00:14Z", "09:00:14"),
        told("deployed", "deployed:77:staging", "09:00:15", environment="staging"),
    ]
    shown = the_item(github)
    assert records(shown) == moment
    assert shown.events[0].data["title"] == "Fix rounding"
    assert shown.title == "Fix totals"


def test_reviews_come_with_their_teams_and_comments_and_a_draft_of_one_does_not(
    server: FakeGithub, github: Github
) -> None:
    pull = opened(server)
    full = pull.review("alice", "CHANGES_REQUESTED", NINE + 9, teams=["core"], comments=[NINE + 7])
    plain = pull.review("carol", "COMMENTED", NINE + 20)
    pull.review("dave", "PENDING", NINE + 21)
    talk = pull.comment("bob", NINE + 30)
    (line,) = full["comments"]
    assert records(the_item(github)) == [
        told("commented", f"review_comment:{line['fullDatabaseId']}", "09:00:07", "alice"),
        told(
            "review_submitted",
            f"review:{full['fullDatabaseId']}",
            "09:00:09",
            "alice",
            state="changes_requested",
            teams=["core"],
        ),
        told("review_submitted", f"review:{plain['fullDatabaseId']}", "09:00:20", "carol", state="commented"),
        told("commented", f"comment:{talk['fullDatabaseId']}", "09:00:30"),
    ]


def test_a_dismissed_review_is_told_as_it_was_before(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    review = pull.review("alice", "APPROVED", NINE + 10)
    pull.dismiss(review, NINE + 20)
    id = review["fullDatabaseId"]
    assert records(the_item(github)) == [
        told("review_submitted", f"review:{id}", "09:00:10", "alice", state="approved"),
        told("review_dismissed", f"review_dismissed:{id}", "09:00:20", reviewer="alice"),
    ]


def test_a_merge_is_one_event(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.close(NINE + 5)
    pull.reopen(NINE + 6)
    pull.merge(NINE + 600, by="alice")
    shown = the_item(github)
    assert [event.kind for event in shown.events] == ["opened", "closed", "reopened", "merged"]
    assert record(shown.events[-1]) == told("merged", "merged:12:2026-03-02T09:10:00Z", "09:10:00", "alice")
    assert shown.state == "merged"


def test_an_end_that_the_timeline_leaves_out_is_told_by_the_state(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.close(NINE + 5)
    pull.timeline.clear()
    assert records(the_item(github)) == [told("closed", "closed:12:2026-03-02T09:00:05Z", "09:00:05", None)]


def test_commits_stand_in_for_pushes_and_those_of_the_opening_are_part_of_it(
    server: FakeGithub, github: Github
) -> None:
    pull = opened(server)
    pull.push("a1", NINE - 50, "bob")
    pull.push("b2", NINE + 50, "alice")
    assert records(the_item(github)) == [
        told("pushed", "pushed:12:b2", "09:00:50", "alice", approximate=True, sha="b2"),
    ]
    assert the_item(github).commits == ("a1", "b2")


def test_a_force_push_has_its_own_instant(server: FakeGithub, github: Github) -> None:
    opened(server).force_push("c3", NINE + 60, "bob")
    assert records(the_item(github)) == [told("pushed", "pushed:12:c3", "09:01:00", sha="c3")]


def test_a_commit_of_a_clock_that_is_ahead_was_pushed_by_the_last_change(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.push("d4", NINE + 10 * DAY, "bob")
    pull.node["updatedAt"] = "2026-03-02T09:00:40Z"
    assert [event.at for event in the_item(github).events] == [NINE, NINE + 40]


@pytest.mark.parametrize(
    ("toggles", "now", "was"), [([False], False, True), ([True, False], False, False), ([], True, True)]
)
def test_whether_it_was_opened_as_a_draft_is_told_by_its_first_toggle(
    server: FakeGithub, github: Github, toggles: list[bool], now: bool, was: bool
) -> None:
    pull = opened(server, draft=now)
    for place, on in enumerate(toggles):
        pull.draft(NINE + 10 + place, on=on)
    assert the_item(github).events[0].data["draft"] is was


def test_labels_of_the_opening_are_those_that_were_not_put_on_later(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.opened_with("bug", "wip", "area")
    pull.unlabel("wip", NINE + 10)
    pull.label("wip", NINE + 20)
    pull.label("urgent", NINE + 30)
    assert sorted(the_item(github).events[0].data["labels"]) == ["area", "bug", "wip"]


def test_bots_are_named_as_webhooks_name_them_and_deleted_accounts_are_nobody(
    server: FakeGithub, github: Github
) -> None:
    pull = opened(server, author="renovate[bot]")
    pull.request("helper[bot]", NINE + 5)
    pull.request(None, NINE + 6)
    pull.comment("helper[bot]", NINE + 7)
    pull.review(None, "APPROVED", NINE + 8)
    events = the_item(github).events
    assert [(event.kind, event.actor, event.actor_type) for event in events] == [
        ("opened", "renovate[bot]", "Bot"),
        ("commented", "helper[bot]", "Bot"),
        ("review_submitted", None, "User"),
    ]


def test_a_request_outlives_the_review_that_took_the_person_off_the_list(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.request("alice", NINE + HOUR)
    pull.review("alice", "APPROVED", NINE + 3 * HOUR)
    ledger = fold(the_item(github).events, Rules())
    assert ledger is not None
    assert [(wait.kind, wait.on, wait.since, wait.until) for wait in ledger.waits] == [
        ("assign", "bob", NINE, NINE + HOUR),
        ("review", "alice", NINE + HOUR, NINE + 3 * HOUR),
        ("merge", "bob", NINE + 3 * HOUR, None),
    ]


# Checks and conflicts


@pytest.mark.parametrize(
    ("contexts", "failing", "since"),
    [
        ([], False, None),
        ([check_run("unit", "SUCCESS", NINE + 5)], False, None),
        ([check_run("unit", "FAILURE", NINE + 5), status("ci", "ERROR", NINE + 3)], True, NINE + 3),
        ([check_run("lint", "FAILURE", NINE + 5, required=False), check_run("unit", "SUCCESS", NINE)], False, None),
        ([check_run("unit", None, NINE)], None, None),
        ([check_run("unit", "FAILURE", NINE + 5), check_run("more", None, NINE)], True, NINE + 5),
        ([check_run("lint", "FAILURE", NINE, required=False), status("ci", "PENDING", NINE)], None, None),
    ],
)
def test_required_checks_decide_whether_it_is_failing(
    server: FakeGithub, github: Github, contexts: list[dict[str, Any]], failing: bool | None, since: int | None
) -> None:
    opened(server).checks(contexts)
    shown = the_item(github)
    assert (shown.failing, shown.failing_since) == (failing, since)


def test_a_failing_check_is_found_behind_a_hundred_others(server: FakeGithub, github: Github) -> None:
    contexts = [check_run(f"unit {n}", "SUCCESS", NINE) for n in range(180)]
    opened(server).checks([*contexts, check_run("last", "FAILURE", NINE + 5)])
    assert the_item(github).failing is True


def test_whether_a_check_is_required_is_asked_once(server: FakeGithub, github: Github) -> None:
    for number in (12, 13, 14):
        opened(server, number).checks([check_run("unit", "FAILURE", NINE)])
    assert [shown.failing for page in read(github) for shown in page.snapshots] == [True] * 3
    assert len(server.queries) == 2
    read(github)
    assert len(server.queries) == 3


@pytest.mark.parametrize(("told", "means"), [("CONFLICTING", True), ("MERGEABLE", False), ("UNKNOWN", None)])
def test_a_conflict_is_told_where_github_knows(server: FakeGithub, github: Github, told: str, means: object) -> None:
    opened(server).conflict(told)
    assert the_item(github).conflicting is means


def test_nothing_is_said_of_the_checks_of_what_is_over(server: FakeGithub, github: Github) -> None:
    pull = opened(server)
    pull.checks([check_run("unit", "FAILURE", NINE)])
    pull.merge(NINE + 60)
    shown = the_item(github)
    assert (shown.failing, shown.conflicting) == (None, None)


# Pages


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
    since = sorted(item for page in read(github, NINE + 58 * HOUR) for item in page.items)
    assert since == [58, 59, 60, 99]


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
