"""A code host in a burst, and with other names than before: all is stored, nothing doubled, no turn lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from bench.bench_burst import told
from fake_github import FakeGithub
from fake_github_model import FakePull
from messages_desk import world_of
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine, text
from world import MONDAY, NO_CHANNEL, World

from bot.hosts.github.api import Github
from bot.intake import rebuild, settle
from jobs import reconcile

HOUR = 3600
MANY, HANDS = 400, 24
WAITS = "SELECT item, kind, holder, since, until FROM waits ORDER BY item, kind, holder, since"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, NO_CHANNEL) as made:
        yield made


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    with world.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_of_a_burst_told_twice_and_out_of_order_all_is_stored_and_nothing_twice(world: World, tmp_path: Path) -> None:
    deliveries = [told(number, MANY, MONDAY) for number in range(MANY)] * 2
    Random(1).shuffle(deliveries)
    ctx = replace(world.ctx(), settings=settings(tmp_path))
    with contextmanager(serve)(web(ctx)) as port, ThreadPoolExecutor(HANDS) as hands:
        site = Site(ctx, port)
        answers = Counter(hands.map(lambda one: site.deliver(*one).status, deliveries))
    assert answers == {202: MANY, 200: MANY}
    settle(ctx, world.now)
    assert rows(world, "SELECT count(*), count(DISTINCT id) FROM events") == [(MANY, MANY)]
    before = rows(world, WAITS)
    rebuild(ctx, world.now)
    assert before == rows(world, WAITS) != []


@pytest.fixture
def host() -> Iterator[FakeGithub]:
    with FakeGithub() as github:
        yield github


def called_otherwise(pull: FakePull, old: str, new: str) -> None:
    """GitHub shows a renamed person by their new login everywhere, and moves nothing else for it."""
    pull.node = json.loads(json.dumps(pull.node).replace(json.dumps(old), json.dumps(new)))


def test_a_person_who_is_renamed_has_their_turn_under_the_new_name(world: World, host: FakeGithub) -> None:
    client = Github(host.url, token="t", now=lambda: world.now, sleep=lambda _: None)
    ctx = replace(world.ctx(), github=client)
    world.clock.advance(hours=2)
    pull = host.repo("acme/shop").pull(1, MONDAY + HOUR)
    pull.request("alice", MONDAY + HOUR)
    reconcile.run(ctx, world.now)
    assert rows(world, "SELECT holder FROM waits WHERE until IS NULL") == [("alice",)]
    called_otherwise(pull, "alice", "alicia")
    world.clock.advance(hours=1)
    reconcile.run(ctx, world.now)
    reconcile.run(ctx, world.now)
    client.close()
    assert rows(world, "SELECT holder FROM waits WHERE until IS NULL") == [("alicia",)]
