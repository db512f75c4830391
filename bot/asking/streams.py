"""Value streams: listed, shown with their measures, exported, imported, and their stages changed one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bot.asking.admins import must_be_admin
from bot.asking.people import NotKnown
from bot.context import Context
from bot.flow.measures import StreamMeasures, measure
from bot.flow.stages import Journey
from bot.flow.stream import Stage, Stream
from bot.flow.stream_changes import renamed
from bot.flow.stream_checks import Finding, check
from bot.flow.stream_words import Known
from bot.intake import settle
from bot.people.sight import seen_items
from bot.store import items
from bot.store import journeys as kept
from bot.store.engine import reading
from bot.store.streams import Kept, Version, by_key, versions
from bot.streams.file import BadStream, from_yaml
from bot.streams.saving import Saved, all_streams, measure_again, save
from bot.streams.yaml_lines import read
from bot.views.stages import Item, StageMap
from bot.views.streams import Listed, Map, Saying

DAYS = 90
"""Days that measures look back."""
MOST_ITEMS = 5
"""Items in a stage that are named."""


def listed(ctx: Context, now: int) -> list[Listed]:
    """All streams with their measures of the last DAYS, in order of their names."""
    settle(ctx, now, most=1)
    return [Listed(stream, measured(ctx, held, stream, now)) for held, stream in all_streams(ctx)]


def measured(ctx: Context, held: Kept, stream: Stream, now: int) -> StreamMeasures:
    """A stream's measures of the last DAYS; `stream` may be another than the one that is kept."""
    return _measure(ctx, stream, _journeys(ctx, held, now), now)


def then_measured(ctx: Context, held: Kept, stream: Stream, at: int) -> StreamMeasures:
    """The measures as they were at an instant: of the DAYS before it."""
    since = at - DAYS * 86_400
    return measure(stream, _journeys(ctx, held, at), ctx.policy.team_calendar, since, at, at)


def _measure(ctx: Context, stream: Stream, journeys: Iterable[Journey], now: int) -> StreamMeasures:
    return measure(stream, journeys, ctx.policy.team_calendar, now - DAYS * 86_400, now, now)


def _journeys(ctx: Context, held: Kept, now: int) -> list[Journey]:
    """The journeys that go on or ended in the last DAYS; stages that were renamed since go by their names of today."""
    with reading(ctx.engine) as session:
        found = kept.since(session, ctx.workspace, held.key, now - DAYS * 86_400)
        old = {one.version for one in found} != {held.version} and versions(session, ctx.workspace, held.key)
    names = names_of_today(old) if old else {}
    return [translated(one.journey, names.get(one.version, {})) for one in found]


def names_of_today(told: Sequence[Version]) -> dict[int, dict[str, str]]:
    """How stages of each version (newest first) are called today, where another way."""
    found: dict[int, dict[str, str]] = {}
    later: dict[str, str] = {}
    newer: Stream | None = None
    for version in told:
        stream = from_yaml(version.text)
        if newer is not None:
            step = renamed(stream, newer)
            now = {stage.name: step.get(stage.name, stage.name) for stage in stream.stages}
            later = {name: later.get(then, then) for name, then in now.items() if later.get(then, then) != name}
        found[version.number], newer = later, stream
    return found


def translated(one: Journey, names: dict[str, str]) -> Journey:
    """A journey with its stages as `names_of_today` calls those of its version."""
    if not names:
        return one
    return one._replace(visits=tuple(stay._replace(stage=names.get(stay.stage, stay.stage)) for stay in one.visits))


def meant(ctx: Context, words: Sequence[str]) -> tuple[Kept, Stream, tuple[str, ...]]:
    """The stream that words begin with, and the words behind it. Raises NotKnown."""
    streams = all_streams(ctx)
    if not streams:
        raise NotKnown("No value stream is mapped yet. /flow streams tells how one is.")
    names = {_folded(held.name): (held, stream) for held, stream in streams}
    for many in range(len(words), 0, -1):
        found = names.get(_folded(" ".join(words[:many])))
        if found is not None:
            return (*found, tuple(words[many:]))
    raise NotKnown(_unknown("value stream", words, [held.name for held, _ in streams], "/flow streams lists them."))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold().replace("’", "'")


def _unknown(what: str, words: Sequence[str], names: Sequence[str], else_: str) -> str:
    said = " ".join(words)
    near = get_close_matches(_folded(said), list(map(_folded, names)), n=1)
    hint = next((f"Did you mean “{name}”?" for name in names if near and _folded(name) == near[0]), else_)
    return f"I know no {what} “{said[:60]}”. {hint}"


