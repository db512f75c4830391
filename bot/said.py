"""What people set from Slack, laid over the policy file: the policy that holds now, and how it is changed.

Every door asks for it with `current` before it looks at anything; `say` is the only way to change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.renaming import Renamed, named_now
from bot.policy import BadPolicy, Facts, Policy, check
from bot.policy_file import NAMED, PolicyFile, first_fault
from bot.store import connections, homes, members, renames, said, waits
from bot.store.engine import looking, undisturbed, writing
from bot.store.said import Path
from bot.streams.agreed import agreed_in_maps

M = TypeVar("M", bound=BaseModel)
log = structlog.get_logger()
SOURCE = "what was set from Slack"


class Unsaid:
    """Stands for a value: the policy file is to have its way again."""


UNSAID = Unsaid()


class Change(NamedTuple):
    """A key and the value it is to have, as the policy file would have it.

    A function gets the value that holds now (None where nothing is set) and gives the new one: so two who add to the
    same list at once lose nothing.
    """

    path: Path
    value: Any | Unsaid | Callable[[Any], Any]


class Changed(NamedTuple):
    """What a change came to; values as the policy file would have them, None for nothing set."""

    path: Path
    was: Any
    became: Any


_known: WeakKeyDictionary[Engine, dict[str, tuple[Policy, Policy]]] = WeakKeyDictionary()
"""By workspace: the policy as it is written, and what was made of it last."""


def current(ctx: Context) -> Context:
    """The context with the policy that holds now: the file's, what was said from Slack, and Slack's facts."""
    written = ctx.policy.written or ctx.policy
    with looking(ctx.engine) as session:
        revision = said.revision(session, ctx.workspace)
        if revision == ctx.policy.revision:
            return ctx
        made = _known.setdefault(ctx.engine, {}).get(ctx.workspace)
        if made is None or made[0] is not written or made[1].revision != revision:
            made = (written, seen_in(session, ctx.workspace, written))
            _known[ctx.engine][ctx.workspace] = made
    return replace(ctx, policy=made[1])


def say(ctx: Context, changes: Sequence[Change], by: str, now: int, why: str | None = None) -> list[Changed]:
    """Change settings in one transaction, on the record; those that really changed.

    `by` is a Slack account, or empty where Weir itself came to it (`why` says how). Raises BadPolicy, and then nothing
    is changed.
    """
    return undisturbed(lambda: _say(ctx, changes, by, now, why))


def _say(ctx: Context, changes: Sequence[Change], by: str, now: int, why: str | None) -> list[Changed]:
    with writing(ctx.engine) as session:
        return say_in(session, ctx, changes, by, now, why)


def say_in(
    session: Session, ctx: Context, changes: Sequence[Change], by: str, now: int, why: str | None = None
) -> list[Changed]:
    """The same within a transaction of the caller's."""
    said.alone(session, ctx.workspace)
    laying = _laying(session, ctx.workspace, ctx.policy.written or ctx.policy, "")
    known = said.everything(session, ctx.workspace)
    told = laying.fitting(known)
    before = laying.policy(told)
    changes = [change._replace(path=_as_known(change.path, known)) for change in changes]
    for path, value in changes:
        new = value(value_at(before.file, path)) if callable(value) else value
        if isinstance(new, Unsaid):
            told.pop(path, None)
            said.drop(session, ctx.workspace, path)
        else:
            told[path] = new
            said.put(session, ctx.workspace, path, new)
    after = laying.policy(told)
    found = [Changed(path, value_at(before.file, path), value_at(after.file, path)) for path, _ in changes]
    changed = [one for one in found if one.was != one.became]
    for path, was, became in changed:
        said.record(session, ctx.workspace, path, was, became, by, now, why)
    said.revise(session, ctx.workspace)
    look_again(session, ctx.workspace, [one.path for one in changed], after, now)
    _touch_former(session, ctx.workspace, changed, now)
    return changed


_OF_NO_LADDER = ("admins", "types", "mix", "streams")


def look_again(session: Session, workspace: str, paths: Iterable[Path], policy: Policy, now: int) -> None:
    """Have the ladders looked at, and the home tabs published again, that changes of these keys concern."""
    paths = list(paths)
    logins = {path[1] for path in paths if path[0] == "people"}
    repos = {path[1] for path in paths if path[0] == "repos"}
    everyone = any(path[0] not in ("people", "repos", *_OF_NO_LADDER) for path in paths)
    if any(path[0] == "people" and path[-1] == "slack" for path in paths):
        connections.show_again(session, workspace, now)
    waits.look_again(session, workspace, now, logins=logins, repos=repos, everyone=everyone)
    users = {policy.person(login).slack for login in logins}
    homes.touch(session, workspace, None if everyone or repos else {user for user in users if user}, now)


def _touch_former(session: Session, workspace: str, changed: Iterable[Changed], now: int) -> None:
    """Publish the home tabs of those whose logins were taken from them again, too."""
    homes.touch(session, workspace, {one.was for one in changed if one.path[-1] == "slack" and one.was}, now)


