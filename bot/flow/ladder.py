"""The ladder: which rung of which wait is due, who hears of it, and when they may.

A wait climbs heads-up, breach and repeats towards its holder, and an escalation towards the team's channel. Beside
these rungs there are words that somebody asked for: a reminder after a snooze, an author's own call. What a person
answered keeps the ladder quiet for a while. The same code decides for the running program and for a back-test; both
hand it what was sent so far and the instant.
Instants are seconds since 1970 UTC; ages, targets and repeats are working seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from bot.flow.calendar import Calendar, WaitClock
from bot.flow.waits import Span, Wait

MORNING, ASKED, REMINDER = "morning", "asked", "reminder"
HEADS_UP, BREACH, REPEAT, ESCALATION = "heads_up", "breach", "repeat", "escalation"
RUNGS = (MORNING, ASKED, REMINDER, HEADS_UP, BREACH, REPEAT, ESCALATION)
"""From low to high."""
OWN = frozenset((MORNING, HEADS_UP, BREACH, REPEAT))
"""Those that Weir itself comes to and its holder hears; the others somebody asked for, or a channel hears."""
HELD_BACK = "held_back"
"""Stands among what was sent of a wait whose own rungs count as sent and are told to nobody."""
FOREVER = 2**62
"""An instant that never comes."""
GATHER = 600
"""Working seconds after a message to a person in which what falls due is gathered."""


@dataclass(frozen=True)
class NudgeRules:
    """How the ladder is climbed; a share or multiple of 0 means never."""

    heads_up: Fraction = Fraction(3, 4)
    escalate: Fraction = Fraction(2)
    repeat: int = 8 * 3600
    max_repeats: int = 2
    max_messages_per_day: int = 4


@dataclass(frozen=True)
class Standing:
    """A wait on the ladder: its clock, its target, and when which rung was sent (`repeat:1`, `repeat:2` counted).

    Without a target it has no rungs but those that somebody asked for.
    """

    wait: Wait
    clock: WaitClock
    target: int | None
    sent: Mapping[str, int] = field(default_factory=dict)
    id: int = 0
    quiet: int = 0
    """The holder is to hear nothing of it before this instant."""
    asked: tuple[Rung, ...] = ()
    """What somebody asked the holder to be told, and when; what they hear after that instant answers it."""
    ear: str | None = None
    """Who hears for a team that has a channel of its own."""

    @property
    def holder(self) -> str:
        """Who hears for the holder: the login, or for a team its channel, else its repository's."""
        return (self.ear or channel_of(self.wait.repo)) if self.wait.team else self.wait.on

    @property
    def heard(self) -> Mapping[str, int]:
        """What was sent of it and told to somebody."""
        if HELD_BACK not in self.sent:
            return self.sent
        return {name: at for name, at in self.sent.items() if step_of(name) not in (HELD_BACK, *OWN)}

    def overdue(self, now: int) -> int:
        """Working seconds past the target; negative before it, and far below without one."""
        return self.clock.age(now) - (_FAR if self.target is None else self.target)


_FAR = 2**40


class Rung(NamedTuple):
    """A step of a wait's ladder and the instant it falls due."""

    name: str
    at: int


@dataclass(frozen=True)
class Recipient:
    """A person who may get messages: working windows, absences, and what was sent to them lately."""

    calendar: Calendar
    away: Sequence[Span] = ()
    sent: Sequence[int] = ()
    """Instants of earlier messages to them, those of the last days at least."""


class Nudge(NamedTuple):
    """One wait named in a message, by the rung that brought it there."""

    standing: Standing
    rung: str

    @property
    def step(self) -> str:
        """The rung without its count."""
        return step_of(self.rung)

    @property
    def untold(self) -> bool:
        """Whether it is held back."""
        return HELD_BACK in self.standing.sent and self.step in OWN


def step_of(rung: str) -> str:
    """A rung without its count."""
    return rung.partition(":")[0]


@dataclass(frozen=True)
class Message:
    """What one person, or `#` and a repository for its channel, should hear now; most overdue first."""

    to: str
    at: int
    nudges: tuple[Nudge, ...]

    @property
    def rung(self) -> str:
        """The highest rung of the waits it names."""
        return max((nudge.step for nudge in self.nudges), key=RUNGS.index)

    @property
    def named(self) -> list[Standing]:
        """The waits it names, each once: a team's channel may hear two rungs of one at the same instant."""
        return list({nudge.standing.id: nudge.standing for nudge in self.nudges}.values())


