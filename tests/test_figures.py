"""Figures from the database are those of the same history folded at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from bot.clock import SetClock
from bot.context import Context
from bot.figures.folding import figures_from
from bot.figures.reading import figures_of
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.events import flow_event, parse_instant
from bot.flow.metrics import FlowFigures
from bot.flow.stream import Responsible, Signal, Stage, Stream
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import Policy, parse_policy
from bot.sample import generate, policy_for
from bot.settings import Settings
from bot.streams.saving import measure, save, stream_named

NOW = parse_instant("2026-06-15T12:00:00Z")
DAY = 86_400
START = NOW - 120 * DAY
HISTORY = [event for event in generate(7, START, 120) if event.at <= NOW]
POLICY = parse_policy(policy_for(START, 120), "the sample policy")
REPOS = sorted({event.repo for event in HISTORY})
AUTHOR = Responsible("author")
STREAM = Stream(
    "Feature delivery",
    (
        Stage("Coding", active=True, responsible=AUTHOR, signals=(Signal("draft"), Signal("rework")), target=8 * 3600),
        Stage("Review", active=False, responsible=Responsible("reviewers"), signals=(Signal("review"),), target=7200),
        Stage("Merged", active=False, signals=(Signal("merged"),)),
    ),
    repos=tuple(REPOS[:2]),
)


@pytest.fixture(scope="module")
def ctx(sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    from bot.store.engine import make_engine
    from bot.store.migrate import migrate

    engine: Engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('figures') / 'weir.db'}")
    migrate(engine)
    made = Context(engine, POLICY, Settings(), SetClock(NOW), Messenger("", "http://127.0.0.1:9/"))
    take(made, HISTORY, NOW, live=False)
    save(made, "U0ALICE", STREAM, NOW)
    measure(made)
    yield made
    engine.dispose()


def both(ctx: Context, scope: Scope, since: int, until: int) -> tuple[FlowFigures, FlowFigures]:
    return figures_of(ctx, scope, since, until, NOW), figures_from(HISTORY, ctx.policy, scope, since, until, NOW)


@pytest.mark.parametrize("days", [(30, 0), (7, 0), (60, 30), (21, 14)])
@pytest.mark.parametrize("repos", [None, REPOS[:1], REPOS[:2]])
def test_repositories_have_the_same_figures_stored_and_folded(ctx, repos, days):
    stored, folded = both(ctx, of_repos(repos), NOW - days[0] * DAY, NOW - days[1] * DAY)
    assert stored == folded
    assert stored.done and stored.kinds and stored.predictability.expectation


def test_a_mapped_stream_has_the_same_figures_stored_and_folded(ctx):
    found = stream_named(ctx, STREAM.name)
    assert found is not None
    stored, folded = both(ctx, of_stream(*found), NOW - 30 * DAY, NOW)
    assert stored == folded
    assert [stage.name for stage in stored.stages] == ["Coding", "Review"]
    assert stored.done


def test_a_period_does_not_reach_beyond_now(ctx):
    scope = of_repos(None)
    assert figures_of(ctx, scope, NOW - DAY, NOW + 9 * DAY, NOW) == figures_of(ctx, scope, NOW - DAY, NOW, NOW)


def test_a_repository_is_meant_whatever_its_case(ctx):
    stored, folded = both(ctx, of_repos([REPOS[0].upper()]), NOW - 30 * DAY, NOW)
    assert stored == folded
    assert stored.done
