"""The judge: whose turn it is and when people work by the tests' own account, held against every message.

It learns a fact when the program can have learnt it. Nothing of the program's own reckoning is asked.
"""

from __future__ import annotations

import json
import re
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any

from reference import Moment, Turn, in_order, ledger

from bot.flow.events import FlowEvent
from months.checks import KnownChecks, Result, head_of, red_spans
from months.hours import Span, counted, reached
from months.org import HOUR, Org, Person, channel_of

GRACE = 2 * HOUR
"""Working seconds for which a message may be late before it is lost: the hour and a half after which the clockwork here
looks at a delivery at the latest, ten minutes of gathering, retries. The rest of a day that had its most is left out.
"""
SAME = 8 * HOUR - 120
"""Working seconds between two reminders of one wait past its target; two minutes are for the beat of the clock."""
GATHER = 600 - 120
MOST_A_DAY = 4
FOR_PERSON = {
    "for your review": "review", "for another look from you": "re_review", "for your changes": "rework",
    "for your answer": "respond", "for you to merge it": "merge", "for you to find a reviewer": "assign",
    "for you to unblock it": "fix",
}  # fmt: skip
FOR_CHANNEL = {
    "for a review": "review", "for another look": "re_review", "for changes": "rework", "for an answer": "respond",
    "to be merged": "merge", "for a reviewer": "assign", "to be unblocked": "fix",
}  # fmt: skip
NAMED = re.compile(r"\((acme/[\w-]+)#(\d+)\) (?:has waited [^(]*? |waits )((?:for|to be) [a-z ]+?)(?: by team\d+)? \(")
BY_TEAM = re.compile(r"[^\n]*? by team\d+ \(")
MENTIONED = re.compile(r"acme/[\w-]+")
FAULTS = ("doubled", "lost", "wrong", "outside", "pace", "shown")
MORE = re.compile(r"… and \d+ more")


@dataclass
class Open:
    """A turn as long as it is somebody's: since when, since when the program can know of it, and what was said."""

    since: int
    known: int
    early: int = 0
    """Heads-ups."""
    late: list[int] = field(default_factory=list)
    """When it was nudged past its target."""
    told: bool = False
    """Whether its holder heard of it past its target."""
    channel: bool = False
    quiet: Span = (0, 0)
    """Until when its holder certainly wants to hear nothing, and until when perhaps."""


@dataclass
class Tracked:
    known: list[FlowEvent] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    open: dict[Turn, Open] = field(default_factory=dict)
    checks: KnownChecks | None = None
    red: list[Span] = field(default_factory=list)
    """When it was red."""


@dataclass
class Heard:
    """What somebody got."""

    at: int = 0
    day: date | None = None
    today: int = 0
    full: list[Span] = field(default_factory=list)
    """From the last message that a day may have to the end of that day."""
    morning: date | None = None


