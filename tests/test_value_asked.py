"""Once a month, in their working hours, the owner of a key result is asked for its number; never twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from fake_slack import FakeSlack, content_error
from sqlalchemy import Engine
from test_streams import SHOP
from world import World

import jobs.value
from bot.asking.people import NotKnown
from bot.asking.value import give, known_now, outcomes_of
from bot.asking.value_edits import change_result
from bot.flow.value import KeyResult
from bot.people.forgetting import forget
from bot.store import value
from bot.store.engine import writing
from bot.streams.saving import save

ASKED = (
    "Speed: where does it stand now?\n"
    "It began at 45 days; it is to come to 30 days by Thursday 30 April. "
    "That is how Shop knows whether its work helps.\n"
    "You are asked as its owner, once a month; /flow result can name somebody else."
)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        slack.add_user("U0DAN")
        world = World(engine, slack)
        save(world.ctx(), "U0ALICE", SHOP._replace(outcome="We win when it ships"), world.now)
        yield world


def result(world: World, owner: str = "U0ALICE", until: date | None = date(2026, 4, 30)) -> KeyResult:
    """One that begins now, on Monday the 2nd of March."""
    (outcome,) = known_now(world.ctx()).outcomes
    one = KeyResult("speed", outcome.id, "Speed", "days", Decimal(45), Decimal(30), until, owner, world.now)
    with writing(world.engine) as session:
        assert value.put_result(session, world.ctx().workspace, one)
    return one


def asked(world: World, **passed: float) -> int:
    """Let time pass, look whose month has come, and let the messages go out."""
    world.wait(**passed)  # type: ignore[arg-type]
    done = jobs.value.run(world.ctx(), world.now)
    world.wait(minutes=2)
    return done


def questions(world: World, user: str = "U0ALICE") -> list[str]:
    return [text for text in world.texts(user) if text.startswith("Speed")]


def test_its_owner_is_asked_in_the_next_month_with_one_input(world: World) -> None:
    result(world)
    assert asked(world, days=29) == 0, "it is the last day of March"
    assert asked(world, days=1) == 1
    assert questions(world) == [ASKED]
    (message,) = [one for one in world.slack.dms("U0ALICE") if one["text"] == ASKED]
    assert content_error(message) is None
    assert [block["type"] for block in message["blocks"]] == ["section", "input", "actions", "context"]


@pytest.mark.parametrize("owner", ["U0ALICE", "U0DAN"])
def test_it_is_asked_in_working_hours_whether_or_not_they_have_a_login(world: World, owner: str) -> None:
    result(world, owner)
    asked(world, days=30, hours=10)
    assert questions(world, owner) == [], "it is the first of April, in the evening"
    asked(world, hours=14)
    assert len(questions(world, owner)) == 1, "and now the next morning"


def test_however_often_anybody_looks_it_is_asked_once_a_month(world: World) -> None:
    result(world)
    assert [asked(world, days=30), asked(world, hours=1), asked(world, days=6), asked(world, days=28)] == [1, 0, 0, 1]
    assert len(questions(world)) == 2


def test_after_a_long_stop_what_was_missed_is_one_question(world: World) -> None:
    result(world, until=None)
    assert [asked(world, days=121), asked(world, hours=1)] == [1, 0]
    assert len(questions(world)) == 1


def test_for_the_number_of_somebody_who_was_forgotten_nobody_is_asked(world: World) -> None:
    result(world)
    forget(world.ctx(), "alice", world.now)
    assert asked(world, days=30) == 0


def test_its_last_question_comes_in_the_month_after_its_last_day(world: World) -> None:
    result(world)
    assert [asked(world, days=30), asked(world, days=33), asked(world, days=28)] == [1, 1, 0]


def test_a_number_that_was_given_this_month_is_not_asked_for(world: World) -> None:
    result(world)
    world.wait(days=30)
    give(world.ctx(), "U0ALICE", "speed", "41", world.now)
    assert asked(world) == 0


def test_once_it_is_answered_the_message_says_so_and_is_left_alone(world: World) -> None:
    result(world)
    asked(world, days=30)
    give(world.ctx(), "U0ALICE", "speed", "40 days", world.now)
    world.wait(minutes=1)
    assert questions(world) == ["Speed: Verified: 40 days on Wednesday 1 April, by <@U0ALICE>, 33% of the way."]
    world.wait(days=2)
    give(world.ctx(), "U0ALICE", "speed", "30", world.now)
    world.wait(minutes=1)
    assert questions(world) == ["Speed: Verified: 40 days on Wednesday 1 April, by <@U0ALICE>, 33% of the way."]


def test_an_answer_that_comes_a_month_late_is_taken_and_settles_both_questions(world: World) -> None:
    result(world)
    asked(world, days=30)
    asked(world, days=30)
    assert len(questions(world)) == 2
    give(world.ctx(), "U0ALICE", "speed", "40", world.now)
    world.wait(minutes=1)
    assert questions(world) == ["Speed: Verified: 40 days on Friday 1 May, by <@U0ALICE>, 33% of the way."] * 2


def test_of_two_presses_of_one_answer_the_second_is_told_so(world: World) -> None:
    result(world)
    give(world.ctx(), "U0ALICE", "speed", "40", world.now)
    with pytest.raises(NotKnown, match="noted already"):
        give(world.ctx(), "U0ALICE", "speed", "40.0", world.now)
    assert len(known_now(world.ctx()).results[0].given) == 1


def test_of_many_who_send_one_answer_at_once_one_is_kept(world: World) -> None:
    result(world)

    def send(_: int) -> str:
        try:
            give(world.ctx(), "U0ALICE", "speed", "40", world.now)
        except NotKnown as answer:
            return str(answer)
        return "kept"

    with ThreadPoolExecutor(6) as people:
        told = sorted(people.map(send, range(6)))
    assert told == ["That number is noted already, thank you."] * 5 + ["kept"]
    assert len(known_now(world.ctx()).results[0].given) == 1


def test_what_is_not_answered_is_said_where_outcomes_stand_and_never_nudged(world: World) -> None:
    result(world)
    asked(world, days=30)
    at = world.now
    assert asked(world, days=20) == 0
    ((one,),) = [outcome.results for outcome in outcomes_of(world.ctx(), (), world.now).outcomes]
    assert one.asked_at is not None
    assert at - 300 < one.asked_at <= at
    assert len(questions(world)) == 1
    give(world.ctx(), "U0ALICE", "speed", "40", world.now)
    ((one,),) = [outcome.results for outcome in outcomes_of(world.ctx(), (), world.now).outcomes]
    assert one.asked_at is None


def test_a_question_to_somebody_who_no_longer_owns_it_is_taken_back_and_its_owner_is_asked_next_month(
    world: World,
) -> None:
    result(world)
    asked(world, days=30)
    change_result(world.ctx(), "U0ALICE", ["Speed", "<@U0BOB>"], world.now)
    world.wait(minutes=1)
    assert questions(world) == ["Speed: its number is not needed any more."]
    assert asked(world, days=30) == 1
    assert len(questions(world, "U0BOB")) == 1


def test_a_question_about_what_was_dropped_is_taken_back(world: World) -> None:
    result(world)
    asked(world, days=30)
    change_result(world.ctx(), "U0ALICE", ["Speed", "drop"], world.now)
    world.wait(minutes=1)
    assert questions(world) == ["Speed: its number is not needed any more."]
    assert asked(world, days=30) == 0
