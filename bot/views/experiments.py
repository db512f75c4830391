"""Experiments as people read them: how one stands, what came of it, all of them; and whether nudges help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from typing import NamedTuple

from bot.flow.bootstrap import FEWEST, MOST, Estimate
from bot.flow.experiments import DROPPED, FLOW_TIME, HELD, KEPT, KIND, LONGER, NOISE, PART, TOO_FEW, Half, Moved, Result
from bot.views.days import date_of, day_said
from bot.views.message import NAME, SECTION, TITLE, Block, Message, aside, bare, joined, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.people import account
from bot.views.phrases import when
from bot.views.words import counted, working

BEFORE = "the 90 days before"
_HOW = '`/flow try "pair on large changes" review -30% by 31 Jan` begins one.'
_SURE = "A comparison of before and after: what else changed meanwhile, nobody knows better than you."
_ENDED = {KEPT: "Kept", DROPPED: "Dropped"}
_LONGER_BY = (14, 28, 56)
"""Days that are offered when one goes on."""


class Shown(NamedTuple):
    """An experiment as it stands, or as it ended."""

    number: int
    tried: str
    sort: str
    name: str
    """Of the kind of wait or the stage."""
    where: str | None
    """A stream's or a repository's name; None for all repositories."""
    gone: bool
    """Whether the map it was about is no more."""
    began_at: int
    began_by: str
    """A Slack account."""
    until: date
    result: Result
    measured_at: int | None
    """When the result was measured for good; None while it changes."""
    ending: str | None
    """KEPT, DROPPED, or None while it goes on."""
    ended_at: int | None
    ended_by: str | None


def lines_of(one: Shown, today: date) -> list[str]:
    """An experiment under way in two or three lines, for a digest: nobody's name is in them."""
    chance = one.result.verdict == NOISE and one.measured_at is None
    by = f"{'so far that may be chance; ' if chance else ''}asked: {one.result.goal}% by {day_said(one.until, today)}"
    return [f"{_head(one)}:", f"{_compared(one.result)}; {by}.", *_open(one.result)]


def _head(one: Shown) -> str:
    return f"*{plain(one.tried, TITLE)}* ({_about(one)})"


def _about(one: Shown) -> str:
    where = "all repositories" if one.where is None else plain(one.where, NAME)
    return f"{_called(one)} in {where}"


def _called(one: Shown) -> str:
    return one.name.replace("_", "-") if one.sort == KIND else plain(one.name, NAME)


def _compared(told: Result) -> str:
    """`half took up to 26h of working time (n 34) before, half up to 9h (n 12) since: -65% (…)`"""
    said = _lacking(told) if told.change is None else _change(told.change)
    return f"{_halves(told.before, told.after)}: {said}"


def _halves(before: Half, after: Half) -> str:
    return f"{_half(before, 'took up to', ' of working time')} before, {_half(after, 'up to')} since"


def _half(half: Half, took: str, unit: str = "") -> str:
    return "none ended" if half.median is None else f"half {took} {working(half.median)}{unit} (n {half.n:,})"


def _lacking(told: Result) -> str:
    few = min(told.before.n, told.after.n) < FEWEST
    return f"too few to tell, {FEWEST} on each side are needed" if few else "nothing that could be shorter"


def _change(change: Estimate) -> str:
    return f"{_percent(change.value)} (95% interval {_percent(change.low)} to {_percent(change.high)})"


def _percent(share: float) -> str:
    if share >= MOST:
        return "a hundredfold"
    return f"{share:+.0%}" if round(share * 100) else "0%"


def _open(told: Result) -> list[str]:
    if not told.open:
        return []
    limit = told.before.median
    which = "" if told.open == told.overdue else f"{told.overdue:,} of them "
    longer = f", {which}for longer than {working(limit)} by now" if told.overdue and limit else ""
    return [f"{told.open:,} {'is' if told.open == 1 else 'are'} not over yet{longer}."]


def begun(one: Shown, today: date, channel: str | None) -> Message:
    """What is being tried from now on, and what it is compared with."""
    before = one.result.before
    lines = [
        f"*{plain(one.tried, TITLE)}* is being tried, as experiment {one.number}: {_called(one)} "
        f"{one.result.goal}% by {day_said(one.until, today)}, in {_about(one).partition(' in ')[2]}.",
        f"In {BEFORE}, {_half(before, 'took up to', ' of working time')}; that is what it will be compared with.",
    ]
    if before.n < FEWEST:
        lines.append(f"That is few: of fewer than {FEWEST} nobody can tell noise from a change.")
    also = f" and <#{channel}> hears" if channel else ""
    lines.append(f"On that day you hear{also} whether it held.")
    text = joined(lines)
    return Message(bare(text), (section(text), _row(_show(one), _drop(one))))


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _show(one: Shown) -> Block:
    return ask_button("Show", Again(f"experiments {one.number}"))


def _drop(one: Shown) -> Block:
    return ask_button("Drop it", Again(f"experiments drop {one.number}", sure=True))


def _answers(one: Shown) -> list[Block]:
    """The buttons of one that goes on."""
    if one.ending is not None:
        return []
    keep = ask_button("Keep it", Again(f"experiments keep {one.number}", sure=True))
    return [_row(keep, _drop(one), ask_button("Extend", Again(f"experiments extend {one.number}")))]


