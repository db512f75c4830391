"""Working time against a count of single seconds, in the zones and weeks where clocks are hardest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import Seconds

from bot.flow.calendar import Calendar, WaitClock, clock_of, joined
from bot.flow.waits import Wait

DAY = 86_400
NEVER = Calendar(hours=((),) * 7)


class Place(NamedTuple):
    """A zone, a holiday country, and days on which something happens to the clocks or the holidays there."""

    timezone: str
    country: str
    subdivision: str | None
    days: tuple[date, ...]


PLACES = [
    Place("Europe/Berlin", "DE", "BE", (date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 5, 1))),
    Place("America/New_York", "US", "NY", (date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 3), date(2026, 11, 26))),
    Place("Australia/Lord_Howe", "AU", "NSW", (date(2026, 4, 5), date(2026, 10, 4), date(2026, 12, 27))),
    Place("Asia/Kolkata", "IN", "MH", (date(2026, 1, 26), date(2026, 8, 15))),
    Place("America/Sao_Paulo", "BR", "SP", (date(2018, 11, 4), date(2018, 2, 18), date(2026, 9, 7))),
    Place("Africa/Casablanca", "MA", None, (date(2026, 2, 15), date(2026, 3, 22), date(2025, 2, 23), date(2025, 4, 6))),
    Place("Asia/Kathmandu", "NP", None, (date(2026, 1, 1), date(2026, 12, 31))),
    Place("Pacific/Auckland", "NZ", "AUK", (date(2026, 4, 5), date(2026, 9, 27), date(2026, 1, 26))),
    Place("UTC", "GB", "SCT", (date(2026, 1, 2), date(2026, 12, 25))),
]

window_lists = st.lists(
    st.one_of(
        st.sampled_from([(540, 1020), (540, 780), (840, 960), (720, 1080), (0, 1440), (1320, 360), (1320, 1800)]),
        st.sampled_from([(60, 120), (90, 150), (120, 180), (0, 60), (30, 105), (150, 195), (1380, 1560)]),
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda window: window[0] != window[1]),
    ),
    max_size=2,
).map(tuple)


class Situation(NamedTuple):
    """A calendar, the seconds around a day of its place, and two weeks in which to look."""

    calendar: Calendar
    seconds: Seconds
    around: int


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Instants from five days before the day of interest to ten after it are in sight."""
    place = draw(st.sampled_from(PLACES))
    middle = draw(st.sampled_from(place.days))
    near = st.integers(-3, 4).map(lambda days: middle + timedelta(days=days))
    with_country, with_subdivision = draw(st.sampled_from([(True, True), (True, False), (False, False)]))
    calendar = Calendar(
        timezone=place.timezone,
        hours=tuple(draw(window_lists) for _ in range(7)),
        country=place.country if with_country else None,
        subdivision=place.subdivision if with_subdivision else None,
        days_off=frozenset(draw(st.lists(near, max_size=2))),
        half_days=tuple(draw(st.dictionaries(near, window_lists, max_size=2)).items()),
    )
    around = int(datetime(middle.year, middle.month, middle.day, tzinfo=UTC).timestamp())
    return Situation(calendar, Seconds(calendar, around - 5 * DAY, around + 10 * DAY), around)


# Whole hours and minutes meet the edges of windows; any second lies between them.
offsets = st.one_of(
    st.integers(-4 * 96, 4 * 96).map(lambda quarter: quarter * 900),
    st.integers(-4 * DAY, 4 * DAY),
    st.integers(-24, 24).map(lambda hour: hour * 3600),
)
durations = st.one_of(st.integers(0, 16).map(lambda hours: hours * 3600), st.integers(0, 60_000))
targets = st.one_of(st.integers(1, 16).map(lambda hours: hours * 3600), st.integers(1, 60_000))


@given(situations(), offsets, offsets)
def test_working_time_is_the_seconds_inside_windows(situation: Situation, one: int, other: int) -> None:
    start, end = (situation.around + offset for offset in sorted((one, other)))
    assert situation.calendar.working(start, end) == situation.seconds.working(start, end)


@given(situations(), st.lists(offsets, min_size=2, max_size=6))
def test_working_time_adds_up_over_adjacent_spans(situation: Situation, cuts: list[int]) -> None:
    at = [situation.around + cut for cut in sorted(cuts)]
    parts = [situation.calendar.working(start, end) for start, end in pairwise(at)]
    assert sum(parts) == situation.calendar.working(at[0], at[-1])


