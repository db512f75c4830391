"""The ledger against its definition, for histories nobody would write by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from random import Random
from typing import Any, NamedTuple

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from reference import Holder, Moment, Stretch, in_order, ledger, matches, moments, red_spans

from bot.flow.calendar import Calendar, clock_of
from bot.flow.events import FlowEvent, flow_event, from_record, to_record, unique
from bot.flow.waits import Ledger, Rules, Wait, fold

START = 1_772_442_000
ACTORS = ["alice", "alice", "bob", "carol", None, "acme-ci", "Renovate-ACME", "helper[bot]"]
REVIEWERS = ["bob", "bob", "carol", "carol", "dave", None]
AUTHORS = ["alice", "alice", "alice", "bob", None, "renovate-acme", "acme-ci"]
TYPED_BOTS = ("acme-ci",)
TEAMS = ["core", "docs"]
NAMED_TEAMS = [[], ["core"], ["docs", "core"]]
STATES = ["approved", "changes_requested", "commented"]
LABELS = ["WIP", "wip", "Do Not Merge", "bug"]
UNUSED = ("assigned", "unassigned", "deployed", "status_changed", "blessed")
ALWAYS = Calendar(hours=(((0, 1440),),) * 7)

Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several values."""


class Act(NamedTuple):
    """What may happen: of each list, one value is picked."""

    kinds: Sequence[str]
    actors: Sequence[str | None]
    own: dict[str, Sequence[Any]] = {}


REVIEW = Act(["review_submitted"], REVIEWERS, {"state": STATES})
REQUEST = Act(["review_requested"], ["alice"], {"reviewer": REVIEWERS})
CLAIM = Act(["claimed"], ["bob", "carol"], {"reviewer": ["bob", "carol", "dave"], "team": TEAMS})
DISMISSAL = Act(["review_dismissed"], ["alice"], {"reviewer": [*REVIEWERS, *REVIEWERS, "alice"]})
CHECKS = Act(["checks_failed", "checks_passed"], ["dave"])
COMMON = [
    *(REVIEW, REVIEW, REVIEW, REQUEST, REQUEST, CHECKS),
    Act(["review_requested"], ACTORS, {"team": TEAMS}),
    CLAIM,
    Act(["pushed", "commented"], ACTORS + REVIEWERS),
    Act(["pushed", "commented"], AUTHORS),
]
SELDOM = [
    Act(["review_submitted"], ACTORS + REVIEWERS, {"state": STATES, "teams": NAMED_TEAMS}),
    Act(["review_submitted"], ACTORS, {"state": STATES}),
    Act(["review_requested", "review_request_removed"], ACTORS, {"reviewer": ACTORS + REVIEWERS}),
    Act(["review_requested", "review_request_removed"], ACTORS, {"team": TEAMS}),
    Act(["claimed"], ACTORS, {"reviewer": [who for who in ACTORS + REVIEWERS if who], "team": TEAMS}),
    *(DISMISSAL, DISMISSAL, DISMISSAL),
    Act(["queued", "dequeued", "dequeued"], ACTORS),
    Act(["closed", "merged", "reopened", "reopened", "reopened"], ACTORS),
    Act(["ready_for_review", "ready_for_review", "reopened", "converted_to_draft"], ACTORS),
    Act(["labeled", "unlabeled", "unlabeled"], ACTORS, {"label": LABELS}),
    Act(UNUSED, ACTORS),
]
ACTS = 3 * COMMON + SELDOM
OPENINGS: list[dict[str, Any]] = [{}, {}, {"labels": []}, {"draft": False, "labels": ["bug"]}]
OPENINGS += [*OPENINGS, {"draft": True}, {"draft": False, "labels": ["Wip", "bug"]}]
SECONDS_LATER = [[0, 1, 60, 3600], [0, 0, 0, 1, 60]]
SEQUENCES = [[0], [0, 0, 0, 1, 2, -1]]

rules = st.builds(
    Rules,
    approvals_required=st.sampled_from([1, 2, 2, 0]),
    stop_at_quota=st.booleans(),
    hold_while_red=st.booleans(),
    bots=st.just(("renovate*",)),
)


