"""An author's own call: who hears of it, when, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
from messages_desk import HTTP, SOCKET, Desks, desk_of, look, shown, world_of
from sqlalchemy import Engine
from world import POLICY, World

from bot.views.pages import Again
from handlers.commands import answer as flow

SHOP = "https://github.com/acme/shop/pull"
ONE = f"<{SHOP}/1|Fix rounding in totals> · acme/shop#1"
ASKED = "bob asked for your review on Monday 09:00 · 120 lines, medium"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


@pytest.fixture
def on(world: World, tmp_path: Path) -> Desks:
    return partial(desk_of, world, HTTP, tmp_path)


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_an_author_asks_kindly_and_the_holder_hears_who_asks(world: World, tmp_path: Path, door: str) -> None:
    world.ask("alice")
    world.clock.advance(hours=1)
    with desk_of(world, door, tmp_path) as desk:
        answered = desk.flow("nudge #1", "U0BOB")
        assert answered["text"] == "I ask about Fix rounding in totals (acme/shop#1):\nalice hears of it now."
        assert look(answered) == [f"I ask about *{ONE}*:\nalice hears of it now."]
        world.wait(minutes=1)
        assert look(desk.dm()) == [
            f"*{ONE}*\nhas waited *1h* for your review (working time; 1h by the calendar; 8h agreed)\n{ASKED}\n"
            "bob asks: can you look, or hand it on? [Open]",
            "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
        ]
        assert desk.dm()["text"].endswith("120 lines, medium. bob asks: can you look, or hand it on?")
        desk.press(desk.dm(), "On it")
        assert shown(desk)[0].endswith("_On it until Monday 17:00._ [Open]")
        assert desk.flow("nudge #1", "U0BOB")["text"] == (
            "You asked about Fix rounding in totals (acme/shop#1) today already, on Monday 10:00; once a day is "
            "enough.\nIt waits for alice."
        )
    world.wait(hours=5)
    assert len(world.texts("U0ALICE")) == 1
    world.wait(days=1)
    assert [text.split(" has waited")[1][:3] for text in world.texts("U0ALICE")] == [" 1h", " 8h"]


def test_a_second_day_brings_a_second_call(world: World, on: Desks) -> None:
    world.ask("alice")
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(hours=24)
        assert desk.flow("nudge #1", "U0BOB")["text"].startswith("I ask about")


@pytest.mark.parametrize(
    ("terms", "hour", "said"),
    [
        ("", 9, "I ask about {}:\nalice hears of it from Tuesday 09:00 on."),
        ('away = [{from = "2026-03-02", until = "2026-03-04"}]', 1,
         "I ask about {}:\nalice hears of it from Thursday 09:00 on."),
        ('mutes = [{repo = "acme/shop"}]', 1,
         "I can reach nobody about {}:\nalice does not hear of it for now; please ask them yourself."),
    ],
)  # fmt: skip
def test_the_author_is_told_from_when_and_never_why(world: World, on: Desks, terms: str, hour: int, said: str) -> None:
    world.set_policy(POLICY.replace('slack = "U0ALICE"', f'slack = "U0ALICE"\n{terms}'))
    world.ask("alice")
    world.clock.advance(hours=hour)
    with on() as desk:
        answered = desk.flow("nudge #1", "U0BOB")
        assert answered["text"] == said.format("Fix rounding in totals (acme/shop#1)")
        assert look(answered) == [said.format(f"*{ONE}*")]


def test_who_can_t_be_reached_is_named_with_what_to_do(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('[repos."acme/shop"]\nchannel = "C0TEAM"', ""))
    world.ask("alice", "dora")
    world.tell(world.fact("review_requested", team="core"))
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"].splitlines()[1:] == [
            "alice hears of it now.",
            "dora can't be reached in Slack; please ask them on the code host.",
            "The team core has no channel that I may post in, so nobody of it hears of it.",
        ]


def test_a_team_hears_in_its_channel_that_it_is_asked_for(world: World, on: Desks) -> None:
    world.ask()
    world.tell(world.fact("review_requested", team="core"))
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"].endswith("\nThe team core hears of it now.")
        world.wait(minutes=1)
        assert look(desk.channel) == [
            f"*{ONE}*\nhas waited *under 1m* for a review by core (working time; under 1m by the calendar; 8h agreed)"
            " · 120 lines, medium\nIts author asks: who can take it? [Open]",
            "[I'll take it]",
        ]


def test_a_thing_without_a_target_can_be_asked_for_too(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('review = "8h"', ""))
    world.ask("alice")
    world.wait(hours=1)
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(minutes=1)
        [text] = world.texts("U0ALICE")
    assert text == (
        "Fix rounding in totals (acme/shop#1) has waited 1h for your review (working time; 1h by the calendar). "
        "bob asked for your review on Monday 09:00. 120 lines, medium. bob asks: can you look, or hand it on?"
    )


def test_what_was_late_before_its_history_was_read_can_be_asked_for(world: World, on: Desks) -> None:
    world.ask("alice", at=world.now - 14 * 86_400, live=False)
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(minutes=1)
        [text] = world.texts("U0ALICE")
        assert text.endswith("bob asks: can you look, or hand it on?")
        desk.choose(desk.dm(), "Snooze", "An hour")
        world.wait(hours=1, minutes=1)
    assert "You wanted to hear of it again." in world.texts("U0ALICE")[1]
    world.wait(days=3)
    assert len(world.texts("U0ALICE")) == 2


@pytest.mark.parametrize(
    ("text", "user", "said"),
    [
        ("nudge #1", "U0ALICE", "Only its author can ask for it, and you did not open acme/shop#1; bob did."),
        ("nudge #1", "U0DAVE", "Only its author can ask for it, and you did not open acme/shop#1; bob did."),
        ("nudge #2", "U0BOB", "It is your own turn on acme/shop#2; nobody else can be asked. /flow why acme/shop#2 "
                              "tells more."),
        ("nudge #3", "U0BOB", "acme/shop#3 is merged: it waits for nobody any more."),
        ("nudge #4", "U0BOB", "acme/shop#4 is closed: it waits for nobody any more."),
        ("nudge #5", "U0BOB", "It is nobody's turn on acme/shop#5 just now (it is a draft, or not ready)."),
        ("nudge #9", "U0BOB", "I know of no acme/shop#9: no webhook told of it, and it was not read."),
    ],
)  # fmt: skip
def test_what_can_t_be_asked_for_is_refused_with_the_reason(
    world: World, on: Desks, text: str, user: str, said: str
) -> None:
    for item in (1, 2, 3, 4, 5):
        world.ask("alice", item=item)
    world.clock.advance(minutes=1)
    world.review("alice", item=2)
    world.tell(world.fact("merged", item=3), world.fact("closed", item=4), world.fact("converted_to_draft", item=5))
    with on() as desk:
        assert desk.flow(text, user)["text"] == said


def test_in_a_repository_that_was_let_go_nobody_is_asked(world: World, on: Desks) -> None:
    world.set_policy(POLICY + "follow = false\n")
    world.ask("alice")
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"] == "acme/shop was let go: nobody is nudged about it any more."
        assert desk.flow("why #1", "U0BOB")["text"].splitlines()[-1] == (
            "acme/shop was let go, so I don't look any more whose turn it is."
        )


def test_in_a_silent_repository_nobody_is_asked(world: World, on: Desks) -> None:
    world.set_policy(POLICY + "silent = true\n")
    world.ask("alice")
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"] == (
            "acme/shop is silent for now: nobody is nudged about it until its targets are switched on."
        )
    world.wait(days=1)
    assert world.slack.history() == []


def test_calls_at_once_are_one(world: World) -> None:
    world.ask("alice")
    ctx, start, said = world.ctx(), Barrier(5), []

    def ask() -> None:
        start.wait()
        said.append(flow(ctx, "U0BOB", Again("nudge #1")).text.split(" ")[0])

    threads = [Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["I", "You", "You", "You", "You"]


@pytest.mark.parametrize("typed", ["nudge", "nudge x", "nudge #1 please", "nudge acme/shop", "nudge <@U0ALICE>"])
def test_words_that_name_no_item_are_answered_with_what_is_allowed(on: Desks, typed: str) -> None:
    with on() as desk:
        said = desk.flow(typed, "U0BOB")["text"]
    assert "Allowed are a link to it, acme/shop#12, shop#12" in said
    assert said.endswith("For example: /flow nudge acme/shop#12")
