"""What deliveries tell of what may be seen: of suspensions, of what is private, and whether that was told before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from bot.hosts import Delivery
from bot.store import repos, settings, sights


def is_first(session: Session, delivery: Delivery, workspace: str) -> bool:
    """Whether a delivery that counts once was not taken before: its name may be another repository's by now."""
    if not delivery.mark:
        return True
    key = f"delivery:{delivery.mark}"
    known = settings.get(session, workspace, key) is not None
    settings.put(session, workspace, key, True)
    return not known


def note_owners(session: Session, delivery: Delivery, workspace: str, *, can_ask: bool) -> None:
    """Where the host can be asked, its word ends a suspension: the next reading has it. What is new is followed."""
    for owner in delivery.suspended:
        repos.suspend(session, workspace, delivery.host, owner)
    if delivery.unsuspended:
        repos.add(session, workspace, delivery.host, delivery.repos, connected=True)
    for owner in () if can_ask else delivery.unsuspended:
        repos.unsuspend(session, workspace, delivery.host, owner)


def note_privacy(session: Session, deliveries: Iterable[Delivery], workspace: str, now: int) -> None:
    """Keep which repositories are private, as told."""
    told: dict[str, dict[str, bool]] = defaultdict(dict)
    for delivery in deliveries:
        told[delivery.host].update(delivery.private)
    for host, private in told.items():
        sights.tell(session, workspace, host, private, now)
