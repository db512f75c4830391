"""Outcomes, key results with their numbers, and the rules that trace items; those that were dropped stay on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.value import Given, KeyResult, Rule
from bot.store.sql import batches, by_repo, insert, table
from bot.store.streams import name_key
from bot.store.tables import GivenRow, JourneyRow, KeyResultRow, OutboxRow, OutcomeRow, TraceRuleRow

OUTCOMES, RESULTS = table(OutcomeRow), table(KeyResultRow)
GIVEN, RULES = table(GivenRow), table(TraceRuleRow)
JOURNEYS, OUTBOX = table(JourneyRow), table(OutboxRow)
_O, _R, _G, _T, _J = OUTCOMES.c, RESULTS.c, GIVEN.c, RULES.c, JOURNEYS.c


class Named(NamedTuple):
    """An outcome beside a stream's own."""

    id: str
    stream: str
    name: str
    text: str


def outcomes(session: Session, workspace: str) -> list[Named]:
    """All that hold, in order of their beginning."""
    columns = (_O.id, _O.stream, _O.name, _O.text)
    held = select(*columns).where(_O.workspace == workspace, _O.ended_at.is_(None)).order_by(_O.at, _O.name_key)
    return [Named(*row) for row in session.execute(held)]


def results(session: Session, workspace: str, *, ended: bool = False) -> list[KeyResult]:
    """All that hold (and those that were dropped, too) with their numbers, in order of their beginning."""
    held = select(RESULTS).where(_R.workspace == workspace).order_by(_R.at, _R.name_key)
    given = _given(session, workspace)
    rows = session.execute(held if ended else held.where(_R.ended_at.is_(None)))
    return [
        KeyResult(
            row.id, row.outcome, row.name, row.unit, Decimal(row.baseline), Decimal(row.target),
            date.fromisoformat(row.until) if row.until else None, row.owner, row.at, tuple(given[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def _given(session: Session, workspace: str) -> dict[str, list[Given]]:
    found: dict[str, list[Given]] = defaultdict(list)
    for row in session.execute(select(GIVEN).where(_G.workspace == workspace).order_by(_G.result, _G.seq)):
        found[row.result].append(Given(Decimal(row.number), row.at, row.by))
    return found


def put_outcome(session: Session, workspace: str, stream: str, name: str, text: str, now: int) -> bool:
    """Keep an outcome's words under its name, as a new one of the stream where there is none; whether that was done.

    It is not where another stream has one of that name.
    """
    values = {
        "workspace": workspace, "id": uuid4().hex, "stream": stream, "name": name, "name_key": name_key(name),
        "text": text, "at": now,
    }  # fmt: skip
    added = insert(session, OUTCOMES).values(values).on_conflict_do_nothing().returning(_O.id)
    if session.execute(added).first() is not None:
        return True
    mine = (_O.workspace == workspace, _O.name_key == name_key(name), _O.stream == stream, _O.ended_at.is_(None))
    return session.execute(update(OUTCOMES).where(*mine).values(text=text).returning(_O.id)).first() is not None


def put_result(session: Session, workspace: str, one: KeyResult) -> bool:
    """Keep a key result, without its numbers, in place of the one with its id; whether its name was free."""
    values = {
        "outcome": one.outcome, "name": one.name, "name_key": name_key(one.name), "unit": one.unit,
        "baseline": str(one.baseline), "target": str(one.target),
        "until": one.until.isoformat() if one.until else None, "owner": one.owner,
    }  # fmt: skip
    mine = (_R.workspace == workspace, _R.id == one.id)
    if session.execute(update(RESULTS).where(*mine).values(values).returning(_R.id)).first() is not None:
        return True
    added = insert(session, RESULTS).values(workspace=workspace, id=one.id, at=one.began_at, **values)
    return session.execute(added.on_conflict_do_nothing().returning(_R.id)).first() is not None


def end(session: Session, workspace: str, id_: str, now: int) -> bool:
    """Drop an outcome with its key results, or a key result; whether there was one."""
    gone = [
        session.execute(
            update(rows).where(rows.c.workspace == workspace, key == id_, rows.c.ended_at.is_(None))
            .values(ended_at=now).returning(rows.c.id)
        ).first()
        for rows, key in ((OUTCOMES, _O.id), (RESULTS, _R.id), (RESULTS, _R.outcome))
    ]  # fmt: skip
    return any(gone)


def end_stream(session: Session, workspace: str, stream: str, now: int) -> None:
    """Drop all outcomes of a stream that is gone, with their key results."""
    own = [one.id for one in outcomes(session, workspace) if one.stream == stream]
    for id_ in (stream, *own):
        end(session, workspace, id_, now)


def alone(session: Session, workspace: str, result: str) -> bool:
    """Let nobody else give a number for a key result until the transaction ends; whether it holds."""
    mine = (_R.workspace == workspace, _R.id == result, _R.ended_at.is_(None))
    return session.execute(select(_R.id).where(*mine).with_for_update()).first() is not None


def give(session: Session, workspace: str, result: str, one: Given) -> None:
    """Keep a number, as the latest; the key result is locked (`alone`)."""
    mine = (_G.workspace == workspace, _G.result == result)
    last = session.scalar(select(func.max(_G.seq)).where(*mine)) or 0
    row = {"result": result, "seq": last + 1, "number": str(one.number), "at": one.at, "by": one.by}
    session.execute(GIVEN.insert().values(workspace=workspace, **row))


def rules(session: Session, workspace: str) -> list[Rule]:
    """All rules, in order of their names."""
    held = select(_T.kind, _T.name, _T.target).where(_T.workspace == workspace).order_by(_T.kind, _T.name_key)
    return [Rule(*row) for row in session.execute(held)]


def put_rule(session: Session, workspace: str, rule: Rule, by: str, now: int) -> None:
    """Keep a rule in place of the one about the same label or milestone."""
    drop_rule(session, workspace, rule.key)
    kind, key = rule.key
    row = {"kind": kind, "name_key": key, "name": rule.name, "target": rule.to, "by": by, "at": now}
    session.execute(insert(session, RULES).values(workspace=workspace, **row).on_conflict_do_nothing())


def drop_rule(session: Session, workspace: str, key: tuple[str, str]) -> bool:
    """Take the rule about a label or a milestone away; whether there was one."""
    kind, name = key
    mine = (_T.workspace == workspace, _T.kind == kind, _T.name_key == name)
    return session.execute(delete(RULES).where(*mine).returning(_T.name)).first() is not None


def done_at(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, int]:
    """When items were done first, in whatever stream; those that are not are left out."""
    found: dict[ItemKey, int] = {}
    for host, repo, some in by_repo(keys):
        here = (_J.workspace == workspace, _J.host == host, _J.repo == repo, _J.item.in_(some))
        done = (_J.ended_at.is_not(None), _J.dropped.is_(False))
        rows = session.execute(select(_J.item, func.min(_J.ended_at)).where(*here, *done).group_by(_J.item))
        found |= {(host, repo, item): at for item, at in rows}
    return found


def done_since(session: Session, workspace: str, stream: str, start: int) -> dict[ItemKey, int]:
    """The items that were done in a stream at `start` or later, and when."""
    mine = (_J.workspace == workspace, _J.stream == stream, _J.ended_at >= start, _J.dropped.is_(False))
    rows = session.execute(select(_J.host, _J.repo, _J.item, _J.ended_at).where(*mine))
    return {(host, repo, item): at for host, repo, item, at in rows}


def segments(session: Session, workspace: str, key: ItemKey) -> dict[str, str | None]:
    """Whose an item is in each stream it goes through, by the streams' keys."""
    host, repo, item = key
    here = (_J.workspace == workspace, _J.host == host, _J.repo == repo, _J.item == item)
    return {row.stream: row.segment for row in session.execute(select(_J.stream, _J.segment).where(*here))}


def asked_at(session: Session, workspace: str, ids: Iterable[str]) -> dict[str, int]:
    """When these messages were sent, of those that were."""
    found: dict[str, int] = {}
    o = OUTBOX.c
    for some in batches(sorted(set(ids))):
        here = (o.workspace == workspace, o.id.in_(some), o.sent_at.is_not(None))
        found |= {row.id: row.sent_at for row in session.execute(select(o.id, o.sent_at).where(*here))}
    return found
