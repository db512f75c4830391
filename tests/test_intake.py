"""Intake: whatever order, portions and repeats facts come in, the stored ledger is the one their set makes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program import wait_until
from sqlalchemy import Engine, event, insert, select, text, update
from test_waits_properties import START, histories

from bot import intake
from bot.clock import SetClock
from bot.context import Context
from bot.flow.events import FlowEvent, flow_event
from bot.flow.experiments import KIND
from bot.flow.waits import fold
from bot.hosts import Delivery, ShaFact
from bot.incoming.kept_waits import trimmed
from bot.intake import Taken, rebuild, refresh_looks, settle, take
from bot.policy import parse_policy
from bot.settings import Settings
from bot.store import experiments, readings
from bot.store.engine import make_engine, reading, writing
from bot.store.experiments import Experiment
from bot.store.sql import table
from bot.store.tables import ArrivalRow, CheckRow, EventRow, ItemRow, NudgeRow, OutboxRow, RepoRow, SettingRow, WaitRow
from bot.store.waits import to_wait
from bot.together import Together

POLICY = """
[targets]
review = "8h"
re_review = "4h"
rework = "16h"
respond = "8h"
merge = "8h"
assign = "4h"
fix = "8h"
[people.alice]
away = [{ from = "2026-03-05", until = "2026-03-06" }]
"""
TABLES = [
    table(row) for row in (EventRow, ItemRow, WaitRow, NudgeRow, OutboxRow, RepoRow, CheckRow, SettingRow, ArrivalRow)
]
WAITS, ITEMS, EVENTS, OUTBOX, NUDGES, REPOS = (
    table(row) for row in (WaitRow, ItemRow, EventRow, OutboxRow, NudgeRow, RepoRow)
)
HOUR = 3600
MONDAY = 1_772_442_000
"""2026-03-02T09:00:00Z"""


def take_delivery(ctx: Context, told: Delivery, now: int) -> Taken:
    """A delivery that is kept and folded in."""
    taken = intake.take_delivery(ctx, told, now)
    settle(ctx, now)
    return taken


LATER = START + 3 * 86_400
some_examples = settings(
    max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def context(engine: Engine, policy: str = POLICY) -> Context:
    return Context(engine, parse_policy(policy, "test.toml"), Settings(), SetClock(0), None)  # type: ignore[arg-type]


@pytest.fixture
def ctx(engine: Engine) -> Context:
    return context(engine)


def fact(id_: str, kind: str, at: int = MONDAY, actor: str | None = "bob", *, item: int = 1, **data: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=item, id=id_, at=at, kind=kind, actor=actor, **data)


def opened(item: int = 1, at: int = MONDAY, **data: Any) -> FlowEvent:
    return fact(f"opened:{item}", "opened", at, item=item, type="pull_request", **data)


def asked(item: int = 1, at: int = MONDAY, reviewer: str = "alice") -> FlowEvent:
    return fact(f"asked:{item}:{reviewer}", "review_requested", at, item=item, reviewer=reviewer)


def delivery(*events: FlowEvent, **parts: Any) -> Delivery:
    return Delivery("github", ("acme/shop",), events, **parts)


def rows(engine: Engine, name: str, without: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    one = next(known for known in TABLES if known.name == name)
    with reading(engine) as session:
        found = session.execute(select(*(column for column in one.c if column.name not in without)))
        return sorted((tuple(row) for row in found), key=repr)


def ledger(engine: Engine) -> list[list[tuple[Any, ...]]]:
    return [rows(engine, "events"), rows(engine, "items"), rows(engine, "waits", without=["id"])]


def everything(engine: Engine) -> list[list[tuple[Any, ...]]]:
    return [rows(engine, one.name) for one in TABLES]


def waits(engine: Engine, kind: str = "review") -> list[Any]:
    with reading(engine) as session:
        return list(session.execute(select(WAITS).where(WAITS.c.kind == kind).order_by(WAITS.c.since)))


def item(engine: Engine, number: int = 1) -> Any:
    with reading(engine) as session:
        return session.execute(select(ITEMS).where(ITEMS.c.item == number)).one()


def empty(engine: Engine) -> None:
    with writing(engine) as session:
        for one in TABLES:
            session.execute(one.delete())


def send(engine: Engine, wait_id: int, rung: str = "breach", at: int = MONDAY, state: str = "sent") -> None:
    """A message about the wait, as if it had been sent."""
    with writing(engine) as session:
        key = {"workspace": "default", "outbox_id": "m1"}
        session.execute(insert(NUDGES), {**key, "wait_id": wait_id, "rung": rung, "at": at})
        session.execute(
            insert(OUTBOX),
            {"workspace": "default", "id": "m1", "recipient": "alice", "rung": rung, "state": state, "made_at": at,
             "not_before": at, "attempts": 1, "settled": False},
        )  # fmt: skip


def edit_at(engine: Engine) -> int | None:
    with reading(engine) as session:
        found: int | None = session.execute(select(OUTBOX.c.edit_at)).scalar_one()
        return found


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[FlowEvent], list[list[FlowEvent]]]:
    """Events of two items, and portions in which they arrive: shuffled, some of them twice."""
    events = [one._replace(item=number, id=f"{number}/{one.id}") for number in (12, 13) for one in draw(histories())]
    again = draw(st.lists(st.sampled_from(events), max_size=3))
    shuffled = draw(st.permutations([*events, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=5)))
    return events, [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]


@some_examples
@given(arrivals(), st.booleans())
def test_any_order_repetition_and_batching_gives_the_same_rows(
    engine: Engine, arrived: tuple[list[FlowEvent], list[list[FlowEvent]]], live: bool
) -> None:
    events, portions = arrived
    ctx = context(engine)
    empty(engine)
    take(ctx, events, LATER, live=live)
    at_once = ledger(engine)
    empty(engine)
    for portion in portions:
        take(ctx, portion, LATER, live=live)
    assert ledger(engine) == at_once


@some_examples
@given(histories())
def test_an_import_in_one_go_equals_the_same_events_one_by_one(engine: Engine, events: list[FlowEvent]) -> None:
    ctx = context(engine)
    empty(engine)
    take(ctx, events, LATER, live=False)
    at_once = ledger(engine)
    empty(engine)
    for one in events:
        take(ctx, [one], LATER, live=False)
    assert ledger(engine) == at_once


@some_examples
@given(histories(), st.integers(0, 30 * 86_400))
def test_rebuilding_changes_nothing(engine: Engine, events: list[FlowEvent], later: int) -> None:
    ctx = context(engine)
    empty(engine)
    for one in events:
        take(ctx, [one], LATER, live=True)
    before = everything(engine)
    assert rebuild(ctx, LATER + later) == 1
    assert everything(engine) == before


@some_examples
@given(histories())
def test_the_stored_waits_have_the_figures_of_the_folded_ones(engine: Engine, events: list[FlowEvent]) -> None:
    ctx = context(engine)
    empty(engine)
    take(ctx, events, LATER, live=True)
    with reading(engine) as session:
        stored = sorted(to_wait(row) for row in session.execute(select(WAITS)))
    folded = fold(events, ctx.policy.rules("acme/shop"))
    assert folded is not None
    assert stored == sorted(trimmed(wait) for wait in folded.waits)
    for ours, theirs in zip(stored, sorted(folded.waits), strict=True):
        mine, whole = ctx.policy.clock(ours), ctx.policy.clock(theirs)
        for now in (ours.since, ours.since + 7 * HOUR, LATER):
            assert (mine.age(now), mine.held(now), mine.reaches(HOUR, now)) == (
                whole.age(now), whole.held(now), whole.reaches(HOUR, now))  # fmt: skip


def test_a_ledger_that_was_lost_is_rebuilt_from_the_log(ctx: Context) -> None:
    take(ctx, [opened(), asked()], MONDAY, live=True)
    before = everything(ctx.engine)
    with writing(ctx.engine) as session:
        session.execute(WAITS.delete())
        session.execute(update(ITEMS).values(title="wrong", live=False))
    rebuild(ctx, MONDAY)
    assert everything(ctx.engine) == before


class Killed(BaseException):
    """Ends the program at a statement."""


@contextmanager
def killed_at(engine: Engine, statement: int) -> Iterator[None]:
    counted = 0

    def count(*_: Any) -> None:
        nonlocal counted
        counted += 1
        if counted == statement:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def nobody_at_work(engine: Engine) -> bool:
    """Whether the database has noticed that whoever was killed is gone: until then it keeps their rows from others."""
    if engine.dialect.name == "sqlite":
        return True
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        return connection.execute(text(f"{others} AND xact_start IS NOT NULL")).scalar() == 0


def until_it_lives(engine: Engine, step: Callable[[], Any], stride: int = 1) -> Any:
    """Kill a step at its first statement, its second (or so many on), and so on; each time nothing of it is left."""
    before, statement = everything(engine), 1 - stride
    while True:
        statement += stride
        try:
            with killed_at(engine, statement):
                outcome = step()
        except Killed:
            wait_until(lambda: nobody_at_work(engine))
            assert everything(engine) == before
        else:
            assert statement > 3
            return outcome


def test_killed_at_any_statement_nothing_is_half_done(ctx: Context) -> None:
    events = [opened(), asked(), fact("c1", "commented", MONDAY + 60)]
    take(ctx, events, MONDAY + 60, live=True)
    send(ctx.engine, waits(ctx.engine)[0].id)
    more = delivery(fact("r1", "review_submitted", MONDAY + HOUR, "alice", state="approved"), asked(2), opened(2))
    taken = until_it_lives(ctx.engine, lambda: intake.take_delivery(ctx, more, MONDAY + HOUR))
    assert taken == Taken(new=3, known=0, items=2)
    assert edit_at(ctx.engine) is None
    until_it_lives(ctx.engine, lambda: settle(ctx, MONDAY + HOUR))
    assert edit_at(ctx.engine) == MONDAY + HOUR
    once = everything(ctx.engine)
    settle(ctx, MONDAY + 2 * HOUR)
    assert everything(ctx.engine) == once


def test_what_arrives_while_another_process_folds_is_folded_after_it(postgres_engine: Engine) -> None:
    ctx = context(postgres_engine)
    other = context(make_engine(postgres_engine.url.render_as_string(hide_password=False)))
    intake.take_delivery(ctx, delivery(opened()), MONDAY)
    told: list[Taken] = []

    def tells(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """More is told once the item's events were read."""
        if "FROM events" in statement and not told:
            told.append(Taken(0, 0, 0))
            with ThreadPoolExecutor(1) as thread:
                told.append(thread.submit(intake.take_delivery, other, delivery(asked()), MONDAY).result())

    event.listen(postgres_engine, "after_cursor_execute", tells)
    settle(ctx, MONDAY)
    assert told[1:] == [Taken(1, 0, 1)]
    assert waits(postgres_engine) == []
    settle(ctx, MONDAY)
    assert [row.holder for row in waits(postgres_engine) if row.until is None] == ["alice"]
    other.engine.dispose()


