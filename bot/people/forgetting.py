"""A person taken out of everything that is kept; what a code host tells of them later comes in without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.forgetting import Scrub
from bot.flow.stream import PERSON, Responsible, Stream
from bot.intake import rebuild
from bot.policy import Policy
from bot.said import current
from bot.store import forgetting, forgotten, homes, people, renames, repos, said, streams, waits
from bot.store.engine import reading, undisturbed, writing
from bot.store.events import EVENTS
from bot.store.forgetting import Person
from bot.store.sql import batches
from bot.streams.file import from_yaml, to_yaml

PORTION = 500
"""Events rewritten in one transaction."""
ROUNDS = 5
"""Most looks through everything; what came in while one ran is met by the next."""


class Found(NamedTuple):
    """What is kept of somebody."""

    tables: Counter[str]
    """In how many rows of which tables they are."""
    repos: list[str]
    """Repositories that are called after them; such a name is an address and stays."""
    in_file: bool
    """Whether the policy file names them."""
    spoken: bool
    """Whether their login is taken out of texts, too; it is not where it is a word of another meaning."""
    shared: list[str]
    """Their Slack accounts that are somebody else's as well, and stay."""


class _Whom(NamedTuple):
    person: Person
    scrub: Scrub
    spoken: bool
    shared: list[str]


def find(ctx: Context, login: str) -> Found:
    """Where somebody is; nothing is changed."""
    ctx = current(ctx)
    with reading(ctx.engine) as session:
        whom = _whom(session, ctx, login)
        counted = Counter({"events": sum(1 for _ in forgetting.events_with(session, ctx.workspace, *whom[:2]))})
        for of in forgetting.looked_through():
            counted[of.name] = len(forgetting.rows_with(session, ctx.workspace, of, *whom[:2]))
        counted["stream_versions"] += sum(1 for _ in _texts(session, ctx, whom))
        owner = f"{login.casefold()}/"
        theirs = [row.repo for row in repos.known(session, ctx.workspace) if row.repo.casefold().startswith(owner)]
    written = (ctx.policy.written or ctx.policy).file
    in_file = login.casefold() in {name.casefold() for name in written.people}
    in_file |= any(mark in written.model_dump_json() for mark in whom.person.accounts)
    return Found(+counted, theirs, in_file, whom.spoken, whom.shared)


def _whom(session: Session, ctx: Context, login: str) -> _Whom:
    policy, workspace = ctx.policy, ctx.workspace
    accounts = {account for account in (policy.person(login).slack,) if account}
    accounts |= forgetting.linked(session, workspace, login)
    shared = {account for account in accounts if _others(policy, account, login)}
    teams = forgetting.team_names(session, workspace) | set(policy.file.teams)
    own = accounts - shared
    names = {name for name in forgetting.called(session, workspace, own) if forgotten.is_spoken(name, teams)}
    talks = frozenset(forgetting.conversations(session, workspace, own))
    person = Person(login, frozenset(own), frozenset(names), talks)
    spoken = forgotten.is_spoken(login, teams)
    known = {*people.logins(session, workspace), *policy.file.people}
    scrub = Scrub(
        is_gone=lambda one: one.casefold() == login.casefold(),
        is_said=lambda one: spoken and one.casefold() == login.casefold(),
        marks=person.marks,
        names=person.names,
        spared=frozenset({name.casefold() for name in known} - {login.casefold()}),
        repos=frozenset(row.repo.casefold() for row in repos.known(session, workspace)),
    )
    return _Whom(person, scrub, spoken, sorted(shared))


def _others(policy: Policy, account: str, login: str) -> list[str]:
    return [one for one in policy.logins_of(account) if one.casefold() != login.casefold()]


def forget(ctx: Context, login: str, now: int) -> Counter[str]:
    """Take somebody out; in how many rows of which tables they were.

    One that is stopped halfway is begun again and ends the same; whoever reads meanwhile may meet them in what is left.
    """
    ctx = current(ctx)
    with reading(ctx.engine) as session:
        whom = _whom(session, ctx, login)
    with writing(ctx.engine) as session:
        _forget_formers(session, ctx, login)
        forgotten.remember_no_more(session, ctx.workspace, login, spoken=whom.spoken)
    done: Counter[str] = Counter()
    for _ in range(ROUNDS):
        found = _round(ctx, whom, now)
        if not found:
            break
        done += found
    return done