class Judge:
    """`faults` are lines by what they are: doubled, lost, wrong, outside, pace, shown (of what is private)."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.items: defaultdict[tuple[str, int], Tracked] = defaultdict(Tracked)
        self.sent: Counter[str] = Counter()
        self.named = 0
        self.judged = 0
        """Waits that ended, or were open at the end, and were looked at."""
        self.due = 0
        """Those of them that were open past their target for so long that their holder must have heard."""
        self.escalated = 0
        """Those that were open for so long that their channel must have heard."""
        self.faults: dict[str, list[str]] = {name: [] for name in FAULTS}
        self.turned = 0
        """How often an item became red, or green again, as far as can be known."""
        self.down: list[Span] = []
        """When the program did not run."""
        self._muted: set[tuple[tuple[str, int], str]] = set()
        self._told = dict.fromkeys(self.faults, 0)
        self._keys: set[str] = set()
        self._heard: defaultdict[str, Heard] = defaultdict(Heard)

    def news(self) -> list[str]:
        """The faults that were found since this was asked last."""
        lines = [f"{name}: {line}" for name, lines in self.faults.items() for line in lines[self._told[name] :]]
        self._told = {name: len(lines) for name, lines in self.faults.items()}
        return lines

    # What the program can know.

    def learn(self, key: tuple[str, int], fact: FlowEvent, now: int) -> None:
        tracked = self.items[key]
        if fact.id in tracked.ids:
            return
        tracked.ids.add(fact.id)
        insort(tracked.known, fact, key=attrgetter("at"))
        turns = self._turns(key, tracked)
        for turn in [turn for turn in tracked.open if turn not in turns]:
            self._close(key, turn, tracked.open.pop(turn), now)
        fresh = [turn for turn in sorted(turns, key=str) if turn not in tracked.open]
        in_turn = tracked.known[-1] is fact
        for turn in fresh:
            tracked.open[turn] = Open(fact.at, now)
        if not in_turn and tracked.open:
            self._date(key, tracked, now)

    def told_of_checks(self, key: tuple[str, int], result: Result | None, now: int, *, read: bool = False) -> None:
        """A result was told or `read`, or another head became known: perhaps the item turns red or green by it."""
        tracked = self.items[key]
        if tracked.checks is None:
            tracked.checks = KnownChecks(*key)
        if result is not None:
            tracked.checks.hear(result)
        fact = tracked.checks.turn(head_of(tracked.known), now, read=read)
        if fact is not None:
            self.turned += 1
            self.learn(key, fact, now)
            tracked.red = red_spans(tracked.known)

    def _turns(self, key: tuple[str, int], tracked: Tracked) -> set[Turn]:
        if not any(fact.kind == "opened" for fact in tracked.known):
            return set()
        return Moment(in_order(tracked.known), tracked.known, self.org.repos[key[0]].rules).turns()

    def _date(self, key: tuple[str, int], tracked: Tracked, now: int) -> None:
        """A fact came late: read off the whole history since when it is whose turn, and if it is their turn again."""
        for wait in ledger(tracked.known, self.org.repos[key[0]].rules):
            turn = Turn(wait.kind, wait.on, wait.team)
            if wait.until is None and turn in tracked.open:
                if wait.since > tracked.open[turn].known:
                    tracked.open[turn] = Open(wait.since, now)
                tracked.open[turn].since = wait.since

    def forget(self, key: tuple[str, int]) -> None:
        self.items.pop(key, None)

    def end(self, now: int) -> None:
        """Judge what is still open."""
        for key, tracked in self.items.items():
            for turn, state in tracked.open.items():
                self._close(key, turn, state, now)

    # Lost?

    def _close(self, key: tuple[str, int], turn: Turn, state: Open, now: int) -> None:
        if turn.team:
            self._close_of_team(key, turn, state, now)
            return
        person = self.org.by_login.get(turn.on)
        if person is None:
            return
        self.judged += 1
        target = self.org.repos[key[0]].targets[turn.kind]
        holds = self._holds(key, turn.kind, person)
        over = self._age(person, state.since, now, holds) - target
        if over < GRACE:
            return
        known = state.known if person.linked_at > now else max(state.known, person.linked_at)
        if over >= target and self._free_since(person, 2 * target, state, known, now, holds) >= GRACE:
            self.escalated += 1
            if not state.channel:
                self.faults["lost"].append(f"{now} {key} {turn.kind} {turn.on} since {state.since}: its channel")
        free_from = max(state.known, state.quiet[1], person.linked_at)
        hears = now < person.leaves and (key, person.login) not in self._muted
        full = self._heard[person.login].full
        if hears and self._free_since(person, target, state, free_from, now, holds, full) >= GRACE:
            self.due += 1
            if not state.told:
                self.faults["lost"].append(f"{now} {key} {turn.kind} {turn.on} since {state.since}")

    def _close_of_team(self, key: tuple[str, int], turn: Turn, state: Open, now: int) -> None:
        """What waits on a team its channel hears, at any time of the day."""
        self.judged += 1
        held = self.items[key].red
        due = reached(self.org.hours, state.since, now, held, self.org.repos[key[0]].targets[turn.kind])
        if counted(self.org.hours, max(state.known, due), now, [*held, *self.down]) >= GRACE:
            self.due += 1
            if not state.told:
                self.faults["lost"].append(f"{now} {key} {turn.kind} {turn.on} since {state.since}")

    def _team_age(self, key: tuple[str, int], since: int, at: int) -> int:
        return counted(self.org.hours, since, at, self.items[key].red)

    def _holds(self, key: tuple[str, int], kind: str, person: Person) -> list[Span]:
        """When the clock of a wait stands still."""
        return [*person.away, *(self.items[key].red if kind in ("review", "re_review") else ())]

    def _age(self, person: Person, since: int, at: int, holds: Iterable[Span]) -> int:
        return counted(person.hours_known(at), since, at, holds)

    def _free_since(
        self, person: Person, age: int, state: Open, start: int, now: int, holds: list[Span], full: Iterable[Span] = ()
    ) -> int:
        """Working seconds in which it could have been told that a wait reached an age, from an instant on at the
        earliest; `full` is when a day's most was reached.
        """
        hours = person.hours_known(now)
        due = reached(hours, state.since, now, holds, age)
        return counted(hours, max(start, due), now, [*holds, *self.down, *full])

    # What was said.

    def quiet(self, key: tuple[str, int], login: str, until: Span, kind: str = "") -> None:
        """Somebody asked for quiet about a turn of theirs in an item, of whichever kind where none is named."""
        for turn, state in self.items[key].open.items():
            if turn.on == login and kind in ("", turn.kind):
                state.quiet = until

    def mute(self, key: tuple[str, int], login: str) -> None:
        """Somebody wants to hear nothing of an item any more, whatever turn of theirs comes."""
        self._muted.add((key, login))

    def posted(self, to: str, message: dict[str, Any]) -> None:
        """A message came into a conversation: `to` is an account, or a channel."""
        at, text = int(float(message["ts"])), str(message["text"])
        self.shown(to, at, json.dumps([text, message.get("blocks")]))
        key = (message.get("metadata") or {}).get("event_payload", {}).get("message", message["ts"])
        if key in self._keys:
            self.faults["doubled"].append(f"{at} {to}: posted twice: {text[:200]}")
        self._keys.add(key)
        person = self.org.by_user.get(to)
        if person is None:
            self._in_channel(to, at, text)
        else:
            self._to_person(person, at, text)

    def shown(self, to: str, at: int, said: str) -> None:
        """All that an account or a channel is shown, but for what it asked by name itself."""
        person = self.org.by_user.get(to)
        for name in set(MENTIONED.findall(said)) & self.org.repos.keys():
            repo = self.org.repos[name]
            may = self.org.may_see(person, name) if person else not repo.private or to == channel_of(repo.team)
            if not may:
                self.faults["shown"].append(f"{at} {to} of {name}: {said[:300]}")

    def _to_person(self, person: Person, at: int, text: str) -> None:
        kind = kind_of(text)
        self.sent[kind] += 1
        if at >= person.leaves:
            self.sent["to somebody who left"] += 1
        if not person.hours.contains(at) or person.absent(at):
            self.faults["outside"].append(f"{at} {person.login}: {text[:160]}")
        self._pace(person, at, text)
        if kind == "morning":
            self._morning(person, at)
        for name, turn, line in self._named(text, FOR_PERSON):
            state = self.items[name].open.get(Turn(turn, person.login))
            if state is None or at < state.quiet[0] or (name, person.login) in self._muted:
                self.faults["wrong"].append(f"{at} {person.login}: {line[:200]}")
            else:
                self._reminded(person, name, turn, state, at, kind, line)
        if MORE.search(text):
            for tracked in self.items.values():
                for turn, state in tracked.open.items():
                    state.told |= turn.on == person.login

    def _named(self, text: str, kinds: dict[str, str]) -> Iterator[tuple[tuple[str, int], str, str]]:
        """(item, kind of turn, what is said) of all that a message names."""
        found = list(NAMED.finditer(text))
        for one, after in zip(found, [*(other.start() for other in found), len(text)][1:], strict=True):
            self.named += 1
            kind = kinds.get(one[3].strip())
            if kind is None:
                self.faults["wrong"].append(f"not understood: {one[0]}")
            else:
                yield (one[1], int(one[2])), kind, text[one.start() : after]

    def _reminded(
        self, person: Person, key: tuple[str, int], kind: str, state: Open, at: int, message: str, line: str
    ) -> None:
        holds, target = self._holds(key, kind, person), self.org.repos[key[0]].targets[kind]
        age = self._age(person, state.since, at, holds)
        state.told |= age >= target - 1
        if message == "morning" or " asks: " in line or "You wanted to hear" in line:
            return
        if any(start <= at < end for start, end in holds):
            self.faults["wrong"].append(f"{at} {person.login}: while its clock stands still: {line[:160]}")
        if age < target:
            state.early += 1
            if state.early > 1:
                self.faults["doubled"].append(f"{at} {person.login}: a second heads-up: {line[:160]}")
            return
        if state.late and self._age(person, state.late[-1], at, holds) < SAME:
            self.faults["doubled"].append(f"{at} {person.login}: again after {at - state.late[-1]} s: {line[:160]}")
        state.late.append(at)
        if len(state.late) > 3:
            self.faults["doubled"].append(f"{at} {person.login}: more than twice repeated: {line[:160]}")

    def _pace(self, person: Person, at: int, text: str) -> None:
        heard, today = self._heard[person.login], person.day(at)
        if heard.at and person.hours.working(heard.at, at) < GATHER:
            self.faults["pace"].append(f"{at} {person.login}: {at - heard.at} s after another: {text[:160]}")
        heard.today = heard.today + 1 if heard.day == today else 1
        heard.at, heard.day = at, today
        if heard.today == MOST_A_DAY:
            heard.full.append((at, person.midnight(at, 1)))
        if heard.today > MOST_A_DAY:
            self.faults["pace"].append(f"{at} {person.login}: {heard.today} on one day: {text[:160]}")

    def _morning(self, person: Person, at: int) -> None:
        heard = self._heard[person.login]
        if heard.morning == person.day(at):
            self.faults["doubled"].append(f"{at} {person.login}: a second morning message")
        heard.morning = person.day(at)

    def _in_channel(self, channel: str, at: int, text: str) -> None:
        named = list(self._named(text, FOR_CHANNEL))
        self.sent["escalation" if named else "digest"] += 1
        for key, kind, line in named:
            teams = BY_TEAM.match(line) is not None
            turns = [state for turn, state in self.items[key].open.items() if (turn.kind, turn.team) == (kind, teams)]
            for state in turns:
                state.channel = True
                late = teams and self._team_age(key, state.since, at) >= self.org.repos[key[0]].targets[kind] - 1
                state.told |= late
            if not turns:
                self.faults["wrong"].append(f"{at} {channel}: {line[:200]}")
        if MORE.search(text):
            for key, tracked in self.items.items():
                if channel == channel_of(self.org.repos[key[0]].team):
                    for state in tracked.open.values():
                        state.channel = state.told = True


def kind_of(text: str) -> str:
    if text.startswith("Your day"):
        return "morning"
    if NAMED.search(text):
        return "nudge"
    if " is away " in text or "who is away" in text:
        return "offer to hand over"
    return "asked to hand over" if "would like to hand" in text else "other"
