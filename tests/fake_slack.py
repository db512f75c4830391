"""The Slack of the tests: the one on loopback, with faults, and with a memory of what it was asked."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from bot.clock import SetClock
from bot.local.limits import content_error, view_error
from bot.local.methods import SCOPES, no
from bot.local.passes import BadTrigger
from bot.local.server import Handler, Slack

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
class FakeSlack(Slack):
    """A workspace that answers; start it with `with`. Triggers and addresses for answers need not be its own."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every call of a method with what came with it."""
    replaced: list[dict[str, Any]] = field(default_factory=list)
    """What was put in the place of the message that was pressed."""
    whispers: list[dict[str, Any]] = field(default_factory=list)
    """What was said beside it, to the one who pressed."""
    published: Counter[str] = field(default_factory=Counter)
    """How often each person's home was shown anew."""
    client: str = "100.200:the-client-secret"
    """An app's id and secret, by which it may exchange codes."""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each code is good for, once."""
    tokens: set[str] = field(default_factory=set)
    """Those it granted, each as good as its own until it is revoked."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._faults: dict[str, deque[Fault]] = {}
        self._opened: set[str] = set()

    @classmethod
    def handler(cls) -> type[Handler]:
        return _Handler

    @property
    def now(self) -> int:
        """The instant new messages are stamped with; the machine's until it is set."""
        return self.clock.now()

    @now.setter
    def now(self, now: int) -> None:
        self.clock = SetClock(now)

    @property
    def modals(self) -> list[dict[str, Any]]:
        """Every modal that was opened, in order."""
        with self._lock:
            return [window for stack in self.windows.values() for window in stack]

    @property
    def response_url(self) -> str:
        """Where the answer to a press goes; it wants no token, and takes any number."""
        return self.response_address("any")

    def called(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def answer(self, method: str, token: str | None, form: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls.append((method, form))
            if method == "oauth.v2.access":
                return self._granted(token, form)
            if method == "auth.revoke":
                return self._revoked(token)
            return super().answer(method, self.token if token in self.tokens else token, form)

    def _granted(self, sender: str | None, form: dict[str, Any]) -> dict[str, Any]:
        if sender != f"Basic {b64encode(self.client.encode()).decode()}":
            return no("bad_client_secret")
        grant = self.codes.pop(form.get("code", ""), None)
        if grant is None:
            return no("invalid_code")
        self.tokens.add(grant["access_token"])
        return {"ok": True, **grant}

    def _revoked(self, token: str | None) -> dict[str, Any]:
        if token not in self.tokens:
            return no("invalid_auth")
        self.tokens.remove(token)
        return {"ok": True, "revoked": True}

    def respond(self, key: str, form: dict[str, Any]) -> str | None:
        with self._lock:
            wrong = content_error(form) if key == "any" else super().respond(key, form)
            if not wrong:
                (self.replaced if form.get("replace_original") is True else self.whispers).append(form)
            return wrong

    def spend_trigger(self, trigger: str) -> str:
        """Of the triggers of tests each opens a window of its own, as if it were somebody else's."""
        if trigger in self._opened:
            raise BadTrigger("exchanged_trigger_id")
        if trigger in self._triggers or not re.fullmatch(r"\d+\.\d+\.\w+", trigger):
            return super().spend_trigger(trigger)
        self._opened.add(trigger)
        return f"whoever has {trigger}"

    def show_home(self, user: str, view: dict[str, Any]) -> dict[str, Any]:
        shown = super().show_home(user, view)
        self.published[user] += 1
        return shown

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method go wrong, in order."""
        self._faults.setdefault(method, deque()).extend(faults)

    def fault_of(self, method: str) -> Fault | None:
        with self._lock:
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None


class _Handler(Handler):
    """Calls go wrong where that is asked for; `respond` counts as a method."""

    def call(self, method: str, token: str | None, form: dict[str, Any]) -> None:
        slack = self.server.slack
        fault = slack.fault_of(method) if isinstance(slack, FakeSlack) else None
        if fault is None:
            return super().call(method, token, form)
        if fault.kind in ("lost", "slow"):
            answer = slack.answer(method, token, form)
            time.sleep(fault.seconds)
            return self._hang_up() if fault.kind == "lost" else self._reply(answer)
        slack.calls.append((method, form))
        return self._go_wrong(fault)

    def do_POST(self) -> None:
        slack = self.server.slack
        if self.path.startswith("/respond/") and isinstance(slack, FakeSlack) and (fault := slack.fault_of("respond")):
            form = self._form()[1]
            slack.calls.append(("respond", form))
            return self._go_wrong(fault)
        return super().do_POST()

    def _go_wrong(self, fault: Fault) -> None:
        if fault.kind in ("reset", "lost"):
            return self._hang_up()
        if fault.kind == "error":
            return self._reply(no(fault.error))
        more = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        return self.send(fault.status, fault.body.encode(), "text/html", **more)

    def _reply(self, answer: dict[str, Any]) -> None:
        self.send(200, json.dumps(answer).encode(), "application/json")

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()