@given(situations(), offsets)
def test_an_instant_works_when_its_second_does(situation: Situation, offset: int) -> None:
    at = situation.around + offset
    assert situation.calendar.is_working(at) == situation.seconds.is_working(at)


@given(situations(), offsets)
def test_the_next_working_instant_is_the_first_from_now_on(situation: Situation, offset: int) -> None:
    at = situation.around + offset
    found, expected = situation.calendar.next_working(at), situation.seconds.next_working(at)
    assert found == expected or (expected is None and (found is None or found >= situation.seconds.end))


@given(situations(), offsets, durations)
def test_advancing_finds_the_earliest_instant(situation: Situation, offset: int, seconds: int) -> None:
    start = situation.around + offset
    found, expected = situation.calendar.advance(start, seconds), situation.seconds.reaches(start, seconds)
    assert found == expected or (expected is None and (found is None or found > situation.seconds.end))


@given(situations(), offsets, st.integers(1, 2_000_000))
def test_advancing_far_passes_that_much_working_time_and_not_a_second_more(
    situation: Situation, offset: int, seconds: int
) -> None:
    calendar, start = situation.calendar, situation.around + offset
    found = calendar.advance(start, seconds)
    assume(found is not None)
    assert found is not None
    assert (calendar.working(start, found), calendar.working(start, found - 1)) == (seconds, seconds - 1)


@given(situations(), offsets, durations)
def test_without_weekly_hours_time_may_never_come(situation: Situation, offset: int, seconds: int) -> None:
    calendar = replace(situation.calendar, hours=NEVER.hours)
    seen = Seconds(calendar, situation.seconds.start, situation.seconds.end)
    start = situation.around + offset
    assert calendar.advance(start, seconds) == seen.reaches(start, seconds)
    assert calendar.next_working(start) == seen.next_working(start)


# --- the clock of a wait ------------------------------------------------------------------------------------------

spans = st.lists(st.tuples(offsets, st.one_of(st.integers(1, 3 * DAY), st.just(3600))), max_size=3)


class Waiting(NamedTuple):
    """A wait, its clock, an instant to ask at, and the seconds with the holds seen from there taken out."""

    situation: Situation
    clock: WaitClock
    now: int
    seconds: Seconds


@st.composite
def waitings(draw: st.DrawFn, ended: bool | None = None, red_now: bool | None = None) -> Waiting:
    """`ended`: whether the wait is over at the instant asked for; `red_now`: whether the checks are red then."""
    situation = draw(situations())
    since, until, now = (situation.around + offset for offset in sorted(draw(offsets) for _ in range(3)))
    over = draw(st.booleans()) if ended is None else ended
    if not over:
        until = now
    reds: list[tuple[int, int | None]] = [*past_reds(draw(spans), situation.around, since, until)]
    last = max([since, *(end for _, end in reds if end is not None)])
    if last < until and (draw(st.booleans()) if red_now is None else red_now):
        reds.append((draw(st.integers(last, until)), until if over else None))
    away = [(situation.around + start, situation.around + start + length) for start, length in draw(spans)]
    clock = WaitClock(since, until if over else None, situation.calendar, reds, away)
    seconds = situation.seconds
    seconds.hold((start, until if end is None else end) for start, end in reds)
    seconds.hold(away)
    return Waiting(situation, clock, now, seconds)


def past_reds(drawn: list[tuple[int, int]], around: int, since: int, until: int) -> list[tuple[int, int]]:
    """Disjoint spans inside the wait, in order."""
    within = [(max(since, around + start), min(until, around + start + length)) for start, length in drawn]
    return joined(span for span in within if span[0] < span[1])


def end_of(waiting: Waiting) -> int:
    return waiting.now if waiting.clock.until is None else waiting.clock.until


@given(waitings())
def test_age_is_working_time_less_holds(waiting: Waiting) -> None:
    clock, seconds = waiting.clock, waiting.seconds
    whole, age = seconds.working(clock.since, end_of(waiting)), seconds.age(clock.since, end_of(waiting))
    assert (clock.age(waiting.now), clock.held(waiting.now)) == (age, whole - age)


