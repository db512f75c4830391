"""One run: the organisation's life, the program and the judge under one clock, month by month."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

from bot.clock import SetClock
from bot.flow.events import FlowEvent, parse_instant
from bot.store.engine import make_engine
from bot.store.migrate import migrate
from bot.views.ids import ANSWER_HAND_OVER as HAND_OVER
from months import org as making
from months.answers import Answers
from months.curious import Curious
from months.figures import Month, Outcome, database, memory
from months.host import Delivery, Host, Item
from months.hours import Span
from months.judge import Judge
from months.life import Life
from months.org import DAY, HOUR, Person, channel_of
from months.program import Program, listening
from months.slack import MonthsSlack, owner_of

START = parse_instant("2025-01-06T00:00:00Z")
"""A Monday."""
WEEK = 7 * DAY
SETTLE = 5400
"""Seconds after which the clockwork looks at a delivery at the latest. In earnest it ticks every other second; in
between it finds nothing to do but to take in what came, which it does before anybody hears anything, too."""
BEAT = 60
"""Seconds by which the clockwork is late at most; what falls due within them is looked at together."""
EVERY = {"absences": 4 * HOUR, "digests": 3000, "homes": 6 * HOUR, "people": 7 * DAY, "retention": DAY,
         "streams": DAY, "reviews": DAY, "value": DAY, "connect": DAY, "fold": DAY}  # fmt: skip
"""Seconds between two runs of the other jobs here. One of those that watch the clock has to run within each hour:
longer without, and the program takes it that the machine slept."""
DIGESTS = 5
"""Channels that get a weekly digest."""
MISSED, LATE, TWICE = 0.006, 0.03, 0.02
"""Shares of deliveries that never come, come up to three hours late, or come twice."""


class Run:
    def __init__(self, people: int, pulls: int, end: int, url: str, seed: int) -> None:
        self.clock = SetClock(START)
        self.org = making.make(people, START, end, seed)
        self.end, self.url = end, url
        self.judge = Judge(self.org)
        self.slack = MonthsSlack(self.clock, seed)
        self.host = Host({name: self.org.readers(name) for name in self.org.repos}, self._told)
        self.host.github.now = self.clock.now
        self.life = Life(self.org, self.host, self.at, pulls, seed)
        self.outcome = Outcome(self.judge, self.life)
        self._answers = Answers(self.life, self.judge, self.slack, self._press, self._command, self._moved,
                                self._away)  # fmt: skip
        self.curious = Curious(self.org, self.host, self.judge, lambda user, words: self.program.ask(user, words)[1])
        self._acts: list[tuple[int, int, Callable[[int], None]]] = []
        self._order = count()
        self._asleep_until = 0
        self._settle_by: int | None = None
        self._due: int | None = START
        self._ticked = self._deliveries = self._idle = 0
        self._unheard: dict[tuple[str, int], list[FlowEvent]] = {}
        for person in self.org.people:
            self.slack.api.add_user(person.user, {"email": f"{person.login}@acme.example"}, tz=person.calendar.timezone)
        for team in self.org.teams:
            mates = [one.user for one in self.org.teams[team]]
            self.slack.api.add_channel(channel_of(team), name=team, members=mates)
        self.program = Program(making.policy(self.org), url, self.host, self.slack, self.clock)

    def at(self, instant: int, act: Callable[[int], None]) -> None:
        if instant < self.end:
            heapq.heappush(self._acts, (instant, next(self._order), act))

    # What happens.

    def _told(self, delivery: Delivery, at: int) -> None:
        """The host tells of something, as a rule at once."""
        key = delivery.item.key
        if delivery.fact is not None:
            self._unheard.setdefault(key, []).append(delivery.fact)
        luck = self.life.chance("delivery", delivery.number)
        draw = luck.random()
        if draw < MISSED:
            self.outcome.weather["missed"] += 1
            return
        delay = luck.randrange(60, 3 * HOUR) if draw < MISSED + LATE else luck.randrange(1, 6)
        self.outcome.weather["late"] += delay > 30
        self.at(at + delay, partial(self._deliver, delivery))
        if luck.random() < TWICE:
            self.outcome.weather["twice"] += 1
            self.at(at + delay + luck.randrange(1, HOUR), partial(self._deliver, delivery))

    def _deliver(self, delivery: Delivery, now: int) -> None:
        if now < self._asleep_until:
            self.outcome.weather["missed"] += 1
            return
        status = self.program.deliver(*delivery.request())
        assert status in (200, 202), status
        self._deliveries += 1
        if delivery.fact is not None:
            self._heard(delivery.item.key, delivery.fact, now)
        if delivery.item.result is not None:
            self.judge.told_of_checks(delivery.item.key, delivery.result, now)
        if delivery.result is not None:
            # In earnest it takes seconds. Of what is folded in together only the latest head's checks are seen.
            self.program.run("fold")
        if self._settle_by is None:
            self._settle_by = now + SETTLE

    def _heard(self, key: tuple[str, int], fact: FlowEvent, now: int) -> None:
        unheard = self._unheard.get(key, [])
        if fact in unheard:
            unheard.remove(fact)
            if not unheard:
                del self._unheard[key]
        self.judge.learn(key, fact, now)

    def _reconcile(self, now: int) -> None:
        if self.life.chance("host", now).random() < 0.5:
            self.host.github.fail(502, times=2)
        self.program.run("reconcile")
        for key in list(self._unheard):
            self._seen(key, now)
        for item in self.host.items.values():
            if item.result is not None and item.ended_at is None:
                self.judge.told_of_checks(item.key, item.result, now, read=True)
        self._settle_by = now

    def _seen(self, key: tuple[str, int], now: int) -> None:
        """The program read an item: what it was not told of it knows now."""
        for fact in self._unheard.pop(key, []):
            self.judge.learn(key, fact, now)

    # What people do.

    def _posted(self, channel: str, message: dict[str, Any]) -> None:
        user = owner_of(channel)
        self.judge.posted(user or channel, message)
        person = self.org.by_user.get(user or "")
        if person is not None:
            self._answers.to(person, channel, message, self.clock.now())

    def _press(self, person: Person, channel: str, message: dict[str, Any], control: Any, now: int) -> bool:
        """Whether the press reached the program."""
        if now < self._asleep_until:
            return False
        self.program.press(person.user, channel, message, *control)
        self.outcome.answered["hand over" if control[1] == HAND_OVER else control[2] or "on_it"] += 1
        self._due = now
        return True

    def _moved(self, item: Item, now: int) -> None:
        """The program moved a request on the host, and read the item again."""
        self.host.tell_of_moves(item, now)
        self.life.look(item, now)
        self._seen(item.key, now)
        if item.result is not None:
            self.judge.told_of_checks(item.key, item.result, now, read=True)

    def _command(self, person: Person, words: str, now: int) -> str:
        """What is answered; nothing while the machine sleeps."""
        if now < self._asleep_until:
            return ""
        said, whole = self.program.ask(person.user, words)
        self.judge.shown(person.user, now, whole)
        self.outcome.answered[f"/flow {words.split(maxsplit=1)[0]}"] += 1
        self._due = now
        return said

    # What is arranged.

    def _arrange(self) -> None:
        for place in range((self.end - START) // WEEK + 1):
            monday = START + place * WEEK
            self.at(monday + 60, self.life.week)
            self.at(monday + 60, self._week)
        for person in self.org.people:
            if person.joins > START:
                self.at(person.hours.advance(person.joins, 2 * HOUR), partial(self._come, person))
            if person.leaves < self.end:
                self.at(person.leaves, partial(self._go, person))
        for name, seconds in EVERY.items():
            self._repeat(name, seconds)
        for team in list(self.org.teams)[:DIGESTS]:
            words = f"digest weekly monday 9:30 <#{channel_of(team)}|{team}>"
            self.at(START + 9 * HOUR, partial(self._command, self.org.teams[team][0], words))

    def _repeat(self, name: str, seconds: int) -> None:
        def act(now: int) -> None:
            if now >= self._asleep_until:
                self.program.run(name)
                self._due = now
            self.at(now + seconds, act)

        self.at(START + 300, act)

    def _week(self, now: int) -> None:
        """People come down with something, ask for what waits; and now and then the machine sleeps, or starts anew."""
        luck = self.life.chance("arranged", now)
        for person in luck.sample(self.org.people, max(1, len(self.org.people) // 70)):
            self.at(person.hours.advance(now, luck.randrange(1, 30 * HOUR)), partial(self._away, person))
        for person in luck.sample(self.org.people, max(1, len(self.org.people) // 50)):
            at = person.hours.advance(now, luck.randrange(1, 30 * HOUR))
            self.at(at, partial(self._command, person, "waits"))
        for person in luck.sample(self.org.people, max(2, len(self.org.people) // 50)):
            at = person.hours.advance(now, luck.randrange(1, 30 * HOUR))
            self.at(at, partial(self._pry, person))
        number = (now - START) // WEEK
        if number % 9 == 4:
            self.at(now + 4 * DAY + 20 * HOUR, lambda at: self._sleep(at, luck.randrange(50, 64) * HOUR))
        elif number % 2:
            self.at(now + luck.randrange(7 * DAY), self._restart)

    def _pry(self, person: Person, now: int) -> None:
        if now >= self._asleep_until:
            self.curious.look(person, self.life.chance("curious", person.login, now), now)

    def _away(self, person: Person, now: int) -> None:
        if not person.there(now) or now >= person.leaves or person.linked_at > now or now < self._asleep_until:
            return
        days = self.life.chance("away", person.login, now).choice((0, 0, 1, 2, 4))
        last = person.day(person.midnight(now, days) + 12 * HOUR)
        said = self._command(person, f"away until {last}", now)
        assert said.startswith("You are away"), said
        person.away.append((now, person.midnight(now, days + 1)))
        luck = self.life.chance("back", person.login, now)
        if days > 1 and luck.random() < 0.5:
            self.at(person.hours.advance(person.midnight(now, 1), luck.randrange(HOUR, 6 * HOUR)),
                    partial(self._back, person, person.away[-1]))  # fmt: skip

    def _back(self, person: Person, absence: Span, now: int) -> None:
        """They are back before they said."""
        start, end = absence
        planned = any(first <= now < last for first, last in person.away if (first, last) != absence)
        if now < self._asleep_until or now >= min(end, person.leaves) or planned:
            return
        said = self._command(person, "back", now)
        assert "back" in said, said
        person.away[person.away.index(absence)] = (start, now)

    def _come(self, person: Person, now: int) -> None:
        """A newcomer says who they are and when they work."""
        if now < self._asleep_until:
            self.at(self._asleep_until + HOUR, partial(self._come, person))
            return
        said = self._command(person, f"link {person.login}", now)
        if "not heard of" in said:  # nothing that they did was told of yet
            self.at(person.soon(now, 40 * HOUR), partial(self._come, person))
            return
        told = self._command(person, f"hours 9-17 Mon-Fri {person.calendar.timezone}", now)
        assert person.calendar.timezone in told, (said, told)
        person.linked_at = now

    def _go(self, person: Person, _now: int) -> None:
        self.slack.api.users[person.user]["deleted"] = True

    def _restart(self, now: int) -> None:
        if now < self._asleep_until:
            return
        self.program.start()
        self.outcome.weather["restarts"] += 1
        self._reconcile(now)

    def _sleep(self, now: int, seconds: int) -> None:
        """The machine sleeps: nothing runs, what the host sends is lost. Once awake it reads what happened."""
        self._asleep_until = now + seconds
        self.judge.down.append((now, self._asleep_until))
        self.outcome.weather["sleeps"] += 1

        def wake(at: int) -> None:
            self.program.run("tick")
            self._reconcile(at)

        self.at(self._asleep_until, wake)

    # The clock.

    def go(self) -> Iterator[Month]:
        """Run it to its end; a month is 30 days."""
        self._arrange()
        self.program.start()
        self._reconcile(START)
        number, began = 1, time.perf_counter()
        before = (0, 0)
        while self.clock.now() < self.end:
            until = min(START + number * 30 * DAY, self.end)
            self._until(until)
            sent = sum(self.judge.sent.values())
            month = self._month(number, time.perf_counter() - began, self._deliveries - before[0], sent - before[1])
            self.outcome.months.append(month)
            before, began, number = (self._deliveries, sent), time.perf_counter(), number + 1
            for item in self.host.forget(until):
                self.judge.forget(item.key)
            self.slack.forget(until)
            yield month
        self.judge.end(self.end)

    def _until(self, until: int) -> None:
        while True:
            beat = self._next_beat()
            act = self._acts[0][0] if self._acts else until
            now = min(beat, act, until)
            self.clock.set(max(now, self.clock.now()))
            if now >= until:
                return
            if act <= beat:
                heapq.heappop(self._acts)[2](now)
            else:
                self._tick(self.clock.now())
            while self.slack.posted:
                self._posted(*self.slack.posted.pop(0))

    def _next_beat(self) -> int:
        """When the clockwork has something to do next."""
        coming = min((at for at in (self._settle_by, self._due) if at is not None), default=self.end)
        return max(-(-coming // BEAT) * BEAT, self._ticked + 2, self._asleep_until)

    def _tick(self, now: int) -> None:
        self.program.run("tick")
        self._settle_by, self._ticked = None, now
        due = self.program.next_due()
        if due is not None and due <= now:  # it waits for something that is no instant: Slack's pause, say
            self._idle = min(60, 2 * self._idle + 2)
            due = now + self._idle
        else:
            self._idle = 0
        self._due = due

    def _month(self, number: int, seconds: float, deliveries: int, messages: int) -> Month:
        size, facts = database(self.program.engine)
        faults = sum(self.outcome.faults.values())
        return Month(number, seconds, deliveries, messages, memory(), size, facts, faults)


def months(people: int, pulls: int, days: int, url: str, seed: int, show: Callable[[str], None]) -> Outcome:
    """Run it on an empty database, with so many pull requests a week, showing each month."""
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
    with listening() as said:
        run = Run(people, pulls, START + days * DAY, url, seed)
        for month in run.go():
            show(month.line())
            for line in run.judge.news():
                show(f"  {line}")
        run.outcome.said.update(said)
        run.outcome.weather.update(run.slack.faults)
        run.outcome.answered.update(run.curious.asked)
        run.program.engine.dispose()
    return run.outcome