def test_an_item_that_can_not_be_folded_keeps_no_other_from_being(ctx: Context) -> None:
    bad = opened(2)._replace(data={"type": "pull_request", "labels": [7]})
    intake.take_delivery(ctx, delivery(opened(), asked(), bad, opened(3), asked(3)), MONDAY)
    settle(ctx, MONDAY)
    assert {row.item for row in waits(ctx.engine)} == {1, 3}
    intake.take_delivery(ctx, delivery(opened(4), asked(4)), MONDAY)
    settle(ctx, MONDAY)
    assert {row.item for row in waits(ctx.engine)} == {1, 3, 4}


@pytest.mark.parametrize("first", ["rebuild", "refresh_looks", "import"])
def test_what_a_webhook_told_is_live_even_where_something_else_folds_it_first(ctx: Context, first: str) -> None:
    long_after = MONDAY + 7 * 24 * HOUR
    intake.take_delivery(ctx, delivery(opened(), asked()), long_after)
    if first == "rebuild":
        rebuild(ctx, long_after)
    elif first == "refresh_looks":
        refresh_looks(ctx, long_after)
    else:
        take(ctx, [fact("c1", "commented", MONDAY + 60)], long_after, live=False)
    settle(ctx, long_after)
    (wait,) = [row for row in waits(ctx.engine) if row.until is None]
    assert not wait.backlog
    assert wait.next_nudge_at is not None


