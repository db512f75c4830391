"""A digest that comes regularly, or a line to whoever asked for one that could not come."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.digest.regular import kept_shown
from bot.notices import Notice
from bot.policy import Policy
from bot.views.digest import digest
from bot.views.digest_plans import line


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the figures as they were at the end of its period (`shown`) and `by` whom it was asked for; or a
    `line`.
    """
    if "line" in about:
        return Notice(line(about["line"]), settled=True)
    return Notice(digest(kept_shown(about["shown"]), now), settled=True)
