"""People who go by another login on the code host than before: what they did, owe and set stays theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import structlog
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.renaming import Renamed, in_order, is_same, named_now
from bot.flow.stream import PERSON, Responsible, Stream
from bot.policy import Policy
from bot.said import look_again, seen_in
from bot.store import arrivals, homes, renames, renaming, said, streams, waits
from bot.store.engine import undisturbed, writing
from bot.streams.file import from_yaml, to_yaml

log = structlog.get_logger()


def take_note(ctx: Context, found: Iterable[Renamed], now: int) -> None:
    """Let all that is kept of these people go by their new logins; what that turns is folded in by the next settling.

    One that was stopped halfway has not begun: the next reading finds it again.
    """
    for one in in_order(found):
        whole = undisturbed(partial(_rename, ctx, one, now)).whole
        log.warning("person renamed", host=one.host, old=one.old, new=one.new, settings_moved=whole)


def _rename(ctx: Context, found: Renamed, now: int) -> Renamed:
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        policy = seen_in(session, ctx.workspace, ctx.policy)
        found = found._replace(whole=found.whole and not _are_two(policy, found))
        keys = renaming.rename(session, ctx.workspace, found)
        renames.keep(session, ctx.workspace, found)
        if found.whole:
            _responsible(session, ctx.workspace, found)
        said.revise(session, ctx.workspace)
        _show_anew(session, ctx, found, keys, now)
    return found


def _are_two(policy: Policy, found: Renamed) -> bool:
    """Whether both logins are somebody's in Slack, and not the same one's: each stays with what was said of it."""
    accounts = {policy.person(login).slack for login in (found.old, found.new)} - {None}
    return len(accounts) == 2


def _responsible(session: Session, workspace: str, found: Renamed) -> None:
    """Maps say who is responsible by login; theirs say it by the new one, in all versions."""
    for one in streams.every(session, workspace):
        for version in streams.versions(session, workspace, one.key):
            stream = from_yaml(version.text)
            now = _with_names(stream, found)
            if now != stream:
                streams.rewrite(session, workspace, one.key, version.number, to_yaml(now))
                streams.measure_all(session, workspace, one.key)


def _with_names(stream: Stream, found: Renamed) -> Stream:
    def called(who: Responsible | None) -> Responsible | None:
        theirs = who is not None and who.kind == PERSON and is_same(who.name, found.old)
        return Responsible(PERSON, found.new) if theirs else who

    stages = tuple(stage._replace(responsible=called(stage.responsible)) for stage in stream.stages)
    forks = tuple(fork._replace(responsible=called(fork.responsible)) for fork in stream.forks)
    return stream._replace(stages=stages, forks=forks)


def _show_anew(session: Session, ctx: Context, found: Renamed, keys: set[ItemKey], now: int) -> None:
    """Have the items folded in, their ladders looked at, and what was said of them edited."""
    policy = seen_in(session, ctx.workspace, ctx.policy)
    arrivals.add(session, ctx.workspace, ((key, None) for key in sorted(keys)), now)
    look_again(session, ctx.workspace, [("people", found.new, "slack")], policy, now)
    waits.edit_messages(session, ctx.workspace, renaming.messages_of(session, ctx.workspace, keys), now)
    homes.touch(session, ctx.workspace, None, now)


def unsettled(policy: Policy, known: Sequence[Renamed]) -> list[Renamed]:
    """Of whom the policy file, or what was said from Slack, still speaks by a login of old: to be said by hand."""
    return [one for one in known if not is_same(one.old, _last(one.old, known)) and _is_spoken_of(policy, one)]


def _last(login: str, known: Iterable[Renamed]) -> str:
    """What the file's word on a login is read as."""
    return next(iter(named_now({login: None}, [one._replace(whole=True) for one in known])))


def _is_spoken_of(policy: Policy, one: Renamed) -> bool:
    written = (policy.written or policy).file.people
    if not one.whole:
        return policy.person(one.old).slack is not None
    return any(is_same(name, one.old) for name in written) and not any(is_same(name, one.new) for name in written)