def history(pick: Pick, authors: Sequence[str | None]) -> list[FlowEvent]:
    """One item's events: opened once, first or (seldom) after others, with much in the same second."""
    at, later, seqs = START, pick(SECONDS_LATER), pick(SEQUENCES)
    opening = {"type": "pull_request", **pick(OPENINGS)}
    events = [event(START + pick([0, 0, 0, 0, 0, 0, 0, 60]), "opened", pick(authors), f"{pick(range(9))}", opening)]
    for count in range(pick(range(32))):
        act = pick(ACTS)
        own = {key: pick(values) for key, values in act.own.items()}
        at += pick(later)
        name = f"{pick(range(9))}-{count}"
        events.append(event(at, pick(act.kinds), pick(act.actors), name, {**own, "seq": pick(seqs)}))
    return events


def event(at: int, kind: str, actor: str | None, name: str, own: dict[str, Any]) -> FlowEvent:
    actor_type = "Bot" if actor in TYPED_BOTS else "User"
    return flow_event(repo="acme/shop", item=12, id=name, at=at, kind=kind, actor=actor, actor_type=actor_type, **own)


@st.composite
def histories(draw: st.DrawFn, authors: Sequence[str | None] = tuple(AUTHORS)) -> list[FlowEvent]:
    """Half of them as hypothesis likes them, small and strange; half scattered evenly, to reach deep states."""
    if draw(st.booleans()):
        return history(Random(draw(st.integers(0, 2**32))).choice, authors)
    return history(lambda values: draw(st.sampled_from(values)), authors)


def lines(waits: list[Wait]) -> list[Stretch]:
    return [Stretch(wait.since, wait.kind, wait.on, wait.team, wait.until, wait.ended_by) for wait in waits]


def folded(events: list[FlowEvent], rules: Rules) -> Ledger:
    ledger = fold(events, rules)
    assert ledger is not None
    return ledger


@settings(max_examples=5 * settings().max_examples)
@given(histories(), rules)
def test_the_ledger_is_what_its_definition_says(events: list[FlowEvent], rules: Rules) -> None:
    if ledger_of(events, rules) != ledger(events, rules):
        events = smallest(events, rules)
    assert ledger_of(events, rules) == ledger(events, rules)


def smallest(events: list[FlowEvent], rules: Rules) -> list[FlowEvent]:
    """A history that is judged differently, and no longer so with any one event less."""
    for one in events:
        rest = [event for event in events if event is not one]
        if one.kind != "opened" and ledger_of(rest, rules) != ledger(rest, rules):
            return smallest(rest, rules)
    return events


def ledger_of(events: list[FlowEvent], rules: Rules) -> list[Stretch]:
    return lines(sorted(folded(events, rules).waits))


@given(histories(), rules)
def test_an_item_stands_as_its_definition_says(events: list[FlowEvent], rules: Rules) -> None:
    log = in_order(events)
    now, end = folded(events, rules), Moment(log, log, rules)
    assert (now.author, now.live, now.ready) == (end.author, end.live(), end.ready())
    assert not (now.nobody_to_ask and end.human(end.author))


@given(histories(), rules)
def test_a_wait_for_review_is_held_while_red(events: list[FlowEvent], rules: Rules) -> None:
    now = max(event.at for event in events) + 60
    reds = [(start, now if end is None else end) for start, end, _ in red_spans(events, rules)]
    for wait in folded(events, rules).waits:
        end = now if wait.until is None else wait.until
        red = sum(max(0, min(end, stop) - max(wait.since, start)) for start, stop in reds)
        suspends = rules.hold_while_red and wait.kind in ("review", "re_review")
        clock = clock_of(wait, ALWAYS, hold_while_red=rules.hold_while_red)
        assert clock.held(now) == (red if suspends else 0)
        assert clock.age(now) + clock.held(now) == end - wait.since


