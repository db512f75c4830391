"""A team's request: asked for in its channel, taken over by one of it, settled wherever it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fake_github import Call, FakeGithub
from fake_github_model import FakePull
from messages_desk import HTTP, SOCKET, Desk, desk_of, look, world_of
from sqlalchemy import Engine, text
from world import MONDAY, POLICY, World

from bot.asking.answering import answer
from bot.asking.people import NotKnown
from bot.hosts.github.api import Github
from bot.views.controls import Press

ONE = "<https://github.com/acme/shop/pull/1|Fix rounding in totals> · acme/shop#1"
ASK = f"*{ONE}*\nhas waited *6h* for a review by core (working time; 6h by the calendar; 8h agreed) · 120 lines, medium"
TAKEN = f"~{ONE}~ alice took it"
YOURS = "Fix rounding in totals (acme/shop#1) is yours now, thank you."
HOUR = 3600


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


@pytest.fixture
def server(world: World) -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        server.now = lambda: world.now
        server.teams = {"acme/core": ["alice", "bob"]}
        yield server


@pytest.fixture
def pull(world: World, server: FakeGithub) -> FakePull:
    """Asked of core on Monday, nine o'clock, here and on the host."""
    world.ask()
    world.tell(world.fact("review_requested", team="core"))
    pull = server.repo("acme/shop").pull(1, world.now, title="Fix rounding in totals")
    pull.request_team("core", world.now)
    return pull


@contextmanager
def desk_on(server: FakeGithub, world: World, tmp_path: Path, door: str = HTTP) -> Iterator[Desk]:
    github = Github(server.url, token="t", now=lambda: world.now, sleep=lambda _: None)
    with desk_of(world, door, tmp_path, github=github) as desk:
        yield desk
    github.close()


def the_wait(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT id FROM waits WHERE team")).scalar())


def claims(world: World) -> list[tuple[str, int]]:
    with world.engine.connect() as connection:
        rows = connection.execute(text("SELECT actor, at FROM events WHERE kind = 'claimed'"))
        return [(row.actor, row.at) for row in rows]


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_a_team_s_request_is_taken_by_one_press(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path, door: str
) -> None:
    world.wait(hours=6, minutes=1)
    with desk_on(server, world, tmp_path, door) as desk:
        assert look(desk.channel) == [f"{ASK}\nWho can take it? [Open]", "[I'll take it]"]
        asked = desk.channel
        assert desk.press(asked, "I'll take it") == YOURS
        world.wait(minutes=1)
        assert look(desk.channel) == [TAKEN]
        assert desk.channel["text"] == "Done: Fix rounding in totals (acme/shop#1), alice took it."
        assert (pull.people, pull.teams) == (["alice"], [])
        assert desk.flow("waits")["text"] == (
            "1 thing waits for you.\n"
            "Fix rounding in totals (acme/shop#1): 1m for your review (working time; 1m by the calendar); 8h agreed,"
            " 7h 59m left. bob asked for your review on Monday 09:00."
        )
        why = look(desk.flow("why #1"))
        assert why[-1].startswith("Monday 09:00: *the team core's* turn to review it (asked by bob), until one of them"
                                  " took it on Monday 15:01.")  # fmt: skip
        assert desk.press(asked, "I'll take it") == "You have it already, thank you."
        assert desk.press(asked, "I'll take it", "U0CAROL") == (
            "alice has it already; there is nothing left to do here."
        )
    assert claims(world) == [("alice", MONDAY + 6 * HOUR + 60)]


def test_all_copies_of_the_ask_settle_and_the_escalation_can_be_pressed_too(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path
) -> None:
    world.set_policy(POLICY + '[teams.core]\nchannel = "C0CORE"\n')
    world.slack.add_channel("C0CORE")
    world.wait(days=2)
    with desk_on(server, world, tmp_path) as desk:
        core = world.slack.messages("C0CORE")
        assert [look(message)[0].split("\n")[2] for message in core] == ["Who can take it? [Open]"] * 3
        assert look(desk.channel)[1] == "[I'll take it]"
        assert desk.press(desk.channel, "I'll take it") == YOURS
        world.wait(minutes=1)
        assert [look(message) for message in world.slack.messages("C0CORE")] == [[TAKEN]] * 3
        assert look(desk.channel) == [TAKEN]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("U0DAVE", "I don't know yet which login on the code host is yours. /flow link YOUR-LOGIN tells me; then it is "
                   "yours by one more press."),
        ("U0BOB", "You wrote it, so somebody else has to review it."),
        ("U0CAROL", "The team core is asked, and you are not in it on the code host. Its author can ask you by name."),
    ],
)  # fmt: skip
def test_who_can_t_have_it_is_told_why_and_what_helps(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path, user: str, said: str
) -> None:
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        assert desk.press(desk.channel, "I'll take it", user) == said
        world.wait(minutes=1)
        assert look(desk.channel)[1] == "[I'll take it]"
    assert (claims(world), pull.teams) == ([], ["core"])


