"""Who was forgotten, by fingerprints that show no name: what a code host tells of them later comes in without them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent, Unplaced
from bot.flow.forgetting import Scrub, is_common, without
from bot.store import settings

KEY = "forgotten"
"""The setting that holds a salt and the fingerprints."""


def remember_no_more(session: Session, workspace: str, login: str, *, spoken: bool) -> None:
    """Take a login in no more; where it is not `spoken`, words in texts that are the same stay."""
    known = _known(session, workspace)
    salt = known["salt"] if known else secrets.token_hex(16)
    prints = known["prints"] if known else {}
    settings.put(
        session, workspace, KEY, {"salt": salt, "prints": {**prints, _print_of(salt, login.casefold()): spoken}}
    )


def lift(session: Session, workspace: str, login: str) -> bool:
    """Let a login be told of again; whether it was forgotten."""
    known = _known(session, workspace)
    if known is None or known["prints"].pop(_print_of(known["salt"], login.casefold()), None) is None:
        return False
    settings.put(session, workspace, KEY, known)
    return True


def scrub(session: Session, workspace: str) -> Scrub | None:
    """What takes everybody who was forgotten out of what is told; None where nobody was."""
    known = _known(session, workspace)
    if not known or not known["prints"]:
        return None
    salt, prints = known["salt"], known["prints"]
    return Scrub(
        is_gone=lambda login: _print_of(salt, login.casefold()) in prints,
        is_said=lambda login: prints.get(_print_of(salt, login.casefold()), False),
    )


def spared(session: Session, workspace: str, events: Iterable[FlowEvent]) -> list[FlowEvent]:
    """Events as the host would tell them, had those who were forgotten deleted their accounts."""
    told = list(events)
    takes = scrub(session, workspace) if told else None
    return told if takes is None else [without(event, takes) for event in told]


def spared_facts(session: Session, workspace: str, told: Iterable[Unplaced]) -> list[Unplaced]:
    """The same for what is not placed yet."""
    facts = list(told)
    takes = scrub(session, workspace) if facts else None
    if takes is None:
        return facts
    return [one._replace(actor=None) if one.actor and takes.is_gone(one.actor) else one for one in facts]


def spared_logins(session: Session, workspace: str, logins: Iterable[str]) -> list[str]:
    """Logins without those who were forgotten."""
    takes = scrub(session, workspace)
    return [login for login in logins if takes is None or not takes.is_gone(login)]


def is_spoken(login: str, names: Iterable[str]) -> bool:
    """Whether a login can be taken out of texts as a word: it means nothing else to the program, nor among `names`."""
    return not is_common(login) and login.casefold() not in {name.casefold() for name in names}


def _known(session: Session, workspace: str) -> dict[str, Any] | None:
    known: dict[str, Any] | None = settings.get(session, workspace, KEY)
    return known


@lru_cache(maxsize=20_000)
def _print_of(salt: str, login: str) -> str:
    return hmac.new(bytes.fromhex(salt), login.encode(), "sha256").hexdigest()[:32]
