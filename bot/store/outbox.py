"""The outbox: messages claimed, leased, sent and edited, and the rungs they carry.

Every statement that moves a row names the lease it holds, so that a worker that was overtaken changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Row, case, delete, func, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from bot.store.sql import batches, insert, table
from bot.store.tables import NudgeRow, OutboxRow, WaitRow

OUTBOX, NUDGES, WAITS = table(OutboxRow), table(NudgeRow), table(WaitRow)
_O, _N, _W = OUTBOX.c, NUDGES.c, WAITS.c
LEASE = 45
"""Seconds a worker has for a message; calls to Slack end well before."""
PICTURED = 180
"""The same for a message that may show a picture, which takes three calls more and as many tries as Slack needs."""
BACKLOG = "backlog"
"""The rung of a wait that is listed because its history was just read."""
OFFER = "offer"
"""Begins the rung of a wait whose author was offered to hand it over, as its holder is away; the start follows."""
HANDOVER = "handover"
"""Begins the rung of a wait whose author was asked to hand it over for its holder; to whom follows."""
KEY_RESULT = "key_result"
"""The rung of a question for a key result's number."""
MAPPING = "mapping"
MAP_REVIEW = "map_review"
"""The rung of a turn in a conversation in which a value stream is mapped."""
EXPERIMENT = "experiment"
"""The rung of a message that tells what came of something that was tried."""
WITH_NUDGES = "with_nudges"
"""The rung of a wait that was drawn not to be held back, while others are."""
TRIAL = "trial"
"""In place of a message's id: rungs that no message carries, as their waits are held back at random, or might be."""
DIGEST = "digest"
"""The rung of a digest, and of what is said where one could not be posted."""
SOON = 600
"""Seconds within which a message that is to be sent counts as one that is on its way."""
ON_ITS_WAY = OUTBOX.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
"""What is to be sent still. In the words of the index `outbox_to_do`: SQLite does not see that values bound later are
those, and would read every message there ever was."""
_DAY = 86_400


class Draft(NamedTuple):
    """A message to be claimed."""

    recipient: str
    rung: str
    claims: Sequence[tuple[int, str]] = ()
    """(wait id, rung) of what it names."""
    about: dict[str, Any] | None = None
    """What a notice speaks of (JSON)."""
    id: str | None = None
    """One of the caller's, where the same message might be put there twice."""


class Leased(NamedTuple):
    """A message that this worker alone may handle until `lease_until`."""

    id: str
    recipient: str
    rung: str
    about: str | None
    made_at: int
    sent_at: int | None
    channel: str | None
    ts: str | None
    attempts: int
    lease_until: int
    unsure: bool
    """It was being sent when it was last heard of: it may be there already."""


