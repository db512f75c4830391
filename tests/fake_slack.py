"""A Slack on loopback: the Web API methods Weir calls, Slack's limits, errors and history, and faults."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fake_slack_state import SCOPES, Workspace, no

from bot.local.limits import content_error, view_error

__all__ = ["SCOPES", "FakeSlack", "Fault", "content_error", "view_error"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call.

    `kind`: `lost` (done, and then the connection ends without a reply), `reset` (the connection ends before anything
    is done), `http` (a status with a body, nothing done), `error` (Slack's own `ok: false`), `slow` (done, then late).
    """

    kind: str
    status: int = 500
    body: str = "<html><body>Bad gateway</body></html>"
    error: str = "internal_error"
    retry_after: int | None = None
    seconds: float = 0.0


@dataclass
class FakeSlack(Workspace):
    """A workspace that answers; start it with `with`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._faults: dict[str, deque[Fault]] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.slack = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> FakeSlack:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    @property
    def response_url(self) -> str:
        """Where the answer to a press goes; it wants no token."""
        return f"{self.url}respond"

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method go wrong, in order."""
        self._faults.setdefault(method, deque()).extend(faults)

    def fault_of(self, method: str) -> Fault | None:
        with self._lock:
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slack: FakeSlack

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        method = urlsplit(self.path).path.rpartition("/")[2]
        token, form = self._read()
        fault = self.server.slack.fault_of(method)
        if fault is None and method == "respond":
            return self._respond(form)
        if fault is None:
            return self._reply(200, self.server.slack.answer(method, token, form))
        if fault.kind in ("lost", "slow"):
            answer = self.server.slack.answer(method, token, form)
            time.sleep(fault.seconds)
            return self._hang_up() if fault.kind == "lost" else self._reply(200, answer)
        self.server.slack.calls.append((method, form))
        if fault.kind == "reset":
            return self._hang_up()
        if fault.kind == "error":
            return self._reply(200, no(fault.error))
        return self._send(fault.status, fault.body.encode(), "text/html", fault.retry_after)

    do_GET = do_POST

    def _read(self) -> tuple[str | None, dict[str, Any]]:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        form: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
        if self.headers.get_content_type() == "application/json":
            form.update(json.loads(raw or "{}"))
        else:
            form.update(parse_qsl(raw))
        return token or form.pop("token", None), form

    def _reply(self, status: int, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json; charset=utf-8", None)

    def _send(self, status: int, body: bytes, kind: str, retry_after: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-OAuth-Scopes", self.server.slack.scopes)
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def _respond(self, form: dict[str, Any]) -> None:
        wrong = self.server.slack.respond(form)
        self._send(400 if wrong else 200, (wrong or "ok").encode(), "text/plain", None)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """The tests' output stays quiet."""
