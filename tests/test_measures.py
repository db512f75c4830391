"""The measures of a value stream, worked by hand."""

from __future__ import annotations

from typing import Any

from bot.flow.calendar import Calendar
from bot.flow.events import FlowEvent, ItemKey, flow_event, parse_instant
from bot.flow.measures import Aged, Begun, StreamMeasures, Times, begun, held_by, measure
from bot.flow.stages import Journey, Visit
from bot.flow.stream import Fork, Responsible, Segment, Signal, Stage, Stream
from bot.flow.waits import Rules

HOUR, DAY = 3600, 86_400
MONDAY = parse_instant("2026-03-02T09:00:00Z")
"""When work begins on a Monday; a working day has 8 hours."""
AUTHOR, QA = Responsible("author"), Responsible("team", "qa")
STREAM = Stream(
    "shop",
    (
        Stage("Coding", active=True, responsible=AUTHOR, signals=(Signal("draft"),)),
        Stage("Review", active=False, responsible=Responsible("reviewers"), target=4 * HOUR),
        Stage("QA", active=False, responsible=QA, target=None),
        Stage("Live", active=False),
    ),
)


def office(repo: str) -> Calendar:
    assert repo == "acme/shop"
    return Calendar()


def item(number: int) -> ItemKey:
    return ("github", "acme/shop", number)


def way(number: int, *stays: tuple[str, float], done: bool = False, dropped: bool = False) -> Journey:
    """(stage, hours after Monday morning at which it was entered) of each stay; dropped at the last of them."""
    times = [MONDAY + round(hours * HOUR) for _, hours in stays]
    visits = [
        Visit(stage, since, until)
        for (stage, _), since, until in zip(stays, times, [*times[1:], None], strict=True)
    ]  # fmt: skip
    if dropped:
        return Journey(item(number), None, tuple(visits[:-1]), None, times[-1])
    return Journey(item(number), None, tuple(visits), times[-1] if done else None, None)


JOURNEYS = [
    way(1, ("Coding", 0), ("Review", 2), ("Coding", 4), ("Review", 5), ("Live", 24), done=True),
    way(2, ("Coding", 0), ("Review", 1), ("QA", 4), ("Live", 7), done=True),
    way(3, ("Coding", 6), ("Review", 7)),
    way(4, ("Coding", 24), ("QA", 25)),
    way(5, ("QA", 30), ("", 31), dropped=True),
]
NOW = MONDAY + 32 * HOUR


def measured(*journeys: Journey, since: int = MONDAY, until: int = NOW) -> StreamMeasures:
    return measure(STREAM, journeys or JOURNEYS, office, since, until, NOW)


def test_a_stage_is_measured_by_its_ended_visits_in_working_and_in_calendar_time():
    coding, review, qa = measured().stages
    assert coding.times == Times(5, HOUR, 2 * HOUR, HOUR, 2 * HOUR, 6 * HOUR)
    assert review.times == Times(3, 3 * HOUR, 3 * HOUR, 3 * HOUR, 19 * HOUR, 8 * HOUR)
    assert qa.times.n == 2


def test_shares_are_of_the_time_of_all_stages():
    assert [stage.share for stage in measured().stages] == [6 / 18, 8 / 18, 4 / 18]


def test_what_is_open_is_there_with_its_age_the_oldest_first():
    _, review, qa = measured().stages
    assert review.open == (Aged(item(3), MONDAY + 7 * HOUR, 9 * HOUR, 25 * HOUR),)
    assert [one.key for one in qa.open] == [item(4)]


def test_a_target_is_kept_or_not_by_working_time():
    coding, review, _ = measured().stages
    assert (review.targeted, review.kept, review.attainment) == (3, 3, 1.0)
    assert (coding.targeted, coding.attainment) == (0, None)
    exact = measured(way(1, ("Review", 0), ("Live", 4), done=True)).stages[1]
    assert exact.kept == 1
    late = measured(way(1, ("Review", 0), ("Live", 6), done=True)).stages[1]
    assert (late.kept, late.attainment) == (0, 0.0)


def test_a_queue_grows_by_what_begins_and_does_not_end():
    coding, review, qa = measured().stages
    assert [(one.begun, one.times.n, one.growth) for one in (coding, review, qa)] == [(5, 5, 0), (4, 3, 1), (3, 2, 1)]
    assert [one.begun for one in measured(since=MONDAY + 6 * HOUR).stages] == [2, 1, 2]


def test_items_that_went_back_count_while_they_are_under_way_and_when_they_are_dropped():
    going = way(7, ("QA", 0), ("Coding", 1))
    dropped = way(8, ("QA", 0), ("Review", 1), ("", 2), dropped=True)
    assert measured(going, dropped).loops == {("QA", "Coding"): 1, ("QA", "Review"): 1}
    assert measured(going, dropped, since=MONDAY + 3 * HOUR).loops == {("QA", "Coding"): 1}