def value_at(file: PolicyFile, path: Path) -> Any:
    """The value of a key as the policy file would have it; None where nothing is set."""
    found: Any = file
    for i, step in enumerate(path):
        if isinstance(found, Mapping):
            named = i and path[i - 1] in NAMED
            found = next((one for name, one in found.items() if name == step or (named and _same(name, step))), None)
        else:
            found = getattr(found, step, None)
        if found is None:
            return None
    return _plain(file, path)


def _plain(file: PolicyFile, path: Path) -> Any:
    found: Any = file.model_dump(mode="json", by_alias=True, include={path[0]})
    for i, step in enumerate(path):
        named = i and path[i - 1] in NAMED
        found = next(one for name, one in found.items() if name == step or (named and _same(name, step)))
    return found


def _same(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()


def seen_in(session: Session, workspace: str, policy: Policy) -> Policy:
    """The policy that holds as a transaction sees it; of `policy` only what the file says is looked at."""
    written, revision = policy.written or policy, said.revision(session, workspace)
    laying = _laying(session, workspace, written, revision)
    return laying.policy(laying.fitting(said.everything(session, workspace)))


class _Laying(NamedTuple):
    """What keys are laid over: the policy as the file has it, with Slack's facts and what maps agree on."""

    written: Policy
    file: PolicyFile
    """What it says, by the logins that people have now."""
    revision: str
    facts: Mapping[str, Facts]
    maps: Mapping[str, Mapping[str, int]]

    def policy(self, told: Mapping[Path, Any]) -> Policy:
        """The policy with these keys laid over it. Raises BadPolicy."""
        try:
            over = PolicyFile.model_validate(_tree(told))
        except ValidationError as error:
            raise BadPolicy(f"{SOURCE}: {first_fault(error)}") from None
        file = laid(self.file, over)
        policy = replace(
            self.written, file=file, written=self.written, read_as=self.file, revision=self.revision, facts=self.facts,
            maps=self.maps,
        )  # fmt: skip
        check(policy)
        return policy

    def fitting(self, told: Mapping[Path, Any], beside: Mapping[Path, Any] | None = None) -> dict[Path, Any]:
        """The keys (and those `beside`) without the ones that no longer go with the file as it is now."""
        beside, paths = dict(beside or {}), list(told)
        try:
            self.policy({**beside, **told})
        except BadPolicy as error:
            if len(paths) == 1:
                log.error("setting left out", path=".".join(paths[0]), why=str(error))
                return beside
            half = len(paths) // 2
            for some in (paths[:half], paths[half:]):
                beside = self.fitting({path: told[path] for path in some}, beside)
            return beside
        return {**beside, **told}


def _as_known(path: Path, known: Iterable[Path]) -> Path:
    """A key as it was said before, where only the case of a name differs."""
    return next((one for one in known if _folded(one) == _folded(path)), path)


def _folded(path: Path) -> Path:
    return (path[0], path[1].casefold(), *path[2:]) if path[0] in NAMED else path


def _tree(told: Mapping[Path, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    spelt: dict[Path, str] = {}
    for path, value in told.items():
        if path[0] in NAMED:  # one name however it is spelt
            path = (path[0], spelt.setdefault(_folded(path)[:2], path[1]), *path[2:])  # noqa: PLW2901
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = value
    return tree


def laid(base: M, over: M) -> M:
    """A part of the policy laid over another, key by key; people, teams and repositories one by one."""
    update: dict[str, Any] = {}
    for name in over.model_fields_set:
        mine, theirs = getattr(base, name), getattr(over, name)
        if isinstance(theirs, BaseModel):
            update[name] = laid(mine, theirs)
        else:
            update[name] = _laid_by_name(mine, theirs) if name in NAMED else theirs
    return base.model_copy(update=update)


def _laid_by_name(base: Mapping[str, M], over: Mapping[str, M]) -> dict[str, M]:
    found = dict(base)
    spelt = {name.casefold(): name for name in base}
    for name, part in over.items():
        known = spelt.get(name.casefold(), name)
        found[known] = laid(found[known], part) if known in found else part
    return found


def _laying(session: Session, workspace: str, written: Policy, revision: str) -> _Laying:
    file = called_now(written.file, renames.everyone(session, workspace))
    return _Laying(written, file, revision, _facts(session, workspace), agreed_in_maps(session, workspace))


def called_now(file: PolicyFile, known: Sequence[Renamed]) -> PolicyFile:
    """A file with people by the logins they have now; who is renamed can't write it anew themselves."""
    people = named_now(file.people, known)
    return file if people == file.people else file.model_copy(update={"people": people})


def _facts(session: Session, workspace: str) -> dict[str, Facts]:
    zones, away = members.zones(session, workspace), members.absences(session, workspace)
    return {user: Facts(zones.get(user), tuple(away.get(user, ()))) for user in {*zones, *away}}
