"""One's own terms said from Slack: hours, days away, mutes, the morning message; through both of Slack's doors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fake_slack import Fault, content_error
from hypothesis import given
from hypothesis import strategies as st
from messages_desk import HTTP, SOCKET, Desk, Json, desk_of, look, world_of
from program import wait_until
from sqlalchemy import Engine, text
from world import POLICY

from bot.asking.absences import Listed, cut, joined_with, withdrawn
from bot.policy import Policy
from bot.policy_file import PolicyFile
from bot.said import current

SMALL = "You are nudged inside these hours alone, and only they count."
HOW = "`/flow hours 9-17 Mon-Fri Europe/Berlin` sets them, `/flow hours reset` takes that back."
STILL = "What waits for you there still stands in `/flow waits`."


@pytest.fixture(params=[HTTP, SOCKET])
def desk(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Monday, ten o'clock in Berlin."""
    with world_of(engine, POLICY) as world:
        world.clock.advance(hours=1)
        world.ask("alice", item=12)
        with desk_of(world, request.param, tmp_path) as opened:
            yield opened


@pytest.fixture
def http_desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with world_of(engine, POLICY) as world:
        world.clock.advance(hours=1)
        world.ask("alice", item=12)
        with desk_of(world, HTTP, tmp_path) as opened:
            yield opened


def shown(answered: Json) -> list[str]:
    assert content_error(answered) is None
    return look(answered)


def press(desk: Desk, answered: Json, label: str, nth: int | None = None) -> Json:
    """Press a button of a private answer; what takes its place."""
    before = len(desk.slack.replaced)
    desk.hands.press_in(answered, label, nth=nth)
    wait_until(lambda: len(desk.slack.replaced) > before)
    return desk.slack.replaced[-1]


def person(desk: Desk, login: str = "alice") -> Any:
    return current(desk.world.ctx()).policy.person(login)


# Hours


def test_hours_alone_says_what_holds_and_where_it_comes_from(desk: Desk) -> None:
    answered = desk.flow("hours")
    assert shown(answered) == [
        "*Your hours*  Mon-Fri 09:00-17:00 (as in the workspace)\n"
        "*Your time zone*  Europe/Berlin (as in the workspace); it is Monday 10:00 there now",
        f"{SMALL} {HOW}",
    ]
    assert answered["text"] == (
        "Your hours: Mon-Fri 09:00-17:00 (as in the workspace). Your time zone: Europe/Berlin (as in the workspace); "
        f"it is Monday 10:00 there now. {SMALL}"
    )


def test_hours_and_zone_are_set_and_taken_back(desk: Desk) -> None:
    assert shown(desk.flow("hours 9-13 14-17 Mon-Thu 9-13 Fri America/New_York"))[0] == (
        "*Your hours*  Mon-Thu 09:00-13:00, 14:00-17:00; Fri 09:00-13:00 (set by you)\n"
        "*Your time zone*  America/New_York (set by you); it is Monday 04:00 there now"
    )
    assert person(desk).calendar.timezone == "America/New_York"
    assert person(desk).calendar.hours[4] == ((540, 780),)
    assert shown(desk.flow("hours reset"))[0] == (
        "*Your hours*  Mon-Fri 09:00-17:00 (as in the workspace)\n"
        "*Your time zone*  Europe/Berlin (from Slack); it is Monday 10:00 there now"
    )


def test_the_zone_that_slack_tells_is_asked_for(http_desk: Desk) -> None:
    http_desk.slack.users["U0ALICE"]["tz"] = "Asia/Tokyo"
    http_desk.flow("hours Europe/Rome")
    told = shown(http_desk.flow("hours slack"))[0]
    assert told.endswith("*Your time zone*  Asia/Tokyo (from Slack); it is Monday 18:00 there now")


def test_while_slack_says_no_zone_the_workspace_s_holds(http_desk: Desk) -> None:
    http_desk.slack.fail("users.info", Fault("http", 500))
    told = shown(http_desk.flow("hours slack"))[0]
    assert told.endswith("*Your time zone*  Europe/Berlin (as in the workspace); it is Monday 10:00 there now")


