"""The home tab: what waits, one's own terms and, for administrators, how things stand. A home shows blocks alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from bot.views import controls, people, repos
from bot.views.days import Week, day_said, week_said
from bot.views.flow import Reader, told
from bot.views.help import WHAT
from bot.views.ids import HOME_AWAY, HOME_HOURS, HOME_LINK, HOME_PAGE, HOME_SHOW
from bot.views.message import NAME, SECTION, Block, Message, aside, joined, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.phrases import Waiting, when
from bot.views.repos import Repo
from bot.views.terms import Away, Mute
from bot.views.words import counted, working

MOST_MUTES, MOST_ABSENCES, MOST_REPOS, MOST_GAPS = 8, 3, 5, 5
MOST_NOTE = 2
"""Rows of an answer that are shown on top."""


@dataclass(frozen=True)
class Terms:
    """Somebody's own terms, as they hold now."""

    hours: Week
    zone: str
    away: tuple[Away, ...] = ()
    """Absences that are not over."""
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
    guess: str | None = None
    """A login that may be theirs: they are asked."""
    note: Message | None = None
    """What came of their last press."""


def home(shown: Home, now: int) -> Message:
    """The home as of `now`; at most 100 blocks."""
    note = [*_note(shown.note), _LINE] if shown.note else []
    question = people.question(shown.guess)[0] if shown.guess else ()
    body = _linked(shown, now) if shown.terms else _unlinked()
    overseen = _overseen(shown.overseen, shown.reader.zone, now) if shown.overseen else []
    small = f"`/flow help` shows all that you can ask. Only you see this page. {_as_of(shown, now)}"
    what = f"{WHAT} " if shown.terms else ""
    return Message(_opening(shown), (*note, *question, *body, *overseen, _LINE, aside(what + small)))


def _as_of(shown: Home, now: int) -> str:
    return f"As of {when(now, shown.reader.zone, now)}."


def _note(answer: Message) -> list[Block]:
    """What an answer says, and what can be pressed in it about a wait: all else stands below in the home itself."""
    first = {key: part for key, part in answer.blocks[0].items() if key != "accessory"}
    # A wait may stand in the answer and below; its block has another name here.
    rows = [{**block, "block_id": f"{block['block_id']}:note"} for block in answer.blocks[1:] if "block_id" in block]
    return [first, *rows[:MOST_NOTE]]


_LINE: Block = {"type": "divider"}


def _opening(shown: Home) -> str:
    if shown.terms is None:
        return _NOT_LINKED
    return f"{_heading('Waiting for you', shown.held)} · {_heading('Yours, waiting on others', shown.authored)}"


def _heading(title: str, waits: Sequence[Waiting]) -> str:
    return f"{title} ({len(waits):,})" if waits else title


_NOT_LINKED = "I don't know yet which login on the code host is yours, so I can't tell what waits for you."
_HOW_TO_LINK = "Say it once, here or by `/flow link YOUR-LOGIN`, and this page shows what waits on you."


def _unlinked() -> list[Block]:
    button = _button("Link my login", HOME_LINK, "{}", "primary")
    return [_header("Welcome to Weir"), section(WHAT), section(f"{_NOT_LINKED}\n{_HOW_TO_LINK}"), _row(button)]


def _linked(shown: Home, now: int) -> list[Block]:
    quiet = "Nothing waits for you just now. Enjoy the quiet."
    blocks = [_header(_heading("Waiting for you", shown.held))]
    blocks += _waits(shown, "held", now) or [section(quiet)]
    blocks.append(_header(_heading("Yours, waiting on others", shown.authored)))
    blocks += _waits(shown, "authored", now) or [section("Nothing of yours waits for anybody.")]
    return blocks + (_terms(shown.terms, shown.reader.zone, now) if shown.terms else [])


def _waits(shown: Home, part: str, now: int) -> list[Block]:
    """One page of the waits on somebody (`held`) or of theirs (`authored`)."""
    waits, number = (shown.held, shown.held_page) if part == "held" else (shown.authored, shown.authored_page)
    page = page_of(waits, Again(part, number))
    blocks = [block for one in page.shown for block in _wait(one, shown.reader, now)]
    if page.of == 1:
        return blocks
    at = {"held": shown.held_page, "authored": shown.authored_page}
    turns = [("Earlier", page.number - 1)] * (page.number > 1) + [("Later", page.number + 1)] * (page.number < page.of)
    buttons = [_turn(part, label, at | {part: to}) for label, to in turns]
    return [*blocks, aside(f"Page {page.number} of {page.of}"), _row(*buttons)]


