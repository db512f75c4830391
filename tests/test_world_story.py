"""The clock of a world: it plays, stands and leaps, and what is done by hand is told and answered at once."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fake_slack import FakeSlack
from sqlalchemy import Engine
from world import MONDAY, POLICY

from bot import app
from bot.asking.claiming import take_over
from bot.asking.handing import hand_over
from bot.asking.people import NotKnown
from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent, flow_event
from bot.messenger import Messenger
from bot.policy import parse_policy
from bot.serving.telemetry import Telemetry
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store import waits
from bot.store.engine import make_engine, reading
from bot.world.acts import Refused
from bot.world.alone import Alone
from bot.world.course import LEAPS, TICK
from bot.world.github import WorldGithub
from bot.world.host import Host
from bot.world.script import Repository, Script, file_script
from bot.world.story import Story
from jobs.schedule import Job, Turn

HOUR = 3600
TEAM = ("alice", "bob", "carol")
SHOP = Repository("acme/shop", TEAM, {"shop-team": TEAM})
QUIET_MORNINGS = POLICY.replace("[people.alice]", "[nudges]\nmorning = false\n[people.alice]")
FIX = "Fix rounding in totals"


def fact(kind: str, at: int, item: int = 1, actor: str = "bob", **own: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=item, id=f"{item}-{kind}-{at}", at=at, kind=kind, actor=actor, **own)


def request_at(at: int, item: int = 1, reviewer: str = "alice", title: str = FIX) -> list[FlowEvent]:
    url = f"https://github.com/acme/shop/pull/{item}"
    return [
        fact("opened", at, item, type="pull_request", title=title, url=url, size=9),
        fact("review_requested", at + 1, item, reviewer=reviewer),
    ]


@dataclass
class Town:
    """The program, a Slack and a story; `at` is where it begins."""

    engine: Engine
    slack: FakeSlack
    events: list[FlowEvent] = field(default_factory=list)
    at: int = MONDAY
    policy: str = QUIET_MORNINGS
    seconds: float = 0.0
    """What the machine's stopwatch shows."""
    kept: list[dict[str, Any]] = field(default_factory=list)
    settled: threading.Event = field(default_factory=threading.Event)
    """Set where something changed while the clock is not on its way."""
    steps: list[Callable[[int], int]] = field(default_factory=list)
    """What else is run at every beat."""

    def __post_init__(self) -> None:
        self.clock = SetClock(self.at)
        script = replace(file_script(self.events), repos=(SHOP,), end=MONDAY + 30 * 86_400)
        self.host = Host(script.repos)
        self.github = WorldGithub(self.host, self.clock.now, self._done)
        messenger = Messenger(self.slack.token, self.slack.url, timeout=2)
        policy = parse_policy(self.policy, "test.toml")
        self.ctx = Context(self.engine, policy, Settings(), self.clock, messenger, self.github)
        self.story = self.told(script)

    def told(self, script: Script) -> Story:
        first = Job("tick", 2, lambda: [Turn("default", [self._slack_follows, *self.steps])])
        jobs = [first, *app.jobs_of(OneWorkspace(self.ctx), Telemetry(), LEAPS)]
        return Story(
            self.ctx, self.clock, script, self.host, jobs, posted=lambda: len(self.slack.history()),
            changed=self._changed, keep=self.kept.append, monotonic=lambda: self.seconds,
        )  # fmt: skip

    def _changed(self) -> None:
        if self.story.shown()["busy"] is None:
            self.settled.set()

    def _done(self, deed: Callable[[int], list[FlowEvent]]) -> None:
        self.story.told(deed)

    def _slack_follows(self, now: int) -> int:
        self.slack.now = now
        return 0

    def leap(self, where: str) -> None:
        self.story.to(where)
        self.story.turn()

    def texts(self, user: str) -> list[str]:
        return [message["text"] for message in self.slack.dms(user)]

    def sent(self) -> list[tuple[int, str]]:
        return [(int(float(message["ts"])), message["text"]) for message in self.slack.history()]


