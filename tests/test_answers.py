"""Answers on a nudge, and an author's own call: pressed and typed through both of Slack's doors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from messages_desk import HTTP, SOCKET, Desk, Desks, Json, counted, desk_of, look, options, shown, world_of
from sqlalchemy import Engine, text
from world import POLICY, World

from bot.asking.answering import answer
from bot.asking.people import NotKnown
from bot.views.controls import Press

SHOP = "https://github.com/acme/shop/pull"
ONE = f"<{SHOP}/1|Fix rounding in totals> · acme/shop#1"
WAITED = "has waited *6h* for your review (working time; 6h by the calendar; 8h agreed)"
ASKED = "bob asked for your review on Monday 09:00 · 120 lines, medium"
OPEN = f"*{ONE}*\n{WAITED}\n{ASKED}"


@pytest.fixture(params=[HTTP, SOCKET])
def desk(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Monday, three in the afternoon: alice has just got a heads-up."""
    with world_of(engine, POLICY) as world, desk_of(world, request.param, tmp_path) as opened:
        world.ask("alice")
        world.wait(hours=6)
        yield opened


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


@pytest.fixture
def on(world: World, tmp_path: Path) -> Desks:
    return partial(desk_of, world, HTTP, tmp_path)


def the_wait(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT id FROM waits WHERE until IS NULL ORDER BY since LIMIT 1")).scalar())


# What can be pressed


def test_a_nudge_can_be_opened_taken_on_snoozed_handed_over_and_called_wrong(desk: Desk) -> None:
    message = desk.dm()
    assert look(message) == [
        f"{OPEN}\nA heads-up, no hurry yet. Can you look, or hand it on? [Open]",
        "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
    ]
    _, snooze, _, wrong = message["blocks"][1]["elements"]
    assert options(snooze) == [": An hour, After lunch, Tomorrow morning, Next Monday"]
    assert options(wrong) == [": Already done, Not mine, Not ready, Too early, Other"]


def test_what_only_the_author_can_do_is_not_handed_over(world: World) -> None:
    world.ask("alice")
    world.review("alice")
    world.wait(hours=6)
    assert look(world.slack.dms("U0BOB")[0])[1] == "[On it] [Snooze ▾] [Wrong ping ▾]"


def test_of_several_things_each_has_its_answers_in_one_menu(on: Desks, world: World) -> None:
    for item in (1, 2, 3):
        world.ask("alice", item=item)
    world.wait(hours=6)
    with on() as desk:
        message = desk.dm()
        ask = "Can you look, or hand it on? [Answer ▾]"
        rest = [f"*<{SHOP}/{n}|Fix rounding in totals> · acme/shop#{n}*\n{WAITED}\n{ASKED}\n" for n in (1, 2, 3)]
        opening = "A heads-up: 3 things wait for you and will soon reach the agreed time."
        assert look(message) == [opening, *(one + ask for one in rest)]
        assert options(message["blocks"][1]["accessory"]) == [
            "Now: On it, Hand over …",
            "Snooze: An hour, After lunch, Tomorrow morning, Next Monday",
            "Wrong ping: Already done, Not mine, Not ready, Too early, Other",
        ]
        assert desk.choose(message, "Answer", "An hour", nth=1) == "You hear of it again on Monday 16:00."
        answered = f"{rest[1]}_Snoozed until Monday 16:00._ [Change ▾]"
        assert shown(desk) == [opening, rest[0] + ask, answered, rest[2] + ask]


# On it


def test_on_it_keeps_quiet_until_the_working_day_ends_and_the_author_sees_it(desk: Desk) -> None:
    assert desk.press(desk.dm(), "On it") == "You are on it until Monday 17:00; bob can see that."
    assert shown(desk) == [f"{OPEN}\n_On it until Monday 17:00._ [Open]", "[Change ▾]"]
    assert desk.dm()["text"].endswith("120 lines, medium. On it until Monday 17:00.")
    line = "alice is on it until Monday 17:00."
    assert desk.flow("waits", "U0BOB")["text"].endswith(f"Since Monday 09:00, asked by bob. {line}")
    assert desk.flow("why #1", "U0BOB")["text"].endswith(f"It is due on Monday 17:00. {line}")
    assert desk.flow("why #1")["text"].endswith("It is due on Monday 17:00. You are on it until Monday 17:00.")
    desk.world.wait(hours=17, minutes=58)
    assert len(desk.world.texts("U0ALICE")) == 1
    desk.world.wait(minutes=2)
    assert desk.world.texts("U0ALICE")[1].startswith("Fix rounding in totals (acme/shop#1) has waited 8h")
    assert look(desk.dm())[1] == "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]"


def test_a_channel_is_told_that_somebody_is_on_it_and_not_who(on: Desks, world: World) -> None:
    world.ask("alice")
    world.wait(days=2)
    with on() as desk:
        assert desk.press(desk.dm(), "On it") == "You are on it until Wednesday 17:00; bob can see that."
        world.wait(minutes=1)
        told = look(desk.channel)
    assert told == [
        f"*{ONE}*\nhas waited *16h* for a review (working time; 1d 8h by the calendar; 8h agreed) · 120 lines, medium\n"
        "Somebody is on it until Wednesday 17:00. [Open]"
    ]


# Snooze


@pytest.mark.parametrize(
    ("pause", "until"),
    [("An hour", "Monday 16:00"), ("After lunch", "Tuesday 13:00"), ("Tomorrow morning", "Tuesday 09:00"),
     ("Next Monday", "9 Mar 09:00")],
)  # fmt: skip
def test_a_snooze_is_counted_in_the_person_s_own_hours(on: Desks, world: World, pause: str, until: str) -> None:
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.choose(desk.dm(), "Snooze", pause) == f"You hear of it again on {until}."
        assert shown(desk) == [f"{OPEN}\n_Snoozed until {until}._ [Open]", "[Change ▾]"]


def test_what_was_snoozed_is_brought_up_again_when_that_is_over(desk: Desk) -> None:
    desk.choose(desk.dm(), "Snooze", "An hour")
    desk.world.wait(minutes=59)
    assert len(desk.world.texts("U0ALICE")) == 1
    desk.world.wait(minutes=1)
    again = look(desk.dm())
    assert again == [
        f"*{ONE}*\nhas waited *7h* for your review (working time; 7h by the calendar; 8h agreed)\n{ASKED}\n"
        "You wanted to hear of it again. Can you look, or hand it on? [Open]",
        "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
    ]
    assert look(desk.dm(nth=0))[0].endswith("_Snoozed until Monday 16:00._ [Open]")


def test_an_answer_can_be_changed_for_another(desk: Desk) -> None:
    desk.choose(desk.dm(), "Snooze", "Next Monday")
    shown(desk)
    assert desk.choose(desk.dm(), "Change", "On it") == "You are on it until Monday 17:00; bob can see that."
    assert shown(desk) == [f"{OPEN}\n_On it until Monday 17:00._ [Open]", "[Change ▾]"]
    desk.world.wait(hours=18)
    assert len(desk.world.texts("U0ALICE")) == 2, "the breach, and nothing is left of the snooze"


def test_each_answer_names_its_menu_anew_so_that_slack_shows_no_old_choice(desk: Desk) -> None:
    names = [desk.dm()["blocks"][1]["block_id"]]
    for pause in ("Tomorrow morning", "Next Monday"):
        desk.choose(desk.dm(), "Change" if names[1:] else "Snooze", pause)
        shown(desk)
        names.append(desk.dm()["blocks"][1]["block_id"])
    assert len(set(names)) == 3


# Wrong ping


@pytest.mark.parametrize(
    ("label", "reason", "said"),
    [("Already done", "done", "already done"), ("Not mine", "not_mine", "not mine"),
     ("Not ready", "not_ready", "not ready"), ("Too early", "too_early", "too early"), ("Other", "other", "other")],
)  # fmt: skip
def test_a_wrong_ping_stops_this_one_for_good_and_is_counted(
    on: Desks, world: World, label: str, reason: str, said: str
) -> None:
    world.ask("alice")
    world.ask("alice", item=2, title="Speed up the till", at=world.now + 3600)
    world.wait(hours=6)
    with on() as desk:
        assert desk.choose(desk.dm(), "Wrong ping", label) == (
            f"Thank you, noted ({said}): you hear no more of this one."
        )
        assert shown(desk) == [f"{OPEN}\n_You called it a wrong ping ({said}); you hear no more of it._ [Open]",
                               "[Change ▾]"]  # fmt: skip
        assert desk.choose(desk.dm(), "Change", label) == "You said so already, and you hear no more of this one."
    assert counted(world) == {("wrong", reason): 1}
    world.wait(days=4)
    later = world.texts("U0ALICE")[1:]
    assert later
    assert not any("Fix rounding" in text for text in later)


# Old buttons, twice, and somebody else's


def test_the_same_answer_twice_counts_once_and_is_said(desk: Desk) -> None:
    message = desk.dm()
    desk.press(message, "On it")
    assert desk.press(message, "On it") == "You said so already: you are on it until Monday 17:00."
    desk.choose(message, "Snooze", "An hour")
    desk.world.clock.advance(seconds=2)
    assert desk.choose(message, "Snooze", "An hour") == ("It is snoozed already: you hear of it again on Monday 16:00.")
    assert counted(desk.world) == {("on_it", ""): 1, ("snooze", ""): 1}


def test_nobody_answers_for_somebody_else(desk: Desk) -> None:
    message = desk.dm()
    kind = "This is not yours to answer: it waits for alice."
    assert desk.press(message, "On it", "U0BOB") == kind
    assert desk.choose(message, "Wrong ping", "Not mine", "U0DAVE") == kind
    assert desk.hand_over(message, "U0CAROL", "U0CAROL") == "This is not yours to hand over: it waits for alice."
    assert counted(desk.world) == {}
    assert shown(desk)[1] == "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]"


def test_an_old_button_says_what_became_of_it(desk: Desk) -> None:
    message = desk.dm()
    desk.world.review("alice")
    assert desk.press(message, "On it") == "That is settled by now (it is done); there is nothing left to do here."
    assert shown(desk) == [f"~{ONE}~ reviewed after 6h, thank you (working time; 6h by the calendar)"]
    desk.world.tell(desk.world.fact("merged"))
    desk.world.ask("alice", item=2)
    desk.world.wait(hours=24)
    second = desk.dm()
    desk.world.tell(desk.world.fact("closed", item=2))
    assert desk.choose(second, "Snooze", "An hour") == (
        "That is settled by now (closed without merging); there is nothing left to do here."
    )
    assert counted(desk.world) == {}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"block_id": "wait:77", "value": "on_it"}, "That message is an old one: what it asked for is no longer so."),
        ({"value": "juggle"}, "That button is an old one and no longer means anything."),
        ({"value": "snooze:never"}, "That button is an old one and no longer means anything."),
        ({"value": "wrong:mood"}, "That button is an old one and no longer means anything."),
        ({"value": "take"}, "alice alone is asked; to have it, ask them to hand it over."),
    ],
)
def test_a_button_that_means_nothing_any_more_says_so(on: Desks, world: World, action: Json, said: str) -> None:
    world.ask("alice")
    named = {"type": "button", "action_id": "answer:on_it", "block_id": f"wait:{the_wait(world)}", **action}
    with on() as desk:
        assert desk.told(lambda: desk.hands.press(named, block_id=named["block_id"], message={"ts": "1.2"})) == said
    assert counted(world) == {}


