"""What people answer and ask for, on the ladder: quiet is kept, and what was asked is told once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from test_backtest import HOUR, MONDAY, NINE_TO_FIVE, PEOPLE, UNTIL, histories, run, standing_of, wait_on

from bot.flow.calendar import WaitClock
from bot.flow.ladder import (
    ASKED,
    BREACH,
    ESCALATION,
    FOREVER,
    HEADS_UP,
    MORNING,
    REMINDER,
    NudgeRules,
    Rung,
    Standing,
    decide,
    holder_rung,
    next_look,
)

DAY = 86_400
RULES = NudgeRules()
NINE = MONDAY + 9 * HOUR


@st.composite
def answered(draw) -> tuple[list[Standing], NudgeRules]:
    """Histories in which holders want quiet, somebody asks them, and some waits have no target."""
    standings, rules = draw(histories())
    found = []
    for one in standings:
        quiet = draw(st.one_of(st.just(0), st.just(FOREVER), st.integers(0, 20 * 24).map(lambda h: MONDAY + h * HOUR)))
        asked = [Rung(f"{ASKED}:{at}", at) for at in draw(st.lists(st.integers(0, 300 * 24), max_size=2, unique=True))]
        asked = [rung._replace(at=one.wait.since + rung.at * 60) for rung in asked]
        target = one.target if draw(st.booleans()) else None
        found.append(replace(one, quiet=quiet, asked=tuple(asked), target=target))
    return found, rules


@given(answered())
def test_nobody_hears_of_a_wait_before_they_want_to(history):
    standings, rules = history
    for message in run(standings, rules, UNTIL)[0]:
        for nudge in message.nudges:
            if nudge.rung != ESCALATION:
                assert message.at >= nudge.standing.quiet


@given(answered())
def test_what_was_asked_is_told_once_and_not_before_it_was_asked(history):
    standings, rules = history
    told = [
        (nudge.standing.id, nudge.rung, message.at)
        for message in run(standings, rules, UNTIL)[0]
        for nudge in message.nudges
        if nudge.step == ASKED
    ]
    assert len({(place, rung) for place, rung, _ in told}) == len(told)
    for place, rung, at in told:
        assert at >= next(one.at for one in standings[place].asked if one.name == rung)


@given(answered())
def test_without_a_target_only_what_was_asked_is_told(history):
    standings, rules = history
    for message in run(standings, rules, UNTIL)[0]:
        assert all(nudge.standing.target is not None or nudge.step == ASKED for nudge in message.nudges)


@given(answered())
def test_what_was_asked_of_somebody_who_can_hear_is_told_or_answered_by_another_nudge(history):
    """Whatever is open for two more weeks, with nothing in the way."""
    standings, rules = history
    sent = {}
    for message in run(standings, rules, UNTIL)[0]:
        for nudge in message.nudges:
            if nudge.rung != ESCALATION or nudge.standing.wait.team:
                sent.setdefault(nudge.standing.id, []).append(message.at)
    for one in standings:
        reachable = one.wait.team or PEOPLE[one.wait.on] is not None
        late = max((rung.at for rung in one.asked), default=UNTIL)
        free = one.wait.until is None and not one.wait.reds and one.quiet < FOREVER
        if reachable and free and max(late, one.quiet) < UNTIL - 30 * DAY:
            assert any(at >= late for at in sent.get(one.id, [])), one


def review(**more) -> Standing:
    return replace(standing_of(wait_on("alice", NINE, None), 8 * HOUR, 0), clock=_nine_to_five(), **more)


def _nine_to_five():
    return WaitClock(NINE, None, NINE_TO_FIVE)


def test_a_snooze_ends_with_a_reminder_where_nothing_else_is_due():
    until = NINE + HOUR
    one = review(quiet=until, asked=(Rung(f"{REMINDER}:{until}", until),))
    assert holder_rung(one, RULES, NINE) == Rung(f"{REMINDER}:{until}", until)
    after = replace(one, sent={f"{REMINDER}:{until}": until})
    assert holder_rung(after, RULES, until) == Rung(HEADS_UP, NINE + 6 * HOUR)


def test_a_breach_that_fell_due_meanwhile_goes_in_place_of_the_reminder():
    until = NINE + DAY
    one = review(quiet=until, asked=(Rung(f"{REMINDER}:{until}", until),), sent={HEADS_UP: NINE + 6 * HOUR})
    assert holder_rung(one, RULES, until) == Rung(BREACH, until)
    after = replace(one, sent={**one.sent, BREACH: until})
    assert holder_rung(after, RULES, until) == Rung("repeat:1", until + 8 * HOUR)


def test_a_morning_message_takes_the_place_of_the_heads_up_but_not_of_the_breach():
    one = review(sent={f"{MORNING}:2026-03-03": NINE + HOUR})
    assert holder_rung(one, RULES, NINE + 2 * HOUR) == Rung(BREACH, NINE + 8 * HOUR)


def test_a_wrong_ping_is_never_said_to_that_person_again_and_the_channel_still_hears():
    one = review(quiet=FOREVER, sent={HEADS_UP: NINE + 6 * HOUR})
    assert holder_rung(one, RULES, NINE + 7 * HOUR) is None
    assert next_look(one, RULES, NINE + 7 * HOUR) == NINE + DAY + 8 * HOUR


def test_somebody_away_for_who_knows_how_long_is_reachable_and_hears_nothing():
    away = replace(PEOPLE["alice"], calendar=NINE_TO_FIVE, away=((NINE, None),))
    decision = decide([review()], lambda login: away, lambda repo: True, RULES, NINE + 8 * HOUR)
    assert (decision.messages, decision.unreachable) == ([], [])