@contextmanager
def slack_of_the_team() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        for login in TEAM:
            slack.add_user(f"U0{login.upper()}")
        slack.add_channel("C0TEAM")
        yield slack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with slack_of_the_team() as slack:
        yield slack


@pytest.fixture
def town(sqlite_engine: Engine, slack: FakeSlack) -> Town:
    """Nothing happened yet."""
    town = Town(sqlite_engine, slack)
    town.story.begin()
    return town


Towns = Callable[..., Town]


@pytest.fixture
def towns(sqlite_template: Path, tmp_path: Path) -> Iterator[Towns]:
    """Towns with a database and a Slack of their own."""
    with ExitStack() as stack:

        def made(**own: Any) -> Town:
            slack = stack.enter_context(slack_of_the_team())
            path = tmp_path / f"{slack.url.split(':')[2][:5]}.db"
            shutil.copy(sqlite_template, path)
            engine = make_engine(f"sqlite:///{path}")
            stack.callback(engine.dispose)
            return Town(engine, slack, **own)

        yield made


def test_what_is_opened_by_hand_is_nudged_when_its_time_comes_and_settles_with_the_review(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    for _ in range(5):
        town.leap("hour")
    assert town.texts("U0ALICE") == []
    town.leap("hour")
    assert [at - MONDAY for at, _ in town.sent()] == [6 * HOUR]
    town.story.act("alice", "approve", repo="acme/shop", number=1)
    (message,) = town.slack.dms("U0ALICE")
    assert message["text"].startswith("Done: Fix rounding in totals (acme/shop#1)")


def test_everything_by_hand_is_in_the_program_at_once_while_the_clock_stands(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    (item,) = town.story.host_shown("alice")["items"]
    assert (item["title"], item["asked"], item["log"][0]["shown"]) == (FIX, ["alice"], "Mon 09:00")
    assert town.clock.now() == MONDAY


def test_a_leap_sends_what_playing_second_by_second_sends_at_the_same_instants(towns: Towns) -> None:
    events = [*request_at(MONDAY + 10), *request_at(MONDAY + 2000, 2, "carol", "Faster search"),
              fact("review_submitted", MONDAY + 7 * HOUR + 100, actor="alice", state="approved")]  # fmt: skip
    town = towns(events=events)
    town.story.begin()
    town.story.pass_to(MONDAY + 9 * HOUR)
    leapt = town.sent()
    town = towns(events=events)
    town.story.begin()
    for at in sorted(at + beside for at, _ in leapt for beside in range(-30, 30)):
        town.story.pass_to(at)
    town.story.pass_to(MONDAY + 9 * HOUR)
    played = town.sent()
    assert [text for _, text in leapt] == [text for _, text in played]
    assert len(leapt) == 2
    assert all(abs(one - other) <= TICK for (one, _), (other, _) in zip(leapt, played, strict=True))


def test_the_next_working_morning_is_past_the_night_or_the_weekend(town: Town) -> None:
    assert town.story.shown() == {
        "now": MONDAY, "shown": "Mon 2 Mar 09:00", "zone": "Europe/Berlin", "playing": False, "busy": None,
        "ended": False,
    }  # fmt: skip
    shown = []
    for _ in range(5):
        town.leap("morning")
        shown.append(town.story.shown()["shown"])
    assert shown == ["Tue 3 Mar 09:00", "Wed 4 Mar 09:00", "Thu 5 Mar 09:00", "Fri 6 Mar 09:00", "Mon 9 Mar 09:00"]


def test_on_until_the_next_message_stops_where_it_is_sent(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    town.leap("message")
    assert town.clock.now() == MONDAY + 6 * HOUR
    assert len(town.texts("U0ALICE")) == 1


def test_where_no_message_comes_the_search_ends_after_ten_days(town: Town) -> None:
    town.leap("message")
    assert town.clock.now() == MONDAY + 10 * 86_400


def test_a_leap_asked_while_the_clock_is_on_its_way_is_refused_and_pausing_ends_it(town: Town) -> None:
    town.story.to("morning")
    assert town.story.shown()["busy"] == "On to Tuesday morning …"
    with pytest.raises(Refused) as refusal:
        town.story.to("hour")
    assert str(refusal.value) == "The clock is on its way already (On to Tuesday morning); pausing it ends that."
    town.story.to("pause")
    assert town.story.shown()["busy"] is None
    town.story.turn()
    assert town.clock.now() == MONDAY


def test_a_leap_to_nowhere_is_refused(town: Town) -> None:
    with pytest.raises(Refused, match=r"^The clock can't go to `year`; pause, play, hour, morning and message are"):
        town.story.to("year")


def test_a_calendar_without_working_days_has_no_next_morning(towns: Towns) -> None:
    town = towns(policy=POLICY.replace('timezone = "Europe/Berlin"', 'timezone = "UTC"\nhours = {}'))
    with pytest.raises(Refused, match=r"^The workspace's calendar has no working day within a month.$"):
        town.story.to("morning")


def test_while_it_plays_a_second_passes_a_second_and_pausing_stands_still(town: Town) -> None:
    town.story.to("play")
    for town.seconds in (0.4, 1.1, 2.2, 2.9):
        town.story.turn()
    assert town.clock.now() == MONDAY + 2
    town.story.to("pause")
    town.seconds = 60.0
    town.story.turn()
    assert town.clock.now() == MONDAY + 2
    town.story.to("play")
    town.seconds = 61.0
    town.story.turn()
    assert town.clock.now() == MONDAY + 3


def test_a_machine_that_slept_makes_up_for_seconds_only(town: Town) -> None:
    town.story.to("play")
    town.seconds = 8 * 3600.0
    town.story.turn()
    assert town.clock.now() == MONDAY + 5


def test_what_the_script_has_is_told_as_its_time_comes(towns: Towns) -> None:
    town = towns(events=request_at(MONDAY + HOUR))
    town.story.begin()
    assert town.story.host_shown("bob")["items"] == []
    town.leap("hour")
    assert [item["title"] for item in town.story.host_shown("bob")["items"]] == [FIX]


def test_an_item_that_somebody_takes_in_hand_goes_on_by_hand_alone(towns: Towns) -> None:
    merged = fact("merged", MONDAY + 2 * HOUR)
    town = towns(events=[*request_at(MONDAY + 10), merged])
    town.story.begin()
    town.leap("hour")
    town.story.act("carol", "comment", repo="acme/shop", number=1)
    town.leap("morning")
    (item,) = town.story.host_shown("bob")["items"]
    assert (item["state"], item["log"][-1]["text"]) == ("open", "carol commented")


def test_history_is_no_news_and_is_told_of_once_there_is_some(towns: Towns) -> None:
    town = towns(events=request_at(MONDAY - 3 * 86_400), policy=POLICY, at=MONDAY + 60)
    town.story.begin()
    town.leap("morning")
    assert town.sent() == []
    town.story.act("bob", "open", repo="acme/shop", title="Faster search", reviewers=["alice"])
    town.leap("message")
    (message,) = town.slack.dms("U0ALICE")
    assert "Faster search" in json.dumps(message["blocks"])
    assert FIX in json.dumps(message["blocks"])


def test_the_next_start_goes_on_where_the_last_one_stopped(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    town.leap("hour")
    town.story.act("carol", "comment", repo="acme/shop", number=1)
    town.story.stop()
    kept = json.loads(json.dumps(town.kept[-1]))

    later = Town(town.engine, town.slack)
    later.story.begin(kept)
    assert later.clock.now() == MONDAY + HOUR
    assert later.story.host_shown("alice") == town.story.host_shown("alice")
    for _ in range(5):
        later.leap("hour")
    assert [at - MONDAY for at, _ in later.sent()] == [6 * HOUR]
    later.story.act("bob", "open", repo="acme/shop", title="Another")
    assert [item["number"] for item in later.story.host_shown("bob")["items"]] == [2, 1]


def wait_of(town: Town) -> int:
    """The one open wait."""
    with reading(town.engine) as session:
        (row,) = waits.open_after(session, town.ctx.workspace, -(2**63), 9)
    return int(row.id)


def test_a_review_handed_over_in_slack_moves_on_the_code_host_and_out_of_the_script(towns: Towns) -> None:
    approval = fact("review_submitted", MONDAY + 2 * HOUR, actor="alice", state="approved")
    town = towns(events=[*request_at(MONDAY + 10), approval])
    town.story.begin()
    town.leap("hour")
    answer = hand_over(town.ctx, "U0ALICE", wait_of(town), "U0CAROL", town.clock.now())
    assert answer.text == (f"{FIX} (acme/shop#1) is carol's now: they are asked on the code host in your place.")
    town.leap("morning")
    (item,) = town.story.host_shown("alice")["items"]
    assert (item["asked"], item["approvals"]) == (["carol"], 0)
    assert town.texts("U0ALICE") == []
    assert len(town.texts("U0CAROL")) >= 1


def test_whom_the_code_host_would_not_ask_is_refused_in_slack_and_nothing_is_changed(towns: Towns) -> None:
    town = towns(policy=QUIET_MORNINGS.replace("[people.carol]", "[people.zed]"))
    town.story.begin()
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    with pytest.raises(NotKnown, match=r"Nobody is called zed here; .* Nothing is changed"):
        hand_over(town.ctx, "U0ALICE", wait_of(town), "U0CAROL", town.clock.now())
    assert town.story.host_shown("alice")["items"][0]["asked"] == ["alice"]


def test_what_a_team_is_asked_is_taken_over_in_slack_and_on_the_code_host(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["shop-team"])
    answer = take_over(town.ctx, "U0CAROL", wait_of(town), town.clock.now())
    assert answer.text.startswith(f"{FIX} (acme/shop#1) is yours")
    (item,) = town.story.host_shown("alice")["items"]
    assert (item["asked"], item["teams"]) == (["carol"], [])
    town.leap("message")
    assert len(town.texts("U0CAROL")) == 1


def test_an_act_that_is_refused_tells_nobody_anything(town: Town) -> None:
    town.story.act("bob", "open", repo="acme/shop", title=FIX)
    before = town.story.kept()
    with pytest.raises(Refused):
        town.story.act("bob", "approve", repo="acme/shop", number=1)
    assert town.story.kept() == before


def test_a_job_that_fails_does_not_end_the_story(towns: Towns) -> None:
    troubles = iter([RuntimeError("no")])

    def broken(_: int) -> int:
        for trouble in troubles:
            raise trouble
        return 0

    town = towns(steps=[broken])
    town.story.begin()
    town.story.act("bob", "open", repo="acme/shop", title=FIX, reviewers=["alice"])
    town.leap("message")
    assert len(town.texts("U0ALICE")) == 1


def test_the_story_goes_on_by_itself_and_acts_are_taken_while_the_clock_leaps(town: Town) -> None:
    town.story.start()
    town.story.to("morning")
    town.settled.clear()
    town.story.act("bob", "open", repo="acme/shop", title=FIX)
    assert town.settled.wait(20)
    assert town.story.stop(20)
    assert town.clock.now() >= MONDAY + 24 * HOUR
    assert len(town.story.host_shown("bob")["items"]) == 1


def test_whoever_waits_for_their_turn_is_not_overtaken_by_one_that_comes_back_at_once() -> None:
    alone, order = Alone(), list[str]()
    with alone, alone:
        waiting = threading.Thread(target=partial(_note, alone, order, "waiting"))
        waiting.start()
        while not alone._gate.locked():
            pass
    _note(alone, order, "again")
    waiting.join()
    assert order == ["waiting", "again"]


def _note(alone: Alone, order: list[str], name: str) -> None:
    with alone:
        order.append(name)
