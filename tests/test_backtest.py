"""The promises about nudges, held against back-tests of random histories and policies."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backtest import as_json, replay
from bot.flow.backtest import Replay
from bot.flow.calendar import Calendar, WaitClock
from bot.flow.events import flow_event, parse_instant
from bot.flow.ladder import BREACH, GATHER, HEADS_UP, Message, NudgeRules, Recipient, Standing
from bot.flow.waits import Wait
from bot.policy import Policy, parse_policy

MONDAY = parse_instant("2026-03-02T00:00:00Z")
HOUR = 3600
NINE_TO_FIVE = Calendar()
PEOPLE = {
    "alice": Recipient(Calendar("Europe/Berlin")),
    "bob": Recipient(Calendar("America/New_York"), away=((MONDAY + 86_400, MONDAY + 3 * 86_400),)),
    "carol": Recipient(Calendar("Asia/Kolkata", hours=(((1320, 360),),) * 7)),
    "dan": None,
}


def wait_on(on: str, since: int, until: int | None, item: int = 1, reds=(), team: bool = False) -> Wait:
    return Wait("acme/shop", item, since, "review", on, team, "github", until, None, tuple(reds))


def standing_of(wait: Wait, target: int, place: int) -> Standing:
    terms = (None if wait.team else PEOPLE[wait.on]) or Recipient(NINE_TO_FIVE)
    clock = WaitClock(wait.since, wait.until, terms.calendar, wait.reds, terms.away)
    return Standing(wait, clock, target, {}, place)


def run(standings: list[Standing], rules: NudgeRules, until: int) -> tuple[list[Message], Counter[str]]:
    one = Replay(standings, PEOPLE.get, lambda repo: True, rules, until)
    return list(one.messages()), one.unreachable


@st.composite
def histories(draw) -> tuple[list[Standing], NudgeRules]:
    standings = []
    for place in range(draw(st.integers(1, 8))):
        since = MONDAY + draw(st.integers(0, 5 * 24 * 6)) * 600
        length = draw(st.one_of(st.none(), st.integers(1, 14 * 24 * 6)))
        reds, at = [], since
        for gap, span in draw(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)), max_size=2)):
            reds.append((at + gap * 600, at + (gap + span) * 600))
            at = reds[-1][1] + 1
        team = draw(st.booleans()) and draw(st.booleans())
        on = "shop-team" if team else draw(st.sampled_from(sorted(PEOPLE)))
        wait = wait_on(on, since, None if length is None else since + length * 600, place + 1, reds, team)
        standings.append(standing_of(wait, draw(st.sampled_from([HOUR // 2, 2 * HOUR, 8 * HOUR, 20 * HOUR])), place))
    rules = NudgeRules(
        heads_up=draw(st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(3, 4), Fraction(1)])),
        escalate=draw(st.sampled_from([Fraction(0), Fraction(1), Fraction(2)])),
        repeat=draw(st.sampled_from([0, 1200, 8 * HOUR])),
        max_repeats=draw(st.integers(0, 3)),
        max_messages_per_day=draw(st.integers(1, 4)),
    )
    return standings, rules


UNTIL = MONDAY + 60 * 86_400


def to_people(messages: list[Message]) -> dict[str, list[Message]]:
    found = defaultdict(list)
    for message in messages:
        if not message.to.startswith("#"):
            found[message.to].append(message)
    return found


@given(histories())
def test_nobody_hears_outside_working_windows_while_away_or_on_hold(history):
    messages, _ = run(*history, UNTIL)
    for message in messages:
        assert not any(nudge.standing.clock.on_hold(message.at) for nudge in message.nudges)
    for login, got in to_people(messages).items():
        for message in got:
            assert PEOPLE[login].calendar.is_working(message.at)
            assert not any(start <= message.at < end for start, end in PEOPLE[login].away)


@given(histories())
def test_no_message_names_a_wait_that_has_not_begun_or_is_over(history):
    for message in run(*history, UNTIL)[0]:
        assert message.nudges
        for nudge in message.nudges:
            wait = nudge.standing.wait
            assert wait.since <= message.at
            assert wait.until is None or message.at < wait.until


@given(histories())
def test_a_rung_is_sent_once_in_order_and_never_early(history):
    standings, rules = history
    heard = Counter()
    for message in run(standings, rules, UNTIL)[0]:
        for standing, rung in message.nudges:
            heard[standing.id, rung] += 1
            age = standing.clock.age(message.at)
            if rung == HEADS_UP:
                assert rules.heads_up * standing.target <= age < standing.target
            elif rung == "escalation":
                assert message.to == "#acme/shop"
                assert age >= rules.escalate * standing.target
            else:
                assert age >= standing.target
            if rung.startswith("repeat"):
                last = max(at for name, at in standing.sent.items() if name != "escalation")
                assert age - standing.clock.age(last) >= rules.repeat
    assert set(heard.values()) <= {1}


@given(histories())
def test_messages_to_a_person_keep_ten_working_minutes_apart_and_the_days_limit(history):
    standings, rules = history
    for login, got in to_people(run(standings, rules, UNTIL)[0]).items():
        calendar = PEOPLE[login].calendar
        for one, next_one in pairwise(got):
            assert calendar.working(one.at, next_one.at) >= GATHER
        assert max(Counter(calendar.local_date(one.at) for one in got).values()) <= rules.max_messages_per_day


@given(histories())
def test_a_breach_is_told_at_the_first_instant_it_may_be(history):
    standings, rules = history
    messages, unreachable = run(standings, rules, UNTIL)
    told = {(nudge.standing.id, nudge.rung): message.at for message in messages for nudge in message.nudges}
    of = to_people(messages)
    for standing in standings:
        wait, clock = standing.wait, standing.clock
        end = UNTIL if wait.until is None else min(wait.until - 1, UNTIL)
        due = clock.reaches(standing.target, end)
        if due is None or due > end:
            assert (standing.id, BREACH) not in told
            continue
        if wait.on == "dan":
            assert unreachable["dan"]
            assert (standing.id, BREACH) not in told
            continue
        expected = first_chance(standing, due, end, rules, of.get(wait.on, []))
        assert told.get((standing.id, BREACH)) == expected


def first_chance(standing: Standing, due: int, end: int, rules: NudgeRules, got: list[Message]) -> int | None:
    """Minute by ten minutes: the first instant from `due` on at which every promise lets the breach through."""
    clock, wait = standing.clock, standing.wait
    terms = Recipient(NINE_TO_FIVE) if wait.team else PEOPLE[wait.on]
    # Everything in these histories happens on whole ten minutes but messages gathered across days and odd ages.
    candidates = sorted({due, *(one.at for one in got), *range(due - due % 600, end + 1, 600)})
    for at in candidates:
        if not due <= at <= end or clock.on_hold(at):
            continue
        if wait.team:
            return at
        earlier = [one.at for one in got if one.at < at]
        a_day = sum(terms.calendar.local_date(one) == terms.calendar.local_date(at) for one in earlier)
        if (
            terms.calendar.is_working(at)
            and not any(start <= at < stop for start, stop in terms.away)
            and (not earlier or terms.calendar.working(earlier[-1], at) >= GATHER)
            and a_day < rules.max_messages_per_day
        ):
            return at
    return None


def requested(item: int, at: int, reviewer: str = "alice"):
    common = {"repo": "acme/shop", "item": item, "actor": "bob"}
    return [
        flow_event(id=f"{item}-o", at=at, kind="opened", type="pull_request", draft=False, **common),
        flow_event(id=f"{item}-r", at=at, kind="review_requested", reviewer=reviewer, seq=1, **common),
    ]


POLICY = parse_policy('[targets]\nreview = "8h"\n', "weir.toml")


def told(policy: Policy, *events, until: str = "2026-04-01T00:00:00Z") -> list[str]:
    result = replay([event for some in events for event in some], policy, 0, parse_instant(until))
    return [as_json(message) for message in result.messages]


def test_a_forgotten_review_climbs_the_whole_ladder():
    lines = told(POLICY, requested(12, MONDAY + 9 * HOUR))
    span = '"since":"2026-03-02T09:00:00Z","due":"2026-03-02T17:00:00Z"'
    wait = f'"waits":[{{"repo":"acme/shop","item":12,"kind":"review",{span}}}]'
    assert lines == [
        f'{{"at":"2026-03-02T15:00:00Z","to":"alice","rung":"heads_up",{wait}}}',
        f'{{"at":"2026-03-03T09:00:00Z","to":"alice","rung":"breach",{wait}}}',
        f'{{"at":"2026-03-03T17:00:00Z","to":"#acme/shop","rung":"escalation",{wait}}}',
        f'{{"at":"2026-03-04T09:00:00Z","to":"alice","rung":"repeat",{wait}}}',
        f'{{"at":"2026-03-05T09:00:00Z","to":"alice","rung":"repeat",{wait}}}',
    ]


def test_waits_due_together_come_as_one_message_most_overdue_first():
    lines = told(
        POLICY, requested(12, MONDAY + 9 * HOUR), requested(13, MONDAY + 8 * HOUR), until="2026-03-02T23:00:00Z"
    )
    assert len(lines) == 1
    assert lines[0].index('"item":12') < lines[0].index('"item":13')


def test_a_teams_channel_hears_one_rung_of_a_wait_at_a_time():
    policy = parse_policy('[targets]\nreview = "1h"\n[nudges]\nrepeat = "1h"\n', "weir.toml")
    common = {"repo": "acme/shop", "item": 12, "actor": "bob", "at": MONDAY + 9 * HOUR}
    events = [
        flow_event(id="o", kind="opened", type="pull_request", **common),
        flow_event(id="r", kind="review_requested", team="core", seq=1, **common),
    ]
    result = replay(events, policy, 0, MONDAY + 11 * HOUR)
    assert [(message.at - MONDAY, message.rung, len(message.named)) for message in result.messages] == [
        (9.75 * HOUR, "heads_up", 1), (10 * HOUR, "breach", 1), (11 * HOUR, "escalation", 1)]  # fmt: skip
    assert as_json(result.messages[-1]).count('"item":12') == 1
    later = replay(events, policy, 0, MONDAY + 13 * HOUR)
    assert [message.at - MONDAY for message in later.messages[3:]] == [12 * HOUR]


def test_without_targets_nobody_is_ever_nudged():
    assert told(Policy(), requested(12, MONDAY)) == []


def test_where_the_policy_maps_people_the_others_get_nothing_and_are_counted():
    policy = parse_policy('[targets]\nreview = "8h"\n[people.alice]\nslack = "U0ALICE"\n', "weir.toml")
    events = requested(12, MONDAY) + requested(13, MONDAY, "erin")
    result = replay(events, policy, 0, parse_instant("2026-04-01T00:00:00Z"))
    assert {message.to for message in result.messages} == {"alice", "#acme/shop"}
    assert result.unreachable == Counter({"erin": 1})


@pytest.mark.parametrize("days", [0, 1, 5])
def test_only_messages_of_the_period_asked_for_are_listed(days):
    start = MONDAY + days * 86_400
    every = replay(requested(12, MONDAY + 9 * HOUR), POLICY, 0, UNTIL).messages
    part = replay(requested(12, MONDAY + 9 * HOUR), POLICY, start, start + int(timedelta(days=1).total_seconds()))
    assert part.messages == [one for one in every if start <= one.at <= start + 86_400]
