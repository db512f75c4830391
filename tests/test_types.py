"""What an item is for: rules over marks that change, a person's word before them, frozen when the item ends."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.common_types import COMMON
from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.flow.types import BRANCH, LABEL, TITLE, Marks, Rule, Types, first_match, types_of
from bot.flow.work import TYPES

ITEM: ItemKey = ("github", "acme/shop", 7)
PULL: ItemKey = ("github", "acme/shop", 9)


def july(day: int) -> int:
    return int(datetime(2026, 7, day, 9, tzinfo=UTC).timestamp())


def event(kind: str, at: int, item: int = 7, **data: Any) -> FlowEvent:
    id = f"{kind}:{item}:{sorted(map(str, data.values()))}:{at}"
    return flow_event(repo="acme/shop", item=item, id=id, at=at, kind=kind, actor="alice", **data)


def opened(at: int, item: int = 7, **data: Any) -> FlowEvent:
    return event("opened", at, item, **{"type": "pull_request", **data})


def types(*events: FlowEvent, ended: int | None = None, rules: tuple[Rule, ...] = COMMON) -> Types:
    histories: dict[ItemKey, list[FlowEvent]] = {}
    for one in events:
        histories.setdefault(one.key, []).append(one)
    return types_of(ITEM, histories, rules, ended)


def test_the_published_example_a_defect_that_became_a_feature_and_was_called_a_defect_again_once_done():
    found = types(
        opened(july(1), type="issue", labels=["bug"]),
        event("unlabeled", july(5), label="bug"), event("labeled", july(5), label="enhancement"),
        event("unlabeled", july(11), label="enhancement"), event("labeled", july(11), label="bug"),
        ended=july(10),
    )  # fmt: skip
    assert found == ((july(1), "defect"), (july(5), "feature"))


def test_what_a_person_says_goes_before_every_rule_from_then_on():
    found = types(opened(july(1), labels=["bug"]), event("typed", july(3), type="risk"))
    assert found == ((july(1), "defect"), (july(3), "risk"))


def test_what_a_person_says_after_it_was_done_is_a_correction():
    found = types(opened(july(1)), event("typed", july(12), type="debt"), ended=july(10))
    assert found == ((july(1), "unclassified"), (july(10), "debt"))


def test_a_person_can_leave_it_to_the_rules_again():
    found = types(
        opened(july(1), labels=["bug"]), event("typed", july(3), type="risk"), event("typed", july(4), type=None)
    )
    assert found == ((july(1), "defect"), (july(3), "risk"), (july(4), "defect"))


def test_an_issues_own_marks_go_before_those_of_its_pull_requests():
    of_the_pull = opened(july(2), 9, title="fix: rounding")
    assert types(opened(july(1), type="issue", labels=["enhancement"]), of_the_pull) == ((july(1), "feature"),)
    assert types(opened(july(1), type="issue"), of_the_pull) == ((july(1), "unclassified"), (july(2), "defect"))


def test_a_title_changed_is_another_mark():
    found = types(
        opened(july(1), title="Totals"), event("renamed", july(2), **{"from": "Totals", "to": "feat: Totals"})
    )
    assert found == ((july(1), "unclassified"), (july(2), "feature"))


def test_an_issue_type_counts_as_it_is_set_and_taken_away():
    found = types(
        opened(july(1), type="issue", issue_type="Bug"), event("issue_type_changed", july(2), to="Feature"),
        event("issue_type_changed", july(3), to=None),
    )  # fmt: skip
    assert found == ((july(1), "defect"), (july(2), "feature"), (july(3), "unclassified"))


def test_events_of_before_branches_were_read_stay_valid():
    assert types(opened(july(1))) == ((july(1), "unclassified"),)
    assert types() == ((0, "unclassified"),)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (Marks("acme/shop", labels=frozenset({"type: bug"})), "defect"),
        (Marks("acme/shop", labels=frozenset({"kind/bug"})), "defect"),
        (Marks("acme/shop", labels=frozenset({"type::feature"})), "feature"),
        (Marks("acme/shop", labels=frozenset({"tech-debt", "enhancement"})), "debt"),
        (Marks("acme/shop", labels=frozenset({"documentation", "enhancement"})), "feature"),
        (Marks("acme/shop", labels=frozenset({"bug", "security"})), "risk"),
        (Marks("acme/shop", labels=frozenset({"good first issue"})), "unclassified"),
        (Marks("acme/shop", title="fix(cart)!: rounding"), "defect"),
        (Marks("acme/shop", title="feat!: a cart"), "feature"),
        (Marks("acme/shop", title="fix(deps): update the cart"), "debt"),
        (Marks("acme/shop", title='revert "feat: a cart"'), "defect"),
        (Marks("acme/shop", title="fixture: a cart"), "unclassified"),
        (Marks("acme/shop", title="bump cart from 1.0 to 1.1"), "debt"),
        (Marks("acme/shop", branch="feature/cart"), "feature"),
        (Marks("acme/shop", title="feat: a cart", branch="fix/cart"), "feature"),
        (Marks("acme/shop", title="fix: a cart", labels=frozenset({"enhancement"})), "feature"),
        (Marks("acme/shop", labels=frozenset({"bug"}), issue_type="feature"), "feature"),
    ],
)  # fmt: skip
def test_common_habits_are_understood(marks: Marks, expected: str):
    rule = first_match(COMMON, marks)
    assert (rule.type if rule else "unclassified") == expected


def test_a_rule_matches_all_that_it_names():
    rule = Rule("risk", ((LABEL, ("p1", "p2")), (BRANCH, ("fix/",))))
    assert first_match((rule,), Marks("acme/shop", branch="fix/x", labels=frozenset({"p2"}))) == rule
    assert first_match((rule,), Marks("acme/shop", branch="x", labels=frozenset({"p2"}))) is None


def test_the_first_rule_that_matches_counts():
    first, second = Rule("risk", ((TITLE, ("fix",)),)), Rule("defect", ((TITLE, ("fix:",)),))
    one = Marks("acme/shop", title="fix: rounding")
    assert first_match((first, second), one) == first
    assert first_match((second, first), one) == second


def test_the_order_of_events_does_not_matter():
    events = [
        opened(july(1), type="issue", labels=["bug"]), opened(july(2), 9, title="feat: x", branch="fix/x"),
        event("unlabeled", july(5), label="bug"), event("labeled", july(5), label="chore"),
        event("typed", july(6), type="risk"), event("typed", july(7), type=None),
        event("labeled", july(8), 9, label="security"),
    ]  # fmt: skip
    expected = types(*events, ended=july(9))
    for seed in range(20):
        assert types(*random.Random(seed).sample(events, len(events)), ended=july(9)) == expected


LABELS = st.sampled_from(["bug", "enhancement", "security", "chore", "p1"])
SOME = st.lists(
    st.one_of(
        st.builds(lambda at, label: event("labeled", at, label=label), st.integers(0, 50), LABELS),
        st.builds(lambda at, label: event("unlabeled", at, label=label), st.integers(0, 50), LABELS),
        st.builds(lambda at, label: event("labeled", at, 9, label=label), st.integers(0, 50), LABELS),
        st.builds(
            lambda at, to: event("renamed", at, to=to), st.integers(0, 50), st.sampled_from(["fix: a", "feat: b"])
        ),
        st.builds(lambda at, kind: event("typed", at, type=kind), st.integers(0, 50), st.sampled_from([*TYPES, None])),
    ),
    max_size=15,
)


@given(SOME, st.none() | st.integers(0, 50), st.randoms(use_true_random=False))
def test_types_follow_each_other_until_the_end_and_hang_on_the_set_of_events_alone(
    told: list[FlowEvent], ended: int | None, shuffling: random.Random
):
    told = [opened(0), opened(3, 9), *told]
    found = types(*told, ended=ended)
    assert all(before[0] < after[0] and before[1] != after[1] for before, after in pairwise(found))
    assert ended is None or found[-1][0] <= ended
    assert types(*shuffling.sample(told, len(told)), ended=ended) == found


@given(SOME, st.integers(0, 50))
def test_what_is_marked_after_the_end_tells_nothing(told: list[FlowEvent], ended: int):
    kept = [one for one in told if one.at <= ended or one.kind == "typed"]
    assert types(opened(0), *told, ended=ended) == types(opened(0), *kept, ended=ended)