def _forget_formers(session: Session, ctx: Context, login: str) -> None:
    """What is told late of somebody by a login of old comes in without them, too, unless that is another's now."""
    known = {name.casefold() for name in people.logins(session, ctx.workspace)}
    for former in renames.formers(session, ctx.workspace, login):
        if former.casefold() not in known:
            forgotten.remember_no_more(session, ctx.workspace, former, spoken=False)
    renames.drop(session, ctx.workspace, [login])


def _round(ctx: Context, whom: _Whom, now: int) -> Counter[str]:
    changed, keys = _events(ctx, whom)
    found = Counter({"events": changed})
    with reading(ctx.engine) as session:
        keys |= forgetting.items_of(session, ctx.workspace, whom.person)
    # Texts first: by whom a map says is responsible it is told who waits.
    found += undisturbed(lambda: _tables(ctx, whom, now))
    rebuild(ctx, now, sorted(keys))
    undisturbed(lambda: _shown_anew(ctx, whom.person, keys, now))
    return +found


def _events(ctx: Context, whom: _Whom) -> tuple[int, set[ItemKey]]:
    with reading(ctx.engine) as session:
        found = list(forgetting.events_with(session, ctx.workspace, *whom[:2]))
    for some in batches(found, PORTION):
        undisturbed(lambda some=some: _write(ctx, some))  # type: ignore[misc]
    return len(found), {(one.row.host, one.row.repo, one.row.item) for one in found}


def _write(ctx: Context, some: Iterable[forgetting.Found]) -> None:
    with writing(ctx.engine) as session:
        for one in some:
            forgetting.write(session, EVENTS, one)


def _tables(ctx: Context, whom: _Whom, now: int) -> Counter[str]:
    found: Counter[str] = Counter()
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        forgetting.end_conversations(session, ctx.workspace, whom.person, now)
        for stream, number, text in _texts(session, ctx, whom):
            streams.rewrite(session, ctx.workspace, stream, number, text)
            streams.measure_all(session, ctx.workspace, stream)
            found["stream_versions"] += 1
        for of in forgetting.looked_through():
            rows = forgetting.rows_with(session, ctx.workspace, of, *whom[:2])
            for one in rows:
                forgetting.write(session, of, one)
            found[of.name] += len(rows)
        if +found:
            said.revise(session, ctx.workspace)
    return +found


def _texts(session: Session, ctx: Context, whom: _Whom) -> Iterable[tuple[str, int, str]]:
    """(key, number, text) of the versions of maps that somebody is in, as they are to be."""
    for one in streams.every(session, ctx.workspace):
        for version in streams.versions(session, ctx.workspace, one.key):
            stream = from_yaml(version.text)
            text = whom.scrub.text(to_yaml(_without(stream, whom)))
            if text != to_yaml(stream):
                yield one.key, version.number, text


def _without(stream: Stream, whom: _Whom) -> Stream:
    """The stream with nobody responsible for what somebody was."""

    def left(who: Responsible | None) -> Responsible | None:
        is_they = who is not None and who.kind == PERSON and _is_they(who.name, whom)
        return None if is_they else who

    stages = tuple(stage._replace(responsible=left(stage.responsible)) for stage in stream.stages)
    forks = tuple(fork._replace(responsible=left(fork.responsible)) for fork in stream.forks)
    return stream._replace(stages=stages, forks=forks)


def _is_they(name: str, whom: _Whom) -> bool:
    return whom.scrub.is_gone(name) or name.strip("<@>") in whom.person.accounts


def _shown_anew(ctx: Context, person: Person, keys: Iterable[ItemKey], now: int) -> None:
    """What was said of these items, and every home tab, shows the truth again."""
    with writing(ctx.engine) as session:
        forgetting.drop_waits(session, ctx.workspace, person)
        sent = waits.sent(session, ctx.workspace, forgetting.sent_about(session, ctx.workspace, keys))
        told = {one.outbox_id for some in sent.values() for one in some}
        waits.edit_messages(session, ctx.workspace, told, now)
        homes.touch(session, ctx.workspace, None, now)


def lift(ctx: Context, login: str) -> bool:
    """Let somebody who was forgotten be told of again; whether they were."""
    with writing(ctx.engine) as session:
        return forgotten.lift(session, ctx.workspace, login)
