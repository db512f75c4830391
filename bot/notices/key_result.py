"""To the owner of a key result: where does its number stand now? Once a month, and never again for that month."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.notices import Notice
from bot.policy import Policy
from bot.value.asked import calendar_of, month_of
from bot.value.catalogue import catalogue
from bot.views.value import answered, gone, question


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the `result`, its `name`, the `owner`, for which `month`, and since when it is asked (`at`).

    It is moot once the month is over, as another question comes then. It settles once a number was given.
    """
    known = catalogue(session, workspace)
    result = known.result(about["result"])
    if result is None or result.owner != about["owner"]:
        return Notice(gone(about["name"]), moot=True, settled=True)
    calendar = calendar_of(policy, result.owner)
    if result.latest is not None and result.latest.at >= about["at"]:
        return Notice(answered(result, calendar.zone, now), moot=True, settled=True)
    over = month_of(calendar.local_date(now)) != about["month"]
    return Notice(question(result, known.places[result.id], calendar.zone, now), moot=over)
