"""What was told and is not folded in yet: nobody is nudged about it, and everybody else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from messages_desk import world_of
from sqlalchemy import Engine
from test_stage_nudges import in_qa
from world import POLICY, World

from bot.asking.answering import answer
from bot.flow.events import FlowEvent, ItemKey
from bot.hosts import Delivery
from bot.intake import BATCH, settle, settle_repos, take_delivery
from bot.store import arrivals, waits
from bot.store.answers import ON_IT
from bot.store.engine import reading, writing
from bot.views.controls import Press

SHOP = ("github", "acme/shop")
MANY = BATCH + 60


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


def deliver(world: World, *told: FlowEvent) -> None:
    take_delivery(world.ctx(), Delivery("github", ("acme/shop",), told), world.now)


def pending(world: World) -> set[ItemKey]:
    with reading(world.engine) as session:
        return arrivals.items(session, world.ctx().workspace)


def others(world: World, many: int = MANY) -> None:
    """Deliveries of pull requests that nobody waits for."""
    deliver(world, *(world.fact("opened", item=100 + n, type="pull_request", draft=True) for n in range(many)))


@contextmanager
def folding_elsewhere(engine: Engine, *items: int) -> Iterator[None]:
    """Another process has taken what was told of items, and is not done with it."""
    with writing(engine) as session:
        taken, _ = arrivals.take(session, "default", BATCH, [(*SHOP, item) for item in items])
        assert {one.key[2] for one in taken} == set(items)
        yield
        session.rollback()


def test_of_a_burst_what_is_due_is_folded_in_first_and_the_rest_does_not_hold_it_up(world: World) -> None:
    world.ask("alice", item=1)
    world.ask("carol", item=2)
    world.clock.advance(hours=6, minutes=1)
    others(world)
    deliver(world, world.fact("review_submitted", "alice", item=1, state="approved"))
    world.tick()
    assert (world.texts("U0ALICE"), len(world.texts("U0CAROL"))) == ([], 1)
    assert len(pending(world)) == MANY - BATCH, "one portion of what nobody waits for"
    settle(world.ctx(), world.now)
    assert pending(world) == set()


def test_who_answers_in_a_burst_waits_for_what_was_told_of_that_item_alone(world: World) -> None:
    world.ask("alice", item=1)
    world.ask("alice", item=2)
    with reading(world.engine) as session:
        [wait] = [row.id for row in waits.of_items(session, "default", [(*SHOP, 1)])[*SHOP, 1]]
    others(world)
    deliver(world, world.fact("commented", item=1), world.fact("commented", item=2))
    answer(world.ctx(), "U0ALICE", Press(wait, ON_IT), world.now)
    assert len(pending(world)) == MANY + 1


def test_of_repositories_that_somebody_asks_about_all_is_folded_in_and_nothing_else(world: World) -> None:
    others(world, 2)
    elsewhere = world.fact("opened", item=1, type="pull_request")._replace(repo="acme/tools")
    take_delivery(world.ctx(), Delivery("github", ("acme/tools",), (elsewhere,)), world.now)
    settle_repos(world.ctx(), [SHOP], world.now)
    assert pending(world) == {("github", "acme/tools", 1)}


def test_what_arrived_first_is_folded_in_first(world: World) -> None:
    others(world, BATCH)
    world.clock.advance(seconds=1)
    deliver(world, world.fact("opened", item=1, type="pull_request"))
    settle(world.ctx(), world.now, most=1)
    assert pending(world) == {(*SHOP, 1)}


def test_all_that_was_told_of_an_item_is_folded_in_at_once(world: World) -> None:
    for _ in range(2):
        deliver(world, world.fact("commented", item=1))
        others(world, BATCH)
    settle(world.ctx(), world.now, most=1)
    assert (*SHOP, 1) not in pending(world)


def test_nobody_is_nudged_about_an_item_that_another_process_folds_just_then(postgres_engine: Engine) -> None:
    with world_of(postgres_engine, POLICY) as world:
        world.ask("alice", item=1)
        world.ask("carol", item=2)
        world.clock.advance(hours=6, minutes=1)
        deliver(world, world.fact("commented", item=1))
        with folding_elsewhere(postgres_engine, 1):
            world.tick()
            assert (world.texts("U0ALICE"), len(world.texts("U0CAROL"))) == ([], 1)
        world.tick()
        assert len(world.texts("U0ALICE")) == 1


def test_a_message_waits_for_what_another_process_folds_just_then(postgres_engine: Engine) -> None:
    from jobs import deliver as posts
    from jobs import nudge

    with world_of(postgres_engine, POLICY) as world:
        world.ask("alice", item=1)
        world.clock.advance(hours=6, minutes=1)
        assert nudge.run(world.ctx(), world.now) == 1
        deliver(world, world.fact("review_submitted", "alice", item=1, state="approved"))
        with folding_elsewhere(postgres_engine, 1):
            posts.run(world.ctx(), world.now)
            assert (world.texts("U0ALICE"), world.outbox()) == ([], ["pending"])
        world.clock.advance(seconds=2)
        posts.run(world.ctx(), world.now)
        assert (world.texts("U0ALICE"), world.outbox()) == ([], ["moot"])


def test_a_morning_message_waits_for_what_another_process_folds_just_then(postgres_engine: Engine) -> None:
    with world_of(postgres_engine, POLICY) as world:
        world.morning = True
        world.ask("alice", item=1)
        world.ask("carol", item=2)
        world.wait(hours=22)
        heard = len(world.texts("U0ALICE")), len(world.texts("U0CAROL"))
        world.clock.advance(hours=2)
        deliver(world, world.fact("commented", item=2))
        with folding_elsewhere(postgres_engine, 2):
            world.tick()
            assert (len(world.texts("U0ALICE")), len(world.texts("U0CAROL"))) == (heard[0] + 1, heard[1])
        world.tick()
        assert len(world.texts("U0CAROL")) == heard[1] + 1


@pytest.mark.parametrize("known", [False, True], ids=["just told to close it", "known to close it"])
def test_a_wait_in_a_stage_waits_for_what_closes_its_item(postgres_engine: Engine, known: bool) -> None:
    with world_of(postgres_engine, POLICY) as world:
        in_qa(world)
        closing = [
            world.fact("opened", item=7, type="pull_request", draft=True),
            world.fact("linked", item=7, issue=1),
        ]
        if known:
            world.tell(*closing)
        world.clock.advance(hours=3, minutes=10)
        deliver(world, *([world.fact("commented", item=7)] if known else closing))
        with folding_elsewhere(postgres_engine, 7):
            world.tick()
            assert world.texts("U0ALICE") == []
        world.tick()
        assert len(world.texts("U0ALICE")) == 1
