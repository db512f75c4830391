"""Turns that a repository has twice: under its old name, and under the one that was heard of before the renaming."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.waits import WAITS, edit_messages, remove, sent

_SAME = ("workspace", "host", "item", "kind", "stage", "stream", "holder", "team", "since")


def part(session: Session, workspace: str, host: str, old: str, new: str, now: int) -> None:
    """Of each such turn leave one: that which people were told of; else the one of the old name.

    What was said of the others is edited.
    """
    pairs = _pairs(session, workspace, host, old, new)
    told = sent(session, workspace, (one for pair in pairs for one in pair))
    surplus = [one if other in told and one not in told else other for one, other in pairs]
    remove(session, workspace, surplus)
    edit_messages(session, workspace, {claim.outbox_id for one in surplus for claim in told.get(one, ())}, now)


def _pairs(session: Session, workspace: str, host: str, old: str, new: str) -> list[tuple[int, int]]:
    """The ids of the same turn under both names."""
    one, other = WAITS.alias("one").c, WAITS.alias("other").c
    same = (one[name] == other[name] for name in _SAME)
    named = (one.workspace == workspace, one.host == host, one.repo == old, other.repo == new)
    return [(mine, its) for mine, its in session.execute(select(one.id, other.id).where(*named, *same))]