def test_two_processes_that_take_events_of_one_item_wait_for_each_other(postgres_engine: Engine) -> None:
    address = postgres_engine.url.render_as_string(hide_password=False)
    processes = [context(make_engine(address)) for _ in range(4)]
    for number in range(1, 9):
        events = [opened(number), *(asked(number, reviewer=f"person-{n}") for n in range(7))]
        start = threading.Barrier(len(processes))

        def share(place: int, events: list[FlowEvent] = events, start: threading.Barrier = start) -> None:
            start.wait()
            take(processes[place], events[place::4], MONDAY, live=True)

        with ThreadPoolExecutor(len(processes)) as threads:
            list(threads.map(share, range(len(processes))))
        holders = {row.holder for row in waits(postgres_engine) if row.item == number and row.until is None}
        assert holders == {f"person-{n}" for n in range(7)}
    before = everything(postgres_engine)
    rebuild(processes[0], MONDAY)
    assert everything(postgres_engine) == before
    for ctx in processes:
        ctx.engine.dispose()


def test_many_threads_are_served_together_and_each_learns_what_it_brought(ctx: Context) -> None:
    told = [delivery(opened(n), asked(n)) for n in range(1, 21)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda one: take_delivery(ctx, one, MONDAY), [*told, *told]))
    assert sum(one.new for one in taken) == 40
    assert sum(one.known for one in taken) == 40
    assert len(waits(ctx.engine)) == 20


