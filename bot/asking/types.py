"""Types of work: the rules and what each catches, what others would mean, changing them, and a type given by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from bot.asking.admins import NotAllowed, is_admin, must_be_admin
from bot.asking.people import NotKnown
from bot.asking.typed import known_of, repos_hidden, without
from bot.context import Context
from bot.digest.subjects import meant
from bot.figures.reading import parts_of, ways_of, work_of
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.common_types import COMMON
from bot.flow.events import TYPED, FlowEvent, ItemKey, flow_event
from bot.flow.stages import Journey
from bot.flow.teaching import (
    LAST,
    RESET,
    BadChange,
    Known,
    Offer,
    RuleChange,
    caught,
    changed,
    moves,
    offer,
    state_of,
)
from bot.flow.types import KINDS, Rules, marks_of, said_of
from bot.flow.work import UNCLASSIFIED
from bot.grammar import TypeWords
from bot.grammar.types import type_words, typed_change
from bot.grammar.words import words_of
from bot.hosts.github import ids
from bot.intake import settle
from bot.people.sight import seen_items
from bot.policy import Policy
from bot.policy_types import TypeRulePart, part_of
from bot.said import UNSAID, Change, say
from bot.store import arrivals, events, items
from bot.store.engine import reading, undisturbed, writing
from bot.streams.saving import all_streams
from bot.views.types import Given, Offered, Proposal, Types, Untyped

DAYS = 90
"""Days that the rules are tried out on."""
_OUTDATED = "The rules were changed meanwhile, so nothing was changed now. /flow types shows them as they are."


class _Seen(NamedTuple):
    """An item of the last days, as rules see it."""

    known: Known
    journey: Journey


def types_of(ctx: Context, about: Sequence[str], now: int) -> Types:
    """The rules, what each caught in the last DAYS, and what has no type. Raises NotKnown."""
    subject = meant(ctx, about, None)
    rules = ctx.policy.type_rules
    seen = _seen(ctx, subject.scope, now)
    known = [one.known for one in seen]
    found, hidden = caught(known, rules), repos_hidden(ctx)
    return Types(
        name=subject.scope.name,
        words=subject.words,
        rules=[(without(rule, hidden), found[rule]) for rule in rules],
        common=ctx.policy.file.types is None,
        by_type=Counter(one.type(rules) for one in known),
        by_people=sum(one.said is not None for one in known),
        untyped=_untyped(ctx, [one for one in seen if one.known.type(rules) == UNCLASSIFIED]),
    )


def _everything(ctx: Context, now: int) -> list[_Seen]:
    """The items of all repositories, and those of value streams that no pull request is of."""
    scopes = (of_repos(None), *(of_stream(*one) for one in all_streams(ctx)))
    found = {one.known.key: one for scope in reversed(scopes) for one in _seen(ctx, scope, now)}
    return list(found.values())


def _seen(ctx: Context, scope: Scope, now: int) -> list[_Seen]:
    """The items of a scope that were in progress in the last DAYS; those of bots are left out."""
    settle(ctx, now, most=1)
    with reading(ctx.engine) as session:
        ways = ways_of(session, ctx, scope, now - DAYS * 86_400, now)
        parts = parts_of(session, ctx, ways)
        told = events.of_items(session, ctx.workspace, {part for some in parts.values() for part in some}, KINDS)
    found = ((one, {part: told[part] for part in parts[one.key] if part in told}) for one in ways)
    return [_Seen(_known(one, own), one) for one, own in found if not work_of(one, own, ctx.policy).bot]


def _known(one: Journey, histories: dict[ItemKey, list[FlowEvent]]) -> Known:
    return Known(one.key, tuple(marks_of(one.key, histories, _end(one))), said_of(one.key, histories))


def _end(one: Journey) -> int | None:
    return one.done_at if one.done_at is not None else one.dropped_at


def _untyped(ctx: Context, seen: Sequence[_Seen]) -> list[Untyped]:
    """Those that may be shown: what was done goes first, the latest before the others."""
    may = seen_items(ctx, [one.known.key for one in seen])
    seen = sorted(
        (one for one in seen if one.known.key in may),
        key=lambda one: (one.journey.done_at is None, -(_end(one.journey) or one.journey.began_at)),
    )
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, [one.known.key for one in seen])
    return [_shown(one.known.key, rows.get(one.known.key), done=one.journey.done_at is not None) for one in seen]


def _shown(key: ItemKey, row: Any, *, done: bool) -> Untyped:
    return Untyped(key, row.title if row else None, row.url if row else None, done)


def about(words: str) -> TypeWords:
    """What a menu was about. Raises Misread."""
    return type_words(tuple(words_of(words)))


def proposal_of(ctx: Context, user: str, change: RuleChange, now: int) -> Proposal:
    """What a change of the rules would mean, tried out on the last DAYS. Raises NotKnown."""
    rules = ctx.policy.type_rules
    after = _changed(rules, change, ctx.policy)
    seen = _everything(ctx, now)
    moved = moves([one.known for one in seen], rules, after)
    may = seen_items(ctx, [one.key for one, *_ in moved])
    keys = [one.key for one, *_ in moved if one.key in may]
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, keys[:3])
    return Proposal(
        change=change,
        rule=_rule_meant(rules, change),
        rules=len(after),
        items=len(seen),
        moved=Counter((was, becomes) for _, was, becomes in moved),
        examples=[_shown(key, rows.get(key), done=True) for key in keys[:3]],
        words=typed_change(change, state_of(rules)),
        may_confirm=_may(ctx, user, now),
    )


def _rule_meant(rules: Rules, change: RuleChange) -> Any:
    return change.rule or (rules[change.number - 1] if change.number else None)


def _changed(rules: Rules, change: RuleChange, policy: Policy) -> Rules:
    written = (policy.written or policy).type_rules
    try:
        return changed(rules, change, written)
    except BadChange as error:
        raise NotKnown(f"{error} /flow types shows them.") from None


def _may(ctx: Context, user: str, now: int) -> bool:
    try:
        return is_admin(ctx, user, now)
    except NotAllowed:
        return False


def change(ctx: Context, user: str, wanted: RuleChange, over: str, now: int) -> None:
    """Change the rules that somebody saw as `over`. Raises NotAllowed, and NotKnown where they are others by now."""
    must_be_admin(ctx, user, now)

    def made(old: list[dict[str, Any]] | None) -> Any:
        rules = COMMON if old is None else tuple(TypeRulePart.model_validate(one).rule for one in old)
        if over and state_of(rules) != over:
            raise NotKnown(_OUTDATED)
        return UNSAID if wanted.act == RESET else [part_of(rule) for rule in _changed(rules, wanted, ctx.policy)]

    say(ctx, [Change(("types",), made)], user, now)


def give(ctx: Context, user: str, key: ItemKey, kind: str | None, now: int) -> Given:
    """Have an item be of a type (None: of what the rules say), and the rule that would have told it.

    Raises NotKnown where nothing is kept of the item.
    """
    with reading(ctx.engine) as session:
        row = items.by_keys(session, ctx.workspace, [key]).get(key)
    if row is None:
        raise NotKnown("I no longer know that item, so it was given no type.")
    undisturbed(lambda: _tell(ctx, user, key, kind, now))
    mine, rules = known_of(ctx, key), ctx.policy.type_rules
    others = [one.known for one in _everything(ctx, now)] if kind else []
    offered = _offered(ctx, user, offer(mine, others, rules), now)
    return Given(_shown(key, row, done=True), kind, mine.type(rules), offered)


def _tell(ctx: Context, user: str, key: ItemKey, kind: str | None, now: int) -> None:
    actor = next(iter(ctx.policy.logins_of(user)), None)
    with writing(ctx.engine) as session:
        items.lock(session, ctx.workspace, [key])
        said = events.of_items(session, ctx.workspace, [key], [TYPED]).get(key, [])
        # Of two within a second, the last one has to be told by its instant.
        at = max([now, *(one.at + 1 for one in said[-1:])])
        events.append(session, ctx.workspace, [_typed(key, kind, actor, at)])
        arrivals.add(session, ctx.workspace, [(key, None)], now)


def _typed(key: ItemKey, kind: str | None, actor: str | None, at: int) -> FlowEvent:
    host, repo, item = key
    id_ = ids.about(TYPED, item, kind or "", at)
    return flow_event(host=host, repo=repo, item=item, id=id_, at=at, kind=TYPED, actor=actor, type=kind)


def _offered(ctx: Context, user: str, found: Offer | None, now: int) -> Offered | None:
    if found is None or found.change.rule is None:
        return None
    words = typed_change(found.change, state_of(ctx.policy.type_rules))
    return Offered(found.change.rule, found.moved, words, found.change.to == LAST, _may(ctx, user, now))
