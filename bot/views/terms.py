"""Answers about one's own terms: hours, days away, mutes, the morning message. Each says what holds now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from bot.views.days import Week, clock_said, day_said, moment_said, week_said
from bot.views.message import NAME, SECTION, Block, Message, aside, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.words import counted

MOST = 10
"""Mutes and planned absences told one by one; the rest is counted."""
_FROM = {
    "said": "set by you", "file": "from the policy file", "slack": "from Slack", "workspace": "as in the workspace",
}  # fmt: skip


class Away(NamedTuple):
    """A time away as instants; `end` is None while nobody knows it, `resumes` the first working instant after it."""

    start: int
    end: int | None
    resumes: int | None


class Mute(NamedTuple):
    """What somebody hears nothing of, and the last silent day (None: until they take it back)."""

    repo: str
    item: int | None
    until: date | None

    @property
    def name(self) -> str:
        return self.repo if self.item is None else f"{self.repo}#{self.item}"


def hours(
    week: Week, week_from: str, zone: tzinfo, zone_name: str, zone_from: str, country: str | None, now: int
) -> Message:  # fmt: skip
    """Working hours and zone, where each comes from, and what the clock shows there."""
    hours_are = f"{week_said(week)} ({_FROM[week_from]})"
    zone_is = f"{plain(zone_name, NAME)} ({_FROM[zone_from]}); it is {clock_said(now, zone)} there now"
    free = f" Public holidays of {plain(country, NAME)} are free." if country else ""
    small = f"You are nudged inside these hours alone, and only they count.{free}"
    how = "`/flow hours 9-17 Mon-Fri Europe/Berlin` sets them, `/flow hours reset` takes that back."
    blocks = (section(f"*Your hours*  {hours_are}\n*Your time zone*  {zone_is}"), aside(f"{small} {how}"))
    return Message(f"Your hours: {hours_are}. Your time zone: {zone_is}. {small}", blocks)


def away(said: Away, others: Sequence[Away], zone: tzinfo, now: int) -> Message:
    """What was just said, and what else is planned."""
    return _told([_absence(said, zone, now)], [said, *others], others, zone, now)


def back(
    ended: bool, by_status: bool, runs: int | None, planned: Sequence[Away], zone: tzinfo, now: int
) -> Message:  # fmt: skip
    """Whether an absence ended, when the clock runs again, and what is still planned."""
    if not ended:
        return _told(["You are not away now, as far as I know."], planned, planned, zone, now)
    again = "as of now" if runs == now else None if runs is None else f"from {moment_said(runs, zone, now)} on"
    lines = [f"Welcome back. Your clock runs again {again}." if again else "Welcome back."]
    if by_status:
        lines.append("Your Slack status may still say that you are away; I go by your word until it changes.")
    return _told(lines, planned, planned, zone, now)


def taken_back(was_planned: bool, planned: Sequence[Away], zone: tzinfo, now: int) -> Message:
    """What is left of somebody's plans."""
    line = "I have taken that back." if was_planned else "That is not planned any more."
    return _told([line, *([] if planned else ["No days away are planned."])], planned, planned, zone, now)


def _told(
    lines: Sequence[str], known: Sequence[Away], listed: Sequence[Away], zone: tzinfo, now: int
) -> Message:  # fmt: skip
    """Lines, the absences that are listed beside them, and buttons that end or take back what is known."""
    also = "also " if len(known) > len(listed) else ""  # beside one that was just told
    said = [*lines, *(_absence(one, zone, now, also) for one in listed[:MOST])]
    if listed[MOST:]:
        said.append(f"… and {len(listed) - MOST} more.")
    buttons = [_end_button(one, zone, now) for one in known[:MOST]]
    rows: list[Block] = [{"type": "actions", "elements": buttons}] if buttons else []
    return Message(joined(said), (section(joined(said, SECTION)), *rows))