def test_a_delivery_that_cannot_be_kept_does_not_fail_its_neighbours(ctx: Context) -> None:
    bad = delivery(opened(3, title={"not", "json"}))
    told = [delivery(opened(1)), bad, delivery(opened(2))]
    with ThreadPoolExecutor(3) as threads:
        taken = [threads.submit(take_delivery, ctx, one, MONDAY) for one in told]
    assert [one.exception() is None for one in taken] == [True, False, True]
    assert [row[3] for row in rows(ctx.engine, "items")] == [1, 2]


def blocked(until: threading.Event, served: list[list[int]]) -> Callable[[Sequence[int]], list[int]]:
    def serve(asked: Sequence[int]) -> list[int]:
        served.append(list(asked))
        until.wait(10)
        if 3 in asked:
            raise ValueError("not 3")
        return [one * 10 for one in asked]

    return serve


def test_calls_that_wait_are_served_in_one_group_and_only_the_bad_one_fails() -> None:
    until, served = threading.Event(), list[list[int]]()
    together = Together(blocked(until, served))
    with ThreadPoolExecutor(5) as threads:
        first = threads.submit(together.through, None, 0)
        while not served:
            threading.Event().wait(0.001)
        others = [threads.submit(together.through, None, n) for n in (1, 2, 3, 4)]
        while len(together._waiting) < 4:
            threading.Event().wait(0.001)
        until.set()
    assert first.result() == 0
    assert [one.result() for one in others if one is not others[2]] == [10, 20, 40]
    assert isinstance(others[2].exception(), ValueError)
    assert sorted(served[1]) == [1, 2, 3, 4]


def test_a_wait_keeps_its_id_while_refolding_moves_its_ends(ctx: Context) -> None:
    take(ctx, [opened(), asked(at=MONDAY + HOUR)], MONDAY + HOUR, live=True)
    (before,) = waits(ctx.engine)
    take(ctx, [asked(at=MONDAY + 60)._replace(id="asked earlier")], MONDAY + HOUR, live=True)
    take(ctx, [fact("r1", "review_submitted", MONDAY + 2 * HOUR, "alice", state="approved")], MONDAY, live=True)
    (after,) = waits(ctx.engine)
    assert (after.id, after.since, after.until) == (before.id, MONDAY + 60, MONDAY + 2 * HOUR)


