"""The morning message: one at the start of a working day, only if something waits, edited while it gets done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fake_slack import Fault, content_error
from messages_desk import HTTP, SOCKET, desk_of, look, world_of
from sqlalchemy import Engine, text
from world import MONDAY, NO_CHANNEL, World

from bot.flow.calendar import Calendar
from bot.flow.events import parse_instant
from bot.flow.mornings import is_morning, next_morning
from bot.flow.waits import Wait
from bot.hosts import Delivery
from bot.intake import take_delivery
from bot.messenger import Messenger
from bot.store import members, mornings, said
from bot.store.engine import reading, writing
from bot.views.morning import morning
from bot.views.phrases import Waiting
from jobs import deliver
from jobs import morning as job

HOUR = 3600
DAY = 24 * HOUR
SHOP = "https://github.com/acme/shop/pull"
SMALL = "Once a day, as long as something waits for you. `/flow morning off` ends it."


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    """Monday, noon in Berlin: the day has begun, and the program with it."""
    with world_of(engine, NO_CHANNEL) as made:
        made.morning = True
        made.clock.advance(hours=3)
        made.tick()
        yield made


def at_nine(world: World, days: int = 1) -> None:
    """Let time pass until nine o'clock, some days on."""
    world.wait(hours=(MONDAY + days * DAY - world.now) / HOUR)


def test_a_day_begins_with_one_message_that_lists_what_waits(world: World) -> None:
    world.ask("alice", item=12)
    world.ask("alice", "carol", item=13, title="Speed up the till", author="dave")
    at_nine(world)
    [message] = world.slack.dms("U0ALICE")
    assert content_error(message) is None
    answers = "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]"
    told = "has waited {}5h{} for your review (working time; 21h by the calendar; 8h agreed)"
    assert look(message) == [
        "Your day: 2 things wait for you, most overdue first.",
        f"*<{SHOP}/12|Fix rounding in totals> · acme/shop#12*\n{told.format('*', '*')}\n"
        "bob asked for your review on Monday 12:00 · 120 lines, medium\nCan you look, or hand it on? [Open]",
        answers,
        f"*<{SHOP}/13|Speed up the till> · acme/shop#13*\n{told.format('*', '*')}\n"
        "dave asked for your review on Monday 12:00 · 120 lines, medium\nCan you look, or hand it on? [Open]",
        answers,
        SMALL,
    ]
    assert message["text"] == (
        "Your day: 2 things wait for you, most overdue first.\n"
        f"Fix rounding in totals (acme/shop#12) {told.format('', '')}. bob asked for your review on Monday 12:00. "
        "120 lines, medium. Can you look, or hand it on?\n"
        f"Speed up the till (acme/shop#13) {told.format('', '')}. dave asked for your review on Monday 12:00. "
        "120 lines, medium. Can you look, or hand it on?\n"
        "Once a day, as long as something waits for you. /flow morning off ends it."
    )
    assert world.sent_at() == [MONDAY + DAY] * 2, "alice and carol; nothing waits for bob"


def test_it_is_edited_while_it_gets_done_and_settles(world: World) -> None:
    world.ask("alice", item=12)
    world.ask("alice", item=13, title="Speed up the till")
    at_nine(world)
    world.review("alice", item=12)
    world.wait(minutes=1)
    [message] = world.slack.dms("U0ALICE")
    assert look(message)[:2] == [
        "Your day: 1 thing waits for you.",
        f"✓ <{SHOP}/12|Fix rounding in totals> · acme/shop#12\n"
        "reviewed after 5h, thank you (working time; 21h by the calendar)",
    ]
    world.review("alice", item=13)
    world.wait(minutes=1)
    [message] = world.slack.dms("U0ALICE")
    assert [line[0] for line in look(message)] == ["~", "~"]
    assert message["edits"] == 2


def test_it_stands_in_place_of_heads_ups_but_a_breach_is_told(world: World) -> None:
    world.ask("alice")
    at_nine(world)
    world.wait(hours=2, minutes=59)
    assert len(world.texts("U0ALICE")) == 1, "the heads-up would have come at ten"
    world.wait(minutes=1)
    assert world.sent_at() == [MONDAY + DAY, MONDAY + DAY + 3 * HOUR]
    assert "has waited 8h for your review" in world.texts("U0ALICE")[1]


