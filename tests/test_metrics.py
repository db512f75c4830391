"""The flow metrics: the examples that docs/metrics.md works by hand, and the edges."""

from __future__ import annotations

import re
from datetime import UTC, date
from pathlib import Path

from fake_slack import content_error

from bot.flow.calendar import Calendar, WaitClock
from bot.flow.common_types import COMMON
from bot.flow.events import ItemKey, flow_event, parse_instant
from bot.flow.measures import Aged, Times
from bot.flow.metrics import FlowFigures, Stay, figures, load_of, usual
from bot.flow.metrics.waited import stay_of
from bot.flow.stages import Journey, Visit
from bot.flow.stream import Fork, Responsible, Segment, Signal, Stage, Stream
from bot.flow.types import types_of
from bot.flow.waits import Wait
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK, UNCLASSIFIED, Work
from bot.views.message import Message
from bot.views.metrics import Metrics, Oldest, figures_said, metrics

HANDBOOK = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text()
HOUR, DAY = 3600, 86_400
MONDAY = parse_instant("2026-03-02T00:00:00Z")
SATURDAY = MONDAY + 5 * DAY
STREAM = Stream(
    "Shop",
    (
        Stage("Coding", active=True, responsible=Responsible("author")),
        Stage("Review", active=False, responsible=Responsible("reviewers"), target=4 * HOUR),
        Stage("QA", active=False, responsible=Responsible("team", "qa")),
        Stage("Live", active=False),
    ),
)


def march(day: int, clock: str = "00:00") -> int:
    return parse_instant(f"2026-03-{day:02}T{clock}:00Z")


def key(number: int) -> ItemKey:
    return ("github", "acme/shop", number)


def office(repo: str) -> Calendar:
    return Calendar()


