"""Outcomes and key results as they stand, with the work that is traced to them; and numbers that people give."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from bot.asking.admins import NotAllowed, is_admin
from bot.asking.people import NotKnown
from bot.asking.streams import DAYS
from bot.context import Context
from bot.flow.amounts import ALLOWED, amount_of, same_unit
from bot.flow.amounts import said as number_said
from bot.flow.value import Given, KeyResult, Outcome
from bot.intake import settle
from bot.store import said, value, waits
from bot.store.engine import reading, undisturbed, writing
from bot.streams.saving import all_streams
from bot.value.asked import latest_ids
from bot.value.catalogue import Catalogue, Target, catalogue
from bot.value.tracing import TracedShare, share_of_done
from bot.views.value import Listed, Share, ShownOutcome, ShownResult

SAME = 60
"""Seconds within which the same number by the same person is one that was sent twice."""


def known_now(ctx: Context) -> Catalogue:
    """The outcomes and key results of all value streams that may be shown."""
    streams = {held.key for held, _ in all_streams(ctx)}
    with reading(ctx.engine) as session:
        return catalogue(session, ctx.workspace).within(streams)


def unknown(known: Catalogue, what: str, words: Sequence[str]) -> NotKnown:
    """Why nothing of that name is found."""
    said_ = " ".join(words)
    if not known.outcomes:
        return NotKnown("No value stream is mapped yet, and outcomes are those of value streams. /flow map maps one.")
    near = known.near(said_)
    hint = f"Did you mean “{near}”?" if near else "/flow outcomes lists them."
    return NotKnown(f"I know no {what} “{said_[:60]}”. {hint}")


def target_meant(known: Catalogue, words: Sequence[str]) -> Target:
    """The outcome or key result that words are the name of. Raises NotKnown."""
    target, rest = known.named(words)
    if target is None or rest:
        raise unknown(known, "outcome or key result", words)
    return target


def outcomes_of(ctx: Context, words: Sequence[str], now: int) -> Listed:
    """The outcomes (of one stream, where words name it) with the work of the last DAYS. Raises NotKnown."""
    settle(ctx, now, most=1)
    known = known_now(ctx)
    with reading(ctx.engine) as session:
        every = catalogue(session, ctx.workspace)
        streams = {outcome.stream: outcome.stream_name for outcome in known.said}
        if words:
            target = target_meant(known, words)
            one = target if isinstance(target, Outcome) else known.places[target.id]
            streams = {one.stream: one.stream_name}
        shares = {key: share_of(session, ctx.workspace, key, every, now) for key in streams}
        shown = [
            _outcome(session, ctx.workspace, outcome, shares[outcome.stream], now)
            for outcome in known.outcomes
            if outcome.stream in streams and (outcome in known.said or words)
        ]
    told = [Share(streams[key], share.n, share.traced) for key, share in shares.items()]
    return Listed(shown, told, mapped=bool(known.outcomes))


def share_of(session: Session, workspace: str, stream: str, known: Catalogue, now: int) -> TracedShare:
    """The work that was done in a stream in the last DAYS, and what it is traced to."""
    done = value.done_since(session, workspace, stream, now - DAYS * 86_400)
    return share_of_done(session, workspace, done, known)


def _outcome(session: Session, workspace: str, outcome: Outcome, share: TracedShare, now: int) -> ShownOutcome:
    results = [shown(session, workspace, result, outcome, now) for result in outcome.results]
    return ShownOutcome(outcome, results, share.by_outcome.get(outcome.id, 0), share.n)


def shown(session: Session, workspace: str, result: KeyResult, outcome: Outcome, now: int) -> ShownResult:
    """A key result, and since when its owner is asked for a number that did not come."""
    asked = value.asked_at(session, workspace, latest_ids(result.id, now)).values()
    last = max(asked, default=None)
    answered = last is None or (result.latest is not None and result.latest.at >= last)
    return ShownResult(result, outcome, None if answered else last)


def result_of(ctx: Context, result: KeyResult, known: Catalogue, now: int) -> ShownResult:
    """A key result as it stands."""
    with reading(ctx.engine) as session:
        return shown(session, ctx.workspace, result, known.places[result.id], now)


def give(ctx: Context, user: str, result: str, text: str, now: int) -> ShownResult:
    """Keep the number that a Slack account gives for a key result.

    Raises NotAllowed, and NotKnown where it is no number, one with another unit, the same one again, or the key result
    no longer holds.
    """
    known = known_now(ctx)
    one = known.result(result)
    if one is None:
        raise NotKnown("That key result is no longer there, so its number is not needed any more. Thank you!")
    _must_own(ctx, user, one, now)
    number = _number(one, text)
    undisturbed(lambda: _keep(ctx, one, Given(number, now, user)))
    known = known_now(ctx)
    return result_of(ctx, known.result(result) or one, known, now)


def _must_own(ctx: Context, user: str, one: KeyResult, now: int) -> None:
    if user != one.owner and not is_admin(ctx, user, now):
        raise NotAllowed(f"{one.name} is asked of somebody else; its owner, or an administrator, gives its number.")


def _number(one: KeyResult, text: str) -> Decimal:
    found = amount_of(text)
    if found is None:
        raise NotKnown(f"“{text[:60]}” is no number. {ALLOWED.replace('`', '')}" if text else "The number is missing.")
    if not same_unit(found.unit, one.unit):
        counted = f"in {one.unit}" if one.unit else "without a unit"
        raise NotKnown(f"{one.name} is counted {counted}; “{text[:60]}” says something else. The number alone will do.")
    return found.number


def _keep(ctx: Context, one: KeyResult, given: Given) -> None:
    with writing(ctx.engine) as session:
        if not value.alone(session, ctx.workspace, one.id):
            raise NotKnown("That key result was dropped just now.")
        held = next(result for result in value.results(session, ctx.workspace) if result.id == one.id)
        last = held.latest
        if last is not None and (last.number, last.by) == (given.number, given.by) and given.at - last.at < SAME:
            raise NotKnown("That number is noted already, thank you.")
        value.give(session, ctx.workspace, one.id, given)
        was = last.number if last else held.baseline
        path = ("number of key result", one.name)
        before, after = number_said(was, one.unit), number_said(given.number, one.unit)
        said.record(session, ctx.workspace, path, before, after, given.by, given.at, None)
        waits.edit_messages(session, ctx.workspace, latest_ids(one.id, given.at), given.at)
