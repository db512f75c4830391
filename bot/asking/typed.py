"""One item's type: what told it, and what it is marked with."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.asking.items import key_of
from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.stages import journey
from bot.flow.standard import STANDARD
from bot.flow.teaching import Known
from bot.flow.types import KINDS, marks_of, said_of
from bot.grammar import TYPES, ItemRef
from bot.intake import settle
from bot.store import events, items
from bot.store import journeys as kept
from bot.store.engine import reading
from bot.views.typed import Typed
from bot.views.types import Untyped


def typed_of(ctx: Context, ref: ItemRef, now: int) -> Typed:
    """What an item counts as, and why; a pull request's is that of the issue it closes. Raises NotKnown and Misread."""
    settle(ctx, now, most=1)
    named = key_of(ctx, ref, TYPES)
    with reading(ctx.engine) as session:
        key = _whole(session, ctx.workspace, named)
        row = items.by_keys(session, ctx.workspace, [key]).get(key)
    known = known_of(ctx, key)
    rules = ctx.policy.type_rules
    rule = known.rule(rules)
    return Typed(
        item=Untyped(key, row.title if row else None, row.url if row else None, done=False),
        asked=named,
        type=known.type(rules),
        said=known.said is not None,
        rule=rule,
        number=rules.index(rule) + 1 if rule else 0,
        marks=known.marks,
    )


def _whole(session: Session, workspace: str, key: ItemKey) -> ItemKey:
    """The issue that a pull request closes, of several the first, as far as it is known; else itself."""
    wholes = kept.closed_by(session, workspace, [key]).get(key, set())
    return min(items.by_keys(session, workspace, wholes), default=key)


def known_of(ctx: Context, key: ItemKey) -> Known:
    """An item as rules see it, whenever it was done."""
    with reading(ctx.engine) as session:
        parts = {key, *kept.closing(session, ctx.workspace, [key]).get(key, ())}
        told = events.of_items(session, ctx.workspace, parts)
    one = journey(key, told, STANDARD, ctx.policy.rules)
    end = None if one is None else one.done_at if one.done_at is not None else one.dropped_at
    marked = {part: [event for event in some if event.kind in KINDS] for part, some in told.items()}
    return Known(key, tuple(marks_of(key, marked, end)), said_of(key, marked))
