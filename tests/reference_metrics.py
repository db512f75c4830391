"""A slow, literal reading of docs/metrics.md, to judge the program by: every figure from events alone.

Working time is looked up second by second. Instants are whole seconds since 1970 UTC. It answers as
`weir metrics --format json` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from reference import Seconds, Stretch, red_spans
from reference_items import PATH, Item, Part, items_of

from bot.flow.events import FlowEvent, show_instant
from bot.policy import Policy

TYPES = ("feature", "defect", "risk", "debt", "unclassified")
KINDS = ("review", "re_review", "rework", "respond", "merge", "assign", "fix")
ACTIVE = {"Coding", "Rework"}
HELD_BY = dict.fromkeys(PATH[:-1], "author") | {"Review": "reviewers"}
DAY = 86_400


class Spell(NamedTuple):
    """A stay in a stage, or a wait, with its seconds one by one."""

    since: int
    until: int | None
    age: Callable[[int, int], int]
    target: int | None = None


class Reckoning:
    """All figures of a period [since, until)."""

    def __init__(self, events: Sequence[FlowEvent], policy: Policy, since: int, until: int) -> None:
        self.since, self.until, self.policy = since, until, policy
        known = items_of(events, policy)
        self.people = [item for item in known if not item.bot]
        self.bots = [item for item in known if item.bot]
        self.first = min([since, *(event.at for event in events)])
        self.last = max([until, *(event.at for event in events)])
        self.seconds = cache(lambda calendar: Seconds(calendar, self.first, self.last))

    def age(self, item: Item) -> Callable[[int, int], int]:
        return self.seconds(self.policy.team_calendar(item.name[0])).age

    def inside(self, at: int | None) -> bool:
        return at is not None and self.since <= at < self.until

    def done(self, items: Iterable[Item], since: int, until: int) -> list[Item]:
        return [item for item in items if item.done is not None and since <= item.done < until]

    def json(self) -> dict[str, Any]:
        done = self.done(self.people, self.since, self.until)
        return {
            "of": None, "since": show_instant(self.since), "until": show_instant(self.until),
            "velocity": {
                "items": len(done), "by_type": counted([item.final_type for item in done]),
                "dropped": sum(self.inside(item.dropped) for item in self.people),
            },
            "flow_time": self.flow_time(done), "load": self.load(), "in_progress": self.in_progress(),
            "efficiency": self.efficiency(done), "distribution": distribution(done),
            "predictability": self.predictability(done),
            "stages": [self.stage(stage) for stage in PATH[:-1]], "waits": self.waits(),
            "rework_loops": an_item([loops(item) for item in done]),
            "hand_offs": an_item([hand_offs(item) for item in done]),
            "bots": {
                "done": len(of_bots := self.done(self.bots, self.since, self.until)),
                "in_progress": len(self.loaded(self.bots, self.until)), "flow_time": self.flow_time(of_bots),
            },
        }  # fmt: skip

    def flow_time(self, done: Iterable[Item]) -> dict[str, Any]:
        return times([Spell(item.began, item.done, self.age(item)) for item in done])

    def loaded(self, items: Iterable[Item], at: int) -> list[Item]:
        """What is in progress right before an instant."""
        return [item for item in items if item.began < at and (item.end is None or item.end >= at)]

    def load(self) -> dict[str, Any]:
        at_end = self.loaded(self.people, self.until)
        return {
            "before": len(self.loaded(self.people, self.since)),
            "begun": sum(self.inside(item.began) for item in self.people),
            "ended": sum(self.inside(item.end) for item in self.people),
            "items": len(at_end), "by_type": counted([item.type_before(self.until) for item in at_end]),
            "item_seconds": self.spent(self.since, self.until), "days": list(self.days()),
        }  # fmt: skip

    def spent(self, since: int, until: int) -> int:
        ends = [(item, until if item.end is None else min(item.end, until)) for item in self.people]
        return sum(max(0, end - max(item.began, since)) for item, end in ends)

    def days(self) -> Iterable[dict[str, Any]]:
        calendar = self.policy.calendar
        day = calendar.local_date(self.since)
        while (begins := max(calendar.midnight(day), self.since)) < self.until:
            ends = min(calendar.midnight(day + timedelta(days=1)), self.until)
            items = self.loaded(self.people, ends)
            yield {
                "day": day.isoformat(), "items": len(items),
                "by_type": counted([item.type_before(ends) for item in items]),
                "item_seconds": self.spent(begins, ends),
            }  # fmt: skip
            day += timedelta(days=1)

    def in_progress(self) -> dict[str, Any]:
        going = sorted(self.loaded(self.people, self.until), key=lambda item: (item.began, item.name))
        spells = [Spell(item.began, self.until, self.age(item)) for item in going]
        return times(spells) | {
            "oldest": [
                {
                    "repo": item.name[0], "item": item.name[1], "type": item.type_before(self.until),
                    "stage": next(stage for stage, since, _ in reversed(item.stays) if since < self.until),
                    "began_at": show_instant(item.began), "age_seconds": self.age(item)(item.began, self.until),
                    "age_calendar_seconds": self.until - item.began,
                }
                for item in going[:10]
            ]
        }  # fmt: skip

    def efficiency(self, done: list[Item]) -> dict[str, Any]:
        spent = {True: 0, False: 0}
        for item in done:
            for stage, since, until in item.stays:
                if stage != "Merged":
                    assert until is not None
                    spent[stage in ACTIVE] += self.age(item)(since, until)
        whole = spent[True] + spent[False]
        return {
            "share": spent[True] / whole if whole else None, "n": len(done),
            "active_seconds": spent[True], "waiting_seconds": spent[False],
        }  # fmt: skip

    def predictability(self, done: list[Item]) -> dict[str, Any]:
        took = [(item, self.age(item)(item.began, item.done or 0)) for item in done]
        before = self.done(self.people, self.since - 90 * DAY, self.since)
        usual = ranked([self.age(item)(item.began, item.done or 0) for item in before], 85)
        agreed = {item.name[0]: self.policy.expectation(item.name[0]) for item in done}
        expected = {repo: usual if limit is None else limit for repo, limit in agreed.items()}
        limits = {limit for limit in expected.values() if limit is not None}
        judged = [(seconds, limit) for item, seconds in took if (limit := expected[item.name[0]]) is not None]
        kept = sum(seconds <= limit for seconds, limit in judged)
        return {
            "expectation_seconds": min(limits) if len(limits) == 1 else None,
            "agreed": any(limit is not None for limit in agreed.values()),
            "n": len(judged), "kept": kept, "share": kept / len(judged) if judged else None,
            "p15_seconds": ranked([seconds for _, seconds in took], 15),
            "p85_seconds": ranked([seconds for _, seconds in took], 85),
        }  # fmt: skip

    def stage(self, stage: str) -> dict[str, Any]:
        spells = [
            Spell(since, until, self.age(item))
            for item in self.people
            for name, since, until in item.stays
            if name == stage
        ]
        return {"stage": stage, "active": stage in ACTIVE, **self.waited(spells)}

    def waits(self) -> list[dict[str, Any]]:
        found: dict[str, list[Spell]] = {kind: [] for kind in KINDS}
        parts = {part.name: part for item in self.people for part in item.parts}  # what closes two issues waits once
        for part in parts.values():
            for wait in part.waits:
                found[wait.kind].append(self.spell(part, wait))
        told = [{"kind": kind, **self.waited(spells)} for kind, spells in found.items()]
        return [one for one in told if one["n"] or one["open"] or one["lost_seconds"]]

    def spell(self, part: Part, wait: Stretch) -> Spell:
        repo = part.name[0]
        person = None if wait.team else self.policy.person(wait.on)
        calendar = self.policy.team_calendar(repo) if person is None else person.calendar
        rules, holds = self.policy.rules(repo), []
        if rules.hold_while_red and wait.kind in ("review", "re_review"):
            holds += [(since, self.last if until is None else until) for since, until, _ in self.reds(part)]
        holds += [] if person is None else person.away

        def age(since: int, until: int) -> int:
            clock = Seconds(calendar, since, until)
            clock.hold(holds)
            return clock.age(since, until)

        return Spell(wait.since, wait.until, age, self.policy.target(repo, wait.kind))

    def reds(self, part: Part) -> list[Any]:
        return list(red_spans(part.events, self.policy.rules(part.name[0])))

    def waited(self, spells: list[Spell]) -> dict[str, Any]:
        ended = [spell for spell in spells if self.inside(spell.until)]
        targeted = [spell for spell in ended if spell.target is not None]
        kept = sum(spell.age(spell.since, spell.until or 0) <= (spell.target or 0) for spell in targeted)
        lost = 0
        for spell in spells:
            begins, ends = max(spell.since, self.since), min(spell.until or self.until, self.until)
            lost += spell.age(begins, ends) if begins < ends else 0
        return times(ended) | {
            "targeted": len(targeted), "kept": kept, "attainment": kept / len(targeted) if targeted else None,
            "lost_seconds": lost,
            "open": sum(s.since < self.until and (s.until is None or s.until >= self.until) for s in spells),
        }  # fmt: skip


def counted(types: list[str]) -> dict[str, int]:
    return {kind: types.count(kind) for kind in TYPES}


def distribution(done: list[Item]) -> dict[str, Any]:
    counts = counted([item.final_type for item in done])
    return {"n": len(done), "shares": {kind: n / len(done) for kind, n in counts.items()} if done else None}


def ranked(values: list[int], percent: int) -> int | None:
    """The value in place percent/100 × n, rounded up."""
    place = -(-percent * len(values) // 100)
    return sorted(values)[place - 1] if values else None


def times(spells: list[Spell]) -> dict[str, Any]:
    """Of spells that have an end."""
    working = [spell.age(spell.since, spell.until or 0) for spell in spells]
    passed = [(spell.until or 0) - spell.since for spell in spells]
    return {
        "n": len(spells), "median_seconds": ranked(working, 50), "p85_seconds": ranked(working, 85),
        "median_calendar_seconds": ranked(passed, 50), "p85_calendar_seconds": ranked(passed, 85),
    }  # fmt: skip


def an_item(counts: list[int]) -> dict[str, Any]:
    return {"per_item": sum(counts) / len(counts) if counts else None, "n": len(counts)}


def loops(item: Item) -> int:
    """How often it went back."""
    return sum(PATH.index(after) < PATH.index(before) for (_, before), (_, after) in pairwise(item.way))


def hand_offs(item: Item) -> int:
    """How often another became responsible: by a change of stage, or by handing over within one."""
    holders = [HELD_BY[stage] for _, stage in item.way if stage in HELD_BY]
    given = [event for part in item.parts for event in part.events if event.kind == "handed_over"]
    handed = sum(stage == event.data["stage"] and since < event.at and (until is None or event.at <= until)
                 for stage, since, until in item.stays for event in given)  # fmt: skip
    return handed + sum(before != after for before, after in pairwise(holders))


def reckon(events: Sequence[FlowEvent], policy: Policy, since: int, until: int) -> dict[str, Any]:
    """The figures of all there is, as `weir metrics --format json` prints them."""
    return Reckoning(events, policy, since, until).json()
