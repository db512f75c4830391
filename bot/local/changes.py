"""What changes is counted, and told to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Changes:
    """The one lock under which things change; nobody holds it while an app, or another lock, keeps them waiting."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self.seq = 0
        self.ended = False

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing changes meanwhile."""
        with self._lock:
            yield

    def touch(self) -> None:
        """Something is different now."""
        with self._changed:
            self.seq += 1
            self._changed.notify_all()

    def wait_for_change(self, since: int, seconds: float) -> int:
        """Come back once something changed since `since`, or after so many seconds; the number it stands at."""
        with self._changed:
            self._changed.wait_for(lambda: self.seq > since or self.ended, seconds)
            return self.seq

    def rest(self, seconds: float) -> bool:
        """Wait so long, or until the end; whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended, seconds)

    def end(self) -> None:
        """Nobody is kept waiting any longer."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()