@given(waitings(), targets)
def test_due_is_the_earliest_instant_at_which_the_age_is_reached(waiting: Waiting, target: int) -> None:
    found = waiting.clock.reaches(target, waiting.now)
    expected = waiting.seconds.reaches(waiting.clock.since, target)
    assert found == expected or (expected is None and (found is None or found > waiting.seconds.end))


@given(waitings(ended=False, red_now=False), targets)
def test_at_the_due_time_the_age_is_the_target_and_a_second_before_it_is_less(waiting: Waiting, target: int) -> None:
    clock = waiting.clock
    due = clock.reaches(target, waiting.now)
    assume(due is not None)
    assert due is not None
    assert clock.age(due) == target
    assert clock.age(due - 1) < target


@given(waitings(ended=True), targets)
def test_an_ended_wait_that_is_breached_was_due_before_its_end(waiting: Waiting, target: int) -> None:
    clock = waiting.clock
    due = clock.reaches(target, waiting.now)
    assert clock.until is not None
    if clock.age(waiting.now) > target:
        assert due is not None
        assert due < clock.until
    if due is not None and due <= clock.until:
        assert clock.age(waiting.now) >= target


@given(waitings())
def test_a_hold_suspends_the_clock_and_never_resets_it(waiting: Waiting) -> None:
    clock = waiting.clock
    ages = [clock.age(at) for at in range(clock.since, waiting.now + 1, max(1, (waiting.now - clock.since) // 20))]
    assert ages == sorted(ages)
    assert clock.age(waiting.now) + clock.held(waiting.now) == clock.calendar.working(clock.since, end_of(waiting))


@given(waitings(ended=False, red_now=False))
def test_without_an_open_red_check_a_hold_ends_with_the_absence(waiting: Waiting) -> None:
    clock, now = waiting.clock, waiting.now
    away = [(start, end) for start, end in joined(clock.away) if start <= now < end]
    assert clock.on_hold(now) == bool(away)
    assert clock.hold_ends(now) == (away[0][1] if away else now)


@given(waitings(ended=False, red_now=True))
def test_nobody_knows_when_checks_that_are_red_will_pass(waiting: Waiting) -> None:
    clock, now = waiting.clock, waiting.now
    assume(clock.reds and clock.reds[-1][1] is None)
    assert clock.on_hold(now)
    assert clock.hold_ends(now) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda span: span[0] <= span[1])))
def test_joined_spans_hold_the_same_seconds_and_stand_apart(spans: list[tuple[int, int]]) -> None:
    found = joined(spans)
    inside = {at for start, end in spans for at in range(start, end)}
    assert {at for start, end in found for at in range(start, end)} == inside
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))


def test_an_absence_holds_a_person_and_not_a_team() -> None:
    monday = 1_772_442_000
    day = (monday, monday + DAY)
    person = Wait("acme/shop", 12, monday, "review", "core", False, "github", None, None)
    ages = [clock_of(wait, Calendar(), [day]).age(day[1]) for wait in (person, person._replace(team=True))]
    assert ages == [0, 8 * 3600]


def test_only_waits_for_a_review_are_held_while_red() -> None:
    monday = 1_772_442_000
    wait = Wait("acme/shop", 12, monday, "review", "bob", False, "github", None, None, ((monday, monday + 3600),))
    kinds = [
        wait._replace(kind=kind) for kind in ("review", "re_review", "rework", "respond", "merge", "fix", "assign")
    ]
    assert [clock_of(own, Calendar()).held(monday + DAY) for own in kinds] == [3600, 3600, 0, 0, 0, 0, 0]
    assert clock_of(wait, Calendar(), hold_while_red=False).held(monday + DAY) == 0


@pytest.mark.parametrize("seconds", [1, 8 * 3600])
def test_nobody_who_never_works_is_ever_due(seconds: int) -> None:
    assert NEVER.advance(0, seconds) is None
    assert NEVER.next_working(0) is None
    assert WaitClock(0, None, NEVER).reaches(seconds, DAY) is None


def test_in_years_whose_holidays_are_not_known_there_are_none_and_no_warning() -> None:
    far = Calendar("Asia/Kolkata", country="IN")
    week = int(datetime(2040, 1, 2, tzinfo=UTC).timestamp())
    assert far.working(week, week + 7 * 86_400) == 40 * 3600
