"""Slack's accounts and channels as far as sending goes: conversations, problems, and the pace of posting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from bot.store.sql import insert, table
from bot.store.tables import AddressRow

EVERYTHING = "*"
"""The address that stands for all of them: what is wrong with the token, and a pause Slack asked for."""
RETRY_AFTER = 86_400
"""Seconds after which an address with a problem is tried again."""
PACE = 2
"""Seconds between the whole seconds of two posts to an address; with 1 they could be an instant apart."""

_ADDRESSES = table(AddressRow)
_C = _ADDRESSES.c
_KEY = ("workspace", "address")


def address_of(session: Session, workspace: str, address: str) -> Row[Any] | None:
    """What is kept of an address; None where nothing is."""
    return session.execute(select(_ADDRESSES).where(_C.workspace == workspace, _C.address == address)).first()


def remember(session: Session, workspace: str, address: str, conversation: str | None) -> None:
    """Keep the conversation with somebody; None forgets it."""
    _set(session, workspace, address, conversation=conversation)


def reserve(session: Session, workspace: str, address: str, now: int) -> int | None:
    """Take the right to post there now (None); else the instant at which to ask again."""
    free = or_(_C.next_post_at.is_(None), _C.next_post_at <= now)
    first = insert(session, _ADDRESSES).values(workspace=workspace, address=address, next_post_at=now + PACE)
    taking = first.on_conflict_do_update(index_elements=_KEY, set_={"next_post_at": now + PACE}, where=free)
    if session.execute(taking.returning(_C.address)).first():
        return None
    row = address_of(session, workspace, address)
    return now + PACE if row is None else int(row.next_post_at)


def trouble(session: Session, workspace: str, address: str, reason: str, now: int) -> None:
    """Keep why nothing can be sent there. The conversation is forgotten: it may be what was wrong."""
    _set(session, workspace, address, problem=reason, problem_at=now, conversation=None)


def all_is_well(session: Session, workspace: str, addresses: Iterable[str]) -> None:
    """Forget their problems."""
    session.execute(
        update(_ADDRESSES)
        .where(_C.workspace == workspace, _C.address.in_(sorted(set(addresses))), _C.problem.is_not(None))
        .values(problem=None, problem_at=None)
    )


def problems(session: Session, workspace: str, now: int) -> dict[str, int]:
    """Addresses not to be used now, and the instant at which each may be tried again."""
    rows = session.execute(
        select(_C.address, _C.problem_at).where(
            _C.workspace == workspace,
            _C.problem.is_not(None),
            _C.problem_at > now - RETRY_AFTER,
            _C.address != EVERYTHING,
        )
    )
    return {address: at + RETRY_AFTER for address, at in rows}


def pause(session: Session, workspace: str, until: int, problem: str | None, now: int) -> None:
    """Let nothing go out before `until`; with a problem where it is the token's."""
    values = {"problem": problem, "problem_at": now} if problem else {}
    _set(session, workspace, EVERYTHING, next_post_at=until, **values)


def paused(session: Session, workspace: str, now: int) -> bool:
    row = address_of(session, workspace, EVERYTHING)
    return row is not None and row.next_post_at is not None and row.next_post_at > now


def _set(session: Session, workspace: str, address: str, **values: object) -> None:
    first = insert(session, _ADDRESSES).values(workspace=workspace, address=address, **values)
    session.execute(first.on_conflict_do_update(index_elements=_KEY, set_=values))
