"""Columns of boards: told by an organization's webhook, placed by a job, and held against what the host shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGithub
from fake_github_model import FakeIssue, FakeRepo
from github_payloads import Payload, signed
from github_shipping import projects_v2_item
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, Unplaced, parse_instant, unique
from bot.hosts import Delivery
from bot.hosts.github import EVENTS, OF_A_REPO, parse
from bot.hosts.github.api import Github
from bot.hosts.github.boards import items_of, move
from bot.hosts.github.history import read_repo
from bot.hosts.github.missing import missing_events
from bot.hosts.github.snapshots import Snapshot

NINE = parse_instant("2026-03-02T09:00:00Z")
NOW = NINE + 30 * 86400
REPO = "acme/shop"
NOTHING = Delivery("github")


def told(payload: Payload) -> Delivery:
    return parse(*signed("secret", "projects_v2_item", payload), NOW)


def the_move(payload: Payload) -> Unplaced:
    (fact,) = told(payload).unplaced
    return fact


def test_a_card_that_is_moved_is_placed_later() -> None:
    assert told(projects_v2_item(at=NINE)) == Delivery(
        "github",
        unplaced=(
            Unplaced(
                "github",
                f"status_changed:PVT_1:I_acme/shop_7:{NINE}",
                "status_changed",
                NINE,
                repo=None,
                owner="acme",
                actor="alice",
                actor_type="User",
                data={"node": "I_acme/shop_7", "project": "PVT_1", "from": "Todo", "to": "In Progress"},
            ),
        ),
    )


@pytest.mark.parametrize(("before", "after"), [(None, "Todo"), ("Todo", None)])
def test_a_card_comes_from_no_column_and_goes_to_none(before: str | None, after: str | None) -> None:
    data = the_move(projects_v2_item(before=before, after=after)).data
    assert (data["from"], data["to"]) == (before, after)


@pytest.mark.parametrize(
    "payload",
    [
        *(projects_v2_item(action) for action in ("created", "archived", "reordered", "deleted", "converted")),
        projects_v2_item(field=None),
        projects_v2_item(field="Priority"),
        projects_v2_item(field_type="number"),
        projects_v2_item(before="Todo", after="Todo"),
        {"action": "edited", "changes": {"body": {"from": "", "to": "Words"}}},
        {"action": "edited", "changes": None},
    ],
)
def test_what_moves_no_card_is_nothing(payload: Payload) -> None:
    assert told(payload) == NOTHING


def test_a_repository_s_own_webhook_is_not_asked_for_boards() -> None:
    assert "projects_v2_item" in EVENTS
    assert "projects_v2_item" not in OF_A_REPO


@pytest.fixture(scope="module")
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.fixture(scope="module")
def github(server: FakeGithub) -> Iterator[Github]:
    github = Github(server.url, token="t", now=lambda: NOW, sleep=lambda seconds: None)
    yield github
    github.close()


def shown(server: FakeGithub, github: Github, issue: FakeIssue) -> Snapshot:
    server.repos[REPO] = FakeRepo(REPO)
    server.repo(REPO).issues = {issue.number: issue}
    (page,) = read_repo(github, REPO, None, oldest=NINE - 86400)
    (found,) = page.snapshots
    return found


def test_cards_are_found_by_their_node_ids_many_in_one_call(server: FakeGithub, github: Github) -> None:
    repo = server.repos[REPO] = FakeRepo(REPO)
    repo.issue(7, NINE)
    repo.pull(12, NINE)
    before = len(server.calls)
    found = items_of(github, ["I_acme/shop_7", "DI_draft", "PR_acme/shop_12"], "acme")
    assert found == {"I_acme/shop_7": ("github", REPO, 7), "PR_acme/shop_12": ("github", REPO, 12)}
    assert len(server.calls) == before + 1
    assert items_of(github, ["DI_draft"], "acme") == {}


COLUMNS = st.sampled_from(["Todo", "In Progress", "QA", None])
MOVES = st.lists(st.tuples(st.integers(11, 90_000), COLUMNS, st.sampled_from(["PVT_1", "PVT_2"])), max_size=12)


def moved(moves: list[tuple[int, str | None, str]], late: int = 0) -> tuple[FakeIssue, list[FlowEvent]]:
    """An issue whose card was moved, and what webhooks told of that."""
    issue, at = FakeIssue(REPO, 7, "carol", NINE, "Totals"), NINE
    heard = []
    for pause, column, board in moves:
        at += pause
        before = issue.move(column, at, by="alice", board=board)
        for fact in told(projects_v2_item(before=before, after=column, board=board, at=at + late)).unplaced:
            heard.append(move(fact, ("github", REPO, 7)))
    return issue, heard


def told_of_moves(events: list[FlowEvent]) -> list[FlowEvent]:
    return sorted(
        event for event in events if event.kind == "status_changed" and event.data["from"] != event.data["to"]
    )


@given(moves=MOVES)
def test_both_roads_tell_of_the_same_moves(server: FakeGithub, github: Github, moves: list[Any]) -> None:
    issue, heard = moved(moves)
    assert told_of_moves(list(shown(server, github, issue).events)) == sorted(heard)


@given(moves=MOVES, late=st.integers(0, 5), data=st.data())
def test_whatever_was_lost_the_log_has_each_move_once_after_a_reading(
    server: FakeGithub, github: Github, moves: list[Any], late: int, data: st.DataObject
) -> None:
    issue, heard = moved(moves, late)
    snapshot = shown(server, github, issue)
    lost = data.draw(st.sets(st.sampled_from([event.id for event in heard])) if heard else st.just(set()))
    known = [event for event in heard if event.id not in lost]
    found = missing_events(known, snapshot, NOW)
    steps = [(event.data["project"], event.data["to"]) for event in told_of_moves([*known, *found])]
    assert steps == [(event.data["project"], event.data["to"]) for event in told_of_moves(list(snapshot.events))]
    assert missing_events(unique(known + found), snapshot, NOW) == []


def test_where_the_timeline_leaves_a_move_out_the_card_tells_of_it(server: FakeGithub, github: Github) -> None:
    issue, heard = moved([(60, "Todo", "PVT_1"), (60, "QA", "PVT_1")])
    issue.timeline.clear()
    (last,) = missing_events([shown(server, github, issue).events[0], heard[0]], shown(server, github, issue), NOW)
    assert (last.id, last.approximate) == ("status_changed:7:PVT_1:2026-03-02T09:02:00Z", False)
    assert last.data == {"field": "Status", "from": "Todo", "to": "QA", "project": "PVT_1"}


def test_a_card_without_a_column_any_more_was_moved_at_an_unknown_time(server: FakeGithub, github: Github) -> None:
    issue, heard = moved([(60, "Todo", "PVT_1"), (60, None, "PVT_1")])
    issue.timeline.clear()
    (last,) = missing_events([shown(server, github, issue).events[0], heard[0]], shown(server, github, issue), NOW)
    assert (last.at, last.approximate, last.data["to"]) == (NOW, True, None)
