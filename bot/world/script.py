"""What is to come in a world: events of the sample's teams, or of somebody's own log.

An item that somebody takes in hand goes on by their acts alone: the rest of its script is dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.flow.events import FlowEvent, ItemKey, unique
from bot.sample import generate
from bot.sample.cast import TEAMS

WEEK = 7 * 86_400
WIP = "wip"


@dataclass(frozen=True)
class Repository:
    """A repository, who works in it, and the teams that may be asked there (by slug, with their members)."""

    name: str
    people: tuple[str, ...]
    teams: Mapping[str, tuple[str, ...]]
    labels: tuple[str, ...] = (WIP,)
    """Those that are there before anybody uses one."""


@dataclass(frozen=True)
class Script:
    """Events in order of time; instants are seconds since 1970 UTC."""

    events: tuple[FlowEvent, ...]
    end: int
    """From here on nothing comes by itself."""
    repos: tuple[Repository, ...]
    taken: dict[ItemKey, int] = field(default_factory=dict)
    """Items in somebody's hands, and since when."""

    def before(self, at: int) -> list[FlowEvent]:
        """All that happened before an instant."""
        return list(self._played(0, self._place(at - 1)))

    def coming(self, after: int, until: int) -> list[FlowEvent]:
        """What happens from `after` (exclusive) to `until` (inclusive)."""
        return list(self._played(self._place(after), self._place(until)))

    def next_at(self, after: int) -> int | None:
        """The first instant after another at which something happens; None if nothing does any more."""
        return next((event.at for event in self._played(self._place(after), len(self.events))), None)

    def take_over(self, key: ItemKey, at: int) -> None:
        """Drop what the script has for an item after an instant; the first taking counts."""
        self.taken.setdefault(key, at)

    def free_number(self, repo: str) -> int:
        """A number beyond all that the script uses in a repository."""
        return max((event.item for event in self.events if event.repo == repo), default=0) // 100 * 100 + 101

    def _place(self, at: int) -> int:
        """How many events lie at or before an instant."""
        return bisect_right(self.events, at, key=lambda event: event.at)

    def _played(self, first: int, last: int) -> Iterator[FlowEvent]:
        for place in range(first, last):
            event = self.events[place]
            taken = self.taken.get(event.key)
            if taken is None or event.at <= taken:
                yield event


def sample_script(seed: int, begin: int, weeks: int) -> Script:
    """So many weeks of the sample's three teams from an instant on; the same arguments give the same script."""
    repos = (_of_the_sample(team.repo, team.slug, [one.login for one in team.members]) for team in TEAMS)
    return Script(tuple(generate(seed, begin, 7 * weeks)), begin + weeks * WEEK, tuple(repos))


def _of_the_sample(name: str, team: str, members: list[str]) -> Repository:
    return Repository(name, tuple(members), {team: tuple(members)}, (WIP, "bug", "feature", "refactoring", "security"))


def file_script(events: Iterable[FlowEvent]) -> Script:
    """A log of one's own, each event once. Who is in a team it does not say: all who work in a repository are."""
    told = sorted(unique(events))
    people: dict[str, dict[str, None]] = defaultdict(dict)
    teams: dict[str, dict[str, None]] = defaultdict(dict)
    for event in told:
        people[event.repo].update(dict.fromkeys(_persons_of(event)))
        teams[event.repo].update(dict.fromkeys(_teams_of(event)))
    repos = (
        Repository(name, tuple(people[name]), dict.fromkeys(teams[name], tuple(people[name])))
        for name in sorted(people)
    )
    return Script(tuple(told), told[-1].at + 1 if told else 0, tuple(repos))


def _persons_of(event: FlowEvent) -> Iterator[str]:
    if event.actor is not None and event.actor_type == "User":
        yield event.actor
    for key in ("reviewer", "assignee"):
        login = event.data.get(key)
        if isinstance(login, str) and not login.endswith("[bot]"):
            yield login


def _teams_of(event: FlowEvent) -> Iterator[str]:
    team = event.data.get("team")
    if isinstance(team, str):
        yield team
    yield from event.data.get("teams") or ()
