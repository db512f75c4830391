"""Presses under strain: many at once, through two processes, while the database is locked or others take their time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import structlog
from hall import Act, Hall, Json, SlowGithub, SlowSlack, hall_of
from messages_desk import world_of
from program import wait_until
from slack_payloads import command
from sqlalchemy import Engine
from world import MONDAY, POLICY, World

from bot import soon
from bot.said import current
from bot.store import matches
from bot.store.engine import make_engine, writing
from bot.views import modals
from jobs import connect, deliver, homes

HOUR, DAY = 3600, 86_400
OPENED = {"type": "app_home_opened", "tab": "home"}


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, f'admins = ["U0ALICE", "U0CAROL"]\n{POLICY}') as world:
        yield world


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def hall(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hall]:
    with hall_of(world, tmp_path, request.param) as hall:
        yield hall
        assert [line for line in hall.log if line["log_level"] in ("error", "critical")] == []


def press(user: str, shown: Json, label: str) -> Act:
    return user, lambda site: site.press_in(shown, label, user)


# Many at once


def test_of_ten_presses_on_it_one_counts_and_its_message_is_edited_once(hall: Hall) -> None:
    hall.world.ask("alice")
    hall.world.wait(hours=6)
    [message] = hall.slack.dms("U0ALICE")
    hall.at_once(*[press("U0ALICE", message, "On it")] * 10, press("U0BOB", message, "On it"))
    assert hall.told(11) == {
        "U0ALICE": {
            "You are on it until Monday 17:00; bob can see that.": 1,
            "You said so already: you are on it until Monday 17:00.": 9,
        },
        "U0BOB": {"This is not yours to answer: it waits for alice.": 1},
    }
    hall.world.wait(minutes=1)
    assert (hall.count("answers"), hall.slack.dms("U0ALICE")[0]["edits"]) == (1, 1)


def test_of_ten_who_snooze_one_counts_and_one_reminder_comes(hall: Hall) -> None:
    hall.world.ask("alice")
    hall.world.wait(hours=6)
    [message] = hall.slack.dms("U0ALICE")
    hall.at_once(*[("U0ALICE", lambda site: site.choose(message, "Snooze", "An hour"))] * 10)
    assert hall.told(10) == {
        "U0ALICE": {
            "You hear of it again on Monday 16:00.": 1,
            "It is snoozed already: you hear of it again on Monday 16:00.": 9,
        }
    }
    hall.world.wait(hours=1, minutes=1)
    assert (hall.count("answers"), len(hall.world.texts("U0ALICE"))) == (1, 2)


def test_a_team_s_request_is_taken_by_the_first_here_and_on_the_host(hall: Hall) -> None:
    hall.github.teams = {"acme/core": ["alice", "carol"]}
    hall.world.ask()
    hall.world.tell(hall.world.fact("review_requested", team="core"))
    pull = hall.github.repo("acme/shop").pull(1, MONDAY)
    pull.request_team("core", MONDAY)
    hall.world.wait(hours=6)
    [asked] = hall.slack.messages("C0TEAM")
    hall.at_once(*[press(user, asked, "I'll take it") for _ in range(5) for user in ("U0ALICE", "U0CAROL")])
    [winner] = pull.people
    other = {"alice": "carol", "carol": "alice"}[winner]
    assert hall.told(10) == {
        f"U0{winner.upper()}": {
            "Fix rounding in totals (acme/shop#1) is yours now, thank you.": 1,
            "You have it already, thank you.": 4,
        },
        f"U0{other.upper()}": {f"{winner} has it already; there is nothing left to do here.": 5},
    }
    hall.world.wait(minutes=1)
    assert (hall.count("events WHERE kind = 'claimed'"), pull.teams) == (1, [])
    assert hall.slack.messages("C0TEAM")[0]["edits"] == 1


def test_a_repository_is_switched_on_by_the_first(hall: Hall) -> None:
    repo = hall.github.repo("acme/till")
    for number in range(1, 13):
        pull = repo.pull(number, MONDAY - 7 * DAY)
        pull.request("alice", MONDAY - 7 * DAY)
        pull.review("alice", "APPROVED", MONDAY - 7 * DAY + 3 * HOUR)
        pull.merge(MONDAY - 7 * DAY + 3 * HOUR)
    ctx = hall.sites[0].ctx
    hall.flow("connect acme/till", "U0ALICE")
    hall.slack.whispers.clear()  # where that was answered late
    connect.run(ctx, hall.world.now)
    deliver.run(ctx, hall.world.now)
    [learnt] = hall.slack.dms("U0ALICE")
    hall.at_once(*[press(user, learnt, "Switch on") for _ in range(5) for user in ("U0ALICE", "U0CAROL")])
    said = sum(hall.told(10).values(), Counter())
    on = next(line for line in said if line.startswith("acme/till is on. Agreed, in working time: review "))
    assert said == {on: 1, "acme/till is on already. /flow targets acme/till shows what is agreed.": 9}
    assert hall.count("changes WHERE became = 'false'") == 1, "it is silent no longer"
    deliver.run(ctx, hall.world.now)
    assert hall.slack.dms("U0ALICE")[0]["edits"] == learnt.get("edits", 0) + 1


def test_targets_are_agreed_on_by_the_first_who_confirms(hall: Hall) -> None:
    hall.world.ask("alice")
    tried = hall.flow("targets shop review 2h", "U0ALICE")
    hall.at_once(*[press(user, tried, "Confirm") for _ in range(5) for user in ("U0ALICE", "U0CAROL")])
    assert sum(hall.told(10).values(), Counter()) == {
        "Agreed for acme/shop: review 8h → 2h.": 1,
        "That is what is agreed for acme/shop already.": 9,
    }
    assert hall.count("changes") == 1


def test_a_guess_is_confirmed_by_the_first_press(hall: Hall) -> None:
    hall.world.ask("dave")
    with writing(hall.world.engine) as session:
        matches.put(session, "default", "dave", matches.DOUBTFUL, "U0DAVE", "name", MONDAY)
    guessed = hall.flow("waits", "U0DAVE")
    hall.at_once(*[press("U0DAVE", guessed, "Yes, that's me")] * 10)
    assert hall.told(10) == {
        "U0DAVE": {
            "dave on GitHub is you. 1 thing waits for you. /flow unlink dave takes it back.": 1,
            "dave on GitHub is you already. 1 thing waits for you.": 9,
        }
    }
    assert hall.count("changes") == 1


# While the database is locked


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another process is at the database: on SQLite nobody else can write, on PostgreSQL not even read."""
    other = make_engine(world.engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        if other.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE said, settings, waits, items, members IN ACCESS EXCLUSIVE MODE")
        yield
    other.dispose()


def away(user: str, status: str) -> Json:
    profile = {"status_text": status, "status_emoji": ":palm_tree:", "status_expiration": 0}
    return {"type": "user_change", "user": {"id": user, "tz": "Europe/Berlin", "profile": profile}}


def asked(words: str, user: str) -> Act:
    """A command, whose late answer goes to whoever asked."""
    return user, lambda site: site.send_command({**command(words, user), "response_url": site.response_url})


def test_while_the_database_is_locked_all_is_acknowledged_and_done_afterwards(hall: Hall) -> None:
    hall.world.ask("alice")
    hall.world.wait(hours=6)
    [message] = hall.slack.dms("U0ALICE")
    with locked(hall.world):
        hall.at_once(
            press("U0ALICE", message, "On it"),
            asked("away friday", "U0BOB"),
            ("U0CAROL", lambda site: site.event(away("U0CAROL", "On holiday"))),
            ("U0DAVE", lambda site: site.event(OPENED | {"user": "U0DAVE"})),
        )
        assert (hall.answers, hall.slack.homes) == ([], {})
    said = hall.told(2)
    assert said["U0ALICE"] == {"You are on it until Monday 17:00; bob can see that.": 1}
    assert next(iter(said["U0BOB"])).startswith("You are away on Friday")
    wait_until(lambda: "U0DAVE" in hall.slack.homes)
    wait_until(lambda: current(hall.sites[0].ctx).policy.person("carol").away)
    assert (hall.count("answers"), hall.count("absences")) == (1, 1)


def test_what_could_not_be_done_is_said_and_nothing_of_it_is_half_done(world: World, tmp_path: Path) -> None:
    sorry = "That went wrong on Weir's side and is logged. Please try again soon."
    world.ask("alice")
    world.wait(hours=6)
    [message] = world.slack.dms("U0ALICE")
    with hall_of(world, tmp_path, patience=0.2) as hall:
        with locked(world):
            hall.at_once(press("U0ALICE", message, "On it"))
            assert hall.told(1) == {"U0ALICE": {sorry: 1}}
            assert hall.flow("away friday", "U0BOB")["text"] == sorry
            status = hall.of("U0CAROL").event(away("U0CAROL", "On holiday")).status
            assert status in (500, 503), "so that Slack tells it again"
        assert [hall.count(table) for table in ("answers", "changes", "absences")] == [0, 0, 0]
        assert hall.of("U0CAROL").event(away("U0CAROL", "On holiday")).status == 200
        assert hall.count("absences") == 1
        hall.at_once(press("U0ALICE", message, "On it"))
        assert hall.told(2)["U0ALICE"]["You are on it until Monday 17:00; bob can see that."] == 1


# While Slack and the code host take their time


@pytest.fixture
def slow(sqlite_engine: Engine) -> Iterator[World]:
    with SlowSlack() as slack:
        for user in ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE", "U0ERIN"):
            slack.add_user(user, is_admin=user == "U0BOB")
        slack.add_channel("C0TEAM")
        world = World(sqlite_engine, slack)
        world.set_policy(POLICY)
        yield world
        slack.free.set()


def test_no_acknowledgement_waits_for_slack_or_the_code_host(slow: World, tmp_path: Path) -> None:
    slack, host = slow.slack, SlowGithub("POST")
    assert isinstance(slack, SlowSlack)
    with hall_of(slow, tmp_path, host=host) as hall:
        slow.ask("alice")
        slow.ask("carol", "dave", item=2)
        host.repo("acme/shop").pull(2, MONDAY).request("carol", MONDAY)
        slow.wait(hours=6)
        [alices], [carols] = slack.dms("U0ALICE"), slack.dms("U0CAROL")
        tried = hall.flow("targets shop review 2h", "U0BOB")
        hall.of("U0ALICE").event(OPENED | {"user": "U0ALICE"})
        wait_until(lambda: slack.published["U0ALICE"] >= 2)
        slow.clock.advance(hours=1)  # what Slack says of administrators is no longer fresh
        published = slack.published["U0ALICE"]
        slack.slow = {"users.info", "views.open", "views.publish", "respond"}
        hall.at_once(
            press("U0ALICE", alices, "On it"),
            ("U0CAROL", lambda site: site.pick_user(carols, "Hand over", "U0ALICE", "U0CAROL")),
            asked("connect acme/till", "U0BOB"),
            press("U0BOB", tried, "Confirm"),
            ("U0DAVE", lambda site: site.event(OPENED | {"user": "U0DAVE"})),
            press("U0ALICE", slack.homes["U0ALICE"], "Set hours"),
            press("U0ALICE", slack.homes["U0ALICE"], "No morning message"),
            ("U0ERIN", lambda site: site.submit(modals.link(), {"Your login on the code host": "dave"}, "U0ERIN")),
        )
        assert (slack.reached, host.reached.is_set()) == (slack.slow, True)
        assert (hall.answers, slack.modals, "U0DAVE" in slack.homes) == ([], [], False)
        slack.free.set()
        host.free.set()
        said = hall.told(4)
        wait_until(lambda: slack.modals and {"U0DAVE", "U0ERIN"} <= slack.homes.keys())
        wait_until(lambda: slack.published["U0ALICE"] > published)
        everything_is_done()
    assert said == {
        "U0ALICE": {"You are on it until Monday 17:00; bob can see that.": 1},
        "U0CAROL": {
            "Fix rounding in totals (acme/shop#2) is alice's now: they are asked on the code host in your place.": 1
        },
        "U0BOB": {
            "Agreed for acme/shop: review 8h → 2h.": 1,
            "GitHub has no acme/till, or does not show it to me. Is it spelt as there, and was Weir's token (or App) "
            "given that repository?": 1,
        },
    }
    assert [line for line in hall.log if line["log_level"] == "error"] == []


def test_a_home_opened_thirty_times_at_once_is_published_a_few_times(slow: World, tmp_path: Path) -> None:
    slack = slow.slack
    assert isinstance(slack, SlowSlack)
    slack.slow = {"views.publish"}
    with hall_of(slow, tmp_path) as hall:
        hall.at_once(*[("U0ALICE", lambda site: site.event(OPENED | {"user": "U0ALICE"}))] * 30)
        wait_until(lambda: slack.reached)
        slack.free.set()
        everything_is_done()
        homes.run(hall.sites[0].ctx, slow.now + 60)
    assert 1 <= slack.published["U0ALICE"] <= 4
    assert sum(slack.published.values()) == slack.published["U0ALICE"]


def everything_is_done() -> None:
    """Come back once all that was begun before an answer, and goes on behind it, is done."""
    together = Barrier(soon.THREADS + 1)
    for _ in range(soon.THREADS):
        soon.begun(together.wait, lambda _: None, 0)
    together.wait()


# What goes wrong with work that somebody waits for


def fails() -> None:
    raise TimeoutError("of its own")


@pytest.mark.parametrize("way", [soon.answered, soon.begun])
def test_what_goes_wrong_in_time_is_raised_though_it_be_a_time_out(way: Callable[..., Any]) -> None:
    with pytest.raises(TimeoutError, match="of its own"):
        way(fails, lambda _: None)


@pytest.mark.parametrize("way", [soon.answered, soon.begun])
@pytest.mark.parametrize("wrong", ["the work", "the showing"])
def test_what_goes_wrong_later_is_logged(way: Callable[..., Any], wrong: str) -> None:
    left = Event()

    def work() -> int:
        assert left.wait(60)
        return 1 // (wrong != "the work")

    with structlog.testing.capture_logs() as lines:
        assert way(work, lambda _: fails(), 0) is None
        left.set()
        wait_until(lambda: lines)
    assert [line["log_level"] for line in lines] == ["error"]


def test_whoever_comes_to_a_crowd_that_waits_is_let_go_sooner() -> None:
    free, waiting = Event(), Barrier(soon.CROWD + 1)

    def one() -> None:
        waiting.wait()
        soon.begun(free.wait, lambda _: None, 60)

    with ThreadPoolExecutor(soon.CROWD) as people:
        crowd = [people.submit(one) for _ in range(soon.CROWD)]
        waiting.wait()
        wait_until(lambda: soon.waiting() == soon.CROWD)
        soon.begun(free.wait, lambda _: None, 60)
        assert not any(each.done() for each in crowd)
        free.set()
    assert all(each.result() is None for each in crowd)
