"""Targets: shown, tried out, agreed."""

from __future__ import annotations

from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}
