"""Slack without a wire: what the program's client sends is answered by the workspace, now and then badly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from slack_sdk import WebClient

from bot.clock import Clock
from bot.local.methods import WebApi
from bot.local.workspace import dm_of
from bot.messenger import Messenger
from bot.views.message import Message

Json = dict[str, Any]
LOST, REFUSED, BROKEN = 0.004, 0.003, 0.003
"""Shares of the calls whose reply is lost, that are one too many (429), or end in a 5xx."""
KEPT = 45 * 86_400
"""Seconds for which messages are kept."""


class Wire(WebClient):
    """The SDK's client, its requests handed to a workspace."""

    def __init__(self, slack: MonthsSlack) -> None:
        super().__init__(token=slack.api.token, base_url="https://slack.invalid/api/", retry_handlers=[])
        self._slack = slack

    def _perform_urllib_http_request(self, *, url: str, args: Any) -> Json:
        form = args["json"] or args["params"] or args["data"] or {}
        return self._slack.call(url.rsplit("/", 1)[-1], form)


class WireMessenger(Messenger):
    """The program's messenger over the wire."""

    def __init__(self, slack: MonthsSlack) -> None:
        super().__init__(slack.api.token, "https://slack.invalid/api/", pause=lambda _: None)
        self._client, self._slack = Wire(slack), slack

    def _respond(self, response_url: str, message: Message, *, replace: bool) -> None:
        self._slack.answers.append((message.text, seen(message.text, message.blocks)))


class MonthsSlack:
    """The workspace; `posted` are the new messages in conversations, as (channel, message as kept)."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.api = WebApi(clock=clock)
        self.faults: Counter[str] = Counter()
        self.answers: list[tuple[str, str]] = []
        """What was said to those who pressed or asked: (text, all that is seen)."""
        self.edits = 0
        self.posted: list[tuple[str, Json]] = []
        self._seed, self._clock = seed, clock
        self._drawn: Counter[str] = Counter()

    def call(self, method: str, form: Json) -> Json:
        luck = self._luck(method, form)
        if luck < REFUSED:
            return self._wrong("429", 429, {"ok": False, "error": "ratelimited"}, **{"Retry-After": "9"})
        if luck < REFUSED + BROKEN:
            return self._wrong("5xx", 503, None)
        answer = self.api.answer(method, self.api.token, form)
        if answer["ok"] and method == "chat.postMessage":
            self.posted.append((form["channel"], self.api.message(form["channel"], answer["ts"]) or {}))
        self.edits += method == "chat.update"
        if luck < REFUSED + BROKEN + LOST:
            self.faults["lost"] += 1
            raise ConnectionResetError("the connection ended")
        return {"status": 200, "headers": {}, "body": json.dumps(answer)}

    def _luck(self, method: str, form: Json) -> float:
        """A number below 1 that hangs on the call and its instant, not on the order of calls."""
        name = f"{self._seed} {method} {form.get('channel') or form.get('user')} {self._clock.now()}"
        self._drawn[name] += 1
        return crc32(f"{name} {self._drawn[name]}".encode()) / 2**32

    def _wrong(self, name: str, status: int, body: Json | None, **headers: str) -> Json:
        self.faults[name] += 1
        return {"status": status, "headers": headers, "body": json.dumps(body) if body else "<html>Sorry</html>"}

    def forget(self, now: int) -> None:
        """Let go of old messages."""
        for channel in self.api.channels.values():
            channel["messages"] = [one for one in channel["messages"] if float(one["ts"]) > now - KEPT]
        self.answers.clear()
        self._drawn.clear()
        self.api.private.clear()


def seen(text: str, blocks: Iterable[Json]) -> str:
    """All that is seen of an answer, whichever way it came."""
    return json.dumps([text, list(blocks)])


def owner_of(channel: str) -> str | None:
    """The account whose direct conversation a channel is."""
    return "U" + channel[1:] if channel.startswith("D") else None


assert owner_of(dm_of("U0BOB")) == "U0BOB"
