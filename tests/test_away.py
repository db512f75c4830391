"""Away by a Slack status, do-not-disturb, and the hand-over that authors are offered while a reviewer is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fake_slack import Fault, content_error
from messages_desk import HTTP, SOCKET, Desk, Json, desk_of, look, world_of
from program import wait_until
from sqlalchemy import Engine
from world import MONDAY, NO_CHANNEL, World

from bot.asking.absences import absences_of
from bot.asking.statuses import Status, says_away
from bot.policy_file import StatusPart
from bot.said import current
from bot.store import members
from bot.store.engine import reading, writing
from bot.views.absence import offer
from bot.views.message import Message, section
from jobs import absences

HOUR = 3600
SHOP = "https://github.com/acme/shop/pull"


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    """Monday, nine o'clock in Berlin."""
    with world_of(engine, NO_CHANNEL) as made:
        made.offers = True
        with writing(engine) as session:
            for user in made.slack.users:
                members.keep(session, "default", user, tz="Europe/Berlin", seen_at=MONDAY)
        yield made


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(world, HTTP, tmp_path) as opened:
        yield opened


@pytest.fixture(params=[HTTP, SOCKET])
def either_desk(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk_of(world, request.param, tmp_path) as opened:
        yield opened


def status(desk: Desk, text: str = "", emoji: str = "", until: int = 0, user: str = "U0ALICE") -> None:
    """Slack tells that somebody set (or cleared) their status."""
    desk.slack.set_status(user, text, emoji, until)
    desk.hands.event({"type": "user_change", "user": desk.slack.users[user]})


def away(world: World, login: str = "alice") -> list[tuple[int, int | None]]:
    person = current(world.ctx()).policy.person(login)
    return [(one.start, one.end) for one in absences_of(person, world.now)]


# Slack's status


def test_a_status_that_says_so_is_an_absence_until_it_is_cleared(either_desk: Desk) -> None:
    world = either_desk.world
    status(either_desk, "On vacation, back soon", ":palm_tree:")
    wait_until(lambda: away(world) == [(MONDAY, None)])
    world.ask("alice")
    world.wait(days=2)
    assert world.texts("U0ALICE") == []
    status(either_desk)
    wait_until(lambda: away(world) == [])
    world.wait(hours=6)
    assert len(world.texts("U0ALICE")) == 1, "the clock stood while she was away"


def test_a_status_that_goes_by_itself_is_an_absence_until_then(desk: Desk) -> None:
    end = MONDAY + 28 * HOUR
    status(desk, "Sick", until=end)
    assert away(desk.world) == [(MONDAY, end)]
    desk.world.clock.advance(days=2)
    assert away(desk.world) == []


def test_a_status_about_something_else_ends_the_absence_and_a_longer_one_goes_on(desk: Desk) -> None:
    status(desk, "out sick", until=MONDAY + 8 * HOUR)
    desk.world.clock.advance(hours=1)
    status(desk, "out sick", until=MONDAY + 30 * HOUR)
    assert away(desk.world) == [(MONDAY, MONDAY + 30 * HOUR)]
    desk.world.clock.advance(hours=1)
    status(desk, "In a meeting", ":calendar:")
    assert away(desk.world) == []


def test_whoever_says_that_they_are_back_is_back_whatever_their_status_still_says(desk: Desk) -> None:
    status(desk, "", ":palm_tree::skin-tone-3:")
    desk.world.clock.advance(hours=2)
    assert desk.flow("back")["text"] == (
        "Welcome back. Your clock runs again as of now.\n"
        "Your Slack status may still say that you are away; I go by your word until it changes."
    )
    desk.slack.users["U0ALICE"]["real_name"] = "Alice A."
    status(desk, "", ":palm_tree::skin-tone-3:")
    assert away(desk.world) == [], "another change of the profile says nothing new"


def test_whoever_is_back_early_is_away_again_in_the_holiday_that_was_planned(desk: Desk) -> None:
    desk.flow("away from thursday until 2026-03-13")
    desk.flow("away until friday")
    assert len(away(desk.world)) == 1, "told as one"
    desk.world.clock.advance(hours=3)
    desk.flow("back")
    [(start, end)] = away(desk.world)
    assert end is not None
    assert (start - MONDAY, end - start) == (3 * 24 * HOUR - 9 * HOUR, 9 * 24 * HOUR)


def test_what_a_stranger_s_status_says_is_not_kept(desk: Desk, world: World) -> None:
    status(desk, "vacation", user="U0DAVE")
    with reading(world.engine) as session:
        assert members.absences(session, "default") == {}


def test_the_words_of_a_status_are_not_kept(desk: Desk, world: World) -> None:
    status(desk, "out sick, ward seven")
    with reading(world.engine) as session:
        kept = members.member(session, "default", "U0ALICE")
    assert kept is not None
    assert kept.status
    assert "ward" not in repr(tuple(kept))


def test_a_status_whose_words_an_earlier_version_kept_is_no_news(desk: Desk, world: World) -> None:
    with writing(world.engine) as session:
        members.keep(session, "default", "U0ALICE", status='["out sick", "", null, true]')
    status(desk, "out sick")
    assert away(world) == []
    with reading(world.engine) as session:
        kept = members.member(session, "default", "U0ALICE")
    assert kept is not None
    assert "sick" not in (kept.status or "")


def test_the_words_are_the_administrators_to_choose(desk: Desk, world: World, tmp_path: Path) -> None:
    world.set_policy(NO_CHANNEL + '[status]\nemoji = [":evergreen_tree:"]\nwords = ["im wald"]\n')
    with desk_of(world, HTTP, tmp_path) as other:
        status(other, "vacation", ":palm_tree:")
        assert away(world) == []
        status(other, "heute Im Wald!")
        assert away(world) == [(MONDAY, None)]


@pytest.mark.parametrize(
    ("text", "emoji", "expected"),
    [
        ("Vacation!", "", True),
        ("on leave (till May)", "", True),
        ("OOO", "", True),
        ("vacations", "", False),
        ("cooooler", "", False),
        ("on leavened bread", "", False),
        ("", ":PALM_TREE:", True),
        ("", ":baby::skin-tone-6:", True),
        ("", ":baby_bottle:", False),
        ("", "", False),
    ],
)
def test_words_count_as_whole_words_and_emoji_in_any_skin_tone(text: str, emoji: str, expected: bool) -> None:
    assert says_away(Status(text, emoji, None), StatusPart()) is expected


# Do not disturb


def dnd(desk: Desk, start: int, end: int, user: str = "U0ALICE") -> None:
    told = {"dnd_enabled": True, "next_dnd_start_ts": start, "next_dnd_end_ts": end}
    desk.hands.event({"type": "dnd_updated_user", "user": user, "dnd_status": told})


def test_what_falls_due_in_quiet_hours_goes_when_they_end_as_one_message(world: World) -> None:
    world.ask("alice", item=1)
    world.wait(hours=1)
    world.ask("alice", item=2)
    world.slack.set_quiet_hours("U0ALICE", MONDAY + 5 * HOUR, MONDAY + 7 * HOUR + 600)
    world.wait(hours=6)
    assert world.texts("U0ALICE") == []
    assert world.outbox() == ["moot"], "decided, asked about, given back"
    world.wait(hours=1)
    [one] = world.texts("U0ALICE")
    assert one.count("has waited") == 2
    assert world.sent_at() == [MONDAY + 7 * HOUR + 600]


def test_somebody_who_pauses_notifications_is_left_alone_until_then(world: World) -> None:
    world.slack.set_snooze("U0ALICE", MONDAY + 7 * HOUR)
    world.ask("alice")
    world.wait(hours=8)
    assert world.sent_at()[0] == MONDAY + 7 * HOUR


def test_quiet_hours_at_night_change_nothing(world: World) -> None:
    world.slack.set_quiet_hours("U0ALICE", MONDAY + 13 * HOUR, MONDAY + 22 * HOUR)
    world.ask("alice")
    world.wait(hours=7)
    assert world.sent_at() == [MONDAY + 6 * HOUR]


@pytest.mark.parametrize("fault", [Fault("http", 500), Fault("reset"), Fault("http", 429, "{}", retry_after=60),
                                   Fault("error", error="missing_scope")])  # fmt: skip
def test_trouble_asking_stops_no_nudge(world: World, fault: Fault) -> None:
    world.slack.fail("dnd.info", fault)
    world.ask("alice")
    world.wait(hours=7)
    assert world.sent_at() == [MONDAY + 6 * HOUR]


def test_slack_s_word_on_quiet_hours_is_heard_at_once(either_desk: Desk) -> None:
    world = either_desk.world
    world.ask("alice")
    dnd(either_desk, MONDAY, MONDAY + 10 * HOUR)
    wait_until(lambda: _quiet(world) == {"U0ALICE": (MONDAY, MONDAY + 10 * HOUR)})
    world.wait(hours=7)
    assert world.texts("U0ALICE") == []
    dnd(either_desk, 1, 1)
    wait_until(lambda: _quiet(world) == {})
    world.wait(minutes=1)
    assert len(world.texts("U0ALICE")) == 1, "it was looked at again at once"
    assert world.slack.called("dnd.info") == 1, "nothing was even asked while it was known"


def _quiet(world: World) -> dict[str, tuple[int, int]]:
    with reading(world.engine) as session:
        return members.quiet(session, "default", world.now)


def test_a_channel_and_what_somebody_asked_for_are_not_asked_about(world: World) -> None:
    world.slack.set_quiet_hours("U0ALICE", MONDAY, MONDAY + 10 * HOUR)
    world.set_policy(NO_CHANNEL + 'channel = "C0TEAM"\n')
    world.tell(world.fact("opened", type="pull_request", title="Fix"), world.fact("review_requested", team="core"))
    world.wait(hours=7)
    assert len(world.channel) == 1
    assert world.slack.called("dnd.info") == 0


# The hand-over that authors are offered


def offer_of(world: World) -> Json:
    [message] = world.slack.dms("U0BOB")
    assert content_error(message) is None
    return message


def test_the_author_is_offered_once_to_hand_over_what_waits_for_somebody_away(desk: Desk) -> None:
    world = desk.world
    world.ask("alice", item=12)
    desk.flow("away until friday")
    world.wait(minutes=2)
    line = (
        "alice is away until Monday 9 March, and {} waits for their review. You can hand it over to somebody else, or "
        "leave it with them."
    )
    assert look(offer_of(world)) == [
        line.format(f"*<{SHOP}/12|Fix rounding in totals> · acme/shop#12*") + " [Open]",
        "[Hand over to … ▾] [Leave it]",
    ]
    assert offer_of(world)["text"] == line.format("Fix rounding in totals (acme/shop#12)")
    desk.flow("away until next friday")
    world.wait(days=3)
    assert len(world.slack.dms("U0BOB")) == 1, "a longer absence is the same absence"


def test_several_reviews_are_offered_in_one_message(desk: Desk) -> None:
    world = desk.world
    world.ask("alice", item=1)
    world.ask("carol", item=2, title="Speed up the till")
    desk.flow("away")
    desk.flow("away tomorrow", "U0CAROL")
    desk.flow("away today", "U0CAROL")
    world.wait(minutes=2)
    assert look(offer_of(world)) == [
        "2 reviews of yours wait for somebody who is away:",
        f"alice is away for now, and *<{SHOP}/1|Fix rounding in totals> · acme/shop#1* waits for their review. You can "
        "hand it over to somebody else, or leave it with them. [Open]",
        "[Hand over to … ▾] [Leave it]",
        f"carol is away until Wednesday 4 March, and *<{SHOP}/2|Speed up the till> · acme/shop#2* waits for their "
        "review. You can hand it over to somebody else, or leave it with them. [Open]",
        "[Hand over to … ▾] [Leave it]",
    ]


def test_what_is_left_says_so_and_is_offered_no_more(either_desk: Desk) -> None:
    world = either_desk.world
    world.ask("alice", item=12)
    status(either_desk, "vacation")
    wait_until(lambda: away(world) != [])
    world.wait(minutes=2)
    said = either_desk.press(offer_of(world), "Leave it", "U0BOB")
    assert said == (
        "Fix rounding in totals (acme/shop#12) stays with alice; their clock runs again once they are back."
    )
    world.wait(minutes=2)
    assert look(offer_of(world)) == [
        f"alice is away for now, and *<{SHOP}/12|Fix rounding in totals> · acme/shop#12* waits for their review. You "
        "leave it with them. [Open]",
    ]
    world.review("alice", item=12)
    world.wait(minutes=2)
    assert offer_of(world)["text"] == "Fix rounding in totals (acme/shop#12): no longer needed."


def test_only_the_author_may_leave_it(desk: Desk) -> None:
    world = desk.world
    world.ask("alice", item=12)
    desk.flow("away")
    world.wait(minutes=2)
    assert desk.press(offer_of(world), "Leave it", "U0CAROL") == "This is not yours to decide: bob wrote it."
    world.tell(world.fact("closed", "bob", item=12))
    said = desk.press(offer_of(world), "Leave it", "U0BOB")
    assert said.startswith("That is settled by now (closed without merging)")


def test_what_is_handed_over_is_handed_over_by_its_author(desk: Desk) -> None:
    world = desk.world
    world.ask("alice", item=12)
    desk.flow("away")
    world.wait(minutes=2)
    said = desk.told(lambda: desk.hands.pick_user(offer_of(world), "Hand over to …", "U0CAROL", "U0BOB"))
    assert "carol" in said
    world.wait(minutes=2)
    assert look(offer_of(world))[0].endswith("You wanted to hand it over to carol. [Open]")
    world.tell(world.fact("review_request_removed", item=12, reviewer="alice"),
               world.fact("review_requested", item=12, reviewer="carol"))  # fmt: skip
    world.wait(minutes=2)
    assert offer_of(world)["text"] == "Fix rounding in totals (acme/shop#12): handed on."


def test_the_offer_settles_once_its_reviewer_is_back(desk: Desk) -> None:
    world = desk.world
    world.ask("alice", item=12)
    desk.flow("away")
    world.wait(hours=2)
    desk.flow("back")
    world.tick()
    assert look(offer_of(world)) == [
        f"~<{SHOP}/12|Fix rounding in totals> · acme/shop#12~: alice is back, and it is their turn."
    ]
    edits = offer_of(world)["edits"]
    world.wait(minutes=1)
    world.tick()
    assert offer_of(world)["edits"] == edits
    world.clock.advance(hours=1)
    desk.flow("away until friday")
    world.wait(minutes=30)
    assert len(world.slack.dms("U0BOB")) == 2, "another absence, another offer"


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ("away", True),
        ("away today", True),
        ("away tomorrow", False),
    ],
)
def test_an_absence_is_offered_for_once_it_has_begun(desk: Desk, said: str, offered: bool) -> None:
    desk.world.ask("alice")
    desk.flow(said)
    desk.world.wait(minutes=5)
    assert bool(desk.world.texts("U0BOB")) is offered


