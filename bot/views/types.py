"""The answers to `/flow types`: the rules that tell what work is for, what others would mean, and what has no type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.flow.events import ItemKey
from bot.flow.mix import NAMES
from bot.flow.teaching import ADD, LAST, MOVE, REMOVE, RuleChange
from bot.flow.types import TYPED_AS, Rule
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, TYPES, UNCLASSIFIED
from bot.views.ids import TYPED
from bot.views.message import NAME, SECTION, TITLE, Block, Message, joined, link, plain, section
from bot.views.pages import MOST_ID, Again, ask_button, page_of
from bot.views.words import counted

MEANINGS = {
    FEATURE: "something new for customers", DEFECT: "mends what is broken",
    RISK: "security, compliance and the like", DEBT: "makes later work easier",
}  # fmt: skip
MOST_PATTERNS, FEW = 30, 3
RULES = "rules"
"""Stands for a type: what the rules say."""
_WHO = "Slack's administrators and owners, and those they name, can do that; `/flow admins` lists who they named."
_HOW = "`/flow types add defect label bug*` shows what another rule would mean."
_LINK = re.compile(r"<https?://[^|>]*\|([^>]*)>")
_LAST_DAYS = "the last 90 days"


class Untyped(NamedTuple):
    """An item to be given a type; `title` and `url` as the host has them."""

    key: ItemKey
    title: str | None
    url: str | None
    done: bool


class Types(NamedTuple):
    """The rules, and what they came to in the last 90 days."""

    name: str | None
    """Of the value stream or repository; None for all repositories."""
    words: str
    """What stands behind the verb to ask about it."""
    rules: Sequence[tuple[Rule, int]]
    """In order, with how many items each told the type of."""
    common: bool
    """Whether they are those that go for most teams."""
    by_type: Mapping[str, int]
    by_people: int
    """Items that people gave their type."""
    untyped: Sequence[Untyped]


class Proposal(NamedTuple):
    """What a change of the rules would mean."""

    change: RuleChange
    rule: Rule | None
    """The one that is added, moved or removed."""
    rules: int
    """How many there would be."""
    items: int
    """Of the last 90 days."""
    moved: Mapping[tuple[str, str], int]
    """How many would be of another type, by (type, other type)."""
    examples: Sequence[Untyped]
    words: str
    """What stands behind the verb to do it."""
    may_confirm: bool


class Offered(NamedTuple):
    """A rule that would have told what somebody said of an item."""

    rule: Rule
    moved: int
    """Other items of the last 90 days whose type it would change."""
    words: str
    """What stands behind the verb to teach it."""
    behind_all: bool
    """Whether it goes behind all others; else before the one that said otherwise."""
    may_confirm: bool


class Given(NamedTuple):
    """An item that somebody gave a type."""

    item: Untyped
    said: str | None
    """None: what the rules say."""
    type: str
    offered: Offered | None


class Picked(NamedTuple):
    """What was picked beside an item, and what was asked where it stood."""

    key: ItemKey
    type: str | None
    about: str


def types(told: Types, asked: Again, given: Given | None = None) -> Message:
    """The rules that caught something and what has no type, by pages; on top what was just given one."""
    page = page_of(told.untyped, asked)
    top = _given_lines(given) if given else []
    if not given and page.number == 1:
        top = [_summary(told), _rules(told, every=False), _HOW]
    parts = [section(joined(part.split("\n"), SECTION)) for part in top]
    pressed = _after(given) if given else [ask_button("All rules", Again(f"types rules {told.words}".strip()))]
    row = [{"type": "actions", "elements": pressed}] if pressed and page.number == 1 else []
    items = [section(_heading(told)), *(row_of(one, told.words) for one in page.shown), *page.blocks]
    said = [*top, _heading(told), *(item_said(one) for one in page.shown), *page.said]
    return Message(spoken(said), (*parts, *row, *items))


def rules(told: Types) -> Message:
    """All rules."""
    lines = [_summary(told), _rules(told, every=True), _HOW]
    return _told(lines, [ask_button("Unclassified", Again(f"types {told.words}".strip()))])


def _rules(told: Types, *, every: bool) -> str:
    whose = "those that go for most teams" if told.common else "your own"
    shown = [(number, rule, n) for number, (rule, n) in enumerate(told.rules, 1) if n or every]
    lines = [f"{number}. {rule_said(rule, MOST_PATTERNS if every else FEW)} – {n:,}" for number, rule, n in shown]
    silent = len(told.rules) - len(shown)
    more = [f"{counted(silent, 'other rule')} caught nothing."] if silent else []
    head = f"*Rules*, {whose}; the first that matches counts. Behind each, how many items it caught:"
    return "\n".join([head, *lines, *more])


def _summary(told: Types) -> str:
    total = sum(told.by_type.values())
    about = plain(told.name, NAME) if told.name else "all repositories"
    if not total:
        return f"*Types of work* in {about}: nothing was in progress in {_LAST_DAYS}."
    shares = [counted(told.by_type.get(kind, 0), kind, NAMES[kind]) for kind in TYPES]
    by_people = f" {counted(told.by_people, 'item')} got the type from a person." if told.by_people else ""
    shares.append(f"{told.by_type.get(UNCLASSIFIED, 0):,} unclassified")
    return f"*Types of work* in {about}, {_LAST_DAYS}: {counted(total, 'item')}, {', '.join(shares)}.{by_people}"


def _heading(told: Types) -> str:
    if not told.untyped:
        return "Nothing is unclassified any more."
    n = len(told.untyped)
    return f"*Unclassified*: {counted(n, 'item')}. Give {'it' if n == 1 else 'them'} a type, or teach a rule."


def rule_said(rule: Rule, most: int = MOST_PATTERNS) -> str:
    """A rule in Slack's markup: *defect*: label `bug*` or `crash`, repo `acme/shop`; `most` patterns of each mark."""
    marks = (f"{TYPED_AS[mark]} {_patterns(some, most)}" for mark, some in rule.marks)
    return f"*{rule.type}*: {', '.join(marks)}"