@pytest.mark.parametrize(
    "action",
    [{"block_id": "b1"}, {"block_id": "wait:x"}, {"block_id": "wait:1", "value": None}, {"block_id": "wait:1"},
     {"block_id": "wait:1", "selected_option": None}, {"block_id": "wait:1", "selected_user": None}],
)  # fmt: skip
def test_a_press_that_is_none_of_ours_is_acknowledged_and_changes_nothing(
    on: Desks, world: World, action: dict[str, Any]
) -> None:
    with on() as desk:
        pressed = {"type": "button", "action_id": "answer:on_it", **action}
        assert desk.hands.press(pressed, block_id=action["block_id"]).status == 200  # type: ignore[union-attr]
    assert (world.slack.whispers, counted(world)) == ([], {})


def at_once(world: World, *presses: tuple[str, Press]) -> list[str]:
    """What each of several people who press at the same instant is told, in the order given."""
    ctx, start = world.ctx(), Barrier(len(presses))
    said = [""] * len(presses)

    def press(place: int, user: str, what: Press) -> None:
        start.wait()
        try:
            said[place] = answer(ctx, user, what, world.now).text
        except NotKnown as error:
            said[place] = str(error)

    threads = [Thread(target=press, args=(place, *one)) for place, one in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_many_presses_of_one_button_at_once_one_counts_and_the_others_are_told(world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    said = at_once(world, *[("U0ALICE", Press(the_wait(world), "on_it"))] * 6)
    assert sorted(said) == [
        "You are on it until Monday 17:00; bob can see that.",
        *["You said so already: you are on it until Monday 17:00."] * 5,
    ]
    assert counted(world) == {("on_it", ""): 1}


def test_a_press_while_its_fact_arrives_is_answered_and_nothing_is_lost(world: World) -> None:
    for item in range(1, 9):
        world.ask("alice", item=item)
    world.clock.advance(hours=1)
    with world.engine.connect() as connection:
        ids = list(connection.execute(text("SELECT id FROM waits ORDER BY item")).scalars())
    facts = [Thread(target=world.review, args=("alice", "approved", item)) for item in range(1, 9)]
    for fact in facts:
        fact.start()
    said = at_once(world, *[("U0ALICE", Press(id_, "on_it")) for id_ in ids])
    for fact in facts:
        fact.join()
    fine = ("You are on it until Monday 17:00; bob can see that.",
            "That is settled by now (it is done); there is nothing left to do here.")  # fmt: skip
    assert set(said) <= set(fine)
    assert counted(world).get(("on_it", ""), 0) == said.count(fine[0])
