"""A Slack on loopback: the Web API methods Weir calls, Slack's limits, errors and history, and faults."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

SCOPES = "channels:history,chat:write,commands,groups:history,im:history,im:write,users:read"
START = 1_772_000_000


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
class FakeSlack:
    """State of one workspace; start it with `with`."""

    token: str = "xoxb-good"
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    token_error: str | None = None
    scopes: str = SCOPES
    page: int = 100
    """Most messages a page of history."""
    replaced: list[dict[str, Any]] = field(default_factory=list)
    """What was put in the place of private answers."""
    now: float | None = None
    """The instant new messages are stamped with; the machine's where None."""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._faults: dict[str, deque[Fault]] = {}
        self._posted = 0
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

    def add_user(self, id: str, **more: Any) -> None:
        self.users[id] = {"id": id, "deleted": False, "is_bot": False, "tz": "Europe/Berlin", "profile": {}, **more}

    def add_channel(self, id: str, **more: Any) -> None:
        self.channels[id] = {"id": id, "is_archived": False, "is_member": True, "messages": [], **more}

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method go wrong, in order."""
        self._faults.setdefault(method, deque()).extend(faults)

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What a channel shows, oldest first."""
        with self._lock:
            return [dict(message) for message in self.channels.get(channel, {}).get("messages", ())]

    def dms(self, user: str) -> list[dict[str, Any]]:
        return self.messages(_dm_of(user))

    def history(self) -> list[dict[str, Any]]:
        """Every message of every conversation, oldest first."""
        with self._lock:
            found = [
                dict(message, channel=id) for id, channel in self.channels.items() for message in channel["messages"]
            ]
        return sorted(found, key=lambda message: message["ts"])

    def delete(self, channel: str, ts: str) -> None:
        with self._lock:
            self.channels[channel]["messages"] = [m for m in self.channels[channel]["messages"] if m["ts"] != ts]

    def called(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def fault_of(self, method: str) -> Fault | None:
        with self._lock:
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None

    def answer(self, method: str, token: str | None, form: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls.append((method, form))
            if self.token_error:
                return _no(self.token_error)
            if token != self.token:
                return _no("invalid_auth" if token else "not_authed")
            act = getattr(self, "_" + method.replace(".", "_"), None)
            return act(form) if act else _no("unknown_method")

    def _auth_test(self, form: dict[str, Any]) -> dict[str, Any]:
        return {
            "ok": True, "url": "https://acme.slack.com/", "team": "acme", "team_id": "T0ACME", "user": "weir",
            "user_id": "U0WEIR", "bot_id": "B0WEIR", "is_enterprise_install": False,
        }  # fmt: skip

    def _apps_connections_open(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "url": self.url.replace("http", "ws", 1) + "link"}

    def _users_info(self, form: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(form.get("user", ""))
        return {"ok": True, "user": user} if user else _no("user_not_found")

    def _conversations_open(self, form: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(form.get("users", ""))
        if user is None:
            return _no("user_not_found")
        if user["deleted"]:
            return _no("user_disabled")
        if user["is_bot"]:
            return _no("cannot_dm_bot")
        if _dm_of(user["id"]) not in self.channels:
            self.add_channel(_dm_of(user["id"]), is_im=True, user=user["id"])
        return {"ok": True, "no_op": True, "channel": {"id": _dm_of(user["id"])}}

    def _chat_postMessage(self, form: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form) or _metadata_error(form)
        if wrong or channel is None:
            return _no(wrong or "channel_not_found")
        message = {
            "type": "message", "subtype": "bot_message", "bot_id": "B0WEIR", "ts": self._next_ts(),
            "text": form["text"], "blocks": _parsed(form.get("blocks")) or [],
        }  # fmt: skip
        if form.get("metadata"):
            message["metadata"] = _parsed(form["metadata"])
        channel["messages"].append(message)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"], "message": _shown(message, False)}

    def _chat_postEphemeral(self, form: dict[str, Any]) -> dict[str, Any]:
        wrong = _channel_error(self.channels.get(form.get("channel", ""))) or content_error(form)
        return _no(wrong) if wrong else {"ok": True, "message_ts": self._next_ts()}

    def _chat_update(self, form: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(form.get("channel", ""))
        wrong = _channel_error(channel) or content_error(form)
        if wrong or channel is None:
            return _no(wrong or "channel_not_found")
        message = next((one for one in channel["messages"] if one["ts"] == form.get("ts")), None)
        if message is None:
            return _no("message_not_found")
        edits = message.get("edits", 0) + 1
        message.update(text=form["text"], blocks=_parsed(form.get("blocks")) or [], edits=edits)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"], "text": message["text"]}

    def _conversations_history(self, form: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(form.get("channel", ""))
        if channel is None or not channel["is_member"]:
            return _no("channel_not_found" if channel is None else "not_in_channel")
        oldest, start = float(form.get("oldest") or 0), int(form.get("cursor") or 0)
        found = [one for one in reversed(channel["messages"]) if float(one["ts"]) > oldest]
        size = min(int(form.get("limit") or 100), self.page)
        page, more = found[start : start + size], len(found) > start + size
        full = str(form.get("include_all_metadata")).lower() in ("true", "1")
        answer = {"ok": True, "messages": [_shown(one, full) for one in page], "has_more": more}
        return {**answer, "response_metadata": {"next_cursor": str(start + size)}} if more else answer

    def _next_ts(self) -> str:
        self._posted += 1
        at = int(self.now if self.now is not None else time.time())
        return f"{at}.{self._posted:06d}"


def _dm_of(user: str) -> str:
    return "D" + user[1:]


def _no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def _shown(message: dict[str, Any], full: bool) -> dict[str, Any]:
    return {key: value for key, value in message.items() if full or key != "metadata"}


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _channel_error(channel: dict[str, Any] | None) -> str | None:
    if channel is None:
        return "channel_not_found"
    if channel["is_archived"]:
        return "is_archived"
    return None if channel["is_member"] else "not_in_channel"


def content_error(form: dict[str, Any]) -> str | None:
    text, blocks = form.get("text"), _parsed(form.get("blocks")) or []
    if not text:
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if len(blocks) > 50:
        return "invalid_blocks"
    if len(_texts(blocks)) > 13_000:
        return "msg_blocks_too_long"
    return None if all(map(_is_fine, blocks)) else "invalid_blocks"


def _texts(value: Any) -> str:
    """Every character that counts, wherever it stands in the blocks."""
    if isinstance(value, dict):
        return "".join(_texts(one) for one in value.values())
    return "".join(map(_texts, value)) if isinstance(value, list) else str(value)


def _is_fine(block: Any) -> bool:
    """What slack_sdk's models check, and what they leave out: texts may not be empty, buttons are bounded."""
    try:
        parsed = Block.parse(block)
        if parsed is None or parsed.type not in ("section", "context", "actions", "header", "divider"):
            return False
        parsed.validate_json()
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError):
        return False
    texts = [block["text"]] if "text" in block else []
    texts += block.get("elements", ()) if block["type"] == "context" else ()
    buttons = block.get("elements", []) if block["type"] == "actions" else [block.get("accessory")]
    ids = [button["action_id"] for button in buttons if button]
    return (
        all(0 < len(one["text"]) <= 3_000 for one in texts) and all(_is_fine_button(one) for one in buttons if one)
        and len(buttons) <= 25 and len(set(ids)) == len(ids)
    )  # fmt: skip


def _is_fine_button(button: dict[str, Any]) -> bool:
    url, label = button.get("url", ""), button["text"]
    return (
        label["type"] == "plain_text" and 0 < len(label["text"]) <= 75 and len(button["action_id"]) <= 255
        and len(url) <= 3_000 and len(button.get("value", "")) <= 2_000
        and urlsplit(url).scheme in ("", "http", "https")
    )  # fmt: skip


def _metadata_error(form: dict[str, Any]) -> str | None:
    metadata = _parsed(form.get("metadata"))
    if metadata is None:
        return None
    fine = isinstance(metadata, dict) and set(metadata) == {"event_type", "event_payload"}
    return None if fine and isinstance(metadata["event_payload"], dict) else "invalid_metadata_format"


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
            return self._reply(200, _no(fault.error))
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
        wrong = content_error(form)
        if not wrong:
            self.server.slack.replaced.append(form)
        self._send(400 if wrong else 200, (wrong or "ok").encode(), "text/plain", None)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """The tests' output stays quiet."""
