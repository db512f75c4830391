"""One at a time, in the order they came; whoever is in may go further in."""

from __future__ import annotations

import threading


class Alone:
    """A lock for one thread that comes back at once, over and over, and others that want their turn in between."""

    def __init__(self) -> None:
        self._gate, self._room = threading.Lock(), threading.Lock()
        self._owner: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        if self._owner != threading.get_ident():
            with self._gate:  # whoever waits for the room holds the gate: nobody overtakes them
                self._room.acquire()
            self._owner = threading.get_ident()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            self._room.release()