def test_what_the_file_says_of_somebody_is_named_as_such(http_desk: Desk, engine: Engine, tmp_path: Path) -> None:
    http_desk.world.set_policy(
        POLICY.replace(
            'slack = "U0ALICE"',
            'slack = "U0ALICE"\n'
            'calendar = { timezone = "Europe/Rome", hours = { mon = ["08:00-12:00"] }, country = "IT" }',
        )
    )
    with desk_of(http_desk.world, HTTP, tmp_path) as desk:
        assert shown(desk.flow("hours")) == [
            "*Your hours*  Mon 08:00-12:00 (from the policy file)\n"
            "*Your time zone*  Europe/Rome (from the policy file); it is Monday 10:00 there now",
            f"{SMALL} Public holidays of IT are free. {HOW}",
        ]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("hours nonsense", "“nonsense” is no window, no day and no time zone. Allowed are windows such as"),
        ("hours Mon-Fri", "The hours of those days are missing. Allowed are windows such as"),
        ("away yesterday", "“yesterday” is no day that I can make out. Days are said like"),
        ("away 2020-01-01", "“2020-01-01” is over: today is 2026-03-02. Allowed is today or a day to come."),
        ("away friday to wednesday 4 March 2026", "“wednesday 4 March 2026” is no day that I can make out."),
        ("mute", "ITEM or REPO is missing."),
        ("mute nope", "I know no repository “nope”. /flow repos lists those that I know."),
        ("mute #99", "I know of no acme/shop#99: no webhook told of it, and it was not read."),
        ("mute #12 until 2020-01-01", "“2020-01-01” is over: today is 2026-03-02. Allowed is today or a day to come."),
        ("unmute nope", "I know no repository “nope”. /flow repos lists those that I know."),
        ("morning maybe", "“maybe” is none of the words that may stand here. Allowed is on or off, or nothing."),
        ("back friday", "“friday” is too much."),
    ],
)
def test_bad_input_is_answered_with_what_is_allowed(http_desk: Desk, typed: str, problem: str) -> None:
    assert http_desk.flow(typed)["text"].startswith(problem)


@pytest.mark.parametrize("typed", ["hours", "away", "back", "mute #12", "unmute", "morning"])
def test_somebody_who_is_not_linked_is_told_how(http_desk: Desk, typed: str) -> None:
    assert http_desk.flow(typed, "U0DAVE")["text"] == (
        "I don't know yet which login on the code host is yours. /flow link LOGIN says so, and then I keep your hours "
        "and days away."
    )


# Away and back


def test_away_says_from_when_to_when_and_when_the_quiet_ends(desk: Desk) -> None:
    answered = desk.flow("away until friday")
    line = "You are away from today through Friday 6 March; I hold your clock and am quiet until Monday 9 March 09:00."
    assert (answered["text"], shown(answered)) == (line, [line, "[I'm back]"])
    back = press(desk, answered, "I'm back")
    assert shown(back) == ["Welcome back. Your clock runs again as of now."]


def test_what_is_planned_outlives_an_absence_whose_end_nobody_knew(http_desk: Desk) -> None:
    http_desk.flow("away 24 Dec to 2 Jan")
    planned = person(http_desk).away
    http_desk.flow("away")
    http_desk.world.clock.advance(days=3)
    http_desk.flow("back")
    assert person(http_desk).away[1:] == planned


def test_away_without_an_end_lasts_until_back(http_desk: Desk) -> None:
    line = "You are away from today on, until you say /flow back; till then I hold your clock and am quiet."
    assert shown(http_desk.flow("away")) == [line, "[I'm back]"]
    assert person(http_desk).away == ((http_desk.world.now, None),)
    http_desk.world.clock.advance(days=3)
    assert http_desk.flow("away")["text"] == line.replace("from today", "since Monday 2 March")
    http_desk.world.clock.advance(hours=10)
    assert http_desk.flow("back")["text"] == "Welcome back. Your clock runs again from Friday 6 March 09:00 on."


def test_days_to_come_are_planned_beside_each_other_and_taken_back_by_a_press(desk: Desk) -> None:
    desk.flow("away 24 Dec to 2 Jan")
    answered = desk.flow("away friday to monday")
    winter = (
        "You are also away from Thursday 24 December through Saturday 2 January 2027; I hold your clock then, and am "
        "quiet until Monday 4 January 2027 09:00."
    )
    assert shown(answered) == [
        "You are away from Friday 6 March through Monday 9 March; I hold your clock then, and am quiet until Tuesday "
        f"10 March 09:00.\n{winter}",
        "[Take back Friday 6 March] [Take back Thursday 24 December]",
    ]
    left = press(desk, answered, "Take back Friday 6 March")
    alone = winter.replace("also ", "")
    assert shown(left) == [f"I have taken that back.\n{alone}", "[Take back Thursday 24 December]"]
    assert len(person(desk).away) == 1


def test_a_plan_that_is_taken_back_twice_is_gone_all_the_same(http_desk: Desk) -> None:
    answered = http_desk.flow("away tomorrow")
    press(http_desk, answered, "Take back Tuesday 3 March")
    again = press(http_desk, answered, "Take back Tuesday 3 March")
    assert shown(again) == ["That is not planned any more.\nNo days away are planned."]


def test_what_overlaps_becomes_one(http_desk: Desk) -> None:
    http_desk.flow("away tomorrow to thursday")
    assert http_desk.flow("away thursday to friday")["text"].startswith(
        "You are away from Tuesday 3 March through Friday 6 March;"
    )
    http_desk.flow("away")
    assert http_desk.flow("away until wednesday")["text"].startswith("You are away from today through Friday 6 March;")


