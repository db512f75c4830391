"""A digest that can't be posted: whoever asked for it is told, once, what to do."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from bot.store import outbox
from bot.store.outbox import DIGEST, Draft, Leased
from bot.views.digest_plans import not_posted


def tell(session: Session, workspace: str, row: Leased, reason: str, now: int) -> None:
    """Tell whoever asked for the digest that a message is; of other messages nothing is told."""
    about = json.loads(row.about) if row.rung == DIGEST and row.about else {}
    if "shown" not in about or not row.recipient.startswith("="):
        return
    words = not_posted(about["shown"][0], row.recipient[1:], reason)
    draft = Draft(f"@{about['by']}", DIGEST, about={"line": words}, id=f"{row.id}:not_posted")
    outbox.claim(session, workspace, [draft], now)