def test_a_wait_that_comes_back_is_the_one_it_was_and_not_nudged_twice(ctx: Context) -> None:
    take(ctx, [opened(), asked()], MONDAY, live=True)
    (before,) = waits(ctx.engine)
    send(ctx.engine, before.id, "heads_up")
    take(ctx, [fact("x", "converted_to_draft", MONDAY)], MONDAY + HOUR, live=True)
    assert waits(ctx.engine) == []
    assert edit_at(ctx.engine) == MONDAY + HOUR
    take(ctx, [fact("y", "ready_for_review", MONDAY)], MONDAY + HOUR, live=True)
    (after,) = waits(ctx.engine)
    assert after.id == before.id
    assert after.next_nudge_at == MONDAY + 8 * HOUR, "the heads-up was sent; the breach comes next"


@pytest.mark.parametrize(("state", "edited"), [("sent", True), ("sending", True), ("pending", False), ("moot", False)])
def test_sent_messages_are_edited_when_what_they_name_is_over(ctx: Context, state: str, edited: bool) -> None:
    take(ctx, [opened(), asked()], MONDAY, live=True)
    send(ctx.engine, waits(ctx.engine)[0].id, state=state)
    take(ctx, [fact("c1", "commented", MONDAY + 60)], MONDAY + 60, live=True)
    assert edit_at(ctx.engine) is None
    take(ctx, [fact("r1", "review_submitted", MONDAY + HOUR, "alice", state="approved")], MONDAY + HOUR, live=True)
    assert (edit_at(ctx.engine) == MONDAY + HOUR) is edited


def test_an_open_wait_is_looked_at_when_its_first_rung_falls_due(ctx: Context) -> None:
    take(ctx, [opened(), asked(reviewer="carol")], MONDAY, live=True)
    assert waits(ctx.engine)[0].next_nudge_at == MONDAY + 6 * HOUR
    take(ctx, [fact("r1", "review_submitted", MONDAY + HOUR, "carol", state="approved")], MONDAY + HOUR, live=True)
    assert waits(ctx.engine)[0].next_nudge_at is None


def test_without_a_target_nothing_is_looked_at(engine: Engine) -> None:
    take(context(engine, ""), [opened(), asked()], MONDAY, live=True)
    assert waits(engine)[0].next_nudge_at is None


def test_what_was_breached_when_its_history_was_read_is_only_listed(ctx: Context) -> None:
    week = MONDAY + 7 * 86_400
    take(ctx, [opened(), asked(), opened(2), asked(2, at=week)], week, live=False)
    old, new = waits(ctx.engine)
    assert (old.backlog, old.next_nudge_at) == (True, None)
    assert (new.backlog, new.next_nudge_at is None) == (False, False)


def test_what_was_late_before_its_history_is_read_again_stays_live(ctx: Context) -> None:
    week = MONDAY + 7 * 86_400
    take(ctx, [opened(), asked()], MONDAY, live=True)
    take(ctx, [opened(), asked(), fact("r", "checks_failed", week)], week, live=False)
    assert [row.backlog for row in waits(ctx.engine)] == [False]


def test_a_webhook_is_live_however_late_it_comes(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(), asked()), MONDAY + 7 * 86_400)
    (wait,) = waits(ctx.engine)
    assert not wait.backlog
    assert wait.next_nudge_at is not None


def test_a_review_learns_its_teams_from_a_later_telling(ctx: Context) -> None:
    review = fact("r1", "review_submitted", MONDAY + HOUR, "carol", state="commented")
    team = fact("t1", "review_requested", team="core")
    assert take(ctx, [opened(), team, review], MONDAY + HOUR, live=True) == Taken(3, 0, 1)
    assert waits(ctx.engine)[0].until == MONDAY + HOUR, "anybody's review answers for the team"
    told = review._replace(data={**review.data, "teams": ["docs"]})
    assert take(ctx, [told], MONDAY + HOUR, live=True) == Taken(0, 1, 1)
    assert waits(ctx.engine)[0].until is None
    assert take(ctx, [review], MONDAY + HOUR, live=True) == Taken(0, 1, 0)
    assert waits(ctx.engine)[0].until is None


