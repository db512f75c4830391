"""A review handed over: on the host where the token may, else by asking its author to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from fake_github import FakeGithub
from messages_desk import HTTP, SOCKET, Desks, Json, counted, desk_of, look, shown, world_of
from sqlalchemy import Engine, text
from world import POLICY, World

from bot.hosts.github.api import Github

SHOP = "https://github.com/acme/shop/pull"
ONE = f"<{SHOP}/1|Fix rounding in totals> · acme/shop#1"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


@pytest.fixture
def on(world: World, tmp_path: Path) -> Desks:
    return partial(desk_of, world, HTTP, tmp_path)


def hosted(world: World, server: FakeGithub) -> Github:
    """A code host that has what `world.ask("alice")` tells."""
    server.now = lambda: world.now
    pull = server.repo("acme/shop").pull(1, world.now, title="Fix rounding in totals")
    pull.request("alice", world.now)
    return Github(server.url, token="t", now=lambda: world.now, sleep=lambda _: None)


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_where_the_token_may_the_request_is_moved_and_the_ledger_follows_at_once(
    world: World, server: FakeGithub, tmp_path: Path, door: str
) -> None:
    github = hosted(world, server)
    world.ask("alice")
    world.wait(hours=6)
    with desk_of(world, door, tmp_path, github=github) as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "Fix rounding in totals (acme/shop#1) is carol's now: they are asked on the code host in your place."
        )
        assert server.repo("acme/shop").pulls[1].people == ["carol"]
        assert shown(desk) == [f"~{ONE}~ handed on"]
        assert desk.flow("waits", "U0CAROL")["text"].startswith("1 thing waits for you.")
        assert desk.flow("waits")["text"] == "Nothing waits for you just now."
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "That is settled by now (handed on); there is nothing left to do here."
        )
    github.close()
    assert world.texts("U0BOB") == []


def test_somebody_whom_the_host_would_not_ask_is_refused_and_nothing_is_changed(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    github = hosted(world, server)
    server.repo("acme/shop").collaborators = {"alice", "bob"}
    world.ask("alice")
    world.wait(hours=6)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        before = shown(desk)
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "GitHub would not ask carol to review acme/shop#1: Reviews may only be requested from collaborators. One "
            "or more of the users or teams you specified is not a collaborator of the acme/shop repository. Nothing is "
            "changed; please choose somebody else."
        )
        assert shown(desk) == before
    github.close()
    assert (counted(world), world.texts("U0BOB")) == ({}, [])


def the_old_id(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT id FROM waits WHERE holder = 'alice'")).scalar())


def with_a_list(id_: int) -> list[Json]:
    people = {"type": "users_select", "action_id": "answer:hand_over",
              "placeholder": {"type": "plain_text", "text": "Hand over"}}  # fmt: skip
    return [{"type": "actions", "block_id": f"wait:{id_}", "elements": [people]}]


def test_where_the_token_may_not_the_author_is_asked_to_in_their_own_hours(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', 'slack = "U0BOB"\ncalendar = {timezone = "America/New_York"}'))
    github = hosted(world, server)
    server.lacking.add("pull_requests")
    world.ask("alice")
    world.wait(hours=5, minutes=30)
    world.clock.advance(hours=1)
    world.tick()
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        world.clock.set(world.now + 17 * 3600)  # Tuesday, half past eight in Berlin, night in New York
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "I can't move the request on the code host, so I ask bob to ask carol instead for Fix rounding in totals "
            "(acme/shop#1). You hear nothing of it until Wednesday 09:00."
        )
        told = shown(desk)
        assert told[0].endswith("_You asked that carol takes it; quiet until Wednesday 09:00._ [Open]")
        assert told[1] == "[Change ▾]"
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "bob is asked already to ask carol instead for Fix rounding in totals (acme/shop#1). You hear nothing of "
            "it until Wednesday 09:00."
        )
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "You handed it to carol just now; there is nothing more to do."
        )
        world.wait(hours=5)
        assert world.texts("U0BOB") == []
        world.wait(hours=1, minutes=30)
        assert look(desk.dm("U0BOB")) == [
            f"alice would like to hand the review of *{ONE}* over to carol.\n"
            "I can't move the request myself: can you ask carol for the review, in place of alice? [Open]"
        ]
        assert desk.dm("U0BOB")["text"] == (
            "alice would like to hand the review of Fix rounding in totals (acme/shop#1) over to carol. I can't move "
            "the request myself: can you ask carol for the review, in place of alice?"
        )
        world.tell(world.fact("review_requested", reviewer="carol"),
                   world.fact("review_request_removed", reviewer="alice"))  # fmt: skip
        assert shown(desk, "U0BOB") == [f"~{ONE}~ handed on"]
        assert shown(desk) == [f"~{ONE}~ handed on"]
    github.close()


def test_a_hand_over_that_is_settled_before_the_author_could_read_it_is_never_sent(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', 'slack = "U0BOB"\ncalendar = {timezone = "America/New_York"}'))
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        world.clock.set(world.now + 18 * 3600)
        desk.hand_over(desk.dm(), "U0CAROL")
        world.wait(minutes=5)
        world.review("alice", "commented")
        world.tell(world.fact("commented", "bob"), world.fact("merged", "bob"))
        world.wait(hours=9)
    assert world.texts("U0BOB") == []
    assert "moot" in world.outbox()


def test_where_the_author_can_t_be_reached_either_the_holder_is_told(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', ""))
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "I can't move the request of Fix rounding in totals (acme/shop#1) on the code host, and its author, bob, "
            "can't be reached in Slack. Please ask carol there yourself, or have somebody do it who may."
        )


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ("U0ALICE", "It waits for alice already."),
        ("U0BOB", "bob wrote it, so somebody else has to review it."),
        ("U0DAVE", "I don't know yet which login on the code host is theirs. Once /flow link has told me, please hand "
                   "it over again."),
        ("U0BOT", "renovate is a bot; only people can take it over."),
    ],
)  # fmt: skip
def test_who_can_t_take_it_is_refused_with_the_reason(world: World, on: Desks, whom: str, said: str) -> None:
    world.set_policy(POLICY + '[people.renovate]\nslack = "U0BOT"\n')
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.hand_over(desk.dm(), whom) == said
    assert counted(world) == {}


def test_from_the_menu_it_is_asked_to_whom(on: Desks, world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        desk.press(desk.dm(), "On it")
        shown(desk)
        assert desk.choose(desk.dm(), "Change", "Hand over …", "U0BOB") == (
            "This is not yours to answer: it waits for alice."
        )
        assert desk.choose(desk.dm(), "Change", "Hand over …") == (
            "Who should take Fix rounding in totals (acme/shop#1) instead?"
        )
        question = desk.said
        assert look(question) == [f"Who should take {ONE} instead?", "[Hand over ▾]"]
        assert desk.hand_over(question, "U0CAROL").startswith("I can't move the request on the code host")
        assert desk.said["replace_original"] is True


def test_an_objection_that_stands_on_the_host_keeps_it_with_its_reviewer_too(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    github = hosted(world, server)
    pull = server.repo("acme/shop").pulls[1]
    world.ask("alice")
    world.review("alice", "changes_requested")
    pull.review("alice", "CHANGES_REQUESTED", world.now)
    world.clock.advance(minutes=5)
    world.tell(world.fact("pushed"))
    pull.push("second", world.now, "bob")
    world.wait(hours=3)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "carol is asked now to review Fix rounding in totals (acme/shop#1). An earlier review of yours still "
            "counts there, so it stays your turn too until that is dismissed; nothing more is said of it today."
        )
        assert pull.people == ["carol"]
        assert desk.flow("waits", "U0CAROL")["text"].startswith("1 thing waits for you.")
    github.close()


def test_an_author_hands_it_over_for_its_holder(world: World, server: FakeGithub, tmp_path: Path) -> None:
    github = hosted(world, server)
    world.ask("alice")
    world.clock.advance(hours=1)
    offer = {"ts": "1.2", "channel": "D0BOB", "blocks": with_a_list(the_old_id(world))}
    with desk_of(world, HTTP, tmp_path) as desk:
        assert desk.hand_over(offer, "U0CAROL", "U0BOB") == (
            "I can't move the request on the code host: please ask carol there for Fix rounding in totals "
            "(acme/shop#1) instead."
        )
    world.clock.advance(minutes=2)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        assert desk.hand_over(offer, "U0CAROL", "U0BOB") == (
            "Fix rounding in totals (acme/shop#1) is carol's now: they are asked on the code host in alice's place."
        )
    github.close()
    assert server.repo("acme/shop").pulls[1].people == ["carol"]


def test_a_press_is_acknowledged_while_the_host_takes_its_time(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    asked: list[float] = []
    github = hosted(world, server)
    github._sleep = asked.append
    world.ask("alice")
    world.wait(hours=6)
    server.fail(503, times=9)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        said = desk.hand_over(desk.dm(), "U0CAROL")
    github.close()
    assert asked, "it was tried more than once"
    assert said.startswith("I can't move the request on the code host, so I ask bob to ask carol instead")