def stage_meant(stream: Stream, words: Sequence[str]) -> tuple[Stage, tuple[str, ...]]:
    """The stage that words begin with, and the words behind it. Raises NotKnown."""
    names = {_folded(stage.name): stage for stage in stream.stages}
    for many in range(len(words), 0, -1):
        found = names.get(_folded(" ".join(words[:many])))
        if found is not None:
            return found, tuple(words[many:])
    stages = f"Its stages are {', '.join(stage.name for stage in stream.stages)}."
    if not words:
        raise NotKnown(f"Which stage of “{stream.name}” is missing. {stages}")
    raise NotKnown(_unknown(f"stage of “{stream.name}” called", words[:3], list(map(str, names)), stages))


def map_of(ctx: Context, held: Kept, stream: Stream, now: int) -> Map:
    """A stream with its measures of the last DAYS, as a whole and by segment."""
    settle(ctx, now, most=1)
    journeys = _journeys(ctx, held, now)
    segments = [
        (one, _measure(ctx, stream, [journey for journey in journeys if journey.segment == one.name], now))
        for one in stream.segments
    ]
    with reading(ctx.engine) as session:
        latest = versions(session, ctx.workspace, held.key)[0]
    return Map(stream, _measure(ctx, stream, journeys, now), segments, _saying(latest), held.cursor is not None)


def _saying(one: Version) -> Saying:
    return Saying(one.number, one.by, one.at, one.why, one.again_by, one.again_at)


def stage_of(ctx: Context, held: Kept, stream: Stream, stage: Stage, now: int) -> StageMap:
    """A stage with its measures of the last DAYS, and the items in it that came first."""
    settle(ctx, now, most=1)
    told = measured(ctx, held, stream, now)
    found = next((one for one in told.stages if one.stage == stage.name), None)
    oldest = found.open[:MOST_ITEMS] if found else ()
    entitled = seen_items(ctx, [one.key for one in oldest])
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, entitled)
    shown = [Item(one, rows[one.key].title, rows[one.key].url) for one in oldest if one.key in rows]
    return StageMap(stream, stage, found, shown)


def history_of(ctx: Context, held: Kept) -> list[Saying]:
    """Who changed what of a stream and when, latest first."""
    with reading(ctx.engine) as session:
        return [_saying(one) for one in versions(session, ctx.workspace, held.key)]


def exported(ctx: Context, name: str) -> str:
    """A stream as YAML. Raises NotKnown."""
    return meant(ctx, name.split())[0].text


def imported(
    ctx: Context, user: str, text: str, now: int, *, of: str | None = None, over: int | None = None
) -> tuple[Saved, list[Finding]]:  # fmt: skip
    """Save what YAML says as the next version of the stream called `of` (else of the name in it), or as a new one.

    What is to be said about it comes with it. Raises NotAllowed, BadStream (with the line of the fault), and Outdated
    where another version than `over` (0: none at all) holds by now.
    """
    must_be_admin(ctx, user, now)
    stream = from_yaml(text)
    remarks = checked(ctx, stream, of)
    stops = next((one for one in remarks if one.blocking), None)
    if stops is not None:
        raise BadStream(
            _at_line(f"{stops.what} {stops.advice}", _line(text, stream, stops)), _line(text, stream, stops)
        )
    return save(ctx, user, stream, now, of=of, over=over), remarks


def _at_line(problem: str, line: int | None) -> str:
    return problem if line is None else f"line {line}: {problem}"


def _line(text: str, stream: Stream, finding: Finding) -> int | None:
    """In which line of the text the stage stands that a finding is about."""
    lines = read(text, "name: Shop").lines
    place = next((place for place, one in enumerate(stream.stages) if one.name == finding.about), None)
    return None if place is None else lines.get(("stages", place))


def checked(ctx: Context, stream: Stream, of: str | None = None) -> list[Finding]:
    """What is to be said about a stream (to be saved as the one called `of`), what stops it first.

    Stages without signals count as said to have none.
    """
    name = _folded(of or stream.name)
    others = [one for _, one in all_streams(ctx) if _folded(one.name) != name]
    return check(stream, others, [stage.name for stage in stream.stages if not stage.signals])


def measured_again(ctx: Context, user: str, held: Kept, now: int) -> bool:
    """Have all items measured by the map that holds; whether some are still to be. Raises NotAllowed."""
    must_be_admin(ctx, user, now)
    measure_again(ctx, user, held.name, now)
    with reading(ctx.engine) as session:
        found = by_key(session, ctx.workspace, held.key)
    return found is not None and found.cursor is not None


def known_names(ctx: Context) -> Known:
    """The names that words about a stage may mean: logins, teams, Slack's accounts."""
    people = ctx.policy.file.people
    accounts = {part.slack: login for login, part in people.items() if part.slack}
    return Known(people=tuple(people), teams=tuple(ctx.policy.file.teams), accounts=accounts)