def test_an_item_shows_its_latest_title_and_head(ctx: Context) -> None:
    events = [
        opened(title="Fix <it>", url="https://github.com/acme/shop/pull/1", size=12, head="aaa"),
        fact("p1", "pushed", MONDAY + 60, sha="bbb"),
        fact("n1", "renamed", MONDAY + 90, **{"from": "Fix <it>", "to": "Fix rounding"}),
        fact("m1", "merged", MONDAY + 120, sha="ccc"),
    ]
    take_delivery(ctx, delivery(*events), MONDAY + 120)
    row = item(ctx.engine)
    assert (row.type, row.title, row.size, row.head, row.merge_sha) == (
        "pull_request",
        "Fix rounding",
        12,
        "bbb",
        "ccc",
    )
    assert (row.author, row.live, row.ready, row.merged) == ("bob", False, False, True)


def test_an_item_whose_opening_is_not_known_yet_is_kept_without_waits(ctx: Context) -> None:
    take_delivery(ctx, delivery(asked()), MONDAY)
    assert (item(ctx.engine).type, item(ctx.engine).live, waits(ctx.engine)) == ("", False, [])
    take_delivery(ctx, delivery(opened()), MONDAY)
    assert (item(ctx.engine).live, len(waits(ctx.engine))) == (True, 1)


@pytest.mark.parametrize("title", ["nul \0 byte", "half \ud83d of a pair", 12, None, "x" * 100_000])
def test_odd_titles_are_kept_as_well_as_can_be(ctx: Context, title: Any) -> None:
    take(ctx, [opened(title=title)], MONDAY, live=True)
    assert item(ctx.engine).live
    assert rebuild(ctx, MONDAY) == 1


def check(sha: str, at: int, *, failed: bool, subject: str = "tests", **parts: Any) -> Delivery:
    return delivery(facts=(ShaFact("github", "acme/shop", sha, "check", at, subject, failed, **parts),))


def checks_told(engine: Engine) -> list[tuple[str, int]]:
    with reading(engine) as session:
        kinds = select(EVENTS.c.kind, EVENTS.c.at).where(EVENTS.c.kind.like("checks_%")).order_by(EVENTS.c.at)
        return [(kind, at) for kind, at in session.execute(kinds)]


def test_a_failed_check_of_its_head_turns_an_item_red_until_all_pass(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(head="aaa"), asked()), MONDAY)
    take_delivery(ctx, check("aaa", MONDAY + 10, failed=True), MONDAY + 10)
    take_delivery(ctx, check("aaa", MONDAY + 20, failed=True, subject="lint"), MONDAY + 20)
    take_delivery(ctx, check("aaa", MONDAY + 30, failed=False), MONDAY + 30)
    assert checks_told(ctx.engine) == [("checks_failed", MONDAY + 10)]
    assert [row.until for row in waits(ctx.engine, "fix")] == [None]
    take_delivery(ctx, check("aaa", MONDAY + 40, failed=False, subject="lint"), MONDAY + 40)
    assert checks_told(ctx.engine) == [("checks_failed", MONDAY + 10), ("checks_passed", MONDAY + 40)]
    assert [row.until for row in waits(ctx.engine, "fix")] == [MONDAY + 40]


def test_a_check_told_before_its_push_counts_once_the_push_is_known(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(head="aaa")), MONDAY)
    take_delivery(ctx, check("bbb", MONDAY + 10, failed=True), MONDAY + 10)
    assert checks_told(ctx.engine) == []
    take_delivery(ctx, delivery(fact("p1", "pushed", MONDAY + 5, sha="bbb")), MONDAY + 20)
    assert checks_told(ctx.engine) == [("checks_failed", MONDAY + 10)]


def test_a_check_of_an_old_commit_says_nothing_about_the_item(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(head="aaa"), fact("p1", "pushed", MONDAY + 5, sha="bbb")), MONDAY + 5)
    take_delivery(ctx, check("aaa", MONDAY + 10, failed=True, items=(1,)), MONDAY + 10)
    assert checks_told(ctx.engine) == []


def test_the_host_may_name_the_item_whose_head_is_not_known(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened()), MONDAY)
    take_delivery(ctx, check("aaa", MONDAY + 10, failed=True, items=(1,)), MONDAY + 10)
    assert checks_told(ctx.engine) == [("checks_failed", MONDAY + 10)]


