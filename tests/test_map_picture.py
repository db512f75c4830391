"""A value stream's map drawn: what stands on it and where, the same in words, and its way to Slack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fake_slack import FakeSlack, content_error
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from world import World

from bot.flow.measures import Aged, StageMeasure, StreamMeasures, Times
from bot.flow.stream import MOST_STAGES, Fork, Responsible, Segment, Signal, Stage, Stream
from bot.messenger import Messenger
from bot.streams import pictures
from bot.views.map_arrows import lanes, loops, steps
from bot.views.map_layout import WIDTH, sheet
from bot.views.map_picture import picture
from bot.views.map_plan import plan
from bot.views.map_shapes import Area, Line, Sheet, Words
from bot.views.map_text import cut, drawable, lines, width
from bot.views.map_words import MOST_ALT, alt_text, holder
from bot.views.message import Message, section
from bot.views.streams import Map, Saying, table

HOUR, DAY = 3600, 86_400
CORE, QA, AUTHOR, REVIEWERS = (
    Responsible("team", "core"), Responsible("team", "qa"), Responsible("author"), Responsible("reviewers"),
)  # fmt: skip


def stage(name: str, who: Responsible | None, *, active: bool = False, **more: Any) -> Stage:
    return Stage(name, active, who, **{"signals": (Signal("label", name),), **more})


SHOP = Stream(
    "Shop",
    (
        stage("idea", CORE), stage("coding", AUTHOR, active=True), stage("review", REVIEWERS, target=8 * HOUR),
        stage("waiting for QA", QA), stage("QA", QA, active=True), stage("live", None, active=True),
    ),
    ("acme/shop",), outcome="We win when it ships", trigger="an issue is opened", finish="it is live",
)  # fmt: skip


def times(n: int, hours: int) -> Times:
    if not n:
        return Times(0, None, None, None, None, 0)
    return Times(n, hours * HOUR, 3 * hours * HOUR, 3 * hours * HOUR, 9 * hours * HOUR, n * hours * HOUR)


def measures(
    stream: Stream, *hours: int, n: int = 10, loops: dict[tuple[str, str], int] | None = None
) -> StreamMeasures:
    """Every stage with the same number of visits, of so many hours each."""
    given = [*hours, *[1] * len(stream.stages)]
    whole = sum(given[: len(stream.stages) - 1]) * n * HOUR
    stages = []
    for one, hour in zip(stream.stages[:-1], given, strict=False):
        held, share = (n, n - 3) if one.target and n else (0, 0), n * hour * HOUR / whole if whole else None
        waiting = (Aged(("github", "acme/shop", 1), 0, HOUR, HOUR),)
        stages.append(StageMeasure(one.name, one.active, times(n, hour), share, *held, n, waiting))
    active, wait = (sum(one.times.total for one in stages if one.active is kind) for kind in (True, False))
    flow = times(n, sum(given[: len(stages)]))
    return StreamMeasures(
        0, 90 * DAY, 90 * DAY, tuple(stages), Counter(loops or {}), flow, 0, 3, active, wait, 2.5 if n else None
    )


def drawn(stream: Stream, told: StreamMeasures, segments: Sequence[tuple[Segment, StreamMeasures]] = ()) -> Sheet:
    return sheet(stream, told, segments, {})


def texts(one: Sheet) -> list[str]:
    return [shape.text for shape in one.shapes if isinstance(shape, Words)]


def x_of(one: Sheet, text: str) -> float:
    return next(shape.x for shape in one.shapes if isinstance(shape, Words) and shape.text == text)


def test_the_picture_is_a_png_for_fine_screens_and_not_heavy() -> None:
    png = picture(SHOP, measures(SHOP, 26, 11, 6, 52, 3, loops={("QA", "coding"): 12}))
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == 1_400
    assert len(png) < 1_000_000


def test_a_dark_picture_says_the_same_in_other_colours() -> None:
    told = measures(SHOP)
    light, dark = picture(SHOP, told), picture(SHOP, told, dark=True)
    assert light != dark
    assert light[16:24] == dark[16:24]


def test_names_that_look_like_formulas_and_signs_that_no_font_has_are_drawn_without_a_warning() -> None:
    odd = SHOP._replace(name="$x_1$ & <b>", stages=(stage("顧客 🚀 $", None), stage("^_^\\frac", None), SHOP.last))
    assert picture(odd, measures(odd)).startswith(b"\x89PNG")


def test_stages_stand_in_order_and_the_totals_below() -> None:
    one = drawn(SHOP, measures(SHOP, 26, 11, 6, 52, 3))
    said = texts(one)
    assert said[0] == "Shop"
    assert [x_of(one, name) for name in ("idea", "coding", "review", "QA", "live")] == sorted(
        x_of(one, name) for name in ("idea", "coding", "review", "QA", "live")
    )
    for text in ("98h", "294h", "2.5", "14%", "active 14h", "waiting 84h", "largest wait 53%", "52h · 53%", "10 done"):
        assert text in said, text


def test_what_waits_is_told_from_what_is_done_by_its_outline_too() -> None:
    outlines = [shape for shape in drawn(SHOP, measures(SHOP)).shapes if isinstance(shape, Line)]
    closed = [len(shape.points) - 2 for shape in outlines if len(shape.points) > 5]
    assert closed == [8, 4, 8, 8, 4]


def test_a_stage_without_signals_is_hatched_and_says_so() -> None:
    blind = SHOP._replace(stages=(stage("idea", CORE, signals=()), *SHOP.stages[1:]))
    one = drawn(blind, measures(blind))
    assert texts(one).count("not measured") == 3  # in its box, on the ladder, in the key
    assert sum(isinstance(shape, Area) and shape.hatched for shape in one.shapes) == 2


def test_where_nothing_was_done_nothing_is_made_up() -> None:
    said = texts(drawn(SHOP, measures(SHOP, n=0)))
    assert "Nothing was done in this time, so there are no totals yet." in said
    assert said.count("nothing yet") == 5
    assert not any("largest" in text for text in said)


def test_many_stages_go_on_in_lines_of_about_the_same_length() -> None:
    breaks = {}
    for many in (2, 6, 7, 8, 12, 13, 30):
        stream = SHOP._replace(stages=tuple(stage(f"s{n}", None) for n in range(many)))
        breaks[many] = [len(columns) for columns in plan(stream, measures(stream)).breaks]
    assert breaks == {
        2: [2], 6: [6], 7: [4, 3], 8: [4, 4], 12: [6, 6], 13: [5, 5, 3], 30: [6, 6, 6, 6, 6],
    }  # fmt: skip


BIG, SMALL = Segment("Big"), Segment("Small")
SPLIT = SHOP._replace(
    stages=(SHOP.stages[0], stage("audit", QA, segment="Big"), *SHOP.stages[1:3], SHOP.last),
    segments=(BIG, SMALL), forks=(Fork("Big", "review", QA, 4 * HOUR),),
)  # fmt: skip


def test_segments_are_rows_that_share_stages_and_have_forks_of_their_own() -> None:
    told = measures(SPLIT)
    laid = plan(SPLIT, told, [(BIG, told), (SMALL, told)])
    assert [(cell.stage.name, cell.first, cell.last) for cell in laid.cells] == [
        ("idea", 0, 1), ("audit", 0, 0), ("coding", 0, 1), ("review", 0, 0), ("review", 1, 1), ("live", 0, 1),
    ]  # fmt: skip
    reviews = [cell.stage for cell in laid.cells if cell.stage.name == "review"]
    assert [(one.responsible, one.target) for one in reviews] == [(QA, 4 * HOUR), (REVIEWERS, 8 * HOUR)]
    assert {"Big", "Small"} <= set(texts(drawn(SPLIT, told, [(BIG, told), (SMALL, told)])))


def test_one_segment_needs_no_row_of_its_own() -> None:
    assert len(plan(SHOP, measures(SHOP), [(BIG, measures(SHOP))]).rows) == 1


def test_a_hand_off_is_marked_where_somebody_else_becomes_responsible() -> None:
    nobody = SHOP._replace(stages=(SHOP.stages[0], stage("limbo", None), stage("more", CORE), *SHOP.stages[1:]))
    handed = {
        (step.source.stage.name, step.target.stage.name): step.handed for step in steps(plan(nobody, measures(nobody)))
    }
    assert [pair for pair, it_is in handed.items() if it_is] == [
        ("more", "coding"), ("coding", "review"), ("review", "waiting for QA"),
    ]  # fmt: skip


def test_ways_back_do_not_cross_and_those_to_another_line_are_told_in_words() -> None:
    told = measures(SHOP, loops={("QA", "coding"): 12, ("review", "coding"): 31, ("gone", "idea"): 40})
    back = loops(plan(SHOP, told))
    assert [(one.source.stage.name, one.n) for one in back] == [("review", 31), ("QA", 12)]
    assert lanes(back) == [0, 1]
    long = SHOP._replace(stages=(*SHOP.stages[:-1], stage("more", None), stage("live", None)))
    said = texts(drawn(long, measures(long, loops={("more", "idea"): 7})))
    assert "7× back from more to idea" in said


def test_long_names_are_broken_and_cut_with_dignity() -> None:
    room = 120
    german = lines("Qualitätssicherungsfreigabeverfahren", room, 11.5, 3, bold=True)
    assert "".join(german).replace("-", "") == "Qualitätssicherungsfreigabeverfahren"
    assert lines("Waiting for QA", 90, 11.5, 3, bold=True) == ["Waiting for", "QA"]
    assert cut("a team with a long name", room, 10).endswith("…")
    assert all(width(line, 11.5, bold=True) <= room for line in german)


def test_signs_that_can_not_be_drawn_are_left_out_or_leave_a_box() -> None:
    assert drawable("QA 🚀\u200b\n ready") == "QA ready"
    assert drawable("\U0002a6d6" * 9) == "□□"


NAMES = st.one_of(
    st.sampled_from(["QA", "x" * 80, "Waiting for the release train of the week", "Ärger & Co", "🚀", ""]),
    st.text(max_size=60),
)
HOLDERS = st.sampled_from([None, CORE, AUTHOR, Responsible("person", "<@U0ALICE>"), Responsible("group", "S0SECURE1")])


@st.composite
def maps(draw: st.DrawFn) -> tuple[Stream, StreamMeasures, list[tuple[Segment, StreamMeasures]]]:
    segments = tuple(Segment(f"{n} {draw(NAMES)}") for n in range(draw(st.integers(0, 3))))
    own = st.sampled_from([None, None, *(one.name for one in segments)])
    stages = tuple(
        Stage(f"{n} {draw(NAMES)}", draw(st.booleans()), draw(HOLDERS), draw(st.sampled_from([(), (Signal("ready"),)])),
              draw(st.sampled_from([None, 8 * HOUR])), segment=draw(own))
        for n in range(draw(st.integers(2, MOST_STAGES)))
    )  # fmt: skip
    stream = Stream(
        draw(NAMES), (*stages[:-1], stages[-1]._replace(segment=None)), segments=segments, outcome=draw(NAMES)
    )
    pairs = st.tuples(*[st.sampled_from([one.name for one in stages])] * 2)
    back = draw(st.dictionaries(pairs, st.integers(1, 9_999_999), max_size=4))
    told = measures(stream, *draw(st.lists(st.integers(0, 9_999), max_size=30)), n=draw(st.integers(0, 3)), loops=back)
    return stream, told, [(one, told) for one in segments]


@given(maps())
@settings(max_examples=60, deadline=None)
def test_whatever_a_map_has_nothing_is_drawn_beyond_the_sheet_and_it_is_all_said(
    drawn_from: tuple[Stream, StreamMeasures, list[tuple[Segment, StreamMeasures]]],
) -> None:
    stream, told, segments = drawn_from
    one = sheet(stream, told, segments, {})
    for shape in one.shapes:
        if isinstance(shape, Words):
            wide = width(shape.text, shape.size, bold=shape.bold)
            left = shape.x - {"left": 0, "center": wide / 2, "right": wide}[shape.align]
            assert left >= 0, shape
            assert left + wide <= WIDTH, shape
            assert 0 < shape.y < one.height, shape
        else:
            assert all(0 <= x <= WIDTH and 0 <= y <= one.height for x, y in shape.points), shape
    assert len(alt_text(stream, told)) <= MOST_ALT


def test_the_map_in_words() -> None:
    assert alt_text(SHOP, measures(SHOP, 26, 11, 6, 52, 3, loops={("QA", "coding"): 12})) == (
        "Value stream map of Shop, 90 days, working time. 10 done, half within 98h, 85% within 294h; 3 on the way. An "
        "item is active for 14h and waits for 84h on average: flow efficiency 14%. Largest wait: waiting for QA, 53% "
        "of the time. Goes back: QA to coding (12 times). idea: wait, team core, half within 26h, 85% within 78h "
        "(n = 10), 1 in it now. coding: active, authors, half within 11h, 85% within 33h (n = 10), 1 in it now. "
        "review: wait, reviewers, target 8h, half within 6h, 85% within 18h (n = 10), 1 in it now. waiting for QA: "
        "wait, team qa, half within 52h, 85% within 156h (n = 10), 1 in it now. QA: active, team qa, half within 3h, "
        "85% within 9h (n = 10), 1 in it now. live: finish line."
    )


def test_a_long_map_in_words_says_what_it_leaves_out() -> None:
    long = SHOP._replace(stages=tuple(stage(f"{n} {'x' * 70}", None) for n in range(30)))
    said = alt_text(long, measures(long))
    assert len(said) <= MOST_ALT
    assert said.endswith("more stages.")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (None, "nobody yet"), (CORE, "team core"), (Responsible("person", "bob"), "bob"),
        (Responsible("person", "<@U0ALICE>"), "Alice"), (Responsible("person", "<@U0GONE>"), "somebody"),
        (Responsible("group", "S0SECURE1"), "a user group"), (Responsible("group", "security"), "group security"),
    ],
)  # fmt: skip
def test_accounts_go_by_their_names(who: Responsible | None, said: str) -> None:
    assert holder(who, {"U0ALICE": "Alice"}) == said


# To Slack.


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE")
        yield slack


def sent(engine: Engine, slack: FakeSlack, user: str = "U0ALICE") -> Message:
    world = World(engine, slack)
    told = Map(SHOP, measures(SHOP), [], Saying(1, "U0ALICE", 0, "mapped"), measuring=False)
    ctx = replace(world.ctx(), messenger=Messenger(slack.token, slack.url, timeout=5, pause=lambda _: None))
    return pictures.send_map(ctx, user, told, Message("Shop", (section("Shop"), table(SHOP, told.measures))))


def test_a_map_is_sent_to_whoever_asks_as_a_picture_with_its_table(engine: Engine, slack: FakeSlack) -> None:
    assert sent(engine, slack).text == "The map of Shop is in your direct messages with Weir, as a picture."
    [message] = slack.dms("U0ALICE")
    assert content_error(message) is None
    assert [block["type"] for block in message["blocks"]] == ["image", "section", "table"]
    assert message["blocks"][0]["alt_text"].startswith("Value stream map of Shop")
    assert (slack.picture(message["blocks"][0]["slack_file"]["id"]) or b"").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("files:write", "without its picture. Weir's app may not upload files yet: an administrator updates it"),
        ("im:write", "could not be posted: missing_scope. Please try again soon."),
    ],
)
def test_what_is_lacking_for_a_picture_is_said(engine: Engine, slack: FakeSlack, lacking: str, said: str) -> None:
    slack.scopes = ",".join(one for one in slack.scopes.split(",") if one != lacking)
    told = sent(engine, slack)
    assert said in told.text
    assert content_error({"text": told.text, "blocks": list(told.blocks)}) is None
