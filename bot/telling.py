"""What a claimed message says at this instant: which of its claims still hold, and the words for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.flow.calendar import WaitClock
from bot.flow.ladder import RUNGS, Standing, climb
from bot.flow.waits import REVIEWER_KINDS, Wait
from bot.policy import Policy
from bot.reach import Reach
from bot.store import events, items, outbox, waits
from bot.views.escalation import escalation
from bot.views.message import Message
from bot.views.nudge import nudge
from bot.views.phrases import BACKLOG, Waiting


class Claim(NamedTuple):
    """A wait that a message names, and the rung that brought it there."""

    id: int
    rung: str
    wait: Wait
    clock: WaitClock
    target: int | None
    sent: Mapping[str, int]
    """The other rungs of the wait that were claimed."""
    item: Row[Any] | None

    @property
    def step(self) -> str:
        return self.rung.partition(":")[0]


class Told(NamedTuple):
    """A message as the database has it: claims whose waits exist, and the ids of those that are gone."""

    to: str
    claims: list[Claim]
    gone: list[tuple[int, str]]

    @property
    def everything(self) -> list[tuple[int, str]]:
        return [*self.gone, *((claim.id, claim.rung) for claim in self.claims)]


class Verdict(NamedTuple):
    """What is not to be sent of a message: some claims, or (`moot`) all of it."""

    drop: list[tuple[int, str]]
    moot: bool


def read(session: Session, workspace: str, policy: Policy, id_: str, to: str) -> Told:
    """Read everything a message speaks of."""
    named = outbox.claims_of(session, workspace, id_)
    rows = waits.by_ids(session, workspace, (wait for wait, _ in named))
    sent = waits.sent(session, workspace, rows)
    known = items.by_keys(session, workspace, {(row.host, row.repo, row.item) for row in rows.values()})
    claims = []
    for wait_id, rung in named:
        if wait_id in rows:
            wait = waits.to_wait(rows[wait_id])
            others = {one.rung: one.at for one in sent[wait_id] if one.rung not in (rung, BACKLOG)}
            clock, target = policy.clock(wait), policy.target(wait.repo, wait.kind)
            claims.append(Claim(wait_id, rung, wait, clock, target, others, known.get(wait.key)))
    return Told(to, claims, [claim for claim in named if claim[0] not in rows])


def judge(told: Told, reach: Reach, now: int) -> Verdict:
    """Which claims not to send now: those over, gone or on hold.

    The whole message is moot where the recipient can't be reached, doesn't work at this instant or by now is to hear
    of something else, and where nothing is left that brought it about. The ladder then decides afresh.
    """
    if not _may_hear(told.to, reach, now):
        return Verdict([], moot=True)
    stopped = [claim for claim in told.claims if _stopped(claim, now)]
    left = [claim for claim in told.claims if claim not in stopped]
    changed = any(not _still_due(told.to, claim, reach.policy, now) for claim in left)
    moot = changed or all(claim.rung == BACKLOG for claim in left)
    return Verdict([*told.gone, *((claim.id, claim.rung) for claim in stopped)], moot=moot)


def _may_hear(to: str, reach: Reach, now: int) -> bool:
    if not reach.reachable(to):
        return False
    if to.startswith("#"):
        return True
    person = reach.policy.person(to)
    return person.calendar.is_working(now) and not any(start <= now < end for start, end in person.away)


def _stopped(claim: Claim, now: int) -> bool:
    return claim.wait.until is not None or claim.clock.on_hold(now)


def _still_due(to: str, claim: Claim, policy: Policy, now: int) -> bool:
    """Whether the ladder says today what it said when the rung was claimed."""
    if claim.rung == BACKLOG:
        return True
    if claim.target is None:
        return False
    standing = Standing(claim.wait, claim.clock, claim.target, claim.sent, claim.id)
    return any(
        ear == to and rung.name == claim.rung and rung.at <= now for ear, rung in climb(standing, policy.nudges, now)
    )


def settled(told: Told) -> bool:
    """Whether nothing of it waits any more."""
    return all(claim.wait.until is not None for claim in told.claims)


def render(session: Session, workspace: str, told: Told, policy: Policy, now: int) -> Message:
    """The words, as of `now`: the instant it was sent, also for an edit, so that an edit says what changed alone."""
    answered = _answered(session, workspace, told.claims)
    shown = [_shown(claim, answered, now) for claim in _in_order(told.claims, now)]
    if not told.to.startswith("#"):
        return nudge(shown, policy.person(told.to).calendar.zone, now)
    return escalation(shown, _mentions(told, policy), now)


def _in_order(claims: Iterable[Claim], now: int) -> list[Claim]:
    """Most overdue first, a wait once, by its highest rung; what is only listed comes last."""
    highest: dict[int, Claim] = {}
    for claim in sorted(claims, key=lambda claim: claim.step != BACKLOG and RUNGS.index(claim.step)):
        highest[claim.id] = claim

    def order(claim: Claim) -> tuple[Any, ...]:
        overdue = claim.clock.age(now) - (claim.target or 0)
        return (claim.step == BACKLOG, -overdue, claim.wait.repo, claim.wait.item, claim.wait.kind)

    return sorted(highest.values(), key=order)


def _shown(claim: Claim, answered: set[int], now: int) -> Waiting:
    wait, item = claim.wait, claim.item
    at = now if wait.until is None else wait.until
    return Waiting(
        wait=wait,
        step=claim.step,
        age=claim.clock.age(at),
        agreed=claim.target,
        title=item.title if item else None,
        url=item.url if item else None,
        size=item.size if item else None,
        answered=claim.id in answered,
    )


def _mentions(told: Told, policy: Policy) -> dict[str, str]:
    if not policy.mentions(told.to[1:]):
        return {}
    holders = {claim.wait.on: policy.person(claim.wait.on).slack for claim in told.claims if not claim.wait.team}
    return {login: slack for login, slack in holders.items() if slack}


def _answered(session: Session, workspace: str, claims: Sequence[Claim]) -> set[int]:
    """The ended waits whose holder brought about the end; only for reviews is there a doubt."""
    ended = [claim for claim in claims if claim.wait.until is not None]
    doubtful = [claim for claim in ended if claim.wait.kind in REVIEWER_KINDS and not claim.wait.team]
    histories = events.of_items(session, workspace, {claim.wait.key for claim in doubtful})
    by_others = {claim.id for claim in doubtful if not _reviewed(claim.wait, histories.get(claim.wait.key, ()))}
    return {claim.id for claim in ended} - by_others


def _reviewed(wait: Wait, history: Iterable[Any]) -> bool:
    return any(
        event.kind == "review_submitted" and event.at == wait.until and event.actor == wait.on for event in history
    )
