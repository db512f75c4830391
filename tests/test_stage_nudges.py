"""A wait in a stage of a value stream, from the nudge to its end: by the ladder, handed on, taken on, settled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fake_github import FakeGithub
from messages_desk import HTTP, SOCKET, Desks, desk_of, look, shown, world_of
from sqlalchemy import Engine, text
from world import POLICY, World

from bot.asking.answering import answer
from bot.asking.people import NotKnown
from bot.flow.stream import Responsible, Signal, Stage, Stream
from bot.hosts.github.api import Github
from bot.intake import rebuild
from bot.store import asked
from bot.store.engine import reading
from bot.streams.saving import save
from bot.views.controls import Press

HOUR = 3600
ONE = "<https://github.com/acme/shop/pull/1|Fix rounding in totals> · acme/shop#1"
ALICE = Responsible("person", "alice")


def shop(who: Responsible | None = ALICE, target: int | None = 4 * HOUR, *, review: int | None = None) -> Stream:
    return Stream(
        "Shop",
        (
            Stage("Coding", True, Responsible("author"), (Signal("opened"), Signal("draft"))),
            Stage("Review", False, Responsible("reviewers"), (Signal("review"),), review),
            Stage("QA", active=False, responsible=who, signals=(Signal("label", "qa"),), target=target),
            Stage("Merged", active=False, signals=(Signal("merged"),)),
        ),
        repos=("acme/shop",),
    )  # fmt: skip


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


@pytest.fixture
def on(world: World, tmp_path: Path) -> Desks:
    return partial(desk_of, world, HTTP, tmp_path)


def in_qa(world: World, stream: Stream | None = None, *, live: bool = True) -> None:
    """bob's pull request, a draft, is put into QA by carol."""
    save(world.ctx(), "U0CAROL", stream or shop(), world.now)
    url = "https://github.com/acme/shop/pull/1"
    opened = world.fact("opened", "bob", type="pull_request", title="Fix rounding in totals", url=url, draft=True)
    world.tell(opened, live=live)
    world.tell(world.fact("labeled", "carol", label="QA", at=world.now + 1), live=live)


def test_whoever_is_responsible_is_nudged_in_time_and_the_message_says_what_and_why(world: World, on: Desks) -> None:
    in_qa(world)
    world.wait(hours=3.1)
    with on() as desk:
        assert look(desk.dm()) == [
            f"*{ONE}*\nhas waited *3h* for you in “QA” (working time; 3h by the calendar; 4h agreed)\n"
            "carol brought it there on Monday 09:00\n"
            "A heads-up, no hurry yet. Can you take it on, or hand it on? [Open]",
            "[I'll take it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
        ]
    world.wait(hours=21)
    assert [text.count("has waited") for text in world.texts("U0ALICE")] == [1, 1]
    assert world.channel == [
        "Fix rounding in totals (acme/shop#1) has waited 8h in “QA” (working time; 1d by the calendar; 4h agreed). "
        "Who can move it on?"
    ]


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_it_is_handed_on_and_taken_on(world: World, tmp_path: Path, door: str) -> None:
    in_qa(world)
    world.wait(hours=3.1)
    with desk_of(world, door, tmp_path) as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "Fix rounding in totals (acme/shop#1) in “QA” is carol's now, no longer yours; they hear of it in their "
            "working hours."
        )
        world.wait(minutes=1)
        assert shown(desk) == [f"~{ONE}~ handed on"]
        heard = desk.dm("U0CAROL")
        assert "for you in “QA”" in heard["text"]
        assert "alice handed it on to you on Monday 12:06." in heard["text"]
        assert desk.press(heard, "I'll take it", "U0CAROL") == (
            "You have taken on Fix rounding in totals (acme/shop#1), thank you: it waits no longer in “QA”. It is not "
            "assigned to you on the code host: I have no token that may assign it."
        )
        world.wait(hours=30)
        assert shown(desk, "U0CAROL") == [f"~{ONE}~ taken on after 2m, thank you (working time; 2m by the calendar)"]
        assert len(world.texts("U0CAROL")) == len(world.texts("U0ALICE")) == 1
        assert world.channel == []
        said = desk.flow("why #1")["text"]
        assert "your turn to take it on, as it waits in “QA” (brought there by carol), until it was handed on" in said
        assert "carol's turn to take it on, as it waits in “QA” (handed on by alice), until somebody took it" in said