def test_a_result_told_again_or_too_late_is_known(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(head="aaa")), MONDAY)
    failed = check("aaa", MONDAY + 10, failed=True)
    assert take_delivery(ctx, failed, MONDAY + 10).known == 0
    assert take_delivery(ctx, failed, MONDAY + 10).known == 1
    take_delivery(ctx, check("aaa", MONDAY + 30, failed=False), MONDAY + 30)
    take_delivery(ctx, check("aaa", MONDAY + 20, failed=True), MONDAY + 40)
    assert checks_told(ctx.engine)[-1] == ("checks_passed", MONDAY + 30)


def test_a_deployed_commit_is_an_event_of_the_items_it_belongs_to(ctx: Context) -> None:
    take_delivery(ctx, delivery(opened(head="aaa"), opened(2), fact("m", "merged", item=2, sha="aaa")), MONDAY)
    out = ShaFact("github", "acme/shop", "aaa", "deployed", MONDAY, "production", id="7:production")
    for _ in range(2):
        take_delivery(ctx, delivery(facts=(out,)), MONDAY)
    with reading(ctx.engine) as session:
        found = session.execute(select(EVENTS.c.item, EVENTS.c.id).where(EVENTS.c.kind == "deployed"))
        assert sorted(tuple(row) for row in found) == [(1, "deployed:1:7:production"), (2, "deployed:2:7:production")]


def followed(engine: Engine) -> dict[str, tuple[bool, int | None, str | None]]:
    with reading(engine) as session:
        return {row.repo: (row.connected, row.webhook_at, row.problem) for row in session.execute(select(REPOS))}


def test_a_repository_is_followed_from_its_first_webhook_and_not_after_it_is_gone(ctx: Context) -> None:
    take(ctx, [opened()], MONDAY, live=False)
    assert followed(ctx.engine) == {"acme/shop": (False, None, None)}
    take_delivery(ctx, delivery(asked()), MONDAY + 60)
    assert followed(ctx.engine) == {"acme/shop": (True, MONDAY + 60, None)}
    take_delivery(ctx, Delivery("github", gone=("acme/shop",)), MONDAY + 70)
    assert followed(ctx.engine) == {"acme/shop": (False, MONDAY + 60, "access to it was lost")}
    take_delivery(ctx, Delivery("github", repos=("acme/shop",)), MONDAY + 80)
    assert followed(ctx.engine) == {"acme/shop": (True, MONDAY + 80, None)}


NAMES = ("acme/shop", "acme/store")


def test_a_renamed_repository_takes_everything_along(ctx: Context) -> None:
    tried = Experiment(0, "pair up", KIND, "review", "", None, ("Acme/shop",), -30, MONDAY, "U0BOB", None,
                       date(2026, 12, 1), {"review": [HOUR]})  # fmt: skip
    with writing(ctx.engine) as session:
        experiments.add(session, "default", tried)
    take_delivery(ctx, delivery(opened(head="aaa"), asked()), MONDAY)
    take_delivery(ctx, check("aaa", MONDAY + 10, failed=True), MONDAY + 10)
    before = waits(ctx.engine)
    new = opened(2)._replace(repo="acme/store")
    take_delivery(ctx, Delivery("github", ("acme/store",), (new, asked()._replace(repo="acme/store"))), MONDAY + 20)
    with writing(ctx.engine) as session:
        readings.finish(session, "default", "github", "acme/shop", began=MONDAY, now=MONDAY, first=True)
    moved = Delivery("github", ("acme/store",), renamed=(("acme/shop", "acme/store"),))
    for _ in range(2):
        take_delivery(ctx, moved, MONDAY + 30)
    assert [(row.id, row.repo) for row in waits(ctx.engine)] == [(before[0].id, "acme/store")]
    assert set(followed(ctx.engine)) == {"acme/store"}
    with reading(ctx.engine) as session:
        (place,) = readings.places(session, "default", "github", [])
    assert (place.first, place.read_until) == (False, MONDAY), "what was read is not read as a first history again"
    assert {row[2] for name in ("events", "items", "checks") for row in rows(ctx.engine, name)} == {"acme/store"}
    with reading(ctx.engine) as session:
        (tried,) = experiments.every(session, "default")
    assert tried.repos == ("acme/store",)
    unchanged = everything(ctx.engine)
    rebuild(ctx, MONDAY + 40)
    assert everything(ctx.engine) == unchanged


