"""Who goes by another login than before, as it was found out; by that is read what is told late."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent
from bot.flow.renaming import Renamed, called_now, is_same
from bot.store import settings

KEY = "renamed"
"""The setting that holds them."""


def everyone(session: Session, workspace: str) -> list[Renamed]:
    """All who were renamed, in the order in which it was found out."""
    return [Renamed(*one) for one in settings.get(session, workspace, KEY) or ()]


def keep(session: Session, workspace: str, found: Renamed) -> None:
    """Keep that somebody was renamed; one who was before, from and to the same, was last so now."""
    others = [one for one in everyone(session, workspace) if one._replace(before=0) != found._replace(before=0)]
    settings.put(session, workspace, KEY, [*others, found])


def formers(session: Session, workspace: str, login: str) -> list[str]:
    """The logins that somebody went by before."""
    found = [login]
    for one in reversed(everyone(session, workspace)):
        if any(is_same(one.new, name) for name in found) and not any(is_same(one.old, name) for name in found):
            found.append(one.old)
    return found[1:]


def drop(session: Session, workspace: str, logins: Iterable[str]) -> None:
    """Keep nothing of the renaming of these."""
    known, named = everyone(session, workspace), list(logins)
    left = [one for one in known if not any(is_same(one.old, name) or is_same(one.new, name) for name in named)]
    if left != known:
        settings.put(session, workspace, KEY, left)


def told_now(session: Session, workspace: str, told: Iterable[FlowEvent]) -> list[FlowEvent]:
    """Events as they are told of old, with the logins of now."""
    events = list(told)
    known = everyone(session, workspace) if events else []
    return [called_now(event, known) for event in events] if known else events