@dataclass(frozen=True)
class Decision:
    """The messages of this instant; when to look at each standing again (by its place); who could not be reached."""

    messages: list[Message]
    wake: list[int | None]
    unreachable: list[tuple[Standing, str]]
    held_back: list[Nudge] = field(default_factory=list)
    """What would be told now, of waits whose nudges are held back."""


def channel_of(repo: str) -> str:
    """How a repository's channel is named as a recipient."""
    return f"#{repo}"


def team_channel_of(repo: str, team: str) -> str:
    """How the channel of a team that has one is named as a recipient, for its requests in a repository."""
    return f"#{repo}@{team}"


def holder_rung(standing: Standing, rules: NudgeRules, now: int) -> Rung | None:
    """The next rung its holder has not heard, and when it falls due, at the earliest when they want to hear of it."""
    regular = _regular(standing, rules, now)
    heard = _last(standing, standing.heard)
    unheard = (rung for rung in standing.asked if heard is None or rung.at > heard)
    asked = min(unheard, key=lambda rung: rung.at, default=None)
    coming = [rung._replace(at=max(rung.at, standing.quiet)) for rung in (regular, asked) if rung is not None]
    # Of two at one instant the ladder's own tells more.
    found = min(coming, key=lambda rung: rung.at, default=None)
    return None if found is None or found.at >= FOREVER else found


def _regular(standing: Standing, rules: NudgeRules, now: int) -> Rung | None:
    """The ladder's own next rung; a heads-up overtaken by the breach, or by a morning message, is gone."""
    sent, clock, target = standing.sent, standing.clock, standing.target
    if target is None:
        return None
    if BREACH not in sent:
        breach = clock.reaches(target, now)
        listed = any(name in (HEADS_UP, MORNING) for name in map(step_of, sent))
        if rules.heads_up and not listed and (breach is None or breach > now):
            heads_up = clock.reaches(ceil(rules.heads_up * target), now)
            if heads_up is not None and heads_up != breach:
                return Rung(HEADS_UP, heads_up)
        return None if breach is None else Rung(BREACH, breach)
    repeats = sum(name.startswith(REPEAT) for name in sent)
    if not rules.repeat or repeats >= rules.max_repeats:
        return None
    last = _last(standing, sent)
    again = None if last is None else clock.reaches(clock.age(last) + rules.repeat, now)
    return None if again is None else Rung(f"{REPEAT}:{repeats + 1}", again)


def _last(standing: Standing, sent: Mapping[str, int]) -> int | None:
    """When the last of these was for the holder. A team's escalation goes to the ears that its other rungs go to."""
    team = standing.wait.team and standing.ear is None
    return max((at for name, at in sent.items() if name != ESCALATION or team), default=None)


def channel_rung(standing: Standing, rules: NudgeRules, now: int) -> Rung | None:
    """The escalation, if its channel has not heard it, and when it falls due."""
    if not rules.escalate or ESCALATION in standing.sent or standing.target is None:
        return None
    at = standing.clock.reaches(ceil(rules.escalate * standing.target), now)
    return None if at is None else Rung(ESCALATION, at)


def climb(standing: Standing, rules: NudgeRules, now: int) -> list[tuple[str, Rung]]:
    """The next rung for each who hears of this wait: the holder, and the repository's channel."""
    found = ((standing.holder, holder_rung(standing, rules, now)),
             (channel_of(standing.wait.repo), channel_rung(standing, rules, now)))  # fmt: skip
    return [(to, rung) for to, rung in found if rung is not None]


def next_look(standing: Standing, rules: NudgeRules, now: int) -> int | None:
    """When to look at a wait again: the first instant a rung falls due outside holds; None if nothing is to come."""
    return _when(standing, [rung.at for _, rung in climb(standing, rules, now)], now)


def _when(standing: Standing, instants: Iterable[int], now: int) -> int | None:
    at = min(instants, default=None)
    if at is None:
        return None
    free = standing.clock.hold_ends(max(at, now))
    return None if free is None else max(at, free)


def opening(recipient: Recipient, at: int, most_a_day: int) -> int | None:
    """The first instant from `at` on at which a person may get a message; None if there is none.

    Inside their working windows, not while away (FOREVER where nobody knows for how long), ten working minutes after
    the last one, and on a local day that has had fewer than `most_a_day`.
    """
    calendar = recipient.calendar
    found: int | None = at
    if recipient.sent:
        gathered = calendar.advance(max(recipient.sent), GATHER)
        if gathered is None:
            return None
        found = max(at, gathered)
    a_day: dict[date, int] = defaultdict(int)
    for sent in recipient.sent:
        a_day[calendar.local_date(sent)] += 1
    while found is not None and found < FOREVER:
        found = calendar.next_working(found)
        if found is None:
            return None
        absence = next(((start, end) for start, end in recipient.away if _lies_in(found, start, end)), None)
        today = calendar.local_date(found)
        if absence is not None:
            found = FOREVER if absence[1] is None else absence[1]
        elif a_day[today] >= most_a_day:
            found = calendar.midnight(today + timedelta(days=1))
        else:
            return found
    return found


