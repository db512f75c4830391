"""Slack statuses that say that somebody is away: read off a member as Slack shows them, and kept as absences."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from bot.policy_file import StatusPart
from bot.store import members
from bot.store.sql import plain

_TONE = re.compile(r"::skin-tone-[2-6](?=:)")


class Status(NamedTuple):
    """A status as its author set it; `until` is the instant it goes by itself, None where it stays."""

    text: str
    emoji: str
    until: int | None


def status_of(member: dict[str, Any]) -> Status:
    """The status of a member as Slack shows them."""
    profile = member.get("profile") or {}
    until = profile.get("status_expiration")
    text, emoji = (plain(profile.get(key)) or "" for key in ("status_text", "status_emoji"))
    return Status(text, emoji, until if isinstance(until, int) and until > 0 else None)


def says_away(status: Status, signs: StatusPart) -> bool:
    """Whether a status has one of the emoji, in whatever skin tone, or one of the words as a whole word."""
    emoji = _bare(status.emoji)
    if emoji and emoji in {_bare(sign) for sign in signs.emoji}:
        return True
    return any(re.search(rf"(?<!\w){re.escape(word.strip())}(?!\w)", status.text, re.IGNORECASE)
               for word in signs.words if word.strip())  # fmt: skip


def _bare(emoji: str) -> str:
    return _TONE.sub("", emoji.strip().casefold()).strip(":")


def follow(
    session: Session, workspace: str, user: str, member: dict[str, Any], signs: StatusPart, now: int
) -> bool:  # fmt: skip
    """Note what a member's status says of being away, where it changed since it was seen last; whether that is news.

    A status that stays says nothing new: whoever said that they are back is back, whatever it still shows. Of its
    words a hash is kept, which tells whether it is another one.
    """
    status = status_of(member)
    told = json.dumps([*status, says_away(status, signs)])
    seen = hashlib.sha256(f"{workspace} {user} {told}".encode()).hexdigest()
    known = members.member(session, workspace, user)
    if known is not None and known.status == seen:
        return False
    members.keep(session, workspace, user, status=seen)
    if known is not None and known.status == told:  # kept by a version that kept the words
        return False
    ended = members.returned(session, workspace, user, now)
    if not says_away(status, signs) or (status.until is not None and status.until <= now):
        return ended
    members.left(session, workspace, user, now, status.until)
    return True
