"""To whoever saved a map: it is the day to look at it again."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from bot.notices import Notice
from bot.policy import Policy
from bot.store import streams
from bot.streams.file import from_yaml
from bot.views.reviews import Figures, Review, review


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about` is as `bot.streams.reviews.remind` made it. It is moot once another day was set, or the map is gone."""
    held = streams.by_key(session, workspace, about["stream"])
    stream = from_yaml(held.text) if held else None
    told = Review(
        stream.name if stream else about["name"], about["version"], about["at"], about["days"],
        Figures(**about["then"]), Figures(**about["now"]),
    )  # fmt: skip
    over = stream is None or stream.review_on != date.fromisoformat(about["day"])
    return Notice(review(told, policy.calendar.zone, now), moot=over, settled=True)
