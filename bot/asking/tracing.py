"""What items are for: links that people give, rules about labels and milestones, and the chain of one item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from bot.asking.admins import must_be_admin
from bot.asking.items import key_of
from bot.asking.people import NotKnown, logins_of
from bot.asking.streams import DAYS
from bot.asking.value import known_now, share_of, target_meant
from bot.asking.value_edits import may_confirm
from bot.context import Context
from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.flow.value import KINDS, LINK, TRACED, UNTRACED, Rule, marks
from bot.grammar import TRACE, UNTRACE, ItemRef, Misread
from bot.grammar.kinds import ItemKind
from bot.grammar.value import rule_words
from bot.hosts.github import ids
from bot.intake import settle, settle_items
from bot.people.sight import seen_items
from bot.store import arrivals, events, items, said, value
from bot.store.engine import reading, undisturbed, writing
from bot.value.catalogue import Catalogue, Target, catalogue
from bot.value.tracing import carrying, traced
from bot.views.streams import quoted
from bot.views.tracing import Chain, Item, RuleChange, Rules
from bot.views.value import Share

MOST_ITEMS, MOST_LOOKED_AT = 5, 50
"""Items that are named; and of a stream those of which they are picked."""


def item_meant(words: Sequence[str], verb: str) -> ItemRef:
    """The item that words begin with. Raises Misread."""
    ref = ItemKind().read(words[0]) if words else None
    if ref is None:
        problem = f"“{words[0]}” names no item, and is neither label nor milestone." if words else "What is missing."
        raise Misread(problem, verb)
    return ref


def chains_of(ctx: Context, key: ItemKey) -> list[Chain]:
    """What an item is for, the nearest reason first."""
    known = known_now(ctx)
    with reading(ctx.engine) as session:
        found = traced(session, ctx.workspace, [key], known)[key]
        whose = value.segments(session, ctx.workspace, key)
    named = _items(ctx, {one.via for one in found})
    chains = []
    for one in found:
        outcome = known.places[one.to]
        result = known.result(one.to) or known.dropped.get(one.to)
        chains.append(Chain(one, outcome, result, whose.get(outcome.stream), named.get(one.via), one.via == key))
    return chains


def _items(ctx: Context, keys: Iterable[ItemKey]) -> dict[ItemKey, Item]:
    """Items as they are named; those that may not be shown to the asker are left out."""
    shown = seen_items(ctx, keys)
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, shown)
    return {key: Item(key, rows[key].title, rows[key].url) if key in rows else Item(key) for key in shown}


def link(ctx: Context, user: str, words: Sequence[str], now: int) -> tuple[Item, Target, list[Chain], bool]:
    """Trace an item to an outcome or a key result: (the item, what it is for, the chains, whether that is new).

    Raises NotKnown, Misread.
    """
    ref, known = item_meant(words, TRACE), known_now(ctx)
    if not words[1:]:
        raise Misread("The outcome or key result it is for is missing.", TRACE)
    key, target = key_of(ctx, ref, TRACE), target_meant(known, words[1:])
    new = undisturbed(lambda: _tell(ctx, user, key, [target.id], TRACED, now))
    settle_items(ctx, [key], now)
    item, chains = _shown(ctx, key)
    return item, target, chains, bool(new)


def unlink(ctx: Context, user: str, words: Sequence[str], now: int) -> tuple[Item, list[str], list[Chain]]:
    """Take links of an item back, those to one outcome or key result where it is named: (the item, names, chains).

    Raises NotKnown, Misread.
    """
    ref, known = item_meant(words, UNTRACE), known_now(ctx)
    key = key_of(ctx, ref, UNTRACE)
    wanted = {target_meant(known, words[1:]).id} if words[1:] else None
    with reading(ctx.engine) as session:
        linked = [to for to, _ in _links(session, ctx.workspace, key)]
    gone = [to for to in linked if to in known.places and (wanted is None or to in wanted)]
    if not gone:
        raise NotKnown(_not_linked(ctx, key))
    undisturbed(lambda: _tell(ctx, user, key, gone, UNTRACED, now))
    settle_items(ctx, [key], now)
    item, chains = _shown(ctx, key)
    return item, [_name(known, to) for to in gone], chains


def _name(known: Catalogue, to: str) -> str:
    result = known.result(to) or known.dropped.get(to)
    return result.name if result else known.places[to].name


def _not_linked(ctx: Context, key: ItemKey) -> str:
    """Why there is no link to take back."""
    found = [one.trace for one in chains_of(ctx, key)]
    others = [one for one in found if one.how != LINK or one.via != key]
    name = f"{key[1]}#{key[2]}"
    if not others:
        return f"{name} is linked with nothing."
    one = others[0]
    why = f"the {one.how} {one.name}" if one.how != LINK else "a link of what it is a part of"
    return f"Nobody linked {name} itself; what it is for is known by {why}."


def _shown(ctx: Context, key: ItemKey) -> tuple[Item, list[Chain]]:
    return _items(ctx, [key]).get(key, Item(key)), chains_of(ctx, key)


def _links(session: Session, workspace: str, key: ItemKey) -> tuple[tuple[str, str], ...]:
    return marks(events.of_items(session, workspace, [key], KINDS).get(key, []), None).links


def _tell(ctx: Context, user: str, key: ItemKey, targets: Sequence[str], kind: str, now: int) -> list[FlowEvent]:
    """Put links or their end in the log; what was new."""
    with writing(ctx.engine) as session:
        items.lock(session, ctx.workspace, [key])
        told = events.of_items(session, ctx.workspace, [key], (TRACED, UNTRACED)).get(key, [])
        linked = {to for to, _ in marks(told, None).links}
        # Of two within a second, the last one has to be told by its instant.
        at = max(now, told[-1].at + 1) if told else now
        made = [_event(ctx, user, key, to, kind, at) for to in targets if (to in linked) != (kind == TRACED)]
        events.append(session, ctx.workspace, made)
        arrivals.add(session, ctx.workspace, [(key, None)] if made else [], now)
    return made


def _event(ctx: Context, user: str, key: ItemKey, to: str, kind: str, at: int) -> FlowEvent:
    host, repo, item = key
    login = next(iter(logins_of(ctx, user)), None)
    return flow_event(
        host=host, repo=repo, item=item, id=ids.traced(kind, item, to, at), at=at, kind=kind, actor=login, to=to,
        by=user,
    )  # fmt: skip


# Rules.


def rule_meant(known: Catalogue, words: Sequence[str]) -> tuple[Rule, Target]:
    """`label checkout Returning customers` → the rule. Raises Misread, NotKnown."""
    kind = rule_words(words) or ""
    for many in range(2, len(words)):
        target, rest = known.named(words[many:])
        if target is not None and not rest:
            return Rule(kind, " ".join(words[1:many]), target.id), target
    if len(words) < 3:
        raise Misread(f"The name of the {kind}, or the outcome or key result it stands for, is missing.", TRACE)
    raise target_missing(known, words)


def target_missing(known: Catalogue, words: Sequence[str]) -> Exception:
    """What to raise where the end of words names nothing."""
    try:
        target_meant(known, words[2:])
    except NotKnown as error:
        return error
    return NotKnown("/flow outcomes lists what work can be for.")


def rule_change(ctx: Context, user: str, words: Sequence[str], now: int) -> RuleChange:
    """What a rule would mean for the work of the last DAYS. Raises Misread, NotKnown."""
    settle(ctx, now, most=1)
    known = known_now(ctx)
    with reading(ctx.engine) as session:
        rule, target = rule_meant(known, words)
        held = value.rules(session, ctx.workspace)
        was = next((one for one in held if one.key == rule.key), None)
        since = now - DAYS * 86_400
        done = {one for key in _streams(known) for one in value.done_since(session, ctx.workspace, key, since)}
        before = traced(session, ctx.workspace, done, known, held)
        mine = carrying(session, ctx.workspace, done, rule)
    told = " ".join([rule.kind, quoted(rule.name.replace('"', "'")), quoted(target.name)])
    return RuleChange(
        rule, target.name, _name(known, was.to) if was and was.to in known.places else None, len(done), len(mine),
        sum(not before[key] for key in mine), told, may_confirm(ctx, user, now),
    )  # fmt: skip


def _streams(known: Catalogue) -> list[str]:
    return list(dict.fromkeys(outcome.stream for outcome in known.outcomes))


def add_rule(ctx: Context, user: str, words: Sequence[str], now: int) -> tuple[Rule, str]:
    """Keep a rule: (it, the name of what it traces to). Raises NotAllowed, Misread, NotKnown."""
    must_be_admin(ctx, user, now)
    known = known_now(ctx)
    rule, target = rule_meant(known, words)

    def put() -> None:
        with writing(ctx.engine) as session:
            was = next((one for one in value.rules(session, ctx.workspace) if one.key == rule.key), None)
            value.put_rule(session, ctx.workspace, rule, user, now)
            before = _name(known, was.to) if was and was.to in known.places else None
            said.record(session, ctx.workspace, _path(rule), before, target.name, user, now, None)

    undisturbed(put)
    return rule, target.name


def _path(rule: Rule) -> tuple[str, str]:
    return (f"work with the {rule.kind}", rule.name)


def drop_rule(ctx: Context, user: str, words: Sequence[str], now: int) -> Rule:
    """Take a rule away. Raises NotAllowed, NotKnown, Misread."""
    must_be_admin(ctx, user, now)
    kind, name = rule_words(words) or "", " ".join(words[1:])
    if not name:
        raise Misread(f"The name of the {kind} is missing.", UNTRACE)
    known = known_now(ctx)

    def drop() -> Rule:
        with writing(ctx.engine) as session:
            rules, wanted = value.rules(session, ctx.workspace), (kind, name.casefold())
            held = next((one for one in rules if one.key == wanted), None)
            if held is None:
                raise NotKnown(f"The {kind} {name} tells nothing of what work is for. /flow trace lists what does.")
            value.drop_rule(session, ctx.workspace, held.key)
            before = _name(known, held.to) if held.to in known.places else None
            said.record(session, ctx.workspace, _path(held), before, None, user, now, None)
            return held

    return undisturbed(drop)


def rules_of(ctx: Context, now: int) -> Rules:
    """All rules, how much of each stream's work is traced, and the latest that is not."""
    settle(ctx, now, most=1)
    known = known_now(ctx)
    with reading(ctx.engine) as session:
        every = catalogue(session, ctx.workspace)
        held = [(one, _name(known, one.to)) for one in value.rules(session, ctx.workspace) if one.to in known.places]
        names = {one.stream: one.stream_name for one in known.said}
        shares = {key: share_of(session, ctx.workspace, key, every, now) for key in names}
    none = [key for share in shares.values() for key in share.none[:MOST_LOOKED_AT]]
    named = _items(ctx, none)
    told = [Share(names[key], one.n, one.traced) for key, one in shares.items()]
    return Rules(held, told, [named[key] for key in none if key in named][:MOST_ITEMS])
