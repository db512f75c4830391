"""Intervals around changes: they hold what is true as often as they say, are the same each time, and know too few."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.bootstrap import (
    FEWEST,
    MOST,
    Estimate,
    change_of_median,
    difference_of_medians,
    difference_of_shares,
    quantile,
)

HOUR = 3600
BEFORE = [hours * HOUR for hours in (10, 20, 22, 24, 30, 31, 40, 50)]
SINCE = [hours * HOUR for hours in (3, 4, 6, 7, 9, 12, 30)]
VALUES = st.lists(st.integers(0, 10_000), min_size=FEWEST, max_size=40).map(sorted)


def test_the_worked_example_of_the_handbook() -> None:
    found = change_of_median(BEFORE, SINCE)
    assert found is not None
    assert [round(part, 2) for part in found] == [-0.71, -0.87, -0.40]
    assert not found.is_noise


def test_asked_again_it_says_the_same() -> None:
    assert change_of_median(BEFORE, SINCE) == change_of_median(list(BEFORE), list(SINCE))


def test_fewer_than_six_on_a_side_tell_nothing() -> None:
    assert change_of_median(BEFORE[:5], SINCE) is None
    assert difference_of_medians(BEFORE, SINCE[:5]) is None
    assert difference_of_shares((5, 5), (9, 10)) is None
    assert 1 - 2 * 0.5**FEWEST > 0.95 > 1 - 2 * 0.5 ** (FEWEST - 1), "the widest interval that so many values give"


def test_a_median_of_nothing_can_change_to_nothing_that_is_a_share_of_it() -> None:
    assert change_of_median([0] * 8, SINCE) is None
    found = change_of_median([0, 0, 0, 0, 5, 5, 5, 5, 5], SINCE)
    assert found is not None
    assert found.high == MOST, "it may well have been 0 before"


@pytest.mark.parametrize(("before", "since"), [(8, 8), (30, 12), pytest.param(80, 60, marks=pytest.mark.long)])
def test_it_holds_the_truth_nineteen_times_of_twenty(before: int, since: int) -> None:
    draws, tries = Random(7), 150
    held = 0
    for _ in range(tries):
        was = sorted(draws.lognormvariate(0, 1) for _ in range(before))
        then = sorted(draws.lognormvariate(0, 1) / 2 for _ in range(since))
        found = change_of_median(was, then)
        assert found is not None
        held += found.low <= -0.5 <= found.high
    assert 0.92 < held / tries <= 1


@given(VALUES, VALUES)
def test_the_change_lies_in_its_interval(one: list[int], other: list[int]) -> None:
    found = difference_of_medians(one, other)
    assert found is not None
    assert found.low <= found.value <= found.high
    assert other[0] - one[-1] <= found.low
    assert found.high <= other[-1] - one[0]


@given(VALUES)
def test_what_did_not_change_is_noise(values: list[int]) -> None:
    found = difference_of_medians(values, values)
    assert found is not None
    assert (found.value, found.is_noise) == (0, True)


def test_a_stricter_interval_is_wider() -> None:
    usual, strict = change_of_median(BEFORE, SINCE), change_of_median(BEFORE, SINCE, 0.995)
    assert usual is not None
    assert strict is not None
    assert strict.low < usual.low < usual.high < strict.high


def test_shares_as_newcombe_published_them() -> None:
    found = difference_of_shares((48, 80), (56, 70))
    assert found is not None
    assert [round(part, 4) for part in found] == [0.2, 0.0524, 0.3339]


def test_all_and_none_are_not_told_as_sure() -> None:
    found = difference_of_shares((0, 10), (10, 10))
    assert found is not None
    assert 0.5 < found.low < 0.7 < found.value == 1


def test_a_quantile_is_the_nearest_rank() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.5, 0.51, 1)] == [1, 2, 3, 4]
    assert quantile([], 0.5) is None


def test_zero_in_an_interval_is_noise() -> None:
    assert Estimate(-0.5, -0.9, 0.0).is_noise
    assert not Estimate(-0.5, -0.9, -0.1).is_noise
