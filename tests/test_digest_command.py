"""`/flow digest` at Slack's doors: for whoever asks alone, with charts where Slack takes them; and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import HTTP, SOCKET, Desk, desk
from fake_slack import Fault, content_error
from program import wait_until
from sqlalchemy import Engine
from test_digest import work
from world import MONDAY, POLICY

from bot.views.pages import Again
from handlers.commands import answer


@pytest.fixture(params=[HTTP, SOCKET])
def team(request: pytest.FixtureRequest, sqlite_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with desk(sqlite_engine, tmp_path, request.param, POLICY) as found:
        found.slack.add_user("U0ALICE", is_admin=True)
        found.slack.add_channel("C0TEAM")
        work(found.world, 8)
        yield found


def shown(team: Desk, words: str) -> dict[str, Any]:
    """What is said beside a command, to the one who typed it."""
    before = len(team.slack.whispers)
    team.door.command(words, "U0ALICE")
    wait_until(lambda: len(team.slack.whispers) > before)
    return team.slack.whispers[-1]


def kinds(told: dict[str, Any]) -> list[str]:
    return [block["type"] for block in told["blocks"]]


def test_a_digest_for_ones_own_eyes_has_its_charts(team: Desk) -> None:
    told = shown(team, "digest")
    assert told["text"].startswith("acme/shop · the last 7 days\n")
    assert kinds(told).count("data_visualization") == 2
    assert content_error(told) is None
    assert team.slack.messages("C0TEAM") == [], "nobody else reads it"


def test_where_slack_takes_no_charts_the_words_come_alone(team: Desk) -> None:
    team.slack.fail("respond", Fault("http", 400, "invalid_blocks"))
    told = shown(team, "digest")
    assert "data_visualization" not in kinds(told)
    assert "Flow distribution: Features 50% (n = 2)" in told["text"]


def test_a_repository_a_stream_or_all_can_be_named(team: Desk) -> None:
    assert shown(team, "digest shop")["text"].startswith("acme/shop · the last 7 days\n")
    assert shown(team, "digest all")["text"].startswith("All repositories · the last 7 days\n")


@pytest.mark.parametrize(("words", "problem"), [
    ("digest pay", "I know no value stream and no repository “pay”. /flow repos and /flow streams list them."),
    ("digest weekly funday", "I know no value stream and no repository “funday”. /flow repos and /flow streams "
     "list them. Days are said like weekly monday 9:30 or monthly 1 9:30."),
    ("digest weekly monday 25:00", "“25:00” is a time that no clock shows. Allowed are times such as 9:30."),
    ("digest monthly 32", "No month has a day 32. Allowed are 1 to 31; a shorter month has its last."),
    ("digest weekly monday #shop", "“#shop” is no channel that I can make out. Allowed is a #channel, picked from"),
    ("digest off tomorrow", "“tomorrow” is too much behind “off”."),
    ("digest weekly <#C0A> <#C0B>", "One channel at a time, please."),
])  # fmt: skip
def test_what_can_not_be_taken_is_one_clear_line(team: Desk, words: str, problem: str) -> None:
    said = answer(team.ctx, "U0ALICE", Again(words, place="C0TEAM"))
    assert said.text.startswith(problem)
    assert "\n" not in said.text


@pytest.mark.parametrize(("words", "rhythm"), [
    ("digest weekly", "every Monday at 9:30"), ("digest weekly on fridays at 4pm", "every Friday at 16:00"),
    ("digest weekly thu 8", "every Thursday at 8:00"), ("digest monthly", "every month on day 1 at 9:30"),
    ("digest monthly 15th 12:05am", "every month on day 15 at 0:05"),
    ("digest monthly 31 9.15 acme/shop", "every month on day 31 at 9:15"),
])  # fmt: skip
def test_rhythms_are_read_as_people_say_them(team: Desk, words: str, rhythm: str) -> None:
    said = answer(team.ctx, "U0ALICE", Again(words, place="C0TEAM"))
    assert said.text.startswith(f"The digest of acme/shop comes to <#C0TEAM> {rhythm} (Europe/Berlin).")


def test_a_press_puts_the_digest_in_the_place_of_the_answer(team: Desk) -> None:
    planned = team.flow("digest weekly friday 16:00")
    told = team.press(planned, "Show me one now")
    assert told["text"].startswith("acme/shop · the last 7 days\n")
    assert team.world.now == MONDAY
