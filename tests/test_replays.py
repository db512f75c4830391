"""A request that was answered is not done again, whoever sends it; one that went wrong may come again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fake_slack import FakeSlack
from site_on_loopback import Site, serve, settings, web
from slack_payloads import command, event_callback
from sqlalchemy import Engine
from world import World

from bot.clock import SystemClock
from bot.replays import HOLDS, KEPT, MOST, Replays
from handlers.slack import MOST_BYTES


def test_a_signature_counts_once_for_as_long_as_it_holds() -> None:
    known: Replays[str] = Replays()
    assert known.begin("v0=a", 1_000)
    assert not known.begin("v0=a", 1_000 + KEPT - 1)
    assert known.begin("v0=b", 1_000)
    assert known.begin("v0=a", 1_000 + KEPT)


def test_what_failed_may_come_again() -> None:
    known: Replays[str] = Replays()
    known.begin("v0=a", 1_000)
    known.failed("v0=a")
    assert known.begin("v0=a", 1_001)


def test_what_is_sent_again_while_its_signature_holds_gets_the_same_answer_and_later_none() -> None:
    known: Replays[str] = Replays()
    known.begin("v0=a", 1_000)
    threads = ThreadPoolExecutor(1)
    waiting = threads.submit(known.answer, "v0=a", 1_000)
    known.answered("v0=a", "Nothing waits.")
    assert waiting.result() == "Nothing waits."
    threads.shutdown()
    assert known.answer("v0=a", 1_000 + HOLDS) == "Nothing waits."
    assert known.answer("v0=a", 1_001 + HOLDS) is None
    assert known.answer("v0=other", 1_000) is None
    known.begin("v0=b", 1_001 + HOLDS)
    assert known.answer("v0=a", 1_000) is None, "answers are kept for no longer"


def test_only_so_many_are_remembered() -> None:
    known: Replays[str] = Replays()
    assert all(known.begin(f"v0={number}", 1_000) for number in range(MOST + 5))
    assert not known.begin(f"v0={MOST + 4}", 1_000)
    assert known.begin("v0=0", 1_000), "the oldest was let go"


@dataclass
class Door:
    world: World
    site: Site


@pytest.fixture
def door(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Door]:
    from dataclasses import replace

    with FakeSlack() as slack:
        world = World(sqlite_engine, slack)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            yield Door(world, Site(ctx, port))


def test_a_command_that_comes_again_is_answered_the_same_and_later_done_no_more(door: Door) -> None:
    stamp = SystemClock().now()
    body = urlencode(command("unlink alice", "U0ALICE"))
    first, again = (door.site.from_slack(body, stamp=stamp) for _ in range(2))
    assert (first.status, again.status) == (200, 200)
    assert "alice" in first.text
    assert again.text == first.text
    door.world.clock.advance(seconds=HOLDS + 1)
    caught = door.site.from_slack(body, stamp=stamp)
    assert (caught.status, caught.text.strip()) == (200, "")


def test_the_same_words_said_once_more_are_answered_once_more(door: Door) -> None:
    assert all("Nothing waits" in door.site.command("waits").text for _ in range(2))


def test_a_body_that_is_larger_or_deeper_than_any_of_slacks_is_refused(door: Door) -> None:
    large = door.site.from_slack("text=" + "x" * MOST_BYTES)
    assert (large.status, large.text) == (413, f"bodies of up to {MOST_BYTES:,} bytes are read here\n")
    deep = door.site.from_slack("payload=" + "[" * 100_000)
    assert deep.status in (200, 400)
    nested: Any = event_callback({"type": "message", "text": "x"})
    deep = door.site.from_slack('{"a":' * 100_000 + "1" + "}" * 100_000, content_type="application/json")
    assert (deep.status, nested["type"]) == (400, "event_callback")