def work(number: int, kind: str, way: str, *, bot: bool = False, **types: int) -> Work:
    """An item by its way as the handbook writes one: `2 09:00 Coding, 3 10:00 Live`; in March."""
    steps = [
        (march(int(day), clock), stage) for day, clock, stage in (step.split(" ", 2) for step in way.split(", "))
    ]  # fmt: skip
    dropped = steps.pop()[0] if steps[-1][1] == "dropped" else None
    ends = [*(at for at, _ in steps[1:]), dropped]
    visits = tuple(Visit(stage, at, end) for (at, stage), end in zip(steps, ends, strict=True))
    done = steps[-1][0] if steps[-1][1] == STREAM.last.name else None
    return Work(Journey(key(number), None, visits, done, dropped), ((steps[0][0], kind),), bot)


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the handbook."""
    table = re.search(r"\n\|.*\n\| ---.*\n((?:\|.*\n)+)", HANDBOOK[HANDBOOK.index(f"# {heading}\n") :])
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


WORKS = [work(int(item[1:]), kind, way, bot=item == "#6") for item, kind, way in rows("The example")]
REVIEWS = [
    stay_of(
        Wait("acme/shop", item, march(*since), "review", who, False, "github", march(*until), "review_submitted"),
        WaitClock(march(*since), march(*until), Calendar(), away=away),
        4 * HOUR,
    )
    for item, who, since, until, away in (
        (1, "bob", (2, "11:00"), (2, "15:00"), ()),
        (3, "carol", (5, "13:00"), (6, "15:00"), ((march(5), march(6)),)),
    )
]


def measured(
    *works: Work, since: int = MONDAY, until: int = SATURDAY, now: int = SATURDAY, agreed: int | None = 12 * HOUR,
    before: int | None = None, stays: list[Stay] | None = None,
) -> FlowFigures:  # fmt: skip
    return figures(
        STREAM, works or WORKS, office, since, until, now, stays=REVIEWS if stays is None else stays, usual=before,
        agreed=lambda _: agreed,
    )  # fmt: skip


def test_the_example_comes_to_what_the_handbook_says():
    said = [f"{name}: {says}" for name, says in figures_said(measured())]
    block = re.search(r"```\n(.*?)```", HANDBOOK, re.DOTALL)
    assert block is not None
    assert said == block[1].splitlines()


def test_velocity_counts_what_was_done_by_type():
    told = measured()
    assert (told.velocity, told.dropped) == (3, 1)
    assert dict(told.done_by_type) == {FEATURE: 1, DEFECT: 1, DEBT: 1}


def test_flow_time_is_working_and_calendar_time_of_the_items_done():
    told = measured()
    assert [one.flow_time // HOUR for one in told.done] == [9, 10, 22]
    assert told.flow_time == Times(3, 10 * HOUR, 22 * HOUR, 26 * HOUR, 54 * HOUR, 41 * HOUR)


def test_load_is_told_for_every_day_by_type_as_in_the_handbook():
    by_day = {day.day.isoformat(): day for day in measured().load.days}
    names = {"feature": FEATURE, "defect": DEFECT, "risk": RISK, "debt": DEBT}
    for day, said in rows("Flow load"):
        items, _, parts = said.partition(": ")
        counts = {names[kind]: int(n) for n, kind in re.findall(r"(\d+) (\w+) \(#", parts)}
        assert by_day[day].by_type == counts
        assert by_day[day].items == int(items)
    assert len(by_day) == len(rows("Flow load"))


def test_load_at_the_end_is_load_before_and_begun_less_ended():
    load = measured().load
    assert (load.before, load.begun, load.ended, load.items) == (1, 4, 4, 1)


def test_the_integral_of_load_is_the_time_that_items_spent():
    assert measured().load.item_seconds == (25 + 26 + 54 + 39 + 37) * HOUR


def test_the_age_of_what_is_in_progress_is_shown():
    told = measured()
    assert [(one.key, one.stage, one.age, one.calendar_age) for one in told.going] == [
        (key(4), "Review", 16 * HOUR, 39 * HOUR)
    ]
    assert told.ages == Times(1, 16 * HOUR, 16 * HOUR, 39 * HOUR, 39 * HOUR, 16 * HOUR)


def test_efficiency_is_sum_over_sum():
    told = measured()
    assert [(one.active // HOUR, one.waiting // HOUR) for one in told.done] == [(3, 6), (3, 7), (12, 10)]
    assert told.efficiency == 18 / 41


def test_distribution_is_the_share_of_the_items_done():
    assert measured().distribution == {DEBT: 1 / 3, DEFECT: 1 / 3, FEATURE: 1 / 3}


def test_predictability_goes_by_what_was_agreed():
    told = measured().predictability
    assert (told.expectation, told.agreed, told.kept, told.n, told.share) == (12 * HOUR, True, 2, 3, 2 / 3)
    assert (told.low, told.high) == (9 * HOUR, 22 * HOUR)


def test_predictability_goes_by_what_was_usual_where_nothing_is_agreed():
    twenty = [
        ("acme/shop", march(2, "09:00"), Calendar().advance(march(2, "09:00"), n * HOUR) or 0) for n in range(1, 21)
    ]
    expectation = usual(twenty, office)
    told = measured(agreed=None, before=expectation).predictability
    assert (told.expectation, told.agreed, told.share) == (17 * HOUR, False, 2 / 3)


def test_without_any_expectation_only_the_spread_is_told():
    told = measured(agreed=None).predictability
    assert (told.expectation, told.n, told.share, told.low) == (None, 0, None, 9 * HOUR)


def test_a_stage_is_measured_by_what_left_it_and_costs_what_all_spent_in_it():
    review = measured().stages[1]
    assert review.samples == (4 * HOUR, 2 * HOUR, 4 * HOUR, 10 * HOUR)
    assert (review.times.n, review.times.median, review.times.high) == (4, 4 * HOUR, 10 * HOUR)
    assert (review.kept, review.targeted, review.attainment) == (3, 4, 3 / 4)
    assert review.lost == 26 * HOUR
    assert review.open == (Aged(key(4), march(6, "11:00"), 6 * HOUR, 13 * HOUR),)


def test_a_kind_of_wait_goes_by_the_clock_of_who_had_to_act():
    (review,) = measured().kinds
    assert (review.name, review.active) == ("review", None)
    assert (review.times.n, review.times.median, review.times.high, review.lost) == (2, 4 * HOUR, 6 * HOUR, 10 * HOUR)
    assert (review.kept, review.targeted) == (1, 2)


def test_loops_and_hand_offs_are_an_item_on_average():
    told = measured()
    assert [one.loops for one in told.done] == [1, 0, 0]
    assert [one.hand_offs for one in told.done] == [3, 2, 1]
    assert (told.loops, told.hand_offs) == (1 / 3, 2.0)


def test_what_bots_opened_is_apart():
    told = measured()
    assert (told.bots.done, told.bots.load, told.bots.flow_time.median) == (1, 0, HOUR)
    assert measured(*[one for one in WORKS if not one.bot])._replace(bots=told.bots) == told


def july(day: int, clock: str = "09:00") -> int:
    return parse_instant(f"2026-07-{day:02}T{clock}:00Z")


CHANGING = [
    flow_event(
        repo="acme/shop", item=1, id="1", at=july(1), kind="opened", actor="alice", type="issue", labels=["bug"]
    ),
    flow_event(repo="acme/shop", item=1, id="2", at=july(5), kind="unlabeled", actor="alice", label="bug"),
    flow_event(repo="acme/shop", item=1, id="3", at=july(5), kind="labeled", actor="alice", label="feature"),
    flow_event(repo="acme/shop", item=1, id="4", at=july(10), kind="closed", actor="alice"),
    flow_event(repo="acme/shop", item=1, id="5", at=july(11), kind="unlabeled", actor="alice", label="feature"),
    flow_event(repo="acme/shop", item=1, id="6", at=july(11), kind="labeled", actor="alice", label="bug"),
]


def test_the_type_is_each_days_in_load_and_the_last_one_in_velocity():
    way = (Visit("Coding", july(1), july(10)), Visit("Live", july(10), None))
    one = Journey(key(1), None, way, july(10), None)
    changing = Work(one, types_of(key(1), {key(1): CHANGING}, COMMON, july(10)))
    told = measured(changing, since=july(1, "00:00"), until=july(13, "00:00"), now=july(20), stays=[])
    load = {day.day.day: dict(day.by_type) for day in told.load.days}
    assert load == (
        {day: {DEFECT: 1} for day in range(1, 5)} | {day: {FEATURE: 1} for day in range(5, 10)}
        | {day: {} for day in range(10, 13)}
    )  # fmt: skip
    assert [(one.type, one.done_at) for one in told.done] == [(FEATURE, july(10))]
    assert "| 1 to 4 July | 1 defect |\n| 5 to 9 July | 1 feature |" in HANDBOOK


def test_nothing_is_null_and_not_zero():
    told = measured(WORKS[0], since=march(20), until=march(21), now=march(22), stays=[])
    assert (told.velocity, told.load.items) == (0, 0)
    assert (told.distribution, told.efficiency, told.loops, told.hand_offs) == (None, None, None, None)
    assert told.flow_time == told.ages == Times(0, None, None, None, None, 0)
    assert (told.predictability.share, told.predictability.low) == (None, None)
    assert [stage.attainment for stage in told.stages] == [None, None, None]


def test_an_item_done_in_no_working_time_has_no_efficiency_to_tell():
    told = measured(work(1, FEATURE, "7 09:00 Coding, 7 11:00 Live"), until=march(9), now=march(9))
    assert (told.velocity, told.efficiency) == (1, None)


def test_a_period_ends_before_its_last_instant():
    done = march(3, "10:00")
    assert measured(WORKS[0], until=done).velocity == 0
    assert measured(WORKS[0], until=done).load.items == 1
    assert measured(WORKS[0], since=done).velocity == 1
    assert measured(WORKS[0], since=done).load.before == 1


def test_a_period_does_not_reach_beyond_now():
    now = march(4, "12:00")
    told = measured(until=march(31), now=now)
    assert (told.until, told.velocity) == (now, 2)
    assert [day.day for day in told.load.days][-1] == date(2026, 3, 4)


def test_load_goes_by_the_local_days_of_a_calendar():
    tokyo = Calendar(timezone="Asia/Tokyo")
    days = load_of(WORKS, tokyo, MONDAY, SATURDAY).days
    assert [day.day.day for day in days] == [2, 3, 4, 5, 6, 7]
    assert days[0].until == march(2, "15:00")


def test_unclassified_is_a_share_of_its_own():
    told = measured(work(1, UNCLASSIFIED, "2 09:00 Coding, 2 11:00 Live"), WORKS[1])
    assert told.distribution == {DEFECT: 0.5, UNCLASSIFIED: 0.5}


def test_a_stage_has_the_target_of_the_items_segment():
    stages = (Stage("Coding", active=True, target=HOUR), Stage("Live", active=False, signals=(Signal("merged"),)))
    forked = Stream("Shop", stages, segments=(Segment("Small"), Segment("Large")),
                    forks=(Fork("Large", "Coding", target=9 * HOUR),))  # fmt: skip
    one = work(1, FEATURE, "2 09:00 Coding, 2 14:00 Live")
    small, large = (one._replace(journey=one.journey._replace(segment=name)) for name in ("Small", "Large"))
    (coding,) = figures(forked, [small, large], office, MONDAY, SATURDAY, SATURDAY).stages
    assert (coding.targeted, coding.kept) == (2, 1)


def test_repositories_that_agreed_on_different_expectations_each_go_by_their_own():
    other = WORKS[2]._replace(journey=WORKS[2].journey._replace(key=("github", "acme/billing", 3)))
    told = figures(
        STREAM, [WORKS[0], other], office, MONDAY, SATURDAY, SATURDAY,
        agreed=lambda repo: 30 * HOUR if repo == "acme/billing" else 8 * HOUR,
    ).predictability  # fmt: skip
    assert (told.expectation, told.kept, told.n) == (None, 1, 2)


def shown(told: FlowFigures, *oldest: Oldest) -> Message:
    return metrics(Metrics("acme/shop", "last week", told, oldest), UTC)


def test_slack_shows_the_figures_a_table_of_waits_and_what_is_oldest():
    told = measured()
    message = shown(told, Oldest(told.going[0], "Totals <round>", "https://github.example/acme/shop/pull/4"))
    head, figures_, table, oldest, buttons = message.blocks
    assert head["text"]["text"] == "*acme/shop* · last week (2026-03-02 to 2026-03-06)"
    assert figures_["text"]["text"].splitlines() == [f"*{name}*: {says}" for name, says in figures_said(told)]
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [
        ["Where", "n", "Half within", "85% within", "Kept target", "Time in all", "Open"],
        ["Coding (active)", "6", "3h", "12h", "–", "40h", "0"],
        ["Review (wait)", "4", "4h", "10h", "75% of 4", "26h", "1"],
        ["QA (wait)", "1", "3h", "3h", "–", "3h", "0"],
        ["First review (turn)", "2", "4h", "6h", "50% of 2", "10h", "0"],
    ]
    assert oldest["text"]["text"] == (
        "*Totals &lt;round&gt;* (acme/shop#4) has been in progress for 16h of working time (1d 15h by the calendar), "
        "now in Review."
    )
    assert oldest["accessory"]["url"] == "https://github.example/acme/shop/pull/4"
    assert [button["text"]["text"] for button in buttons["elements"]] == ["What they mean"]
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None


def test_the_text_says_what_the_blocks_show():
    assert shown(measured()).text.splitlines()[10:] == [
        "Coding (active): half within 3h, 85% within 12h (n = 6), 40h in all, 0 open.",
        "Review (wait): half within 4h, 85% within 10h (n = 4), target kept by 75% of 4, 26h in all, 1 open.",
        "QA (wait): half within 3h, 85% within 3h (n = 1), 3h in all, 0 open.",
        "First review (turn): half within 4h, 85% within 6h (n = 2), target kept by 50% of 2, 10h in all, 0 open.",
        "What these mean: /flow help metrics.",
    ]


def test_figures_in_brief_lack_only_what_is_in_progress_one_by_one():
    told = measured()
    brief = figures(STREAM, WORKS, office, MONDAY, SATURDAY, SATURDAY, stays=REVIEWS, agreed=lambda _: 12 * HOUR,
                    briefly=True)  # fmt: skip
    assert (brief.going, brief.ages.n) == ((), 0)
    assert [stage.open for stage in brief.stages] == [(), (), ()]
    stages = tuple(stage._replace(open=()) for stage in told.stages)
    assert told._replace(going=(), ages=brief.ages, stages=stages) == brief


def test_an_empty_period_is_told_without_a_table():
    message = shown(measured(WORKS[0], since=march(20), until=march(21), now=march(22), stays=[]))
    assert [block["type"] for block in message.blocks] == ["section", "section", "actions"]
    assert "*Flow velocity*: 0 items done\n*Flow time*: – (n = 0)\n" in message.blocks[1]["text"]["text"]


def test_no_login_is_in_any_figure():
    text = shown(measured()).text
    assert "bob" not in text
    assert "carol" not in text
