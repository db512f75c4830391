"""To whoever began an experiment, and where they did: its day has come, and this came of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.experiments.measuring import place_of, shown
from bot.notices import Notice
from bot.policy import Policy
from bot.store import experiments
from bot.views.experiments import goes_on, outcome


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the `number` of the experiment, what is `tried`, the `day` it was due, and who reads it (`to`).

    It is moot once another day was set, and settles once the experiment ended.
    """
    one = experiments.by_number(session, workspace, about["number"])
    if one is None or one.result is None or one.until.isoformat() != about["day"]:
        return Notice(goes_on(about["tried"]), moot=True, settled=True)
    to = str(about["to"])
    zone = policy.calendar.zone if to.startswith(("@", "=")) else policy.person(to).calendar.zone
    message = outcome(shown(one, place_of(session, workspace, one), one.result), zone, now)
    return Notice(message, settled=one.ended_at is not None)
