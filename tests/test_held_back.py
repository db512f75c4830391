"""A share of nudges held back at random: a wait wholly or not at all, all promises kept, and what is learnt of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messages_desk import HTTP, desk_of, world_of
from sqlalchemy import Engine, text
from world import MONDAY, POLICY, World

from bot.backtest import replay
from bot.experiments.holding_back import comparison_of
from bot.flow.bootstrap import FEWEST
from bot.flow.holding_back import MATURE, Comparison, Trial, compare, is_drawn
from bot.flow.ladder import HELD_BACK
from bot.policy import parse_policy
from bot.store import events
from bot.store.engine import reading
from bot.store.figures import figures
from bot.store.outbox import TRIAL, WITH_NUDGES
from bot.views.held_back import nudges, nudges_lines, set_to

HOUR, DAY = 3600, 86_400
HALF = POLICY + "[nudges]\nhold_back = 0.5\nmax_messages_per_person_per_day = 100\n"
MANY = range(1, 25)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, HALF) as made:
        yield made


def ask_for_many(world: World) -> None:
    for item in MANY:
        world.ask("alice", item=item, title=f"Change {item}")


def rungs(world: World) -> dict[int, dict[str, str]]:
    """By item: the rungs of alice's review, each with the message that carries it."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    asked = "SELECT item, rung, outbox_id FROM nudges JOIN waits ON id = wait_id WHERE kind = 'review'"
    with world.engine.connect() as connection:
        for item, rung, message in connection.execute(text(asked)):
            found[item][rung] = message
    return found


def held(world: World) -> set[int]:
    return {item for item, own in rungs(world).items() if HELD_BACK in own}


def named(texts: list[str]) -> set[int]:
    """The items that messages name."""
    return {int(number) for one in texts for number in re.findall(r"acme/shop#(\d+)", one)}


# What is held back, and what is not


def test_a_wait_is_held_back_wholly_or_not_at_all(world: World) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    out = held(world)
    assert 0 < len(out) < len(MANY)
    world.wait(days=8)
    assert held(world) == out
    for item, own in rungs(world).items():
        carried = {rung for rung, message in own.items() if message != TRIAL}
        if item in out:
            assert own.keys() == {HELD_BACK, "heads_up", "breach", "repeat:1", "repeat:2", "escalation"}
            assert carried == {"escalation"}, "its channel hears as ever"
        else:
            assert own.keys() - carried == {WITH_NUDGES}
            assert carried == {"heads_up", "breach", "repeat:1", "repeat:2", "escalation"}
    assert named(world.texts("U0ALICE")).isdisjoint(out)


def test_who_switched_it_off_is_told_nothing_late_and_new_waits_are_nudged(world: World) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    out = held(world)
    world.set_policy(POLICY)
    world.ask("alice", item=99)
    world.wait(days=8)
    assert named(world.texts("U0ALICE")).isdisjoint(out), "what is held back stays so until it is over"
    assert set(rungs(world)[99]) == {"heads_up", "breach", "repeat:1", "repeat:2", "escalation"}


def test_a_larger_share_holds_nobody_back_who_was_nudged_before(world: World) -> None:
    world.set_policy(POLICY)
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    world.set_policy(HALF)
    world.wait(days=8)
    assert held(world) == set()
    assert not any(WITH_NUDGES in own for own in rungs(world).values()), "they were never drawn"


def test_what_an_author_asks_for_goes_and_only_once(world: World, tmp_path: Path) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    item = min(held(world))
    before = len(world.texts("U0ALICE"))
    with desk_of(world, HTTP, tmp_path) as desk:
        assert "alice hears of it" in desk.flow(f"nudge #{item}", "U0BOB")["text"]
    world.wait(minutes=15)
    told = world.texts("U0ALICE")[before:]
    assert named(told) == {item}
    assert "bob asks" in told[0] or "bob asked" in told[0]
    world.wait(days=8)
    assert item not in named(world.texts("U0ALICE")[before + 1 :])


