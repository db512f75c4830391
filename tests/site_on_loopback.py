"""A web process of the tests' own on loopback, asked as code hosts, Slack and people would."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from github_payloads import pull_request, signed
from slack_payloads import Hands, command

from bot import app
from bot.clock import SystemClock
from bot.context import Context
from bot.serving import fit
from bot.serving.workspaces import OneWorkspace
from bot.settings import Settings
from bot.store.engine import reading
from bot.store.events import iterate_all
from bot.web import Route, Server, application

SECRET, SLACK_SECRET = "webhook-secret", "signing-secret"
fit.READINESS = 30  # where many tests share a few cores, a second may pass between two lines
FEW = 16
"""Threads of a web process. To start all those of a real one takes longer than most tests."""


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    headers: dict[str, str]


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass
class Site(Hands[Reply]):
    """A running web process and the context behind it; answers to presses, and late ones, go to `response_url`."""

    ctx: Context
    port: int
    response_url: str = Hands.response_url

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {}, **more)
            response = connection.getresponse()
            return Reply(response.status, response.read().decode(), dict(response.getheaders()))
        finally:
            connection.close()

    def deliver(self, event: str = "pull_request", payload: Any = None) -> Reply:
        headers, body = signed(SECRET, event, pull_request("opened") if payload is None else payload)
        return self.ask("POST", "/webhooks/github", body, dict(headers))

    def command(self, text: str, user: str = "U0ALICE", secret: str = SLACK_SECRET, stamp: int | None = None) -> Reply:
        return self.from_slack(urlencode({**command(text, user), "response_url": self.response_url}), secret, stamp)

    def from_slack(
        self, body: str, secret: str = SLACK_SECRET, stamp: int | None = None, content_type: str = FORM
    ) -> Reply:
        headers = {"Content-Type": content_type, **signature(body, secret, stamp)}
        return self.ask("POST", "/slack/events", body.encode(), headers)

    def send_command(self, payload: dict[str, Any]) -> Reply:
        return self.from_slack(urlencode(payload))

    def send_interaction(self, payload: dict[str, Any]) -> Reply:
        return self.from_slack(urlencode({"payload": json.dumps(payload)}))

    def send_event(self, payload: dict[str, Any]) -> Reply:
        return self.from_slack(json.dumps(payload), content_type=JSON)

    def events(self) -> list[str]:
        with reading(self.ctx.engine) as session:
            return [event.id for event in iterate_all(session, self.ctx.workspace)]


def signature(body: str, secret: str = SLACK_SECRET, stamp: int | None = None) -> dict[str, str]:
    """The headers by which Slack signs."""
    at = str(SystemClock().now() if stamp is None else stamp)
    mark = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mark}"}


def settings(tmp_path: Path, **more: Any) -> Settings:
    known = {"slack_bot_token": "xoxb-1", "slack_signing_secret": SLACK_SECRET, "github_webhook_secret": SECRET,
             "slack_api_url": "http://127.0.0.1:9/api/", "github_api_url": "http://127.0.0.1:9"}  # fmt: skip
    return Settings(**{**known, "database_url": f"sqlite:///{tmp_path}/weir.db", **more})


def routes_of(ctx: Context) -> dict[str, Route]:
    """Every address of the web process of a program that serves one workspace."""
    served = OneWorkspace(ctx)
    return app.all_routes(served, app.telemetry_of(served), app.slack_of(served))


def web(ctx: Context) -> Server:
    """The whole web process of a program, with threads enough for a test's people."""
    return Server(application(routes_of(ctx)), "127.0.0.1", 0, FEW)


def serve(server: Server) -> Iterator[int]:
    stop, port = threading.Event(), server.port
    server.leaving_seconds = 0  # no balancer
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        yield port
    finally:
        stop.set()
        with suppress(OSError):  # it looks whether to stop when somebody comes, or a fifth of a second later
            socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
