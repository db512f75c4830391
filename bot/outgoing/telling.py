"""What a claimed message says at this instant: which of its claims still hold, and the words for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot import notices
from bot.flow.ladder import ESCALATION, MORNING, RUNGS, Standing, climb
from bot.flow.waits import REVIEWER_KINDS, Wait
from bot.notices import Notice
from bot.outgoing.reach import Reach
from bot.outgoing.standings import standings_of
from bot.policy import Policy
from bot.store import answers, asked, events, items, outbox, waits
from bot.store.answers import HAND_OVER, ON_IT, SNOOZE, WRONG, Answer, Ask
from bot.store.outbox import Leased
from bot.views.escalation import escalation
from bot.views.message import Message
from bot.views.morning import morning
from bot.views.nudge import nudge
from bot.views.phrases import BACKLOG, Reply, Waiting

REPLIES = (SNOOZE, ON_IT, HAND_OVER, WRONG)
"""The answers that a message shows beside the wait."""


class Claim(NamedTuple):
    """A wait that a message names, and the rung that brought it there."""

    rung: str
    standing: Standing
    """With the rungs of the wait that other messages carry."""
    item: Row[Any] | None
    answer: Answer | None
    """What its holder answered last."""
    asks: tuple[Ask, ...]
    """When authors asked for it, oldest first."""

    @property
    def id(self) -> int:
        return self.standing.id

    @property
    def wait(self) -> Wait:
        return self.standing.wait

    @property
    def step(self) -> str:
        return self.rung.partition(":")[0]


class Told(NamedTuple):
    """A message as the database has it: claims whose waits exist, and the ids of those that are gone."""

    to: str
    rung: str
    claims: list[Claim]
    gone: list[tuple[int, str]]
    about: dict[str, Any] | None = None
    """What a notice speaks of."""

    @property
    def everything(self) -> list[tuple[int, str]]:
        return [*self.gone, *((claim.id, claim.rung) for claim in self.claims)]


class Verdict(NamedTuple):
    """What is not to be sent of a message: some claims, or (`moot`) all of it."""

    drop: list[tuple[int, str]]
    moot: bool
    later: int | None = None
    """When it may be sent, where that is not now."""


def read(session: Session, workspace: str, policy: Policy, row: Leased) -> Told:
    """Read everything a message speaks of."""
    named = outbox.claims_of(session, workspace, row.id)
    rows = waits.by_ids(session, workspace, (wait for wait, _ in named))
    standings = standings_of(session, workspace, policy, list(rows.values()))
    replies = answers.latest(session, workspace, rows)
    keys = {(row.host, row.repo, row.item) for row in rows.values()}
    known, asked = items.by_keys(session, workspace, keys), answers.asks(session, workspace, keys)
    claims, mine = [], set(named)
    for wait_id, rung in named:
        if wait_id in rows:
            standing = standings[wait_id]
            others = {name: at for name, at in standing.sent.items() if (wait_id, name) not in mine}
            key = standing.wait.key
            asks = tuple(asked.get(key, ()))
            claims.append(Claim(rung, replace(standing, sent=others), known.get(key), replies.get(wait_id), asks))
    gone = [claim for claim in named if claim[0] not in rows]
    return Told(row.recipient, row.rung, claims, gone, None if row.about is None else json.loads(row.about))


def judge(told: Told, notice: Notice | None, reach: Reach, now: int) -> Verdict:
    """Which claims not to send now: those over, gone, on hold, or that their holder wants to hear nothing of.

    The whole message is moot where the recipient can't be reached, doesn't work at this instant or by now is to hear
    of something else, and where nothing is left that brought it about. The ladder then decides afresh. A notice waits
    until its recipient works.
    """
    if not reach.may_hear(told.to, now):
        # A nudge is decided afresh; a notice keeps until its reader is at work.
        later = None if notice is None or notice.moot else reach.opens(told.to, now)
        return Verdict([], moot=later is None, later=later)
    stopped = [claim for claim in told.claims if _stopped(told, claim, now)]
    left = [claim for claim in told.claims if claim not in stopped]
    changed = [claim for claim in left if not _still_due(told.to, claim, reach.policy, now)]
    if told.rung == MORNING:
        stopped, left, changed = stopped + changed, [claim for claim in left if claim not in changed], []
    moot = bool(changed) or all(claim.rung == BACKLOG for claim in left)
    if notice is not None:
        moot = notice.moot or (bool(told.claims) and not left)
    return Verdict([*told.gone, *((claim.id, claim.rung) for claim in stopped)], moot=moot)


def _stopped(told: Told, claim: Claim, now: int) -> bool:
    if claim.wait.until is not None:
        return True
    if told.about is not None:
        return False
    quiet = told.to == claim.standing.holder and claim.standing.quiet > now
    return quiet or claim.standing.clock.on_hold(now)


def _still_due(to: str, claim: Claim, policy: Policy, now: int) -> bool:
    """Whether the ladder says today what it said when the rung was claimed."""
    if claim.step == MORNING or claim.step not in RUNGS:
        return True
    climbed = climb(claim.standing, policy.nudges, now)
    return any(_is_same(ear, to, policy) and rung.name == claim.rung and rung.at <= now for ear, rung in climbed)


def _is_same(ear: str, to: str, policy: Policy) -> bool:
    """Whether a message to one reaches the other: repositories may share a channel."""
    shared = all(one.startswith("#") and "@" not in one for one in (ear, to))
    return ear == to or (shared and policy.channel(ear[1:]) == policy.channel(to[1:]) is not None)


def settled(told: Told, notice: Notice | None) -> bool:
    """Whether nothing of it waits any more."""
    return all(claim.wait.until is not None for claim in told.claims) if notice is None else notice.settled


def notice_of(session: Session, workspace: str, told: Told, policy: Policy, now: int) -> Notice | None:
    """What a notice says by now; None for a message that speaks of waits alone."""
    return None if told.about is None else notices.KINDS[told.rung](session, workspace, policy, told.about, now)


def render(session: Session, workspace: str, told: Told, policy: Policy, now: int) -> Message:
    """The words, as of `now`: the instant it was sent, also for an edit, so that an edit says what changed alone."""
    answered = _answered(session, workspace, told.claims)
    takers = events.takers(session, workspace, (claim.wait for claim in told.claims))
    shown = [
        replace(_shown(claim, answered, now), taken_by=takers.get(claim.wait)) for claim in _in_order(told.claims, now)
    ]
    if told.to.startswith("#"):
        repo = told.to[1:].partition("@")[0]
        return escalation(shown, _mentions(told, policy), policy.team_calendar(repo).zone, now)
    zone = policy.person(told.to).calendar.zone
    if told.rung == MORNING:
        before = _listed_before(session, workspace, told, policy)
        return morning(shown, zone, now, listed_before=before, partial=bool(policy.file.nudges.hold_back))
    return nudge(shown, zone, now)


def _listed_before(session: Session, workspace: str, told: Told, policy: Policy) -> int:
    """How many waits of the reader were listed once, in an earlier message, and are open still."""
    logins = policy.logins_of(policy.person(told.to).slack or "") or [told.to]
    named = {claim.id for claim in told.claims}
    rows = asked.held_by(session, workspace, logins)
    return sum(row.backlog_told and row.id not in named and not policy.is_silent(row.repo) for row in rows)


def _in_order(claims: Iterable[Claim], now: int) -> list[Claim]:
    """Most overdue first, a wait once, by its highest rung; what is only listed comes last."""
    highest: dict[int, Claim] = {}
    for claim in sorted(claims, key=lambda claim: claim.step != BACKLOG and RUNGS.index(claim.step)):
        highest[claim.id] = claim

    def order(claim: Claim) -> tuple[Any, ...]:
        overdue = claim.standing.overdue(now)
        return (claim.step == BACKLOG, -overdue, claim.wait.repo, claim.wait.item, claim.wait.kind)

    return sorted(highest.values(), key=order)


def _shown(claim: Claim, answered: set[int], now: int) -> Waiting:
    wait, item = claim.wait, claim.item
    at = now if wait.until is None else wait.until
    return Waiting(
        wait=wait,
        step=claim.step,
        age=claim.standing.clock.age(at),
        agreed=claim.standing.target,
        id=claim.id,
        reply=reply_of(claim.answer, now),
        called_by=_called_by(claim, now),
        title=item.title if item else None,
        url=item.url if item else None,
        size=item.size if item else None,
        answered=claim.id in answered,
    )


def reply_of(answer: Answer | None, now: int) -> Reply | None:
    """What a holder answered, as far as it held after `now`: a message says nothing of what was over before it."""
    if answer is None or answer.kind not in REPLIES or (answer.until is not None and answer.until <= now):
        return None
    return Reply(answer.kind, answer.reason, answer.until)


def _called_by(claim: Claim, now: int) -> str | None:
    """Who asked for it since its holder had heard of it last; None where nobody did."""
    sent = claim.standing.heard.items()
    heard = max((at for rung, at in sent if at < now and (rung != ESCALATION or claim.wait.team)), default=0)
    asked = [ask for ask in claim.asks if max(heard + 1, claim.wait.since) <= ask.at <= now and ask.by != claim.wait.on]
    return asked[-1].by if asked else None


def _mentions(told: Told, policy: Policy) -> dict[str, str]:
    named = [claim.wait for claim in told.claims if not claim.wait.team and policy.mentions(claim.wait.repo)]
    holders = {wait.on: policy.person(wait.on).slack for wait in named}
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
