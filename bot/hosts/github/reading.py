"""What the readers of GitHub share: who an account is, and which of several instants counts."""

from __future__ import annotations

from bot.hosts import Delivery
from bot.hosts.github.models import Account

HOST = "github"
NOTHING = Delivery(HOST)

GHOST = "ghost"
"""The account that stands in for deleted ones in webhooks; the API says null instead."""


def login_of(account: Account | None) -> str | None:
    """The login; None for a deleted account."""
    return None if account is None or account.login == GHOST else account.login


def actor_type_of(account: Account | None) -> str:
    """`Bot` or `User`: mannequins, organisations and enterprise accounts are people here."""
    return "Bot" if account is not None and account.type == "Bot" else "User"


def first(*instants: int | None) -> int:
    """The first instant that is known; the last one must be."""
    return next(at for at in instants if at is not None)
