"""How often an address may fail to show who it is before it is not listened to for a while.

Whoever shows it is never refused for what others do: behind a proxy all have one address, so from an address within
one's own network, and from one that something well signed came from, whatever looks signed is looked at. What shows no
signature at all is refused from anywhere.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from threading import Lock

import structlog

A_SECOND = 10
"""Requests that fail to show who sends them, of an address, for as long as they come."""
AT_ONCE = 200
"""As many may come at once before that: a wrong secret is noticed by its 401."""
TRUSTED = 86_400.0
"""Seconds for which something well signed speaks for its address."""
TOLD = 60.0
"""Seconds between two lines of the log about an address."""
MOST = 10_000
"""Addresses that are remembered."""

log = structlog.get_logger()


class Noise:
    """Who failed how often. `now` is a clock in seconds that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._until: dict[str, float] = {}
        """By address: when its failures would all have come one by one, A_SECOND a second."""
        self._trusted: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def refused_for(self, address: str, looks_signed: bool) -> int | None:
        """Seconds for which a request is not listened to; None where it is. Nothing of its body is needed for that."""
        key, _ = _known_as(address)
        if key not in self._until:
            return None
        now = self._now()
        seconds = round(self._until.get(key, now) - now - AT_ONCE / A_SECOND, 3)
        if seconds <= 0 or (looks_signed and self._is_trusted(address, now)):
            return None
        self._tell(key, now)
        return math.ceil(seconds)

    def failed(self, address: str) -> None:
        """A request did not show who sent it."""
        key, _ = _known_as(address)
        now = self._now()
        with self._lock:
            self._until[key] = max(now, self._until.get(key, now)) + 1 / A_SECOND
            _shorten(self._until)

    def showed(self, address: str) -> None:
        """A request was well signed."""
        key, _ = _known_as(address)
        with self._lock:
            self._trusted[key] = self._now() + TRUSTED
            _shorten(self._trusted)

    def _is_trusted(self, address: str, now: float) -> bool:
        key, own = _known_as(address)
        return own or self._trusted.get(key, now) > now

    def _tell(self, key: str, now: float) -> None:
        with self._lock:
            if self._told.get(key, now) > now:
                return
            self._told[key] = now + TOLD
            _shorten(self._told)
        log.warning("unsigned requests refused", address=key, more_than=f"{A_SECOND} a second")


def _shorten(times: dict[str, float]) -> None:
    """Of too many addresses the half stays whose time is furthest ahead."""
    if len(times) > MOST:
        for key in sorted(times, key=lambda one: times[one])[: MOST // 2]:
            del times[key]


@lru_cache(maxsize=4096)
def _known_as(address: str) -> tuple[str, bool]:
    """What counts as one address, and whether it is of one's own network. Whoever has one of IPv6 has 2⁶⁴ of them."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address, True
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is None:
            return f"{IPv6Address(int(known) >> 64 << 64)}/64", not known.is_global
        known = known.ipv4_mapped
    return str(known), not known.is_global
