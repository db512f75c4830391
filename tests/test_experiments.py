"""What came of something that was tried: how it is reckoned, what words begin it, and how it is told."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date
from random import Random

import pytest
from fake_slack import content_error
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.experiments import FLOW_TIME, HELD, LONGER, NOISE, PART, TOO_FEW, Half, Result, result_of
from bot.grammar import Misread, parse
from bot.grammar.values import DayWords, ExperimentWords, TryWords
from bot.views.experiments import Shown, begun, experiment, experiments, extending, lines_of, outcome
from bot.views.message import Message
from bot.views.pages import Again

HOUR = 3600
NOW = 1_800_000_000  # Friday 15 January 2027
TODAY = date(2027, 1, 15)


def hours(*values: float) -> list[int]:
    return sorted(int(value * HOUR) for value in values)


BEFORE = {"review": hours(10, 20, 22, 24, 30, 31, 40, 50), "merge": hours(1, 1, 2, 2, 3, 3, 4, 4)}
SINCE = {"review": hours(3, 4, 6, 7, 9, 12, 30), "merge": hours(1, 1, 2, 2, 3, 3, 4, 5)}


# How it is reckoned


def test_the_worked_example_of_the_handbook_held() -> None:
    told = result_of("review", -70, BEFORE, SINCE, hours(2, 30))
    assert (told.before, told.after) == (Half(8, 24 * HOUR), Half(7, 7 * HOUR))
    assert told.verdict == HELD
    assert (told.open, told.overdue) == (2, 1)


@pytest.mark.parametrize(
    ("goal", "since", "verdict"),
    [
        (-71, (3, 4, 6, 7, 9, 12, 30), HELD),
        (-72, (3, 4, 6, 7, 9, 12, 30), PART),
        (-10, (9, 21, 22, 23, 30, 31, 39), NOISE),
        (-10, (60, 61, 62, 63, 70, 71, 79), LONGER),
        (-10, (1, 1, 1, 1, 1), TOO_FEW),
        (-10, (), TOO_FEW),
    ],
)
def test_each_thing_that_may_come_of_it(goal: int, since: tuple[float, ...], verdict: str) -> None:
    assert result_of("review", goal, BEFORE, {"review": hours(*since)}).verdict == verdict


def test_a_large_change_that_may_be_chance_did_not_hold() -> None:
    wild = {"review": hours(1, 1, 1, 5, 60, 70)}
    told = result_of("review", -50, BEFORE, wild)
    assert told.change is not None
    assert (told.change.value < -0.9, told.verdict) == (True, NOISE)


def test_nothing_is_no_zero() -> None:
    told = result_of("review", -50, {}, {})
    assert (told.before, told.after, told.change) == (Half(0, None), Half(0, None), None)


def test_what_else_moved_is_told_and_noise_is_not() -> None:
    was = {**BEFORE, "rework": hours(*range(10, 20)), FLOW_TIME: hours(*range(50, 80))}
    now = {**SINCE, "rework": hours(*range(40, 60)), FLOW_TIME: hours(*range(50, 81)), "fix": hours(1, 1, 1, 1, 1, 1)}
    moved = result_of("review", -50, was, now).moved
    assert [one.name for one in moved] == ["rework"]
    assert result_of("review", -50, was, now, beside=False).moved == ()


def test_of_many_things_that_only_vary_nearly_none_is_said_to_have_moved() -> None:
    draws, found = Random(3), 0
    for _ in range(30):
        was, now = (
            {f"stage {place}": sorted(draws.randrange(1, 10_000) for _ in range(20)) for place in range(7)}
            for _ in range(2)
        )
        found += bool(result_of("stage 0", -50, was, now).moved)
    assert found <= 3, "5% of the times, for all of them together"


# The words that begin one


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"pair up" review -70% by 2027-01-31', TryWords("pair up", ("review",), -70, DayWords("2027-01-31"))),
        ("“pair up” acme/shop re-review −5 % until friday",
         TryWords("pair up", ("acme/shop", "re-review"), -5, DayWords("friday"))),
        ("„don’t wait“ Shop QA – 30% by 31 Jan", TryWords("don't wait", ("Shop", "QA"), -30, DayWords("31 Jan"))),
        ('"cut by 50% in two" merge -50% by in 3 weeks',
         TryWords("cut by 50% in two", ("merge",), -50, DayWords("in 3 weeks"))),
    ],
)  # fmt: skip
def test_what_is_tried_can_be_said_in_several_ways(text: str, value: TryWords) -> None:
    assert parse(f"try {text}").value == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"x" review +0% by friday', "“+0%” is no way to be shorter."),
        ('"x" review -0% by friday', "“-0%” is no way to be shorter."),
        ('"x" review +20% by friday', "“+20%” is no way to be shorter."),
        ('"x" review -120% by friday', "“-120%” is no way to be shorter."),
        ('"x" review -100% by friday', "“-100%” is no way to be shorter."),
        ('"x" review 70% by friday', "“70%” may be how much shorter or how much is left."),
        ('"x" review by friday', "By how much it is to be shorter is missing."),
        ('"x" review -70%', "By when is missing."),
        ('"x" review -70% by', "The day behind “by” is missing."),
        ('"x" review -70% friday', "“friday” stands where `by` and a day belong."),
        ('"x" review -70% by someday', "“someday” is no day that I can make out."),
        ('"x" -70% by friday', "Which stage or kind of wait is to be shorter is missing."),
        ("-70% by friday", "What you try is missing."),
        ('"x review -70% by friday', "A quote is opened and not closed."),
        (f'"{"x" * 151}" review -70% by friday', "What you try is too long."),
    ],
)
def test_odd_words_get_one_line(text: str, problem: str) -> None:
    with pytest.raises(Misread) as refused:
        parse(f"try {text}")
    assert str(refused.value) == problem
    assert refused.value.allowed


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for verb in ("try", "experiments"):
        with suppress(Misread):
            parse(f"{verb} {text}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ExperimentWords("all")),
        ("3", ExperimentWords("one", 3)),
        ("keep 3", ExperimentWords("keep", 3)),
        ("Drop #3", ExperimentWords("drop", 3)),
        ("extend 3", ExperimentWords("extend", 3)),
        ("extend 3 by 28 Feb", ExperimentWords("extend", 3, DayWords("28 Feb"))),
        ("nudges", ExperimentWords("nudges")),
        ("hold-back", ExperimentWords("hold-back")),
        ("hold-back 10%", ExperimentWords("hold-back", share=10)),
        ("hold-back off", ExperimentWords("hold-back", share=0)),
    ],
)
def test_what_is_asked_of_experiments(text: str, value: ExperimentWords) -> None:
    assert parse(f"experiments {text}").value == value


@pytest.mark.parametrize("text", ["keep", "keep all", "3 4", "keep 3 4", "hold-back 60%", "hold-back ten", "foo"])
def test_what_can_not_be_asked_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        parse(f"experiments {text}")


# How it is told


def shown(result: Result | None = None, **more: object) -> Shown:
    one = Shown(
        3, "pair on large changes", "kind", "review", "acme/shop", False, NOW - 30 * 86_400, "U0BOB",
        date(2027, 1, 31), result or result_of("review", -70, BEFORE, SINCE, hours(2, 30)), None, None, None, None,
    )  # fmt: skip
    return one._replace(**more)  # type: ignore[arg-type]


def fits(message: Message) -> Message:
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None
    return message


def test_a_digest_tells_how_one_stands_and_names_nobody() -> None:
    assert lines_of(shown(), TODAY) == [
        "*pair on large changes* (review in acme/shop):",
        "half took up to 24h of working time (n 8) before, half up to 7h (n 7) since: "
        "-71% (95% interval -87% to -40%); "
        "asked: -70% by Sunday 31 January.",
        "2 are not over yet, 1 of them for longer than 24h by now.",
    ]


def test_on_its_day_it_is_told_whether_it_held() -> None:
    message = fits(outcome(shown(measured_at=NOW), UTC, NOW))
    assert message.text.splitlines() == [
        "The day of an experiment has come: pair on large changes (review in acme/shop).",
        "It held. Half took up to 24h of working time (n 8) before, half up to 7h (n 7) since: "
        "-71% (95% interval -87% to -40%). "
        "Asked for: -70% by Sunday 31 January.",
        "2 are not over yet, 1 of them for longer than 24h by now.",
        "Nothing else moved by more than noise.",
    ]
    assert "[Keep it]" not in message.text
    assert [one["text"]["text"] for one in message.blocks[1]["elements"]] == ["Keep it", "Drop it", "Extend"]


def test_one_that_ended_has_no_buttons_and_says_who_ended_it() -> None:
    message = fits(experiment(shown(measured_at=NOW, ending="kept", ended_at=NOW, ended_by="U0ALICE"), UTC, NOW))
    assert message.text.splitlines()[-1].startswith("Kept by <@U0ALICE> on ")
    assert [one["type"] for one in message.blocks] == ["section", "context"]


def test_too_few_is_said_with_how_many_are_needed() -> None:
    few = result_of("review", -70, BEFORE, {"review": hours(1, 2)})
    assert "too few to tell, 6 on each side are needed" in lines_of(shown(few), TODAY)[1]
    few = result_of("review", -70, {"review": hours(1, 2)}, {})
    assert "of fewer than 6 nobody can tell noise from a change" in begun(shown(few), TODAY, None).text


def test_words_from_outside_are_no_markup() -> None:
    odd = shown(tried="<!channel> *now*", where="a<b", name="QA & co", sort="stage")
    for message in (fits(outcome(odd, UTC, NOW)), fits(experiments([odd], Again("experiments"), TODAY))):
        assert "<!channel>" not in str(message.blocks)
        assert "a<b" not in str(message.blocks)


def test_the_list_has_those_under_way_first_and_pages() -> None:
    told = [shown(number=number, ending="kept" if number % 2 else None, ended_at=NOW) for number in range(24, 0, -1)]
    message = fits(experiments(told, Again("experiments"), TODAY))
    assert message.text.startswith("12 experiments under way, 12 ended.")
    assert message.text.endswith("Page 1 of 3.")
    assert "It held" not in message.text
    assert "kept. It held." in experiments(told, Again("experiments", 3), TODAY).text


def test_until_when_it_goes_on_can_be_pressed() -> None:
    message = fits(extending(shown(), TODAY))
    labels = [one["text"]["text"] for one in message.blocks[1]["elements"]]
    assert labels == ["Until Sunday 14 February", "Until Sunday 28 February", "Until Sunday 28 March"]
