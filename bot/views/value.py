"""What work is for, as people read it: outcomes, key results, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from bot.flow.amounts import said as number
from bot.flow.value import KeyResult, Outcome
from bot.views.days import date_of, day_said
from bot.views.ids import NUMBER_GIVEN, NUMBER_SAVED
from bot.views.message import NAME, SECTION, Block, Message, aside, bare, joined, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.people import account
from bot.views.streams import LOOKED, WORDS, label, row
from bot.views.words import counted

MOST_SAID = 950
"""Characters of an outcome with its key results: ten of them fit a message."""
MOST_GIVEN = 6
"""Numbers of a key result that are shown."""
_WHO = "Slack's administrators and owners, and those they name, can say so; `/flow admins` lists who they named."
_HOW = (
    "`/flow outcome STREAM WORDS` says what a value stream is for, and `/flow result` gives that a number that is to "
    "move; `/flow help outcome` and `/flow help result` have examples."
)


class ShownResult(NamedTuple):
    """A key result with its outcome, and when its owner was asked for a number that did not come yet."""

    result: KeyResult
    outcome: Outcome
    asked_at: int | None


class ShownOutcome(NamedTuple):
    """An outcome, and how many of the items that its stream got done are traced to it."""

    outcome: Outcome
    results: Sequence[ShownResult]
    traced: int
    done: int


class Share(NamedTuple):
    """How much of the work that a stream got done is traced to any outcome."""

    stream: str
    done: int
    traced: int


class Listed(NamedTuple):
    """Outcomes, with the shares of their streams."""

    outcomes: Sequence[ShownOutcome]
    shares: Sequence[Share]
    mapped: bool
    """Whether there is a value stream that could have outcomes."""


def outcomes(told: Listed, asked: Again, zone: tzinfo, now: int) -> Message:
    """The outcomes by pages: words, key results with their numbers, and the share of work traced to each."""
    if not told.outcomes:
        lead = "Nothing is said yet of what work is for." if told.mapped else "No value stream is mapped yet."
        text = f"{lead} {_HOW if told.mapped else '`/flow map NAME` maps one, and asks what it is for.'}"
        return Message(bare(text), (section(text),))
    page = page_of(told.outcomes, asked)
    shown = [_outcome(one, zone, now) for one in page.shown]
    here = {one.outcome.stream_name for one in page.shown}
    shares = [share(one) for one in told.shares if one.stream in here]
    blocks = [*map(section, shown), section("\n".join(shares)), aside(_NOTE)]
    buttons = row(ask_button("What is traced to nothing", Again("trace")))
    return Message(bare(joined([*shown, *shares, *page.said])), (*blocks, *page.blocks, buttons))


_NOTE = "*Verified* means that a number moved the way it was to move. An item may be for several outcomes."


def _outcome(one: ShownOutcome, zone: tzinfo, now: int) -> str:
    lines = [*heading(one.outcome), *(f"• {_result(shown, zone, now)}" for shown in one.results)]
    if not one.results:
        lines.append("No key result yet, so nothing can verify it.")
    return f"{joined(lines, MOST_SAID)}\n{_work(one)}"


def _work(one: ShownOutcome) -> str:
    """How much of the stream's work is for an outcome."""
    if not one.done:
        return f"No work was done in {LOOKED}."
    part = f"{one.traced:,} of {counted(one.done, 'item')} done in {LOOKED}"
    return f"{part} ({one.traced / one.done:.0%}) {'is' if one.traced == 1 else 'are'} traced to it."


def heading(one: Outcome) -> list[str]:
    """The outcome's name, its stream and customers, and its words."""
    of = "" if one.id == one.stream else f" · an outcome of {plain(one.stream_name, NAME)}"
    whose = f" · for {', '.join(plain(name, NAME) for name in one.segments)}" if one.segments else ""
    words = plain(one.text, WORDS) if one.text else "_What it is for is not said._"
    return [f"*{plain(one.name, NAME)}*{of}{whose}", words]


def _result(one: ShownResult, zone: tzinfo, now: int) -> str:
    result = one.result
    name = f"*{plain(result.name, NAME)}*"
    return f"{name}: {way(result, zone, now)}. {standing(result, zone, now)}{_unanswered(one, zone, now)}"


def way(result: KeyResult, zone: tzinfo, now: int) -> str:
    """`from 21% to 35% by Wednesday 31 March 2027`"""
    by = f" by {day_said(result.until, date_of(now, zone))}" if result.until else ""
    return f"from {number_of(result, result.baseline)} to {number_of(result, result.target)}{by}"


def number_of(result: KeyResult, value: Decimal) -> str:
    """A number with the key result's unit."""
    return plain(number(value, result.unit), NAME)


def standing(result: KeyResult, zone: tzinfo, now: int, *, lasting: bool = False) -> str:
    """Where the number stands, and whether that verifies anything; `lasting` words are right on another day, too."""
    latest, gone = result.latest, result.progress
    if latest is None or gone is None:
        return f"Not verified: no number was given since it began at {number_of(result, result.baseline)}."
    given = (
        f"*{number_of(result, latest.number)}* {_on(latest.at, zone, now, lasting=lasting)}, by {account(latest.by)}"
    )
    if result.reached:
        return f"Reached, and so verified: {given}."
    if result.verified:
        return f"Verified: {given}, {gone:.0%} of the way."
    moved = "no nearer than at the beginning" if not gone else "farther away than at the beginning"
    return f"Not verified: {given}, {moved}."


def _on(at: int, zone: tzinfo, now: int, *, lasting: bool = False) -> str:
    """`today`, or `on Friday 4 December`, on the reader's calendar; `lasting` words name the day in any case."""
    day, today = date_of(at, zone), date_of(now, zone)
    if day == today and not lasting:
        return "today"
    return f"on {day_said(day, today if day != today else today - timedelta(days=1))}"


