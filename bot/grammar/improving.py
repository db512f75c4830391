"""The verbs about how work flows, and whether what a team tries helps."""

from __future__ import annotations

from bot.grammar.verb import Verb

IMPROVING: tuple[Verb, ...] = ()
