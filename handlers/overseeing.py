"""For those who run it: health, and the record of changes."""

from __future__ import annotations

from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}
