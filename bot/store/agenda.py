"""When there is something to do next."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.outbox import ON_ITS_WAY
from bot.store.sql import table
from bot.store.tables import MorningRow, OutboxRow, WaitRow


def next_instant(session: Session, workspace: str) -> int | None:
    """The first instant at which a ladder is looked at, a day begins, or a message is sent or edited; None if never."""
    waits, outbox, mornings = table(WaitRow).c, table(OutboxRow).c, table(MorningRow).c
    earliest = (
        select(func.min(waits.next_nudge_at)).where(waits.workspace == workspace, waits.next_nudge_at.is_not(None)),
        select(func.min(outbox.not_before)).where(outbox.workspace == workspace, ON_ITS_WAY),
        select(func.min(mornings.next_at)).where(mornings.workspace == workspace),
        select(func.min(outbox.edit_at)).where(outbox.workspace == workspace, outbox.edit_at.is_not(None)),
    )
    return min((at for one in earliest if (at := session.scalar(one)) is not None), default=None)