def test_a_few_hours_are_waited_for(desk: Desk) -> None:
    desk.world.ask("alice")
    status(desk, "ooo", until=MONDAY + 5 * HOUR)
    desk.world.wait(minutes=5)
    assert desk.world.texts("U0BOB") == [], "she is back today"
    desk.world.clock.set(MONDAY + 5 * HOUR)
    desk.flow("away today")
    desk.world.tick()
    assert desk.world.texts("U0BOB") == [], "three working hours are left of it"


def test_an_author_hears_of_it_in_their_own_hours_and_not_while_away_themselves(desk: Desk) -> None:
    world = desk.world
    world.ask("alice")
    desk.flow("away until next friday")
    desk.flow("away today", "U0BOB")
    world.wait(hours=12)
    assert world.texts("U0BOB") == []
    world.clock.set(MONDAY + 24 * HOUR)
    world.tick()
    assert len(world.texts("U0BOB")) == 1


def test_it_takes_its_place_among_an_author_s_messages_of_the_day(desk: Desk) -> None:
    world = desk.world
    world.set_policy(NO_CHANNEL + "[nudges]\nmax_messages_per_person_per_day = 1\n")
    world.ask("bob", item=1, author="carol")
    world.wait(hours=6)
    assert len(world.texts("U0BOB")) == 1
    world.ask("alice", item=2)
    desk.flow("away until next friday")
    world.wait(hours=1)
    assert len(world.texts("U0BOB")) == 1
    world.clock.set(MONDAY + 24 * HOUR)
    world.tick()
    assert len(world.texts("U0BOB")) == 2


