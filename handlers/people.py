"""Who is who: links, coverage, and who may change what concerns others."""

from __future__ import annotations

from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}
