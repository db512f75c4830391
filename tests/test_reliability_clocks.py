"""Clocks: a weekend asleep, a clock set back, the nights on which clocks change. No storm, nothing doubled or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from fake_github import FakeGithub
from messages_desk import world_of
from program import wait_until
from sqlalchemy import Engine, text
from world import MONDAY, NO_CHANNEL, World

from bot import app
from bot.clock import SystemClock
from bot.flow.events import FlowEvent, parse_instant
from bot.hosts.github.api import Github
from bot.serving import rounds
from bot.serving.telemetry import Telemetry
from bot.serving.workspaces import OneWorkspace
from jobs import nudge
from jobs.schedule import Job, Schedule, Turn

HOUR, DAY = 3600, 86_400
PEOPLE = [f"dev{number}" for number in range(40)]
REPOS = [f"acme/repo{number}" for number in range(10)]
CHANNELS = [f"C0TEAM{number}" for number in range(5)]
"""Each is that of two repositories."""
REVIEWS = 8 * len(PEOPLE)
POLICY = (
    '[calendar]\ntimezone = "Europe/Berlin"\n[targets]\nreview = "4h"\n'
    + "".join(f'[people.{login}]\nslack = "U0{login.upper()}"\n' for login in PEOPLE)
    + "".join(f'[repos."{repo}"]\nchannel = "{CHANNELS[n % 5]}"\n' for n, repo in enumerate(REPOS))
)
FRIDAY_NOON, NEXT_MONDAY = MONDAY + 4 * DAY + 3 * HOUR, MONDAY + 7 * DAY


@pytest.fixture
def town(quick_engine: Engine) -> Iterator[World]:
    """Forty people, each asked for eight reviews from Thursday morning to Friday noon; and then the machine sleeps."""
    with world_of(quick_engine, POLICY) as world:
        for login in PEOPLE:
            world.slack.add_user(f"U0{login.upper()}")
        for channel in CHANNELS:
            world.slack.add_channel(channel)
        world.clock.set(FRIDAY_NOON - 27 * HOUR)
        world.morning = True
        world.tick()
        world.clock.set(FRIDAY_NOON)
        world.tell(*(fact for number in range(REVIEWS) for fact in asked(world, number)))
        yield world


def asked(world: World, number: int) -> list[FlowEvent]:
    """The facts of one review that is asked for: one every five minutes, of each person in turn."""
    repo, item, at = REPOS[number % len(REPOS)], number + 1, FRIDAY_NOON - 27 * HOUR + number * 300
    opened = world.fact("opened", "bob", item=item, at=at, type="pull_request", title=f"Change {number}")
    requested = world.fact("review_requested", "bob", item=item, at=at, reviewer=PEOPLE[number % len(PEOPLE)])
    return [fact._replace(repo=repo) for fact in (opened, requested)]


def heard(world: World) -> Counter[str]:
    """How many messages came to each person."""
    return Counter({name: len(world.slack.dms(f"U0{name.upper()}")) for name in PEOPLE})


def in_channels(world: World) -> list[int]:
    return [len(world.slack.messages(channel)) for channel in CHANNELS]


def count(world: World, of: str) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {of}")).scalar() or 0)


def awake(world: World, seconds: int) -> None:
    """The program runs for so long, ticking as often as it does."""
    ctx, end = world.ctx(), world.now + seconds
    while world.now < end:
        world.tick(ctx)
        world.clock.advance(seconds=2)


@pytest.mark.parametrize(
    ("late", "morning"),
    [
        pytest.param(0, True, id="at nine, with morning messages"),
        pytest.param(5 * HOUR, False, id="in the afternoon, nudges alone"),
        pytest.param(0, False, id="at nine, nudges alone", marks=pytest.mark.long),
        pytest.param(437, False, id="minutes after nine, nudges alone", marks=pytest.mark.long),
        pytest.param(437, True, id="minutes after nine, with morning messages", marks=pytest.mark.long),
        pytest.param(5 * HOUR, True, id="in the afternoon, with morning messages", marks=pytest.mark.long),
    ],
)
def test_after_a_weekend_asleep_each_person_gets_one_message_and_each_channel_one(
    town: World, late: int, morning: bool
) -> None:
    town.morning = morning
    town.clock.set(NEXT_MONDAY + late)
    awake(town, 40)
    assert set(heard(town).values()) == {1}
    assert in_channels(town) == [1] * len(CHANNELS)
    assert count(town, "nudges WHERE rung = 'breach'") == REVIEWS, "and none of them is lost"


def test_the_rest_of_that_day_keeps_to_the_pace_and_number_of_messages(town: World) -> None:
    town.clock.set(NEXT_MONDAY)
    town.wait(hours=8)
    assert max(heard(town).values()) <= 4
    for login in PEOPLE:
        instants = [float(message["ts"]) for message in town.slack.dms(f"U0{login.upper()}")]
        assert all(later - earlier >= 600 for earlier, later in pairwise(instants))


def test_what_lay_in_the_outbox_when_it_fell_asleep_goes_first_and_the_rest_gathers_behind_it(town: World) -> None:
    town.clock.set(FRIDAY_NOON)
    nudge.run(town.ctx(), town.now)
    left = count(town, "outbox WHERE recipient NOT LIKE '#%'")
    assert left
    town.clock.set(NEXT_MONDAY)
    awake(town, 40)
    assert (max(heard(town).values()), sum(heard(town).values())) == (1, len(PEOPLE))
    awake(town, 600)
    assert (max(heard(town).values()), sum(heard(town).values())) == (2, len(PEOPLE) + left)


# What happened while the machine slept


def run(jobs: list[Job], name: str, now: int) -> None:
    next(job for job in jobs if job.name == name).do(now)


def test_once_awake_it_reads_what_it_slept_through_before_it_nudges(engine: Engine) -> None:
    with world_of(engine, NO_CHANNEL) as world, FakeGithub() as github:
        client = Github(github.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        world.clock.advance(hours=3)  # a day begins with a message of its own; this is about the others
        ctx = replace(world.ctx(), github=client)
        jobs = app.jobs_of(OneWorkspace(ctx), Telemetry())
        pulls = [github.repo("acme/shop").pull(number, MONDAY, title=f"Change {number}") for number in (1, 2)]
        for pull in pulls:
            pull.request("alice", MONDAY)
        run(jobs, "reconcile", world.now)
        run(jobs, "tick", world.now)
        world.clock.advance(days=7)
        pulls[0].review("alice", "APPROVED", MONDAY + 5 * DAY)
        run(jobs, "tick", world.now)
        assert world.texts("U0ALICE") == [], "nobody knows yet whether it still waits"
        run(jobs, "reconcile", world.now)
        run(jobs, "tick", world.now + 2)
        client.close()
        [message] = world.texts("U0ALICE")
    assert message.startswith("Change 2 (acme/shop#2) has waited")


@pytest.mark.parametrize(("minutes", "heard"), [(11, 0), (9, 1)])
def test_a_machine_slept_where_the_clock_leapt_by_more_than_ten_minutes(
    sqlite_engine: Engine, minutes: int, heard: int
) -> None:
    with world_of(sqlite_engine, NO_CHANNEL) as world:
        world.clock.advance(hours=6)
        world.ask("alice", at=MONDAY + 300)
        jobs = app.jobs_of(OneWorkspace(world.ctx()), Telemetry())
        run(jobs, "reconcile", world.now)
        run(jobs, "tick", world.now)
        assert world.texts("U0ALICE") == []
        world.clock.advance(minutes=minutes)
        run(jobs, "tick", world.now)
        assert len(world.texts("U0ALICE")) == heard


def test_a_code_host_that_is_away_after_a_sleep_keeps_nudges_back_no_longer_than_at_a_start(engine: Engine) -> None:
    with world_of(engine, NO_CHANNEL) as world:
        world.clock.advance(hours=3)
        world.ask("alice")
        jobs = app.jobs_of(OneWorkspace(world.ctx()), Telemetry())
        run(jobs, "reconcile", world.now)
        world.clock.advance(days=7)
        run(jobs, "tick", world.now)
        assert world.texts("U0ALICE") == []
        world.clock.advance(seconds=rounds.CATCH_UP)
        run(jobs, "tick", world.now)
        assert len(world.texts("U0ALICE")) == 1


# A clock that is set back


class Corrected:
    """A clock that is an hour ahead of the machine's until it is set right."""

    ahead = HOUR

    def now(self) -> int:
        return SystemClock().now() + self.ahead


