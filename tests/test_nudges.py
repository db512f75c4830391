"""What always holds about nudges, live: the whole road with a real store and a Slack of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from fake_slack import FakeSlack, Fault
from sqlalchemy import Engine
from world import MONDAY, NO_CHANNEL, POLICY, World

from bot.hosts import Delivery
from bot.intake import refresh_looks, take_delivery
from jobs import deliver, nudge

HOUR = 3600


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        for user in ("U0ALICE", "U0BOB", "U0CAROL"):
            slack.add_user(user)
        slack.add_channel("C0TEAM")
        yield World(engine, slack)


def test_a_review_request_is_nudged_when_due_and_says_so_when_it_is_done(world: World) -> None:
    world.ask("alice")
    world.wait(hours=6, minutes=30)
    [heads_up] = world.texts("U0ALICE")
    assert heads_up.startswith("Fix rounding in totals (acme/shop#1) has waited 6h for your review")
    assert world.sent_at() == [MONDAY + 6 * HOUR]
    world.review("alice")
    world.wait(minutes=1)
    [done] = world.slack.dms("U0ALICE")
    assert done["text"].startswith("Done: Fix rounding in totals (acme/shop#1), reviewed after 6h 30m, thank you")
    assert done["blocks"][0]["text"]["text"].startswith("~<https://github.com/acme/shop/pull/1|Fix rounding in totals>")
    world.wait(days=3)
    assert len(world.texts("U0ALICE")) == 1
    assert "for you to merge it" in world.texts("U0BOB")[0], "now it is bob's turn"
    assert world.slack.called("chat.update") == 1


# 1. Working windows, absences, holds


def test_what_falls_due_in_the_evening_goes_in_the_morning(world: World) -> None:
    world.set_policy(NO_CHANNEL.replace('review = "8h"', 'review = "1h"'))
    world.clock.advance(hours=7, minutes=30)
    world.ask("alice")
    world.wait(hours=24)
    first, *_ = world.sent_at()
    assert first == MONDAY + 24 * HOUR + 15 * 60, "three quarters of an hour of work: half an hour and a quarter"


def test_nobody_hears_anything_while_away(world: World) -> None:
    world.set_policy(
        NO_CHANNEL.replace(
            'slack = "U0ALICE"', 'slack = "U0ALICE"\naway = [{from = "2026-03-02", until = "2026-03-04"}]'
        )
    )
    world.ask("alice")
    world.wait(days=3, hours=5)
    assert world.sent_at() == []
    world.wait(hours=2)
    assert world.sent_at() == [MONDAY + (3 * 24 + 6) * HOUR], "the clock stood while she was away"


def test_somebody_who_went_away_after_the_decision_is_left_alone(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=6)
    assert nudge.run(world.ctx(), world.now) == 1
    world.set_policy(
        NO_CHANNEL.replace(
            'slack = "U0ALICE"', 'slack = "U0ALICE"\naway = [{from = "2026-03-02", until = "2026-03-02"}]'
        )
    )
    deliver.run(world.ctx(), world.now)
    assert world.slack.history() == []
    world.wait(hours=23)
    assert world.texts("U0ALICE") == []
    world.wait(hours=1)
    assert len(world.texts("U0ALICE")) == 1, "it comes when the clock, which stood, gets there again"


def test_a_message_kept_past_working_hours_goes_the_next_morning(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=6)
    nudge.run(world.ctx(), world.now)
    world.clock.set(MONDAY + 10 * HOUR)
    world.tick()
    assert world.slack.history() == []
    world.wait(hours=14, minutes=1)
    assert world.sent_at() == [MONDAY + 24 * HOUR]


def test_a_wait_on_hold_is_not_nudged_until_the_hold_ends(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=5)
    world.tell(world.fact("checks_failed", None))
    world.wait(hours=2)
    assert world.texts("U0ALICE") == []
    world.tell(world.fact("checks_passed", None))
    world.wait(minutes=59)
    assert world.texts("U0ALICE") == []
    world.clock.set(MONDAY + 24 * HOUR)
    world.tick()
    assert len(world.texts("U0ALICE")) == 1


def test_a_hold_that_begins_between_decision_and_sending_stops_the_message(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=6)
    nudge.run(world.ctx(), world.now)
    world.tell(world.fact("checks_failed", None))
    deliver.run(world.ctx(), world.now)
    assert world.texts("U0ALICE") == []
    world.clock.advance(minutes=30)
    world.tell(world.fact("checks_passed", None))
    world.tick()
    assert len(world.texts("U0ALICE")) == 1, "the rung was given back, not lost"


# 2. No nudge names a wait that is over


def test_a_review_between_decision_and_sending_stops_the_message(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=6)
    assert nudge.run(world.ctx(), world.now) == 1
    world.review("alice")
    world.tick()
    assert world.texts("U0ALICE") == []
    assert world.outbox() == ["moot"]


def test_only_what_still_waits_is_named(world: World) -> None:
    world.ask("alice", item=1, title="First")
    world.ask("alice", item=2, title="Second")
    world.clock.advance(hours=6)
    nudge.run(world.ctx(), world.now)
    world.review("alice", item=1)
    world.tick()
    [text] = world.texts("U0ALICE")
    assert "Second" in text
    assert "First" not in text


# 3. A rung of a wait is sent once


def test_each_rung_is_sent_once(world: World) -> None:
    world.ask("alice")
    world.wait(days=14)
    hours = [(at - MONDAY) // HOUR for at in world.sent_at()]
    assert hours == [6, 24, 48, 72], "heads-up; breach (due at closing time, told next morning); two repeats; no more"


def test_a_heads_up_overtaken_by_the_breach_is_not_sent(world: World) -> None:
    world.ask("alice")
    world.clock.set(MONDAY + 25 * HOUR)
    world.wait(minutes=30)
    [text] = world.texts("U0ALICE")
    assert "9h" in text
    assert "heads-up" not in text.casefold()


def test_a_heads_up_overtaken_while_it_was_on_its_way_is_not_sent(world: World) -> None:
    world.ask("alice")
    world.clock.advance(hours=6)
    nudge.run(world.ctx(), world.now)
    world.clock.set(MONDAY + 25 * HOUR)
    world.wait(minutes=3)
    [text] = world.texts("U0ALICE")
    assert "heads-up" not in text.casefold()


def test_two_workers_at_once_send_one_message_to_each_person(world: World) -> None:
    people = "".join(f'[people.p{n}]\nslack = "U0P{n}"\n' for n in range(12))
    world.set_policy(NO_CHANNEL + people)
    for n in range(12):
        world.slack.add_user(f"U0P{n}")
        world.ask(f"p{n}", item=10 + n)
        world.ask(f"p{n}", item=50 + n)
    world.clock.advance(hours=6)
    world.slack.now = world.now
    start, failures = Barrier(4), []

    def work() -> None:
        try:
            start.wait()
            nudge.run(world.ctx(), world.now)
            deliver.run(world.ctx(), world.now)
        except BaseException as error:
            failures.append(error)
            raise

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    world.wait(minutes=3)
    assert failures == []
    assert [len(world.texts(f"U0P{n}")) for n in range(12)] == [1] * 12
    assert world.outbox() == ["sent"] * 12


# 4. When, and how often


def test_what_falls_due_within_ten_minutes_comes_in_one_message(world: World) -> None:
    for n in range(1, 5):
        world.ask("alice", item=n)
        world.clock.advance(minutes=2)
    world.wait(hours=6, minutes=20)
    assert [(at - MONDAY) // 60 for at in world.sent_at()] == [360, 370]
    assert "3 things wait for you" in world.texts("U0ALICE")[1]


def test_nobody_gets_more_messages_a_day_than_agreed(world: World) -> None:
    world.set_policy(
        NO_CHANNEL.replace('review = "8h"', 'review = "1h"') + "\n[nudges]\nmax_messages_per_person_per_day = 2\n"
    )
    for n in range(1, 8):
        world.ask("alice", item=n)
        world.clock.advance(minutes=30)
    world.wait(hours=30)
    days = [(at - MONDAY) // 86_400 for at in world.sent_at()]
    assert days.count(0) == 2
    assert world.sent_at()[2] == MONDAY + 24 * HOUR


def test_a_message_that_could_not_go_yet_keeps_others_back(world: World) -> None:
    world.ask("alice", item=1)
    world.clock.advance(minutes=60)
    world.ask("alice", item=2)
    world.clock.set(MONDAY + 6 * HOUR)
    world.slack.token_error = "token_revoked"
    world.wait(minutes=90)
    assert world.outbox() == ["pending"]
    world.slack.token_error = None
    world.wait(minutes=8)
    assert len(world.texts("U0ALICE")) == 1
    world.wait(minutes=12)
    assert len(world.texts("U0ALICE")) == 2
    first, second = world.sent_at()
    assert second - first == 600


# 5. Who can't be reached


def test_a_holder_nobody_mapped_gets_nothing_and_the_channel_still_hears(world: World) -> None:
    world.set_policy(POLICY.replace('[people.alice]\nslack = "U0ALICE"', ""))
    world.ask("alice")
    world.wait(days=3)
    assert world.texts("U0ALICE") == []
    [text] = world.channel
    assert "alice" not in text


def test_a_deactivated_account_is_reported_and_not_tried_again_at_once(world: World) -> None:
    world.slack.users["U0ALICE"]["deleted"] = True
    world.ask("alice")
    world.ask("alice", item=2)
    world.wait(hours=8)
    assert world.problems() == {"U0ALICE": "user_disabled"}
    assert world.outbox() == ["failed"]
    assert world.slack.called("conversations.open") == 1
    world.slack.users["U0ALICE"]["deleted"] = False
    world.wait(days=2)
    assert world.problems() == {}
    assert len(world.texts("U0ALICE")) >= 1


# 6. Channels


def test_a_channel_hears_of_items_and_nobody_is_named(world: World) -> None:
    world.set_policy(POLICY)
    world.ask("alice", "carol")
    world.wait(days=2, hours=2)
    [text] = world.channel
    assert text == (
        "Fix rounding in totals (acme/shop#1) has waited 16h for a review (working time; 1d 8h by the calendar;"
        " 8h agreed). 120 lines, medium. Who can move it on?"
    )
    blocks = str(world.slack.messages("C0TEAM")[0]["blocks"])
    assert not any(name in text + blocks for name in ("alice", "bob", "carol", "<@"))


def test_a_team_that_wants_mentions_has_its_holders_mentioned(world: World) -> None:
    world.set_policy(POLICY + "mentions = true\n")
    world.ask("alice")
    world.wait(days=2, hours=2)
    [text] = world.channel
    assert text.endswith("<@U0ALICE>, can you move it on?")


def test_a_team_hears_in_its_repository_s_channel(world: World) -> None:
    world.set_policy(POLICY)
    opened = world.fact("opened", "bob", type="pull_request", title="Fix rounding in totals")
    world.tell(opened, world.fact("review_requested", "bob", team="core"))
    world.wait(hours=6, minutes=5)
    [text] = world.channel
    assert "for a review by core" in text


# 7. A history just read


def test_what_was_late_in_a_history_just_read_is_listed_once_and_not_nudged(world: World) -> None:
    world.ask("alice", item=1, title="Old thing", at=MONDAY - 14 * 86_400, live=False)
    world.ask("alice", item=2, title="New thing")
    world.wait(hours=5)
    assert world.slack.history() == []
    world.wait(days=4)
    texts = world.texts("U0ALICE")
    assert len(texts) == 4
    assert [("Old thing" in text) for text in texts] == [True, False, False, False]
    assert texts[0].startswith("New thing")


def test_what_is_listed_says_so_when_it_is_over(world: World) -> None:
    world.ask("alice", item=1, title="Old thing", at=MONDAY - 14 * 86_400, live=False)
    world.ask("alice", item=2, title="New thing")
    world.wait(hours=6)
    world.review("alice", item=1)
    world.wait(minutes=2)
    [text] = world.texts("U0ALICE")
    assert "Old thing (acme/shop#1): reviewed after" in text
    world.review("alice", item=2)
    world.wait(minutes=2)
    [text] = world.texts("U0ALICE")
    assert text.startswith("Done: New thing")


def test_what_fell_due_while_the_program_was_down_is_nudged_after_the_start(world: World) -> None:
    world.ask("alice")
    world.clock.set(MONDAY + 26 * HOUR)
    world.wait(minutes=1)
    assert len(world.texts("U0ALICE")) == 1


# 8. Edits


def test_items_settle_one_by_one_and_the_last_strikes_all_through(world: World) -> None:
    world.ask("alice", item=1, title="First")
    world.ask("alice", item=2, title="Second")
    world.wait(hours=6)
    world.review("alice", item=1)
    world.wait(minutes=5)
    [message] = world.slack.dms("U0ALICE")
    assert "First (acme/shop#1): reviewed after 6h, thank you" in message["text"]
    assert "Second (acme/shop#2) has waited 6h" in message["text"]
    assert "~" not in str(message["blocks"])
    world.tell(world.fact("closed", "bob", item=2))
    world.wait(minutes=5)
    [message] = world.slack.dms("U0ALICE")
    assert message["text"].splitlines()[1] == "Done: Second (acme/shop#2), closed without merging."
    assert all(block["text"]["text"].startswith("~") for block in message["blocks"])
    assert world.slack.called("chat.update") == 2


def test_an_approval_by_somebody_else_thanks_nobody(world: World) -> None:
    world.ask("alice", "carol")
    world.wait(hours=6)
    world.review("carol")
    world.wait(minutes=5)
    assert world.texts("U0ALICE") == ["Done: Fix rounding in totals (acme/shop#1), no longer needed."]
    assert "reviewed after 6h, thank you" in world.texts("U0CAROL")[0]


def test_an_edit_is_tried_again_until_it_gets_through(world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    world.slack.fail("chat.update", Fault("reset"), Fault("http", 503), Fault("http", 429, "{}", retry_after=90))
    world.review("alice")
    world.wait(minutes=10)
    assert world.texts("U0ALICE")[0].startswith("Done:")
    assert world.slack.called("chat.update") == 4


def test_a_message_its_reader_deleted_is_left_alone(world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    [message] = world.slack.dms("U0ALICE")
    world.slack.delete("D0ALICE", message["ts"])
    world.review("alice")
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    assert world.slack.called("chat.update") == 1


def test_nobody_gets_a_message_they_did_not_ask_for(world: World) -> None:
    world.wait(days=2)
    assert world.slack.calls == []


# 9 is in test_deliver.py


def test_a_person_mapped_later_is_nudged_from_then_on(world: World) -> None:
    world.set_policy(NO_CHANNEL.replace('[people.alice]\nslack = "U0ALICE"', ""))
    refresh_looks(world.ctx(), world.now)
    world.ask("alice")
    world.wait(hours=7)
    assert world.slack.history() == []
    world.set_policy(NO_CHANNEL)
    refresh_looks(world.ctx(), world.now)
    world.wait(minutes=1)
    assert len(world.texts("U0ALICE")) == 1


def test_what_is_known_of_a_lost_repository_nudges_nobody_until_it_is_back(world: World) -> None:
    world.ask("alice")
    take_delivery(world.ctx(), Delivery("github", gone=("acme/shop",)), world.now)
    world.wait(hours=6, minutes=30)
    assert world.texts("U0ALICE") == []
    take_delivery(world.ctx(), Delivery("github", repos=("acme/shop",)), world.now)
    world.wait(hours=1)
    assert len(world.texts("U0ALICE")) == 1
