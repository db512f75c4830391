"""What people's acts come with: triggers that open one window, addresses that take a few answers."""

from __future__ import annotations

import secrets
from itertools import count
from typing import NamedTuple

TRIGGER_SECONDS, RESPONSE_SECONDS, RESPONSES = 3, 1800, 5
"""How long a trigger lives; how long, and how often, the address for answers is good."""
REMEMBERED = 3600
"""Seconds for which it is known what became of either."""


class BadTrigger(Exception):
    """A trigger that opens nothing; says so in Slack's word."""


class BadAddress(Exception):
    """An address that takes no answer (any more); says so in Slack's word."""


class Answering(NamedTuple):
    """What an address for answers belongs to: a conversation, who acted, and the message they acted in (or None)."""

    channel: str
    user: str
    ts: str | None


class Triggers:
    """Each is somebody's, lives for TRIGGER_SECONDS, and works once. `now` is in seconds, by the machine's clock."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[str, int]] = {}
        self._spent: set[str] = set()
        self._numbers = count(1)

    def __contains__(self, trigger: str) -> bool:
        return trigger in self._issued

    def issue(self, user: str, now: int) -> str:
        for old in [one for one, (_, at) in self._issued.items() if at < now - REMEMBERED]:
            del self._issued[old]
            self._spent.discard(old)
        trigger = f"{now}.{next(self._numbers)}.{secrets.token_hex(8)}"
        self._issued[trigger] = (user, now)
        return trigger

    def spend(self, trigger: str, now: int) -> str:
        """Whose it is. Raises BadTrigger."""
        if not trigger:
            raise BadTrigger("invalid_arguments")
        if trigger not in self._issued:
            raise BadTrigger("invalid_trigger_id")
        if trigger in self._spent:
            raise BadTrigger("exchanged_trigger_id")
        user, at = self._issued[trigger]
        if now > at + TRIGGER_SECONDS:
            raise BadTrigger("expired_trigger_id")
        self._spent.add(trigger)
        return user


class Addresses:
    """Each takes RESPONSES answers within RESPONSE_SECONDS."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[Answering, int]] = {}
        self._taken: dict[str, int] = {}

    def issue(self, to: Answering, now: int) -> str:
        """The key of a new one."""
        for old in [key for key, (_, at) in self._issued.items() if at < now - RESPONSE_SECONDS - REMEMBERED]:
            del self._issued[old]
            self._taken.pop(old, None)
        key = secrets.token_hex(12)
        self._issued[key] = (to, now)
        return key

    def take(self, key: str, now: int) -> Answering:
        """What an address belongs to, one answer fewer. Raises BadAddress."""
        to, at = self._issued.get(key, (None, 0))
        if to is None or now > at + RESPONSE_SECONDS:
            raise BadAddress("expired_url")
        if self._taken.get(key, 0) >= RESPONSES:
            raise BadAddress("used_url")
        self._taken[key] = self._taken.get(key, 0) + 1
        return to