def test_what_falls_due_at_that_instant_goes_with_it(world: World) -> None:
    world.clock.set(MONDAY)
    world.ask("alice", item=12)
    world.tick()
    world.clock.set(MONDAY + 8 * HOUR)
    world.ask("alice", item=13, title="Speed up the till")
    at_nine(world)
    world.wait(minutes=30)
    assert [len(world.texts("U0ALICE")), world.sent_at()[-1]] == [1, MONDAY + DAY]
    assert rungs(world) >= {"breach", "morning:2026-03-03"}
    at_nine(world, days=2)
    world.wait(minutes=30)
    assert rungs(world) >= {"repeat:1", "morning:2026-03-04"}
    assert world.sent_at()[1:] == [MONDAY + 2 * DAY], "the repeat goes with it, and item 13's breach fell due with it"


def rungs(world: World) -> set[str]:
    with world.engine.connect() as connection:
        return set(connection.execute(text("SELECT rung FROM nudges")).scalars())


def test_what_has_no_target_is_listed_too(world: World) -> None:
    world.set_policy(NO_CHANNEL.replace('review = "8h"\n', ""))
    world.ask("alice")
    at_nine(world)
    assert "has waited 5h for your review (working time; 21h by the calendar)." in world.texts("U0ALICE")[0]


def test_who_has_nothing_waiting_hears_nothing_all_week(world: World) -> None:
    world.wait(days=7)
    assert world.slack.history() == []


