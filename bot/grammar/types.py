"""What the words behind `/flow types` and `/flow mix` mean: rules of types, and the shares that are wanted of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.flow.mix import NAMES, Band
from bot.flow.teaching import ADD, FIRST, LAST, MOVE, REMOVE, RESET, RuleChange
from bot.flow.types import BRANCH, ISSUE_TYPE, LABEL, MARKS, REPO, TITLE, TYPED_AS, Rule
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK
from bot.grammar.kinds import ItemKind
from bot.grammar.values import Misread, MixWords, TypeWords
from bot.policy_types import LONGEST, MOST_PATTERNS, band, patterns

_TYPES = {
    FEATURE: FEATURE, "features": FEATURE, DEFECT: DEFECT, "defects": DEFECT, "bug": DEFECT, "bugs": DEFECT,
    RISK: RISK, "risks": RISK, DEBT: DEBT, "debts": DEBT,
}  # fmt: skip
_MARKS = {
    LABEL: LABEL, "labels": LABEL, ISSUE_TYPE: ISSUE_TYPE, "issue-type": ISSUE_TYPE, "type": ISSUE_TYPE, TITLE: TITLE,
    BRANCH: BRANCH, REPO: REPO, "repository": REPO,
}  # fmt: skip
ALLOWED = (
    "Allowed are nothing, a value stream, a repository or an item; `rules` for all of them; `add` with a type "
    "(`feature`, `defect`, `risk`, `debt`) and what it is told by (`label`, `issue-type`, `title`, `branch` or `repo`, "
    "each with a pattern; `or` between several), and `last` or `before` a number where it is not to go first; `remove` "
    "with a number; `move` with a number and `first`, `last` or `before` a number; `reset`."
)
_ALLOWED_TYPES = "Allowed are `feature`, `defect`, `risk` and `debt`."
_ALLOWED_MARKS = "Allowed are `label`, `issue-type`, `title`, `branch` and `repo`, each with a pattern."
_ALLOWED_NUMBERS = "Allowed is its number, from 1; `/flow types rules` shows them."
ALLOWED_MIX = (
    "Allowed are a value stream or a repository (or nothing, for all), and behind it pairs of `features`, `defects`, "
    "`risks` or `debt` and a share in percent: `50-70`, `at least 50`, `at most 20`, `none`; or `reset`."
)
_OVER = "over"
"""Before the state of the rules that a button's question was made for."""
_MOST = 100
"""Percent."""


def type_words(words: tuple[str, ...]) -> TypeWords:
    """A value stream or a repository, or a change of the rules. Raises Misread."""
    act = words[0].casefold() if words else ""
    if act == "rules":
        return TypeWords(words[1:], rules=True)
    item = ItemKind().read(words[0]) if len(words) == 1 else None
    if item is not None:
        return TypeWords((), item=item)
    if act not in (ADD, REMOVE, MOVE, RESET):
        return TypeWords(words)
    rest, over = list(words[1:]), ""
    if len(rest) > 1 and rest[-2] == _OVER:
        over, rest = rest[-1], rest[:-2]
    change = _added(rest) if act == ADD else RuleChange(RESET) if act == RESET else _numbered(act, rest)
    if rest:
        raise _wrong(f"“{' '.join(rest)}” is too much.")
    return TypeWords((), change, over)


def _wrong(problem: str) -> Misread:
    return Misread(problem, allowed=ALLOWED)


def _numbered(act: str, words: list[str]) -> RuleChange:
    number = _number(words, f"Which rule to {act}")
    if act == REMOVE:
        return RuleChange(REMOVE, number=number)
    if words and words[0].casefold() == "to":
        words.pop(0)
    to = _place(words)
    if to is None:
        problem = f"Where to move rule {number} is missing."
        raise Misread(problem, allowed="Allowed are `first`, `last` and `before` a number.")
    return RuleChange(MOVE, number=number, to=to)


def _number(words: list[str], what: str) -> int:
    """The number of a rule that words begin with, which is taken off. Raises Misread."""
    if not words:
        raise Misread(f"{what} is missing.", allowed=_ALLOWED_NUMBERS)
    word = words.pop(0).removeprefix("#")
    if not re.fullmatch(r"[0-9]{1,4}", word) or not int(word):
        raise Misread(f"“{word}” is no number of a rule.", allowed=_ALLOWED_NUMBERS)
    return int(word)


def _place(words: list[str]) -> int | None:
    """The place that words begin with, which is taken off; None where they begin with none. Raises Misread."""
    word = words[0].casefold() if words else ""
    if word not in ("first", "last", "before"):
        return None
    words.pop(0)
    return _number(words, "Before which rule") if word == "before" else FIRST if word == "first" else LAST


