"""The policy: what was agreed about working time, targets, turns and nudges, as one validated value."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta, tzinfo
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.flow import types
from bot.flow.calendar import Calendar, WaitClock, clock_of, public_holidays
from bot.flow.common_types import COMMON
from bot.flow.ladder import FOREVER, NudgeRules
from bot.flow.mix import Bands
from bot.flow.waits import KINDS, STAGE, Rules, Span, Wait
from bot.policy_file import NAMED, AwayPart, MutePart, PersonPart, PolicyFile, RepoPart, TeamPart, first_fault
from bot.policy_types import bands_of

MOST_SAID = 1_500
"""Characters of a problem that are told."""


class BadPolicy(ValueError):
    """A policy that can't be used; one line that names the file, the key and what is allowed."""

    def __init__(self, problem: str) -> None:
        shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in problem[:MOST_SAID])
        super().__init__(f"{shown}…" if problem[MOST_SAID:] else shown)


@dataclass(frozen=True)
class Person:
    """A person's own terms: Slack account, calendar, absences as instants, what they muted."""

    slack: str | None
    calendar: Calendar
    away: tuple[Span, ...] = ()
    mutes: tuple[MutePart, ...] = ()
    morning: bool = True
    """Whether they want a message at the start of their working day."""


@dataclass(frozen=True)
class Facts:
    """What Slack tells of a member: their time zone, and absences that their status told of."""

    zone: str | None = None
    away: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Policy:
    """What was agreed. Look-ups by login and repository disregard case, as code hosts do."""

    file: PolicyFile = field(default_factory=PolicyFile)
    source: str = "the built-in policy"
    written: Policy | None = None
    """The policy as the file has it, where this one has more: what was said from Slack, and Slack's facts."""
    read_as: PolicyFile | None = None
    """What the file says, by the logins that people have now, where this one has more."""
    revision: str = ""
    """Names the state of what was said from Slack."""
    facts: Mapping[str, Facts] = field(default_factory=dict)
    """By Slack account."""
    maps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Working seconds by repository (in lower case) and kind of wait that maps agree on, where this says nothing."""
    owners: frozenset[str] | None = None
    """The accounts on the code host (casefolded) whose repositories may be followed at all; None: anybody's."""

    @cached_property
    def calendar(self) -> Calendar:
        return self.file.calendar.over(Calendar())

    @cached_property
    def nudges(self) -> NudgeRules:
        part = self.file.nudges
        return NudgeRules(
            heads_up=Fraction(str(part.heads_up)),
            escalate=Fraction(str(part.escalate)),
            repeat=part.repeat,
            max_repeats=part.max_repeats,
            max_messages_per_day=part.max_messages_per_person_per_day,
        )

    @cached_property
    def type_rules(self) -> types.Rules:
        """The rules that tell what work is for; the common ones where nobody agreed on others."""
        said = self.file.types
        return COMMON if said is None else tuple(part.rule for part in said)

    def mix(self, *, repo: str | None = None, stream: str | None = None) -> Bands:
        """The mix that is wanted: of a repository or a value stream where it has one of its own, else of all work."""
        own = self._parts[repo.casefold()].mix if repo and repo.casefold() in self._parts else None
        if stream:
            named = {name.casefold(): part.mix for name, part in self.file.streams.items()}
            own = named.get(stream.casefold())
        return bands_of(own or self.file.mix)

    @cached_property
    def _people(self) -> dict[str, Person]:
        return {login.casefold(): self._person(part) for login, part in self.file.people.items()}

    @cached_property
    def _names(self) -> dict[str, str]:
        return {login.casefold(): login for login in reversed(self.file.people)}

    def spelt(self, login: str) -> str:
        """A login as the policy has it, where it has it in whatever case."""
        return self._names.get(login.casefold(), login)

    def _person(self, part: PersonPart) -> Person:
        facts = self.facts.get(part.slack or "", _NO_FACTS)
        calendar = part.calendar.over(replace(self.calendar, timezone=facts.zone or self.calendar.timezone))
        away = tuple(_absence(one, calendar) for one in part.away)
        morning = self.file.nudges.morning if part.morning is None else part.morning
        return Person(part.slack, calendar, away + facts.away, tuple(part.mutes), morning)

    @cached_property
    def _stranger(self) -> Person:
        return Person(None, self.calendar, morning=self.file.nudges.morning)

    @cached_property
    def _logins(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for login, part in self.file.people.items():
            if part.slack:
                found[part.slack].append(login)
        return found

    def logins_of(self, user: str) -> list[str]:
        """The logins that are a Slack account's."""
        return list(self._logins.get(user, ()))

    def zone_of(self, user: str) -> tzinfo:
        """The time zone of a Slack account: its login's, else what Slack tells, else the workspace's."""
        for login in self._logins.get(user, ()):
            return self.person(login).calendar.zone
        return ZoneInfo(self.facts.get(user, _NO_FACTS).zone or self.calendar.timezone)

    def muted_until(self, login: str, repo: str, item: int) -> int:
        """The instant until which a person wants to hear nothing of an item; 0 where they do, FOREVER without end."""
        person, until = self.person(login), 0
        for mute in person.mutes:
            if mute.repo.casefold() == repo.casefold() and mute.item in (None, item):
                until = max(until, _end_of(mute, person.calendar))
        return until

    def person(self, login: str) -> Person:
        """A person's terms; somebody the policy does not know works by the workspace's calendar."""
        return self._people.get(login.casefold(), self._stranger)

    @property
    def maps_people(self) -> bool:
        """Whether the policy says who is who in Slack at all."""
        return any(part.slack for part in self.file.people.values())

    @property
    def maps_channels(self) -> bool:
        return any(part.channel for part in self.file.repos.values())

    @property
    def has_targets(self) -> bool:
        """Whether any wait of any repository has a target; without one nobody is ever nudged."""
        if any(self.maps.values()):
            return True
        parts = (self.file.targets, *(part.targets for part in self.file.repos.values()))
        return any(seconds for part in parts for _, seconds in part)

    @cached_property
    def _repos(self) -> dict[str, _RepoTerms]:
        return {}

    @cached_property
    def _parts(self) -> dict[str, RepoPart]:
        return {repo.casefold(): part for repo, part in self.file.repos.items()}

    def _terms(self, repo: str) -> _RepoTerms:
        terms = self._repos.get(repo)
        if terms is None:
            name = repo.casefold()
            part, mapped = self._parts.get(name), self.maps.get(name)
            own = part is not None or mapped is not None
            terms = self._made(part or RepoPart(), mapped or {}) if own else self._common
            self._repos[repo] = terms
        return terms

    @cached_property
    def _common(self) -> _RepoTerms:
        """Of repositories that nothing was said of."""
        return self._made(RepoPart(), {})

    def _made(self, part: RepoPart, mapped: Mapping[str, int]) -> _RepoTerms:
        base = self.file.targets
        targets = {
            kind: _first(getattr(part.targets, kind), getattr(base, kind), mapped.get(kind)) or None for kind in KINDS
        }
        if part.silent or not part.follow:
            targets = dict.fromkeys(KINDS)
        rules = part.rules.over(self.file.rules.over(Rules()))
        return _RepoTerms(part, rules, targets, part.calendar.over(self.calendar))

    def rules(self, repo: str) -> Rules:
        return self._terms(repo).rules

    def target(self, repo: str, kind: str) -> int | None:
        """Agreed working seconds for a kind of wait in a repository; None where nothing is agreed, or it is silent."""
        return self._terms(repo).targets[kind]

    def target_of(self, wait: Wait) -> int | None:
        """The same for a wait: what its stage has, where a value stream tells of it."""
        return self.agreed(wait.repo, wait.kind, wait.target)

    def agreed(self, repo: str, kind: str, in_stage: int | None) -> int | None:
        """The same, where a stage of a value stream has a target of its own."""
        if kind != STAGE:
            return self.target(repo, kind)
        return None if self.is_silent(repo) or not self.follows(repo) else in_stage

    def expectation(self, repo: str) -> int | None:
        """Working seconds within which an item of a repository is expected to be done; None where nothing is agreed."""
        own = self._terms(repo).part.expectation
        return _first(own, self.file.flow.expectation) or None

    def is_silent(self, repo: str) -> bool:
        """Whether nobody is to be nudged about a repository (yet)."""
        return self._terms(repo).part.silent

    def follows(self, repo: str) -> bool:
        """Whether a repository is followed; one that was let go has no open waits and is not read."""
        return self.may_follow(repo) and self._terms(repo).part.follow

    def may_follow(self, repo: str) -> bool:
        """Whether a repository (owner/name) belongs to an account whose repositories may be followed."""
        return self.owners is None or repo.partition("/")[0].casefold() in self.owners

    def channel(self, repo: str) -> str | None:
        return self._terms(repo).part.channel

    def team_channel(self, team: str) -> str | None:
        """The channel of a team, where one is mapped; else its requests go to the repository's."""
        part = self._teams.get(team.casefold())
        return part.channel if part else None

    @cached_property
    def _teams(self) -> dict[str, TeamPart]:
        return {team.casefold(): part for team, part in self.file.teams.items()}

    def mentions(self, repo: str) -> bool:
        """Whether the team wants the holders mentioned in its channel."""
        return self._terms(repo).part.mentions

    def team_calendar(self, repo: str) -> Calendar:
        """The clock of a repository's teams."""
        return self._terms(repo).calendar

    def holder_calendar(self, wait: Wait) -> Calendar:
        return self.team_calendar(wait.repo) if wait.team else self.person(wait.on).calendar

    def clock(self, wait: Wait) -> WaitClock:
        """The clock of a wait under its holder's calendar, absences and the repository's rules."""
        away = () if wait.team else self.person(wait.on).away
        return clock_of(wait, self.holder_calendar(wait), away, hold_while_red=self.rules(wait.repo).hold_while_red)


@dataclass(frozen=True)
class _RepoTerms:
    part: RepoPart
    rules: Rules
    targets: dict[str, int | None]
    calendar: Calendar


_NO_FACTS = Facts()


def _absence(part: AwayPart, calendar: Calendar) -> Span:
    """An absence as instants; without an end until it is taken back."""
    start = calendar.instant(part.start, part.begins or time())
    if part.until is None:
        return (start, None)
    if part.ends is not None:
        return (start, calendar.instant(part.until, part.ends))
    return (start, calendar.midnight(part.until + timedelta(days=1)))


def _end_of(mute: MutePart, calendar: Calendar) -> int:
    """The instant a mute ends: after its last local day."""
    return FOREVER if mute.until is None else calendar.midnight(mute.until + timedelta(days=1))


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def load_policy(path: Path) -> Policy:
    """Read a policy file. Raises BadPolicy: file, key, what is allowed."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise BadPolicy(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path}: can't be read as UTF-8 text: {_reason(error)}") from None
    return parse_policy(text, str(path))


def parse_policy(text: str, source: str) -> Policy:
    """Validate a policy given as TOML text; `source` names it in errors. Raises BadPolicy."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadPolicy(f"{source}: not valid TOML: {error}") from None
    except ValueError:
        raise BadPolicy(f"{source}: not TOML that can be read: a number has too many digits") from None
    try:
        policy = Policy(PolicyFile.model_validate(raw), source)
    except ValidationError as error:
        raise BadPolicy(f"{source}: {first_fault(error)}") from None
    check(policy)
    return policy


def check(policy: Policy) -> None:
    """What single keys can't show: names that mean the same, holidays that nobody knows. Raises BadPolicy."""
    _check_names(policy)
    _check_holidays(policy)


def _check_names(policy: Policy) -> None:
    for table, names in ((name, getattr(policy.file, name)) for name in NAMED):
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                raise BadPolicy(f"{policy.source}: {table}.{name}: the same as {table}.{other}; one table each")


def _check_holidays(policy: Policy) -> None:
    """Every calendar with a country must be one whose holidays are known, after all overriding."""
    tables = [("calendar", policy.calendar)]
    tables += [(f"people.{login}.calendar", policy.person(login).calendar) for login in policy.file.people]
    tables += [(f"repos.{repo}.calendar", policy.team_calendar(repo)) for repo in policy.file.repos]
    for key, calendar in tables:
        if calendar.country is None:
            if calendar.subdivision is not None:
                raise BadPolicy(f"{policy.source}: {key}.subdivision: needs a country beside it, such as 'DE'")
            continue
        try:
            public_holidays(calendar.country, calendar.subdivision)
        except NotImplementedError:
            raise BadPolicy(f"{policy.source}: {key}.{_unknown_place(calendar)}") from None


def _unknown_place(calendar: Calendar) -> str:
    country = calendar.country or ""
    try:
        known = public_holidays(country, None).subdivisions
    except NotImplementedError:
        return f"country: no public holidays are known for {country!r}; allowed are ISO 3166-1 codes such as 'DE'"
    allowed = f"allowed are {', '.join(known)}" if known else "it has none"
    return f"subdivision: {calendar.subdivision!r} is no subdivision of {country}; {allowed}"


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
