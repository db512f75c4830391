"""Waits compared with what is stored of them, and written where they differ: with when to look at their ladders, and
what was said of them that is no longer so."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.ladder import next_look
from bot.flow.waits import REVIEWER_KINDS, Span, Wait
from bot.outgoing.standings import is_handed_on, is_of_the_ladder, standing_of
from bot.policy import Policy
from bot.store import answers, homes, waits
from bot.store.answers import Answer, Ask
from bot.store.matching import Stored, match, wait_id
from bot.store.waits import Sent, to_wait


@dataclass(frozen=True)
class Terms:
    """Under which policy an item is folded, when, and whether its events are live (False: a history just read)."""

    workspace: str
    policy: Policy
    now: int
    live: bool

    def breached(self, wait: Wait) -> bool:
        target = self.policy.target_of(wait)
        return target is not None and self.policy.clock(wait).age(self.now) > target


@dataclass
class Changes:
    """What is to be written of waits, for all items of a transaction."""

    added: list[tuple[int, Wait]] = field(default_factory=list)
    moved: list[tuple[Stored, Wait]] = field(default_factory=list)
    gone: list[Stored] = field(default_factory=list)
    items: set[ItemKey] = field(default_factory=set)


def compare(changes: Changes, key: ItemKey, found: Sequence[Wait], stored: Sequence[Stored], terms: Terms) -> None:
    """Note how an item's waits differ from its stored ones. Of what is not followed any more nothing is open."""
    followed = terms.policy.follows(key[1])
    matched = match([trimmed(wait) for wait in found if followed or wait.until is not None], stored)
    taken = {row.id for row in stored}
    added = []
    for wait, row in matched.pairs:
        if row is None:
            added.append((wait_id(terms.workspace, wait, taken), wait))
            taken.add(added[-1][0])
    moved = [(row, wait) for wait, row in matched.pairs if row is not None and to_wait(row) != wait]
    changes.added += added
    changes.moved += moved
    changes.gone += matched.gone
    if added or moved or matched.gone:
        changes.items.add(key)


def write_stage_waits(
    session: Session, terms: Terms, keys: Iterable[ItemKey], found: Mapping[ItemKey, Sequence[Wait]],
    streams: Collection[str],
) -> None:  # fmt: skip
    """Replace the waits that items (which are locked) have in the stages of these streams by those found."""
    changes = Changes()
    stored = waits.in_stages(session, terms.workspace, keys)
    for key in {*found, *stored}:
        rows = [row for row in stored.get(key, ()) if row.stream in streams]
        compare(changes, key, found.get(key, ()), rows, terms)
    write(session, changes, terms)
    touch_homes(session, changes, terms)


def touch_homes(session: Session, changes: Changes, terms: Terms, logins: Collection[str] = ()) -> None:
    """Whose turn it is or was till now has a home tab that differs; those of `logins` do, too."""
    named = {wait.on for _, wait in changes.added if not wait.team} | set(logins)
    named |= {row.holder for row in changes.gone if row.until is None and not row.team}
    named |= {row.holder for row, _ in changes.moved if row.until is None and not row.team}
    users = {user for login in named if (user := terms.policy.person(login).slack)}
    if users:
        homes.touch(session, terms.workspace, users, terms.now)


def trimmed(wait: Wait) -> Wait:
    """The wait with no more of its item's red spans than its clock can see: those within it, if reviewers wait."""
    if not wait.reds:
        return wait
    spans = wait.reds if wait.kind in REVIEWER_KINDS else ()
    return wait._replace(reds=tuple(_within(spans, wait.since, wait.until)))