def _added(words: list[str]) -> RuleChange:
    if not words:
        raise _wrong("What to add is missing.")
    kind = _TYPES.get(words[0].casefold())
    if kind is None:
        raise Misread(f"“{words[0]}” is no type of work.", allowed=_ALLOWED_TYPES)
    words.pop(0)
    found: dict[str, tuple[str, ...]] = {}
    while words and (mark := _MARKS.get(words[0].casefold())):
        word = words.pop(0)
        if mark in found:
            raise _wrong(f"“{word}” stands there twice.")
        found[mark] = _patterns(word, words)
    if not found:
        problem = f"“{words[0]}” is nothing a type is told by." if words else f"What tells a {kind} is missing."
        raise Misread(problem, allowed=_ALLOWED_MARKS)
    place = _place(words)
    rule = Rule(kind, tuple((mark, found[mark]) for mark in MARKS if mark in found))
    return RuleChange(ADD, rule, to=FIRST if place is None else place)


def _patterns(mark: str, words: list[str]) -> tuple[str, ...]:
    """The patterns that words begin with, which are taken off. Raises Misread."""
    if not words:
        raise Misread(f"The pattern behind “{mark}” is missing.", allowed=_ALLOWED_MARKS)
    found = [words.pop(0)]
    while len(words) > 1 and words[0].casefold() == "or":
        found.append(words[1])
        del words[:2]
    try:
        return patterns(found)
    except ValueError:
        raise Misread(
            f"“{' or '.join(found)}” can't be taken behind “{mark}”.",
            allowed=f"Allowed are up to {MOST_PATTERNS} patterns of up to {LONGEST} characters; `*` stands for "
            "anything, but not alone.",
        ) from None


def typed_rule(rule: Rule) -> str:
    """A rule as it is typed."""
    told = (f"{TYPED_AS[mark]} {' or '.join(map(_typed, some))}" for mark, some in rule.marks)
    return " ".join([rule.type, *told])


def _typed(pattern: str) -> str:
    if '"' in pattern:
        return f"'{pattern}'"
    return pattern if re.fullmatch(r"[\w*./:#@+-]+", pattern) else f'"{pattern}"'


def typed_change(change: RuleChange, over: str) -> str:
    """A change as `type_words` reads it, made for the rules whose state is `over`."""
    place = "last" if change.to == LAST else f"before {change.to}"
    told = {
        ADD: [typed_rule(change.rule), place] if change.rule else [],
        REMOVE: [str(change.number)],
        MOVE: [str(change.number), place],
    }.get(change.act, [])
    return " ".join([change.act, *told, _OVER, over])


def mix_words(words: tuple[str, ...]) -> MixWords:
    """A value stream or a repository or neither, and the shares that are wanted; none where it is asked what holds.

    Raises Misread.
    """
    first = next((place for place, word in enumerate(words) if word.casefold() in (*_TYPES, RESET)), len(words))
    about, rest = words[:first], list(words[first:])
    if rest and rest[0].casefold() == RESET:
        if rest[1:]:
            raise Misread(f"“{' '.join(rest[1:])}” is too much behind “{rest[0]}”.", allowed=ALLOWED_MIX)
        return MixWords(about, {}, reset=True)
    bands: dict[str, Band | None] = {}
    while rest:
        word = rest.pop(0)
        kind = _TYPES.get(word.casefold())
        if kind is None:
            raise Misread(f"“{word}” is no type of work.", allowed=ALLOWED_MIX)
        if kind in bands:
            raise Misread(f"“{word}” stands there twice.", allowed=ALLOWED_MIX)
        bands[kind] = _share(word, rest)
    return MixWords(about, bands)


def _share(kind: str, words: list[str]) -> Band | None:
    """The share that words begin with, which is taken off; None for any. Raises Misread."""
    if not words:
        raise Misread(f"The share of “{kind}” is missing.", allowed=ALLOWED_MIX)
    word = words.pop(0).casefold()
    if word in ("none", "any"):
        return None
    if word == "at" and words and words[0].casefold() in ("least", "most"):
        least = words.pop(0).casefold() == "least"
        return _bound(kind, words.pop(0) if words else "", least=least)
    try:
        return band(word)
    except ValueError:
        raise Misread(f"“{word}” is no share of “{kind}”.", allowed=ALLOWED_MIX) from None


def _bound(kind: str, word: str, *, least: bool) -> Band:
    if not word:
        raise Misread(f"The share of “{kind}” is missing.", allowed=ALLOWED_MIX)
    found = re.fullmatch(r"(\d{1,3})%?", word)
    if found is None or int(found[1]) > _MOST:
        raise Misread(f"“{word}” is no share of “{kind}”.", allowed=ALLOWED_MIX)
    return Band(int(found[1]), _MOST) if least else Band(0, int(found[1]))


def typed_mix(bands: Mapping[str, Band | None]) -> Sequence[str]:
    """Shares as `mix_words` reads them."""
    shares = ((NAMES[kind], one) for kind, one in bands.items())
    return [word for name, one in shares for word in (name, "none" if one is None else f"{one.least}-{one.most}")]