def test_an_end_that_was_open_is_given(http_desk: Desk) -> None:
    http_desk.flow("away")
    assert http_desk.flow("away until wednesday")["text"].startswith(
        "You are away from today through Wednesday 4 March;"
    )
    http_desk.flow("back")
    assert shown(http_desk.flow("away today")) == [
        "You are away today; I hold your clock and am quiet until Tuesday 3 March 09:00.",
        "[I'm back]",
    ]


def test_back_keeps_what_is_past_of_an_absence_and_what_is_still_to_come(http_desk: Desk) -> None:
    world = http_desk.world
    http_desk.flow("away until friday")
    http_desk.flow("away 24 Dec")
    left = world.now
    world.clock.advance(days=2, hours=2)
    assert http_desk.flow("back")["text"].startswith("Welcome back. Your clock runs again as of now.\nYou are away")
    past, winter = person(http_desk).away
    assert past == (left, world.now)
    assert winter[0] > world.now
    assert http_desk.flow("back")["text"].startswith("You are not away now, as far as I know.\nYou are away on")


def test_going_away_in_the_middle_of_a_day_changes_nothing_that_is_past(http_desk: Desk) -> None:
    world = http_desk.world
    world.clock.advance(hours=3)
    before = http_desk.flow("why #12")["text"]
    http_desk.flow("away")
    assert http_desk.flow("why #12")["text"] == before
    world.clock.advance(hours=2)
    http_desk.flow("back")
    assert "3h" in http_desk.flow("why #12")["text"]


def test_all_logins_of_an_account_are_set(http_desk: Desk, tmp_path: Path) -> None:
    http_desk.world.set_policy(POLICY + '[people.alice-gh]\nslack = "U0ALICE"\n')
    with desk_of(http_desk.world, HTTP, tmp_path) as desk:
        for typed in ("away until friday", "hours 8-16", "mute #12", "morning off"):
            desk.flow(typed)
        one, other = person(desk), person(desk, "alice-gh")
        assert one == other
        assert one.away
        assert not one.morning


def test_every_change_is_on_the_record(http_desk: Desk) -> None:
    for typed in ("away until friday", "away until friday", "hours 8-16", "mute #12", "morning off"):
        http_desk.flow(typed)
    with http_desk.world.engine.connect() as connection:
        rows = connection.execute(text('SELECT path, became, "by" FROM changes ORDER BY path')).all()
    assert [(json.loads(path), json.loads(became), by) for path, became, by in rows] == [
        (["people", "alice", "away"], [{"from": "2026-03-02", "until": "2026-03-06", "begins": "10:00:00"}], "U0ALICE"),
        (["people", "alice", "calendar", "hours"],
         {day: ["08:00-16:00"] for day in ("mon", "tue", "wed", "thu", "fri")}, "U0ALICE"),
        (["people", "alice", "morning"], False, "U0ALICE"),
        (["people", "alice", "mutes"], [{"repo": "acme/shop", "item": 12, "until": None}], "U0ALICE"),
    ]  # fmt: skip


# Mutes


def test_a_mute_says_until_when_and_what_else_is_muted(desk: Desk) -> None:
    assert shown(desk.flow("mute acme/shop")) == [
        "I tell you nothing of acme/shop until you say /flow unmute acme/shop. [Unmute]",
        STILL,
    ]
    answered = desk.flow("mute shop#12 until friday")
    assert shown(answered) == [
        "I tell you nothing of acme/shop#12 through Friday 6 March, that day included. [Unmute]",
        "Also muted: acme/shop until you say /flow unmute acme/shop. [Unmute]",
        STILL,
    ]
    assert answered["text"] == (
        "I tell you nothing of acme/shop#12 through Friday 6 March, that day included.\n"
        "Also muted: acme/shop until you say /flow unmute acme/shop.\n"
        "What waits for you there still stands in /flow waits."
    )
    assert shown(press(desk, answered, "Unmute", nth=0)) == [
        "You hear of acme/shop#12 again.",
        "Also muted: acme/shop until you say /flow unmute acme/shop. [Unmute]",
    ]


def test_unmuting_says_what_is_heard_again(http_desk: Desk) -> None:
    assert shown(http_desk.flow("unmute")) == ["Nothing is muted: you hear of all that waits for you."]
    http_desk.flow("mute acme/shop")
    assert shown(http_desk.flow("unmute #12")) == [
        "acme/shop#12 is not muted by itself.",
        "Also muted: acme/shop until you say /flow unmute acme/shop. [Unmute]",
    ]
    http_desk.flow("mute #12 until today")
    assert shown(http_desk.flow("unmute acme/shop")) == [
        "You hear of acme/shop again.",
        "Also muted: acme/shop#12 today. [Unmute]",
    ]
    assert shown(http_desk.flow("unmute acme/shop")) == ["acme/shop is not muted."]
    http_desk.flow("mute acme/shop")
    assert shown(http_desk.flow("unmute")) == ["You hear of everything again: 2 mutes lifted."]


