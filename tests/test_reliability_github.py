"""A code host in a burst, and with other names than before: all is stored, nothing doubled, no turn lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import github_payloads as gh
import pytest
from bench.bench_burst import told
from fake_github import FakeGithub
from fake_github_model import FakePull
from messages_desk import world_of
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine
from world import MONDAY, NO_CHANNEL, World

from bot import intake
from bot.hosts.github import parse
from bot.hosts.github.api import Github
from bot.intake import rebuild, settle
from bot.said import current
from jobs import reconcile

HOUR = 3600
MANY, HANDS = 400, 24
WAITS = "SELECT item, kind, holder, since, until FROM waits ORDER BY item, kind, holder, since"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, NO_CHANNEL) as made:
        yield made


def test_of_a_burst_told_twice_and_out_of_order_all_is_stored_and_nothing_twice(world: World, tmp_path: Path) -> None:
    deliveries = [told(number, MANY, MONDAY) for number in range(MANY)] * 2
    Random(1).shuffle(deliveries)
    ctx = replace(world.ctx(), settings=settings(tmp_path))
    with contextmanager(serve)(web(ctx)) as port, ThreadPoolExecutor(HANDS) as hands:
        site = Site(ctx, port)
        answers = Counter(hands.map(lambda one: site.deliver(*one).status, deliveries))
    assert answers == {202: MANY, 200: MANY}
    settle(ctx, world.now)
    assert world.rows("SELECT count(*), count(DISTINCT id) FROM events") == [(MANY, MANY)]
    before = world.rows(WAITS)
    rebuild(ctx, world.now)
    assert before == world.rows(WAITS) != []


@pytest.fixture
def host() -> Iterator[FakeGithub]:
    with FakeGithub() as github:
        yield github


def called_otherwise(pull: FakePull, old: str, new: str) -> None:
    """GitHub shows a renamed person by their new login everywhere, and moves nothing else for it."""
    pull.node = json.loads(json.dumps(pull.node).replace(json.dumps(old), json.dumps(new)))


@dataclass
class Town:
    """A world with a code host that is read, whose pull request alice is asked to review by bob."""

    world: World
    host: FakeGithub
    client: Github
    pull: FakePull

    def read(self) -> None:
        reconcile.run(replace(self.world.ctx(), github=self.client), self.world.now)

    def renamed(self, old: str, new: str) -> None:
        called_otherwise(self.pull, old, new)
        self.world.clock.advance(hours=1, minutes=5)

    def push(self) -> None:
        self.world.clock.advance(minutes=5)
        self.pull.push("c2", self.world.now - 60, "bob")
        self.read()

    def review(self, who: str, state: str, heard: bool = False) -> None:
        """As GitHub tells it: by webhook, if that is heard, and to whoever reads."""
        self.world.clock.advance(minutes=5)
        at = self.world.now - 30
        made = self.pull.review(who, state, at)
        told = gh.review(number=1, actor=who, state=state.lower(), at=at, review_id=int(made["fullDatabaseId"]))
        if heard:
            self.deliver(told)
        self.read()

    def deliver(self, payload: gh.Payload, event: str = "pull_request_review") -> None:
        intake.take_delivery(self.world.ctx(), parse(*gh.signed("s", event, payload), self.world.now), self.world.now)
        settle(self.world.ctx(), self.world.now)

    @property
    def open(self) -> list[tuple[object, ...]]:
        return self.world.rows("SELECT holder, kind FROM waits WHERE until IS NULL")

    def heard(self, user: str) -> int:
        return len(self.world.slack.dms(user))


@pytest.fixture
def town(world: World, host: FakeGithub) -> Iterator[Town]:
    with closing(Github(host.url, token="t", now=lambda: world.now, sleep=lambda _: None)) as client:
        world.clock.advance(hours=2)
        pull = host.repo("acme/shop").pull(1, MONDAY + HOUR)
        pull.request("alice", MONDAY + HOUR)
        made = Town(world, host, client, pull)
        made.read()
        yield made


HEARD_OR_MISSED = pytest.mark.parametrize("heard", [True, False], ids=["heard", "missed"])


@HEARD_OR_MISSED
def test_a_renamed_reviewer_who_asked_for_changes_ends_that_and_what_was_nudged_settles(
    town: Town, heard: bool
) -> None:  # fmt: skip
    town.review("alice", "CHANGES_REQUESTED")
    town.push()
    town.world.wait(hours=3)
    before = town.heard("U0ALICE")
    assert before > 0, "of the second look that she owes"
    town.renamed("alice", "alicia")
    town.review("alicia", "APPROVED", heard)
    assert town.open == [("bob", "merge")]
    town.world.wait(hours=30)
    assert (town.heard("U0ALICE"), town.heard("U0BOB") > 0) == (before, True)
    assert town.world.texts("U0ALICE")[-1].startswith("Done: Fix rounding")


@HEARD_OR_MISSED
def test_a_renamed_reviewer_s_two_approvals_are_one_person_s(town: Town, heard: bool) -> None:
    town.world.set_policy(f"{NO_CHANNEL}\n[rules]\napprovals_required = 2")
    town.pull.request("carol", town.world.now - 60)
    town.review("alice", "APPROVED")
    assert town.open == [("carol", "review")]
    town.renamed("alice", "alicia")
    town.review("alicia", "APPROVED", heard)
    assert town.open == [("carol", "review")]
    town.world.wait(hours=30)
    assert (town.heard("U0ALICE"), town.heard("U0BOB"), town.heard("U0CAROL") > 0) == (0, 0, True)


def test_a_renamed_author_s_comment_answers(town: Town) -> None:
    town.review("alice", "COMMENTED")
    assert town.open == [("bob", "respond")]
    town.renamed("bob", "bobby")
    town.pull.comment("bobby", town.world.now - 60)
    town.read()
    assert town.open == [("alice", "re_review")]
    town.review("alice", "CHANGES_REQUESTED")
    town.world.wait(days=3)
    assert town.open == [("bobby", "rework")]
    assert town.heard("U0BOB") > 0, "who is linked as bob hears as bobby"


def test_who_is_renamed_while_asked_hears_of_it_under_the_new_name_once(town: Town) -> None:
    town.renamed("alice", "alicia")
    town.read()
    assert town.open == [("alicia", "review")]
    town.world.wait(hours=7)
    assert town.heard("U0ALICE") > 0
    heard = town.heard("U0ALICE")
    town.review("alicia", "APPROVED")
    town.world.wait(days=3)
    assert town.heard("U0ALICE") == heard


def test_what_is_told_late_of_the_old_login_is_the_renamed_one_s(town: Town) -> None:
    at = MONDAY + HOUR
    asked = gh.pull_request("review_requested", 1, reviewer="alice", at=at)
    town.deliver(asked, "pull_request")
    town.review("alice", "COMMENTED")
    town.renamed("alice", "alicia")
    town.push()
    before = town.world.rows("SELECT id, actor, data FROM events ORDER BY id")
    assert "alice" not in str(before)
    town.deliver(asked, "pull_request")
    assert town.world.rows("SELECT id, actor, data FROM events ORDER BY id") == before


def test_whoever_takes_the_old_login_later_is_somebody_else(town: Town) -> None:
    town.review("alice", "COMMENTED")
    town.renamed("alice", "alicia")
    town.push()
    other = town.host.repo("acme/shop").pull(2, town.world.now - 30)
    other.request("alice", town.world.now - 30)
    town.read()
    other.review("alice", "CHANGES_REQUESTED", town.world.now)
    town.world.clock.advance(minutes=5)
    town.read()
    acts = "SELECT item, actor FROM events WHERE kind = 'review_submitted' ORDER BY item"
    assert town.world.rows(acts) == [(1, "alicia"), (2, "alice")]
    assert town.world.ctx().policy.written is None
    assert current(town.world.ctx()).policy.person("alice").slack is None