def test_by_several_logins_somebody_takes_it_by_the_one_that_is_in_the_team(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path
) -> None:
    world.set_policy(POLICY + '[people.carol-work]\nslack = "U0CAROL"\n')
    server.teams["acme/core"] = ["Carol-Work"]
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        assert desk.press(desk.channel, "I'll take it", "U0CAROL") == YOURS
    assert pull.people == ["carol-work"]


@pytest.mark.parametrize("hidden", ["lacking", "gone", "down"])
def test_where_the_members_can_t_be_read_anybody_may(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path, hidden: str
) -> None:
    def about_members(call: Call) -> bool:
        return "/teams/" in call.path

    if hidden == "lacking":
        server.lacking.add("members")
    elif hidden == "gone":
        server.teams = {}
    else:
        server.fail(503, times=9, only=about_members)
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        assert desk.press(desk.channel, "I'll take it", "U0CAROL") == YOURS
    assert [actor for actor, _ in claims(world)] == ["carol"]


def test_members_are_asked_for_once_a_day(world: World, server: FakeGithub, pull: FakePull, tmp_path: Path) -> None:
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        for _ in range(2):
            desk.press(desk.channel, "I'll take it", "U0CAROL")
        assert sum("/teams/" in call.path for call in server.calls) == 1
        world.wait(days=1)
        server.teams["acme/core"] = ["carol"]
        assert desk.press(desk.channel, "I'll take it", "U0CAROL") == YOURS


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_where_the_token_may_not_it_is_theirs_all_the_same_and_the_reason_is_said(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path, door: str
) -> None:
    server.lacking.add("pull_requests")
    world.wait(hours=6)
    with desk_on(server, world, tmp_path, door) as desk:
        assert desk.press(desk.channel, "I'll take it") == (
            f"{YOURS} On the code host it still shows core: GitHub would not ask alice to review acme/shop#1: Resource "
            'not accessible by personal access token; the token may lack "Pull requests" (write) for the repository.'
        )
        world.wait(minutes=1)
        assert look(desk.channel) == [TAKEN]
    assert pull.teams == ["core"]


def test_without_a_token_it_is_theirs_too(world: World, pull: FakePull, tmp_path: Path) -> None:
    world.wait(hours=6)
    with desk_of(world, HTTP, tmp_path) as desk:
        assert desk.press(desk.channel, "I'll take it", "U0CAROL") == (
            f"{YOURS} On the code host it still shows core: I have no token that may change it."
        )


def at_once(world: World, *users: str) -> dict[str, list[str]]:
    """What people who press at the same instant are told, each in a thread of their own."""
    ctx, wait = world.ctx(), the_wait(world)
    start, said = Barrier(len(users)), {user: [] for user in users}

    def press(user: str) -> None:
        start.wait()
        try:
            said[user].append(answer(ctx, user, Press(wait, "take"), world.now).text)
        except NotKnown as error:
            said[user].append(str(error))

    threads = [Thread(target=press, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_two_who_press_at_once_one_has_it_and_the_other_is_told_who(world: World, pull: FakePull) -> None:
    world.clock.advance(hours=1)
    said = at_once(world, "U0ALICE", "U0CAROL")
    [(winner, _)] = claims(world)
    other = {"alice": "U0CAROL", "carol": "U0ALICE"}[winner]
    assert said[f"U0{winner.upper()}"][0].startswith(YOURS)
    assert said[other] == [f"{winner} has it already; there is nothing left to do here."]


def test_of_many_presses_of_one_person_at_once_one_counts(world: World, pull: FakePull) -> None:
    world.clock.advance(hours=1)
    said = at_once(world, *["U0ALICE"] * 5)["U0ALICE"]
    assert [text.startswith(YOURS) for text in sorted(said)] == [True, False, False, False, False]
    assert sorted(said)[1:] == ["You have it already, thank you."] * 4
    assert len(claims(world)) == 1


def test_what_was_reviewed_meanwhile_is_not_taken(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path
) -> None:
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        asked = desk.channel
        world.review("carol", "approved")
        assert desk.press(asked, "I'll take it") == (
            "That is settled by now (it is done); there is nothing left to do here."
        )
    assert claims(world) == []


def test_whoever_took_it_is_nudged_by_their_own_clock(
    world: World, server: FakeGithub, pull: FakePull, tmp_path: Path
) -> None:
    world.wait(hours=6)
    with desk_on(server, world, tmp_path) as desk:
        desk.press(desk.channel, "I'll take it")
        world.wait(hours=21, minutes=59)
        assert world.texts("U0ALICE") == []
        world.wait(minutes=2)
        [text] = world.texts("U0ALICE")
    assert text.startswith("Fix rounding in totals (acme/shop#1) has waited 6h for your review")