@given(histories(), rules, st.data())
def test_arriving_in_any_order_and_again_changes_nothing(
    events: list[FlowEvent], rules: Rules, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=5))
    arrived = data.draw(st.permutations(events + again))
    assert folded(unique(arrived), rules) == folded(events, rules)


@given(histories(), st.data())
def test_of_two_tellings_of_one_event_the_same_is_kept_in_any_order(
    events: list[FlowEvent], data: st.DataObject
) -> None:
    told = data.draw(st.sampled_from(events))
    other = told._replace(at=told.at + data.draw(st.sampled_from([-1, 0, 1])), actor=data.draw(st.sampled_from(ACTORS)))
    arrived = data.draw(st.permutations([*events, other]))
    assert sorted(unique(arrived)) == sorted(unique([*events, other]))


@given(histories(), rules)
def test_a_claim_is_the_teams_request_removed_and_the_persons_set(events: list[FlowEvent], rules: Rules) -> None:
    told_apart = [part for event in events for part in parts_of_claim(event)]
    one, two = folded(events, rules), folded(told_apart, rules)
    assert [line[:5] for line in lines(one.waits)] == [line[:5] for line in lines(two.waits)]
    assert one._replace(waits=[]) == two._replace(waits=[])


def parts_of_claim(event: FlowEvent) -> list[FlowEvent]:
    """The two events that a claim stands for; any other event as it is."""
    if event.kind != "claimed":
        return [event]
    team, person = ({key: event.data[key]} for key in ("team", "reviewer"))
    return [  # "!" sorts before all that follows a name here
        event._replace(kind="review_request_removed", id=f"{event.id}!1", data=team),
        event._replace(kind="review_requested", id=f"{event.id}!2", data=person),
    ]


@given(histories(), rules)
def test_a_wait_says_who_asked_for_it_and_of_a_claimed_one_who_asked_the_team(
    events: list[FlowEvent], rules: Rules
) -> None:
    log = [event._replace(at=START + 60 * place) for place, event in enumerate(in_order(events))]
    begins = {event.at: moment for event, moment in moments(log, rules)}
    for wait in folded(log, rules).waits:
        holder, moment = Holder(wait.on, wait.team), begins[wait.since]
        asked = wait.kind in ("review", "re_review") and moment.requested(holder)
        ask = moment.ask(holder) if asked else None
        assert (wait.asked_by, wait.asked_at) == ((ask.actor, ask.at) if ask else (None, None))


def test_whoever_claims_was_asked_by_who_asked_the_team() -> None:
    claim = {"reviewer": "bob", "team": "core"}
    events = [
        event(START, "opened", "alice", "o", {"type": "pull_request"}),
        event(START + 60, "review_requested", "carol", "r", {"team": "core"}),
        event(START + 120, "claimed", "bob", "c", claim),
        event(START + 180, "claimed", "bob", "again", claim),
    ]
    assert [(w.kind, w.on, w.since, w.until, w.ended_by, w.asked_by) for w in folded(events, Rules()).waits] == [
        ("assign", "alice", START, START + 60, "review_requested", None),
        ("review", "core", START + 60, START + 120, "claimed", "carol"),
        ("review", "bob", START + 120, None, None, "carol"),
    ]


def test_a_claim_of_what_no_team_was_asked_for_is_asked_by_who_made_it() -> None:
    events = [
        event(START, "opened", "alice", "o", {"type": "pull_request"}),
        event(START + 60, "claimed", "bob", "c", {"reviewer": "bob", "team": "core"}),
    ]
    (wait,) = [wait for wait in folded(events, Rules()).waits if wait.until is None]
    assert (wait.kind, wait.on, wait.asked_by, wait.asked_at) == ("review", "bob", "bob", START + 60)


@given(histories(authors=["alice"]), rules)
def test_the_ball_is_never_on_the_floor(events: list[FlowEvent], rules: Rules) -> None:
    log = in_order(events)
    seconds = [list(those) for _, those in groupby(log, key=lambda event: event.at)]
    waits = folded(events, rules).waits
    for count, those in enumerate(seconds, 1):
        now = those[0].at
        past = [event for second in seconds[:count] for event in second]
        moment = Moment(past, log, rules)
        held = [w for w in waits if w.since <= now and (w.until is None or w.until > now)]
        assert bool(held) == (moment.ready() and not moment.queued())