def test_weekends_holidays_and_days_away_have_no_morning(world: World) -> None:
    world.set_policy(
        NO_CHANNEL.replace(
            'timezone = "Europe/Berlin"', 'timezone = "Europe/Berlin"\ndays_off = ["2026-03-04"]'
        ).replace('slack = "U0ALICE"', 'slack = "U0ALICE"\naway = [{from = "2026-03-05", until = "2026-03-05"}]')
        + "[nudges]\nmax_repeats = 0\nheads_up = 0.0\n"
    )
    world.tick()
    world.ask("alice")
    world.wait(days=8)
    begun = [at for at in world.sent_at() if (at - MONDAY) % DAY == 0]
    assert [(at - MONDAY) // DAY for at in begun] == [1, 4, 7, 8]


# What is not listed


def test_what_is_on_hold_muted_silent_or_lost_is_not_listed(world: World) -> None:
    world.set_policy(
        NO_CHANNEL.replace('slack = "U0CAROL"', 'slack = "U0CAROL"\nmutes = [{ repo = "acme/shop", item = 2 }]')
    )
    world.tick()
    world.ask("carol", item=1)
    world.tell(world.fact("checks_failed", None, item=1))
    world.ask("carol", item=2)
    at_nine(world)
    assert world.texts("U0CAROL") == []
    world.ask("alice", item=3)
    world.set_policy(NO_CHANNEL + "silent = true\n")
    at_nine(world, days=2)
    assert world.texts("U0ALICE") == []
    world.set_policy(NO_CHANNEL)
    take_delivery(world.ctx(), Delivery("github", gone=("acme/shop",)), world.now)
    at_nine(world, days=3)
    assert world.texts("U0ALICE") == []


def test_what_somebody_is_on_is_listed_the_next_day_and_a_wrong_ping_never(world: World, tmp_path: Path) -> None:
    world.ask("alice", item=12)
    world.ask("alice", item=13, title="Speed up the till")
    at_nine(world)
    with desk_of(world, HTTP, tmp_path) as desk:
        desk.press(desk.dm(), "On it", nth=0)
        desk.choose(desk.dm(), "Wrong ping", "Not mine", nth=1)
    at_nine(world, days=2)
    [_, second] = world.texts("U0ALICE")
    assert second.startswith("Your day: 1 thing waits for you.\nFix rounding in totals")


def test_what_was_late_before_anybody_watched_is_listed_once_with_it(world: World) -> None:
    world.ask("alice", item=7, at=MONDAY - 30 * DAY, title="Old one", live=False)
    at_nine(world)
    assert world.texts("U0ALICE") == [], "of itself it brings no message about"
    world.wait(hours=7)
    world.ask("alice", item=8, title="New one")
    at_nine(world, days=2)
    world.ask("alice", item=9, title="Newer one")
    at_nine(world, days=3)
    told = [text for text in world.texts("U0ALICE") if text.startswith("Your day")]
    assert ["Old one" in one for one in told] == [True, False]
    assert "Waiting for you since before I began to watch; listed only this once:" in told[0]
    assert ["1 older thing waits, too, as told before: /flow waits." in one for one in told] == [False, True]


# Once, and in time


@pytest.mark.parametrize(("late", "sent"), [(0, True), (2 * HOUR, True), (2 * HOUR + 60, False), (10 * HOUR, False)])
def test_a_program_that_was_down_sends_it_within_the_first_two_hours(world: World, late: int, sent: bool) -> None:
    world.ask("alice")
    world.clock.set(MONDAY + DAY + late)
    world.tick()
    told = world.texts("U0ALICE")
    assert bool([one for one in told if one.startswith("Your day")]) is sent
    world.clock.set(MONDAY + 2 * DAY)
    world.tick()
    assert world.texts("U0ALICE")[-1].startswith("Your day"), "the next day begins as ever"


def test_whoever_is_linked_in_the_middle_of_a_day_gets_the_first_one_the_next_day(world: World) -> None:
    known = world.policy
    world.set_policy(NO_CHANNEL.replace('[people.alice]\nslack = "U0ALICE"\n', ""))
    world.ask("alice")
    at_nine(world)
    world.wait(hours=1)
    world.policy = known
    world.tick()
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    at_nine(world, days=2)
    assert world.texts("U0ALICE")[-1].startswith("Your day")


def test_hours_changed_after_it_was_sent_bring_no_second_one_that_day(world: World, tmp_path: Path) -> None:
    world.ask("alice")
    at_nine(world)
    with desk_of(world, HTTP, tmp_path) as desk:
        desk.flow("hours 11-18")
    world.ask("alice", item=2)
    world.wait(hours=4)
    assert sum(one.startswith("Your day") for one in world.texts("U0ALICE")) == 1
    world.wait(hours=22)
    assert sum(one.startswith("Your day") for one in world.texts("U0ALICE")) == 2
    assert MONDAY + 2 * DAY + 2 * HOUR in world.sent_at(), "at eleven"


def test_it_follows_hours_zone_and_the_switch(world: World, tmp_path: Path) -> None:
    world.ask("alice", "carol", item=1, author="dave")
    with desk_of(world, SOCKET, tmp_path) as desk:
        desk.flow("hours 8-16 Europe/London")
        desk.flow("morning off", "U0CAROL")
    at_nine(world)
    assert (world.texts("U0ALICE")[0][:8], world.texts("U0CAROL")) == ("Your day", [])
    assert world.sent_at()[0] == MONDAY + DAY, "eight o'clock in London"
    with desk_of(world, SOCKET, tmp_path) as desk:
        desk.flow("morning on", "U0CAROL")
    at_nine(world, days=2)
    assert any(one.startswith("Your day") for one in world.texts("U0CAROL"))


def test_the_policy_file_may_switch_it_off_for_everybody(world: World) -> None:
    world.set_policy(NO_CHANNEL + "[nudges]\nmorning = false\n")
    world.ask("alice")
    at_nine(world)
    assert world.slack.history() == []
    with reading(world.engine) as session:
        assert mornings.everybody(session, "default") == {}


def test_two_workers_send_one(world: World) -> None:
    world.ask("alice")
    world.ask("carol", item=2)
    world.clock.set(MONDAY + DAY)
    barrier, claimed = Barrier(2), []

    def work() -> None:
        barrier.wait()
        claimed.append(job.run(world.ctx(), world.now))

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [0, 2]
    deliver.run(world.ctx(), world.now)
    assert len(world.slack.history()) == 2


def test_somebody_with_two_logins_gets_one_for_both(world: World) -> None:
    world.set_policy(NO_CHANNEL + '[people.alice-gh]\nslack = "U0ALICE"\n')
    world.tick()
    world.ask("alice", item=1)
    world.ask("alice-gh", item=2, title="Speed up the till")
    at_nine(world)
    [told] = world.texts("U0ALICE")
    assert told.startswith("Your day: 2 things wait for you")


def test_a_login_is_spelt_as_on_the_code_host(world: World) -> None:
    world.ask("Alice")
    at_nine(world)
    world.wait(hours=4)
    assert len(world.texts("U0ALICE")) == 2, "the morning and the breach, gathered by one name"


# Among other messages


def test_it_counts_among_the_messages_of_the_day(world: World) -> None:
    world.set_policy(NO_CHANNEL + "[nudges]\nmax_messages_per_person_per_day = 1\n")
    world.tick()
    world.ask("alice")
    at_nine(world, days=2)
    assert world.sent_at() == [MONDAY + DAY, MONDAY + 2 * DAY], "the breach of Tuesday went with Wednesday's"
    assert "breach" in rungs(world)


def test_a_reminder_of_tomorrow_morning_goes_with_it(world: World, tmp_path: Path) -> None:
    world.clock.set(MONDAY)
    world.ask("alice")
    world.wait(hours=6)
    with desk_of(world, HTTP, tmp_path) as desk:
        desk.choose(desk.dm(), "Snooze", "Tomorrow morning")
    at_nine(world)
    world.wait(minutes=30)
    [_, told] = world.texts("U0ALICE")
    assert told.startswith("Your day: 1 thing waits for you.")


# Do not disturb, and absences that end in the morning


def test_it_waits_for_quiet_hours_to_end_if_they_end_soon(world: World) -> None:
    world.slack.set_quiet_hours("U0ALICE", MONDAY + 12 * HOUR, MONDAY + DAY + HOUR)
    world.ask("alice")
    at_nine(world)
    world.wait(minutes=59)
    assert world.texts("U0ALICE") == []
    world.wait(minutes=1)
    assert world.sent_at() == [MONDAY + DAY + HOUR]
    assert world.texts("U0ALICE")[0].startswith("Your day")


def test_after_long_quiet_hours_there_is_none_that_day_and_nudges_go_on(world: World) -> None:
    world.slack.set_quiet_hours("U0ALICE", MONDAY + 12 * HOUR, MONDAY + DAY + 4 * HOUR)
    world.ask("alice")
    at_nine(world)
    world.wait(hours=5)
    [told] = world.texts("U0ALICE")
    assert told.startswith("Fix rounding in totals (acme/shop#1) has waited 9h")
    assert world.sent_at() == [MONDAY + DAY + 4 * HOUR]


def test_quiet_hours_that_are_known_are_waited_for_without_asking(world: World) -> None:
    with writing(world.engine) as session:
        members.quieten(session, "default", "U0ALICE", (MONDAY, MONDAY + DAY + HOUR), MONDAY)
    world.ask("alice")
    at_nine(world)
    world.wait(hours=1)
    assert world.sent_at() == [MONDAY + DAY + HOUR]
    assert world.slack.called("dnd.info") == 1


def test_an_absence_that_ends_in_the_morning_ends_with_it(world: World) -> None:
    with writing(world.engine) as session:
        members.left(session, "default", "U0ALICE", MONDAY + 10 * HOUR, MONDAY + DAY + HOUR)
        said.revise(session, "default")
    world.ask("alice")
    at_nine(world)
    world.wait(hours=1)
    assert world.sent_at() == [MONDAY + DAY + HOUR]


def test_a_message_that_all_was_done_about_before_it_went_is_not_sent(world: World) -> None:
    world.ask("alice")
    world.clock.set(MONDAY + DAY)
    assert job.run(world.ctx(), world.now) == 1
    world.review("alice")
    world.tick()
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    assert world.outbox() == ["moot"]


def test_a_lost_reply_doubles_nothing(world: World) -> None:
    world.slack.fail("chat.postMessage", Fault("lost"))
    world.ask("alice")
    at_nine(world)
    world.wait(minutes=5)
    assert len(world.texts("U0ALICE")) == 1


def test_somebody_out_of_reach_gets_none_and_costs_one_look_a_day(world: World) -> None:
    world.slack.users["U0ALICE"]["deleted"] = True
    world.ask("alice")
    at_nine(world)
    world.wait(hours=12)
    assert world.texts("U0ALICE") == []
    with reading(world.engine) as session:
        assert not mornings.any_due(session, "default", world.now)


def test_a_look_at_whose_day_begins_is_an_index_s(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT login FROM mornings WHERE workspace = 'x' AND next_at <= 1 LIMIT 1")
        ).all()
    assert "mornings_by_time" in str(plan)


# When a day begins


def instant(text: str) -> int:
    return parse_instant(text)


BERLIN = Calendar("Europe/Berlin")


@pytest.mark.parametrize(
    ("calendar", "away", "after", "expected"),
    [
        (BERLIN, (), "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        (BERLIN, (), "2026-03-02T08:00:01Z", "2026-03-03T08:00:00Z"),
        (BERLIN, (), "2026-03-27T09:00:00Z", "2026-03-30T07:00:00Z"),  # the clocks went on in between
        (replace(BERLIN, days_off=frozenset({date(2026, 3, 3)})), (), "2026-03-02T09:00:00Z", "2026-03-04T08:00:00Z"),
        (BERLIN, (("2026-03-02T00:00:00Z", "2026-03-04T09:00:00Z"),), "2026-03-02T00:00:00Z", "2026-03-04T09:00:00Z"),
        (BERLIN, (("2026-03-02T00:00:00Z", "2026-03-04T11:00:00Z"),), "2026-03-02T00:00:00Z", "2026-03-05T08:00:00Z"),
        (BERLIN, (("2026-03-02T00:00:00Z", None),), "2026-03-02T00:00:00Z", None),
        (Calendar(hours=((),) * 7), (), "2026-03-02T00:00:00Z", None),
        # A night's window belongs to the day it begins on.
        (Calendar(hours=(((1320, 360),),) * 7), (), "2026-03-02T23:00:00Z", "2026-03-03T22:00:00Z"),
        (Calendar(hours=(((780, 1020), (540, 720)),) * 7), (), "2026-03-02T00:00:00Z", "2026-03-02T09:00:00Z"),
    ],
)
def test_a_day_begins_with_its_first_window(
    calendar: Calendar, away: tuple[tuple[str, str | None], ...], after: str, expected: str | None
) -> None:
    spans = [(instant(start), end and instant(end)) for start, end in away]
    found = next_morning(calendar, spans, instant(after))  # type: ignore[arg-type]
    assert found == (expected and instant(expected))


def test_the_first_two_working_hours_are_the_morning() -> None:
    split = Calendar(hours=(((540, 600), (780, 1020)),) * 7)
    day = date(2026, 3, 2)
    begins = instant("2026-03-02T09:00:00Z")
    assert not is_morning(split, day, begins - 1)
    assert is_morning(split, day, begins)
    assert is_morning(split, day, instant("2026-03-02T14:00:00Z")), "an hour before the break, an hour after it"
    assert not is_morning(split, day, instant("2026-03-02T14:00:01Z"))


# The words


def waiting(item: int, *, over: bool = False) -> Waiting:
    wait = Wait("acme/shop", item, MONDAY, "review", "alice", False, "github", until=MONDAY + HOUR if over else None,
                ended_by="review_submitted" if over else None)  # fmt: skip
    return Waiting(wait, "morning", HOUR, None, f"Change {item}", f"{SHOP}/{item}", id=item)


def test_many_things_are_counted_beyond_the_first() -> None:
    told = morning([waiting(n) for n in range(1, 13)], BERLIN.zone, MONDAY + HOUR)
    assert told.text.startswith("Your day: 12 things wait for you, most overdue first.\n")
    assert "… and 4 more" in told.text
    assert len(told.blocks) <= 50


def test_what_is_over_is_not_counted() -> None:
    told = morning([waiting(1, over=True), waiting(2)], BERLIN.zone, MONDAY + HOUR)
    assert told.text.startswith("Your day: 1 thing waits for you.\n")
    done = morning([waiting(1, over=True)], BERLIN.zone, MONDAY + HOUR)
    assert done.text == "Done: Change 1 (acme/shop#1), reviewed after 1h, thank you (working time; 1h by the calendar)."


def test_a_worker_overtaken_by_quiet_hours_sends_nothing(world: World) -> None:
    world.ask("alice")
    world.clock.set(MONDAY + DAY)

    class Meanwhile(Messenger):
        def do_not_disturb(self, user: str) -> tuple[int, int] | None:
            return (0, MONDAY + DAY + HOUR)

    world.tick(world.ctx(Meanwhile(world.slack.token, world.slack.url)))
    assert world.texts("U0ALICE") == []
    world.wait(hours=1)
    assert world.sent_at() == [MONDAY + DAY + HOUR]


def test_it_is_pressed_like_any_nudge(world: World, tmp_path: Path) -> None:
    world.ask("alice", item=12)
    at_nine(world)
    with desk_of(world, SOCKET, tmp_path) as desk:
        said = desk.choose(desk.dm(), "Snooze", "An hour")
    assert "10:00" in said
    world.wait(minutes=2)
    assert "Snoozed until Tuesday 10:00" in world.texts("U0ALICE")[0]
