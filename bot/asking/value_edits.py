"""What outcomes and key results are to be: what was typed as a change, shown first, and made once it is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from uuid import uuid4

from bot.asking.admins import NotAllowed, is_admin, must_be_admin
from bot.asking.people import NotKnown, person_in_slack, zone_of
from bot.asking.value import known_now, unknown
from bot.context import Context
from bot.flow.amounts import said as number_said
from bot.flow.amounts import same_unit
from bot.flow.value import KeyResult, Outcome
from bot.grammar import OUTCOME, RESULT, Misread
from bot.grammar.days import day_of
from bot.grammar.value import DROP, ResultWords, name_and_rest, result_words
from bot.store import said, streams, value, waits
from bot.store.engine import reading, undisturbed, writing
from bot.streams.file import BadStream, from_yaml, name_of, words_of
from bot.streams.saving import Outdated, save
from bot.value.asked import latest_ids
from bot.value.catalogue import Catalogue
from bot.views.days import date_of
from bot.views.streams import quoted
from bot.views.value_changes import OutcomeChange, ResultChange

MOST_NAMING = 6
"""Words that a name has at most, unless it stands in quotes."""
_NO_NUMBERS = "The numbers it begins with and is to come to are missing, such as 21 to 35%."


def may_confirm(ctx: Context, user: str, now: int) -> bool:
    """Whether a Slack account may change what concerns others, as far as can be told."""
    try:
        return is_admin(ctx, user, now)
    except NotAllowed:
        return False


def outcome_change(ctx: Context, user: str, words: Sequence[str], now: int) -> OutcomeChange:
    """What words would make of an outcome. Raises NotKnown, Misread."""
    known = known_now(ctx)
    found, rest = known.named(words)
    if found is None:
        raise unknown(known, "value stream or outcome", words)
    if isinstance(found, KeyResult):
        raise Misread(f"“{found.name}” is a key result.", OUTCOME, "`/flow result` changes those.")
    own = found.id == found.stream
    dropping = [word.casefold() for word in rest] == [DROP]
    if dropping and own:
        raise Misread(f"“{found.name}” is a value stream, and what it is for stands in its map.", OUTCOME)
    outcome, text = _new_one(known, found, rest) if own else (found, " ".join(rest))
    said_words = " ".join([quoted(found.name), *(word.replace('"', "'") for word in rest)])
    with reading(ctx.engine) as session:
        held = streams.by_key(session, ctx.workspace, found.stream)
    version = held.version if held and outcome.id == outcome.stream else None
    new = None if dropping else _checked(words_of, text)
    return OutcomeChange(outcome, new, said_words, may_confirm(ctx, user, now), version)


def _new_one(known: Catalogue, own: Outcome, rest: Sequence[str]) -> tuple[Outcome, str]:
    """(the outcome that words behind a stream's name are about, what they say): one with a name, or its own."""
    colon = next((place for place, word in enumerate(rest[:MOST_NAMING]) if word.endswith(":")), None)
    if colon is None or rest[0].casefold() == "we":  # a colon within “We win when …” ends no name
        return own, " ".join(rest)
    name = _checked(name_of, " ".join(rest[: colon + 1]).rstrip(":"))
    there = _free(known, name, own.stream)
    text = " ".join(rest[colon + 1 :])
    if not text:
        raise Misread(f"What “{name}” is for is missing behind the colon.", OUTCOME)
    return there or own._replace(id="", name=name, text="", results=()), text


def _free(known: Catalogue, name: str, stream: str) -> Outcome | None:
    """The stream's outcome of that name; None where nothing has it. Raises Misread where something else does."""
    other, left = known.named([name])
    if other is None or left:
        return None
    if isinstance(other, Outcome) and other.stream == stream and other.id != stream:
        return other
    raise Misread(f"There is something called “{other.name}” already; names mean one thing.", OUTCOME)


def _checked(check: Callable[[object], str], text: str, verb: str = OUTCOME) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise Misread(f"“{text[:60]}” can't be kept: {error}.", verb) from None


def change_outcome(ctx: Context, user: str, words: Sequence[str], over: int | None, now: int) -> OutcomeChange:
    """Make the change. Raises NotAllowed, NotKnown, Misread."""
    must_be_admin(ctx, user, now)
    change = outcome_change(ctx, user, words, now)
    if change.version is not None and change.text is not None:
        _save_own(ctx, user, change, over, now)
    else:
        undisturbed(lambda: _keep_outcome(ctx, user, change, now))
    return change


def _save_own(ctx: Context, user: str, change: OutcomeChange, over: int | None, now: int) -> None:
    """A stream's own outcome stands in its map, of which this is a version."""
    with reading(ctx.engine) as session:
        held = streams.by_key(session, ctx.workspace, change.outcome.stream)
    if held is None:
        raise NotKnown("That value stream is gone.")
    try:
        save(ctx, user, from_yaml(held.text)._replace(outcome=change.text or ""), now, of=held.name, over=over)
    except (Outdated, BadStream) as error:
        raise NotKnown(f"{str(error)[:1].upper()}{str(error)[1:]}") from None


def _keep_outcome(ctx: Context, user: str, change: OutcomeChange, now: int) -> None:
    one, was = change.outcome, change.outcome.text or None
    with writing(ctx.engine) as session:
        if change.text is None:
            value.end(session, ctx.workspace, one.id, now)
        elif not value.put_outcome(session, ctx.workspace, one.stream, one.name, change.text, now):
            raise NotKnown(f"Another value stream has an outcome called “{one.name}”.")
        said.record(session, ctx.workspace, ("outcome", one.name), was, change.text, user, now, None)


def result_change(ctx: Context, user: str, words: Sequence[str], now: int) -> ResultChange:
    """What words would make of a key result. Raises NotKnown, Misread."""
    known = known_now(ctx)
    before, outcome, name, about = _result_meant(known, words)
    told = [quoted(before.name if before else outcome.name), *([] if before else [quoted(name)]), *about]
    may = may_confirm(ctx, user, now)
    if before is not None and [word.casefold() for word in about] == [DROP]:
        return ResultChange(before, None, outcome, " ".join(told), may)
    after = _after(ctx, user, before or _begun(outcome, name, user, now), result_words(about), now)
    return ResultChange(before, after, outcome, " ".join(told), may)


def _result_meant(known: Catalogue, words: Sequence[str]) -> tuple[KeyResult | None, Outcome, str, tuple[str, ...]]:
    """(the key result, None for a new one; its outcome; its name; the words about it)"""
    found, rest = known.named(words)
    if found is None:
        raise unknown(known, "key result or outcome", words)
    if isinstance(found, Outcome):
        again, about = known.named(rest)
        if isinstance(again, KeyResult) and again.outcome == found.id:
            return again, found, again.name, about
        name, about = name_and_rest(rest)
        return None, found, _new_name(known, found, name), about
    return found, known.places[found.id], found.name, rest


def _new_name(known: Catalogue, outcome: Outcome, name: str) -> str:
    if not name:
        raise Misread(f"The name of a key result of “{outcome.name}” is missing.", RESULT)
    other, left = known.named([name])
    if other is not None and not left:
        raise Misread(f"There is something called “{other.name}” already; names mean one thing.", RESULT)
    return _checked(name_of, name, RESULT)


def _begun(outcome: Outcome, name: str, user: str, now: int) -> KeyResult:
    """A new one, whose numbers are still to be said."""
    return KeyResult(uuid4().hex, outcome.id, name, "", Decimal(0), Decimal(0), None, user, now)


def _after(ctx: Context, user: str, one: KeyResult, told: ResultWords, now: int) -> KeyResult:
    """A key result with what was said of it. Raises Misread, NotKnown."""
    changed = one._replace(unit=told.unit if told.unit is not None else one.unit)
    if told.target is not None:
        changed = changed._replace(target=told.target.number)
        changed = changed._replace(baseline=told.first.number) if told.first is not None else changed
    if changed.baseline == changed.target:
        same = f"It begins at {number_said(changed.baseline, changed.unit)} and is to come to the same."
        raise Misread(_NO_NUMBERS if told.target is None else same, RESULT)
    if one.given and not same_unit(changed.unit, one.unit):
        raise Misread(f"Numbers were given in {one.unit or 'no unit'}; they would mean something else.", RESULT)
    if told.until is not None:
        changed = changed._replace(until=day_of(told.until, date_of(now, zone_of(ctx, user))))
    if told.owner is not None:
        person_in_slack(ctx, told.owner, now)
        changed = changed._replace(owner=told.owner)
    return changed


def change_result(ctx: Context, user: str, words: Sequence[str], now: int) -> ResultChange:
    """Make the change. Raises NotAllowed, NotKnown, Misread."""
    must_be_admin(ctx, user, now)
    change = result_change(ctx, user, words, now)
    undisturbed(lambda: _keep_result(ctx, user, change, now))
    return change


def _keep_result(ctx: Context, user: str, change: ResultChange, now: int) -> None:
    was, then = change.before, change.after
    with writing(ctx.engine) as session:
        if then is not None and not value.put_result(session, ctx.workspace, then):
            raise NotKnown(f"There is a key result called “{then.name}” already.")
        if then is None and was is not None:
            value.end(session, ctx.workspace, was.id, now)
        if was is not None:
            waits.edit_messages(session, ctx.workspace, latest_ids(was.id, now), now)
        name = (then or was or change.outcome).name
        before, after = (_told(one, change.outcome) if one else None for one in (was, then))
        said.record(session, ctx.workspace, ("key result", name), before, after, user, now, None)


def _told(one: KeyResult, outcome: Outcome) -> str:
    """A key result in a few words, for the record."""
    by = f" by {one.until.isoformat()}" if one.until else ""
    numbers = f"{number_said(one.baseline, one.unit)} to {number_said(one.target, one.unit)}"
    return f"{numbers}{by}, for {outcome.name}"


def is_number(words: Sequence[str]) -> bool:
    """Whether words behind a key result say no more than its number now. Raises Misread."""
    if [word.casefold() for word in words] == [DROP]:
        return False
    told = result_words(words)
    return told.first is not None and told == ResultWords(told.first)
