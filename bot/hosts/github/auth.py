"""Who the program is to GitHub: a token, or a GitHub App with a token an installation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from typing import Any, NamedTuple, Protocol

import jwt

from bot.flow.events import parse_instant
from bot.hosts.github.errors import Denied, Gone, NotInstalled, Unreachable

RENEW_BEFORE = 300
"""Seconds before its end at which an installation token is renewed."""

AppCall = Callable[[str, str, str], Any]
"""(method, path, app JWT) → the decoded answer; raises the errors of bot.hosts.github.errors."""


class Credentials(Protocol):
    """Where the token for an owner's repositories comes from. Threads may share it."""

    def token(self, owner: str) -> str: ...

    def forget(self, owner: str) -> bool:
        """The token was refused: drop it. True where a new one can be had."""
        ...


class OneToken:
    """A personal or fine-grained access token, the same for every owner."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, owner: str) -> str:
        return self._token

    def forget(self, owner: str) -> bool:
        return False


class _Pass(NamedTuple):
    token: str
    ends: int


class App:
    """A GitHub App: signs itself in by JWT and keeps a token an owner, renewed in time."""

    def __init__(self, app_id: str, private_key: str, call: AppCall, now: Callable[[], int]) -> None:
        self._app_id = app_id
        # One-line settings carry line ends as two characters.
        self._key = private_key.replace("\\n", "\n")
        self._call, self._now = call, now
        self._lock = threading.Lock()
        self._passes: dict[str, _Pass] = {}
        self._installations: dict[str, int] = {}

    def through(self, call: AppCall) -> App:
        """The same App, with the same tokens, that asks for new ones by another call."""
        other = copy(self)
        other._call = call
        return other

    def jwt(self) -> str:
        """A JWT for nine minutes, dated back one for clocks that differ. Raises Denied for a bad key."""
        now = self._now()
        try:
            return jwt.encode({"iat": now - 60, "exp": now + 540, "iss": self._app_id}, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise Denied("the private key of the GitHub App can't be read; it is the whole PEM file's text") from None

    def token(self, owner: str) -> str:
        with self._lock:
            held = self._passes.get(owner.lower())
            if held is None or held.ends - RENEW_BEFORE <= self._now():
                held = self._passes[owner.lower()] = self._renewed(owner)
            return held.token

    def forget(self, owner: str) -> bool:
        with self._lock:
            self._installations.pop(owner.lower(), None)
            return self._passes.pop(owner.lower(), None) is not None

    def _renewed(self, owner: str) -> _Pass:
        installation = self._installations.get(owner.lower()) or self._found(owner)
        try:
            told = self._call("POST", f"/app/installations/{installation}/access_tokens", self.jwt())
        except Gone:  # uninstalled since; an installation made anew has another id
            self._installations.pop(owner.lower(), None)
            raise
        try:
            return _Pass(str(told["token"]), parse_instant(told["expires_at"]))
        except (KeyError, TypeError, ValueError):
            raise Unreachable("GitHub's answer to the request for an installation token can't be read") from None

    def _found(self, owner: str) -> int:
        for path in (f"/orgs/{owner}/installation", f"/users/{owner}/installation"):
            try:
                told = self._call("GET", path, self.jwt())
            except Gone:
                continue
            self._installations[owner.lower()] = int(told["id"])
            return self._installations[owner.lower()]
        raise NotInstalled(f"the GitHub App is not installed for {owner}; install it there")
