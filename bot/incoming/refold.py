"""An item's stored ledger made again from its events: only what differs is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from bot.flow.events import FlowEvent, ItemKey
from bot.flow.waits import STAGE, fold
from bot.incoming.kept_waits import Changes, Terms, compare, touch_homes, write
from bot.store import items, waits
from bot.store.items import Facts
from bot.store.matching import Stored
from bot.streams.journeys import keep


def refold(
    session: Session,
    stored_facts: Mapping[ItemKey, Facts],
    histories: Mapping[ItemKey, Sequence[FlowEvent]],
    terms: Terms,
) -> int:
    """Fold each item from its whole history and replace its facts and waits; how many items differed.

    The items are locked already (`stored_facts` is what their rows say).
    """
    stored_waits = waits.of_items(session, terms.workspace, histories)
    changes, facts_now = Changes(), dict[ItemKey, Facts]()
    for key, history in histories.items():
        ledger = fold(history, terms.policy.rules(key[1])) if history else None
        facts = items.facts_of(history, ledger)
        if facts != stored_facts[key]:
            facts_now[key] = facts
            changes.items.add(key)
        of_turns = [row for row in stored_waits.get(key, ()) if row.kind != STAGE]
        compare(changes, key, ledger.waits if ledger else [], of_turns, terms)
    items.save(session, terms.workspace, facts_now)
    write(session, changes, terms)
    _touch_homes(session, changes, histories, stored_waits, terms)
    keep(session, terms, histories)
    return len(changes.items)


def _touch_homes(
    session: Session,
    changes: Changes,
    histories: Mapping[ItemKey, Sequence[FlowEvent]],
    stored: Mapping[ItemKey, Sequence[Stored]],
    terms: Terms,
) -> None:
    """Whoever wrote an item that differs now, or whose turn it is or was till now, has a home tab that differs."""
    logins = {row.holder for key in changes.items for row in stored.get(key, ()) if row.until is None and not row.team}
    authors = (event.actor for key in changes.items for event in histories[key] if event.kind == "opened")
    touch_homes(session, changes, terms, {*logins, *(author for author in authors if author)})
