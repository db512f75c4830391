"""Settings said from Slack: they win over the file, hold at once, are kept on the record, and lose nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fake_slack import FakeSlack
from sqlalchemy import Engine
from world import MONDAY, NO_CHANNEL, World

from bot.context import Context
from bot.policy import BadPolicy
from bot.said import UNSAID, Change, Changed, current, say, value_at
from bot.store import members, repos, said, waits
from bot.store.engine import reading, writing

HOUR = 3600
ALICE = ("people", "alice")


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        for name in ("ALICE", "BOB", "CAROL"):
            slack.add_user(f"U0{name}")
        yield World(engine, slack)


def told(world: World, *changes: tuple[tuple[str, ...], Any], by: str = "U0BOB") -> list[Changed]:
    return say(world.ctx(), [Change(path, value) for path, value in changes], by, world.now)


def record(ctx: Context) -> list[tuple[str, int, str, Any, Any]]:
    def value(text: str | None) -> Any:
        return None if text is None else json.loads(text)

    with reading(ctx.engine) as session:
        rows = said.changes(session, ctx.workspace, 50)
    return [(row.by, row.at, ".".join(json.loads(row.path)), value(row.was), value(row.became)) for row in rows]


def test_as_long_as_nothing_is_said_the_file_holds(world: World) -> None:
    ctx = world.ctx()
    assert current(ctx) is ctx


def test_what_is_said_wins_over_the_file_and_the_rest_of_it_stays(world: World) -> None:
    told(world, (("targets", "review"), "4h"), (("repos", "acme/shop", "targets", "merge"), "2d"))
    policy = current(world.ctx()).policy
    assert policy.target("acme/shop", "review") == 4 * HOUR
    assert policy.target("acme/shop", "merge") == 16 * HOUR
    assert policy.target("acme/other", "merge") == 8 * HOUR
    assert policy.written is world.policy


def test_names_are_the_files_whatever_the_case(world: World) -> None:
    told(world, (("people", "Alice", "calendar", "timezone"), "Asia/Tokyo"))
    policy = current(world.ctx()).policy
    assert policy.person("alice").slack == "U0ALICE"
    assert policy.person("ALICE").calendar.timezone == "Asia/Tokyo"
    assert list(policy.file.people) == ["alice", "bob", "carol"]


def test_nothing_may_be_said_in_place_of_what_the_file_says_and_taken_back(world: World) -> None:
    told(world, ((*ALICE, "slack"), None))
    assert current(world.ctx()).policy.person("alice").slack is None
    told(world, ((*ALICE, "slack"), UNSAID))
    assert current(world.ctx()).policy.person("alice").slack == "U0ALICE"


def test_each_change_is_kept_with_who_when_from_and_to(world: World) -> None:
    assert told(world, (("targets", "review"), "4h")) == [Changed(("targets", "review"), "8h", "4h")]
    world.clock.advance(seconds=60)
    mute = {"repo": "acme/shop", "item": 12, "until": "2026-03-06"}
    told(world, ((*ALICE, "mutes"), [mute]), by="U0ALICE")
    assert record(world.ctx()) == [
        ("U0ALICE", MONDAY + 60, "people.alice.mutes", [], [mute]),
        ("U0BOB", MONDAY, "targets.review", "8h", "4h"),
    ]


def test_saying_what_holds_already_is_no_change(world: World) -> None:
    assert told(world, (("targets", "review"), "480m")) == []
    assert record(world.ctx()) == []


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("targets", "review"), "soon", "what was set from Slack: targets.review: 'soon' is not allowed"),
        ((*ALICE, "calendar", "timezone"), "Mars", "people.alice.calendar.timezone: 'Mars' is not allowed"),
        ((*ALICE, "calendar", "country"), "XX", "no public holidays are known for 'XX'"),
        ((*ALICE, "nonsense"), 1, "people.alice.nonsense: unknown key"),
    ],
)
def test_what_is_not_allowed_changes_nothing(world: World, path: tuple[str, ...], value: Any, says: str) -> None:
    with pytest.raises(BadPolicy, match=says):
        told(world, (("targets", "merge"), "1h"), (path, value))
    assert current(world.ctx()).policy.target("acme/shop", "merge") == 8 * HOUR
    assert record(world.ctx()) == []


def test_two_who_add_to_a_list_at_once_lose_nothing(world: World) -> None:
    def mute(item: int) -> None:
        add = [{"repo": "acme/shop", "item": item}]
        told(world, ((*ALICE, "mutes"), lambda mutes: [*(mutes or []), *add]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mute, range(1, 9)))
    muted = current(world.ctx()).policy.person("alice").mutes
    assert sorted(one.item or 0 for one in muted) == list(range(1, 9))


def test_a_running_program_hears_of_it_at_its_next_beat(world: World) -> None:
    ctx = world.ctx()
    world.ask("alice")
    world.wait(hours=2)
    assert world.texts("U0ALICE") == []
    told(world, (("targets", "review"), "1h"))
    world.tick(ctx)
    assert [text.split(" has waited")[0] for text in world.texts("U0ALICE")] == ["Fix rounding in totals (acme/shop#1)"]


def test_a_longer_target_takes_back_what_was_to_come(world: World) -> None:
    world.ask("alice")
    world.wait(hours=1)
    told(world, (("targets", "review"), "16h"))
    world.wait(hours=6)
    assert world.texts("U0ALICE") == []


def test_a_silent_repository_nudges_nobody(world: World) -> None:
    told(world, (("repos", "acme/shop", "silent"), True))
    world.ask("alice")
    world.wait(days=7)
    assert world.slack.history() == []


def test_a_renamed_repository_keeps_what_was_said_of_it(world: World) -> None:
    mute = {"repo": "acme/shop", "item": None, "until": None}
    told(world, (("repos", "acme/shop", "targets", "review"), "2h"), ((*ALICE, "mutes"), [mute]))
    with writing(world.engine) as session:
        repos.rename(session, "default", "github", "acme/shop", "acme/store")
    policy = current(world.ctx()).policy
    assert policy.target("acme/store", "review") == 2 * HOUR
    assert policy.muted_until("alice", "acme/store", 1) > 2**60


def test_a_key_that_no_longer_goes_with_the_file_is_left_out_and_the_others_hold(world: World) -> None:
    world.set_policy(NO_CHANNEL + '[people.dan]\ncalendar = { country = "DE" }\n')
    told(world, (("people", "dan", "calendar", "subdivision"), "BE"), (("targets", "review"), "2h"))
    world.set_policy(NO_CHANNEL)
    policy = current(world.ctx()).policy
    assert policy.target("acme/shop", "review") == 2 * HOUR
    assert policy.person("dan").calendar.subdivision is None


def test_the_zone_comes_from_slack_unless_somebody_said_one(world: World) -> None:
    with writing(world.engine) as session:
        members.keep(session, "default", "U0ALICE", tz="Asia/Tokyo")
        members.keep(session, "default", "U0BOB", tz="Asia/Tokyo")
        said.revise(session, "default")
    told(world, (("people", "bob", "calendar", "timezone"), "America/New_York"))
    policy = current(world.ctx()).policy
    assert policy.person("alice").calendar.timezone == "Asia/Tokyo"
    assert policy.person("bob").calendar.timezone == "America/New_York"
    assert policy.person("carol").calendar.timezone == "Europe/Berlin"


def test_an_absence_told_by_a_status_holds_the_clock_until_it_ends(world: World) -> None:
    world.ask("alice")
    with writing(world.engine) as session:
        members.left(session, "default", "U0ALICE", world.now, None)
        said.revise(session, "default")
    world.wait(days=3)
    assert world.texts("U0ALICE") == []
    with writing(world.engine) as session:
        members.returned(session, "default", "U0ALICE", world.now)
        said.revise(session, "default")
        waits.look_again(session, "default", world.now, logins=["alice"])
    world.wait(hours=5.9)
    assert world.texts("U0ALICE") == []
    world.wait(hours=0.2)
    assert [text[:38] for text in world.texts("U0ALICE")] == ["Fix rounding in totals (acme/shop#1) h"]


def test_a_value_is_read_as_the_file_would_have_it(world: World) -> None:
    world.set_policy(NO_CHANNEL + '[people.dan]\naway = [{ from = "2026-07-01", until = "2026-07-02" }]\n')
    file = world.policy.file
    assert value_at(file, ("people", "DAN", "away")) == [{"from": "2026-07-01", "until": "2026-07-02"}]
    assert value_at(file, ("targets", "review")) == "8h"
    assert value_at(file, ("people", "nobody", "away")) is None
