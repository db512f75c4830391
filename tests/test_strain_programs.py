"""The program as processes: killed behind an acknowledgement, in a morning message, in a hand-over; two of each."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_slack import Fault
from fake_socket import FakeSocket
from github_payloads import pull_request
from hall import Json, SlowGithub, SlowSlack
from program import SECRET, Program, wait_until
from site_on_loopback import SLACK_SECRET, Site
from sqlalchemy import text

from bot.clock import SystemClock
from bot.store.engine import make_engine

NOW = SystemClock().now()
ASKED = NOW - 3600
PEOPLE = [f"dev{number}" for number in range(8)]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def policy(zone: str, begins: str, target: str) -> str:
    """Everybody works every day, from a time of day till midnight."""
    hours = ", ".join(f'{day} = ["{begins}-24:00"]' for day in DAYS)
    people = "".join(f'[people.{login}]\nslack = "U0{login.upper()}"\n' for login in ("alice", "carol", *PEOPLE))
    return (
        f'[calendar]\ntimezone = "{zone}"\nhours = {{ {hours} }}\n[targets]\nreview = "{target}"\n'
        f"[nudges]\nescalate = 0\nrepeat = 0\n{people}"
    )


ALWAYS = policy("UTC", "00:00", "30m")


@pytest.fixture
def slack() -> Iterator[SlowSlack]:
    with SlowSlack() as running:
        for login in ("alice", "carol", *PEOPLE):
            running.add_user(f"U0{login.upper()}", tz="UTC")
        yield running
        running.free.set()


@pytest.fixture
def link(slack: SlowSlack) -> Iterator[FakeSocket]:
    with FakeSocket(slack.response_url) as link:
        slack.link = link.url
        yield link


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path, slack: SlowSlack) -> Iterator[Start]:
    """Begins a program; those of one test share a directory, and so a policy file and a database."""
    started: list[Program] = []

    def begin(command: str = "run", **environment: str) -> Program:
        known = {"SLACK_BOT_TOKEN": slack.token, "SLACK_SIGNING_SECRET": SLACK_SECRET, "SLACK_API_URL": slack.url,
                 "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0"}  # fmt: skip
        started.append(Program(tmp_path, command, **{**known, **environment}))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


def asked_of(program: Program, reviewer: str, number: int = 12) -> None:
    """The host tells that somebody was asked for a review an hour ago."""
    opened = pull_request("opened", number, actor="bob", opened_at=ASKED, at=ASKED)
    asked = pull_request("review_requested", number, actor="bob", reviewer=reviewer, opened_at=ASKED, at=ASKED)
    assert [program.deliver("pull_request", told) for told in (opened, asked)] == [202, 202]


def changed(home: Path, *statements: str) -> list[list[Any]]:
    """What is in the database, changed."""
    with closing(sqlite3.connect(home / "weir.db", timeout=30)) as database, database:
        return [database.execute(statement).fetchall() for statement in statements]


AWHILE = (
    "UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL",
    "UPDATE outbox SET edit_at = 0 WHERE edit_at IS NOT NULL",
)
"""So much time passes that nothing is waited for any longer."""


def test_killed_right_behind_an_acknowledgement_the_answer_holds_and_is_shown_once(
    start: Start, slack: SlowSlack, link: FakeSocket, tmp_path: Path
) -> None:
    (tmp_path / "weir.toml").write_text(ALWAYS)
    first = start(SLACK_APP_TOKEN=slack.token, SLACK_SIGNING_SECRET="")
    wait_until(link.connected.is_set)
    asked_of(first, "alice")
    wait_until(lambda: slack.dms("U0ALICE"))
    slack.fail("chat.update", *[Fault("reset")] * 9)  # the worker may be quicker than the end
    slack.fail("respond", Fault("reset"))
    pressed = link.press_in(slack.dms("U0ALICE")[0], "On it")
    wait_until(lambda: link.answer_to(pressed))
    first.kill()
    while slack.fault_of("chat.update"):
        pass
    changed(tmp_path, *AWHILE)
    link.connected.clear()
    second = start(SLACK_APP_TOKEN=slack.token, SLACK_SIGNING_SECRET="")
    wait_until(lambda: "On it until" in slack.dms("U0ALICE")[0]["text"])
    wait_until(link.connected.is_set)
    again = link.press_in(slack.dms("U0ALICE")[0] | {"blocks": button("On it", "answer:on_it", tmp_path)}, "On it")
    wait_until(lambda: link.answer_to(again) and slack.whispers)
    assert slack.whispers[-1]["text"].startswith("You said so already: you are on it until ")
    assert second.stop() == 0
    [message] = slack.history()
    assert (message["edits"], changed(tmp_path, "SELECT kind FROM answers")) == (1, [[("on_it",)]])


def button(label: str, id_: str, home: Path) -> list[Json]:
    """One that was there before its message changed."""
    [[(wait,)]] = changed(home, "SELECT id FROM waits")
    one = {"type": "button", "action_id": id_, "value": "on_it", "text": {"type": "plain_text", "text": label}}
    return [{"type": "actions", "block_id": f"wait:{wait}", "elements": [one]}]


@pytest.mark.long
def test_a_morning_message_that_is_cut_off_is_sent_once(start: Start, slack: SlowSlack, tmp_path: Path) -> None:
    ahead = 12 - datetime.fromtimestamp(NOW, UTC).hour
    zone = f"Etc/GMT{-ahead:+d}"  # where it is noon
    slack.users["U0ALICE"]["tz"] = zone
    (tmp_path / "weir.toml").write_text(policy(zone, "12:00", "8h"))
    program = start()
    asked_of(program, "alice")
    wait_until(lambda: changed(tmp_path, "SELECT * FROM mornings")[0])
    slack.fail("conversations.open", Fault("slow", seconds=30))
    changed(tmp_path, f"UPDATE mornings SET next_at = {NOW}")
    wait_until(lambda: slack.called("conversations.open"))
    program.kill()  # claimed, and its conversation being opened
    changed(tmp_path, *AWHILE)

    slack.fail("chat.postMessage", Fault("slow", seconds=30))
    program = start()
    wait_until(lambda: slack.dms("U0ALICE"))
    program.kill()  # posted, and its reply never read
    changed(tmp_path, *AWHILE, f"UPDATE mornings SET next_at = {NOW}")

    program = start()
    wait_until(lambda: slack.called("conversations.history"))
    wait_until(lambda: changed(tmp_path, "SELECT state, rung FROM outbox") == [[("sent", "morning")]])
    assert program.stop() == 0
    [message] = slack.history()
    assert message["text"].startswith("Your day: 1 thing waits for you")
    assert slack.called("chat.postMessage") == 1


@pytest.mark.long
def test_a_hand_over_that_is_cut_off_behind_the_host_is_found_and_told(
    start: Start, slack: SlowSlack, link: FakeSocket, tmp_path: Path
) -> None:
    (tmp_path / "weir.toml").write_text(ALWAYS)
    with SlowGithub("DELETE") as github:
        github.now = SystemClock().now
        pull = github.repo("acme/shop").pull(12, ASKED, title="Fix rounding in totals")
        pull.request("alice", ASKED)
        known = {"GITHUB_TOKEN": "token", "GITHUB_API_URL": github.url, "SLACK_APP_TOKEN": slack.token,
                 "SLACK_SIGNING_SECRET": ""}  # fmt: skip
        first = start(**known)
        asked_of(first, "alice")
        wait_until(lambda: slack.dms("U0ALICE"))
        pressed = link.pick_user(slack.dms("U0ALICE")[0], "Hand over", "U0CAROL")
        wait_until(lambda: link.answer_to(pressed))
        assert github.reached.is_set()
        first.kill()  # the host's request is moved, and here nobody knows
        github.free.set()
        assert pull.people == ["carol"]
        assert changed(tmp_path, *AWHILE, "SELECT holder FROM waits WHERE until IS NULL")[-1] == [("alice",)]
        second = start(**known)
        wait_until(lambda: slack.dms("U0ALICE")[0]["text"].startswith("Done"))
        assert second.stop() == 0
        moves = [call.method for call in github.calls if call.path.endswith("/requested_reviewers")]
    open_ = changed(tmp_path, "SELECT holder FROM waits WHERE until IS NULL", "SELECT kind, reason FROM answers")
    assert open_ == [[("carol",)], [("hand_over", "carol")]]
    assert [method for method in moves if method != "GET"] == ["POST", "DELETE"]
    assert len(slack.dms("U0ALICE")) == 1


def test_two_webs_and_two_workers_tell_everything_once_and_take_each_answer_once(
    start: Start, slack: SlowSlack, tmp_path: Path, empty_postgres: str
) -> None:
    (tmp_path / "weir.toml").write_text(ALWAYS)
    assert start("migrate", DATABASE_URL=empty_postgres).end() == 0
    webs = [start("web", DATABASE_URL=empty_postgres) for _ in range(2)]
    workers = [start("worker", DATABASE_URL=empty_postgres) for _ in range(2)]
    for number, login in enumerate(PEOPLE):
        asked_of(webs[number % 2], login, number + 1)
    wait_until(lambda: len(slack.history()) == len(PEOPLE))
    doors = [Site(None, web.port, slack.response_url) for web in webs]  # type: ignore[arg-type]

    def press(login: str, door: Site) -> int:
        user = f"U0{login.upper()}"
        return door.press_in(slack.dms(user)[0], "On it", user).status

    with ThreadPoolExecutor(16) as hands:
        pressed = [hands.submit(press, login, door) for login in PEOPLE for door in doors * 2]
        assert {each.result() for each in pressed} == {200}
    wait_until(lambda: len(slack.whispers) == 4 * len(PEOPLE))
    wait_until(lambda: all("On it until" in message["text"] for message in slack.history()))
    assert [program.stop() for program in (*webs, *workers)] == [0, 0, 0, 0]
    firsts = Counter(one["text"].startswith("You are on it until ") for one in slack.whispers)
    assert firsts == {True: len(PEOPLE), False: 3 * len(PEOPLE)}
    assert {len(slack.dms(f"U0{login.upper()}")) for login in PEOPLE} == {1}
    engine = make_engine(empty_postgres)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM answers")).scalar() == len(PEOPLE)
        assert connection.execute(text("SELECT DISTINCT state FROM outbox")).scalars().all() == ["sent"]
    engine.dispose()
    errors = [line for program in (*webs, *workers) for line in program.lines if '"error"' in line]
    assert errors == []
