"""Teaching the rules of types: what each catches, what others would mean, and which one a person may have meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from bot.flow.events import ItemKey
from bot.flow.types import BRANCH, ISSUE_TYPE, LABEL, REPO, TITLE, Marks, Rule, Rules, bare, first_match, type_by
from bot.flow.work import UNCLASSIFIED

ADD, REMOVE, MOVE, RESET = "add", "remove", "move", "reset"
FIRST, LAST = 1, 0
"""Places among the rules; others count from 1."""
ALIKE = 0.8
"""Of what a rule would catch and whose type is known, as many have to be of its type."""
ENOUGH = 3
"""Items of a repository to which people gave the same type, before that is taken for a rule."""
_PREFIX = re.compile(r"([\w-]+)(?:\([^)]*\))?\s*!?\s*:")
_BRACKETS = re.compile(r"\[[^\]]{1,30}\]")
_WORD = re.compile(r"([^\W\d_]{3,20}) ")
_FOLDER = re.compile(r"[\w.-]{2,30}/")


class Known(NamedTuple):
    """An item as rules see it: at its end, or now."""

    key: ItemKey
    marks: tuple[Marks, ...]
    """Its own first, then those of what closes it."""
    said: str | None
    """The type that a person gave it."""

    def type(self, rules: Rules) -> str:
        """Of TYPES, or UNCLASSIFIED."""
        return self.said or type_by(rules, self.marks)

    def rule(self, rules: Rules) -> Rule | None:
        """The rule that tells its type; None where a person said it, or none does."""
        if self.said is not None:
            return None
        return next((found for one in self.marks if (found := first_match(rules, one))), None)


class RuleChange(NamedTuple):
    """What is to be done with the rules: one of ADD, REMOVE, MOVE, RESET."""

    act: str
    rule: Rule | None = None
    """To be added."""
    number: int = 0
    """Of the one to be removed or moved, from 1."""
    to: int = FIRST
    """The number before which one is added or moved; LAST behind all."""


class BadChange(ValueError):
    """A change that can't be made; one line that says why."""


def changed(rules: Rules, change: RuleChange, common: Rules) -> Rules:
    """The rules after a change; `common` are those that a RESET comes back to. Raises BadChange."""
    if change.act == RESET:
        return common
    kept = list(rules)
    if change.act == ADD:
        one = change.rule
        if one is None or one in kept:
            raise BadChange(f"That rule stands there already, as number {kept.index(one) + 1}." if one else "No rule.")
    else:
        if not 0 < change.number <= len(kept):
            raise _no_rule(change.number, len(kept))
        one = kept.pop(change.number - 1)
    if change.act != REMOVE:
        if change.to > len(rules) > 0:
            raise _no_rule(change.to, len(rules))
        kept.insert(_place(change, len(kept)), one)
    if change.act == MOVE and tuple(kept) == rules:
        raise BadChange(f"Rule {change.number} stands there already.")
    return tuple(kept)


def _no_rule(number: int, rules: int) -> BadChange:
    return BadChange(f"There is no rule {number}; they are numbered 1 to {rules}.")


def _place(change: RuleChange, others: int) -> int:
    """From 0, among the others."""
    if change.to == LAST:
        return others
    # What was taken out from before a place no longer counts.
    shift = 2 if change.act == MOVE and change.number < change.to else 1
    return min(change.to - shift, others)


def state_of(rules: Rules) -> str:
    """Names these rules, in this order."""
    return blake2b(repr(rules).encode(), digest_size=4).hexdigest()


def caught(known: Iterable[Known], rules: Rules) -> Counter[Rule | None]:
    """How many items each rule tells the type of; None counts those of no type. What people said is left out."""
    return Counter(one.rule(rules) for one in known if one.said is None)


Move: TypeAlias = tuple[Known, str, str]
"""(item, its type before, its type after)"""


def moves(known: Iterable[Known], before: Rules, after: Rules) -> list[Move]:
    """The items whose type other rules would change."""
    told = ((one, one.type(before), one.type(after)) for one in known)
    return [move for move in told if move[1] != move[2]]


class Offer(NamedTuple):
    """A rule that would have told what a person said of an item."""

    change: RuleChange
    moved: int
    """Other items whose type it would change."""


