"""Which connections have to go, so that those who bring requests in good time find room.

A connection that somebody waits on for an answer stays. All others cost whoever holds them next to nothing, and would
keep everybody else out if they could stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, TypeVar


class Connection(Protocol):
    """Somebody's connection, as it stands."""

    since: float
    """When the request that is arriving began to, or the last one had arrived; on the clock of `Limits.to_go`."""

    @property
    def answering(self) -> bool:
        """Whether a whole request has come that is not answered yet."""

    @property
    def arriving(self) -> int | None:
        """How many bytes have come of the body of a request that is not whole; None where none is on its way."""


One = TypeVar("One", bound=Connection)


@dataclass(frozen=True)
class Limits:
    """What connections may take up together."""

    seconds: float = 30
    """Within which a request is to arrive whole. Slack gives up after three, code hosts after ten or so."""
    connections: int = 450
    """As many as may be open for longer than it takes to make room."""
    grace: float = 1
    """Seconds for which whoever has just come may stay: in a burst all others are being answered."""
    arriving: int = 512 * 1024 * 1024
    """Bytes of bodies that are not whole; the server keeps them in files."""

    def to_go(self, open_: Iterable[One], now: float) -> list[One]:
        """The connections to close now, each once: the late, the largest, and of the others the longest waiting."""
        known = list(open_)
        going = {id(one): one for one in (*self._late(known, now), *self._large(known))}
        staying = [one for one in known if not one.answering and now - one.since > self.grace and id(one) not in going]
        staying.sort(key=lambda one: one.since)
        surplus = len(known) - len(going) - self.connections
        return [*going.values(), *staying[: max(0, surplus)]]

    def _late(self, known: Iterable[One], now: float) -> Iterator[One]:
        return (one for one in known if one.arriving is not None and now - one.since > self.seconds)

    def _large(self, known: Iterable[One]) -> Iterator[One]:
        """Those beyond what all may take up, the smallest having their turn first."""
        sized = sorted(((one.arriving, one) for one in known if one.arriving), key=lambda pair: pair[0])
        taken = accumulate(size for size, _ in sized)
        return (one for together, (_, one) in zip(taken, sized, strict=True) if together > self.arriving)
