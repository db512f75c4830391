"""The conversation in which a team maps its value stream: pure, resumed from JSON at any point, open to many."""

from __future__ import annotations

from bot.flow.mapping.conversation import advance, ask
from bot.flow.mapping.draft import Draft, State, begin, from_json, stream_of, to_json
from bot.flow.mapping.turns import Answer, Choice, Facts, Field, Form, Row, Turn

__all__ = [
    "Answer", "Choice", "Draft", "Facts", "Field", "Form", "Row", "State", "Turn", "advance", "ask", "begin",
    "from_json", "stream_of", "to_json",
]  # fmt: skip
