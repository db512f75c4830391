"""An item's way through a value stream: worked by hand, and against its definition for any history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, ItemKey, flow_event
from bot.flow.stages import Journey, Visit, closes, flow_items, hand_offs, journey, loops, needs_waits
from bot.flow.stream import Fork, Responsible, Segment, Signal, Stage, Stream
from bot.flow.waits import Rules, fold

REPO = "acme/shop"
ISSUE, PULL, OTHER = ("github", REPO, 1), ("github", REPO, 2), ("github", REPO, 3)
AUTHOR, REVIEWERS, QA = Responsible("author"), Responsible("reviewers"), Responsible("team", "qa")
STREAM = Stream(
    "shop",
    (
        Stage("Idea", active=False, signals=(Signal("opened"),)),
        Stage("Coding", active=True, responsible=AUTHOR, signals=(Signal("assigned"), Signal("draft"))),
        Stage("Review", active=False, responsible=REVIEWERS, signals=(Signal("review"), Signal("re_review"))),
        Stage("Rework", active=True, responsible=AUTHOR, signals=(Signal("rework"), Signal("fix"))),
        Stage("QA", active=False, responsible=QA, signals=(Signal("label", "QA"), Signal("status", "In test"))),
        Stage("Live", active=False, signals=(Signal("deploy", "production"),)),
    ),
)
MERGING = Stream(
    "merging",
    (
        Stage("Open", active=True, responsible=AUTHOR, signals=(Signal("ready"), Signal("unlabel", "qa"))),
        Stage("QA", active=False, responsible=QA, signals=(Signal("label", "qa"),)),
        Stage("Closed", active=False, signals=(Signal("closed"),)),
    ),
)


def rules(repo: str) -> Rules:
    assert repo.startswith("acme/")
    return Rules()


def event(at: int, kind: str, item: ItemKey = PULL, actor: str = "alice", **own: Any) -> FlowEvent:
    return flow_event(
        repo=item[1], item=item[2], id=f"{item[2]}-{at}-{kind}-{own}", at=at, kind=kind, actor=actor, **own
    )


def opened(at: int, item: ItemKey = PULL, **own: Any) -> FlowEvent:
    return event(at, "opened", item, type="issue" if item == ISSUE else "pull_request", **own)


def told(*events: FlowEvent) -> dict[ItemKey, list[FlowEvent]]:
    found: dict[ItemKey, list[FlowEvent]] = {}
    for one in events:
        found.setdefault(one.key, []).append(one)
    return found


def way(*events: FlowEvent, stream: Stream = MERGING, key: ItemKey = PULL) -> Journey:
    found = journey(key, told(*events), stream, rules)
    assert found is not None
    return found


def stays(one: Journey) -> list[tuple[str, int, int | None]]:
    return [(visit.stage, visit.since, visit.until) for visit in one.visits]


def test_an_issue_goes_from_an_idea_to_live_with_the_pull_request_that_closes_it():
    one = way(
        opened(0, ISSUE),
        event(10, "assigned", ISSUE, assignee="alice"),
        opened(20, draft=True),
        event(30, "ready_for_review"),
        event(30, "review_requested", reviewer="bob"),
        event(40, "review_submitted", actor="bob", state="changes_requested"),
        event(50, "pushed"),
        event(60, "review_submitted", actor="bob", state="approved"),
        event(61, "labeled", label="qa"),
        event(70, "merged"),
        event(70, "closed", ISSUE),
        event(90, "deployed", environment="Production"),
        stream=STREAM,
        key=ISSUE,
    )
    assert stays(one) == [
        ("Idea", 0, 10),
        ("Coding", 10, 30),
        ("Review", 30, 40),
        ("Rework", 40, 50),
        ("Review", 50, 61),
        ("QA", 61, 90),
        ("Live", 90, None),
    ]
    assert (one.began_at, one.done_at, one.dropped_at, one.flow_time, one.now_in) == (0, 90, None, 90, None)
    assert loops(STREAM.stages, [one, one]) == {("Rework", "Review"): 2}
    assert hand_offs(STREAM.stages, one) == 4


def test_nothing_of_the_stream_ever_happened():
    assert journey(PULL, told(event(5, "commented")), STREAM, rules) is None
    assert journey(PULL, {}, STREAM, rules) is None


def test_an_item_under_way_has_no_flow_time():
    one = way(opened(0), event(7, "labeled", label="qa"))
    assert (one.now_in, one.flow_time, one.done_at, one.dropped_at) == ("QA", None, None, None)


def test_a_label_taken_off_puts_an_item_where_that_is_a_signal_and_nowhere_else():
    off = event(9, "unlabeled", label="Qa")
    assert stays(way(opened(0), event(5, "labeled", label="QA"), off))[-1] == ("Open", 9, None)
    assert stays(way(opened(0), event(5, "labeled", label="QA"), off, stream=STREAM))[-1] == ("QA", 5, None)


def test_labels_of_the_opening_count():
    assert stays(way(opened(0, labels=["bug", "qa"]))) == [("QA", 0, None)]


def test_of_signals_at_one_instant_the_furthest_counts():
    one = way(opened(0), event(5, "labeled", label="qa"), event(5, "unlabeled", label="qa"))
    assert stays(one) == [("Open", 0, 5), ("QA", 5, None)]


def test_saying_again_where_an_item_is_goes_on():
    one = way(opened(0), event(5, "labeled", label="qa"), event(7, "labeled", label="qa"), event(9, "closed"))
    assert stays(one)[1] == ("QA", 5, 9)


def test_what_was_closed_without_a_merge_before_the_finish_line_is_dropped():
    one = way(opened(0), event(30, "closed"), event(40, "labeled", label="qa"), stream=STREAM_OF_PULLS)
    assert stays(one) == [("Open", 0, 30)]
    assert (one.dropped_at, one.done_at, one.flow_time, one.now_in) == (30, None, 30, None)


STREAM_OF_PULLS = MERGING._replace(
    stages=(*MERGING.stages[:2], Stage("Merged", active=False, signals=(Signal("merged"),)))
)


def test_dropped_the_moment_it_got_somewhere_it_never_was_there():
    one = way(opened(0), event(30, "labeled", label="qa"), event(30, "closed"), stream=STREAM_OF_PULLS)
    assert stays(one) == [("Open", 0, 30)]


def test_dropped_the_moment_it_began():
    one = way(opened(0), event(0, "closed"), stream=STREAM_OF_PULLS)
    assert (stays(one), one.flow_time) == ([("Open", 0, 0)], 0)


def test_given_up_and_reopened_it_goes_on_where_it_was():
    one = way(opened(0), event(30, "closed"), event(40, "reopened"), event(60, "merged"), stream=STREAM_OF_PULLS)
    assert stays(one) == [("Open", 0, 60), ("Merged", 60, None)]


def test_reopened_after_the_finish_line_it_is_back_in_the_stage_before():
    events = [opened(0), event(5, "labeled", label="qa"), event(30, "closed"), event(40, "reopened")]
    assert stays(way(*events)) == [("Open", 0, 5), ("QA", 5, 30), ("Closed", 30, 40), ("QA", 40, None)]
    again = way(*events, event(50, "closed"))
    assert (again.done_at, again.flow_time) == (50, 50)
    assert loops(MERGING.stages, [again]) == {("Closed", "QA"): 1}


def test_a_merged_pull_request_is_closed_too():
    assert way(opened(0), event(9, "merged")).done_at == 9


def test_a_pull_request_opened_assigned_or_given_up_for_an_issue_does_nothing_of_that_to_the_issue():
    events = [opened(0, ISSUE), event(10, "assigned", ISSUE, assignee="alice"), opened(20), event(30, "closed")]
    one = way(*events, event(25, "assigned", assignee="bob"), opened(40, OTHER), stream=STREAM, key=ISSUE)
    assert stays(one) == [("Idea", 0, 10), ("Coding", 10, None)]


def test_an_issue_is_given_up_with_the_last_of_its_parts():
    events = [opened(0, ISSUE), opened(10, draft=True), event(20, "closed", ISSUE)]
    assert way(*events, stream=STREAM, key=ISSUE).dropped_at is None
    assert way(*events, event(25, "closed"), stream=STREAM, key=ISSUE).dropped_at == 25


def test_two_pull_requests_of_one_issue_move_it_together():
    one = way(
        opened(0, ISSUE), opened(10, draft=True), opened(20, OTHER, draft=True), event(30, "labeled", label="qa"),
        event(40, "labeled", OTHER, label="qa"), event(50, "deployed", environment="production"),
        stream=STREAM, key=ISSUE,
    )  # fmt: skip
    assert stays(one) == [("Idea", 0, 10), ("Coding", 10, 30), ("QA", 30, 50), ("Live", 50, None)]


def test_checks_that_pass_again_give_the_item_back_to_its_reviewers():
    one = way(
        opened(0), event(0, "review_requested", reviewer="bob"), event(10, "checks_failed"), event(20, "checks_passed"),
        stream=STREAM,
    )  # fmt: skip
    assert stays(one) == [("Review", 0, 10), ("Rework", 10, 20), ("Review", 20, None)]


def test_an_objection_makes_it_rework_though_another_still_reviews():
    asked = [event(0, "review_requested", reviewer=login) for login in ("bob", "carol")]
    objected = event(10, "review_submitted", actor="bob", state="changes_requested")
    for stream in (STREAM, TURNED):
        assert stays(way(opened(0), *asked, objected, stream=stream)) == [("Review", 0, 10), ("Rework", 10, None)]


def test_turns_that_end_together_bring_none_of_those_to_come():
    one = way(
        opened(0), event(0, "review_requested", reviewer="bob"), event(10, "converted_to_draft"),
        event(20, "ready_for_review"), stream=STREAM,
    )  # fmt: skip
    assert stays(one) == [("Review", 0, 10), ("Coding", 10, 20), ("Review", 20, None)]


def test_picking_an_item_up_is_kept_with_the_stay():
    one = way(opened(0), event(5, "labeled", label="qa"), event(8, "assigned", assignee="carol"), event(9, "closed"))
    assert [visit.picked_up_at for visit in one.visits] == [None, 8, None]


def test_who_had_it_when_it_came_did_not_pick_it_up():
    one = way(opened(0), event(5, "assigned", assignee="carol"), event(5, "labeled", label="qa"), event(9, "closed"))
    assert [visit.picked_up_at for visit in one.visits] == [5, None, None]


def test_what_another_reviewer_still_has_is_back_in_review_once_it_is_reworked():
    asked = [event(0, "review_requested", reviewer=login) for login in ("bob", "carol")]
    one = way(
        opened(0), *asked, event(10, "review_submitted", actor="bob", state="changes_requested"),
        event(15, "review_request_removed", reviewer="bob"), event(20, "review_dismissed", reviewer="bob"),
        stream=STREAM,
    )  # fmt: skip
    assert stays(one) == [("Review", 0, 10), ("Rework", 10, 20), ("Review", 20, None)]


def test_of_two_marks_the_later_counts():
    segments = (SHOPS, BANKS)
    stream = MERGING._replace(segments=segments)
    for first, last in (("bank", "shop"), ("shop", "bank")):
        one = way(opened(0), event(3, "labeled", label=first), event(4, "labeled", label=last), stream=stream)
        assert one.segment == f"{last}s"


def test_what_was_merged_and_closed_before_the_finish_line_is_not_dropped():
    one = way(opened(0, draft=True), event(5, "merged"), event(6, "closed"), stream=STREAM)
    assert (one.now_in, one.dropped_at) == ("Coding", None)


def test_closed_and_reopened_within_a_second_it_is_where_it_was():
    events = [opened(0), event(5, "labeled", label="qa")]
    ends = [event(9, "closed")._replace(seq=1), event(9, "reopened")._replace(seq=2)]
    assert stays(way(*events, *ends)) == [("Open", 0, 5), ("QA", 5, None)]


def test_a_segment_is_the_one_whose_mark_came_last_and_has_its_own_stages():
    segments = (Segment("shops"), Segment("banks", signals=(Signal("label", "bank"),)))
    audit = Stage("Audit", active=False, segment="banks", signals=(Signal("label", "audit"),))
    stages = (*MERGING.stages[:2], audit, MERGING.stages[2])
    stream = Stream("both", stages, segments=segments, forks=(Fork("banks", "QA", target=60),))
    audited = event(5, "labeled", label="audit")
    assert stays(way(opened(0), audited, stream=stream)) == [("Open", 0, None)]
    bank = way(opened(0, labels=["Bank"]), audited, stream=stream)
    assert (bank.segment, stays(bank)) == ("banks", [("Open", 0, 5), ("Audit", 5, None)])


def test_turns_are_read_only_where_a_stage_or_segment_wants_them():
    assert needs_waits(STREAM)
    assert not needs_waits(MERGING)


def test_hand_offs_are_changes_of_who_is_responsible_and_the_finish_line_is_none():
    visits = tuple(Visit(name, at, at + 1) for at, name in enumerate(["Idea", "Coding", "Rework", "QA", "Live"]))
    assert hand_offs(STREAM.stages, Journey(PULL, None, visits, 4, None)) == 1


def test_handing_over_within_a_stage_is_a_hand_off_too():
    events = [
        opened(0), event(3, "labeled", label="qa"), event(5, "handed_over", stage="QA", to="carol"),
        event(6, "handed_over", stage="QA", to="dave"), event(7, "handed_over", stage="Elsewhere", to="dave"),
    ]  # fmt: skip
    one = way(*events)
    assert [(visit.stage, visit.handed_over) for visit in one.visits][-1] == ("QA", 2)
    before = hand_offs(STREAM.stages, way(*events[:2]))
    assert hand_offs(STREAM.stages, one) == before + 2


def test_stages_that_a_map_no_longer_has_count_as_no_loop():
    visits = (Visit("Gone", 0, 1), Visit("Idea", 1, 2), Visit("Gone", 2, None))
    assert loops(STREAM.stages, [Journey(PULL, None, visits, None, None)]) == {}


def test_links_make_flow_items():
    histories = told(
        opened(0, ISSUE),
        event(9, "linked", issue=1),
        event(8, "linked", issue=77),
        event(9, "linked", OTHER, issue=1),
        event(10, "unlinked", OTHER, issue=1),
    )
    assert closes(histories[PULL]) == {ISSUE, ("github", REPO, 77)}
    assert {key: set(parts) for key, parts in flow_items(histories).items()} == {ISSUE: {ISSUE, PULL}, OTHER: {OTHER}}


def test_a_link_may_lead_to_another_repository():
    assert closes([event(9, "linked", issue=1, **{"in": "acme/plans"})]) == {("github", "acme/plans", 1)}


@pytest.mark.parametrize("issue", ["1", None, True, 2])
def test_links_to_nothing_and_to_itself_are_none(issue: object):
    assert closes([event(9, "linked", issue=issue)]) == frozenset()


# Properties.

KIND_OWN: list[tuple[str, dict[str, Any]]] = [
    *[(kind, {}) for kind in ("closed", "reopened", "merged", "pushed", "ready_for_review", "converted_to_draft")],
    *[("labeled", {"label": label}) for label in ("qa", "QA", "bank", "Shop", "bug")],
    *[("unlabeled", {"label": label}) for label in ("qa", "bug")],
    *[("status_changed", {"field": "Status", "from": None, "to": to}) for to in ("In test", "Done")],
    *[("deployed", {"environment": name}) for name in ("production", "staging")],
    *[("review_submitted", {"state": state}) for state in ("approved", "changes_requested", "commented")],
    *[("assigned", {"assignee": "bob"}), ("checks_failed", {}), ("checks_passed", {})],
    *[("review_requested", {"reviewer": login}) for login in ("bob", "carol")],
]
SHOPS, BANKS = (Segment(f"{name}s", signals=(Signal("label", name),)) for name in ("shop", "bank"))
SEGMENTED = STREAM._replace(
    segments=(SHOPS, BANKS),
    stages=(*STREAM.stages[:4], Stage("Test", active=True, segment="banks", signals=(Signal("deploy", "staging"),)),
            *STREAM.stages[4:]),
)  # fmt: skip
TURNED = STREAM._replace(stages=(STREAM.stages[0], STREAM.stages[3], STREAM.stages[2], *STREAM.stages[4:]))
STREAMS = [STREAM, MERGING, STREAM_OF_PULLS, SEGMENTED, TURNED]


@st.composite
def histories(draw: st.DrawFn) -> list[FlowEvent]:
    """Of a few kinds each, that they meet often."""
    events = []
    few = draw(st.lists(st.sampled_from(KIND_OWN), min_size=2, max_size=6, unique_by=repr))
    for item in draw(st.sampled_from([[PULL], [ISSUE], [ISSUE, PULL], [ISSUE, PULL, OTHER]])):
        at = draw(st.integers(0, 3))
        if draw(st.integers(0, 9)):
            events.append(opened(at, item, draft=draw(st.booleans()), labels=draw(st.sampled_from([[], ["bank"]]))))
        for number, (kind, own) in enumerate(draw(st.lists(st.sampled_from(few), max_size=10))):
            at += draw(st.integers(0, 2))
            one = event(at, kind, item, draw(st.sampled_from(["alice", "bob", "carol"])), **own)
            events.append(one._replace(id=f"{one.id} {number}", seq=draw(st.integers(0, 1))))
    return events


def folded(events: Iterable[FlowEvent], stream: Stream) -> Journey | None:
    histories = told(*events)
    return journey(min(histories), histories, stream, rules) if histories else None


@given(histories(), st.sampled_from(STREAMS), st.randoms(use_true_random=False))
def test_any_order_of_events_gives_the_same_journey(events, stream, random):
    shuffled = random.sample(events, len(events))
    assert folded(events, stream) == folded(shuffled, stream)


@given(histories(), st.sampled_from(STREAMS))
def test_visits_follow_each_other_and_add_up_to_the_flow_time(events, stream):
    one = folded(events, stream)
    if one is None:
        return
    assert all(before.until == after.since for before, after in pairwise(one.visits))
    assert all(before.stage != after.stage for before, after in pairwise(one.visits))
    assert all(visit.until is None or visit.since < visit.until for visit in one.visits[:-1])
    assert (one.visits[-1].until is None) == (one.dropped_at is None)
    if one.flow_time is not None:
        assert sum(visit.until - visit.since for visit in one.visits if visit.until is not None) == one.flow_time
    assert [one.done_at, one.dropped_at, one.now_in].count(None) == 2


@given(histories(), st.sampled_from(STREAMS))
def test_an_unknown_kind_changes_nothing_nor_does_a_second_telling(events, stream):
    strange = [one._replace(kind="blessed", id=f"{one.id}-x", data={}) for one in events]
    assert folded(events, stream) == folded([*events, *strange], stream)
    assert folded(events, stream) == folded([*events, *events], stream)


@settings(max_examples=3 * settings().max_examples)
@given(histories(), st.sampled_from(STREAMS))
def test_a_journey_is_what_its_definition_says(events, stream):
    one = folded(events, stream)
    for at in {event.at for event in events}:
        assert stage_at(one, at) == literally(events, stream, at)


def stage_at(one: Journey | None, at: int) -> str | None:
    """Where it was once all of an instant had happened; nowhere before it began and after it was dropped."""
    for visit in one.visits if one else ():
        if visit.since <= at and (visit.until is None or at < visit.until):
            return visit.stage
    return None


def literally(events: Sequence[FlowEvent], stream: Stream, at: int) -> str | None:
    """The stage of an item at an instant, read off the words of the definition, with no care for cost."""
    signals = signals_of(events)
    marked = [segment.name for _, signal in signals for segment in stream.segments if signal in keys(segment.signals)]
    path = stream.path((marked or [segment.name for segment in stream.segments[:1]] or [None])[-1])
    closed = given_up(events)
    if closed is None or at < closed:
        return stage_after(signals, path, at)
    return path[-1].name if stage_after(signals, path, closed) == path[-1].name else None


def keys(signals: Iterable[Signal]) -> list[tuple[str, str]]:
    return [(signal.kind, signal.name.casefold()) for signal in signals]


def signals_of(events: Sequence[FlowEvent]) -> list[tuple[int, tuple[str, str]]]:
    """(instant, signal), in order; turns after the events of their instant."""
    whole = min(event.key for event in events)
    found = [(one.at, False, signal) for one in sorted(events) for signal in told_by(one, own=one.key == whole)]
    for item in {event.key for event in events}:
        ledger = fold([one for one in events if one.key == item], Rules())
        waits = ledger.waits if ledger else []
        for at in {event.at for event in events}:
            begin = [wait.kind for wait in waits if wait.since == at]
            going = [wait.kind for wait in waits if wait.since < at and (wait.until is None or at < wait.until)]
            ended = any(wait.until == at for wait in waits)
            found += [(at, True, (kind, "")) for kind in begin or (going if ended else [])]
    return [(at, signal) for at, _, signal in sorted(found, key=lambda one: one[:2])]


def told_by(event: FlowEvent, *, own: bool) -> list[tuple[str, str]]:
    plain = {"merged": "merged", "ready_for_review": "ready", "converted_to_draft": "draft"}
    named = {"labeled": ("label", "label"), "unlabeled": ("unlabel", "label"), "deployed": ("deploy", "environment"),
             "status_changed": ("status", "to")}  # fmt: skip
    found = [(plain[event.kind], "")] if event.kind in plain else []
    if event.kind in named:
        kind, key = named[event.kind]
        found.append((kind, event.data[key].casefold()))
    if own and event.kind in ("opened", "closed", "reopened", "assigned", "merged"):
        found.append(("closed" if event.kind == "merged" else event.kind, ""))
    if event.kind == "opened":
        found += [("label", label) for label in event.data["labels"]]
        if event.data["type"] == "pull_request":
            found.append(("draft" if event.data["draft"] else "ready", ""))
    return found


def given_up(events: Sequence[FlowEvent]) -> int | None:
    ends = []
    for item in {event.key for event in events}:
        life = [e for e in sorted(events) if e.key == item and e.kind in ("opened", "closed", "merged", "reopened")]
        if not life or life[-1].kind != "closed" or "merged" in [e.kind for e in life]:
            return None
        ends.append(life[-1].at)
    return max(ends)


def stage_after(signals: Sequence[tuple[int, tuple[str, str]]], path: Sequence[Stage], at: int) -> str | None:
    finish, where, before = len(path) - 1, None, None
    for instant in sorted({one for one, _ in signals if one <= at}):
        here: int | None = None
        for signal in [signal for one, signal in signals if one == instant]:
            matching = [number for number, stage in enumerate(path) if signal in keys(stage.signals)]
            if signal == ("reopened", "") and finish in (here, where):
                here = before
            elif matching:
                here = max(here or 0, *matching)
        if here is not None:
            where, before = here, before if here == finish else here
    return None if where is None else path[where].name
