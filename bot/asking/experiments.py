"""Something is tried, shown, and kept, dropped or extended; and how many nudges are held back to learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from bot.asking.admins import NotAllowed, is_admin, must_be_admin
from bot.asking.mapping import channel_of
from bot.asking.metrics import scope_meant
from bot.asking.people import NotKnown, zone_of
from bot.context import Context
from bot.experiments.holding_back import comparison_of
from bot.experiments.measuring import baseline_of, bears_on, id_of, place_of, recipients_of, result_now, seen_ones, told
from bot.figures.scope import Scope, of_stream
from bot.flow.experiments import DROPPED, KEPT, KIND, STAGE
from bot.flow.standard import STANDARD
from bot.flow.stream import Stream
from bot.flow.waits import KINDS
from bot.grammar import EXPERIMENTS, TRY, Misread
from bot.grammar.days import day_of
from bot.grammar.values import DayWords, TryWords
from bot.intake import settle
from bot.said import Change, current, say
from bot.store import experiments as kept
from bot.store import waits
from bot.store.engine import reading, undisturbed, writing
from bot.store.experiments import Experiment
from bot.store.holding_back import open_and_held_back
from bot.streams.saving import all_streams
from bot.views.days import date_of
from bot.views.experiments import Shown
from bot.views.held_back import nudges_lines

ENDINGS = {"keep": KEPT, "drop": DROPPED}
_MOST_NAMED = 6


class Subject(NamedTuple):
    """What is to be shorter: a kind of wait or a stage, and where."""

    scope: Scope
    sort: str
    name: str


def begin(ctx: Context, user: str, words: TryWords, place: str, now: int) -> tuple[Shown, str | None]:
    """Begin an experiment; how it stands, and the channel that hears of it, too. Raises Misread and NotKnown."""
    today = date_of(now, zone_of(ctx, user))
    until = _day(words.until, today, TRY)
    if until == today:
        raise Misread(f"“{words.until.text}” is today: nothing would be over by then.", TRY, "Allowed is a later day.")
    subject = subject_meant(ctx, words)
    _must_be_alone(ctx, subject, words.tried)
    settle(ctx, now, most=1)
    baseline = baseline_of(ctx, *subject, now)
    _must_be_comparable(subject, baseline.get(subject.name, ()))
    channel = channel_of(ctx, place)
    one = Experiment(
        0, words.tried, subject.sort, subject.name, subject.scope.key, subject.scope.version, subject.scope.repos,
        words.goal, now, user, channel, until, baseline,
    )  # fmt: skip
    number = undisturbed(lambda: _add(ctx, one))
    if number is None:
        raise NotKnown(f"“{words.tried}” is being tried already. /flow experiments shows how it stands.")
    return told(ctx, one._replace(number=number), now), channel


def _add(ctx: Context, one: Experiment) -> int | None:
    with writing(ctx.engine) as session:
        return kept.add(session, ctx.workspace, one)


def _day(words: DayWords, today: date, verb: str) -> date:
    try:
        return day_of(words, today)
    except Misread as error:
        raise Misread(str(error), verb, error.allowed) from None


def _must_be_alone(ctx: Context, subject: Subject, tried: str) -> None:
    """Raises NotKnown where something else is being tried on the same wait: nobody could tell what of it helped."""
    others = [
        placed for placed in seen_ones(ctx, open_only=True) if kept.key_of(placed.one.tried) != kept.key_of(tried)
    ]
    for one, place in others:
        same = place is not None and (one.sort, place.name.casefold()) == (subject.sort, subject.name.casefold())
        if place is not None and same and bears_on(place.scope, subject.scope):
            raise NotKnown(
                f"Experiment {one.number} (“{one.tried[:60]}”) is about the same wait. /flow experiments drop "
                f"{one.number} ends it, or keep {one.number}; one at a time tells what helps."
            )


def _must_be_comparable(subject: Subject, before: Sequence[int]) -> None:
    name = subject.name.replace("_", "-")
    if not before:
        raise NotKnown(f"No {name} was over in the last 90 days there, so there is nothing to compare with.")
    if not before[(len(before) - 1) // 2]:
        raise NotKnown(f"Half of them ({name}) took no working time at all, so none can become shorter.")


def subject_meant(ctx: Context, words: TryWords) -> Subject:
    """What is to be shorter. Raises Misread and NotKnown."""
    said = " ".join(words.about)
    kind = _kind(said)
    scope, rest = scope_meant(ctx, () if kind else words.about)
    if kind is not None:
        return Subject(scope, KIND, kind)
    if not rest:
        raise Misread(f"Which stage or kind of wait of “{said}” is missing.", TRY, _names(scope.stream))
    found = _in_scope(scope, " ".join(rest)) or (_anywhere(ctx, said) if scope.name is None else None)
    if found is None:
        raise Misread(f"“{' '.join(rest)}” is no stage and no kind of wait.", TRY, _hint(words, scope))
    return found


def _kind(said: str) -> str | None:
    kind = said.casefold().replace("-", "_").replace(" ", "_")
    return kind if kind in KINDS else None


def _in_scope(scope: Scope, said: str) -> Subject | None:
    """A stage before a kind where the stream is one that a team mapped; else a kind before a stage."""
    kind, stage = _kind(said), _stage(scope.stream, said)
    if stage is not None and (scope.version is not None or kind is None):
        return Subject(scope, STAGE, stage)
    return None if kind is None else Subject(scope, KIND, kind)


def _stage(stream: Stream, said: str) -> str | None:
    """The stage of that name, but for the finish line, where nothing takes any time."""
    stage = stream.stage(said)
    return None if stage is None or stage.name == stream.last.name else stage.name


def _anywhere(ctx: Context, said: str) -> Subject | None:
    """The stage of the one mapped stream that has one called so. Raises Misread where several have."""
    found = [(held, stream, name) for held, stream in all_streams(ctx) if (name := _stage(stream, said))]
    if len(found) > 1:
        which = ", ".join(stream.name for _, stream, _ in found[:3])
        raise Misread(f"“{said}” is a stage of {which}; say which, before it.", TRY)
    return next((Subject(of_stream(held, stream), STAGE, name) for held, stream, name in found), None)


def _hint(words: TryWords, scope: Scope) -> str:
    if " " not in words.tried and len(words.about) > 1 and scope.name is None:
        return "What you try stands in quotes, and first."
    return _names(scope.stream)


def _names(stream: Stream) -> str:
    kinds = ", ".join(f"`{kind.replace('_', '-')}`" for kind in KINDS)
    stages = [stage.name for stage in stream.stages[:-1]] if stream is not STANDARD else []
    named = f", and the stages {', '.join(stages[:_MOST_NAMED])}" if stages else ""
    return f"Allowed are the kinds of waits {kinds}{named}."


def every(ctx: Context, now: int) -> list[Shown]:
    """All experiments that may be shown as they stand, the newest first."""
    settle(ctx, now, most=1)
    return [told(ctx, placed.one, now) for placed in seen_ones(ctx)]


def one_of(ctx: Context, number: int, now: int) -> Shown:
    """One experiment as it stands, with what else moved. Raises NotKnown."""
    settle(ctx, now, most=1)
    return told(ctx, _known(ctx, number), now, beside=True)


def _known(ctx: Context, number: int) -> Experiment:
    found = (placed.one for placed in seen_ones(ctx) if placed.one.number == number)
    one = next(found, None)
    if one is None:
        raise NotKnown(f"There is no experiment {number}. /flow experiments lists them.")
    return one


def end(ctx: Context, user: str, number: int, ending: str, now: int) -> tuple[Shown, bool]:
    """Keep or drop what was tried; how it stands, and whether it was open till now. Raises NotKnown and NotAllowed."""
    settle(ctx, now, most=1)
    one = _known(ctx, number)
    if one.ended_at is not None:
        return told(ctx, one, now), False
    _must_be_theirs(ctx, user, one, now)
    with reading(ctx.engine) as session:
        place = place_of(session, ctx.workspace, one)
    result = result_now(ctx, one, place, now, beside=True)

    def work() -> bool:
        with writing(ctx.engine) as session:
            done = kept.end(session, ctx.workspace, one, ending, user, result, now)
            waits.edit_messages(session, ctx.workspace, _messages(ctx, one), now)
            return done

    done = undisturbed(work)
    return told(ctx, _known(ctx, number), now), done


def _messages(ctx: Context, one: Experiment) -> list[str]:
    """The ids of the messages that tell of its day."""
    return [id_of(one, to) for to in recipients_of(ctx.policy, one)]


def _must_be_theirs(ctx: Context, user: str, one: Experiment, now: int) -> None:
    if user != one.began_by and not is_admin(ctx, user, now):
        raise NotAllowed("That is for whoever began it, and for administrators. /flow admins lists who they named.")


def to_extend(ctx: Context, user: str, number: int, now: int) -> Shown:
    """An experiment that may go on for longer. Raises NotKnown and NotAllowed."""
    one = _known(ctx, number)
    _must_go_on(one)
    _must_be_theirs(ctx, user, one, now)
    return told(ctx, one, now)


def extend(ctx: Context, user: str, number: int, day: DayWords, now: int) -> Shown:
    """Let an experiment go on until a later day. Raises Misread, NotKnown and NotAllowed."""
    one = _known(ctx, number)
    _must_go_on(one)
    _must_be_theirs(ctx, user, one, now)
    today = date_of(now, zone_of(ctx, user))
    until = _day(day, today, EXPERIMENTS)
    if until <= max(one.until, today):
        raise Misread(f"“{day.text}” is no later than {max(one.until, today)}.", EXPERIMENTS, "Allowed is a later day.")

    def work() -> None:
        with writing(ctx.engine) as session:
            kept.extend(session, ctx.workspace, one, until)
            waits.edit_messages(session, ctx.workspace, _messages(ctx, one), now)

    undisturbed(work)
    return told(ctx, _known(ctx, number), now)


def _must_go_on(one: Experiment) -> None:
    if one.ending is not None:
        raise NotKnown(f"“{one.tried}” was {one.ending} already. /flow try begins it anew.")


def nudges_for(ctx: Context, user: str, now: int) -> tuple[str, ...]:
    """For an administrator: waits with nudges beside waits without, in lines; none where none was held back."""
    lines = nudges_lines(comparison_of(ctx, now))
    try:
        return tuple(lines) if lines and is_admin(ctx, user, now) else ()
    except NotAllowed:
        return ()


def hold_back(ctx: Context, user: str, percent: int, now: int) -> tuple[float, int]:
    """Hold back nudges about a share of waits; the share, and how many open waits are held back. Raises NotAllowed."""
    must_be_admin(ctx, user, now)
    say(ctx, [Change(("nudges", "hold_back"), percent / 100)], user, now)
    with reading(ctx.engine) as session:
        waiting = open_and_held_back(session, ctx.workspace)
    return current(ctx).policy.file.nudges.hold_back, waiting