def test_the_whole_stream_is_measured_by_what_was_done():
    whole = measured()
    assert whole.flow_time == Times(2, 7 * HOUR, 8 * HOUR, 7 * HOUR, 24 * HOUR, 15 * HOUR)
    assert (whole.done, whole.dropped, whole.in_progress) == (2, 1, 2)
    assert whole.loops == {("Review", "Coding"): 1}
    assert whole.hand_offs == (3 + 2) / 2
    assert (whole.active_time, whole.waiting_time, whole.flow_efficiency) == (4 * HOUR, 11 * HOUR, 4 / 15)
    assert whole.largest_wait is not None
    assert whole.largest_wait.stage == "Review"


def test_only_what_ended_in_the_period_counts_its_end_excluded():
    early = measured(since=MONDAY, until=MONDAY + 7 * HOUR)
    assert (early.done, early.stages[2].times.n, early.stages[1].times.n) == (0, 0, 2)
    assert measured(since=MONDAY + 7 * HOUR, until=MONDAY + 8 * HOUR).done == 1


def test_of_nothing_there_is_no_figure():
    nothing = measure(STREAM, [], office, MONDAY, NOW, NOW)
    none = Times(0, None, None, None, None, 0)
    assert [(one.times, one.share, one.attainment, one.open) for one in nothing.stages] == [(none, None, None, ())] * 3
    assert nothing.flow_time == none
    assert (nothing.flow_efficiency, nothing.hand_offs, nothing.largest_wait) == (None, None, None)


def test_a_visit_outside_working_time_took_no_working_time():
    night = measured(way(1, ("Review", 9), ("Live", 12), done=True))
    assert night.stages[1].times == Times(1, 0, 0, 3 * HOUR, 3 * HOUR, 0)
    assert (night.stages[1].share, night.flow_efficiency, night.largest_wait) == (None, None, None)


def test_a_segment_keeps_its_own_target():
    stream = STREAM._replace(segments=(Segment("banks"),), forks=(Fork("banks", "Review", target=HOUR),))
    one = way(1, ("Review", 0), ("Live", 2), done=True)
    for segment, kept in ((None, 1), ("banks", 0)):
        assert measure(stream, [one._replace(segment=segment)], office, MONDAY, NOW, NOW).stages[1].kept == kept


def test_stages_that_the_map_no_longer_has_are_left_out():
    whole = measured(way(1, ("Design", 0), ("Coding", 2), ("Live", 3), done=True))
    assert [one.times.n for one in whole.stages] == [1, 0, 0]
    assert (whole.flow_time.median, whole.flow_efficiency) == (3 * HOUR, 1.0)


def test_begun_work_lies_with_those_who_hold_items_in_active_stages():
    journeys = [way(1, ("Coding", 0)), way(2, ("Coding", 1)), way(3, ("Review", 1)), *JOURNEYS[:2]]
    holders = {item(1): ["carol"], item(2): ["bob", "carol"], item(3): ["bob"]}
    assert begun(STREAM, journeys, lambda key: holders.get(key, [])) == (
        Begun("bob", (item(2),)),
        Begun("carol", (item(1), item(2))),
    )


def told(at: int, kind: str, actor: str | None = "alice", number: int = 2, **own: Any) -> FlowEvent:
    return flow_event(repo="acme/shop", item=number, id=f"{at}-{kind}", at=at, kind=kind, actor=actor, **own)


def held(*events: FlowEvent) -> set[str]:
    return set(held_by({one.key: [two for two in events if two.key == one.key] for one in events}, Rules()))


ISSUE = told(0, "opened", "dave", 1, type="issue")
PULL = told(0, "opened", type="pull_request")


def test_an_item_lies_with_its_assignees_else_with_the_author_of_its_open_pull_request():
    assert held(ISSUE) == set()
    assert held(ISSUE, PULL) == {"alice"}
    assert held(ISSUE, PULL, told(1, "closed")) == set()
    assert held(ISSUE, PULL, told(1, "closed"), told(2, "reopened")) == {"alice"}
    assert held(ISSUE, PULL, told(1, "assigned", number=1, assignee="bob")) == {"bob"}
    assert held(PULL, told(1, "assigned", assignee="bob"), told(2, "unassigned", assignee="bob")) == {"alice"}


def test_bots_hold_nothing():
    assert held(told(0, "opened", "renovate[bot]", type="pull_request")) == set()
    assert held(PULL, told(1, "assigned", assignee="helper[bot]")) == {"alice"}
    assert held(told(0, "opened", "acme-ci", type="pull_request", actor_type="Bot")) == set()


def test_a_deleted_author_is_nobody():
    assert held(told(0, "opened", None, type="pull_request")) == set()
