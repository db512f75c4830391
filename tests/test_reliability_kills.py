"""SIGKILL at random instants, again and again: nothing acknowledged is lost, no message doubled, no wait wrong."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import pytest
from fake_slack import FakeSlack, Fault
from github_payloads import pull_request, review
from program import PATIENCE, SECRET, Program
from site_on_loopback import SLACK_SECRET, Site
from sqlalchemy import Engine, text
from test_running import ASKED, NOW, POLICY

from bot.clock import SystemClock
from bot.context import Context
from bot.intake import rebuild
from bot.messenger import Messenger
from bot.policy import load_policy
from bot.settings import Settings

DAY = 86_400
EACH = 4
"""Reviews that are asked for between two kills: of somebody else each time, so that nobody's messages gather."""
LONGEST = 2.5
"""Seconds from the instant at which the program runs until it is killed, at most."""
STARTING = 0.2
"""The share of kills that meet a program which is only starting."""
LOST_REPLIES = 0.3
"""The share of lives in which Slack's reply to a message is lost."""
AT_ONCE = 1.0
"""Seconds within which an answer has to be acknowledged to be sure to be kept: later, that goes out before it is."""
SHORT, LONG = 2, 150
"""Kills on each database."""


@dataclass
class Chaos:
    """A program that is killed at random while a host tells it things; what was not acknowledged is told again."""

    home: Path
    slack: FakeSlack
    database: Engine
    random: Random
    asked: list[int] = field(default_factory=list)
    """The pull requests that a review was asked for, of the person of their number."""
    reviewed: set[int] = field(default_factory=set)
    untold: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What no acknowledgement came to: (event, payload)."""
    tried: set[int] = field(default_factory=set)
    """Who answered a message, or tried to, by their number."""
    answered: dict[int, str] = field(default_factory=dict)
    """Whose answer was acknowledged, and what it was."""
    told: dict[int, str] = field(default_factory=dict)
    """Whose setting was acknowledged, and what of it is kept."""

    def started(self) -> Program:
        known = {"SLACK_BOT_TOKEN": self.slack.token, "SLACK_SIGNING_SECRET": SLACK_SECRET,
                 "SLACK_API_URL": self.slack.url, "GITHUB_WEBHOOK_SECRET": SECRET, "PORT": "0",
                 "DATABASE_URL": self.database.url.render_as_string(hide_password=False)}  # fmt: skip
        return Program(self.home, "run", **known)

    def a_life(self) -> None:
        """From a start to a kill."""
        program = self.started()
        if self.random.random() < STARTING:
            time.sleep(self.random.uniform(0, 1))
        else:
            self._is_told_things(program, self.random.uniform(0, LONGEST))
        program.kill()
        self._set("lease_until = 0 WHERE lease_until IS NOT NULL")  # nobody holds it any more

    def _is_told_things(self, program: Program, seconds: float) -> None:
        site = Site(None, program.port, self.slack.response_url)  # type: ignore[arg-type]
        if self.random.random() < LOST_REPLIES:
            self.slack.fail("chat.postMessage", Fault("lost"))
        end = Timer(seconds, os.kill, (program.pid, signal.SIGKILL))
        end.start()
        self._think_of_more()
        with suppress(OSError, HTTPException):
            self._tell(site)
            while end.is_alive():
                self._hear_from(site)
                time.sleep(0.02)
        end.join()

    def _think_of_more(self) -> None:
        for number in range(len(self.asked) + 1, len(self.asked) + 1 + EACH):
            about = {"actor": "bob", "opened_at": ASKED, "at": ASKED}
            asked = pull_request("review_requested", number, reviewer=f"dev{number}", **about)
            self.untold += [("pull_request", pull_request("opened", number, **about)), ("pull_request", asked)]
            self.asked.append(number)
        done = self.random.choice(self.asked)
        if done not in self.reviewed:
            self.reviewed.add(done)
            who = {"actor": f"dev{done}", "reviewer": f"dev{done}"}
            told = review("submitted", done, state="approved", review_id=done, at=NOW, submitted_at=NOW, **who)
            self.untold.append(("pull_request_review", told))

    def _tell(self, site: Site) -> None:
        while self.untold:
            assert site.deliver(*self.untold[0]).status in (200, 202)
            self.untold.pop(0)

    def _hear_from(self, site: Site) -> None:
        """One who was asked and did not answer yet does, and says something about themselves."""
        open_ = [number for number in self.asked if number not in self.reviewed | self.tried and self.texts(number)]
        if not open_:
            return
        number = self.random.choice(open_)
        self.tried.add(number)
        user = f"U0DEV{number}"
        [message] = self.slack.dms(user)
        kind = self.random.choice(("on_it", "snooze"))
        began = time.monotonic()
        if kind == "on_it":
            reply = site.press_in(message, "On it", user)
        else:
            reply = site.choose(message, "Snooze", "Tomorrow morning", user)
        assert reply.status == 200
        if time.monotonic() - began < AT_ONCE:
            self.answered[number] = kind
        words, kept = self.random.choice((("away tomorrow", "away"), ("morning off", "morning")))
        said = json.loads(site.command(words, user).text)["text"]
        if said != "One moment …" and not said.startswith("That went wrong"):
            self.told[number] = kept

    def last_life(self) -> None:
        """It is told the rest and lives until everybody heard; one more person answers."""
        program = self.started()
        site = Site(None, program.port, self.slack.response_url)  # type: ignore[arg-type]
        self._tell(site)
        end = time.monotonic() + PATIENCE + len(self.asked)
        while not self.all_is_said():
            assert time.monotonic() < end, self.unsaid()
            self._set("not_before = 0 WHERE state = 'pending'", "edit_at = 0 WHERE edit_at IS NOT NULL")
            time.sleep(0.5)
        self._hear_from(site)
        assert program.stop() == 0

    def _set(self, *what: str) -> None:
        """Time passes for what is waited for."""
        with self.database.begin() as connection:
            for one in what:
                connection.execute(text(f"UPDATE outbox SET {one}"))

    def texts(self, number: int) -> list[str]:
        return [message["text"] for message in self.slack.dms(f"U0DEV{number}")]

    def all_is_said(self) -> bool:
        return not self.unsaid()

    def unsaid(self) -> list[int]:
        """Who was not asked though it is their turn, or was asked and not told that it is done."""
        waiting = [number for number in self.asked if number not in self.reviewed and not self.texts(number)]
        return waiting + [
            number for number in self.reviewed if any("thank you" not in one for one in self.texts(number))
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return sorted((tuple(row) for row in connection.execute(text(query))), key=repr)

    def column(self, query: str) -> list[Any]:
        with self.database.connect() as connection:
            return sorted(connection.execute(text(query)).scalars())


@contextmanager
def chaos_of(home: Path, database: Engine, kills: int, seed: int) -> Iterator[Chaos]:
    names = [f"dev{number}" for number in range(1, kills * EACH + 1)]
    people = "".join(f'[people.{name}]\nslack = "U0{name.upper()}"\n' for name in names)
    (home / "weir.toml").write_text(POLICY + people)
    with FakeSlack() as slack:
        for name in names:
            slack.add_user(f"U0{name.upper()}")
        yield Chaos(home, slack, database, Random(seed))


def what_people_said_is_kept(chaos: Chaos) -> None:
    """What was acknowledged is there; what was not is there once or not at all."""
    kept = chaos.rows(
        "SELECT w.item, a.kind FROM answers a JOIN waits w ON w.id = a.wait_id AND w.workspace = a.workspace"
    )
    assert chaos.tried
    assert len(kept) == len({item for item, _ in kept})
    assert set(chaos.answered.items()) <= set(kept)
    assert {item for item, _ in kept} <= chaos.tried
    paths = {tuple(json.loads(path)) for (path,) in chaos.rows("SELECT path FROM said")}
    assert {("people", f"dev{number}", key) for number, key in chaos.told.items()} <= paths


def the_ledger_is_what_the_log_makes_of_it(chaos: Chaos) -> None:
    waits = "SELECT item, kind, holder, since, until, ended_by FROM waits"
    before = chaos.rows(waits)
    policy = load_policy(chaos.home / "weir.toml")
    ctx = Context(chaos.database, policy, Settings(), SystemClock(), Messenger("", chaos.slack.url))
    rebuild(ctx, ctx.clock.now())
    assert chaos.rows(waits) == before


def killed_at_random(home: Path, database: Engine, kills: int, seed: int) -> None:
    with chaos_of(home, database, kills, seed) as chaos:
        for _ in range(kills):
            chaos.a_life()
        chaos.last_life()
        of_kind = "SELECT item FROM events WHERE kind = '{}'"
        assert chaos.column(of_kind.format("opened")) == chaos.asked, "none is lost, and none is there twice"
        assert chaos.column(of_kind.format("review_requested")) == chaos.asked
        assert chaos.column(of_kind.format("review_submitted")) == sorted(chaos.reviewed)
        waits = chaos.column("SELECT item FROM waits WHERE kind = 'review' AND until IS NULL")
        assert waits == sorted(set(chaos.asked) - chaos.reviewed)
        # Whoever answered is quiet until the day ends.
        quiet = chaos.asked if SystemClock().now() // DAY == NOW // DAY else set(chaos.asked) - chaos.tried
        assert max(len(chaos.texts(number)) for number in quiet) == 1
        what_people_said_is_kept(chaos)
        the_ledger_is_what_the_log_makes_of_it(chaos)
        print(
            f"{kills} kills on {database.dialect.name}: {len(chaos.asked)} reviews asked for, "
            f"{len(chaos.slack.history())} messages, doubled 0, lost 0, wrong waits 0, "
            f"{len(chaos.answered)} of {len(chaos.tried)} answers and {len(chaos.told)} settings acknowledged, lost 0"
        )


def test_killed_at_random_it_loses_and_doubles_nothing(engine: Engine, tmp_path: Path) -> None:
    killed_at_random(tmp_path, engine, SHORT, seed=20260302)


@pytest.mark.long
def test_killed_at_random_hundreds_of_times_it_loses_and_doubles_nothing(engine: Engine, tmp_path: Path) -> None:
    killed_at_random(tmp_path, engine, LONG, seed=int(os.environ.get("WEIR_SEED", "1")))