def test_moving_on_settles_it(world: World, on: Desks) -> None:
    in_qa(world)
    world.wait(hours=3.5)
    world.tell(world.fact("merged", "bob"))
    world.wait(minutes=1)
    with on() as desk:
        assert shown(desk) == [f"~{ONE}~ merged"]


def test_an_assignment_on_the_host_is_a_picking_up(world: World, on: Desks) -> None:
    in_qa(world)
    world.wait(hours=3.5)
    world.tell(world.fact("assigned", "carol", assignee="bob"))
    world.wait(minutes=1)
    with on() as desk:
        assert shown(desk) == [f"~{ONE}~ bob took it after 3h 29m"]
    world.wait(hours=20)
    assert len(world.texts("U0ALICE")) == 1


def test_it_is_listed_among_what_waits(world: World, on: Desks) -> None:
    in_qa(world)
    world.wait(hours=1)
    with on() as desk:
        assert "for you in “QA”" in desk.flow("waits")["text"]
        assert "for alice to take it on, as it waits in “QA”" in desk.flow("waits", "U0BOB")["text"]
        assert "Now it is your turn to take it on, as it waits in “QA”" in desk.flow("why #1")["text"]


def test_a_team_hears_in_its_channel_and_one_of_it_takes_it(world: World, on: Desks) -> None:
    in_qa(world, shop(Responsible("team", "qa-team")))
    world.wait(hours=3.1)
    with on() as desk:
        assert look(desk.channel) == [
            f"*{ONE}*\nhas waited *3h* in “QA” for the team qa-team (working time; 3h by the calendar; 4h agreed)\n"
            "Who can take it? [Open]",
            "[I'll take it]",
        ]
        desk.press(desk.channel, "I'll take it", "U0BOB")
        world.wait(minutes=1)
        assert desk.channel["text"] == "Done: Fix rounding in totals (acme/shop#1), bob took it after 3h 5m."


def test_a_user_group_is_not_called_by_its_number(world: World) -> None:
    in_qa(world, shop(Responsible("group", "S0QATEAM")))
    world.wait(hours=3.1)
    assert "in “QA” for the user group (" in world.channel[0]


def test_a_map_that_is_saved_again_with_another_target_moves_the_ladder(world: World) -> None:
    in_qa(world)
    save(world.ctx(), "U0CAROL", shop(target=2 * HOUR), world.now)
    world.wait(hours=1.6)
    assert len(world.texts("U0ALICE")) == 1


def test_a_stage_without_a_target_nudges_nobody(world: World) -> None:
    in_qa(world, shop(target=None))
    world.wait(days=5)
    assert world.texts("U0ALICE") == world.channel == []


def test_what_a_new_map_finds_late_already_is_backlog(world: World) -> None:
    """Promise 7: somebody maps a stream, and nobody is nudged about what had waited for long before that."""
    url = "https://github.com/acme/shop/pull/1"
    opened = world.fact("opened", "bob", type="pull_request", title="Fix rounding in totals", url=url, draft=True)
    world.tell(opened, world.fact("labeled", "carol", label="qa", at=world.now + 1))
    world.wait(hours=6)
    save(world.ctx(), "U0CAROL", shop(), world.now)
    world.wait(hours=1)
    assert world.texts("U0ALICE") == world.channel == []


def test_a_target_of_the_map_counts_for_turns_the_policy_says_nothing_of(world: World) -> None:
    world.set_policy(POLICY.replace('review = "8h"', ""))
    save(world.ctx(), "U0CAROL", shop(review=2 * HOUR), world.now)
    world.ask("alice")
    world.wait(hours=1.6)
    assert "2h agreed" in world.texts("U0ALICE")[0]


def test_what_the_policy_says_of_a_turn_goes_before_the_map(world: World) -> None:
    save(world.ctx(), "U0CAROL", shop(review=2 * HOUR), world.now)
    world.ask("alice")
    world.wait(hours=5)
    assert world.texts("U0ALICE") == []


