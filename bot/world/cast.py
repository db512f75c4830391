"""Everybody in a world as members of a workspace: who is who, and which channel is whose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.policy import Policy
from bot.policy_file import PersonPart, RepoPart, TargetsPart
from bot.sample.cast import TEAMS
from bot.world.script import Script

TARGETS = TargetsPart(review="8h", re_review="4h", rework="16h", respond="8h", merge="8h", assign="4h", fix="8h")  # type: ignore[arg-type]
"""Targets to show a history with whose policy sets none."""


@dataclass(frozen=True)
class Member:
    """A Slack account; `login` is theirs on the code host."""

    id: str
    name: str
    login: str
    zone: str


@dataclass(frozen=True)
class Cast:
    policy: Policy
    members: tuple[Member, ...]
    rooms: dict[str, str]
    """Channel → its name."""


def cast_of_the_sample(script: Script, policy: Policy) -> Cast:
    """The sample's teams; one of them is not linked, as there is always somebody."""
    own = [(person.slack, person.login) for team in TEAMS for person in team.members]
    rooms = {str(policy.channel(repo.name)): repo.name.partition("/")[2] for repo in script.repos}
    return Cast(policy, _members(own, policy), rooms)


def cast_of(script: Script, policy: Policy) -> Cast:
    """Give every person and repository of a history a place in Slack, and targets where the policy sets none."""
    logins = sorted({login for repo in script.repos for login in repo.people}, key=str.casefold)
    people, repos = dict(policy.file.people), dict(policy.file.repos)
    known = {login.casefold() for login, part in people.items() if part.slack}
    for number, login in enumerate(logins, 1):
        if login.casefold() not in known:
            people[login] = people.get(login, PersonPart()).model_copy(update={"slack": f"U{number:05d}"})
    for number, repo in enumerate(script.repos, 1):
        if not policy.channel(repo.name):
            part = repos.get(repo.name, RepoPart())
            repos[repo.name] = part.model_copy(update={"channel": f"C{number:05d}"})
    update: dict[str, object] = {"people": people, "repos": repos}
    if not policy.has_targets:
        update["targets"] = TARGETS
    full = Policy(policy.file.model_copy(update=update), policy.source)
    accounts = [(part.slack, login) for login, part in sorted(people.items()) if part.slack]
    return Cast(full, _members(accounts, full), _rooms([repo.name for repo in script.repos], full))


def _members(accounts: Iterable[tuple[str, str]], policy: Policy) -> tuple[Member, ...]:
    return tuple(
        Member(slack, login.casefold(), login, policy.person(login).calendar.timezone) for slack, login in accounts
    )


def _rooms(repos: list[str], policy: Policy) -> dict[str, str]:
    """A channel is called after its repository, with the owner where two are called alike."""
    short = [repo.partition("/")[2] for repo in repos]
    return {
        str(policy.channel(repo)): name if short.count(name) == 1 else repo.replace("/", "-")
        for repo, name in zip(repos, short, strict=True)
    }