def _patterns(some: Sequence[str], most: int) -> str:
    more = [f"{len(some) - most:,} more"] if len(some) > most else []
    return " or ".join([*map(_pattern, some[:most]), *more])


def _pattern(pattern: str) -> str:
    # In code a star is a star; what `plain` puts in its place would be typed wrongly.
    return "`" + plain(pattern.replace("*", "\ue000")).replace("\ue000", "*") + "`"


def row_of(one: Untyped, about: str = "") -> Block:
    """An item with a menu of the types beside it; `about` is what to ask about once it is given one."""
    block = section(item_said(one))
    host, repo, item = one.key
    return {
        **block,
        "block_id": f"{TYPED}{host}:{repo}#{item}"[:MOST_ID],
        "accessory": {
            "type": "static_select",
            "action_id": f"{TYPED}{about}"[:MOST_ID],
            "placeholder": _plain("Type"),
            "options": [option(kind.capitalize(), kind, MEANINGS[kind]) for kind in TYPES],
        },
    }


def option(label: str, value: str, description: str) -> Block:
    """An entry of the menu beside an item."""
    return {"text": _plain(label), "value": value, "description": _plain(description)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def item_said(one: Untyped) -> str:
    """An item as a link, with its reference beside it."""
    _, repo, item = one.key
    reference = f"{plain(repo, NAME)}#{item}"
    title = one.title and plain(one.title, TITLE)
    return f"{link(one.url, title)} · {reference}" if title else link(one.url, reference)


def spoken(lines: Sequence[str]) -> str:
    """Lines as they are read aloud: without links and marks; a star that is typed stays."""
    parts = _LINK.sub(r"\1", joined(list(lines))).split("`")
    return "".join(part if number % 2 else part.replace("*", "") for number, part in enumerate(parts))


def picked(action: Mapping[str, Any]) -> Picked | None:
    """What was picked in a `row_of`, as Slack tells of it; None where it is nothing of ours."""
    block, option = str(action.get("block_id") or ""), action.get("selected_option") or {}
    host, _, rest = block.removeprefix(TYPED).partition(":")
    repo, _, number = rest.rpartition("#")
    value = option.get("value") or action.get("value")
    if not (block.startswith(TYPED) and host and repo and number.isdecimal() and value in (*TYPES, RULES)):
        return None
    about = str(action.get("action_id") or "").removeprefix(TYPED)
    return Picked((host, repo, int(number)), None if value == RULES else str(value), about)


def given(one: Given) -> Message:
    """What was given a type, and the rule that would have told it."""
    return _told(_given_lines(one), _after(one))


def _given_lines(one: Given) -> list[str]:
    name = item_said(one.item)
    if one.said is None:
        return [f"{name} is what the rules say: *{one.type}*."]
    return [f"{name} counts as *{one.said}* now, thank you.", *_offer_lines(one.offered)]


def _offer_lines(offered: Offered | None) -> list[str]:
    if offered is None:
        return []
    others = "no other item" if not offered.moved else counted(offered.moved, "other item")
    place = "" if offered.behind_all else " It would go before the one that said otherwise."
    who = "" if offered.may_confirm else f" {_WHO}"
    told = f"A rule would have told so: {rule_said(offered.rule)}. It would change {others} of {_LAST_DAYS}."
    return [f"{told}{place}{who}"]


def _after(one: Given) -> list[Block]:
    _, repo, item = one.item.key
    otherwise = ask_button("Another type", Again(f"types {repo}#{item}"))
    if one.offered is None or not one.offered.may_confirm:
        return [otherwise]
    return [ask_button("Teach this rule", Again(f"types {one.offered.words}", sure=True), style="primary"), otherwise]


def proposal(one: Proposal) -> Message:
    """What a change of the rules would mean, to be confirmed by whoever may."""
    lines = [_change(one), _meant(one)]
    if not one.may_confirm:
        return _told([*lines, _WHO])
    yes = ask_button("Change", Again(f"types {one.words}", sure=True), style="primary")
    return _told(lines, [yes, ask_button("Leave it", Again("types"))])


def _change(one: Proposal) -> str:
    rule = rule_said(one.rule) if one.rule else ""
    if one.change.act == ADD:
        return f"*A rule more*: {rule}. {_place(one.change)}"
    if one.change.act == REMOVE:
        return f"*A rule less*: {rule}."
    if one.change.act == MOVE:
        return f"*Another place*: {rule}. {_place(one.change)}"
    return f"*The rules as they were*: the {one.rules} that nobody changed from Slack."


def _place(change: RuleChange) -> str:
    if change.to == LAST:
        return "It goes behind all others."
    return "It goes before all others." if change.to == 1 else f"It goes before number {change.to}."


def _meant(one: Proposal) -> str:
    n = sum(one.moved.values())
    if not n:
        return f"None of the {counted(one.items, 'item')} of {_LAST_DAYS} would be of another type."
    moved = (f"{count:,} {was} → {then}" for (was, then), count in sorted(one.moved.items()))
    such = ", ".join(item_said(item) for item in one.examples)
    return f"Of {counted(one.items, 'item')} of {_LAST_DAYS} it would change {n:,}: {', '.join(moved)}. Such as {such}."


def changed() -> Message:
    """The rules were changed."""
    text = "The rules are changed. All figures, past ones too, follow them from now on."
    return _told([text], [ask_button("Show the rules", Again("types"))])


def _told(lines: Sequence[str], buttons: Sequence[Block] = ()) -> Message:
    blocks = [section(joined(line.split("\n"), SECTION)) for line in lines]
    row = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return Message(spoken(lines), (*blocks, *row))
