"""A turn of a mapping conversation, or a line to somebody who said something where nothing is asked."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bot.notices import Notice
from bot.policy import Policy
from bot.store import mappings, members
from bot.views.mapping import Told, line, turn

_TOLD = TypeAdapter(Told)


def text_of(told: Told) -> str:
    """A turn as it is kept."""
    return _TOLD.dump_json(told).decode()


def told_of(text: str) -> Told:
    """What `text_of` made a text of."""
    return _TOLD.validate_json(text)


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the `mapping` and the number of its `turn`, or a `line`. A turn settles once it was answered."""
    if "line" in about:
        return Notice(line(about["line"]), settled=True)
    kept = mappings.turn(session, workspace, about["mapping"], about["turn"])
    if kept is None:
        return Notice(line("This conversation is gone."), moot=True, settled=True)
    told = told_of(kept.said)
    names = {user: row.name for user, row in members.everybody(session, workspace).items() if row.name}
    message, saved = turn(told, kept.answers, names), told.saved is not None
    return Notice(message, settled=saved or kept.answers is not None, map_of=told.name if saved else None)
