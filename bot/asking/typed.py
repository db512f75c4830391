"""One item's type: what told it, and what it is marked with."""

from __future__ import annotations

from fnmatch import fnmatchcase

from bot.asking.items import key_of
from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.stages import journey
from bot.flow.standard import STANDARD
from bot.flow.teaching import Known
from bot.flow.types import KINDS, REPO, Rule, marks_of, said_of
from bot.grammar import TYPES, ItemRef
from bot.intake import settle
from bot.people.sight import named, seen_items
from bot.store import events, items, repos
from bot.store import journeys as kept
from bot.store.engine import reading
from bot.views.typed import Typed
from bot.views.types import Untyped


def typed_of(ctx: Context, ref: ItemRef, now: int) -> Typed:
    """What an item counts as, and why; a pull request's is that of the issue it closes. Raises NotKnown and Misread."""
    settle(ctx, now, most=1)
    meant = key_of(ctx, ref, TYPES)
    key = _whole(ctx, meant)
    with reading(ctx.engine) as session:
        row = items.by_keys(session, ctx.workspace, [key]).get(key)
    known = known_of(ctx, key)
    rules = ctx.policy.type_rules
    rule = known.rule(rules)
    hidden = repos_hidden(ctx)
    return Typed(
        item=Untyped(key, row.title if row else None, row.url if row else None, done=False),
        asked=meant,
        type=known.type(rules),
        said=known.said is not None,
        rule=rule and without(rule, hidden),
        number=rules.index(rule) + 1 if rule else 0,
        marks=known.marks,
    )


def _whole(ctx: Context, key: ItemKey) -> ItemKey:
    """The issue that a pull request closes, the first of those that are known and may be shown; else itself."""
    with reading(ctx.engine) as session:
        wholes = kept.closed_by(session, ctx.workspace, [key]).get(key, set())
        known = items.by_keys(session, ctx.workspace, wholes)
    return min(seen_items(ctx, known), default=key)


def repos_hidden(ctx: Context) -> frozenset[str]:
    """The repositories whose names may not be shown."""
    if ctx.viewer is None:
        return frozenset()
    with reading(ctx.engine) as session:
        every = frozenset({*(row.repo for row in repos.known(session, ctx.workspace)), *ctx.policy.file.repos})
    return every - named(ctx, every)


def without(rule: Rule, hidden: frozenset[str]) -> Rule:
    """A rule as it may be shown: patterns that tell of a hidden repository are no longer there to be read."""
    marks = tuple((mark, tuple(_masked(mark, one, hidden) for one in some)) for mark, some in rule.marks)
    return rule._replace(marks=marks)


def _masked(mark: str, pattern: str, hidden: frozenset[str]) -> str:
    found = mark == REPO and any(fnmatchcase(repo.casefold(), pattern.casefold()) for repo in hidden)
    return "…" if found and pattern.strip("*/") else pattern


def known_of(ctx: Context, key: ItemKey) -> Known:
    """An item as rules see it, whenever it was done."""
    with reading(ctx.engine) as session:
        parts = {key, *kept.closing(session, ctx.workspace, [key]).get(key, ())}
        told = events.of_items(session, ctx.workspace, parts)
    one = journey(key, told, STANDARD, ctx.policy.rules)
    end = None if one is None else one.done_at if one.done_at is not None else one.dropped_at
    marked = {part: [event for event in some if event.kind in KINDS] for part, some in told.items()}
    return Known(key, tuple(marks_of(key, marked, end)), said_of(key, marked))
