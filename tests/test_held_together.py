"""What is said, folded, decided and sent at the same time: nothing is lost, and nothing holds that holds no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_slack import FakeSlack
from sqlalchemy import Engine, event, text
from world import MONDAY, NO_CHANNEL, World

from bot import intake
from bot.hosts import Delivery
from bot.said import UNSAID, Change, current, say
from bot.store import answers, homes, members, outbox, said, waits
from bot.store.answers import SNOOZE, Answer
from bot.store.asked import held_by
from bot.store.engine import reading, writing
from bot.store.outbox import Draft
from jobs import nudge

HOUR = 3600
KEY = ("github", "acme/shop", 1)
WITHOUT_TARGETS = NO_CHANNEL.replace('review = "8h"\n', "")


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    yield from _world(engine)


@pytest.fixture
def on_postgres(postgres_engine: Engine) -> Iterator[World]:
    yield from _world(postgres_engine)


def _world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        for name in ("ALICE", "BOB", "CAROL"):
            slack.add_user(f"U0{name}")
        yield World(engine, slack)


def told(world: World, *changes: tuple[tuple[str, ...], Any]) -> None:
    say(world.ctx(), [Change(path, value) for path, value in changes], "U0BOB", world.now)


def call(world: World) -> None:
    """The author asks for it."""
    with writing(world.engine) as session:
        assert answers.ask(session, "default", KEY, str(world.now), "bob", world.now)
        waits.set_looks(session, "default", {row.id: world.now for row in held_by(session, "default", ["alice"])})


def wait_of(world: World, login: str = "alice") -> Any:
    with reading(world.engine) as session:
        (row,) = held_by(session, "default", [login])
    return row


def absent(world: World, user: str) -> None:
    """A status says so, and not until when."""
    with writing(world.engine) as session:
        members.left(session, "default", user, world.now, None)
        said.revise(session, "default")


def back(world: World, user: str, login: str) -> None:
    """The status says so no longer."""
    with writing(world.engine) as session:
        members.returned(session, "default", user, world.now)
        said.revise(session, "default")
        waits.look_again(session, "default", world.now, logins=[login])


@contextmanager
def right_after(engine: Engine, words: str, work: Callable[[], None], past: str = "") -> Iterator[None]:
    """Have something done by others right after a statement with these words; once, and `past` another one."""
    left, passed = [work], [past]

    def listen(conn: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        passed[:] = [one for one in passed if one and one not in f"{statement} {parameters}"]
        if words in statement and left and not passed:
            left.pop()()

    event.listen(engine, "after_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", listen)
    assert not left


def test_what_an_author_asks_while_checks_are_red_is_told_once_they_pass(world: World) -> None:
    world.set_policy(WITHOUT_TARGETS)
    world.ask("alice")
    world.tell(world.fact("checks_failed"))
    world.wait(minutes=10)
    call(world)
    world.wait(minutes=10)
    assert world.texts("U0ALICE") == []
    world.tell(world.fact("checks_passed"))
    world.wait(minutes=10)
    assert len(world.texts("U0ALICE")) == 1


def test_a_reminder_outlives_a_change_of_its_item(world: World) -> None:
    world.set_policy(WITHOUT_TARGETS)
    world.ask("alice")
    with writing(world.engine) as session:
        id_ = wait_of(world).id
        answers.add(session, "default", Answer(id_, "U0ALICE", SNOOZE, None, world.now, MONDAY + 3 * HOUR))
        waits.set_looks(session, "default", {id_: world.now})
    world.wait(hours=1)
    world.tell(world.fact("checks_failed"))
    world.wait(minutes=1)
    world.tell(world.fact("checks_passed"))
    world.wait(hours=3)
    assert len(world.texts("U0ALICE")) == 1


def test_a_reminder_outlives_an_edit_of_the_policy_file(world: World) -> None:
    world.set_policy(WITHOUT_TARGETS)
    world.ask("alice")
    with writing(world.engine) as session:
        id_ = wait_of(world).id
        answers.add(session, "default", Answer(id_, "U0ALICE", SNOOZE, None, world.now, MONDAY + 3 * HOUR))
        waits.set_looks(session, "default", {id_: world.now})
    world.wait(hours=1)
    world.set_policy(WITHOUT_TARGETS + '[people.dan]\nslack = "U0DAN"\n')
    intake.refresh_looks(world.ctx(), world.now)
    world.wait(hours=3)
    assert len(world.texts("U0ALICE")) == 1


def test_what_an_author_asks_of_a_wait_that_is_only_listed_waits_out_do_not_disturb(world: World) -> None:
    world.ask("alice", at=MONDAY - 30 * 86_400, live=False)
    assert wait_of(world).backlog
    world.slack.set_quiet_hours("U0ALICE", MONDAY, MONDAY + HOUR)
    call(world)
    world.wait(hours=2)
    assert len(world.texts("U0ALICE")) == 1


def test_what_is_said_while_nudges_are_decided_is_looked_at_after_that(on_postgres: World) -> None:
    world = on_postgres
    world.ask("alice")
    world.wait(hours=2)
    with writing(world.engine) as session:
        waits.set_looks(session, "default", {wait_of(world).id: world.now})
    others = []

    def hurry() -> None:
        others.append(threading.Thread(target=told, args=(world, (("targets", "review"), "1h"))))
        others[0].start()
        others[0].join(1)  # where it has to wait for us, it goes on later

    with right_after(world.engine, "FROM settings", hurry, past="weir decides"):
        nudge.run(world.ctx(), world.now)
    others[0].join()
    world.tick()
    assert len(world.texts("U0ALICE")) == 1


def test_what_is_said_while_items_are_folded_holds_for_their_waits(world: World) -> None:
    told(world, (("targets", "review"), "16h"))
    current(world.ctx())
    asked = world.fact("review_requested", reviewer="alice")
    delivery = Delivery("github", ("acme/shop",), (world.fact("opened", type="pull_request"), asked))
    intake.take_delivery(world.ctx(), delivery, world.now)
    with right_after(world.engine, "FROM settings", lambda: told(world, (("targets", "review"), "1h"))):
        intake.settle(world.ctx(), world.now)
    world.wait(hours=2)
    assert len(world.texts("U0ALICE")) >= 1


def test_hours_said_under_another_spelling_of_a_login_hold(world: World) -> None:
    told(world, (("people", "dan", "calendar", "timezone"), "Asia/Tokyo"))
    world.set_policy(NO_CHANNEL + '[people.Dan]\nslack = "U0DAN"\n')
    told(world, (("people", "Dan", "calendar", "timezone"), "Europe/London"))
    assert current(world.ctx()).policy.person("dan").calendar.timezone == "Europe/London"
    told(world, (("people", "Dan", "calendar", "timezone"), UNSAID))
    assert current(world.ctx()).policy.person("dan").calendar.timezone == "Europe/Berlin"


def test_spellings_of_one_name_go_together_without_the_file(world: World) -> None:
    world.set_policy(NO_CHANNEL + '[people.Dan]\nslack = "U0DAN"\n')
    told(world, (("people", "dan", "calendar", "timezone"), "Asia/Tokyo"))
    told(world, (("people", "DAN", "slack"), "U0DAN"))
    world.set_policy(NO_CHANNEL)
    dan = current(world.ctx()).policy.person("dan")
    assert (dan.slack, dan.calendar.timezone) == ("U0DAN", "Asia/Tokyo")


def test_a_key_that_no_longer_goes_with_the_file_keeps_nobody_from_saying_something(world: World) -> None:
    world.set_policy(NO_CHANNEL + '[people.dan]\ncalendar = { country = "DE" }\n')
    told(world, (("people", "dan", "calendar", "subdivision"), "BE"))
    world.set_policy(NO_CHANNEL)
    told(world, (("targets", "review"), "2h"))
    assert current(world.ctx()).policy.target("acme/shop", "review") == 2 * HOUR


def test_a_repository_that_was_let_go_stays_so_when_it_is_renamed(world: World) -> None:
    world.ask("alice")
    told(world, (("repos", "acme/shop", "follow"), False))
    intake.rebuild(world.ctx(), world.now)
    moved = Delivery("github", ("acme/store",), renamed=(("acme/shop", "acme/store"),))
    intake.take_delivery(world.ctx(), moved, world.now)
    with reading(world.engine) as session:
        assert held_by(session, "default", ["alice"]) == []


def test_what_was_said_of_a_repository_in_another_case_is_renamed_too(world: World) -> None:
    told(world, (("repos", "Acme/Shop", "targets", "review"), "2h"))
    moved = Delivery("github", ("acme/store",), renamed=(("acme/shop", "acme/store"),))
    intake.take_delivery(world.ctx(), moved, world.now)
    assert current(world.ctx()).policy.target("acme/store", "review") == 2 * HOUR


def test_a_notice_that_waits_for_its_reader_keeps_no_nudge_back(world: World) -> None:
    world.ask("alice", author="carol")
    absent(world, "U0ALICE")
    with writing(world.engine) as session:
        draft = Draft("alice", "handover", about={"wait": wait_of(world).id, "by": "carol", "to": "bob"})
        outbox.claim(session, "default", [draft], world.now)
    world.wait(minutes=10)
    assert world.outbox() == ["pending"]
    back(world, "U0ALICE", "alice")
    world.wait(hours=7)
    assert len(world.texts("U0ALICE")) >= 1


def test_words_from_one_person_to_another_keep_to_the_pace_and_number_of_messages(world: World) -> None:
    world.set_policy(NO_CHANNEL + "[nudges]\nmax_messages_per_person_per_day = 2\n")
    for item in (1, 2, 3):
        world.ask("alice", item=item)
    with writing(world.engine) as session:
        for row in held_by(session, "default", ["alice"]):
            about = {"wait": row.id, "by": "alice", "to": "carol"}
            draft = Draft("bob", outbox.HANDOVER, [(row.id, "handover:carol")], about)
            outbox.claim(session, "default", [draft], world.now)
    world.wait(hours=5)
    assert [at - MONDAY for at in world.sent_at()] == [5, 605]
    world.wait(days=1)
    assert len(world.texts("U0BOB")) == 3


def test_what_was_asked_of_several_repositories_is_read_at_once(world: World) -> None:
    keys = [("github", f"acme/r{number}", item) for number in range(30) for item in (1, 2)]
    with writing(world.engine) as session:
        for place, key in enumerate(keys[::3]):
            answers.ask(session, "default", key, "2026-03-02", "bob", MONDAY + place)
    statements: list[str] = []
    event.listen(world.engine, "after_cursor_execute", lambda *told: statements.append(told[2]))
    with reading(world.engine) as session:
        found = answers.asks(session, "default", keys[:-2])
    assert {key: [ask.at - MONDAY for ask in told] for key, told in found.items()} == {
        key: [place] for place, key in enumerate(keys[::3]) if key in keys[:-2]
    }
    assert sum("FROM asks" in one for one in statements) == 1


def test_a_message_to_a_teams_channel_goes_by_the_new_name_of_its_repository(world: World) -> None:
    world.tell(world.fact("opened", type="pull_request"))
    with writing(world.engine) as session:
        drafts = [Draft(to, "breach", about={}) for to in ("#acme/shop", "#acme/shop@core", "#acme/shop2@core")]
        outbox.claim(session, "default", drafts, world.now)
    moved = Delivery("github", ("acme/store",), renamed=(("acme/shop", "acme/store"),))
    intake.take_delivery(world.ctx(), moved, world.now)
    with world.engine.connect() as connection:
        named = connection.execute(text("SELECT recipient FROM outbox ORDER BY recipient")).scalars().all()
    assert sorted(named) == ["#acme/shop2@core", "#acme/store", "#acme/store@core"]


def test_nobody_is_reminded_of_what_waits_in_a_repository_that_fell_silent(world: World) -> None:
    world.ask("alice")
    with writing(world.engine) as session:
        snoozed = Answer(wait_of(world).id, "U0ALICE", SNOOZE, None, world.now, MONDAY + 3 * HOUR)
        answers.add(session, "default", snoozed)
    told(world, (("repos", "acme/shop", "silent"), True))
    world.wait(hours=5)
    assert world.texts("U0ALICE") == []
    told(world, (("repos", "acme/shop", "silent"), False))
    world.wait(minutes=1)
    assert len(world.texts("U0ALICE")) == 1


def test_a_notice_goes_soon_after_its_reader_is_back(world: World) -> None:
    world.ask("alice")
    absent(world, "U0BOB")
    with writing(world.engine) as session:
        about = {"wait": wait_of(world).id, "by": "alice", "to": "carol"}
        outbox.claim(session, "default", [Draft("bob", outbox.HANDOVER, about=about)], world.now)
    world.wait(minutes=10)
    back(world, "U0BOB", "bob")
    world.wait(hours=1)
    assert len(world.texts("U0BOB")) == 1


def test_whoever_a_login_is_taken_from_sees_that_in_their_home(world: World) -> None:
    with writing(world.engine) as session:
        homes.opened(session, "default", "U0ALICE", world.now)
        session.execute(text("UPDATE homes SET stale_at = NULL"))
    told(world, (("people", "alice", "slack"), "U0CAROL"))
    with world.engine.connect() as connection:
        assert connection.execute(text("SELECT stale_at FROM homes")).scalar() == world.now
