"""Whose turn it is to end a waiting stage, from events alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.flow.stage_waits import stage_waits
from bot.flow.stages import journey
from bot.flow.stream import Responsible, Signal, Stage, Stream
from bot.flow.waits import Rules

PULL, ISSUE = ("github", "acme/shop", 1), ("github", "acme/shop", 7)
QA = Stage(
    "QA", active=False, responsible=Responsible("person", "quinn"), signals=(Signal("label", "qa"),), target=7200
)


def stream(*stages: Stage) -> Stream:
    coding = Stage("Coding", active=True, signals=(Signal("opened"), Signal("ready")))
    return Stream("Shop", (coding, *stages, Stage("Merged", active=False, signals=(Signal("merged"),))))


def event(at: int, kind: str, actor: str | None = "alice", item: int = 1, **data: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=item, id=f"{kind}:{item}:{at}", at=at, kind=kind, actor=actor, **data)


OPENED = event(0, "opened", type="pull_request")


def waits(told: Stream, *events: FlowEvent, key: ItemKey = PULL) -> list[tuple[str, bool, int, int | None, str | None]]:
    """(holder, team, since, until, ended by) of each wait."""
    histories: dict[ItemKey, list[FlowEvent]] = {}
    for one in events:
        histories.setdefault(one.key, []).append(one)
    way = journey(key, histories, told, lambda _: Rules())
    assert way is not None
    found = stage_waits(told, way, histories, lambda _: Rules())
    return [(one.on, one.team, one.since, one.until, one.ended_by) for one in found]


def test_whoever_is_responsible_holds_it_while_it_is_there() -> None:
    inside = event(100, "labeled", "bob", label="qa")
    assert waits(stream(QA), OPENED, inside) == [("quinn", False, 100, None, None)]
    assert waits(stream(QA), OPENED, inside, event(500, "merged")) == [("quinn", False, 100, 500, "merged")]


def test_it_tells_the_stage_its_target_and_who_brought_it_there() -> None:
    histories = {PULL: [OPENED, event(100, "labeled", "bob", label="qa")]}
    way = journey(PULL, histories, stream(QA), lambda _: Rules())
    assert way is not None
    (wait,) = stage_waits(stream(QA), way, histories, lambda _: Rules())
    assert (wait.kind, wait.stage, wait.target) == ("stage", "QA", 7200)
    assert (wait.asked_by, wait.asked_at, wait.opened_by) == ("bob", 100, "labeled")


@pytest.mark.parametrize(("kind", "more"), [("assigned", {"assignee": "quinn"}), ("picked_up", {"stage": "QA"})])
def test_picking_it_up_ends_it_though_it_stays_in_the_stage(kind: str, more: dict[str, str]) -> None:
    events = [OPENED, event(100, "labeled", label="qa"), event(300, kind, "quinn", **more)]
    assert waits(stream(QA), *events) == [("quinn", False, 100, 300, kind)]


def test_who_has_it_handed_on_holds_it_from_then_on() -> None:
    events = [OPENED, event(100, "labeled", label="qa"), event(300, "handed_over", "quinn", stage="QA", to="dave")]
    assert waits(stream(QA), *events) == [("quinn", False, 100, 300, "handed_over"), ("dave", False, 300, None, None)]
    again = [event(400, "unlabeled", label="qa"), event(450, "ready_for_review"), event(500, "labeled", label="qa")]
    assert waits(stream(QA), *events, *again)[-1] == ("quinn", False, 500, None, None)


def test_a_team_and_a_user_group_hold_it_as_such() -> None:
    events = [OPENED, event(100, "labeled", label="qa")]
    for who in (Responsible("team", "qa"), Responsible("group", "S0QA123")):
        assert waits(stream(QA._replace(responsible=who)), *events) == [(who.name, True, 100, None, None)]


def test_an_author_s_stage_is_held_by_whoever_it_is_assigned_to_else_by_its_author() -> None:
    own = stream(QA._replace(responsible=Responsible("author")))
    inside = event(100, "labeled", label="qa")
    # Asking nobody to review it is alice's turn already, so she doesn't wait twice; a draft is nobody's turn.
    draft = event(0, "opened", type="pull_request", draft=True)
    assert waits(own, draft, inside) == [("alice", False, 100, None, None)]
    assert waits(own, draft, event(50, "assigned", assignee="bob"), inside) == [("bob", False, 100, None, None)]


def test_nobody_waits_twice_on_one_item() -> None:
    own = stream(QA._replace(responsible=Responsible("reviewers")))
    events = [OPENED, event(100, "labeled", label="qa"), event(200, "review_requested", reviewer="bob")]
    # Till bob is asked it is alice's turn to ask somebody, and then his to review: the ledger tells both.
    assert waits(own, *events) == []
    assert waits(own, *events, event(300, "converted_to_draft")) == [("bob", False, 300, None, None)]


def test_a_login_that_the_map_spells_another_way_does_not_wait_twice_either() -> None:
    own = stream(QA._replace(responsible=Responsible("person", "Bob")))
    events = [OPENED, event(50, "review_requested", reviewer="bob"), event(100, "labeled", label="qa")]
    assert waits(own, *events) == []


def test_what_turns_tell_of_has_no_waits_of_its_own() -> None:
    told = stream(Stage("Review", active=False, responsible=Responsible("reviewers"), signals=(Signal("review"),)))
    assert waits(told, OPENED, event(100, "review_requested", reviewer="bob")) == []


def test_bots_hold_nothing() -> None:
    own = stream(QA._replace(responsible=Responsible("author")))
    bot = flow_event(repo="acme/shop", item=1, id="o", at=0, kind="opened", actor="renovate[bot]", actor_type="Bot",
                     type="pull_request")  # fmt: skip
    assert waits(own, bot, event(100, "labeled", label="qa")) == []


def test_an_issue_is_in_a_stage_by_its_pull_request() -> None:
    issue = event(0, "opened", "carol", 7, type="issue")
    pull = [event(50, "opened", type="pull_request"), event(60, "linked", issue=7)]
    found = waits(stream(QA), issue, *pull, event(100, "labeled", label="qa"), key=ISSUE)
    assert found == [("quinn", False, 100, None, None)]


KINDS: list[tuple[str, dict[str, str]]] = [
    ("labeled", {"label": "qa"}), ("unlabeled", {"label": "qa"}), ("assigned", {"assignee": "bob"}),
    ("unassigned", {"assignee": "bob"}), ("review_requested", {"reviewer": "carol"}), ("picked_up", {"stage": "QA"}),
    ("review_submitted", {"state": "commented"}), ("converted_to_draft", {}), ("ready_for_review", {}), ("merged", {}),
    ("closed", {}), ("reopened", {}), ("handed_over", {"stage": "QA", "to": "dave"}), ("commented", {}), ("pushed", {}),
]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(KINDS), st.sampled_from(["alice", "bob", "carol"])), max_size=20
    ),
    st.sampled_from(["author", "reviewers", "person", "team"]),
    st.randoms(use_true_random=False),
)
def test_in_any_order_they_lie_within_the_visits_and_touch_nobody_s_other_turn(
    told: list[tuple[int, tuple[str, dict[str, str]], str]], who: str, random: Any
) -> None:
    events = [OPENED]
    for place, (at, (kind, data), actor) in enumerate(told):
        events.append(event(at, kind, actor, **data)._replace(id=f"{kind}:{place:02}"))
    own = stream(QA._replace(responsible=Responsible(who, "quinn" if who in ("person", "team") else "")))
    shuffled = events[1:]
    random.shuffle(shuffled)
    found = waits(own, *events)
    assert waits(own, *shuffled, OPENED) == found
    way = journey(PULL, {PULL: events}, own, lambda _: Rules())
    assert way is not None
    inside = [(visit.since, visit.until) for visit in way.visits if visit.stage == "QA"]
    for _, _, since, until, by in found:
        assert until is None or since < until
        assert (until is None) == (by is None)
        assert any(a <= since and (b is None or (until is not None and until <= b)) for a, b in inside)
