"""Repositories connected and let go of."""

from __future__ import annotations

from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}