def _end_button(one: Away, zone: tzinfo, now: int) -> Block:
    if one.start <= now:
        return ask_button("I'm back", Again("back"))
    day = day_said(_day(one.start, zone), _day(now, zone))
    # Which of them is meant is said by the instant it begins at.
    return ask_button(f"Take back {day}", Again("back", one.start, sure=True), f"ask:back:{one.start}")


def _absence(one: Away, zone: tzinfo, now: int, also: str = "") -> str:
    """`You are (also) away from today through Friday 4 December; I hold your clock …`"""
    today, first = _day(now, zone), _day(one.start, zone)
    since = f"since {day_said(first, today)}" if first < today else f"from {day_said(first, today)}"
    if one.end is None:
        return f"You are {also}away {since} on, until you say /flow back; till then I hold your clock and am quiet."
    last = _day(one.end - 1, zone)
    if datetime.fromtimestamp(one.end, zone).time() != _MIDNIGHT:
        span = f"{since} until {moment_said(one.end, zone, now)}"
    elif first == last:
        span = day_said(first, today) if first == today else f"on {day_said(first, today)}"
    else:
        span = f"{since} through {day_said(last, today)}"
    quiet = "" if one.resumes is None else f" until {moment_said(one.resumes, zone, now)}"
    held = "I hold your clock" if one.start <= now else "I hold your clock then,"
    return f"You are {also}away {span}; {held} and am quiet{quiet}."


_MIDNIGHT = datetime.min.time()


def _day(at: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def muted(said: Mute, others: Sequence[Mute], today: date) -> Message:
    """What is quiet from now on, and what was so already."""
    line = f"I tell you nothing of {plain(said.name, 2 * NAME)} {_until(said, today)}."
    first = {**section(line), "accessory": _unmute(said)}
    return _with_mutes(line, first, others, today, "What waits for you there still stands in `/flow waits`.")


def unmuted(lifted: Sequence[Mute], left: Sequence[Mute], today: date, asked: str | None = None) -> Message:
    """What somebody hears of again; `asked` is what they named, where it was not muted by itself."""
    if asked is not None:
        line = f"{plain(asked, 2 * NAME)} is not muted{' by itself' if left else ''}."
    elif not lifted:
        line = "Nothing is muted: you hear of all that waits for you."
    elif len(lifted) == 1:
        line = f"You hear of {plain(lifted[0].name, 2 * NAME)} again."
    else:
        line = f"You hear of everything again: {counted(len(lifted), 'mute')} lifted."
    return _with_mutes(line, section(line), left, today, None)


def _with_mutes(line: str, first: Block, mutes: Sequence[Mute], today: date, small: str | None) -> Message:
    told = [f"Also muted: {plain(one.name, 2 * NAME)} {_until(one, today)}." for one in mutes[:MOST]]
    asides = [f"… and {len(mutes) - MOST} more; `/flow unmute` lifts all of them."] if mutes[MOST:] else []
    asides += [small] if small else []
    listed = [{**section(text), "accessory": _unmute(one)} for text, one in zip(told, mutes, strict=False)]
    said = [line, *told, *(text.replace("`", "") for text in asides)]
    return Message(joined(said), (first, *listed, *map(aside, asides)))


def _unmute(one: Mute) -> Block:
    return ask_button("Unmute", Again(f"unmute {one.name}"))


def _until(one: Mute, today: date) -> str:
    if one.until is None:
        return f"until you say /flow unmute {plain(one.name, 2 * NAME)}"
    if one.until == today:
        return "today"
    return f"through {day_said(one.until, today)}, that day included"


def morning(on: bool, next_at: int | None, zone: tzinfo, now: int) -> Message:
    """Whether there is a morning message, when the next may come, and a button that changes it."""
    when = "" if next_at is None else f" The next may come {moment_said(next_at, zone, now)}."
    line = (
        f"You get one message at the start of your working day, if something waits for you.{when}"
        if on
        else "You get no morning message; what falls due is told one by one."
    )
    button = (
        ask_button("Switch it off", Again("morning off")) if on else ask_button("Switch it on", Again("morning on"))
    )
    return Message(line, (section(line), {"type": "actions", "elements": [button]}))