def _within(spans: Iterable[Span], since: int, until: int | None) -> Iterator[Span]:
    for start, stop in spans:
        start, stop = max(start, since), _earlier(stop, until)  # noqa: PLW2901 (the same span, cut)
        if stop is None or start < stop:
            yield start, stop


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def write(session: Session, changes: Changes, terms: Terms) -> None:
    """Write what differs. The items are locked already."""
    ids = [id_ for id_, _ in changes.added] + [row.id for row, _ in changes.moved] + [row.id for row in changes.gone]
    if not ids:
        return
    told = _told(session, changes, ids, terms)
    waits.remove(session, terms.workspace, [row.id for row in changes.gone])
    waits.change(session, [_row(wait, row.id, row, told, terms) for row, wait in changes.moved])
    waits.add(session, [_row(wait, id_, None, told, terms) for id_, wait in changes.added])
    untrue = [row.id for row in changes.gone] + [row.id for row, wait in changes.moved if _reads_otherwise(row, wait)]
    untrue += [id_ for id_, _ in changes.added]
    messages = {claim.outbox_id for id_ in untrue for claim in told.sent.get(id_, ())}
    waits.edit_messages(session, terms.workspace, messages, terms.now)


class _Told(NamedTuple):
    """What was sent of waits (by their ids), answered to them, and asked about their items."""

    sent: Mapping[int, Sequence[Sent]]
    answers: Mapping[int, Answer]
    asks: Mapping[ItemKey, Sequence[Ask]]


def _told(session: Session, changes: Changes, ids: Sequence[int], terms: Terms) -> _Told:
    sent = waits.sent(session, terms.workspace, ids)
    named = [*changes.added, *((row.id, wait) for row, wait in changes.moved)]
    open_ = {id_: wait.key for id_, wait in named if wait.until is None}
    replies = answers.latest(session, terms.workspace, open_)
    return _Told(sent, replies, answers.asks(session, terms.workspace, open_.values()))


def _reads_otherwise(row: Stored, wait: Wait) -> bool:
    """Whether a message that names the wait says something else now."""
    return (row.since, row.until, row.ended_by) != (wait.since, wait.until, wait.ended_by)


def _row(wait: Wait, id_: int, was: Stored | None, told: _Told, terms: Terms) -> dict[str, Any]:
    backlog = wait.until is None and _is_backlog(wait, was, terms)
    return {
        "workspace": terms.workspace,
        "id": id_,
        "host": wait.host,
        "repo": wait.repo,
        "item": wait.item,
        "kind": wait.kind,
        "holder": wait.on,
        "holder_key": wait.on.lower(),
        "team": wait.team,
        "since": wait.since,
        "until": wait.until,
        "ended_by": wait.ended_by,
        "reds": json.dumps(wait.reds, separators=(",", ":")),
        "asked_by": wait.asked_by,
        "asked_at": wait.asked_at,
        "opened_by": wait.opened_by,
        "stage": wait.stage,
        "stream": wait.stream,
        "target": wait.target,
        "next_nudge_at": None if wait.until is not None else _next_look(id_, wait, told, terms, backlog=backlog),
        "backlog": backlog,
    }


def _next_look(id_: int, wait: Wait, told: _Told, terms: Terms, *, backlog: bool) -> int | None:
    """When to look at an open wait's ladder; None where nothing is to come."""
    target, answer, asks = terms.policy.target_of(wait), told.answers.get(id_), told.asks.get(wait.key, ())
    if (backlog or target is None) and answer is None and not asks and not is_handed_on(wait):
        return None
    rungs = {claim.rung: claim.at for claim in told.sent.get(id_, ()) if is_of_the_ladder(claim.rung)}
    standing = standing_of(id_, wait, terms.policy, rungs, answer, asks)
    return next_look(replace(standing, target=None) if backlog else standing, terms.policy.nudges, terms.now)


def _is_backlog(wait: Wait, was: Stored | None, terms: Terms) -> bool:
    """Whether an open wait was breached when its history was read; one that was open and late before was not."""
    if (terms.live and (was is None or not was.backlog)) or not terms.breached(wait):
        return False
    if was is None or was.backlog:
        return True
    return was.until is not None or not terms.breached(to_wait(was))