@pytest.mark.parametrize("told", ["acme/shop", "acme/store", None])
def test_of_a_turn_that_both_names_have_the_one_that_was_told_of_is_left(ctx: Context, told: str | None) -> None:
    take(ctx, [one._replace(repo=repo) for repo in NAMES for one in (opened(), asked())], MONDAY, live=True)
    ids = {row.repo: row.id for row in waits(ctx.engine)}
    if told is not None:
        send(ctx.engine, ids[told])
    intake.rename(ctx, "github", *NAMES, MONDAY + 60)
    assert [(row.id, row.repo) for row in waits(ctx.engine)] == [(ids[told or "acme/shop"], "acme/store")]


def test_another_policy_looks_at_every_ladder_anew(ctx: Context) -> None:
    take(ctx, [opened(), asked(reviewer="carol"), opened(2), asked(2, reviewer="dave")], MONDAY, live=True)
    refresh_looks(ctx, MONDAY)
    assert {row.next_nudge_at for row in waits(ctx.engine)} == {MONDAY + 6 * HOUR}
    hurried = context(ctx.engine, POLICY.replace('review = "8h"', 'review = "4h"', 1))
    refresh_looks(hurried, MONDAY)
    assert {row.next_nudge_at for row in waits(ctx.engine)} == {MONDAY + 3 * HOUR}
    refresh_looks(replace(hurried, policy=parse_policy("", "none.toml")), MONDAY)
    assert {row.next_nudge_at for row in waits(ctx.engine)} == {None}


def test_other_rules_are_other_turns(ctx: Context) -> None:
    approval = fact("r1", "review_submitted", MONDAY + 60, "carol", state="approved")
    take(ctx, [opened(), asked(), approval], MONDAY + 60, live=True)
    assert [row.until for row in waits(ctx.engine)] == [MONDAY + 60]
    refresh_looks(context(ctx.engine, POLICY + "[rules]\napprovals_required = 2\n"), MONDAY + 60)
    assert [row.until for row in waits(ctx.engine)] == [None]


@pytest.mark.parametrize(
    ("more", "folded"),
    [
        ('[people.carol]\nslack = "U0CAROL"\n', set()),
        ('[repos."acme/store"]\ntargets = { review = "2h" }\n', set()),
        ('[repos."Acme/Store"]\nrules = { approvals_required = 2 }\n', {("acme/store", 1)}),
        ('[repos."acme/store"]\nfollow = false\n', {("acme/store", 1)}),
        ('[repos."acme/store"]\nrules = { approvals_required = 1 }\n', set()),
        ("[rules]\nhold_while_red = false\n", {("acme/shop", 1), ("acme/store", 1)}),
    ],
)
def test_another_policy_folds_again_what_has_other_turns_by_it(
    ctx: Context, more: str, folded: set[tuple[str, int]]
) -> None:
    here = [opened(), asked()]
    take(ctx, [*here, *(one._replace(repo="acme/store") for one in here)], MONDAY, live=True)
    refresh_looks(ctx, MONDAY)
    for _ in range(2):
        with writing(ctx.engine) as session:
            session.execute(update(ITEMS).values(author="nobody"))
        refresh_looks(context(ctx.engine, POLICY + more), MONDAY + 60)
        with reading(ctx.engine) as session:
            again = session.execute(select(ITEMS.c.repo, ITEMS.c.item).where(ITEMS.c.author != "nobody"))
            assert {(repo, item) for repo, item in again} == folded
        folded = set()


def test_the_same_policy_is_not_worked_through_twice(ctx: Context) -> None:
    take(ctx, [opened(), asked()], MONDAY, live=True)
    refresh_looks(ctx, MONDAY)
    with writing(ctx.engine) as session:
        session.execute(update(WAITS).values(next_nudge_at=5))
    refresh_looks(ctx, MONDAY)
    assert {row.next_nudge_at for row in waits(ctx.engine)} == {5}
