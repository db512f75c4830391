"""Figures from the database are those of the same history folded at hand."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from engines import close

from bot.clock import SetClock
from bot.context import Context
from bot.figures.folding import figures_from
from bot.figures.reading import figures_of
from bot.figures.scope import Scope, of_repos, of_stream
from bot.flow.events import FlowEvent, flow_event, parse_instant
from bot.flow.metrics import FlowFigures
from bot.flow.stream import Responsible, Signal, Stage, Stream
from bot.intake import take
from bot.messenger import Messenger
from bot.policy import Policy, parse_policy
from bot.sample import generate, policy_for
from bot.settings import Settings
from bot.store.engine import make_engine
from bot.store.migrate import migrate
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


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def ctx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The history taken into a database, and a stream mapped."""
    if request.param == "postgres":
        databases = request.getfixturevalue("postgres")
        name = databases.migrated()
        engine = make_engine(databases.url(name))
    else:
        engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('figures') / 'weir.db'}")
        migrate(engine)
    made = Context(engine, POLICY, Settings(), SetClock(NOW), Messenger("", "http://127.0.0.1:9/"))
    take(made, HISTORY, NOW, live=False)
    save(made, "U0ALICE", STREAM, NOW)
    measure(made)
    yield made
    close(engine)
    if request.param == "postgres":
        databases.use_again(name)


def both(ctx: Context, scope: Scope, since: int, until: int) -> tuple[FlowFigures, FlowFigures]:
    return figures_of(ctx, scope, since, until, NOW), figures_from(HISTORY, ctx.policy, scope, since, until, NOW)


@pytest.mark.parametrize(
    ("repos", "days"), [(None, (30, 0)), (REPOS[:1], (7, 0)), (REPOS[:2], (60, 30)), (None, (21, 14))]
)
def test_repositories_have_the_same_figures_stored_and_folded(ctx, repos, days):
    stored, folded = both(ctx, of_repos(repos), NOW - days[0] * DAY, NOW - days[1] * DAY)
    assert stored == folded
    assert all((stored.done, stored.kinds, stored.predictability.expectation))


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


def test_the_order_in_which_events_are_told_does_not_matter():
    some = [event for event in HISTORY if event.repo == REPOS[0]]
    told = figures_from(some, POLICY, of_repos(None), NOW - 60 * DAY, NOW, NOW)
    shuffled = random.Random(7).sample(some, len(some))
    assert figures_from([*shuffled, *some[:50]], POLICY, of_repos(None), NOW - 60 * DAY, NOW, NOW) == told


def test_what_a_bot_opened_is_apart_also_where_only_its_type_tells():
    def pull(number: int, login: str, actor_type: str = "User") -> list[FlowEvent]:
        opened = flow_event(repo="acme/shop", item=number, id=f"{number}o", at=NOW - DAY, kind="opened", actor=login,
                            actor_type=actor_type, type="pull_request")  # fmt: skip
        merged = flow_event(repo="acme/shop", item=number, id=f"{number}m", at=NOW - 60, kind="merged", actor="alice")
        return [opened, merged]

    told = [*pull(1, "alice"), *pull(2, "dependabot"), *pull(3, "helper", "Bot")]
    found = figures_from(told, Policy(), of_repos(None), NOW - 2 * DAY, NOW, NOW)
    assert (found.velocity, found.bots.done) == (1, 2)


def test_an_issue_and_what_closes_it_are_one_item_of_two_repositories():
    def told(repo: str, item: int, kind: str, at: int, **data: object) -> FlowEvent:
        return flow_event(repo=repo, item=item, id=f"{repo}{item}{kind}", at=at, kind=kind, actor="alice", **data)

    events = [
        told("acme/shop", 1, "opened", NOW - 3 * DAY, type="issue", labels=["bug"]),
        told("acme/billing", 2, "opened", NOW - 2 * DAY, type="pull_request", title="feat: totals"),
        told("acme/billing", 2, "linked", NOW - 2 * DAY, issue=1, **{"in": "acme/shop"}),
        told("acme/billing", 2, "merged", NOW - DAY),
    ]
    shop, billing = (
        figures_from(events, Policy(), of_repos([repo]), NOW - 9 * DAY, NOW, NOW)
        for repo in ("acme/shop", "acme/billing")
    )
    assert [(one.key, one.type, one.calendar_time) for one in shop.done] == [
        (("github", "acme/shop", 1), "defect", DAY)
    ]
    assert (billing.velocity, billing.load.begun) == (0, 0)
