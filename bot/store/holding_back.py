"""Which waits were held back from nudges at random and which were not, told among the rungs of waits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, and_, exists, select
from sqlalchemy.orm import Session

from bot.flow.ladder import HELD_BACK
from bot.store.answers import ANSWERS, WRONG
from bot.store.outbox import TRIAL, WITH_NUDGES
from bot.store.sql import batches, insert
from bot.store.waits import NUDGES, WAITS

_N, _W, _A = NUDGES.c, WAITS.c, ANSWERS.c


def note(session: Session, workspace: str, claims: Iterable[tuple[int, str]], now: int) -> None:
    """Claim rungs (wait id, rung) that no message carries; what was claimed before stays as it is."""
    rows = [{"workspace": workspace, "wait_id": id_, "rung": rung, "at": now, "outbox_id": TRIAL}
            for id_, rung in claims]  # fmt: skip
    if rows:
        session.execute(insert(session, NUDGES).on_conflict_do_nothing(), rows)


def nudged(session: Session, workspace: str, ids: Collection[int]) -> set[int]:
    """Those of the waits that were drawn not to be held back."""
    return _having(session, workspace, ids, WITH_NUDGES)


def held_back(session: Session, workspace: str, ids: Collection[int]) -> set[int]:
    """Those of the waits that are held back."""
    return _having(session, workspace, ids, HELD_BACK)


def _having(session: Session, workspace: str, ids: Collection[int], rung: str) -> set[int]:
    found: set[int] = set()
    for some in batches(sorted(ids)):
        drawn = (_N.workspace == workspace, _N.wait_id.in_(some), _N.rung == rung)
        found.update(session.execute(select(_N.wait_id).where(*drawn)).scalars())
    return found


def trials(session: Session, workspace: str, since: int) -> Sequence[Row[Any]]:
    """The waits drawn at `since` or later: their columns, `rung` (HELD_BACK or WITH_NUDGES), `drawn_at`, `wrong`."""
    same = and_(_W.workspace == _N.workspace, _W.id == _N.wait_id)
    wrong = exists().where(_A.workspace == _N.workspace, _A.wait_id == _N.wait_id, _A.kind == WRONG)
    drawn = (_N.workspace == workspace, _N.outbox_id == TRIAL, _N.rung.in_((HELD_BACK, WITH_NUDGES)), _N.at >= since)
    chosen = select(WAITS, _N.rung, _N.at.label("drawn_at"), wrong.label("wrong"))
    return session.execute(chosen.join(NUDGES, same).where(*drawn).order_by(_N.at, _W.id)).all()


def open_and_held_back(session: Session, workspace: str) -> int:
    """How many open waits are held back."""
    same = and_(_W.workspace == _N.workspace, _W.id == _N.wait_id)
    held = (_N.workspace == workspace, _N.outbox_id == TRIAL, _N.rung == HELD_BACK, _W.until.is_(None))
    return len(session.execute(select(_N.wait_id).join(WAITS, same).where(*held)).all())
