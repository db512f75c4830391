"""The verbs about what work is for, and what the words behind a key result mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.flow import amounts
from bot.flow.amounts import Amount, amount_of, same_unit
from bot.flow.value import RULES
from bot.grammar.days import ALLOWED as ALLOWED_DAYS
from bot.grammar.days import days_words
from bot.grammar.kinds import AnyWord, PersonKind
from bot.grammar.values import DayWords, Misread, StreamWords
from bot.grammar.verb import Takes, Verb

OUTCOMES, OUTCOME, RESULT, TRACE, UNTRACE = "outcomes", "outcome", "result", "trace", "untrace"
DROP = "drop"

_OF_OUTCOME = (
    "Allowed are a value stream's name and what it is for; or, for one more outcome of it, a name with a colon and "
    "what that is for; or an outcome's name, and nothing behind it, other words for it, or `drop`."
)
_OF_RESULT = (
    "Allowed are a key result's name and its number now; or, for a new one, an outcome, a name, the number it begins "
    "with `to` the one it is to come to with their unit, `by` a day, and the `@person` who is asked for it; or `drop`."
)
_OF_TRACE = (
    "Allowed are an item (a link to it, or `acme/shop#12`), `label NAME` or `milestone NAME`, and behind it the "
    "outcome or key result it is for."
)
_OF_UNTRACE = "Allowed are an item and, where it is traced to several, which; or `label NAME` or `milestone NAME`."

VALUE = (
    Verb(
        OUTCOMES, "shows what work is for: the outcomes, whether the numbers of their key results moved, and which "
        "share of the work done is traced to each",
        ("/flow outcomes", "outcomes, their key results, and the work traced to them"),
        ("/flow outcomes Shop", "those of one value stream"),
        takes=(Takes("[STREAM]", AnyWord("Allowed is a value stream's name, or nothing."), many=True),),
        means=StreamWords, press="Outcomes",
    ),
    Verb(
        OUTCOME, "says what a value stream is for, in words of yours; it may have several outcomes",
        ("/flow outcome Shop We win when a shopper finds what fits", "what a value stream is for"),
        ("/flow outcome Shop Coming back: We win when customers buy again", "one more outcome of it, with a name"),
        ("/flow outcome Coming back drop", "this one no more"),
        takes=(Takes("STREAM|OUTCOME [[NAME:] WORDS | drop]", AnyWord(_OF_OUTCOME), needed=True, many=True),),
        means=StreamWords,
    ),
    Verb(
        RESULT, "shows or sets a key result of an outcome: a number that is to move, which its owner is asked for once "
        "a month",
        ("/flow result Returning customers 24%", "its number is 24% now"),
        ("/flow result Returning customers", "where it stands, and who gave which number"),
        ("/flow result Returning customers drop", "this one no more"),
        ("/flow result Shop Returning customers 21 to 35% by 2027-03-31 @bob",
         "a key result of an outcome: from what to what, by when, and who is asked"),
        takes=(
            Takes("[OUTCOME] NAME [NUMBER | NUMBER to NUMBER [by DAY] [@person] | drop]", AnyWord(_OF_RESULT),
                  needed=True, many=True),
        ), means=StreamWords,
    ),
    Verb(
        TRACE, "traces work to an outcome or a key result: one item with all that is below it, or all items that carry "
        "a label or a milestone",
        ("/flow trace acme/shop#12 Returning customers", "an item, and the parts it has, is for this"),
        ("/flow trace", "what traces work by itself, and what is traced to nothing"),
        ("/flow trace milestone Spring Shop", "all with this milestone is for that outcome"),
        ("/flow trace label checkout Returning customers", "all with this label is for that, after you saw how much"),
        takes=(Takes("[ITEM | label NAME | milestone NAME] [OUTCOME|RESULT]", AnyWord(_OF_TRACE), many=True),),
        means=StreamWords,
    ),
    Verb(
        UNTRACE, "takes it back that an item, a label or a milestone is for something",
        ("/flow untrace acme/shop#12", "this item is for nothing that was said"),
        ("/flow untrace label checkout", "this label tells nothing any more"),
        takes=(Takes("ITEM | label NAME | milestone NAME [OUTCOME|RESULT]", AnyWord(_OF_UNTRACE), needed=True,
                     many=True),), means=StreamWords,
    ),
)  # fmt: skip


class ResultWords(NamedTuple):
    """What is said of a key result; None where it is left as it is."""

    first: Amount | None = None
    """Its number now, or the one it begins with where there is a `target`."""
    target: Amount | None = None
    until: DayWords | None = None
    owner: str | None = None
    """A Slack account."""

    @property
    def unit(self) -> str | None:
        """Of its numbers; None where none was said."""
        return next((one.unit for one in (self.target, self.first) if one is not None and one.unit), None)


_PERSON = PersonKind()
_NUMBER = re.compile(rf"[{amounts.SIGNS}]?[-+−]?\d.*")
_TO = ("to", "→", "->")


def name_and_rest(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """(the name of a new key result, the words about it): it ends before the first number or person."""
    for place, word in enumerate(words):
        if place and (_NUMBER.fullmatch(word) or _PERSON.read(word)):
            return " ".join(words[:place]), tuple(words[place:])
    return " ".join(words), ()


def result_words(words: Sequence[str]) -> ResultWords:
    """Read the words behind a key result's name. Raises Misread."""
    owners = [word for word in words if _PERSON.read(word)]
    if len(owners) > 1:
        raise Misread("That names more than one person; one is asked for the number.", RESULT)
    left = [word for word in words if word not in owners]
    by = next((place for place, word in enumerate(left) if word.casefold() == "by"), len(left))
    numbers, day = left[:by], left[by + 1 :]
    if by < len(left) and not day:
        raise Misread("The day behind “by” is missing.", RESULT, ALLOWED_DAYS)
    until = days_words(" ".join(day)) if day else None
    return ResultWords(*_numbers(numbers), until, _PERSON.read(owners[0]) if owners else None)


def _numbers(words: Sequence[str]) -> tuple[Amount | None, Amount | None]:
    """(the first number, the one it is to come to)"""
    told = [*words[1:]] if words and words[0].casefold() == "from" else [*words]
    if not told:
        return None, None
    to = next((place for place, word in enumerate(told) if word.casefold() in _TO), None)
    if to is None:
        return _amount(told), None
    first = _amount(told[:to]) if to else None
    target = _amount(told[to + 1 :])
    if first is not None and not same_unit(first.unit, target.unit):
        raise Misread(f"“{' '.join(told)}” has two units.", RESULT, amounts.ALLOWED)
    return first, target


def _amount(words: Sequence[str]) -> Amount:
    text = " ".join(words)
    found = amount_of(text)
    if found is None:
        problem = f"“{text[:60]}” is no number." if text else "The number behind “to” is missing."
        raise Misread(problem, RESULT, amounts.ALLOWED)
    return found


def rule_words(words: Sequence[str]) -> str | None:
    """The kind of rule that words begin with; None where they are about an item."""
    kind = words[0].casefold().rstrip(":") if words else ""
    return kind if kind in RULES else None
