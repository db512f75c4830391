"""The organisation: people in many time zones with their own hours, teams, repositories, and its policy file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from zoneinfo import ZoneInfo

from reference import instant

from bot.flow.calendar import Calendar
from bot.flow.waits import Rules
from months.hours import DAY, Hours, Span, hours_of

HOUR = 3600
ZONES = (
    ("Europe/Berlin", "DE"), ("America/New_York", "US"), ("America/Los_Angeles", "US"), ("Asia/Kolkata", "IN"),
    ("Europe/London", "GB"), ("America/Sao_Paulo", "BR"), ("Asia/Tokyo", "JP"), ("Australia/Sydney", "AU"),
    ("Europe/Lisbon", "PT"), ("Pacific/Auckland", "NZ"),
)  # fmt: skip
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = ((540, 1020),)
OFFICE = (WEEK,) * 5 + ((), ())
SHAPES = (
    (50, OFFICE),
    (20, (((480, 720), (780, 1020)),) * 5 + ((), ())),
    (13, (((600, 1080),),) * 5 + ((), ())),
    (8, (((540, 900),),) * 3 + ((),) * 4),
    (6, ((), ((540, 1020),), ((540, 1020),), ((540, 1020),), (), (), ())),
    (3, (((1320, 360),),) * 4 + ((),) * 3),
)
"""How many of a hundred work by which hours, in minutes of the day: offices, late risers, part-timers, nights."""
TARGETS = {"review": 8, "re_review": 4, "rework": 16, "respond": 8, "merge": 8, "assign": 4, "fix": 8}
"""Working hours agreed on."""
CHECKS = ("check_run", "", "status", "")
"""How the host tells of a repository's checks; half of them have none."""
QUICK = {"review": 4}
"""In every tenth repository."""
BASE = Calendar("Europe/Berlin", OFFICE, "DE")


@dataclass
class Person:
    login: str
    team: str
    calendar: Calendar
    hours: Hours
    joins: int
    """When they come to the organisation, and when they leave it."""
    leaves: int
    away: list[Span] = field(default_factory=list)
    """Absences that the program knows of, as instants."""
    planned: list[tuple[date, date]] = field(default_factory=list)
    """Those of the policy file: the first day and the last."""
    morning: bool = True
    linked_at: int = 0
    """Since when the program knows who they are in Slack; far in the future for one it does not know."""
    temper: float = 1.0
    """How many times as long as others they take."""

    @property
    def user(self) -> str:
        return f"U0{self.login.upper()}"

    def there(self, at: int) -> bool:
        return self.joins <= at < self.leaves and not self.absent(at)

    def absent(self, at: int) -> bool:
        return any(start <= at < end for start, end in self.away)

    def hours_known(self, at: int) -> Hours:
        """By which the program counts: the workspace's, as long as they did not say their own."""
        return self.hours if self.linked_at <= at else hours_of(BASE, self.hours.first, self.hours.last)

    def soon(self, at: int, seconds: int) -> int:
        """When they have had so many working seconds from an instant on."""
        found = self.hours.advance(at, max(60, int(seconds * self.temper)))
        for start, end in sorted(self.away):
            if start <= found < end:
                found = self.hours.advance(end, seconds % HOUR)
        return found

    def midnight(self, at: int, days: int = 0) -> int:
        """The beginning of the local day that an instant lies in, or of one so many days later."""
        day = datetime.fromtimestamp(at, ZoneInfo(self.calendar.timezone)).date() + timedelta(days=days)
        return instant(day, 0, self.calendar.timezone)

    def day(self, at: int) -> date:
        return datetime.fromtimestamp(at, ZoneInfo(self.calendar.timezone)).date()


@dataclass(frozen=True)
class Repo:
    name: str
    team: str
    rules: Rules
    targets: dict[str, int]
    """Working seconds."""
    weight: float
    checks: str = ""
    """How the host tells of its checks, where it has any."""
    queue: bool = False
    """Whether it has a merge queue."""
    private: bool = False
    """Whether its team alone may see it."""


@dataclass
class Org:
    """Made by a seed; the same each time."""

    people: list[Person]
    teams: dict[str, list[Person]]
    repos: dict[str, Repo]
    start: int
    end: int

    @cached_property
    def hours(self) -> Hours:
        """The workspace's."""
        return hours_of(BASE, self.start, self.end)

    @cached_property
    def by_login(self) -> dict[str, Person]:
        return {one.login: one for one in self.people}

    def readers(self, repo: str) -> set[str] | None:
        """Who may read a private repository; None for one that is public."""
        held = self.repos[repo]
        return {one.login for one in self.teams[held.team]} if held.private else None

    def may_see(self, person: Person, repo: str) -> bool:
        return not self.repos[repo].private or person.team == self.repos[repo].team

    @cached_property
    def by_user(self) -> dict[str, Person]:
        return {one.user: one for one in self.people}

    def colleagues(self, team: str, at: int) -> list[Person]:
        return [one for one in self.teams[team] if one.joins <= at < one.leaves]