def test_an_ask_that_comes_with_a_rung_that_is_held_back_is_not_lost(world: World, tmp_path: Path) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    item = min(held(world))
    world.wait(hours=1, minutes=58)
    with desk_of(world, HTTP, tmp_path) as desk:
        desk.flow(f"nudge #{item}", "U0BOB")
    before = len(world.texts("U0ALICE"))
    world.clock.advance(minutes=3)  # the breach falls due, before the worker comes to either
    world.wait(days=1)
    assert item in named(world.texts("U0ALICE")[before:])


def test_mornings_do_not_name_it_and_a_morning_with_nothing_else_is_none(world: World) -> None:
    world.morning = True
    world.tick()
    world.clock.advance(hours=3)
    ask_for_many(world)
    world.wait(hours=21, minutes=1)
    out = held(world)
    assert 0 < len(out) < len(MANY)
    assert named(world.texts("U0ALICE")).isdisjoint(out)
    assert "Weir holds some back at random: /flow waits shows everything." in world.texts("U0ALICE")[-1]
    for item in set(MANY) - out:
        world.review("alice", item=item)
    before = len(world.texts("U0ALICE"))
    world.wait(days=3)
    assert world.texts("U0ALICE")[before:] == []


def test_nothing_of_the_kind_is_noted_while_it_is_off(world: World) -> None:
    world.set_policy(POLICY)
    ask_for_many(world)
    world.wait(days=3)
    assert not any({HELD_BACK, WITH_NUDGES} & own.keys() for own in rungs(world).values())


def test_the_metrics_count_what_was_claimed_and_not_what_was_held_back(world: World) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    with reading(world.engine) as session:
        told = figures(session, "default", world.now).nudges
    assert told == {("heads_up",): len(MANY) - len(held(world))}


def test_a_back_test_takes_no_notice_of_it(world: World) -> None:
    ask_for_many(world)
    with reading(world.engine) as session:
        histories = events.of_items(session, "default", [("github", "acme/shop", item) for item in MANY])
    known = [one for some in histories.values() for one in some]
    sent = [
        replay(known, parse_policy(policy, "x"), MONDAY, MONDAY + 9 * DAY).messages
        for policy in (HALF, HALF.replace("hold_back = 0.5", ""))
    ]
    assert sent[0] == sent[1] != []


@given(st.integers(0, 2**62), st.floats(0, 0.5))
def test_the_draw_is_the_same_everywhere_and_a_larger_share_holds_back_more(id_: int, share: float) -> None:
    assert is_drawn(id_, "a", share) == is_drawn(id_, "a", share)
    assert not is_drawn(id_, "a", share) or is_drawn(id_, "a", min(1.0, share + 0.1))
    assert not is_drawn(id_, "a", 0)


def test_about_as_many_are_drawn_as_were_asked_for() -> None:
    assert 900 < sum(is_drawn(id_, "salt", 0.1) for id_ in range(10_000)) < 1100


@pytest.mark.parametrize("value", ["0.6", "-0.1", "true", '"10%"', "nan"])
def test_no_more_than_half_can_be_held_back(value: str) -> None:
    with pytest.raises(Exception, match=r"nudges\.hold_back"):
        parse_policy(f"[nudges]\nhold_back = {value}\n", "weir.toml")


# What is learnt of it


def trial(held_back: bool, hours: float, *, kept: bool | None = True, **more: object) -> Trial:
    one = Trial(held_back, MONDAY, int(hours * HOUR), kept is None, kept)
    return one._replace(**more)  # type: ignore[arg-type]


TOLD = [
    *(trial(held_back=False, hours=hours, kept=hours < 5) for hours in (1, 1, 2, 2, 3, 3, 4, 4, 5, 6)),
    *(trial(held_back=True, hours=hours, kept=hours < 5) for hours in (6, 7, 7, 8, 8, 9, 9, 12)),
]
LATER = MONDAY + MATURE