def test_a_mute_takes_the_place_of_an_older_one_and_what_is_over_is_dropped(http_desk: Desk) -> None:
    http_desk.flow("mute #12 until today")
    assert len(shown(http_desk.flow("mute ACME/Shop#12 until friday"))) == 2
    http_desk.world.clock.advance(days=5)
    http_desk.flow("mute acme/shop")
    assert [mute.item for mute in person(http_desk).mutes] == [None]


def test_somebody_is_not_nudged_about_what_they_muted_until_it_ends(http_desk: Desk) -> None:
    http_desk.flow("mute #12 until tomorrow")
    http_desk.world.wait(days=1, hours=12)
    assert http_desk.world.texts("U0ALICE") == []
    http_desk.world.wait(hours=12)
    assert len(http_desk.world.texts("U0ALICE")) == 1


# The morning message's switch


def test_the_morning_message_is_switched_off_and_on(desk: Desk) -> None:
    on = (
        "You get one message at the start of your working day, if something waits for you. The next may come Tuesday 3 "
        "March 09:00."
    )
    answered = desk.flow("morning")
    assert (answered["text"], shown(answered)) == (on, [on, "[Switch it off]"])
    off = "You get no morning message; what falls due is told one by one."
    assert shown(press(desk, answered, "Switch it off")) == [off, "[Switch it on]"]
    assert shown(desk.flow("morning on")) == [on, "[Switch it off]"]


# Absences as they are kept


at = datetime.fromisoformat


def test_absences_are_cut_joined_and_taken_out_by_local_time() -> None:
    kept = [{"from": "2026-03-02", "until": "2026-03-06"}, {"from": "2026-12-24", "until": "2026-12-24"}]
    begun = cut(at("2026-03-04T11:30:00"))(kept)
    assert begun == [{"from": "2026-03-02", "until": "2026-03-04", "ends": "11:30:00"}, kept[1]]
    assert cut(at("2026-03-02T00:00:00"))(kept) == kept[1:], "what had only just begun is gone"
    day = at("2026-03-04T11:30:00").date()
    assert joined_with(day, None, at("2026-03-04T11:30:00"))(begun)[0] == {"from": "2026-03-02", "until": None}
    assert withdrawn(at("2026-12-24T00:00:00"))(kept) == kept[:1]


HERE = at("2026-03-04T11:30:00")
DAYS = st.integers(-30, 30).map(lambda n: HERE.date() + timedelta(days=n))
SPANS = st.tuples(DAYS, st.integers(0, 9)).map(
    lambda one: {"from": one[0].isoformat(), "until": (one[0] + timedelta(days=one[1])).isoformat()}
)


def covered(kept: Listed, moment: datetime) -> bool:
    """Whether somebody is away at a local time."""
    file = PolicyFile.model_validate({"people": {"alice": {"away": kept}}})
    spans = Policy(file).person("alice").away
    instant = int(moment.replace(tzinfo=UTC).timestamp())
    return any(start <= instant and (end is None or instant < end) for start, end in spans)


@given(st.lists(SPANS, max_size=4), DAYS, st.integers(0, 9) | st.none(), st.timedeltas(timedelta(-40), timedelta(40)))
def test_what_is_past_never_changes_and_what_is_said_holds(
    old: Listed, first: date, days: int | None, later: timedelta
) -> None:
    first = max(first, HERE.date())
    last = None if days is None else first + timedelta(days=days)
    said = joined_with(first, last, HERE)(old)
    moment = (HERE + later).replace(microsecond=0)
    begins = HERE if first == HERE.date() else datetime.combine(first, time())
    within = begins <= moment and (last is None or moment.date() <= last)
    assert covered(said, moment) is (covered(old, moment) or within)
    planned = [one for one in old if one["from"] > first.isoformat()]
    assert [one for one in planned if one not in said] == [], "what begins later stays as it was planned"
    back = cut(HERE)(said)
    assert not covered(back, HERE)
    if moment < HERE:
        assert covered(back, moment) is covered(old, moment)
    elif begins == HERE:
        assert covered(back, moment) is covered(planned, moment)


def test_two_who_mute_for_one_account_at_once_lose_nothing(http_desk: Desk) -> None:
    http_desk.world.ask("alice", item=13)
    threads = [Thread(target=http_desk.flow, args=(f"mute #{item}",)) for item in (12, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {mute.item for mute in person(http_desk).mutes} == {12, 13}
