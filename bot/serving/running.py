"""The running program: doors, socket and clockwork started, kept, and stopped in order."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, NoReturn

import structlog

from bot import app
from bot.clock import SystemClock
from bot.web import THREADS, Server, application

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler

    from bot.serving.workspaces import Workspaces
    from handlers.slack import SlackDoor
    from jobs.schedule import Schedule

JOBS_SECONDS = 8.0
"""How long a job in hand may take to come to a point where it can be left."""
CLOSING = 5
"""Seconds that the socket to Slack has to close."""
RECONNECT = 10
"""Seconds between two tries to open the socket to Slack."""
PING = 10.0
"""Seconds between two signs of life that Slack's socket is asked for; one that gives none four times is replaced."""

log = structlog.get_logger()


def run(served: Workspaces, *, web: bool, worker: bool) -> None:
    """Run the asked parts until SIGTERM or SIGINT, then stop cleanly. Raises OSError where a port can't be had."""
    ctx = served.base
    telemetry = app.telemetry_of(served)
    slack = app.slack_of(served) if web else None
    server = None
    if slack is not None:
        server = Server(application(app.all_routes(served, telemetry, slack)), ctx.settings.host, ctx.settings.port)
    elif ctx.settings.weir_metrics_port is not None:
        server = Server(application(app.own_routes(telemetry)), ctx.settings.host, ctx.settings.weir_metrics_port)
    schedule = app.schedule_of(served, telemetry) if worker else None
    with stop_on_signals(ctx.stopping), _socket(slack):
        if schedule:
            schedule.start()
        log.info("running", web=web, worker=worker, port=server.port if server else None)
        jobs_ended = _ending(schedule, ctx.stopping)
        _keep(server, ctx.stopping)
        finished = jobs_ended.result()
    ctx.engine.dispose()
    log.info("stopped", job_left_behind=not finished)
    if not finished:
        _leave()


def _ending(schedule: Schedule | None, stopping: threading.Event) -> Future[bool]:
    """Whether all jobs came to an end, once that is asked for; doors may still be open by then."""
    ended: Future[bool] = Future()

    def end() -> None:
        stopping.wait()
        try:
            ended.set_result(schedule.stop(JOBS_SECONDS) if schedule else True)
        except Exception as error:
            ended.set_exception(error)

    threading.Thread(target=end, name="jobs-end", daemon=True).start()
    return ended


def _keep(server: Server | None, stopping: threading.Event) -> None:
    """Serve, or only stay, until the end is asked for."""
    if server:
        server.serve(stopping)
    # Not `stopping.wait()`: a signal's handler may not set an event that its own thread waits for.
    while not stopping.is_set():
        time.sleep(0.2)


def _socket(slack: SlackDoor | None) -> AbstractContextManager[None]:
    token = slack.base.settings.slack_app_token if slack else None
    return nullcontext() if slack is None or token is None else _open_socket(slack, token.get_secret_value())


@contextmanager
def _open_socket(slack: SlackDoor, token: str, ping: float = PING) -> Iterator[None]:
    """Slack's socket, opened in the background: a Slack that is down stops no start."""
    from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler

    stopping = slack.base.stopping
    handler = SocketModeHandler(slack.hello, token, concurrency=THREADS, ping_interval=ping)
    handler.app = slack  # type: ignore[assignment]  # what comes in is only handed over to it
    handler.client.on_message_listeners.append(lambda _: _heard_of(handler))
    join = handler.client.connect

    def joined() -> None:
        join()
        _heard_of(handler)

    handler.client.connect = joined  # type: ignore[method-assign]  # each socket begins by it, those of the SDK's own

    def connect() -> None:
        while not stopping.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]
                return
            except Exception as error:
                log.warning("no socket to Slack yet", why=type(error).__name__)
                stopping.wait(RECONNECT)

    threading.Thread(target=connect, name="socket", daemon=True).start()
    try:
        yield
    finally:
        # A session that was being opened anew just then keeps the SDK waiting for ever.
        closing = threading.Thread(target=_close, args=(handler,), name="socket-end", daemon=True)
        closing.start()
        closing.join(CLOSING)


def _heard_of(handler: SocketModeHandler) -> None:
    """Count this as a sign of life: by itself the SDK never gives up on a socket that falls silent before the first
    answer to a ping.
    """
    session = handler.client.current_session
    if session is not None:
        session.last_ping_pong_time = SystemClock().now()  # the SDK goes by the machine's clock


def _close(handler: SocketModeHandler) -> None:
    """Close the socket and end its threads at once; the SDK by itself waits seconds for something to read."""
    client = handler.client
    client.auto_reconnect_enabled = False
    client.closed = client.current_session_state.terminated = True
    wire = client.current_session.sock if client.current_session else None
    if wire is not None:
        with suppress(OSError):  # the other end was quicker
            socket.socket.shutdown(wire, socket.SHUT_RDWR)  # not TLS's own, which breaks a read that is under way
    client.message_queue.put(None)
    handler.close()  # type: ignore[no-untyped-call]


@contextmanager
def stop_on_signals(stopping: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for the end; a second one is not waited for."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _frame: object) -> None:
        stopping.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave() -> NoReturn:
    """End the process without waiting for a job that hangs; the next start goes on where it was."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
