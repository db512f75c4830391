"""A small workspace on loopback with an app of the tests' own in it, which says what it is told to."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from bot.clock import SetClock
from bot.local.desk import Desk
from bot.local.installed import Installed
from bot.local.server import Slack

Json = dict[str, Any]
NOW, SECRET = 1_772_000_000, "signing-secret"
ALICE, BOB, SHOP, HERS, HIS = "U0ALICE", "U0BOB", "C0SHOP", "D0ALICE", "D0BOB"
HELLO = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action: str = "go", **more: Any) -> Json:
    return {"type": "button", "action_id": action, "text": plain("Go"), **more}


def menu(*values: str, **more: Any) -> Json:
    options = [{"text": plain(value), "value": value} for value in values]
    return {"type": "static_select", "action_id": "menu", "options": options, **more}


def actions(*elements: Json, block_id: str = "row") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def asks(element: Json, block_id: str = "ask", **more: Any) -> Json:
    """An input."""
    return {"type": "input", "block_id": block_id, "label": plain("What"), "element": element, **more}


def words(**more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "words", **more}


def modal(*blocks: Json, **more: Any) -> Json:
    shown = list(blocks) or [HELLO]
    return {"type": "modal", "title": plain("Window"), "submit": plain("Save"), "blocks": shown, **more}


def manifest(*events: str, reads: bool = False, escapes: bool = True) -> Json:
    return {
        "display_information": {"name": "Weir"},
        "features": {
            "app_home": {"messages_tab_read_only_enabled": not reads},
            "slash_commands": [{"command": "/flow", "description": "Whose turn it is", "should_escape": escapes}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write", "commands"]}},
        "settings": {"event_subscriptions": {"bot_events": list(events)}},
    }


@dataclass
class App:
    """An app on loopback: it keeps what it is told, and gives the answers lined up for it (else an empty one)."""

    told: list[Json] = field(default_factory=list)
    """What came: commands as their fields, interactions and events as their JSON."""
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    """(status, body), in order."""
    gate: threading.Event = field(default_factory=threading.Event)
    """It answers once this is set."""
    url: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    def will(self, answer: Any, status: int = 200) -> None:
        self.answers.append((status, answer if isinstance(answer, str) else json.dumps(answer)))

    def take(self, headers: dict[str, str], body: str) -> tuple[int, str]:
        at = headers["X-Slack-Request-Timestamp"]
        mark = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        assert headers["X-Slack-Signature"] == f"v0={mark}", "it is signed as Slack signs"
        form = json.loads(body) if headers["Content-Type"] == "application/json" else dict(parse_qsl(body))
        self.headers.append(headers)
        self.told.append(json.loads(form["payload"]) if "payload" in form else form)
        self.gate.wait(30)
        return self.answers.pop(0) if self.answers else (200, "")


@contextmanager
def running(app: App) -> Iterator[App]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = app.take(dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who waited too long hung up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_port}/slack/events"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield app
        app.gate.set()
        server.shutdown()
        thread.join()


def people(slack: Slack) -> Slack:
    """Alice and Bob, and two channels."""
    for name in ("alice", "bob"):
        slack.add_user(f"U0{name.upper()}", {"email": f"{name}@acme.example"}, name=name)
    slack.add_channel(SHOP, name="shop")
    slack.add_channel("C0OLD", name="old", is_archived=True)
    return slack


def workspace(**more: Any) -> Slack:
    """A workspace whose clocks stand."""
    return people(Slack(clock=SetClock(NOW), machine=SetClock(NOW), **more))


def api(slack: Slack, method: str, **form: Any) -> Json:
    """What a method answers."""
    return slack.answer(method, slack.token, form)


@dataclass
class Town:
    """A workspace, the app in it, and the page."""

    slack: Slack
    app: App
    desk: Desk

    def do(self, do: str, who: str = ALICE, **told: Any) -> Json:
        return self.desk.do({"do": do, "as": who, **told})

    def view(self, who: str = ALICE, channel: str = SHOP, thread: str | None = None) -> Json:
        return self.desk.view(who, channel, thread)

    def post(self, *blocks: Json, channel: str = SHOP, text: str = "hello") -> str:
        """The app says something; its timestamp."""
        return str(api(self.slack, "chat.postMessage", channel=channel, text=text, blocks=list(blocks))["ts"])

    def whisper(self, *blocks: Json, who: str = ALICE) -> str:
        """The app says something to one person in the channel; its timestamp."""
        said = {"channel": SHOP, "user": who, "text": "psst", "blocks": list(blocks)}
        return str(api(self.slack, "chat.postEphemeral", **said)["message_ts"])

    def open(self, view: Json, who: str = ALICE) -> str:
        """The app opens a modal for somebody; its id."""
        trigger = self.slack.issue_trigger(who)
        return str(api(self.slack, "views.open", trigger_id=trigger, view=view)["view"]["id"])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        """(status, body, headers) of a request; `Content_Type` is a header's name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.slack.port, timeout=30)
        try:
            connection.request(method, path, body, {key.replace("_", "-"): one for key, one in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), dict(reply.getheaders())
        finally:
            connection.close()


@contextmanager
def town(shown: Json | None = None, *, in_time: float = 30, **more: Any) -> Iterator[Town]:
    """A workspace with an app of this manifest, which has `in_time` seconds for its answers."""
    with running(App()) as app, workspace(**more) as slack:
        installed = Installed(shown or manifest(), app.url, SECRET, SetClock(NOW), in_time)
        slack.desk = Desk(slack, installed, {"/flow": [{"name": "waits", "usage": "/flow waits", "does": "lists"}]})
        try:
            yield Town(slack, app, slack.desk)
        finally:
            slack.end()
            installed.close()
