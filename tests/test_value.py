"""What items are traced to, and whether the numbers of key results moved: folded from events, no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.amounts import amount_of, said, same_unit
from bot.flow.events import BadEvent, FlowEvent, ItemKey, flow_event, from_record, to_record
from bot.flow.value import LABEL, LINK, MILESTONE, Given, KeyResult, Rule, Trace, marks, to_be_asked, traces

RULES = (Rule(LABEL, "Checkout", "speed"), Rule(MILESTONE, "Spring", "shop"))


def fact(kind: str, at: int, item: int = 1, **data: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=item, id=f"{kind}{item}{at}", at=at, kind=kind, actor="bob", **data)


def key(item: int = 1) -> ItemKey:
    return ("github", "acme/shop", item)


def told(*events: FlowEvent, until: int | None = None, item: int = 1) -> list[tuple[str, str, int]]:
    """(what item 1 is for, how that is known, the item that carries it)"""
    histories: dict[ItemKey, list[FlowEvent]] = {}
    for event in sorted(events):
        histories.setdefault(event.key, []).append(event)
    return [(one.to, one.how, one.via[2]) for one in traces([key(item)], histories, RULES, until)]


def test_a_label_and_a_milestone_trace_an_item_whatever_their_case() -> None:
    assert told(fact("opened", 1, labels=["checkout"], milestone="SPRING")) == [
        ("speed", LABEL, 1),
        ("shop", MILESTONE, 1),
    ]


def test_what_was_taken_off_traces_nothing() -> None:
    opened = fact("opened", 1, labels=["checkout"], milestone="Spring")
    off = [fact("unlabeled", 2, label="Checkout"), fact("demilestoned", 3, milestone="Spring")]
    assert told(opened, *off) == []


def test_another_milestone_takes_the_place_of_the_one_before_and_ends_alone() -> None:
    told_ = [fact("milestoned", 2, milestone="Spring"), fact("milestoned", 3, milestone="Summer")]
    assert told(*told_) == []
    assert told(*told_, fact("milestoned", 4, milestone="Spring"), fact("demilestoned", 5, milestone="Summer")) == [
        ("shop", MILESTONE, 1)
    ]


def test_a_done_item_keeps_what_it_carried_then() -> None:
    label = fact("labeled", 5, label="checkout")
    assert told(label, until=5) == [("speed", LABEL, 1)]
    assert told(label, until=4) == []
    assert told(label, fact("unlabeled", 9, label="checkout"), until=8) == [("speed", LABEL, 1)]


def test_a_link_counts_whenever_it_was_given_until_it_is_taken_back() -> None:
    link = fact("traced", 50, to="shop", by="U0ALICE")
    assert told(link, until=8) == [("shop", LINK, 1)]
    assert told(link, fact("untraced", 60, to="shop"), until=8) == []
    (only,) = traces([key()], {key(): [link]}, (), 8)
    assert only == Trace("shop", LINK, "", key(), "U0ALICE")


def test_the_traces_of_parents_count_up_the_chain() -> None:
    up = [fact("parent_added", 2, parent=2), fact("parent_added", 2, item=2, parent=3)]
    top = fact("labeled", 1, item=3, label="checkout")
    assert told(*up, top) == [("speed", LABEL, 3)]
    assert told(*up, top, fact("parent_removed", 4, item=2, parent=3)) == []
    assert told(*up, top, fact("parent_removed", 4, item=2, parent=3), until=3) == [("speed", LABEL, 3)]


def test_the_nearest_reason_is_the_one_that_is_told() -> None:
    events = [fact("parent_added", 2, parent=2), fact("labeled", 1, item=2, label="checkout")]
    assert told(*events, fact("labeled", 3, label="checkout")) == [("speed", LABEL, 1)]


def test_parents_that_go_in_a_circle_end_where_they_began() -> None:
    circle = [fact("parent_added", 2, parent=2), fact("parent_added", 2, item=2, parent=1)]
    assert told(*circle, fact("labeled", 1, item=2, label="checkout")) == [("speed", LABEL, 2)]


def test_a_parent_of_another_repository_is_named_with_it() -> None:
    event = fact("parent_added", 2, parent=7, **{"in": "acme/plans"})
    assert marks([event], None).parents == (("github", "acme/plans", 7),)


KIND = st.sampled_from(
    [("labeled", {"label": "checkout"}), ("unlabeled", {"label": "checkout"}), ("milestoned", {"milestone": "Spring"}),
     ("demilestoned", {"milestone": "Spring"}), ("traced", {"to": "shop"}), ("untraced", {"to": "shop"}),
     ("parent_added", {"parent": 2}), ("parent_removed", {"parent": 2})]
)  # fmt: skip


@given(st.lists(st.tuples(KIND, st.integers(1, 30), st.integers(1, 2)), max_size=20), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_the_same(acts: list[Any], random: Random) -> None:
    events = [fact(kind, at, item, **data) for (kind, data), at, item in acts]
    others = random.sample(events, len(events))
    assert told(*events, until=15) == told(*others, until=15)


@pytest.mark.parametrize(
    ("kind", "data", "allowed"),
    [("milestoned", {}, "'milestone' is None; the milestone's title is allowed"),
     ("parent_added", {"parent": "x"}, "'parent' is 'x'; the parent issue's number is allowed"),
     ("parent_added", {"parent": 1, "in": ""},
      "'in' of a parent is ''; its repository, or nothing for the issue's own"),
     ("traced", {"to": 7}, "'to' is 7; the id of an outcome or a key result is allowed")],
)  # fmt: skip
def test_an_event_without_what_it_tells_is_refused(kind: str, data: dict[str, Any], allowed: str) -> None:
    with pytest.raises(BadEvent) as refused:
        from_record(to_record(fact(kind, 1)) | data)
    assert str(refused.value) == allowed


# Key results


def result(baseline: str, target: str, *given: str, until: date | None = None) -> KeyResult:
    numbers = tuple(Given(Decimal(one), at, "U0BOB") for at, one in enumerate(given))
    return KeyResult("r", "o", "Speed", "", Decimal(baseline), Decimal(target), until, "U0BOB", 0, numbers)


@pytest.mark.parametrize(
    ("one", "progress", "verified", "reached"),
    [(result("21", "35"), None, False, False), (result("21", "35", "24.5"), 0.25, True, False),
     (result("21", "35", "24.5", "21"), 0, False, False), (result("21", "35", "14"), -0.5, False, False),
     (result("45", "30", "40"), 1 / 3, True, False), (result("45", "30", "30"), 1, True, True),
     (result("45", "30", "20"), 25 / 15, True, True), (result("0", "-2", "-1"), 0.5, True, False)],
)  # fmt: skip
def test_verified_means_that_the_latest_number_moved_the_way_it_was_to_move(
    one: KeyResult, progress: float | None, verified: bool, reached: bool
) -> None:
    assert (one.progress, one.verified, one.reached) == (pytest.approx(progress), verified, reached)


def test_more_is_better_where_the_target_is_higher() -> None:
    assert result("1", "2").up
    assert not result("2", "1").up


@pytest.mark.parametrize(
    ("today", "given", "asked"),
    [(date(2026, 1, 31), None, False), (date(2026, 2, 1), None, True), (date(2026, 2, 9), date(2026, 2, 3), False),
     (date(2026, 3, 1), date(2026, 2, 28), True), (date(2026, 6, 1), date(2026, 1, 9), True),
     (date(2026, 7, 31), None, True), (date(2026, 8, 1), None, False)],
)  # fmt: skip
def test_it_is_asked_for_once_a_month_from_the_next_one_to_the_one_after_its_last_day(
    today: date, given: date | None, asked: bool
) -> None:
    one = result("1", "2", until=date(2026, 6, 30))
    assert to_be_asked(one, today, date(2026, 1, 15), given) is asked


# Numbers


@pytest.mark.parametrize(
    ("typed", "number", "unit", "shown"),
    [("24", "24", "", "24"), ("21%", "21", "%", "21%"), ("21 %", "21", "%", "21%"), ("-0.5", "-0.5", "", "-0.5"),
     ("1,200 orders", "1200", "orders", "1,200 orders"), ("1 200", "1200", "", "1,200"), ("1,5 days", "1.5", "days",
     "1.5 days"), ("€3.20", "3.20", "€", "€3.20"), ("$-2", "-2", "$", "-$2"), ("4 orders a week", "4", "orders a week",
     "4 orders a week"), ("1,234,567.5ms", "1234567.5", "ms", "1,234,567.5 ms"), ("+3", "3", "", "3")],
)  # fmt: skip
def test_a_number_is_read_with_its_unit_and_said_again(typed: str, number: str, unit: str, shown: str) -> None:
    found = amount_of(typed)
    assert found is not None
    assert (found.number, found.unit, str(found)) == (Decimal(number), unit, shown)


@pytest.mark.parametrize(
    "typed",
    ["", "many", "nan", "inf", "1e9", "3/4", "12:30", "1.2.3", "€3 euros", "24" * 9, "5 " + "x" * 21, "1,2,3", "--2"],
)
def test_what_is_no_number_is_not_read_as_one(typed: str) -> None:
    assert amount_of(typed) is None


def test_a_unit_left_out_goes_with_every_one() -> None:
    assert same_unit("", "%")
    assert same_unit("Day", "days")
    assert not same_unit("hours", "days")


def test_zeros_behind_the_point_are_said_of_money_alone() -> None:
    assert (said(Decimal("24.50"), "%"), said(Decimal("24.50"), "€")) == ("24.5%", "€24.50")
