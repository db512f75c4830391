"""What always holds of the flow metrics."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.flow.calendar import Calendar, WaitClock
from bot.flow.metrics import FlowFigures, figures
from bot.flow.metrics.items import end_of
from bot.flow.metrics.waited import stay_of
from bot.flow.stages import Journey, Visit
from bot.flow.stream import Stage, Stream
from bot.flow.waits import Wait
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, UNCLASSIFIED, Work

DAY = 86_400
START = 1_772_409_600
"""A Monday's midnight UTC."""
SPAN = 40 * DAY
STREAM = Stream(
    "Shop",
    (
        Stage("Coding", active=True, target=8 * 3600),
        Stage("Review", active=False, target=4 * 3600),
        Stage("QA", active=True),
        Stage("Live", active=False),
    ),
)
CALENDAR = Calendar("Europe/Berlin", country="DE")
INSTANTS = st.integers(START - 20 * DAY, START + SPAN)


@st.composite
def works(draw: Any, number: int = 1) -> Work:
    """An item that may be done, dropped or under way; its types change as they please."""
    instants = sorted(draw(st.sets(INSTANTS, min_size=1, max_size=6)))
    stages = [draw(st.sampled_from(["Coding", "Review", "QA"])) for _ in instants]
    ending = draw(st.sampled_from(["done", "dropped", "going"])) if len(instants) > 1 else "going"
    done = instants[-1] if ending == "done" else None
    dropped = instants[-1] if ending == "dropped" else None
    if done is not None:
        stages[-1] = "Live"
    if dropped is not None:
        stages.pop()
    ends = [*instants[1:], None][: len(stages)]
    visits = tuple(Visit(stage, at, end) for stage, at, end in zip(stages, instants, ends, strict=False))
    types = draw(st.lists(st.sampled_from([FEATURE, DEFECT, RISK, DEBT, UNCLASSIFIED]), min_size=1, max_size=3))
    changes = sorted(draw(st.sets(INSTANTS, min_size=len(types), max_size=len(types))))
    end = done or dropped
    kept = [(at, kind) for at, kind in zip(changes, types, strict=True) if end is None or at <= end]
    return Work(
        Journey(("github", "acme/shop", number), None, visits, done, dropped),
        tuple(kept) or ((instants[0], types[0]),),
        draw(st.booleans()) and draw(st.booleans()),
    )


@st.composite
def many(draw: Any) -> list[Work]:
    return [draw(works(number)) for number in range(1, draw(st.integers(1, 8)) + 1)]


@st.composite
def periods(draw: Any, cuts: int = 2) -> list[int]:
    return sorted(draw(st.sets(st.integers(START - 5 * DAY, START + SPAN), min_size=cuts, max_size=cuts)))


def measured(known: list[Work], since: int, until: int, now: int = START + SPAN) -> FlowFigures:
    stays = [
        stay_of(
            Wait("acme/shop", one.journey.key[2], one.journey.began_at, "review", "bob", False, "github",
                 end_of(one.journey), None),
            WaitClock(one.journey.began_at, end_of(one.journey), CALENDAR,
                      reds=[(one.journey.began_at + DAY, one.journey.began_at + 2 * DAY)],
                      away=[(START + 3 * DAY, START + 6 * DAY)]),
            8 * 3600,
        )
        for one in known if not one.bot
    ]  # fmt: skip
    return figures(STREAM, known, lambda _: CALENDAR, since, until, now, days=CALENDAR, stays=stays, usual=40 * 3600)


def people(known: list[Work]) -> list[Journey]:
    return [one.journey for one in known if not one.bot]


@given(many(), periods())
def test_the_integral_of_load_is_the_time_that_items_spent_in_the_window(known, period):
    since, until = period
    spent = 0
    for one in people(known):
        end = end_of(one)
        spent += max(0, min(until, until if end is None else end) - max(since, one.began_at))
    assert measured(known, since, until).load.item_seconds == spent


@given(many(), periods())
def test_load_is_the_sum_over_types_and_balances(known, period):
    told = measured(known, *period)
    assert sum(told.load.by_type.values()) == told.load.items == len(told.going) == told.ages.n
    assert told.load.ended == told.velocity + told.dropped


@given(many(), periods(3))
def test_windows_add_up(known, cuts):
    first, middle, last = cuts
    early, late, whole = (measured(known, *span) for span in ((first, middle), (middle, last), (first, last)))
    assert early.done + late.done == whole.done
    assert early.dropped + late.dropped == whole.dropped
    assert early.active_time + late.active_time == whole.active_time
    assert early.waiting_time + late.waiting_time == whole.waiting_time
    assert early.load.items == late.load.before
    assert early.load.item_seconds + late.load.item_seconds == whole.load.item_seconds
    assert late.going == whole.going
    assert early.bots.done + late.bots.done == whole.bots.done
    for a, b, both in zip(early.stages, late.stages, whole.stages, strict=True):
        assert a.lost + b.lost == both.lost
        assert a.times.n + b.times.n == both.times.n
        assert a.kept + b.kept == both.kept
        assert a.samples + b.samples == both.samples
    lost = [sum(one.lost for one in told.kinds) for told in (early, late, whole)]
    assert lost[0] + lost[1] == lost[2]


@given(many(), periods(), st.randoms())
def test_the_order_in_which_items_come_does_not_matter(known, period, random):
    shuffled = list(known)
    random.shuffle(shuffled)
    assert measured(shuffled, *period) == measured(known, *period)


@given(many(), periods())
def test_each_stay_is_in_a_stage_or_open_or_outside(known, period):
    since, until = period
    told = measured(known, since, until)
    for stage in told.stages:
        stays = [stay for one in people(known) for stay in one.visits if stay.stage == stage.name]
        ended = [stay for stay in stays if stay.until is not None and since <= stay.until < until]
        lasting = [stay for stay in stays if stay.since < until and (stay.until is None or stay.until >= until)]
        assert (stage.times.n, len(stage.open)) == (len(ended), len(lasting))


@given(many(), periods())
def test_what_is_done_is_active_or_waiting_all_the_time(known, period):
    for one in measured(known, *period).done:
        assert one.active + one.waiting == one.flow_time


@given(many(), periods())
def test_shares_are_of_one_whole(known, period):
    told = measured(known, *period)
    assert told.distribution is None or abs(sum(told.distribution.values()) - 1) < 1e-9
    assert (told.distribution is None) == (told.velocity == 0)
    assert told.predictability.share is None or 0 <= told.predictability.share <= 1


@given(many(), periods())
def test_items_of_bots_change_no_figure_but_their_own(known, period):
    told, alone = measured(known, *period), measured([one for one in known if not one.bot], *period)
    assert told._replace(bots=alone.bots) == alone


@given(many(), periods())
def test_what_is_open_grows_older_with_the_clock(known, period):
    since, until = period
    told, later = measured(known, since, until), measured(known, since, until + 7 * DAY, until + 7 * DAY)
    ages = {one.key: one.calendar_age for one in told.going}
    assert all(one.calendar_age == ages[one.key] + 7 * DAY for one in later.going if one.key in ages)