def test_who_is_asked_while_away_is_offered_for_and_what_is_muted_or_over_is_not(desk: Desk) -> None:
    world = desk.world
    desk.flow("away")
    world.ask("alice", item=1)
    world.ask("alice", item=2, title="Muted")
    desk.flow("mute #2", "U0BOB")
    world.ask("alice", item=3, title="Over")
    world.review("alice", item=3)
    world.tick()
    assert "acme/shop#1" in offer_of(world)["text"]
    assert "Muted" not in offer_of(world)["text"]


def test_an_offer_of_which_nothing_is_known_any_more_says_so() -> None:
    said = "Reviews of yours waited for somebody who was away; that is settled by now."
    assert offer([], UTC, MONDAY) == Message(said, (section(said),))


def test_two_workers_offer_once(world: World) -> None:
    world.set_policy(
        NO_CHANNEL.replace(
            'slack = "U0ALICE"', 'slack = "U0ALICE"\naway = [{from = "2026-03-02", until = "2026-03-06"}]'
        )
    )
    world.ask("alice")
    barrier, claimed = Barrier(2), []

    def work() -> None:
        barrier.wait()
        claimed.append(absences.run(world.ctx(), world.now))

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [0, 1]


def test_an_offer_to_the_author_is_nothing_that_the_reviewer_heard(desk: Desk) -> None:
    world = desk.world
    world.ask("alice")
    world.wait(hours=1)
    desk.flow("away until tomorrow")
    world.wait(days=2)
    assert world.texts("U0ALICE") == []
    world.wait(hours=4, minutes=5)
    assert len(world.texts("U0ALICE")) == 1, "five hours after she is back, as if nothing had been said"
