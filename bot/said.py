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
from bot.policy import BadPolicy, Facts, Policy, check
from bot.policy_file import NAMED, PolicyFile, first_fault
from bot.store import connections, homes, members, said, waits
from bot.store.engine import reading, undisturbed, writing
from bot.store.said import Path

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
    with reading(ctx.engine) as session:
        revision = said.revision(session, ctx.workspace)
        if revision == ctx.policy.revision:
            return ctx
        made = _known.setdefault(ctx.engine, {}).get(ctx.workspace)
        if made is None or made[0] is not written or made[1].revision != revision:
            made = (written, _forgiving(session, ctx.workspace, written, revision))
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
    written = ctx.policy.written or ctx.policy
    before = _forgiving(session, ctx.workspace, written, "")
    for path, value in changes:
        new = value(value_at(before.file, path)) if callable(value) else value
        if isinstance(new, Unsaid):
            said.drop(session, ctx.workspace, path)
        else:
            said.put(session, ctx.workspace, path, new)
    after = _policy_of(session, ctx.workspace, written, "", said.everything(session, ctx.workspace))
    found = [Changed(path, value_at(before.file, path), value_at(after.file, path)) for path, _ in changes]
    changed = [one for one in found if one.was != one.became]
    for path, was, became in changed:
        said.record(session, ctx.workspace, path, was, became, by, now, why)
    said.revise(session, ctx.workspace)
    look_again(session, ctx.workspace, [one.path for one in changed], after, now)
    return changed


def look_again(session: Session, workspace: str, paths: Iterable[Path], policy: Policy, now: int) -> None:
    """Have the ladders looked at, and the home tabs published again, that changes of these keys concern."""
    paths = list(paths)
    logins = {path[1] for path in paths if path[0] == "people"}
    repos = {path[1] for path in paths if path[0] == "repos"}
    everyone = any(path[0] not in ("people", "repos", "admins") for path in paths)
    if any(path[0] == "people" and path[-1] == "slack" for path in paths):
        connections.show_again(session, workspace, now)
    waits.look_again(session, workspace, now, logins=logins, repos=repos, everyone=everyone)
    users = {policy.person(login).slack for login in logins}
    homes.touch(session, workspace, None if everyone or repos else {user for user in users if user}, now)


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


def _policy_of(session: Session, workspace: str, written: Policy, revision: str, told: Mapping[Path, Any]) -> Policy:
    """The policy with these keys laid over it. Raises BadPolicy."""
    try:
        over = PolicyFile.model_validate(_tree(told))
    except ValidationError as error:
        raise BadPolicy(f"{SOURCE}: {first_fault(error)}") from None
    file = laid(written.file, over)
    policy = Policy(file, written.source, written, revision, _facts(session, workspace))
    check(policy)
    return policy


def _forgiving(session: Session, workspace: str, written: Policy, revision: str) -> Policy:
    """The same, leaving out keys that no longer go with the file as it is now."""
    told = said.everything(session, workspace)
    try:
        return _policy_of(session, workspace, written, revision, told)
    except BadPolicy:
        good: dict[Path, Any] = {}
        for path, value in told.items():
            try:
                _policy_of(session, workspace, written, revision, {**good, path: value})
                good[path] = value
            except BadPolicy as error:
                log.error("setting left out", path=".".join(path), why=str(error))
        return _policy_of(session, workspace, written, revision, good)


def _tree(told: Mapping[Path, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in told.items():
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


def _facts(session: Session, workspace: str) -> dict[str, Facts]:
    zones, away = members.zones(session, workspace), members.absences(session, workspace)
    return {user: Facts(zones.get(user), tuple(away.get(user, ()))) for user in {*zones, *away}}
