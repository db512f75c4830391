"""The home tab: what waits, one's own terms and, for administrators, how things stand. A home shows blocks alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple, TypeAlias

from bot.flow.waits import Span
from bot.views import repos
from bot.views.flow import Reader, told
from bot.views.help import WHAT
from bot.views.ids import HOME_AWAY, HOME_HOURS, HOME_LINK, HOME_PAGE, HOME_SHOW
from bot.views.message import NAME, SECTION, Block, Message, aside, joined, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.phrases import Waiting, when
from bot.views.repos import Repo
from bot.views.words import counted, working

MOST_MUTES, MOST_ABSENCES, MOST_REPOS, MOST_GAPS = 8, 3, 5, 5
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Hours: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]
"""Windows in minutes of the day, by weekday from Monday on."""


class Mute(NamedTuple):
    """What somebody wants to hear nothing of, and the last silent day (None: until they take it back)."""

    repo: str
    item: int | None
    until: date | None

    @property
    def name(self) -> str:
        return self.repo if self.item is None else f"{self.repo}#{self.item}"


@dataclass(frozen=True)
class Terms:
    """Somebody's own terms, as they hold now."""

    hours: Hours
    zone: str
    away: tuple[Span, ...] = ()
    """Absences that are not over; an end of None is not known."""
    mutes: tuple[Mute, ...] = ()
    morning: bool = True


@dataclass(frozen=True)
class Overseen:
    """What those who run it look after."""

    repos: Sequence[Repo]
    """What has a problem first."""
    targets: Mapping[str, int | None]
    """The workspace's, in working seconds by kind of wait."""
    own: int
    """How many repositories have targets of their own."""
    gaps: Sequence[tuple[str, int]]
    """People whom nothing can be sent to: login, and how many things wait on them."""


@dataclass(frozen=True)
class Home:
    """All that a home shows, for whom, and which pages of it."""

    reader: Reader
    held: Sequence[Waiting] = ()
    authored: Sequence[Waiting] = ()
    held_page: int = 1
    authored_page: int = 1
    terms: Terms | None = None
    """None for somebody who is not linked to a login."""
    overseen: Overseen | None = None
    """None for everybody but administrators."""
    question: tuple[Block, ...] = ()
    """Something to ask them first."""
    note: str | None = None
    """What came of their last press, in Slack's markup."""


def home(shown: Home, now: int) -> Message:
    """The home as of `now`; at most 100 blocks."""
    note = [section(joined(shown.note.splitlines(), SECTION)), _LINE] if shown.note else []
    body = _linked(shown, now) if shown.terms else _unlinked(shown)
    overseen = _overseen(shown.overseen, shown.reader.zone, now) if shown.overseen else []
    small = f"{WHAT} `/flow help` shows what you can ask. As of {when(now, shown.reader.zone, now)}."
    return Message(_opening(shown), (*note, *shown.question, *body, *overseen, _LINE, aside(small)))


_LINE: Block = {"type": "divider"}


def _opening(shown: Home) -> str:
    if shown.terms is None:
        return _NOT_LINKED
    return f"{_heading('Waiting on you', shown.held)} · {_heading('Yours, waiting on others', shown.authored)}"


def _heading(title: str, waits: Sequence[Waiting]) -> str:
    return f"{title} ({len(waits):,})" if waits else title


_NOT_LINKED = "I don't know yet which login on the code host is yours, so I can't tell what waits for you."
_HOW_TO_LINK = "Say it once, here or by `/flow link YOUR-LOGIN`, and this page shows what waits on you."


def _unlinked(shown: Home) -> list[Block]:
    button = _button("Link my login", HOME_LINK, "{}", "primary")
    return [_header("Welcome to Weir"), section(WHAT), section(f"{_NOT_LINKED}\n{_HOW_TO_LINK}"), _row(button)]


def _linked(shown: Home, now: int) -> list[Block]:
    quiet = "Nothing waits for you just now. Enjoy the quiet."
    blocks = [_header(_heading("Waiting on you", shown.held))]
    blocks += _waits(shown, "held", now) or [section(quiet)]
    blocks.append(_header(_heading("Yours, waiting on others", shown.authored)))
    blocks += _waits(shown, "authored", now) or [section("Nothing of yours waits for anybody.")]
    return blocks + (_terms(shown.terms, shown.reader.zone, now) if shown.terms else [])


def _waits(shown: Home, part: str, now: int) -> list[Block]:
    """One page of the waits on somebody (`held`) or of theirs (`authored`)."""
    waits, number = (shown.held, shown.held_page) if part == "held" else (shown.authored, shown.authored_page)
    page = page_of(waits, Again(part, number))
    blocks = [section(told(one, shown.reader, now), one.url) for one in page.shown]
    if page.of == 1:
        return blocks
    at = {"held": shown.held_page, "authored": shown.authored_page}
    turns = [("Earlier", page.number - 1)] * (page.number > 1) + [("Later", page.number + 1)] * (page.number < page.of)
    buttons = [_turn(part, label, at | {part: to}) for label, to in turns]
    return [*blocks, aside(f"Page {page.number} of {page.of}"), _row(*buttons)]


def _turn(part: str, label: str, to: Mapping[str, int]) -> Block:
    return _button(label, f"{HOME_PAGE}{part}:{label.lower()}", json.dumps(to))


