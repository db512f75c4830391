"""What GitHub's history says, read through GraphQL from a server of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import graphql as gql
import pytest
from fake_github import FakeGithub, checked, schema
from fake_github_model import FakePull, check_run, status
from reduce_github_schema import QUERIES

from bot.flow.events import FlowEvent, from_record, parse_instant, to_record
from bot.flow.waits import Rules, fold
from bot.hosts.github.api import Github
from bot.hosts.github.history import Page, read_repo
from bot.hosts.github.snapshots import Snapshot

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


def opened(server: FakeGithub, number: int = 12, at: int = NINE, **how: Any) -> FakePull:
    return server.repo(REPO).pull(number, at, **how)


def read(github: Github) -> list[Page]:
    return list(read_repo(github, REPO, None, oldest=NINE - 90 * DAY))


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
            branch="rounding",
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
        told("deployed", "deployed:12:77:staging", "09:00:15", environment="staging"),
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
    assert record(shown.events[-1]) == told(
        "merged", "merged:12:2026-03-02T09:10:00Z", "09:10:00", "alice", sha="merge-of-12", base="main"
    )
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


def test_checks_that_are_expected_and_have_not_begun_leave_it_undecided(server: FakeGithub, github: Github) -> None:
    opened(server).checks([check_run("unit", "SUCCESS", NINE)], state="EXPECTED")
    assert the_item(github).failing is None


def test_a_failing_check_is_found_behind_a_hundred_others(server: FakeGithub, github: Github) -> None:
    contexts = [check_run(f"unit {n}", "SUCCESS", NINE) for n in range(180)]
    opened(server).checks([*contexts, check_run("last", "FAILURE", NINE + 5)])
    assert the_item(github).failing is True


def test_whether_a_check_is_required_is_asked_once(server: FakeGithub, github: Github) -> None:
    for number in (12, 13, 14):
        opened(server, number).checks([check_run("unit", "FAILURE", NINE)])
    assert [shown.failing for page in read(github) for shown in page.snapshots] == [True] * 3
    assert [call.query.count("isRequired") for call in server.queries] == [0, 2]
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
