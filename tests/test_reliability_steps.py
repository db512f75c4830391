"""Killed at any statement of an answer, a setting and a reading, and at any step of a morning message and a digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count

import pytest
from fake_github import FakeGithub
from fake_slack import Fault
from messages_desk import world_of
from program import wait_until
from sqlalchemy import Engine
from test_deliver import Killed as Reaped
from test_deliver import Mortal, Reaper
from test_intake import Killed, everything, killed_at, nobody_at_work, until_it_lives
from world import MONDAY, POLICY, World

from bot.asking.answering import answer
from bot.context import Context
from bot.hosts.github.api import Github
from bot.intake import rebuild
from bot.store.answers import HAND_OVER, ON_IT, SNOOZE
from bot.views.controls import Press
from bot.views.pages import Again
from handlers import commands
from jobs import deliver, digest, morning, nudge, reconcile

HOUR, DAY = 3600, 86_400
Run = Callable[[Context, int], object]


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


def ledger_is_right(world: World) -> None:
    """It is what the event log makes of it."""
    before = everything(world.engine)
    rebuild(world.ctx(), world.now)
    assert everything(world.engine) == before


def cut_off(world: World, statement: int, work: Callable[[], object]) -> bool:
    """Kill some work at a statement; whether it was done before it came to that."""
    try:
        with killed_at(world.engine, statement):
            work()
    except Killed:
        wait_until(lambda: nobody_at_work(world.engine))
        return False
    return True


STRIDES = [pytest.param(7, id="some statements"), pytest.param(1, id="any statement", marks=pytest.mark.long)]


@pytest.mark.parametrize("stride", STRIDES)
def test_killed_at_any_statement_of_an_answer_it_holds_wholly_or_not_at_all(world: World, stride: int) -> None:
    world.ask("alice")
    world.wait(hours=6)
    [(wait,)] = world.rows("SELECT id FROM waits WHERE until IS NULL")
    for kind, option in ((SNOOZE, "hour"), (ON_IT, "")):
        press = Press(int(str(wait)), kind, option)
        until_it_lives(world.engine, partial(answer, world.ctx(), "U0ALICE", press, world.now), stride)
    assert world.rows("SELECT kind FROM answers ORDER BY at, id") == [(SNOOZE,), (ON_IT,)]
    world.wait(minutes=1)
    [message] = world.texts("U0ALICE")
    assert "On it until" in message
    ledger_is_right(world)


SETTINGS = (("hours 10-18 Mon-Fri Europe/Paris", 2), ("away today", 1), ("back", 1))
"""What alice says, and how many keys of hers it changes."""


@pytest.mark.parametrize("stride", STRIDES)
def test_killed_at_any_statement_of_a_setting_it_holds_wholly_or_not_at_all(world: World, stride: int) -> None:
    world.ask("alice")
    world.wait(hours=1)
    for words, keys in SETTINGS:
        before = changes(world)
        for statement in count(1, stride):
            done = cut_off(world, statement, partial(commands.answer, world.ctx(), "U0ALICE", Again(words)))
            assert changes(world) in ([before + keys] if done else [before, before + keys])
            ledger_is_right(world)
            if changes(world) != before:
                break
    absent = world.rows("SELECT became FROM changes WHERE path LIKE '%away%' ORDER BY id")
    assert len(absent) == 2, "it began and ended"


def changes(world: World) -> int:
    return len(world.rows("SELECT id FROM changes"))


def test_killed_right_behind_the_host_a_hand_over_is_found_by_the_next_reading(world: World) -> None:
    with FakeGithub() as github:
        github.now = lambda: world.now
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        ctx = replace(world.ctx(), github=client)
        pull = github.repo("acme/shop").pull(1, world.now, title="Fix rounding in totals")
        pull.request("alice", world.now)
        reconcile.run(ctx, world.now)
        world.wait(hours=6)
        [(wait,)] = world.rows("SELECT id FROM waits WHERE until IS NULL")
        press = Press(int(str(wait)), HAND_OVER, "U0CAROL")
        for statement in count(1):
            done = cut_off(world, statement, partial(answer, ctx, "U0ALICE", press, world.now))
            if pull.people == ["carol"]:
                break
        assert not done, "the host was reached, and the database not any more"
        world.clock.advance(minutes=10)
        reconcile.run(ctx, world.now)
        world.wait(minutes=1)
        moves = [call.method for call in github.calls if call.path.endswith("/requested_reviewers")]
        client.close()
    assert [method for method in moves if method != "GET"] == ["POST", "DELETE"]
    assert world.rows("SELECT holder FROM waits WHERE until IS NULL") == [("carol",)]
    [message] = world.texts("U0ALICE")
    assert message.startswith("Done")
    ledger_is_right(world)


@pytest.mark.parametrize("stride", STRIDES)
def test_killed_at_any_statement_of_a_reading_the_next_one_makes_it_whole(world: World, stride: int) -> None:
    with FakeGithub() as github:
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        pull = github.repo("acme/shop").pull(1, MONDAY)
        world.clock.advance(hours=1)
        ctx = replace(world.ctx(), github=client)
        reconcile.run(ctx, world.now)
        pull.request("alice", world.now)
        pull.comment("carol", world.now)
        world.clock.advance(minutes=10)
        for statement in count(1, stride):
            if cut_off(world, statement, lambda: reconcile.run(ctx, world.now)):
                break
        assert reconcile.run(ctx, world.now).events == 0
        client.close()
    kinds = world.rows("SELECT kind FROM events ORDER BY kind")
    assert kinds == [("commented",), ("opened",), ("review_requested",)]
    ledger_is_right(world)


def lives(world: World, step: int, runs: tuple[Run, ...]) -> int:
    """Two beats of the clock, or until killed at a step; how many steps there were."""
    messenger = Mortal(world.slack.token, world.slack.url, timeout=2)
    messenger.reaper = Reaper(world.engine, step)
    with suppress(Reaped):
        for _ in range(2):
            world.slack.now = world.now
            for run in runs:
                run(world.ctx(messenger), world.now)
            world.clock.advance(seconds=20)
    messenger.reaper.leave()
    return messenger.reaper.steps


DAILY = (morning.run, nudge.run, deliver.run)
WEEKLY = (digest.run, deliver.run)
STEPS = 56
"""As many as either message takes; each test says if that is no longer so."""
AT = [step if step in (13, 20, 26) else pytest.param(step, marks=pytest.mark.long) for step in range(1, STEPS + 1)]


def cut_and_gone_on(world: World, step: int, runs: tuple[Run, ...]) -> None:
    """Killed at a step, Slack's reply being lost at some; then some minutes pass undisturbed."""
    world.slack.fail("chat.postMessage", *[Fault("lost")] * (step % 2))
    lives(world, step, runs)
    for _ in range(4):
        world.clock.advance(seconds=100)
        assert lives(world, STEPS * 10, runs) <= STEPS


@pytest.mark.parametrize("step", AT)
def test_killed_at_any_step_a_morning_message_is_sent_once(world: World, step: int) -> None:
    world.clock.advance(hours=3)
    lives(world, STEPS * 10, DAILY)
    world.ask("alice")
    world.clock.set(MONDAY + DAY)
    cut_and_gone_on(world, step, DAILY)
    [message] = world.texts("U0ALICE")
    assert message.startswith("Your day: 1 thing waits for you")


@pytest.mark.parametrize("step", AT)
def test_killed_at_any_step_a_digest_is_sent_once(world: World, step: int) -> None:
    world.ask("alice")
    commands.answer(world.ctx(), "U0ALICE", Again("digest weekly tuesday 9:30", place="C0TEAM"))
    world.clock.set(MONDAY + DAY + HOUR // 2)
    cut_and_gone_on(world, step, WEEKLY)
    assert len(world.slack.messages("C0TEAM")) == 1