def _terms(terms: Terms, zone: tzinfo, now: int) -> list[Block]:
    """Hours, days away, mutes and the morning message, with a button for each that changes it."""
    away = [_absence(span, zone, now) for span in terms.away[:MOST_ABSENCES]]
    lines = [
        f"*Hours*  {week(terms.hours) or 'none'} ({plain(terms.zone, NAME)})",
        f"*Away*  {'; '.join(away) or 'not planned'}{_more(len(terms.away), MOST_ABSENCES)}",
        f"*Morning message*  {'on' if terms.morning else 'off'}",
    ]
    filled_in = json.dumps({"hours": week(terms.hours), "zone": terms.zone})
    switch = ("No morning message", "morning off") if terms.morning else ("Morning message", "morning on")
    buttons = [_button("Set hours", HOME_HOURS, filled_in), _button("Going away", HOME_AWAY, filled_in)]
    if any(start <= now for start, _ in terms.away):
        buttons.append(ask_button("I'm back", Again("back"), style="primary"))
    buttons.append(ask_button(switch[0], Again(switch[1])))
    return [_header("Your terms"), section("\n".join(lines)), _row(*buttons), *_mutes(terms.mutes)]


def _mutes(mutes: Sequence[Mute]) -> list[Block]:
    blocks = [{**section(_muted(mute)), "accessory": _unmute(mute)} for mute in mutes[:MOST_MUTES]]
    if mutes[MOST_MUTES:]:
        blocks.append(
            aside(f"… and {counted(len(mutes) - MOST_MUTES, 'mute')} more. `/flow unmute` lifts all of them.")
        )
    return blocks


def _muted(mute: Mute) -> str:
    until = "until you unmute it" if mute.until is None else f"through {_day(mute.until)}"
    return f"*Muted*  {plain(mute.name, 2 * NAME)}, {until}"


def _unmute(mute: Mute) -> Block:
    return ask_button("Unmute", Again(f"unmute {mute.name}"))


def _absence(span: Span, zone: tzinfo, now: int) -> str:
    start, end = span
    first = "since" if start <= now else "from"
    begins = f"{first} {_day(datetime.fromtimestamp(start, zone).date())}"
    # Ends beyond the calendar's reach stand for an end that nobody knows.
    if end is None or end - now > _FOR_GOOD:
        return f"{begins}, until you are back"
    last = datetime.fromtimestamp(end - 1, zone).date()
    if last == datetime.fromtimestamp(start, zone).date():
        return _day(last)
    return f"{begins} through {_day(last)}"


_FOR_GOOD = 20 * 365 * 86_400


def _day(day: date) -> str:
    """`Fri 6 Mar`"""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _more(number: int, most: int) -> str:
    return f" and {number - most} more" if number > most else ""


def week(hours: Hours) -> str:
    """Weekly hours as `/flow hours` reads them: `09:00-17:00 Mon-Thu 09:00-13:00 Fri`; empty without any."""
    runs: list[tuple[int, int]] = []
    for day, windows in enumerate(hours):
        if runs and hours[runs[-1][0]] == windows:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return " ".join(f"{_windows(hours[first])} {_span(first, last)}" for first, last in runs if hours[first])


def _windows(windows: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in windows)


def _span(first: int, last: int) -> str:
    return _DAYS[first] if first == last else f"{_DAYS[first]}-{_DAYS[last]}"


def _overseen(overseen: Overseen, zone: tzinfo, now: int) -> list[Block]:
    return [
        _header("For administrators"),
        _leading("\n".join(_repos(overseen.repos, zone, now)), "Repositories", "repos"),
        _leading(_targets(overseen), "Targets", "targets"),
        _leading(_gaps(overseen.gaps), "People", "people"),
        _row(*(_opens(label, asked) for label, asked in (("Health", "doctor"), ("Changes", "log"))),
             _opens("Administrators", "admins")),
    ]  # fmt: skip


def _repos(all_: Sequence[Repo], zone: tzinfo, now: int) -> list[str]:
    if not all_:
        return ["*Repositories*  none yet; `/flow connect OWNER/REPO` connects one"]
    wrong = [repo for repo in all_ if repo.wrong is not None]
    lines = [f"*Repositories*  {len(all_):,}, {f'something is wrong with {len(wrong)}' if wrong else 'all is well'}"]
    lines += [f"• {repos.told(repo, zone, now, '*')}" for repo in (wrong or all_)[:MOST_REPOS]]
    return [joined([*lines, *([f"…{_more(len(wrong), MOST_REPOS)}"] if wrong[MOST_REPOS:] else [])], SECTION)]


def _targets(overseen: Overseen) -> str:
    agreed = [f"{kind} {working(seconds)}" for kind, seconds in overseen.targets.items() if seconds]
    own = f"; {counted(overseen.own, 'repository', 'repositories')} with their own" if overseen.own else ""
    return f"*Targets*  {', '.join(agreed) or 'none agreed for all repositories'}{own}"


def _gaps(gaps: Sequence[tuple[str, int]]) -> str:
    if not gaps:
        return "*People*  everybody on whom something waits can be reached"
    some = ", ".join(f"{plain(login, NAME)} ({number:,})" for login, number in gaps[:MOST_GAPS])
    head = f"{counted(len(gaps), 'person', 'people')} on whom something waits can't be reached"
    return f"*People*  {head}: {some}{_more(len(gaps), MOST_GAPS)}"


def _leading(text: str, label: str, asked: str) -> Block:
    return {**section(text), "accessory": _opens(label, asked)}


def _opens(label: str, asked: str) -> Block:
    return _button(label, HOME_SHOW + asked, Again(asked).value())


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _button(label: str, id_: str, value: str, style: str | None = None) -> Block:
    text = {"type": "plain_text", "text": label, "emoji": False}
    button: Block = {"type": "button", "action_id": id_, "text": text, "value": value}
    return {**button, "style": style} if style else button