@given(histories(), rules)
def test_waits_of_one_kind_and_holder_neither_overlap_nor_touch(events: list[FlowEvent], rules: Rules) -> None:
    waits = sorted(folded(events, rules).waits, key=lambda wait: (wait.kind, wait.on, wait.team, wait.since))
    for _, same in groupby(waits, key=lambda wait: (wait.kind, wait.on, wait.team)):
        for earlier, later in pairwise(same):
            assert earlier.until is not None
            assert earlier.until < later.since


@given(histories(), rules)
def test_an_ended_wait_lasted_and_says_what_ended_it(events: list[FlowEvent], rules: Rules) -> None:
    happened = {(event.at, event.kind) for event in events}
    for wait in folded(events, rules).waits:
        assert (wait.until is None) == (wait.ended_by is None)
        assert wait.until is None or (wait.since < wait.until and (wait.until, wait.ended_by) in happened)


@given(histories(), rules, st.data())
def test_a_ledger_asked_for_earlier_is_the_ledger_of_what_was_known_then(
    events: list[FlowEvent], rules: Rules, data: st.DataObject
) -> None:
    now = data.draw(st.sampled_from(sorted(event.at for event in events)))
    past = [event for event in events if event.at <= now]
    assume(any(event.kind == "opened" for event in past))
    assume(typed_bots(past) == typed_bots(events))
    seen = [
        line._replace(until=None, ended_by=None) if (line.until or 0) > now else line
        for line in ledger_of(events, rules)
    ]
    assert ledger_of(past, rules) == [line for line in seen if line.since <= now]


def typed_bots(events: list[FlowEvent]) -> set[str | None]:
    return {event.actor for event in events if event.actor_type == "Bot"}


@given(histories(), rules)
def test_events_of_unknown_kinds_change_nothing(events: list[FlowEvent], rules: Rules) -> None:
    known = [event for event in events if event.kind not in UNUSED]
    assume(typed_bots(known) == typed_bots(events))
    assert folded(known, rules).waits == folded(events, rules).waits


@given(histories(), rules)
def test_an_item_that_was_never_opened_has_no_ledger(events: list[FlowEvent], rules: Rules) -> None:
    assert fold([event for event in events if event.kind != "opened"], rules) is None


@given(histories())
def test_an_event_log_written_and_read_back_is_unchanged(events: list[FlowEvent]) -> None:
    told = [event._replace(approximate=event.seq == 1) for event in events]
    assert [from_record(json.loads(json.dumps(to_record(event)))) for event in told] == told


@given(st.text("abAB*?[]^!.", max_size=6), st.text("abAB*?[]^!.", min_size=1, max_size=5))
@example("a[bot]", "x")
@example("A[BOT]", "x")
def test_a_bot_pattern_knows_one_special_character(login: str, pattern: str) -> None:
    assume(login)
    named = Rules(bots=(pattern,)).named_like_a_bot(login)
    assert named == (matches(login, pattern) or login.lower().endswith("[bot]"))


def test_the_histories_here_reach_every_kind_of_wait() -> None:
    seen: Counter[str] = Counter()

    @given(histories(), rules)
    def look(events: list[FlowEvent], rules: Rules) -> None:
        seen.update(wait.kind for wait in folded(events, rules).waits)

    look()
    assert set(seen) == {"review", "re_review", "rework", "respond", "merge", "assign", "fix"}


def test_the_histories_here_reach_claims_of_what_a_team_was_asked_for() -> None:
    seen: Counter[tuple[str, str | None]] = Counter()

    @given(histories(), rules)
    def look(events: list[FlowEvent], rules: Rules) -> None:
        for wait in folded(events, rules).waits:
            seen.update([(wait.opened_by, wait.kind), ("ended", wait.ended_by)])

    look()
    assert {("claimed", "review"), ("claimed", "re_review"), ("ended", "claimed")} <= set(seen)