VERDICTS = {
    HELD: "It held.",
    PART: "It takes less time, though not as much less as was asked for.",
    NOISE: "No change beyond noise: what there is may be chance.",
    LONGER: "It takes longer than before.",
    TOO_FEW: "Too little happened to tell.",
}


def outcome(one: Shown, zone: tzinfo, now: int) -> Message:
    """What came of an experiment on its day, with buttons for what becomes of it."""
    return _told([f"The day of an experiment has come: *{plain(one.tried, TITLE)}* ({_about(one)})."], one, zone, now)


def goes_on(tried: str) -> Message:
    """Takes the place of what came of an experiment that was extended."""
    text = f"*{plain(tried, TITLE)}* goes on: another day is set for it. `/flow experiments` shows how it stands."
    return Message(bare(text), (section(text),))


def experiment(one: Shown, zone: tzinfo, now: int) -> Message:
    """One experiment, for whoever asks."""
    began = f"Begun by {account(one.began_by)} on {when(one.began_at, zone, now)}."
    return _told([f"*{plain(one.tried, TITLE)}* ({_about(one)}), experiment {one.number}. {began}"], one, zone, now)


def _told(lines: list[str], one: Shown, zone: tzinfo, now: int) -> Message:
    told, today = one.result, date_of(now, zone)
    if one.gone:
        lines.append("The map it was about is gone, so nothing more is learnt of it.")
    asked = f"Asked for: {told.goal}% by {day_said(one.until, today)}."
    known = _compared(told)
    verdict = f"So far {known}" if one.measured_at is None else f"*{VERDICTS[told.verdict]}* {known.capitalize()}"
    lines.append(f"{verdict}. {asked}")
    lines += [*_open(told), *_beside(one), *_ending(one, zone, now)]
    text = joined(lines, SECTION)
    return Message(joined([bare(line) for line in lines]), (section(text), *_answers(one), aside(_SURE)))


def _beside(one: Shown) -> list[str]:
    if one.result.change is None:
        return []
    if not one.result.moved:
        return ["Nothing else moved by more than noise."]
    return ["What else moved:", *(f"• {_moved(moved, one.sort)}" for moved in one.result.moved)]


def _moved(one: Moved, sort: str) -> str:
    name = one.name.replace("_", "-") if sort == KIND and one.name != FLOW_TIME else plain(one.name, NAME)
    return f"{name}: {_halves(one.before, one.after)}, {_percent(one.change.value)}"


def _ending(one: Shown, zone: tzinfo, now: int) -> list[str]:
    if one.ending is None or one.ended_at is None:
        return []
    by = f" by {account(one.ended_by)}" if one.ended_by else ""
    return [f"{_ENDED[one.ending]}{by} on {when(one.ended_at, zone, now)}."]


def ended(one: Shown, *, now_: bool) -> Message:
    """What became of an experiment; `now_` is False where it had ended before."""
    verb = "kept" if one.ending == KEPT else "dropped"
    text = f"*{plain(one.tried, TITLE)}* is {verb}{'' if now_ else ' already'}. {VERDICTS[one.result.verdict]}"
    return Message(bare(text), (section(text), _row(_show(one), _all())))


def _all() -> Block:
    return ask_button("All experiments", Again("experiments"))


def extending(one: Shown, today: date) -> Message:
    """Until when one goes on is asked."""
    text = (
        f"Until when does *{plain(one.tried, TITLE)}* go on? Pick one, or say it: "
        f"`/flow experiments extend {one.number} by DAY`."
    )
    days = [max(today, one.until) + timedelta(days=more) for more in _LONGER_BY]
    buttons = [
        ask_button(f"Until {day_said(day, today)}", Again(f"experiments extend {one.number} by {day}")) for day in days
    ]
    return Message(bare(text), (section(text), _row(*buttons)))


def extended(one: Shown, today: date) -> Message:
    """Until when it goes on."""
    text = f"*{plain(one.tried, TITLE)}* goes on until {day_said(one.until, today)}; it is compared with the same days."
    return Message(bare(text), (section(text), _row(_show(one), _all())))


def experiments(told: Sequence[Shown], asked: Again, today: date) -> Message:
    """All experiments by pages: those that go on, then those that ended and what they brought."""
    if not told:
        text = f"Nothing is being tried, and nothing was. {_HOW}"
        return Message(bare(text), (section(text),))
    going = sum(one.ending is None for one in told)
    opening = f"{counted(going, 'experiment')} under way, {len(told) - going:,} ended. {_HOW}"
    page = page_of(sorted(told, key=lambda one: one.ending is not None), asked)
    lines = [_listed(one, today) for one in page.shown]
    blocks = [
        {**section(joined(some, SECTION)), "accessory": _show(one)} for some, one in zip(lines, page.shown, strict=True)
    ]
    said = [opening, *(line for some in lines for line in some), *page.said]
    return Message(joined([bare(line) for line in said]), (section(opening), *blocks, *page.blocks))


def _listed(one: Shown, today: date) -> list[str]:
    _, *rest = lines_of(one, today)
    if one.ending is not None:
        return [f"{_head(one)}: {_ENDED[one.ending].lower()}. {VERDICTS[one.result.verdict]}", rest[0]]
    come = f" its day has come. {VERDICTS[one.result.verdict]}" if one.measured_at is not None else ""
    return [f"{_head(one)}:{come}", *rest]