def test_silent_repositories_stay_silent(world: World) -> None:
    world.set_policy(POLICY + "silent = true\n")
    in_qa(world)
    world.wait(days=3)
    assert world.texts("U0ALICE") == world.channel == []


def test_taking_it_assigns_it_on_the_host_and_both_tell_of_one_picking_up(world: World, tmp_path: Path) -> None:
    in_qa(world)
    world.wait(hours=3.1)
    with FakeGithub() as server:
        server.repo("acme/shop").pull(1, world.now, title="Fix rounding in totals")
        github = Github(server.url, token="t", now=lambda: world.now, sleep=lambda _: None)
        with desk_of(world, HTTP, tmp_path, github=github) as desk:
            assert desk.press(desk.dm(), "I'll take it") == (
                "You have taken on Fix rounding in totals (acme/shop#1), thank you: it waits no longer in “QA”."
            )
        github.close()
        assert server.repo("acme/shop").assigned == {1: ["alice"]}
    world.tell(world.fact("assigned", "alice", assignee="alice", at=world.now + 1))
    world.wait(days=2)
    with desk_of(world, HTTP, tmp_path) as desk:
        assert shown(desk) == [f"~{ONE}~ taken on after 3h 5m, thank you (working time; 3h 5m by the calendar)"]
    assert len(world.texts("U0ALICE")) == 1


def test_of_two_who_take_it_at_once_one_gets_it(world: World) -> None:
    in_qa(world, shop(Responsible("group", "S0QATEAM")))
    world.wait(hours=3.1)
    with reading(world.engine) as session:
        (row,) = asked.in_repos(session, world.ctx().workspace, ["acme/shop"])
    start, answers = Barrier(2), []

    def take(user: str) -> None:
        start.wait()
        try:
            answers.append(answer(world.ctx(), user, Press(row.id, "take"), world.now).text)
        except NotKnown as refusal:
            answers.append(str(refusal))

    threads = [Thread(target=take, args=(user,)) for user in ("U0ALICE", "U0BOB")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said.startswith("You have taken on") for said in answers) == [False, True]
    assert any("has it already" in said for said in answers)


def test_whose_it_is_not_may_not_take_or_hand_it_on(world: World, on: Desks) -> None:
    in_qa(world)
    world.wait(hours=3.1)
    with on() as desk:
        assert desk.press(desk.dm(), "I'll take it", "U0CAROL") == (
            "It waits for alice; to have it, ask them to hand it over."
        )
        assert desk.hand_over(desk.dm(), "U0BOB", "U0CAROL") == "This is not yours to hand over: it waits for alice."
        assert desk.hand_over(desk.dm(), "U0ALICE") == "It waits for alice already."


def test_its_author_asks_for_it_though_it_is_merged(world: World, on: Desks) -> None:
    live = Stage("Live", False, None, (Signal("deploy", "production"),))
    qa_last = shop()._replace(stages=(*shop().stages[:2], shop().stages[2], live))
    in_qa(world, qa_last)
    world.tell(world.fact("merged", "bob", at=world.now + 2))
    world.wait(hours=1)
    with on() as desk:
        assert "alice hears of it now" in desk.flow("nudge #1", "U0BOB")["text"]


def test_while_its_holder_is_away_its_author_may_hand_it_on(world: World, on: Desks) -> None:
    world.offers = True
    in_qa(world)
    with on() as desk:
        desk.flow("away until friday")
        world.wait(hours=1)
        assert "alice is away until" in desk.dm("U0BOB")["text"]
        assert "waits for them in “QA”" in desk.dm("U0BOB")["text"]


def test_a_rebuilt_ledger_is_the_same(world: World) -> None:
    in_qa(world)
    world.wait(hours=3.1)
    with reading(world.engine) as session:
        before = session.execute(text("SELECT * FROM waits ORDER BY id")).all()
    rebuild(world.ctx(), world.now)
    with reading(world.engine) as session:
        assert session.execute(text("SELECT * FROM waits ORDER BY id")).all() == before
    assert len(before) == 1