def _lies_in(at: int, start: int, end: int | None) -> bool:
    return start <= at and (end is None or at < end)


def decide(
    standings: Sequence[Standing],
    recipient_of: Callable[[str], Recipient | None],
    reachable_channel: Callable[[str], bool],
    rules: NudgeRules,
    now: int,
) -> Decision:
    """What to send at this instant for open waits whose time may have come.

    `recipient_of(login)` is None for somebody who can't be reached; `reachable_channel(repo)` likewise.
    What may not be sent yet (working hours, the gathering minutes, the day's limit, a hold) is looked at again when
    it may.
    """
    due: dict[str, list[tuple[int, str]]] = defaultdict(list)
    coming: list[list[int]] = [[] for _ in standings]
    hearing: list[list[tuple[str, str]]] = [[] for _ in standings]
    unreachable: list[tuple[Standing, str]] = []
    openings: dict[str, int | None] = {}
    for place, standing in enumerate(standings):
        for to, rung in climb(standing, rules, now):
            if to not in openings:
                openings[to] = _opening_of(to, recipient_of, reachable_channel, rules, now)
            opens = openings[to]
            if opens is None:
                unreachable.append((standing, to))
            elif opens >= FOREVER:
                continue  # away, nobody knows for how long; whoever learns it has the wait looked at again
            elif rung.at > now:
                coming[place].append(rung.at)
            elif opens > now or standing.clock.on_hold(now):
                coming[place].append(opens)
            else:
                due["" if Nudge(standing, rung.name).untold else to].append((place, rung.name))
                hearing[place].append((to, rung.name))
    held_back = _nudges(standings, due.pop("", ()))
    messages = [Message(to, now, _most_overdue_first(_nudges(standings, some), now)) for to, some in due.items()]
    wake = [_wake(standing, coming[i], hearing[i], rules, now) for i, standing in enumerate(standings)]
    return Decision(messages, wake, unreachable, held_back)


def _nudges(standings: Sequence[Standing], due: Iterable[tuple[int, str]]) -> list[Nudge]:
    return [Nudge(standings[place], rung) for place, rung in due]


def _opening_of(
    to: str,
    recipient_of: Callable[[str], Recipient | None],
    reachable_channel: Callable[[str], bool],
    rules: NudgeRules,
    now: int,
) -> int | None:
    """When they may hear next; None for somebody who can't be reached."""
    if to.startswith("#"):
        return now if reachable_channel(to[1:]) else None
    recipient = recipient_of(to)
    return None if recipient is None else opening(recipient, now, rules.max_messages_per_day)


def by_channel(messages: Iterable[Message], channel_at: Callable[[str], str | None], now: int) -> list[Message]:
    """The same with what several repositories tell one channel in one message, to the first of them.

    `channel_at(repo)` is where a repository's channel is; a team's own channel hears by itself.
    """
    heard: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        shared = message.to.startswith("#") and "@" not in message.to
        heard[f"={channel_at(message.to[1:])}" if shared else message.to].append(message)
    return [_together(some, now) for some in heard.values()]


def _together(some: Sequence[Message], now: int) -> Message:
    if len(some) == 1:
        return some[0]
    nudges = [nudge for one in some for nudge in one.nudges]
    return replace(min(some, key=lambda one: one.to), nudges=_most_overdue_first(nudges, now))


def _wake(
    standing: Standing, coming: list[int], hearing: list[tuple[str, str]], rules: NudgeRules, now: int
) -> int | None:
    """When to look again: what comes for those who hear nothing now, and the next rung of those who do."""
    if hearing:
        after = replace(standing, sent={**standing.sent, **{rung: now for _, rung in hearing}})
        ears = {to for to, _ in hearing}
        coming = coming + [max(rung.at, now + 1) for to, rung in climb(after, rules, now) if to in ears]
    return _when(standing, coming, now)


def _most_overdue_first(nudges: Iterable[Nudge], now: int) -> tuple[Nudge, ...]:
    def order(nudge: Nudge) -> tuple[int, str, int, str]:
        wait = nudge.standing.wait
        return (-nudge.standing.overdue(now), wait.repo, wait.item, wait.kind)

    return tuple(sorted(nudges, key=order))
