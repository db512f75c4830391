"""What people do about the messages they get: some answer, some see to it at once, most go on as before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bot.local.payloads import elements
from bot.views.ids import ANSWER_HAND_OVER as HAND_OVER
from months.host import Item
from months.judge import FOR_PERSON, NAMED, Judge
from months.life import Life
from months.org import DAY, HOUR, Person
from months.slack import MonthsSlack

Json = dict[str, Any]
Key = tuple[str, int]
FOREVER = 2**40
WRONG = ("done", "not_mine", "not_ready", "too_early", "other")
ANSWERED, HURRIED = 0.3, 0.45
"""Shares of the named turns that are answered by a press, and that are seen to soon."""


class Answers:
    """`press`, `command`, `moved` and `away` are what reaches the program, and the host, while the machine is awake."""

    def __init__(
        self,
        life: Life,
        judge: Judge,
        slack: MonthsSlack,
        press: Callable[..., bool],
        command: Callable[..., str],
        moved: Callable[[Item, int], None],
        away: Callable[[Person, int], None],
    ) -> None:
        self._life, self._judge, self._slack = life, judge, slack
        self._press, self._command, self._moved, self._away = press, command, moved, away

    def to(self, person: Person, channel: str, message: Json, now: int) -> None:
        """Have somebody react to a message, in their own time."""
        luck = self._life.chance("message", person.login, now)
        for place, found in enumerate(NAMED.finditer(str(message["text"]))):
            key, kind = (found[1], int(found[2])), FOR_PERSON[found[3].strip()]
            if place < 2 and luck.random() < ANSWERED:
                answer = partial(self._answer, person, channel, message["ts"], key, luck.random())
                self._life.later(person, now, luck.randrange(60, 1800), answer)
            if luck.random() < HURRIED:
                hurry = partial(self._life.hurry, key, kind, person)
                self._life.later(person, now, luck.randrange(300, 2 * HOUR), hurry)

    def _answer(self, person: Person, channel: str, ts: str, key: Key, choice: float, now: int) -> None:
        """Press one of the answers that a message has for an item, or mute that."""
        message = self._slack.api.message(channel, ts)
        if message is None:
            return
        if choice > 0.97:
            if self._command(person, f"mute {key[0]}#{key[1]}", now):
                self._judge.mute(key, person.login)
            return
        if choice > 0.92:
            self._hand_over(person, channel, message, key, choice, now)
            return
        if choice > 0.88:
            self._away(person, now)
            return
        wanted, quiet = choose(person, choice, now)
        control = control_of(message, key, wanted)
        if control is not None and self._press(person, channel, message, control, now):
            self._judge.quiet(key, person.login, quiet, first_kind(message, key))

    def _hand_over(self, person: Person, channel: str, message: Json, key: Key, choice: float, now: int) -> None:
        """Pick a colleague, where the message asks for a review; the program moves the request on the host."""
        item, mates = self._life.host.items.get(key), self._life.org.colleagues(person.team, now)
        control = control_of(message, key, HAND_OVER)
        mates = [
            one for one in mates if one is not person and one.linked_at <= now and item and one.login != item.author
        ]
        if item is None or control is None or not mates or item.touched >= now:
            return
        mate = mates[int(choice * 1000) % len(mates)]
        if self._press(person, channel, message, (*control[:2], mate.user), now):
            self._moved(item, now)
            self._judge.quiet(key, person.login, (now, person.midnight(now, 2)))


def first_kind(message: Json, key: Key) -> str:
    """The kind of the first turn that a message names of an item, which is the one that is answered."""
    found = (one for one in NAMED.finditer(str(message["text"])) if (one[1], int(one[2])) == key)
    return next((FOR_PERSON[one[3].strip()] for one in found), "")


def choose(person: Person, choice: float, now: int) -> tuple[str, tuple[int, int]]:
    """(the answer, until when its giver certainly wants quiet, and until when perhaps)"""
    if choice < 0.6:
        return "on_it", (min(person.hours.closes(now), person.midnight(now, 1)), person.midnight(now, 2))
    if choice < 0.67:
        return "snooze:hour", (now + HOUR, now + HOUR)
    if choice < 0.74:
        return "snooze:tomorrow", (person.midnight(now, 1), person.midnight(now, 2))
    if choice < 0.79:
        monday = person.midnight(now, 7 - person.day(now).weekday())
        return "snooze:monday", (monday, monday + DAY)
    return f"wrong:{WRONG[int(choice * 1000) % len(WRONG)]}", (FOREVER, FOREVER)


def control_of(message: Json, key: Key, wanted: str) -> tuple[str, str, str | None] | None:
    """(block id, action id, option) of an answer to what a message says of an item; None where there is none."""
    name, near = f"{key[0]}#{key[1]}", False
    for block in message["blocks"]:
        said = (block.get("text") or {}).get("text", "")
        if "#" in said:
            near = said.split("\n")[0].rstrip("*").endswith(name)
        for id, element in elements([block]) if near else ():
            if wanted in _options(element):
                return id, element["action_id"], wanted
            if wanted in (element.get("value"), element["action_id"]):
                return id, element["action_id"], None
    return None


def _options(element: Json) -> list[str]:
    groups = element.get("option_groups", [])
    return [one["value"] for one in (*element.get("options", []), *(one for some in groups for one in some["options"]))]