def test_the_jobs_go_on_at_once_where_the_clock_is_set_back() -> None:
    clock, runs = Corrected(), []
    schedule = Schedule(
        [Job("tick", 3600, lambda: [Turn("", [lambda now: runs.append(now) or 0])])], clock, Telemetry()
    )  # type: ignore
    schedule.start()
    clock.ahead = 0
    wait_until(lambda: runs)
    assert schedule.stop(30)
    assert runs[0] < SystemClock().now() + 60


def test_a_clock_set_back_doubles_no_message_and_loses_none(engine: Engine) -> None:
    with world_of(engine, NO_CHANNEL) as world:
        world.morning = True
        world.ask("alice")
        world.wait(hours=6, minutes=1)
        assert len(world.texts("U0ALICE")) == 1
        world.ask("carol", item=2)
        world.clock.advance(hours=-5)
        world.wait(hours=5)
        assert len(world.texts("U0ALICE")) == 1
        world.wait(days=1)
        told = world.texts("U0ALICE")
        assert len(told) == len(set(told))
        assert any(one.startswith("Your day") for one in told)
        assert world.texts("U0CAROL")


# The nights on which clocks change


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2026-03-28T21:00:00+01:00", "2026-03-29T05:00:00+02:00"),
        ("2026-10-24T21:00:00+02:00", "2026-10-25T03:00:00+01:00"),
    ],
    ids=["an hour is skipped", "an hour comes twice"],
)
def test_over_the_night_on_which_clocks_change_a_wait_is_nudged_once_and_when_its_hours_are_over(
    engine: Engine, evening: str, morning: str
) -> None:
    nights = ", ".join(f'{day} = ["21:00-06:00"]' for day in ("sat", "sun"))
    calendar = f'timezone = "Europe/Berlin"\nhours = {{ {nights} }}'
    policy = NO_CHANNEL.replace('timezone = "Europe/Berlin"', calendar).replace('review = "8h"', 'review = "7h"')
    with world_of(engine, f"{policy}[nudges]\nheads_up = 0\nrepeat = 0\n") as world:
        world.clock.set(parse_instant(evening))
        world.ask("alice")
        world.wait(days=2)
        assert world.sent_at() == [parse_instant(morning)]


@pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"], ids=["an hour is skipped", "an hour comes twice"])
def test_on_a_day_on_which_clocks_change_there_is_one_morning_message(engine: Engine, sunday: str) -> None:
    hours = ", ".join(f'{day} = ["02:30-10:00"]' for day in ("sat", "sun", "mon"))
    calendar = f'timezone = "Europe/Berlin"\nhours = {{ {hours} }}'
    policy = NO_CHANNEL.replace('timezone = "Europe/Berlin"', calendar).replace('review = "8h"', "review = 0")
    with world_of(engine, policy) as world:
        world.morning = True
        world.clock.set(parse_instant(f"{sunday}T12:00:00Z") - DAY)
        world.tick()
        world.ask("alice")
        world.wait(days=1)
        assert len(world.texts("U0ALICE")) == 1
        world.wait(days=1)
        assert len(world.texts("U0ALICE")) == 2