def _unanswered(one: ShownResult, zone: tzinfo, now: int) -> str:
    if one.asked_at is None:
        return ""
    return f" {account(one.result.owner)} was asked {_on(one.asked_at, zone, now)}; no answer yet."


def share(one: Share) -> str:
    """How much of the work of a stream is for nothing that was said."""
    name, none = plain(one.stream, NAME), one.done - one.traced
    if not one.done:
        return f"{name}: no work was done in {LOOKED}."
    share = f"{none:,} of {counted(one.done, 'item')} done in {LOOKED} ({none / one.done:.0%})"
    return f"{name}: {share} {'is' if none == 1 else 'are'} traced to no outcome."


def result(one: ShownResult, may_give: bool, zone: tzinfo, now: int) -> Message:
    """A key result: where it stands, the numbers that were given, and room for the next where the reader may."""
    told = one.result
    name = f"*{plain(told.name, NAME)}*, {way(told, zone, now)}, for {plain(one.outcome.name, NAME)}."
    lines = [name, standing(told, zone, now) + _unanswered(one, zone, now), *_history(told, zone, now)]
    lines.append(f"{account(told.owner)} is asked for its number once a month.")
    giving = number_blocks(told) if may_give else []
    back = row(ask_button("All outcomes", Again("outcomes")))
    return Message(bare(joined(lines)), (section(joined(lines, SECTION)), *giving, back))


def _history(told: KeyResult, zone: tzinfo, now: int) -> list[str]:
    if len(told.given) < 2:
        return []
    shown = [f"{number_of(told, one.number)} ({_on(one.at, zone, now)}, {account(one.by)})"
             for one in reversed(told.given[-MOST_GIVEN:])]  # fmt: skip
    more = f"; {len(told.given) - MOST_GIVEN} more before" if told.given[MOST_GIVEN:] else ""
    return [f"Numbers, latest first: {', '.join(shown)}{more}."]


def number_blocks(told: KeyResult) -> list[Block]:
    """One input for a number, sent off by Enter or by the button."""
    unit = f", in {told.unit}" if told.unit else ""
    element = {
        "type": "plain_text_input", "action_id": NUMBER_GIVEN, "max_length": 40,
        "placeholder": label("A number"),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }  # fmt: skip
    asked: Block = {
        "type": "input", "block_id": f"{_INPUT}{told.id}", "dispatch_action": True, "element": element,
        "label": label(f"Its number now{unit}"),
    }  # fmt: skip
    save = {"type": "button", "action_id": NUMBER_SAVED, "text": label("Save"), "style": "primary", "value": told.id}
    return [asked, {"type": "actions", "block_id": f"{_SAVE}{told.id}", "elements": [save]}]


_INPUT, _SAVE = "number:", "number_save:"


def number_sent(body: Mapping[str, Any]) -> tuple[str, str]:
    """(the key result's id, what was typed) of a press of Enter in the input, or of its button."""
    block = str(body["actions"][0].get("block_id") or "")
    id_ = block.removeprefix(_INPUT if block.startswith(_INPUT) else _SAVE)
    held = ((body.get("state") or {}).get("values") or {}).get(f"{_INPUT}{id_}") or {}
    typed = body["actions"][0].get("value") if block.startswith(_INPUT) else (held.get(NUMBER_GIVEN) or {}).get("value")
    return id_, str(typed or "").strip()


def noted(one: ShownResult, zone: tzinfo, now: int) -> Message:
    """A number was given."""
    told = one.result
    text = f"Thank you. *{plain(told.name, NAME)}*, {way(told, zone, now)}. {standing(told, zone, now)}"
    return Message(bare(text), (section(text),))


def question(told: KeyResult, outcome: Outcome, zone: tzinfo, now: int) -> Message:
    """To its owner: where does the number stand now?"""
    last = told.latest
    before = f", and was {number_of(told, last.number)} {_on(last.at, zone, now)}" if last else ""
    by = f" by {day_said(told.until, date_of(now, zone))}" if told.until else ""
    lines = [
        f"*{plain(told.name, NAME)}*: where does it stand now?",
        f"It began at {number_of(told, told.baseline)}{before}; it is to come to {number_of(told, told.target)}{by}. "
        f"That is how {plain(outcome.name, NAME)} knows whether its work helps.",
    ]
    why = "You are asked as its owner, once a month; `/flow result` can name somebody else."
    return Message(bare(joined([*lines, why])), (section("\n".join(lines)), *number_blocks(told), aside(why)))


def answered(told: KeyResult, zone: tzinfo, now: int) -> Message:
    """The same question once it was answered."""
    text = f"*{plain(told.name, NAME)}*: {standing(told, zone, now, lasting=True)}"
    return Message(bare(text), (section(text),))


def gone(name: str) -> Message:
    """The same question once nobody needs an answer any more."""
    text = f"*{plain(name, NAME)}*: its number is not needed any more."
    return Message(bare(text), (section(text),))


def to_confirm(lines: Sequence[str], again: str, may_confirm: bool, page: int | None = None) -> Message:
    """A change that is shown first; `again` is what is asked once it is confirmed, by whoever may."""
    if not may_confirm:
        told = [*lines, _WHO]
        return Message(bare(joined(told)), tuple(map(section, told)))
    yes = ask_button("Confirm", Again(again, page, sure=True), style="primary")
    leave = ask_button("Leave it", Again("outcomes"))
    return Message(bare(joined(list(lines))), (*map(section, lines), row(yes, leave)))


def said(text: str) -> Message:
    """One thing that was done; the names in it are escaped already."""
    return Message(bare(text), (section(text), row(ask_button("Show outcomes", Again("outcomes")))))
