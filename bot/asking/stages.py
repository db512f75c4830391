"""One stage of a value stream changed in a few words: what that would mean, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.asking.admins import NotAllowed, is_admin, must_be_admin
from bot.asking.streams import checked, known_names, measured
from bot.context import Context
from bot.flow.measures import StageMeasure, StreamMeasures
from bot.flow.stream import Stage, Stream
from bot.flow.stream_changes import differences
from bot.flow.stream_edits import edited
from bot.flow.stream_words import Unread
from bot.grammar import STAGE, Misread
from bot.store.streams import Kept
from bot.streams.file import BadStream, fitting
from bot.streams.journeys import course_of
from bot.streams.saving import Outdated, Saved, save
from bot.views.stages import Edit
from bot.views.streams import quoted


def proposal_of(
    ctx: Context, user: str, held: Kept, stream: Stream, stage: Stage, said: Sequence[str], now: int
) -> Edit:  # fmt: skip
    """What a change of a stage would mean, looked at in the last 90 days. Raises Misread."""
    other = _other(ctx, stream, stage, said)
    changes = differences(stream, other)
    means = list(_meanings(ctx, held, stream, other, stage, now)) if changes else []
    words = " ".join([quoted(stream.name), quoted(stage.name), *(word.replace('"', "'") for word in said)])
    return Edit(other, held.version, words, changes, means, _may(ctx, user, now))


def change(
    ctx: Context, user: str, stream: Stream, stage: Stage, said: Sequence[str], over: int | None, now: int
) -> Saved:  # fmt: skip
    """Save a stream with a changed stage. Raises NotAllowed, Misread, and NotKnown where `over` does not hold now."""
    must_be_admin(ctx, user, now)
    try:
        return save(ctx, user, _other(ctx, stream, stage, said), now, over=over)
    except Outdated as error:
        raise Misread(str(error), STAGE, allowed="`/flow stream NAME` shows what holds.") from None


def _other(ctx: Context, stream: Stream, stage: Stage, said: Sequence[str]) -> Stream:
    """The stream with the change, which must hold together as well as before."""
    try:
        other = fitting(edited(stream, stage, said, known_names(ctx)))
    except Unread as error:
        problem, found, allowed = str(error).partition(" Allowed ")
        raise Misread(problem, STAGE, f"Allowed {allowed}" if found else None) from None
    except BadStream as error:
        raise Misread(f"{str(error)[:1].upper()}{str(error)[1:]}.", STAGE, "Nothing was changed.") from None
    renamed = {stage.name: other.stages[stream.stages.index(stage)].name}
    before = {(one.code, renamed.get(one.about, one.about)) for one in checked(ctx, stream) if one.blocking}
    stops = (one for one in checked(ctx, other, stream.name) if one.blocking and (one.code, one.about) not in before)
    for one in stops:
        raise Misread(one.what, STAGE, one.advice)
    return other


def _may(ctx: Context, user: str, now: int) -> bool:
    try:
        return is_admin(ctx, user, now)
    except NotAllowed:
        return False


def _meanings(
    ctx: Context, held: Kept, stream: Stream, other: Stream, stage: Stage, now: int
) -> Iterator[str]:  # fmt: skip
    if course_of(stream) != course_of(other):
        yield "What is on its way is measured by this as soon as it is saved; what is done keeps its times."
        return
    before, after = (measured(ctx, held, some, now) for some in (stream, other))
    yield from _kept(_of(before, stage.name), _of(after, stage.name))
    if before.flow_efficiency is not None and before.flow_efficiency != after.flow_efficiency:
        yield f"Flow efficiency of the last 90 days: {before.flow_efficiency:.0%} → {after.flow_efficiency or 0:.0%}."


def _of(told: StreamMeasures, name: str) -> StageMeasure | None:
    return next((one for one in told.stages if one.stage == name), None)


def _kept(before: StageMeasure | None, after: StageMeasure | None) -> Iterator[str]:
    """How many stays of the last 90 days were within the target, and would be."""
    if before is None or after is None or (before.kept, before.targeted) == (after.kept, after.targeted):
        return
    was = f"{before.kept:,} of {before.targeted:,} were within the target" if before.targeted else "there was no target"
    then = f"{after.kept:,} of {after.targeted:,} would be" if after.targeted else "there would be none"
    yield f"Stays of the last 90 days: {was}; {then}."
