"""Replay a ledger under a policy: which messages would have gone to whom, decided by the live program's ladder."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.flow.ladder import BREACH, ESCALATION, Decision, Message, NudgeRules, Recipient, Standing, decide, next_look


@dataclass
class Replay:
    """A back-test as it goes: iterate `messages()` once, then read who could not be reached."""

    standings: Sequence[Standing]
    terms_of: Callable[[str], Recipient | None]
    """A person's calendar and absences; None where they can't be reached."""
    reachable_channel: Callable[[str], bool]
    rules: NudgeRules
    until: int
    unreachable: Counter[str] = field(default_factory=Counter)
    """Recipients nothing could be sent to, with the number of their waits that would have been named."""
    _sent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def messages(self) -> Iterator[Message]:
        """Every message up to and including `until`, in order of time and recipient."""
        standings = list(self.standings)
        silent: set[tuple[int, str]] = set()
        looks = [(at, place) for place, one in enumerate(standings) if (at := self._first_look(one)) is not None]
        heapq.heapify(looks)
        while looks and looks[0][0] <= self.until:
            now = looks[0][0]
            places = []
            while looks and looks[0][0] == now:
                places.append(heapq.heappop(looks)[1])
            places = [place for place in places if not _over(standings[place], now)]
            decision = decide([standings[i] for i in places], self._recipient, self.reachable_channel, self.rules, now)
            self._keep(decision, silent)
            for place, wake in zip(places, decision.wake, strict=True):
                if wake is not None:
                    heapq.heappush(looks, (wake, place))
            for message in sorted(decision.messages, key=lambda message: message.to):
                self._remember(message, standings)
                yield message

    def _first_look(self, standing: Standing) -> int | None:
        return next_look(standing, self.rules, standing.wait.since)

    def _recipient(self, login: str) -> Recipient | None:
        terms = self.terms_of(login)
        return terms and replace(terms, sent=self._sent[login])

    def _keep(self, decision: Decision, silent: set[tuple[int, str]]) -> None:
        for standing, to in decision.unreachable:
            if (standing.id, to) not in silent:
                silent.add((standing.id, to))
                self.unreachable[to] += 1

    def _remember(self, message: Message, standings: list[Standing]) -> None:
        for standing, rung in message.nudges:
            one = standings[standing.id]
            standings[standing.id] = replace(one, sent={**one.sent, rung: message.at})
        if not message.to.startswith("#"):
            # As many as a day may bring are enough to know the last one and the day's count.
            self._sent[message.to] = [*self._sent[message.to], message.at][-self.rules.max_messages_per_day :]


def _over(standing: Standing, now: int) -> bool:
    return standing.wait.until is not None and standing.wait.until <= now


@dataclass(frozen=True)
class Summary:
    """A back-test in figures, for people."""

    messages: int
    to_people: int
    people: int
    breaches: int
    """Waits whose breach was told to their holder."""
    escalations: int
    weeks: float
    busiest_day: tuple[str, int] | None
    """The UTC date with most messages, and how many."""
    per_person: tuple[tuple[str, int], ...]
    """Messages a recipient, most first."""

    @property
    def per_person_a_week(self) -> float | None:
        """Mean messages a person and week; None where no person got any."""
        return self.to_people / self.people / self.weeks if self.people and self.weeks else None


def summary(messages: Sequence[Message], start: int, end: int, day_of: Callable[[int], str]) -> Summary:
    """Figures over the messages of [start, end]; `day_of` names an instant's day."""
    per_person = Counter(message.to for message in messages)
    people = {to: n for to, n in per_person.items() if not to.startswith("#")}
    steps = Counter(nudge.step for message in messages for nudge in message.nudges)
    days = Counter(day_of(message.at) for message in messages)
    return Summary(
        messages=len(messages),
        to_people=sum(people.values()),
        people=len(people),
        breaches=steps[BREACH],
        escalations=steps[ESCALATION],
        weeks=max((end - start) / (7 * 86_400), 0.0),
        busiest_day=min(days.items(), key=lambda item: (-item[1], item[0])) if days else None,
        per_person=tuple(sorted(per_person.items(), key=lambda item: (-item[1], item[0]))),
    )