def deciding(session: Session, workspace: str) -> None:
    """Let one transaction at a time decide what to send; on SQLite a writer is alone as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"weir decides for {workspace}"})


def claim(session: Session, workspace: str, drafts: Sequence[Draft], now: int) -> int:
    """Claim rungs and put the messages that carry them in the outbox; how many messages.

    A rung somebody claimed before is left out, and a message without any is not made, but for notices that never
    named one.
    """
    ids = [draft.id or uuid4().hex for draft in drafts]
    rows = [
        {"workspace": workspace, "wait_id": wait, "rung": rung, "at": now, "outbox_id": id_}
        for id_, draft in zip(ids, drafts, strict=True)
        for wait, rung in draft.claims
    ]
    carrying = {id_ for id_, draft in zip(ids, drafts, strict=True) if not draft.claims and draft.about is not None}
    if rows:
        got = session.execute(insert(session, NUDGES).on_conflict_do_nothing().returning(_N.outbox_id), rows)
        carrying.update(got.scalars())
    made = [_new_row(workspace, id_, draft, now) for id_, draft in zip(ids, drafts, strict=True) if id_ in carrying]
    if not made:
        return 0
    put = insert(session, OUTBOX).on_conflict_do_nothing().returning(_O.id)
    return len(session.execute(put, made).scalars().all())


def _new_row(workspace: str, id_: str, draft: Draft, now: int) -> dict[str, Any]:
    return {
        "workspace": workspace, "id": id_, "recipient": draft.recipient, "rung": draft.rung, "state": "pending",
        "made_at": now, "not_before": now, "attempts": 0, "settled": False,
        "about": None if draft.about is None else json.dumps(draft.about),
    }  # fmt: skip


def heard(session: Session, workspace: str, recipients: Iterable[str], now: int) -> dict[str, list[int]]:
    """When each recipient got messages: all of the last three days, the last one of the month before.

    A message that is still on its way counts as one of this instant.
    """
    found = had(session, workspace, recipients, now)
    # But for a notice that waits until its reader is back: nobody knows who comes first.
    soon = or_(_O.about.is_(None), _O.not_before <= now + SOON)
    coming = select(_O.recipient).where(_O.workspace == workspace, ON_ITS_WAY, soon)
    for recipient in session.execute(coming).scalars():
        found[recipient].append(now)
    return found


def had(session: Session, workspace: str, recipients: Iterable[str], now: int) -> dict[str, list[int]]:
    """The same without what is on its way."""
    found: dict[str, list[int]] = defaultdict(list)
    for some in batches(sorted(set(recipients))):
        sent = [_O.workspace == workspace, _O.recipient.in_(some), _O.state == "sent"]
        recent = select(_O.recipient, _O.sent_at).where(*sent, _O.made_at >= now - 3 * _DAY)
        before = select(_O.recipient, func.max(_O.sent_at)).where(
            *sent, _O.made_at < now - 3 * _DAY, _O.made_at >= now - 33 * _DAY
        )
        for recipient, at in [*session.execute(recent), *session.execute(before.group_by(_O.recipient))]:
            found[recipient].append(at)
    return found


def lease(session: Session, workspace: str, now: int) -> Leased | None:
    """Take the next message whose time has come and that nobody is handling; None if there is none."""
    free = or_(_O.lease_until.is_(None), _O.lease_until <= now)
    row = session.execute(
        select(OUTBOX)
        .where(_O.workspace == workspace, ON_ITS_WAY, _O.not_before <= now, free)
        .order_by(_O.not_before, _O.made_at, _O.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    _write(session, workspace, row.id, state="sending", lease_until=now + LEASE)
    return _leased(row, now + LEASE, unsure=row.state == "sending" and row.channel is not None)


def _leased(row: Row[Any], until: int, *, unsure: bool) -> Leased:
    return Leased(
        row.id, row.recipient, row.rung, row.about, row.made_at, row.sent_at, row.channel, row.ts, row.attempts,
        until, unsure,
    )  # fmt: skip


def hold(session: Session, workspace: str, row: Leased, now: int) -> Leased | None:
    """Renew a lease before reading the state; None where somebody else has the message now.

    From here on whoever changes a wait it names marks it for an edit.
    """
    held = _write(session, workspace, row.id, row.lease_until, lease_until=now + LEASE, edit_at=None)
    return row._replace(lease_until=now + LEASE) if held else None


def about_to_post(session: Session, workspace: str, row: Leased, channel: str, *, pictured: bool) -> Leased:
    """Write where a message goes; from here on its fate is unknown until an outcome is written.

    Held for longer where it may be `pictured`.
    """
    until = row.lease_until + (PICTURED - LEASE if pictured else 0)
    _write(session, workspace, row.id, row.lease_until, channel=channel, lease_until=until)
    return row._replace(channel=channel, lease_until=until)


def sent(session: Session, workspace: str, row: Leased, ts: str, at: int) -> None:
    """It is there: under which timestamp, and since when."""
    moved = _write(
        session, workspace, row.id, None, state="sent", ts=ts, sent_at=at, lease_until=None, attempts=0, error=None
    )
    if moved:
        session.execute(update(NUDGES).where(_N.workspace == workspace, _N.outbox_id == row.id).values(at=at))


def later(
    session: Session,
    workspace: str,
    row: Leased,
    at: int,
    reason: str | None,
    *,
    unsure: bool = False,
    tried: bool = True,
) -> None:
    """Try again at an instant; `unsure` where it may have been sent, not `tried` where only its turn had not come."""
    _write(
        session, workspace, row.id, row.lease_until,
        state="sending" if unsure else "pending", not_before=at, lease_until=None, attempts=row.attempts + tried,
        error=reason,
    )  # fmt: skip


def failed(session: Session, workspace: str, row: Leased, reason: str) -> None:
    """It will never be sent. Its rungs stay claimed, so that nothing is doubled."""
    _write(session, workspace, row.id, row.lease_until, state="failed", lease_until=None, error=reason)


def give_up(session: Session, workspace: str, reason: str) -> None:
    """Nothing that is on its way will be sent, and nothing edited."""
    open_ = (_O.workspace == workspace, ON_ITS_WAY)
    session.execute(update(OUTBOX).where(*open_).values(state="failed", lease_until=None, error=reason))
    session.execute(update(OUTBOX).where(_O.workspace == workspace).values(edit_at=None))


def release(
    session: Session, workspace: str, row: Leased, claims: Sequence[tuple[int, str]], now: int, *, whole: bool
) -> None:
    """Give rungs back, unsent, to be decided again at once; the `whole` message is moot then."""
    waits = sorted({wait for wait, _ in claims})
    # Waits before messages: the order in which intake takes them, too.
    for some in batches(sorted({wait for wait, rung in claims if rung != BACKLOG})):
        session.execute(
            update(WAITS)
            .where(_W.workspace == workspace, _W.id.in_(some), _W.until.is_(None))
            .values(next_nudge_at=now)
        )
    told = sorted({wait for wait, rung in claims if rung == BACKLOG})
    for some in batches(told):
        session.execute(update(WAITS).where(_W.workspace == workspace, _W.id.in_(some)).values(backlog_told=False))
    mine = [_N.workspace == workspace, _N.outbox_id == row.id]
    for some in batches(waits):
        session.execute(delete(NUDGES).where(*mine, _N.wait_id.in_(some)))
    if whole:
        _write(session, workspace, row.id, row.lease_until, state="moot", lease_until=None, error=None)


def posted(session: Session, workspace: str, id_: str) -> tuple[str, str | None]:
    """(the state of a message, its timestamp once it is there); a message that is gone counts as failed."""
    row = session.execute(select(_O.state, _O.ts).where(_O.workspace == workspace, _O.id == id_)).first()
    return ("failed", None) if row is None else (row.state, row.ts)


def is_known(session: Session, workspace: str, id_: str) -> bool:
    """Whether there is, or was, a message of this id."""
    return session.execute(select(_O.id).where(_O.workspace == workspace, _O.id == id_)).first() is not None


def is_shown(session: Session, workspace: str, id_: str) -> bool:
    """Whether a message is there, or on its way."""
    state = session.scalar(select(_O.state).where(_O.workspace == workspace, _O.id == id_))
    return state in ("pending", "sending", "sent")


def claims_of(session: Session, workspace: str, id_: str) -> list[tuple[int, str]]:
    """(wait id, rung) of what a message names, in order."""
    # Sorted here: SQLite, asked for this order, would go through all nudges in it and not by the message.
    rows = session.execute(select(_N.wait_id, _N.rung).where(_N.workspace == workspace, _N.outbox_id == id_))
    return sorted((wait, rung) for wait, rung in rows)


def untold_backlog(session: Session, workspace: str, holders: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """The open waits of people that were breached when their history was read and are not listed yet, oldest first."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for some in batches(sorted(set(holders))):
        rows = session.execute(
            select(WAITS)
            .where(_W.workspace == workspace, _W.holder.in_(some), _W.until.is_(None))
            .where(_W.team.is_(False), _W.backlog.is_(True), _W.backlog_told.is_(False))
            .order_by(_W.since, _W.id)
        )
        for row in rows:
            found[row.holder].append(row)
    return found