def offer(item: Known, known: Sequence[Known], rules: Rules) -> Offer | None:
    """The rule that a person may have meant who gave an item its type; None where its marks tell none.

    Of those that catch it and contradict nothing that people said, the one that catches most of what has no type yet;
    of equal ones the surest mark. It goes behind all others, or before the one that said otherwise.
    """
    if item.said is None:
        return None
    plain = item._replace(said=None)
    if plain.type(rules) == item.said:
        return None
    wrong = plain.rule(rules)
    place = LAST if wrong is None else rules.index(wrong) + 1
    others = [one for one in known if one.key != item.key]
    found = (rule for rule in _candidates(item) if not _is_taken(rule, rules))
    ranked = [(_gain(rule, others, rules), -order, rule) for order, rule in enumerate(found)]
    fitting = [(gain, order, rule) for gain, order, rule in ranked if gain is not None]
    if not fitting:
        return _of_repository(item, others, rules, place)
    *_, rule = max(fitting, key=lambda one: one[:2])
    return _offered(rule, place, others, rules)


def _is_taken(rule: Rule, rules: Rules) -> bool:
    """Whether another rule tells something of the same mark already."""
    ((mark, (pattern,)),) = rule.marks
    alone = {"labels": frozenset((pattern,))} if mark == LABEL else {mark: pattern}
    return first_match(rules, Marks("", **alone)) is not None


def _offered(rule: Rule, place: int, others: Sequence[Known], rules: Rules) -> Offer:
    change = RuleChange(ADD, rule, to=place)
    return Offer(change, len(moves(others, rules, changed(rules, change, ()))))


def _gain(rule: Rule, others: Iterable[Known], rules: Rules) -> int | None:
    """How much that has no type yet a rule would catch; None where it contradicts what is known."""
    types = Counter((one.said is not None, one.type(rules)) for one in others if _catches(rule, one))
    said = sum(n for (by_a_person, kind), n in types.items() if by_a_person and kind != rule.type)
    told = {kind: types[True, kind] + types[False, kind] for _, kind in types if kind != UNCLASSIFIED}
    alike = told.get(rule.type, 0) + 1  # the item itself
    if said or alike < ALIKE * (sum(told.values()) + 1):
        return None
    return types[False, UNCLASSIFIED]


def _catches(rule: Rule, one: Known) -> bool:
    return any(first_match((rule,), marks) for marks in one.marks)


def _candidates(item: Known) -> Iterator[Rule]:
    """The rules that an item's marks suggest, the surest first."""
    for told in _SUGGESTED:
        for marks in item.marks:
            for mark, pattern in told(marks):
                yield Rule(item.said or "", ((mark, (pattern,)),))


Suggested: TypeAlias = Iterator[tuple[str, str]]


def _by_label(marks: Marks) -> Suggested:
    for label in sorted(marks.labels):
        yield from ((LABEL, name) for name in dict.fromkeys((label, bare(label))) if _can_be_typed(name))


def _can_be_typed(text: str) -> bool:
    return text.isprintable() and bool(text.strip("* ")) and not ('"' in text and "'" in text)


def _by_issue_type(marks: Marks) -> Suggested:
    yield from ((ISSUE_TYPE, text) for text in marks.of(ISSUE_TYPE) if _can_be_typed(text))


def _by_title(marks: Marks) -> Suggested:
    if found := _PREFIX.match(marks.title):
        yield TITLE, f"{found[1]}:"
    elif (found := _BRACKETS.match(marks.title)) and _can_be_typed(found[0]):
        yield TITLE, found[0]


def _by_branch(marks: Marks) -> Suggested:
    if found := _FOLDER.match(marks.branch):
        yield BRANCH, found[0]


def _by_first_word(marks: Marks) -> Suggested:
    if found := _WORD.match(marks.title):
        yield TITLE, f"{found[1]} *"


_SUGGESTED: tuple[Callable[[Marks], Suggested], ...] = (
    _by_label, _by_issue_type, _by_title, _by_branch, _by_first_word,
)  # fmt: skip


def _of_repository(item: Known, others: Sequence[Known], rules: Rules, place: int) -> Offer | None:
    """That all of a repository is of a type, once people said so of several items and of none otherwise."""
    rule = Rule(item.said or "", ((REPO, (item.key[1],)),))
    said = Counter(one.said for one in others if one.said is not None and one.key[1] == item.key[1])
    if place != LAST or rule in rules or set(said) != {item.said} or said.total() + 1 < ENOUGH:
        return None
    return _offered(rule, place, others, rules)
