"""What is said of a value stream before it is saved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_stream_line import STREAMS

from bot.flow.stream import AUTHOR, PERSON, Fork, Goal, Responsible, Segment, Signal, Stage, Stream
from bot.flow.stream_checks import check

AUTHORS = Responsible(AUTHOR)
IDEA = Stage("idea", True, signals=(Signal("opened"),))
CODING = Stage("coding", True, AUTHORS, (Signal("assigned"),))
REVIEW = Stage("review", False, AUTHORS, (Signal("review"),))
LIVE = Stage("live", True, signals=(Signal("deploy", "production"),))
SOUND = Stream(
    "orders", (IDEA, CODING, REVIEW, LIVE), trigger="a shop asks", finish="it runs", north_star="orders a day"
)


def said(stream: Stream, *others: Stream, unmeasured=()) -> list[tuple[bool, str, str]]:
    return [(one.blocking, one.code, one.about) for one in check(stream, others, unmeasured)]


def with_stages(*stages: Stage) -> Stream:
    return SOUND._replace(stages=stages)


def test_nothing_is_said_of_a_sound_stream():
    assert check(SOUND, [SOUND]) == []


@pytest.mark.parametrize(
    ("stream", "findings"),
    [
        (SOUND._replace(trigger=" "), [(True, "trigger", "")]),
        (SOUND._replace(finish=""), [(True, "finish", "")]),
        (with_stages(LIVE), [(True, "few", "")]),
        (with_stages(), [(True, "few", "")]),
        (with_stages(IDEA, IDEA._replace(signals=(Signal("ready"),)), LIVE), [(True, "name", "idea")]),
        (with_stages(IDEA, CODING._replace(name="x" * 41), LIVE), [(True, "name", "x" * 39 + "…")]),
        (with_stages(IDEA, CODING._replace(name=" "), LIVE), [(True, "name", "")]),
        (with_stages(IDEA, CODING._replace(signals=()), LIVE), [(True, "signal", "coding")]),
        (with_stages(IDEA, CODING._replace(signals=(Signal("opened"),)), LIVE), [(True, "told_twice", "coding")]),
        (with_stages(IDEA, REVIEW._replace(responsible=None), LIVE), [(True, "responsible", "review")]),
        (with_stages(IDEA, REVIEW, LIVE._replace(active=False)), []),
        (
            with_stages(IDEA, REVIEW._replace(responsible=Responsible(PERSON, "<@U1>")), LIVE),
            [(True, "unlinked", "review")],
        ),
        (with_stages(IDEA, CODING._replace(segment="large"), LIVE), [(True, "unknown", "large")]),
        (SOUND._replace(forks=(Fork("large", "review"),)), [(True, "unknown", "large")]),
        (SOUND._replace(goals=(Goal("QA", None, "", None),)), [(True, "unknown", "QA")]),
    ],
)
def test_what_stops_a_stream_is_found(stream, findings):
    assert said(stream) == findings


def test_a_stage_that_is_said_to_be_unmeasured_needs_no_signal():
    stream = with_stages(IDEA, CODING._replace(signals=()), LIVE)
    assert said(stream, unmeasured=["Coding"]) == []


def test_a_finish_line_that_nothing_tells_of_is_remarked_on():
    stream = with_stages(IDEA, CODING, LIVE._replace(signals=()))
    assert said(stream, unmeasured=["live"]) == [(False, "finish_unseen", "live")]


def many(n: int) -> Stream:
    return with_stages(*(Stage(f"s{i}", True, AUTHORS, (Signal("label", f"l{i}"),)) for i in range(n)))


@pytest.mark.parametrize(
    ("n", "findings"), [(9, []), (10, [(False, "long", "")]), (30, [(False, "long", "")]), (31, [(True, "many", "")])]
)
def test_more_stages_than_one_can_explain_are_remarked_on(n, findings):
    assert said(many(n)) == findings


def test_two_streams_with_the_same_ends_and_metric_may_be_one():
    twin = SOUND._replace(name="shops", trigger="A shop asks.", north_star="Orders a day")
    assert said(SOUND, twin) == [(False, "merge", "shops")]
    assert said(SOUND, twin._replace(north_star="refunds a day")) == []
    assert said(SOUND._replace(north_star=""), twin._replace(north_star="")) == []


SEGMENTS = (Segment("small"), Segment("large"))


@pytest.mark.parametrize(
    ("stream", "findings"),
    [
        (SOUND, []),
        (SOUND._replace(forks=(Fork("large", "review", target=3600),)), []),
        (SOUND._replace(forks=(Fork("large", "review", policy="two reviewers"),)), [(False, "split", "large")]),
        (SOUND._replace(forks=(Fork("large", "review", proof="signed"),)), [(False, "split", "large")]),
        (
            with_stages(Stage("tender", True, signals=(Signal("label", "tender"),), segment="large"), *SOUND.stages),
            [(False, "split", "large")],
        ),
        (
            with_stages(*SOUND.stages, Stage("signed off", True, signals=(Signal("closed"),), segment="large")),
            [(False, "split", "large")],
        ),
    ],
)
def test_a_segment_that_goes_its_own_way_may_be_a_stream(stream, findings):
    assert said(stream._replace(segments=SEGMENTS)) == findings


def test_two_segments_may_share_a_signal_on_ways_of_their_own():
    one, other = CODING._replace(segment="small"), CODING._replace(name="tailoring", segment="large")
    assert said(with_stages(IDEA, one, other, LIVE)._replace(segments=SEGMENTS)) == []


def test_a_segment_without_a_way_is_found():
    stream = with_stages(*(stage._replace(segment="small") for stage in SOUND.stages))._replace(segments=SEGMENTS)
    assert (True, "few", "large") in said(stream)


@given(STREAMS, st.lists(STREAMS, max_size=2))
def test_any_stream_is_checked_and_every_finding_says_what_to_do(stream, others):
    found = check(stream, others)
    assert all(one.what and one.advice for one in found)
    assert [one.blocking for one in found] == sorted((one.blocking for one in found), reverse=True)