def told(session: Session, workspace: str, waits: Iterable[int]) -> None:
    """Remember that waits of a history just read were listed."""
    for some in batches(sorted(set(waits))):
        session.execute(update(WAITS).where(_W.workspace == workspace, _W.id.in_(some)).values(backlog_told=True))


def lease_edit(session: Session, workspace: str, now: int) -> Leased | None:
    """Take the next sent message that no longer shows the truth; None if there is none."""
    free = or_(_O.lease_until.is_(None), _O.lease_until <= now)
    row = session.execute(
        select(OUTBOX)
        .where(_O.workspace == workspace, _O.state == "sent", _O.edit_at <= now, free)
        .order_by(_O.edit_at, _O.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    # In the future: whoever marks it meanwhile writes an earlier instant, and a crash leaves it marked.
    _write(session, workspace, row.id, lease_until=now + LEASE, edit_at=now + LEASE)
    return _leased(row, now + LEASE, unsure=False)


def edited(session: Session, workspace: str, row: Leased, *, settled: bool, error: str | None = None) -> None:
    """It shows the truth as it was read under this lease; `settled`: there is nothing more to come."""
    unmarked = case((_O.edit_at == row.lease_until, None), else_=_O.edit_at)
    _write(
        session, workspace, row.id, row.lease_until,
        edit_at=unmarked, lease_until=None, settled=settled, attempts=0, error=error,
    )  # fmt: skip


def edit_later(session: Session, workspace: str, row: Leased, at: int, reason: str) -> None:
    """The edit did not get through; it is tried again at an instant."""
    _write(
        session, workspace, row.id, row.lease_until,
        edit_at=at, lease_until=None, attempts=row.attempts + 1, error=reason,
    )  # fmt: skip


def _write(session: Session, workspace: str, id_: str, held_until: int | None = None, **values: Any) -> bool:
    """Change a message, if the lease (where one is named) still stands; whether it did."""
    mine = [_O.workspace == workspace, _O.id == id_]
    if held_until is not None:
        mine.append(_O.lease_until == held_until)
    return session.execute(update(OUTBOX).where(*mine).values(values).returning(_O.id)).first() is not None
