"""What a digest makes of figures: what changed most, what to check in on, where work waited; and how that is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_slack import content_error

from bot.flow.calendar import Calendar
from bot.flow.digest.noise import Change
from bot.flow.digest.told import (
    CHECK,
    EARLY,
    FLOW_TIME,
    IMPROVED,
    LOAD,
    ON_TRACK,
    PREDICTABILITY,
    VELOCITY,
    Old,
    Told,
    entitled,
    most_important,
    told,
)
from bot.flow.events import parse_instant
from bot.flow.metrics import FlowFigures, figures
from bot.flow.mix import ABOVE, WITHIN, Band
from bot.flow.stages import Journey, Visit
from bot.flow.standard import STANDARD
from bot.flow.work import DEBT, DEFECT, FEATURE, UNCLASSIFIED, Work
from bot.views.digest import Shown, digest, headline
from bot.views.message import Message

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
END = parse_instant("2026-03-09T00:00:00Z")
NOW = END + DAY
ALWAYS = Calendar(hours=((((0, 24 * 60),)) ,) * 7)  # fmt: skip
USUALLY = [(3, 4), (4, 5), (3, 5), (4, 4), (3, 4), (4, 5), (3, 5), (4, 4)]
"""(items done, hours each waited for a review) of eight weeks, the oldest first."""


def done(number: int, at: int, hours: float, kind: str = FEATURE) -> Work:
    """An item that waited for a review for so many hours, after an hour of coding, and was done at an instant."""
    asked = at - int(hours * HOUR)
    visits = (Visit("Coding", asked - HOUR, asked), Visit("Review", asked, at), Visit("Merged", at, None))
    return Work(Journey(("github", "acme/shop", number), None, visits, at, None), ((asked - HOUR, kind),))


def waiting(number: int, hours: int) -> Work:
    """An item that has waited for a review for so many hours when the week ends."""
    since = END - hours * HOUR
    return Work(Journey(("github", "acme/shop", number), None, (Visit("Review", since, None),), None, None),
                ((since, FEATURE),))  # fmt: skip


def week(back: int, items: int, hours: float, *kinds: str) -> list[Work]:
    """The items done in a week so many before the one that is told of."""
    until = END - back * WEEK
    return [
        done(1000 * (back + 1) + n, until - DAY - n * HOUR, hours, kinds[n % len(kinds)] if kinds else FEATURE)
        for n in range(items)
    ]


def figures_of(works: list[Work], back: int, usual: int) -> FlowFigures:
    until = END - back * WEEK
    return figures(STANDARD, works, lambda _: ALWAYS, until - WEEK, until, NOW, usual=usual)


def told_of(now: list[Work], before: list[tuple[int, float]] = USUALLY, usual: int = 8 * HOUR, **more: Any) -> Told:
    """A week after those that `before` tells of."""
    weeks = [week(len(before) - place, *one) for place, one in enumerate(before)]
    works = [*(work for some in weeks for work in some), *now]
    return told(
        figures_of(works, 0, usual), [figures_of(works, back, usual) for back in range(len(before), 0, -1)],
        **{"bands": {}, "known": {}, **more},
    )  # fmt: skip


def shown(one: Told, **more: Any) -> Message:
    return digest(Shown("acme/shop", "acme/shop", one, "week", "UTC", **more), NOW)


def sections(one: Told) -> dict[str, str]:
    return {figure.name: figure.section for figure in one.figures}


def test_a_week_like_the_others_is_on_track() -> None:
    one = told_of(week(0, 4, 5))
    assert set(sections(one).values()) == {ON_TRACK}
    assert most_important(one) is None
    assert headline(one) == ("*Nothing changed more than it does by itself*: 4 items done, half within 6h.")


def test_what_is_slower_beyond_noise_is_to_be_checked_and_said_first() -> None:
    one = told_of(week(0, 4, 12), usual=20 * HOUR)
    assert sections(one)[FLOW_TIME] == CHECK
    assert headline(one) == (
        "*Work took longer than usual*: half within 13h (13h by the calendar), 85% within 13h, n = 4, usually 5h 30m."
    )


def test_what_is_more_beyond_noise_is_improved() -> None:
    one = told_of(week(0, 9, 4))
    assert sections(one)[VELOCITY] == IMPROVED
    assert headline(one) == "*More was done than usual*: 9 items done, usually 3.5."


def test_with_too_few_weeks_nothing_is_called_a_change() -> None:
    one = told_of(week(0, 9, 20), USUALLY[:4])
    assert set(sections(one).values()) == {EARLY}
    assert (
        "What is a change and what is noise shows after 6 whole weeks of history; there are 4 so far."
        in shown(one).text
    )


def test_weeks_before_the_history_began_are_no_zeros_and_the_one_it_began_in_is_no_whole_one() -> None:
    one = told_of(week(0, 4, 5), [(0, 1), (0, 1), *USUALLY])
    assert one.known_before == len(USUALLY) - 1
    assert one.figure(VELOCITY).change.usual == pytest.approx(25 / 7)


def test_a_share_that_leaves_its_band_is_news_once() -> None:
    bands = {DEFECT: Band(10, 20)}
    works = [DEFECT, DEFECT, DEFECT, FEATURE]
    first = told_of(week(0, 12, 5, *works), bands=bands)
    (drift,) = first.drifts
    assert (drift.type, drift.side) == (DEFECT, ABOVE)
    assert "Defects: 39% of the last 4 weeks (n = 23) are above what is wanted, 10 to 20%" in shown(first).text
    second = told_of(week(0, 12, 5, *works), bands=bands, known=first.outside)
    assert second.drifts == ()
    assert "Defects 75% (before 0%, wanted 10 to 20%, lately above)" in shown(second).text


def test_a_share_that_is_back_is_told_too() -> None:
    one = told_of(week(0, 4, 5), bands={DEFECT: Band(0, 20)}, known={DEFECT: ABOVE})
    assert [(drift.type, drift.side) for drift in one.drifts] == [(DEFECT, WITHIN)]
    assert "Improved\n• Defects: 0% of the last 4 weeks (n = 15) are within what is wanted again" in shown(one).text


def test_where_work_waited_longest_names_the_three_oldest_items_with_what_opens_them() -> None:
    one = told_of([*week(0, 4, 5), *(waiting(number, 30 + number) for number in range(1, 6))])
    assert one.place is not None
    assert (one.place.name, one.place.open, [old.key[2] for old in one.place.oldest]) == ("Review", 5, [5, 4, 3])

    def named(old: Old) -> Old:
        return old._replace(title=f"Change <{old.key[2]}>", url=f"https://github.com/acme/shop/pull/{old.key[2]}")

    message = shown(entitled(one, named))
    opened = [block["accessory"]["url"] for block in message.blocks if "accessory" in block]
    assert opened == [f"https://github.com/acme/shop/pull/{number}" for number in (5, 4, 3)]
    assert "Change &lt;5&gt; (acme/shop#5): 35h of working time, 1d 11h by the calendar." in message.text
    assert "Review: 5 items" not in message.text


def test_items_older_than_expected_are_to_be_checked() -> None:
    one = told_of([*week(0, 4, 5), waiting(1, 30), waiting(2, 2)])
    assert (one.late, one.expected) == (1, 8 * HOUR)
    assert "• 1 of 2 items in progress is older than the 8h expected" in shown(one).text


def test_one_item_that_took_longer_than_expected_is_no_change_of_predictability() -> None:
    one = told_of([*week(0, 3, 5), done(1, END - DAY, 12)])
    assert one.figure(PREDICTABILITY).value == 0.75
    assert sections(one)[PREDICTABILITY] == ON_TRACK
    assert sections(told_of([*week(0, 2, 5), *week(0, 2, 12)]))[PREDICTABILITY] == CHECK


def test_of_a_week_without_done_items_there_is_no_flow_time_and_no_share() -> None:
    one = told_of([waiting(1, 30)])
    assert (one.figure(FLOW_TIME).value, one.figure(PREDICTABILITY).value, one.mix[0].share) == (None, None, None)
    assert "Flow time (" not in shown(one).text
    assert one.figure(LOAD).value == 1


def test_nothing_at_all_is_one_line() -> None:
    message = shown(told_of([], []))
    assert message.text == "acme/shop, 2 to 8 March: nothing was begun or done, and nothing is in progress."
    assert len(message.blocks) == 1


def test_what_has_no_type_comes_with_a_button_that_helps() -> None:
    message = shown(told_of(week(0, 4, 5, FEATURE, UNCLASSIFIED)))
    labels = [
        one["text"]["text"] for block in message.blocks if block["type"] == "actions" for one in block["elements"]
    ]
    assert labels == ["All figures", "Give 2 items a type"]


def test_the_text_says_all_that_the_charts_show() -> None:
    message = shown(told_of(week(0, 4, 5, FEATURE, DEFECT, DEBT)))
    mix, times = [block for block in message.blocks if block["type"] == "data_visualization"]
    for series in mix["chart"]["series"]:
        for point in series["data"]:
            assert re.search(rf"{point['label']} [^;]*\b{point['value']}%", message.text)
    for series in times["chart"]["series"]:
        for point in series["data"]:
            assert f"{point['label']}: " in message.text
            assert f"{point['value']:g}h" in message.text
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None


def test_the_largest_digest_keeps_to_the_limits_of_slack() -> None:
    name = "&<>" * 60
    one = told_of([*week(0, 40, 12, FEATURE, DEFECT, UNCLASSIFIED), *(waiting(number, 99) for number in range(9))])
    one = entitled(one, lambda old: old._replace(title=name, url="https://github.com/" + "x" * 250))
    tried = tuple((f"*{name}*", name) for _ in range(8))
    message = digest(
        Shown(name, name, one, "week", "UTC", NOW - WEEK, 30, 4, tuple(name for _ in range(9)), tried, 7), NOW
    )
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("name", [one.name for one in told_of([]).figures])
def test_every_change_has_its_sentence(name: str, way: int) -> None:
    one = told_of(week(0, 4, 5))
    changed = tuple(
        figure._replace(change=Change(0.5, way, real=True, size=2)) if figure.name == name else figure
        for figure in one.figures
    )
    assert re.match(r"\*[A-Z][a-z ]+ than usual\*: |\*Flow time could", headline(one._replace(figures=changed)))
