"""Messages that are no nudges: answers to what somebody set going, and words from one person to another.

A notice goes the same road as a nudge: the outbox, read again right before it is sent, edited while it changes. What
it speaks of stands in the outbox row's `about`; each kind has a function that says what to show by now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from bot.policy import Policy
from bot.store import outbox
from bot.store.outbox import HANDOVER
from bot.views.message import Message


@dataclass(frozen=True)
class Notice:
    """What to show at an instant."""

    message: Message
    moot: bool = False
    """There is nothing left to say: it is not sent (one that was sent is still edited)."""
    settled: bool = False
    """Nothing of it will change any more."""
    map_of: str | None = None
    """The stream whose map is shown on top of it, as a picture."""


Making: TypeAlias = Callable[[Session, str, Policy, dict[str, Any], int], Notice]
"""(session, workspace, policy, about, now) → what to show"""

from bot.notices import (  # noqa: E402  (each kind needs what stands above)
    absence,
    connection,
    digest,
    experiment,
    handover,
    key_result,
    mapping,
    review,
)

KINDS: dict[str, Making] = {
    outbox.OFFER: absence.make,
    "connecting": connection.connecting,
    outbox.DIGEST: digest.make,
    outbox.EXPERIMENT: experiment.make,
    HANDOVER: handover.make,
    outbox.KEY_RESULT: key_result.make,
    outbox.MAPPING: mapping.make,
    outbox.MAP_REVIEW: review.make,
}
"""By the `rung` of the outbox row."""
