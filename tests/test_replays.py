"""A request that was answered is not done again, whoever sends it; one that went wrong may come again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import github_payloads as gh
import pytest
from fake_slack import FakeSlack
from site_on_loopback import FORM, Site, serve, settings, signature, web
from slack_payloads import command, event_callback
from sqlalchemy import Engine, select
from test_strain import everything_is_done
from world import World

from bot import app, intake
from bot.clock import SystemClock
from bot.context import Context
from bot.hosts.github import parse
from bot.serving.replays import HOLDS, KEPT, MOST, Replays, Shared
from bot.serving.workspaces import OneWorkspace
from bot.store import requests, said
from bot.store.engine import make_engine, reading, writing
from bot.store.items import ITEMS
from bot.store.repos import REPOS
from bot.store.waits import WAITS
from bot.web import Answer, Request
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


Process = Callable[[Request], Answer]


@pytest.fixture
def processes(engine: Engine, tmp_path: Path) -> Iterator[tuple[World, Process, Process]]:
    """The doors of two processes on one database."""
    with FakeSlack() as slack:
        world = World(engine, slack)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        one, other = (app.slack_of(OneWorkspace(ctx)) for _ in range(2))
        for door in (one, other):
            door._replays._shared = patient(ctx)
        yield world, one.by_http, other.by_http


def patient(ctx: Context) -> Shared:
    """One that a busy machine keeps from no word of the database's."""
    shared = Shared(ctx)
    shared.sharing = 30
    return shared


def request(words: str) -> Request:
    body = urlencode(command(words, "U0ALICE"))
    headers = {name.lower(): value for name, value in signature(body).items()}
    return Request("POST", {"content-type": FORM, **headers}, body.encode())


def changes(world: World) -> int:
    with reading(world.engine) as session:
        return said.how_many(session, "default")


def test_what_one_process_did_another_acknowledges_and_does_nothing(processes: tuple[World, Process, Process]) -> None:
    world, one, other = processes
    caught = request("unlink alice")
    answers = [door(caught) for door in (one, other, other, one)]
    assert changes(world) == 1
    assert [(answer.status, answer.text) for answer in answers[1:3]] == [(200, "")] * 2
    assert "alice" in answers[0].text
    assert answers[3].text == answers[0].text


def test_what_went_wrong_in_one_process_may_come_again_to_another(processes: tuple[World, Process, Process]) -> None:
    world, *_ = processes
    known, other = (Replays[str](patient(world.ctx())) for _ in range(2))
    assert known.begin("v0=a", world.now)
    assert not other.begin("v0=a", world.now)
    known.failed("v0=a")
    assert Replays[str](patient(world.ctx())).begin("v0=a", world.now)


def test_marks_are_kept_for_longer_than_signatures_hold(processes: tuple[World, Process, Process]) -> None:
    world, *_ = processes

    def taken(now: int) -> bool:
        return patient(world.ctx()).take("v0=a", now, bool)

    assert [taken(world.now + later) for later in (0, KEPT, KEPT + 1)] == [True, False, True]


def test_a_database_that_is_locked_keeps_no_request_back(processes: tuple[World, Process, Process]) -> None:
    """What it would do waits for the database itself; and it may come again where it fails meanwhile."""
    world, *_ = processes
    known, elsewhere = (Replays[str](Shared(world.ctx())) for _ in range(2))
    with locked(world.engine):
        assert known.begin("v0=a", world.now)
        assert not known.begin("v0=a", world.now)
        known.failed("v0=a")
    everything_is_done()
    assert elsewhere.begin("v0=a", world.now)


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Another process is at the database, in the middle of taking that request in hand."""
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with writing(other) as session:
        requests.take(session, "default", hashlib.sha256(b"v0=a").hexdigest(), 0)
        session.flush()
        yield
        session.rollback()
    other.dispose()


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


# What GitHub signed once, sent again by somebody else much later


def test_old_deliveries_open_and_move_nothing_again(engine: Engine) -> None:
    with FakeSlack() as slack:
        world = World(engine, slack)
        life = [
            ("pull_request", gh.pull_request("opened", at=gh.NINE)),
            ("pull_request", gh.pull_request("review_requested", reviewer="alice", at=gh.NINE + 60)),
            ("pull_request", gh.pull_request("closed", at=gh.NINE + 3600)),
            ("repository", gh.repository("renamed", "acme/store", was="acme/shop")),
            ("repository", gh.repository("renamed", "acme/shop", was="acme/store")),
        ]
        caught = [gh.signed("s", event, payload) for event, payload in life]
        for headers, body in caught:
            deliver(world, headers, body)
        before = kept(world)
        world.clock.advance(days=90)
        for headers, body in caught:
            deliver(world, headers, body)
        assert kept(world) == before
        assert {row[2] for row in before} == {"acme/shop"}


def deliver(world: World, headers: Any, body: bytes) -> None:
    intake.take_delivery(world.ctx(), parse(headers, body, world.now), world.now)
    intake.settle(world.ctx(), world.now)


def kept(world: World) -> list[Any]:
    with reading(world.engine) as session:
        rows = [*session.execute(select(WAITS.c.host, WAITS.c.kind, WAITS.c.repo, WAITS.c.item, WAITS.c.until))]
        rows += session.execute(select(ITEMS.c.host, ITEMS.c.live, ITEMS.c.repo, ITEMS.c.item, ITEMS.c.title))
        return [*map(tuple, rows), *map(tuple, session.execute(select(REPOS.c.host, REPOS.c.connected, REPOS.c.repo)))]