def channel_of(team: str) -> str:
    return f"C0{team.upper()}"


def make(people: int, start: int, end: int, seed: int) -> Org:
    """An organisation of so many, at any time; over two years an eighth of them come later and as many leave."""
    random = Random(f"org {seed}")
    names = [f"team{number}" for number in range(max(2, people * 2 // 25))]
    teams: dict[str, list[Person]] = {name: [] for name in names}
    everybody = []
    for number in range(people):
        team = names[number % len(names)]
        everybody.append(_person(f"dev{number}", team, random, start, end, number))
        teams[team].append(everybody[-1])
    repos = {}
    for number in range(max(3, people * 2 // 5)):
        name = f"acme/repo{number}"
        hours = {**TARGETS, **(QUICK if number % 10 == 3 else {})}
        rules = Rules(approvals_required=2 if number % 12 == 5 else 1)
        targets = {kind: HOUR * each for kind, each in hours.items()}
        repos[name] = Repo(name, names[number % len(names)], rules, targets, 1 / (1 + number % 23),
                           CHECKS[number % len(CHECKS)], number % 4 == 3, number % len(names) % 3 == 1)  # fmt: skip
    return Org(everybody, teams, repos, start, end)


def _person(login: str, team: str, random: Random, start: int, end: int, number: int) -> Person:
    zone, country = random.choices(ZONES, weights=(30, 18, 10, 10, 10, 5, 5, 5, 4, 3))[0]
    shape = random.choices([shape for _, shape in SHAPES], weights=[share for share, _ in SHAPES])[0]
    comes, goes = number % 16 == 7, number % 16 == 11
    joins = start + int((end - start) * random.random() * 0.9) // DAY * DAY if comes else 0
    leaves = start + int((end - start) * (0.1 + 0.9 * random.random())) // DAY * DAY if goes else end + DAY
    calendar = Calendar(zone, OFFICE if comes else shape, "DE" if comes else country)
    person = Person(login, team, calendar, hours_of(calendar, start, end), joins, leaves)
    person.morning = random.random() < 0.6
    person.temper = random.choice((0.6, 0.8, 1.0, 1.0, 1.3, 1.8))
    person.linked_at = 2**40 if comes or number % 50 == 13 else 0
    if not comes:
        _plan(person, random, start, end)
    return person


def _plan(person: Person, random: Random, start: int, end: int) -> None:
    """Holidays that everybody knows of long before."""
    day, last = (datetime.fromtimestamp(at, UTC).date() for at in (start, end))
    while (day := day + timedelta(days=random.randrange(60, 260))) < last:
        back = day + timedelta(days=random.choice((0, 2, 4, 9, 13)))
        person.planned.append((day, back))
        zone = person.calendar.timezone
        person.away.append((instant(day, 0, zone), instant(back + timedelta(days=1), 0, zone)))
        day = back


def policy(org: Org) -> str:
    """The policy file in TOML."""
    admins = ", ".join(f'"{some[0].user}"' for some in org.teams.values())
    lines = [
        f"admins = [{admins}]",
        "[calendar]",
        *_calendar(BASE),
        "[targets]",
        *(f'{kind} = "{hours}h"' for kind, hours in TARGETS.items()),
    ]
    lines += ["[retention]", 'events = "200d"', 'messages = "200d"']
    for person in org.people:
        if person.linked_at == 0:
            lines += _told(person)
    for team in org.teams:
        lines += [f"[teams.{team}]", f'channel = "{channel_of(team)}"']
    for repo in org.repos.values():
        lines += [f'[repos."{repo.name}"]', f'channel = "{channel_of(repo.team)}"']
        lines += [f'targets = {{ review = "{repo.targets["review"] // HOUR}h" }}']
        lines += [f"rules = {{ approvals_required = {repo.rules.approvals_required} }}"]
    return "\n".join(lines) + "\n"


def _told(person: Person) -> list[str]:
    away = ", ".join(f'{{ from = "{first}", until = "{last}" }}' for first, last in person.planned)
    return [
        f"[people.{person.login}]", f'slack = "{person.user}"', f"morning = {str(person.morning).lower()}",
        f"away = [{away}]", f"[people.{person.login}.calendar]", *_calendar(person.calendar),
    ]  # fmt: skip


def _calendar(calendar: Calendar) -> list[str]:
    hours = ", ".join(f"{day} = [{_spelt(windows)}]" for day, windows in zip(WEEKDAYS, calendar.hours, strict=True))
    return [f'timezone = "{calendar.timezone}"', f'country = "{calendar.country}"', f"hours = {{ {hours} }}"]


def _spelt(windows: tuple[Span, ...]) -> str:
    return ", ".join(f'"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}"' for a, b in windows)
