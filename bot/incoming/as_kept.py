"""What is told, as it is kept: people by the logins they have now, and without those who were forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent
from bot.flow.forgetting import without
from bot.flow.renaming import called_now
from bot.hosts import Delivery
from bot.store import forgotten, renames


def deliveries_as_kept(session: Session, told: Sequence[Delivery], workspace: str) -> Sequence[Delivery]:
    """Deliveries by the ids that their events are kept under; one that comes late names people as they were then."""
    takes, known = forgotten.scrub(session, workspace), renames.everyone(session, workspace)
    if takes is None and not known:
        return told

    def kept(event: FlowEvent) -> FlowEvent:
        now = called_now(event, known)
        return now if takes is None else without(now, takes)

    return [replace(one, events=tuple(map(kept, one.events))) for one in told]
