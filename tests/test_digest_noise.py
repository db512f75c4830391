"""A change is told from noise by the limits of what a figure does by itself; worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.digest.noise import Change, Limits, change, limits_of

WEEKS = [10.0, 12, 9, 11, 13, 11]
"""Mean 11; neighbours differ by 2, 3, 2, 2, 2: 2.2 on average, and 2.66 × 2.2 = 5.852."""


def test_the_handbook_works_the_same_example():
    told = " ".join((Path(__file__).parents[1] / "docs" / "digest.md").read_text().split())
    assert "10, 12, 9, 11, 13 and 11 items were done the mean is 11." in told
    assert "on average by 2.2; 2.66 × 2.2 is 5.9. So 6 to 16 items are noise, 5 or 17 are more." in told


def test_the_limits_worked_by_hand():
    found = limits_of(WEEKS, 1)
    assert found is not None
    assert found == pytest.approx(Limits(5.148, 11, 16.852))


@pytest.mark.parametrize(("now", "real"), [(16, False), (17, True), (6, False), (5, True)])
def test_what_lies_beyond_the_limits_is_more_than_noise(now: int, real: bool):
    assert change(now, WEEKS, 1).real is real


def test_too_few_periods_tell_nothing_of_noise():
    assert change(100, WEEKS[:5], 1) == Change(11, 1, None)


def test_periods_of_which_there_is_nothing_to_tell_are_left_out():
    assert change(17, [None, *WEEKS[:3], None, *WEEKS[3:]], 1) == change(17, WEEKS, 1)


def test_of_nothing_nothing_is_told():
    assert change(None, WEEKS, 1) == Change(11, 0, None)
    assert change(3, [], 1) == Change(None, 0, None)


def test_the_eighth_in_a_row_on_one_side_is_no_accident():
    before = [2.0, 20, 2, 20, 2, 14, 13, 14, 13, 14, 13, 14]
    assert not change(13, [*before[:5], *before[6:]], 1).real, "seven are"
    assert change(13, before, 1).real
    assert change(13, before, 1).size < 1, "though it lies within the limits"


def test_a_change_of_less_than_a_tenth_is_none_however_steady_a_figure_was():
    steady = [100.0, 101, 100, 101, 100, 101]
    assert not change(109, steady, 1).real
    assert change(112, steady, 1).real


def test_what_moves_less_than_a_grain_stays_as_it_is():
    assert change(11.9, WEEKS, 1).way == 0
    assert change(12, WEEKS, 1).way == 1


@given(st.lists(st.floats(0, 1e6), min_size=6, max_size=14), st.floats(0, 1e6))
def test_a_mirrored_history_is_told_mirrored(before: list[float], now: float):
    straight, mirrored = limits_of(before, 1), limits_of([-value for value in before], 1)
    assert straight is not None
    assert mirrored is not None
    assert (mirrored.low, mirrored.high) == pytest.approx((-straight.high, -straight.low))
    assert change(now, before, 1).size >= 0
