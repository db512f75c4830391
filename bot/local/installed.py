"""An app as its manifest says it is, and the door that Slack sends things to."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.clock import Clock, SystemClock

Json = dict[str, Any]
IN_TIME = 3.0
"""Seconds within which an app has to answer."""
TIMEOUT = "operation_timeout"


@dataclass(frozen=True)
class Command:
    name: str
    description: str
    escapes: bool
    """Whether the app gets people and channels with their ids."""


@dataclass(frozen=True)
class Reply:
    """What an app answered; `trouble` is Slack's word where it did not, or not well."""

    told: Json = field(default_factory=dict)
    trouble: str | None = None


class Installed:
    """An app in a workspace: what it listens to, and how it is told."""

    def __init__(self, manifest: Mapping[str, Any], url: str, secret: str, clock: Clock | None = None,
                 in_time: float = IN_TIME) -> None:  # fmt: skip
        """`url` is where the app takes requests, `secret` signs them; `in_time` is how long it may take to answer, in
        seconds. Raises KeyError for no manifest of Slack's.
        """
        features, settings = manifest["features"], manifest["settings"]
        self.name: str = manifest["display_information"]["name"]
        self.commands = [
            Command(one["command"], one["description"], bool(one.get("should_escape")))
            for one in features.get("slash_commands", ())
        ]
        self.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", ()))
        self.reads_messages = not features.get("app_home", {}).get("messages_tab_read_only_enabled", True)
        self.scopes = ",".join(manifest["oauth_config"]["scopes"]["bot"])
        self._url, self._secret, self._clock = url, secret, clock or SystemClock()
        self._http = httpx.Client(timeout=in_time, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def command(self, payload: Json) -> Reply:
        return self._send(urlencode(payload), "application/x-www-form-urlencoded")

    def interaction(self, payload: Json) -> Reply:
        return self._send(urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded")

    def event(self, payload: Json, retry: int = 0, trouble: str | None = None) -> Reply:
        """`retry` counts the times it was sent before, `trouble` is what came of the last one."""
        reason = "http_timeout" if trouble == TIMEOUT else "http_error"
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        return self._send(json.dumps(payload), "application/json", again)

    def _send(self, body: str, kind: str, more: Mapping[str, str] | None = None) -> Reply:
        at = str(self._clock.now())
        mark = hmac.new(self._secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={mark}"}
        try:
            reply = self._http.post(self._url, content=body.encode(), headers={**headers, **(more or {})})
        except httpx.TimeoutException:
            return Reply(trouble=TIMEOUT)
        except (httpx.HTTPError, RuntimeError):  # the latter once it is closed
            return Reply(trouble="dispatch_failed")
        return _read(reply)


def _read(reply: httpx.Response) -> Reply:
    if reply.status_code != 200:
        return Reply(trouble=f"dispatch_failed (HTTP {reply.status_code})")
    if not reply.text.strip():
        return Reply()
    try:
        told = reply.json()
    except ValueError:
        # Slack shows what is no JSON as the answer's text.
        return Reply({"text": reply.text})
    return Reply(told if isinstance(told, dict) else {"text": reply.text})