def _wait(one: Waiting, reader: Reader, now: int) -> list[Block]:
    """A wait with a button that opens it, and the answers to it for whoever holds it."""
    whole = section(told(one, reader, now), one.url)
    answers = controls.menu(one, {}) if reader.is_holder(one) else {}
    if not answers:
        return [whole]
    opens: Any = [whole.pop("accessory")] if "accessory" in whole else []
    return [whole, {"type": "actions", "block_id": answers["block_id"], "elements": [*opens, answers["accessory"]]}]


def _turn(part: str, label: str, to: Mapping[str, int]) -> Block:
    return _button(label, f"{HOME_PAGE}{part}:{label.lower()}", json.dumps(to))


def _terms(terms: Terms, zone: tzinfo, now: int) -> list[Block]:
    """Hours, days away, mutes and the morning message, with a button for each that changes it."""
    going_on = [one for one in terms.away if one.start <= now]
    lines = [
        f"*Hours*  {week_said(terms.hours)} ({plain(terms.zone, NAME)})",
        f"*Away*  {_absence(going_on[0], zone, now) if going_on else 'not now'}",
        f"*Morning message*  {'on' if terms.morning else 'off'}",
    ]
    holds = json.dumps({"hours": filled_in(terms.hours), "zone": terms.zone})
    switch = ("No morning message", "morning off") if terms.morning else ("Morning message", "morning on")
    buttons = [_button("Set hours", HOME_HOURS, holds), _button("Going away", HOME_AWAY, holds)]
    if going_on:
        buttons.append(ask_button("I'm back", Again("back"), style="primary"))
    buttons.append(ask_button(switch[0], Again(switch[1])))
    planned = [one for one in terms.away if one.start > now]
    own = [*_planned(planned, zone, now), *_mutes(terms.mutes, _day(now, zone))]
    return [_header("Your terms"), section("\n".join(lines)), _row(*buttons), *own]


def _planned(planned: Sequence[Away], zone: tzinfo, now: int) -> list[Block]:
    blocks = [_plan(one, zone, now) for one in planned[:MOST_ABSENCES]]
    if planned[MOST_ABSENCES:]:
        blocks.append(aside(f"… and {len(planned) - MOST_ABSENCES} more."))
    return blocks


def _plan(one: Away, zone: tzinfo, now: int) -> Block:
    # Which of them is meant is said by the instant it begins at.
    button = ask_button("Take back", Again("back", one.start, sure=True))
    return {**section(f"*Going away*  {_absence(one, zone, now)}"), "accessory": button}


def _mutes(mutes: Sequence[Mute], today: date) -> list[Block]:
    blocks = [{**section(_muted(mute, today)), "accessory": _unmute(mute)} for mute in mutes[:MOST_MUTES]]
    if mutes[MOST_MUTES:]:
        blocks.append(
            aside(f"… and {counted(len(mutes) - MOST_MUTES, 'mute')} more. `/flow unmute` lifts all of them.")
        )
    return blocks


def _muted(mute: Mute, today: date) -> str:
    until = "until you unmute it" if mute.until is None else f"through {day_said(mute.until, today)}"
    return f"*Muted*  {plain(mute.name, 2 * NAME)}, {until}"


def _unmute(mute: Mute) -> Block:
    return ask_button("Unmute", Again(f"unmute {mute.name}"))


def _absence(one: Away, zone: tzinfo, now: int) -> str:
    """`from Friday 4 December through Monday 7 December`, `since Monday 2 March until you are back`, `today`"""
    today, first = _day(now, zone), _day(one.start, zone)
    begins = f"{'since' if first < today else 'from'} {day_said(first, today)}"
    if one.end is None:
        return f"{begins} until you are back"
    last = _day(one.end - 1, zone)
    return day_said(first, today) if first == last else f"{begins} through {day_said(last, today)}"


def _day(at: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _more(number: int, most: int) -> str:
    return f" and {number - most} more" if number > most else ""


def filled_in(hours: Week) -> str:
    """Weekly hours as `/flow hours` reads them; empty without any."""
    return week_said(hours).replace(";", "").replace(",", "") if any(hours) else ""


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
    agreed = [f"{kind.replace('_', '-')} {working(seconds)}" for kind, seconds in overseen.targets.items() if seconds]
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
