"""What items are for, as people read it: the chain of an item, links that people give, and rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.flow.events import ItemKey
from bot.flow.value import LINK, KeyResult, Outcome, Rule, Trace
from bot.views.message import NAME, SECTION, TITLE, Message, aside, bare, joined, link, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.people import account
from bot.views.streams import LOOKED, WORDS, quoted, row
from bot.views.value import Share, number_of, said, share, to_confirm
from bot.views.words import counted


class Item(NamedTuple):
    """An item as it is named."""

    key: ItemKey
    title: str | None = None
    url: str | None = None


class Chain(NamedTuple):
    """What an item is for, and why that is known."""

    trace: Trace
    outcome: Outcome
    result: KeyResult | None
    segment: str | None
    """Whose it is, where that is known."""
    item: Item | None
    """The item that carries the label, milestone or link; None where the reader may not see it."""
    own: bool
    """Whether that is the very item; else it is one that it is a part of, or a part of it."""


def chain(one: Chain) -> str:
    """Item → key result → outcome → segment, and why that is known."""
    outcome = one.outcome
    steps = [f"*{plain(one.result.name, NAME)}* ({_progress(one.result)})"] if one.result else []
    words = f": {plain(outcome.text, WORDS).rstrip('.')}" if outcome.text else ""
    steps.append(f"*{plain(outcome.name, NAME)}*{words}")
    whose = [one.segment] if one.segment else list(outcome.segments)
    steps += [f"for {', '.join(plain(name, NAME) for name in whose)}"] if whose else []
    return f"What it is for: {' → '.join(steps)}. {_because(one)}"


def _progress(result: KeyResult) -> str:
    began, goal = number_of(result, result.baseline), number_of(result, result.target)
    if result.latest is None:
        return f"not verified: no number since {began}, target {goal}"
    moved = f"{began} → {number_of(result, result.latest.number)}, target {goal}"
    return f"verified: {moved}" if result.verified else f"not verified: {moved}"


def _because(one: Chain) -> str:
    trace = one.trace
    if trace.how == LINK:
        said = f"{account(trace.by)} said so" if trace.by else "Somebody said so"
    else:
        said = f"The {trace.how} {plain(trace.name, NAME)} says so"
    if one.own:
        return f"{said}."
    return f"{said} of {_named(one.item) if one.item else 'an item that you may not see'}."


def _named(item: Item) -> str:
    _, repo, numbered = item.key
    reference = f"{plain(repo, NAME)}#{numbered}"
    return f"{link(item.url, plain(item.title, TITLE))} ({reference})" if item.title else link(item.url, reference)


UNTRACED = "What it is for is not known: it is traced to no outcome."


def linked(item: Item, to: str, chains: Sequence[Chain], *, new: bool) -> Message:
    """An item was traced to something by somebody."""
    state = "is traced to" if new else "is traced already to"
    lines = [f"{_named(item)} {state} *{plain(to, NAME)}*, and so is all that is below it."]
    lines += [chain(one) for one in chains]
    reference = f"{item.key[1]}#{item.key[2]}"
    undo = ask_button("Take it back", Again(f"untrace {reference} {quoted(to)}"))
    why = ask_button("Show the item", Again(f"why {reference}"))
    return Message(bare(joined(lines)), (section(joined(lines, SECTION)), row(undo, why)))


def unlinked(item: Item, names: Sequence[str], chains: Sequence[Chain]) -> Message:
    """It was taken back what an item is for."""
    said = f"{_named(item)} is no longer linked with {', '.join(f'*{plain(name, NAME)}*' for name in names)}."
    lines = [said, *([chain(one) for one in chains] or [UNTRACED])]
    return Message(bare(joined(lines)), (section(joined(lines, SECTION)),))


class RuleChange(NamedTuple):
    """A rule that is to be another; what it would mean for the work of the last 90 days."""

    rule: Rule
    to: str
    """The name of the outcome or key result."""
    was: str | None
    """What it is for so far."""
    done: int
    """Items done."""
    carrying: int
    """Those that would be traced by it."""
    new: int
    """Those among them that are traced to nothing so far."""
    words: str
    """All behind the verb."""
    may_confirm: bool


def rule_change(one: RuleChange) -> Message:
    """What a rule would mean, to be confirmed by whoever may."""
    rule = one.rule
    lines = [f"Everything with the {rule.kind} *{plain(rule.name, NAME)}* would be for *{plain(one.to, NAME)}*."]
    if one.was:
        lines = [f"{lines[0]} So far it is for {plain(one.was, NAME)}."]
    lines.append(f"Of {counted(one.done, 'item')} done in {LOOKED}, {one.carrying:,} {_be(one.carrying)} traced by it; "
                 f"{one.new:,} of them {_be(one.new)} traced to nothing so far.")  # fmt: skip
    return to_confirm(lines, f"trace {one.words}", one.may_confirm)


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


def ruled(rule: Rule, to: str) -> Message:
    """A rule holds."""
    return said(f"Everything with the {rule.kind} *{plain(rule.name, NAME)}* is for *{plain(to, NAME)}* from now on. "
                "What was done counts as well, where it carried it by then.")  # fmt: skip


def unruled(kind: str, name: str) -> Message:
    """A rule holds no more."""
    return said(f"The {kind} *{plain(name, NAME)}* tells nothing any more of what work is for.")


class Rules(NamedTuple):
    """What traces work by itself, and the latest work done that is traced to nothing."""

    rules: Sequence[tuple[Rule, str]]
    """With the names of what they trace to."""
    shares: Sequence[Share]
    none: Sequence[Item]


def rules(told: Rules, asked: Again) -> Message:
    """The rules, and the latest items that are traced to nothing, with how to trace them."""
    page = page_of([_rule(*one) for one in told.rules], asked)
    lead = "These say what work is for, besides links that people give:" if told.rules else _NO_RULE
    none = ["Latest done that is traced to nothing:", *(f"• {_named(item)}" for item in told.none)] if told.none else []
    shares, how = [share(one) for one in told.shares], _TRACING
    texts = [joined(some, SECTION) for some in ([lead, *page.shown], shares, none) if some]
    return Message(bare(joined([*texts, *page.said, how])), (*map(section, texts), *page.blocks, aside(how)))


_NO_RULE = "No label or milestone says yet what work is for."
_TRACING = (
    "`/flow trace ITEM OUTCOME` links one item with all below it, `/flow trace label NAME OUTCOME` everything "
    "with a label."
)


def _rule(rule: Rule, to: str) -> str:
    return f"• {rule.kind} {plain(rule.name, NAME)} → *{plain(to, NAME)}*"
