"""Periods as people say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.calendar import Calendar
from bot.grammar import Misread
from bot.grammar.periods import period_of, usual

BERLIN = Calendar("Europe/Berlin")
NOW = int(datetime(2026, 11, 19, 14, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
"""A Thursday."""
DAY = 86_400


def days(text: str) -> tuple[str, str]:
    """The local instants a period begins and ends at."""
    found = period_of(text, BERLIN, NOW)
    assert found is not None
    first, last = (datetime.fromtimestamp(at, BERLIN.zone) for at in (found.since, found.until))
    return f"{first:%Y-%m-%d %H:%M}".removesuffix(" 00:00"), f"{last:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("week", "2026-11-16", "2026-11-19 14:30"),
        ("this week", "2026-11-16", "2026-11-19 14:30"),
        ("Last Week", "2026-11-09", "2026-11-16"),
        ("month", "2026-11-01", "2026-11-19 14:30"),
        ("last month", "2026-10-01", "2026-11-01"),
        ("quarter", "2026-10-01", "2026-11-19 14:30"),
        ("last quarter", "2026-07-01", "2026-10-01"),
        ("year", "2026-01-01", "2026-11-19 14:30"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("October", "2026-10-01", "2026-11-01"),
        ("oct 2024", "2024-10-01", "2024-11-01"),
        ("december", "2025-12-01", "2026-01-01"),
        ("november", "2026-11-01", "2026-11-19 14:30"),
        ("sept", "2026-09-01", "2026-10-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2025", "2025-01-01", "2026-01-01"),
        ("2026-10-01 to 2026-10-31", "2026-10-01", "2026-11-01"),
        ("2026-10-01 – 2026-10-31", "2026-10-01", "2026-11-01"),
        ("from 1 oct until 3 oct", "2026-10-01", "2026-10-04"),
        ("20 dec to 5 jan", "2025-12-20", "2026-01-06"),
        ("1 nov to 30 nov", "2026-11-01", "2026-11-19 14:30"),
        ("since 1 Oct", "2026-10-01", "2026-11-19 14:30"),
        ("since 2026-10-01", "2026-10-01", "2026-11-19 14:30"),
        ("2026-10-25", "2026-10-25", "2026-10-26"),
        ("yesterday", "2026-11-18", "2026-11-19"),
        ("today", "2026-11-19", "2026-11-19 14:30"),
    ],
)
def test_a_period_is_read_as_local_days_up_to_now(text, first, end):
    assert days(text) == (first, end)


@pytest.mark.parametrize(
    ("text", "long"),
    [("30 days", 30), ("90d", 90), ("last 7 days", 7), ("6 weeks", 42), ("the last 2w", 14), ("1 day", 1)],
)
def test_a_length_is_looked_back_from_now(text, long):
    found = period_of(text, BERLIN, NOW)
    assert found is not None
    assert (found.since, found.until) == (NOW - long * DAY, NOW)


def test_a_day_on_which_the_clocks_change_has_its_own_length():
    found = period_of("2026-10-25", BERLIN, NOW)
    assert found is not None
    assert found.until - found.since == 25 * 3600


def test_where_nothing_is_said_it_is_the_last_thirty_days():
    assert usual(NOW) == (NOW - 30 * DAY, NOW, "the last 30 days")


@pytest.mark.parametrize(
    "text", ["tomorrow", "next week", "friday", "12", "x", "to", "2026-13", "31 feb", "9999-12-31", "5 blue moons"]
)
def test_what_is_no_period_is_none(text):
    assert period_of(text, BERLIN, NOW) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-10-31 to 2026-10-01", "ends before it begins"),
        ("December 2026", "has not begun"),
        ("0 days", "is no length"),
        ("99999 days", "is no length"),
        ("1950", "lies too far back"),
        ("1990-01-01", "lies too far back"),
        ("2026-11-20", "has not begun"),
    ],
)
def test_a_period_that_can_not_be_is_refused(text, problem):
    with pytest.raises(Misread, match=problem) as refused:
        period_of(text, BERLIN, NOW)
    assert refused.value.allowed


@given(
    st.text(max_size=40)
    | st.from_regex(r"(since |from )?\d{1,4}[- ]?(\w{1,9})?( to \d{1,4}-\d\d-\d\d)?", fullmatch=True)
)
def test_whatever_is_typed_a_period_lies_before_now_and_has_a_length(text):
    try:
        found = period_of(text, BERLIN, NOW)
    except Misread:
        return
    assert found is None or found.since < found.until <= NOW
