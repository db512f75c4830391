"""What lately was and still is: the waits of a period, and the items that are not over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.store.items import ITEMS
from bot.store.waits import WAITS

_W, _I = WAITS.c, ITEMS.c


def waits_since(session: Session, workspace: str, since: int, repos: Iterable[str] | None = None) -> Sequence[Row[Any]]:
    """The waits (of these repositories, else of all) that are open or ended at `since` or later, oldest first."""
    lately = select(WAITS).where(_W.workspace == workspace, or_(_W.until.is_(None), _W.until >= since))
    if repos is not None:
        lately = lately.where(_W.repo.in_(sorted(set(repos))))
    return session.execute(lately.order_by(_W.since, _W.id)).all()


def live_items(session: Session, workspace: str, host: str, repo: str, type: str | None = None) -> list[ItemKey]:
    """The items of a repository (of a type) that are neither closed nor merged, in order."""
    here = [_I.workspace == workspace, _I.host == host, _I.repo == repo, _I.live.is_(True)]
    if type is not None:
        here.append(_I.type == type)
    return [(host, repo, item) for item in session.execute(select(_I.item).where(*here).order_by(_I.item)).scalars()]
