"""What webhooks told without naming its items: deployments, releases and cards of boards find theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import github_payloads as gh
import github_shipping as shipping
import httpx
import pytest
from fake_github import FakeGithub

from bot import app, intake
from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent, parse_instant
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.incoming import placing
from bot.policy import parse_policy
from bot.settings import Settings
from bot.store import unplaced
from bot.store.engine import reading
from bot.store.events import iterate_all
from bot.store.migrate import migrate
from jobs import reconcile

NINE = parse_instant("2026-03-02T09:00:00Z")
HOUR, DAY = 3600, 86_400
NOW = NINE + 30 * DAY
REPO = "acme/shop"


class Bench:
    """A program with nothing but its database and a GitHub, which may be out of its reach."""

    def __init__(self, ctx: Context, server: FakeGithub) -> None:
        self.ctx, self.server = ctx, server

    def hear(self, event: str, payload: gh.Payload) -> None:
        delivery = parse(*gh.signed("secret", event, payload), NOW)
        intake.take_delivery(self.ctx, delivery, NOW)

    def merge(self, number: int, at: int, base: str = "main") -> None:
        about: dict[str, Any] = {"opened_at": at - HOUR, "base": base}
        self.hear("pull_request", gh.pull_request("opened", number, at=at - HOUR, **about))
        self.hear("pull_request", gh.pull_request("closed", number, merged_at=at, closed_at=at, at=at, **about))

    def place(self, now: int = NOW) -> int:
        return placing.place(self.ctx, now)

    def told(self, kind: str) -> list[tuple[int, str, dict[str, Any]]]:
        return [(event.item, event.id, event.data) for event in self.events() if event.kind == kind]

    def events(self) -> list[FlowEvent]:
        with reading(self.ctx.engine) as session:
            return sorted(iterate_all(session, self.ctx.workspace), key=lambda event: (event.at, event.item, event.id))

    def waiting(self) -> int:
        with reading(self.ctx.engine) as session:
            return len(unplaced.waiting(session, self.ctx.workspace, 500))


@pytest.fixture(params=["sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    on_sqlite = request.param == "sqlite"
    address = f"sqlite:///{tmp_path}/weir.db" if on_sqlite else request.getfixturevalue("empty_postgres")
    with FakeGithub() as server, httpx.Client(timeout=30) as http:
        ctx = app.build(Settings(database_url=address), SetClock(NOW))
        github = Github(server.url, token="token", now=lambda: NOW, sleep=lambda seconds: None, http=http)
        migrate(ctx.engine)
        server.repo(REPO)
        policy = parse_policy(f'[repos."{REPO}"]\n', "test")
        yield Bench(replace(ctx, policy=policy, github=github), server)
        ctx.engine.dispose()


def test_a_deployment_carries_what_was_merged_since_the_last_one(bench: Bench) -> None:
    for number in (1, 2, 3):
        bench.merge(number, NINE + number * HOUR)
    bench.hear("deployment_status", gh.deployment_status(deployment_id=70, sha="merge-of-1", at=NINE + 90 * 60))
    bench.hear("deployment_status", gh.deployment_status(deployment_id=71, sha="merge-of-3", at=NINE + 4 * HOUR))
    assert bench.place() == 1
    assert [(item, id) for item, id, _ in bench.told("deployed")] == [
        (1, "deployed:1:70:production"),
        (2, "deployed:2:71:production"),
        (3, "deployed:3:71:production"),
    ]
    assert bench.waiting() == 0


def test_a_redelivery_carries_nothing_twice(bench: Bench) -> None:
    for number in (1, 2, 3):
        bench.merge(number, NINE + number * HOUR)
    for _ in range(2):
        bench.hear("deployment_status", gh.deployment_status(deployment_id=70, sha="merge-of-1", at=NINE + 90 * 60))
        bench.hear("deployment_status", gh.deployment_status(deployment_id=71, sha="merge-of-3", at=NINE + 4 * HOUR))
        bench.place()
    assert len(bench.told("deployed")) == 3


def test_a_release_is_of_what_was_merged_into_the_default_branch_and_not_released(bench: Bench) -> None:
    bench.merge(1, NINE + HOUR)
    bench.merge(2, NINE + 2 * HOUR, base="next")
    bench.merge(3, NINE + 3 * HOUR)
    cut = {"cut": NINE + 90 * 60, "at": NINE + 2 * HOUR}
    bench.hear("release", shipping.release(release_id=1, tag="v1-rc", prerelease=True, **cut))
    bench.hear("release", shipping.release(release_id=2, tag="v1", **cut))
    bench.hear("release", shipping.release(release_id=3, tag="v2", cut=NINE + 4 * HOUR, at=NINE + 5 * HOUR))
    bench.hear("release", shipping.release("created", release_id=4, tag="v3"))
    bench.hear("release", shipping.release(release_id=5, tag="v4", draft=True))
    assert bench.place() == 3
    assert bench.told("released") == [
        (1, "released:1:1:prerelease", {"tag": "v1-rc", "prerelease": True}),
        (1, "released:1:2", {"tag": "v1"}),
        (3, "released:3:3", {"tag": "v2"}),
    ]


def test_both_roads_tell_of_the_same_releases(bench: Bench) -> None:
    repo = bench.server.repo(REPO)
    for number in (1, 2):
        repo.pull(number, NOW - DAY).merge(NOW - DAY + number * HOUR)
    repo.release(8, "v1", NOW - DAY + HOUR, NOW - HOUR)
    repo.release(9, "v2", NOW - HOUR, NOW - HOUR, prerelease=True)
    reconcile.run(bench.ctx, NOW)
    read = bench.told("released")
    assert [id for _, id, _ in read] == ["released:1:8", "released:2:9:prerelease"]
    bench.hear("release", shipping.release(release_id=8, tag="v1", cut=NOW - DAY + HOUR, at=NOW - HOUR))
    bench.hear("release", shipping.release(release_id=9, tag="v2", prerelease=True, cut=NOW - HOUR, at=NOW - HOUR))
    assert bench.place() == 0
    assert reconcile.run(bench.ctx, NOW).events == 0
    assert bench.told("released") == read


def test_what_may_be_in_an_older_release_than_is_shown_is_in_none(bench: Bench) -> None:
    repo = bench.server.repo(REPO)
    for number in (1, 2):
        repo.pull(number, NOW - 60 * DAY).merge(NOW - number * 25 * DAY)
    for id in range(1, 61):
        repo.release(id, f"v{id}", NOW - 41 * DAY + id * HOUR, NOW - 41 * DAY + id * HOUR)
    repo.release(99, "v99", NOW - DAY, NOW - DAY)
    reconcile.run(bench.ctx, NOW)
    assert [id for _, id, _ in bench.told("released")] == ["released:1:99"]


def test_a_card_is_found_and_its_move_is_the_one_that_the_history_has(bench: Bench) -> None:
    issue = bench.server.repo(REPO).issue(7, NOW - DAY)
    reconcile.run(bench.ctx, NOW)
    was = issue.move("QA", NOW - HOUR, by="alice")
    node = issue.node["id"]
    for late in (0, 3):
        bench.hear(
            "projects_v2_item", shipping.projects_v2_item(node=node, before=was, after="QA", at=NOW - HOUR + late)
        )
        bench.place()
    assert bench.told("status_changed") == [
        (
            7,
            "status_changed:7:PVT_1:2026-04-01T08:00:00Z",
            {"field": "Status", "from": None, "to": "QA", "project": "PVT_1"},
        )
    ]
    assert reconcile.run(bench.ctx, NOW).events == 0
    assert bench.waiting() == 0


def test_cards_of_repositories_that_are_not_followed_and_drafts_are_let_go(bench: Bench) -> None:
    bench.server.repo("acme/other").issue(7, NOW - DAY)
    reconcile.run(bench.ctx, NOW)
    for node in ("I_acme/other_7", "DI_draft"):
        bench.hear("projects_v2_item", shipping.projects_v2_item(node=node, at=NOW - HOUR))
    assert bench.place() == 0
    assert (bench.waiting(), bench.told("status_changed")) == (0, [])


def test_while_the_host_is_down_cards_wait_and_deployments_do_not(bench: Bench) -> None:
    issue = bench.server.repo(REPO).issue(7, NOW - DAY)
    reconcile.run(bench.ctx, NOW)
    bench.merge(1, NINE + HOUR)
    bench.hear("projects_v2_item", shipping.projects_v2_item(node=issue.node["id"], at=NOW - HOUR))
    bench.hear("release", shipping.release(release_id=1, cut=NINE + 2 * HOUR, at=NINE + 2 * HOUR))
    bench.server.fail(500, times=4)
    assert bench.place() == 1
    assert bench.waiting() == 1
    assert bench.place() == 1
    assert bench.waiting() == 0


def test_without_a_token_cards_are_let_go_after_a_week(bench: Bench) -> None:
    bench.ctx = replace(bench.ctx, github=None)
    bench.hear("projects_v2_item", shipping.projects_v2_item(at=NOW - HOUR))
    bench.place()
    assert bench.waiting() == 1
    bench.place(NOW + 8 * DAY)
    assert bench.waiting() == 0


def test_a_renamed_repository_takes_along_what_is_not_placed_yet(bench: Bench) -> None:
    bench.merge(1, NINE + HOUR)
    bench.hear("release", shipping.release(release_id=1, cut=NINE + 2 * HOUR, at=NINE + 2 * HOUR))
    bench.hear("repository", gh.repository("renamed", "acme/store", was=REPO))
    assert bench.place() == 1
    assert [(event.repo, event.id) for event in bench.events() if event.kind == "released"] == [
        ("acme/store", "released:1:1")
    ]
