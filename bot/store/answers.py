"""What people answered to nudges, and what authors asked for themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from bot.flow.answers import HAND_OVER, LEAVE, ON_IT, SNOOZE, TAKE, WRONG
from bot.flow.events import ItemKey
from bot.store.sql import Asking, batches, insert, table
from bot.store.tables import AnswerRow, AskRow

__all__ = [
    "HAND_OVER", "LEAVE", "ON_IT", "SNOOZE", "TAKE", "WRONG", "Answer", "Ask", "add", "ask", "asks", "counted",
    "latest", "leaves",
]  # fmt: skip

ANSWERS, ASKS = table(AnswerRow), table(AskRow)
_A, _K = ANSWERS.c, ASKS.c
_SAID = Asking(
    lambda one_of: (
        select(_A.wait_id, _A.user, _A.kind, _A.reason, _A.at, _A.until)
        .where(_A.workspace == bindparam("workspace"), one_of(_A.wait_id, "waits"), _A.kind != LEAVE)
        .order_by(_A.at, _A.id)
    )
)


class Answer(NamedTuple):
    """One answer to one wait."""

    wait_id: int
    user: str
    kind: str
    reason: str | None
    at: int
    until: int | None


class Ask(NamedTuple):
    """An author's own word on an item."""

    by: str
    at: int


def add(session: Session, workspace: str, answer: Answer) -> None:
    """Keep an answer."""
    session.execute(ANSWERS.insert().values(workspace=workspace, id=uuid4().hex, **answer._asdict()))


def withdraw(session: Session, workspace: str, answer: Answer) -> None:
    """Forget an answer (given at its instant or a second or so after it, where that one was taken)."""
    same = (_A.wait_id == answer.wait_id, _A.user == answer.user, _A.kind == answer.kind, _A.reason == answer.reason)
    session.execute(delete(ANSWERS).where(_A.workspace == workspace, *same, _A.at >= answer.at))


def latest(session: Session, workspace: str, wait_ids: Iterable[int]) -> dict[int, Answer]:
    """The last answer to each wait that has any. An author who leaves it where it is changes nothing for its holder."""
    found: dict[int, Answer] = {}
    for some in batches(sorted(set(wait_ids))):
        rows = session.execute(_SAID.on(session), {"workspace": workspace, "waits": some})
        found.update({row.wait_id: Answer(*row) for row in rows})
    return found


def leaves(session: Session, workspace: str, wait_ids: Iterable[int]) -> dict[int, int]:
    """When the author of each wait's item said last that it stays with its holder, where they did."""
    found: dict[int, int] = {}
    for some in batches(sorted(set(wait_ids))):
        left = (_A.workspace == workspace, _A.wait_id.in_(some), _A.kind == LEAVE)
        rows = session.execute(select(_A.wait_id, func.max(_A.at)).where(*left).group_by(_A.wait_id))
        found.update((wait_id, at) for wait_id, at in rows)
    return found


def counted(session: Session, workspace: str, since: int = 0) -> dict[tuple[str, str], int]:
    """How many answers of each (kind, reason or "") were given since an instant."""
    rows = session.execute(
        select(_A.kind, func.coalesce(_A.reason, ""), func.count())
        .where(_A.workspace == workspace, _A.at >= since, _A.kind != HAND_OVER)
        .group_by(_A.kind, _A.reason)
    )
    found = {(kind, reason): number for kind, reason, number in rows}
    handed = select(func.count()).where(_A.workspace == workspace, _A.at >= since, _A.kind == HAND_OVER)
    over = session.scalar(handed) or 0
    return {**found, **({(HAND_OVER, ""): over} if over else {})}


def ask(session: Session, workspace: str, key: ItemKey, day: str, by: str, now: int) -> bool:
    """Keep that an author asks on a local date; whether it is the first time that day."""
    host, repo, item = key
    row = {"workspace": workspace, "host": host, "repo": repo, "item": item, "day": day, "by": by, "at": now}
    asked = insert(session, ASKS).on_conflict_do_nothing().returning(_K.at)
    return session.execute(asked, row).first() is not None


def asks(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, list[Ask]]:
    """What authors asked about items, oldest first."""
    found: dict[ItemKey, list[Ask]] = defaultdict(list)
    for some in batches(sorted(set(keys))):
        # One statement for many repositories; the few rows too many that it may bring are passed over.
        hosts, repos, items = (sorted(set(names)) for names in zip(*some, strict=True))
        there = (_K.workspace == workspace, _K.host.in_(hosts), _K.repo.in_(repos), _K.item.in_(items))
        rows = session.execute(select(_K.host, _K.repo, _K.item, _K.by, _K.at).where(*there).order_by(_K.at)).all()
        wanted = set(some)
        for *key, by, at in rows:
            if tuple(key) in wanted:
                found[key[0], key[1], key[2]].append(Ask(by, at))
    return found