def test_waits_with_nudges_are_compared_with_those_without() -> None:
    told = compare([*TOLD, trial(held_back=False, hours=1, since=LATER - 60)], LATER)
    assert told.with_[:5] == (10, 0, 3 * HOUR, 8, 10)
    assert told.without[:5] == (8, 0, 8 * HOUR, 0, 8)
    assert told.young == 1
    assert told.shorter is not None
    assert (told.shorter.value, told.shorter.is_noise) == (5 * HOUR, False)


def test_which_way_it_goes() -> None:
    told = compare(TOLD, LATER)
    assert nudges_lines(told) == [
        "• with nudges: 10 waits, half over within 3h of the first due nudge, 8 of 10 within target",
        "• held back: 8 waits, half over within 8h of the first due nudge, 0 of 8 within target",
        "*With nudges waits are over 5h sooner* (95% interval 3h sooner to 7h sooner). "
        "Within target: +80 percentage points (95% interval +35 to +94).",
    ]


def test_the_other_way_round_is_said_as_plainly() -> None:
    told = compare([one._replace(held_back=not one.held_back) for one in TOLD], LATER)
    assert nudges_lines(told)[2].startswith("*With nudges waits are over 5h later*")


def test_what_is_open_counts_by_its_time_so_far_and_wrong_pings_stand_beside() -> None:
    more = [trial(held_back=True, hours=30, kept=None), *(replace_wrong(one) for one in TOLD[:3])]
    told = compare([*TOLD[3:], *more], LATER)
    assert (told.without.n, told.without.open, told.without.median) == (9, 1, 8 * HOUR)
    assert nudges_lines(told)[0].endswith("3 called wrong (30%)")
    assert nudges_lines(told)[1].endswith("1 still open, by their time so far")


def replace_wrong(one: Trial) -> Trial:
    return one._replace(wrong=True)


def test_too_few_and_nothing_at_all_are_said() -> None:
    told = compare(TOLD[:12], LATER)
    assert nudges_lines(told)[2] == f"Too few to tell: {FEWEST} on each side are needed."
    assert nudges_lines(compare([], LATER)) == []
    young = nudges_lines(compare(TOLD, LATER - 1))
    assert young[-1] == "18 waits whose first nudge fell due in the last 7 days count later."


def test_the_comparison_is_made_of_what_was_drawn(world: World) -> None:
    ask_for_many(world)
    world.wait(hours=7)
    out = held(world)
    for item in MANY:
        if item not in out:
            world.tell(world.fact("merged", item=item))
    world.wait(days=8)
    told = comparison_of(world.ctx(), world.now)
    assert told.with_ == (len(MANY) - len(out), 0, HOUR, len(MANY) - len(out), len(MANY) - len(out), 0)
    assert (told.without.n, told.without.open, told.without.kept, told.without.known) == (
        len(out),
        len(out),
        0,
        len(out),
    )
    assert told.young == 0


def test_the_answer_for_administrators_whole(world: World) -> None:
    message = nudges(0.1, compare(TOLD, LATER))
    assert message.text.splitlines()[0] == (
        "Do the nudges help? About 10% of waits are held back at random. Of the last 90 days, in working time:"
    )
    empty: Comparison = compare([], LATER)
    assert "Nothing was held back yet." in nudges(0, empty).text
    assert set_to(0, 3).text == "No more nudges are held back; 3 waits held back by now stay so until they are over."
    assert set_to(0.1, 0).text.startswith("Of waits whose first nudge falls due from now on, about 10% are held back")


def test_whoever_wonders_why_they_heard_nothing_is_told(world: World, tmp_path: Path) -> None:
    ask_for_many(world)
    world.wait(hours=6, minutes=1)
    out = min(held(world))
    nudged = min(set(MANY) - held(world))
    line = "I hold my own nudges about it back, drawn at random, to learn whether nudges help."
    with desk_of(world, HTTP, tmp_path) as desk:
        assert line in desk.flow(f"why #{out}")["text"]
        assert line not in desk.flow(f"why #{nudged}")["text"]
