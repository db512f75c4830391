"""Experiments measured: the same figures as everywhere, before something was tried and since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from bot.asking.streams import names_of_today
from bot.context import Context
from bot.figures.reading import figures_of
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.calendar import Calendar
from bot.flow.experiments import FLOW_TIME, KIND, Result, Samples, result_of
from bot.flow.metrics import FlowFigures, Waited
from bot.people.sight import looks_after_all, named
from bot.policy import Policy
from bot.store.engine import reading
from bot.store.experiments import Experiment, every
from bot.store.streams import by_key, versions
from bot.streams.file import from_yaml
from bot.streams.journeys import STANDARD_KEY
from bot.views.days import date_of
from bot.views.experiments import Shown

DAYS = 90
"""Days before its beginning that an experiment is compared with."""
_DAY = 86_400


class Place(NamedTuple):
    """Where an experiment is, by the map of today."""

    scope: Scope
    name: str
    """Of the kind or the stage."""


class Measured(NamedTuple):
    """What ended in a period, and how long what is open at its end has lasted."""

    samples: Samples
    open_ages: Sequence[int]


def place_of(session: Session, workspace: str, one: Experiment) -> Place | None:
    """Where an experiment is; None where its map is gone."""
    if one.stream == STANDARD_KEY:
        return Place(of_repos(one.repos, one.repos[0] if one.repos else None), one.name)
    held = by_key(session, workspace, one.stream)
    if held is None:
        return None
    names = names_of_today(versions(session, workspace, one.stream)) if held.version != one.version else {}
    return Place(of_stream(held, from_yaml(held.text)), names.get(one.version or 0, {}).get(one.name, one.name))


def measured(ctx: Context, scope: Scope, sort: str, name: str, since: int, until: int) -> Measured:
    """What ended in [since, until) of every kind of wait or stage, and of whole items."""
    figures = figures_of(ctx, scope, since, until, until)
    found = _waited(figures, sort)
    samples = {one.name: sorted(one.samples) for one in found if one.samples}
    flow = sorted(one.flow_time for one in figures.done)
    ages = [one.age for waited in found if waited.name == name for one in waited.open]
    return Measured({**samples, **({FLOW_TIME: flow} if flow else {})}, ages)


def _waited(figures: FlowFigures, sort: str) -> Sequence[Waited]:
    return figures.kinds if sort == KIND else figures.stages


def baseline_of(ctx: Context, scope: Scope, sort: str, name: str, now: int) -> Samples:
    """What ended in the DAYS before an instant."""
    return measured(ctx, scope, sort, name, now - DAYS * _DAY, now).samples


def result_now(ctx: Context, one: Experiment, place: Place | None, now: int, *, beside: bool) -> Result:
    """How it stands with an experiment; as it was told, once its day has come. `beside`: with what else moved."""
    if one.result is not None:
        return one.result
    if place is None:
        return result_of(one.name, one.goal, one.baseline, {}, beside=False)
    since = measured(ctx, place.scope, one.sort, place.name, one.began_at, now)
    # What is called another way by now is looked for under the name that the baseline has it by.
    samples = {one.name if name == place.name else name: values for name, values in since.samples.items()}
    return result_of(one.name, one.goal, one.baseline, samples, since.open_ages, beside=beside)


def shown(one: Experiment, place: Place | None, result: Result) -> Shown:
    """An experiment as it is told."""
    return Shown(
        one.number, one.tried, one.sort, place.name if place else one.name,
        place.scope.name if place else None, place is None,
        one.began_at, one.began_by, one.until, result, one.measured_at, one.ending, one.ended_at, one.ended_by,
    )  # fmt: skip


def told(ctx: Context, one: Experiment, now: int, *, beside: bool = False) -> Shown:
    """An experiment as it stands."""
    with reading(ctx.engine) as session:
        place = place_of(session, ctx.workspace, one)
    return shown(one, place, result_now(ctx, one, place, now, beside=beside))


class Placed(NamedTuple):
    """An experiment, and where it is."""

    one: Experiment
    place: Place | None


def seen_ones(ctx: Context, *, open_only: bool = False) -> list[Placed]:
    """The experiments that may be shown, newest first: in a repository, or a stream through one, whose name may be.

    Of one whose map is gone nobody can tell; it is shown to whoever began it, and to administrators.
    """
    with reading(ctx.engine) as session:
        known = every(session, ctx.workspace, open_only=open_only)
        placed = [Placed(one, place_of(session, ctx.workspace, one)) for one in known]
    repos = {repo for _, place in placed for repo in _spelt_repos(place)}
    shown = named(ctx, repos)
    return [one for one in placed if _may_be_shown(ctx, one, shown)]


def _may_be_shown(ctx: Context, placed: Placed, shown: frozenset[str]) -> bool:
    if placed.place is None:
        return ctx.viewer is None or ctx.viewer.user == placed.one.began_by or looks_after_all(ctx, ctx.viewer.user)
    there = _spelt_repos(placed.place)
    return not there or not shown.isdisjoint(there)


def _spelt_repos(place: Place | None) -> Sequence[str]:
    """The repositories of a place as they are spelt; none where it is about all of them."""
    if place is None:
        return ()
    return tuple(place.scope.repos or ()) if place.scope.version is None else tuple(place.scope.stream.repos)


def under_way(ctx: Context, scope: Scope, now: int) -> list[Shown]:
    """What is being tried that bears on a scope and may be shown, as it stands; the newest first."""
    running = seen_ones(ctx, open_only=True)
    mine = [(one, place) for one, place in running if place is not None and bears_on(place.scope, scope)]
    return [shown(one, place, result_now(ctx, one, place, now, beside=False)) for one, place in mine]


def bears_on(one: Scope, scope: Scope) -> bool:
    """Whether two scopes have repositories in common; of mapped streams each stands for itself."""
    if one.version is not None and scope.version is not None:
        return one.key == scope.key
    first, second = _repos(one), _repos(scope)
    return first is None or second is None or not first.isdisjoint(second)


def _repos(scope: Scope) -> set[str] | None:
    """In lower case; None for all of them."""
    named = scope.repos if scope.version is None else scope.stream.repos
    return None if named is None else {repo.casefold() for repo in named}


def calendar_of(policy: Policy, one: Experiment) -> Calendar:
    """By whose days and hours an experiment comes to its end."""
    return policy.team_calendar(one.repos[0]) if one.repos else policy.calendar


def is_due(policy: Policy, one: Experiment, now: int) -> bool:
    """Whether it is to be said what came of it: its day has come, and people work."""
    calendar = calendar_of(policy, one)
    return one.result is None and date_of(now, calendar.zone) >= one.until and calendar.is_working(now)


def recipients_of(policy: Policy, one: Experiment) -> list[str]:
    """Who hears what came of it."""
    login = next(iter(policy.logins_of(one.began_by)), None)
    return [login or f"@{one.began_by}", *([f"={one.channel}"] if one.channel else [])]


def id_of(one: Experiment, to: str) -> str:
    """Of one day there is one message a recipient, whoever looks how often."""
    return f"experiment:{one.number}:{one.until}:{to}"
