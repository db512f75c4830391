"""Answers on a nudge, and an author's own call: pressed and typed through both of Slack's doors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from desks import HTTP, SOCKET, Desk, Json, desk_of, look, options, world_of
from fake_github import FakeGithub
from fake_slack import content_error
from program import wait_until
from sqlalchemy import Engine, text
from world import POLICY, World

from bot.asking.answering import answer
from bot.asking.people import NotKnown
from bot.hosts.github.api import Github
from bot.store import answers
from bot.store.engine import reading
from bot.views.controls import Press
from bot.views.pages import Again
from handlers.commands import answer as flow

SHOP = "https://github.com/acme/shop/pull"
ONE = f"<{SHOP}/1|Fix rounding in totals> · acme/shop#1"
WAITED = "has waited *6h* for your review (working time; 6h by the calendar; 8h agreed)"
ASKED = "bob asked for your review on Monday 09:00 · 120 lines, medium"
OPEN = f"*{ONE}*\n{WAITED}\n{ASKED}"


@pytest.fixture(params=[HTTP, SOCKET])
def desk(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Monday, three in the afternoon: alice has just got a heads-up."""
    with world_of(engine, POLICY) as world, desk_of(world, request.param, tmp_path) as opened:
        world.ask("alice")
        world.wait(hours=6)
        yield opened


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with world_of(engine, POLICY) as world:
        yield world


Desks = partial[AbstractContextManager[Desk]]


@pytest.fixture
def on(world: World, tmp_path: Path) -> Desks:
    return partial(desk_of, world, HTTP, tmp_path)


def shown(desk: Desk, user: str = "U0ALICE", nth: int = -1) -> list[str]:
    """The message as it is once the worker has been."""
    desk.world.wait(minutes=1)
    message = desk.dm(user, nth)
    assert content_error(message) is None
    return look(message)


def the_wait(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT id FROM waits WHERE until IS NULL ORDER BY since LIMIT 1")).scalar())


def counted(world: World) -> dict[tuple[str, str], int]:
    with reading(world.engine) as session:
        return answers.counted(session, "default")


# What can be pressed


def test_a_nudge_can_be_opened_taken_on_snoozed_handed_over_and_called_wrong(desk: Desk) -> None:
    message = desk.dm()
    assert look(message) == [
        f"{OPEN}\nA heads-up, no hurry yet. Can you look, or hand it on? [Open]",
        "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
    ]
    _, snooze, _, wrong = message["blocks"][1]["elements"]
    assert options(snooze) == [": An hour, After lunch, Tomorrow morning, Next Monday"]
    assert options(wrong) == [": Already done, Not mine, Not ready, Too early, Other"]


def test_what_only_the_author_can_do_is_not_handed_over(world: World) -> None:
    world.ask("alice")
    world.review("alice")
    world.wait(hours=6)
    assert look(world.slack.dms("U0BOB")[0])[1] == "[On it] [Snooze ▾] [Wrong ping ▾]"


def test_of_several_things_each_has_its_answers_in_one_menu(on: Desks, world: World) -> None:
    for item in (1, 2, 3):
        world.ask("alice", item=item)
    world.wait(hours=6)
    with on() as desk:
        message = desk.dm()
        ask = "Can you look, or hand it on? [Answer ▾]"
        rest = [f"*<{SHOP}/{n}|Fix rounding in totals> · acme/shop#{n}*\n{WAITED}\n{ASKED}\n" for n in (1, 2, 3)]
        opening = "A heads-up: 3 things wait for you and will soon reach the agreed time."
        assert look(message) == [opening, *(one + ask for one in rest)]
        assert options(message["blocks"][1]["accessory"]) == [
            "Now: On it, Hand over …",
            "Snooze: An hour, After lunch, Tomorrow morning, Next Monday",
            "Wrong ping: Already done, Not mine, Not ready, Too early, Other",
        ]
        assert desk.choose(message, "Answer", "An hour", nth=1) == "You hear of it again on Monday 16:00."
        answered = f"{rest[1]}_Snoozed until Monday 16:00._ [Change ▾]"
        assert shown(desk) == [opening, rest[0] + ask, answered, rest[2] + ask]


# On it


def test_on_it_keeps_quiet_until_the_working_day_ends_and_the_author_sees_it(desk: Desk) -> None:
    assert desk.press(desk.dm(), "On it") == "You are on it until Monday 17:00; bob can see that."
    assert shown(desk) == [f"{OPEN}\n_On it until Monday 17:00._ [Open]", "[Change ▾]"]
    assert desk.dm()["text"].endswith("120 lines, medium. On it until Monday 17:00.")
    line = "alice is on it until Monday 17:00."
    assert desk.flow("waits", "U0BOB")["text"].endswith(f"Since Monday 09:00, asked by bob. {line}")
    assert desk.flow("why #1", "U0BOB")["text"].endswith(f"It is due on Monday 17:00. {line}")
    assert desk.flow("why #1")["text"].endswith("It is due on Monday 17:00. You are on it until Monday 17:00.")
    desk.world.wait(hours=17, minutes=58)
    assert len(desk.world.texts("U0ALICE")) == 1
    desk.world.wait(minutes=2)
    assert desk.world.texts("U0ALICE")[1].startswith("Fix rounding in totals (acme/shop#1) has waited 8h")
    assert look(desk.dm())[1] == "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]"


def test_a_channel_is_told_that_somebody_is_on_it_and_not_who(on: Desks, world: World) -> None:
    world.ask("alice")
    world.wait(days=2)
    with on() as desk:
        assert desk.press(desk.dm(), "On it") == "You are on it until Wednesday 17:00; bob can see that."
        world.wait(minutes=1)
        told = look(desk.channel)
    assert told == [
        f"*{ONE}*\nhas waited *16h* for a review (working time; 1d 8h by the calendar; 8h agreed) · 120 lines, medium\n"
        "Somebody is on it until Wednesday 17:00. [Open]"
    ]


# Snooze


@pytest.mark.parametrize(
    ("pause", "until"),
    [("An hour", "Monday 16:00"), ("After lunch", "Tuesday 13:00"), ("Tomorrow morning", "Tuesday 09:00"),
     ("Next Monday", "9 Mar 09:00")],
)  # fmt: skip
def test_a_snooze_is_counted_in_the_person_s_own_hours(on: Desks, world: World, pause: str, until: str) -> None:
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.choose(desk.dm(), "Snooze", pause) == f"You hear of it again on {until}."
        assert shown(desk) == [f"{OPEN}\n_Snoozed until {until}._ [Open]", "[Change ▾]"]


def test_what_was_snoozed_is_brought_up_again_when_that_is_over(desk: Desk) -> None:
    desk.choose(desk.dm(), "Snooze", "An hour")
    desk.world.wait(minutes=59)
    assert len(desk.world.texts("U0ALICE")) == 1
    desk.world.wait(minutes=1)
    again = look(desk.dm())
    assert again == [
        f"*{ONE}*\nhas waited *7h* for your review (working time; 7h by the calendar; 8h agreed)\n{ASKED}\n"
        "You wanted to hear of it again. Can you look, or hand it on? [Open]",
        "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
    ]
    assert look(desk.dm(nth=0))[0].endswith("_Snoozed until Monday 16:00._ [Open]")


def test_an_answer_can_be_changed_for_another(desk: Desk) -> None:
    desk.choose(desk.dm(), "Snooze", "Next Monday")
    shown(desk)
    assert desk.choose(desk.dm(), "Change", "On it") == "You are on it until Monday 17:00; bob can see that."
    assert shown(desk) == [f"{OPEN}\n_On it until Monday 17:00._ [Open]", "[Change ▾]"]
    desk.world.wait(hours=18)
    assert len(desk.world.texts("U0ALICE")) == 2, "the breach, and nothing is left of the snooze"


def test_each_answer_names_its_menu_anew_so_that_slack_shows_no_old_choice(desk: Desk) -> None:
    names = [desk.dm()["blocks"][1]["block_id"]]
    for pause in ("Tomorrow morning", "Next Monday"):
        desk.choose(desk.dm(), "Change" if names[1:] else "Snooze", pause)
        shown(desk)
        names.append(desk.dm()["blocks"][1]["block_id"])
    assert len(set(names)) == 3


# Wrong ping


@pytest.mark.parametrize(
    ("label", "reason", "said"),
    [("Already done", "done", "already done"), ("Not mine", "not_mine", "not mine"),
     ("Not ready", "not_ready", "not ready"), ("Too early", "too_early", "too early"), ("Other", "other", "other")],
)  # fmt: skip
def test_a_wrong_ping_stops_this_one_for_good_and_is_counted(
    on: Desks, world: World, label: str, reason: str, said: str
) -> None:
    world.ask("alice")
    world.ask("alice", item=2, title="Speed up the till", at=world.now + 3600)
    world.wait(hours=6)
    with on() as desk:
        assert desk.choose(desk.dm(), "Wrong ping", label) == (
            f"Thank you, noted ({said}): you hear no more of this one."
        )
        assert shown(desk) == [f"{OPEN}\n_You called it a wrong ping ({said}); you hear no more of it._ [Open]",
                               "[Change ▾]"]  # fmt: skip
        assert desk.choose(desk.dm(), "Change", label) == "You said so already, and you hear no more of this one."
    assert counted(world) == {("wrong", reason): 1}
    world.wait(days=4)
    later = world.texts("U0ALICE")[1:]
    assert later
    assert not any("Fix rounding" in text for text in later)


# Old buttons, twice, and somebody else's


def test_the_same_answer_twice_counts_once_and_is_said(desk: Desk) -> None:
    message = desk.dm()
    desk.press(message, "On it")
    assert desk.press(message, "On it") == "You said so already: you are on it until Monday 17:00."
    desk.choose(message, "Snooze", "An hour")
    desk.world.clock.advance(seconds=2)
    assert desk.choose(message, "Snooze", "An hour") == ("It is snoozed already: you hear of it again on Monday 16:00.")
    assert counted(desk.world) == {("on_it", ""): 1, ("snooze", ""): 1}


def test_nobody_answers_for_somebody_else(desk: Desk) -> None:
    message = desk.dm()
    kind = "This is not yours to answer: it waits for alice."
    assert desk.press(message, "On it", "U0BOB") == kind
    assert desk.choose(message, "Wrong ping", "Not mine", "U0DAVE") == kind
    assert desk.hand_over(message, "U0CAROL", "U0CAROL") == "This is not yours to hand over: it waits for alice."
    assert counted(desk.world) == {}
    assert shown(desk)[1] == "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]"


def test_an_old_button_says_what_became_of_it(desk: Desk) -> None:
    message = desk.dm()
    desk.world.review("alice")
    assert desk.press(message, "On it") == "That is settled by now (it is done); there is nothing left to do here."
    assert shown(desk) == [f"~{ONE}~ reviewed after 6h, thank you (working time; 6h by the calendar)"]
    desk.world.tell(desk.world.fact("merged"))
    desk.world.ask("alice", item=2)
    desk.world.wait(hours=24)
    second = desk.dm()
    desk.world.tell(desk.world.fact("closed", item=2))
    assert desk.choose(second, "Snooze", "An hour") == (
        "That is settled by now (closed without merging); there is nothing left to do here."
    )
    assert counted(desk.world) == {}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"block_id": "wait:77", "value": "on_it"}, "That message is an old one: what it asked for is no longer so."),
        ({"value": "juggle"}, "That button is an old one and no longer means anything."),
        ({"value": "snooze:never"}, "That button is an old one and no longer means anything."),
        ({"value": "wrong:mood"}, "That button is an old one and no longer means anything."),
        ({"value": "take"}, "alice alone is asked; to have it, ask them to hand it over."),
    ],
)
def test_a_button_that_means_nothing_any_more_says_so(on: Desks, world: World, action: Json, said: str) -> None:
    world.ask("alice")
    named = {"type": "button", "action_id": "answer:on_it", "block_id": f"wait:{the_wait(world)}", **action}
    with on() as desk:
        assert desk.told(lambda: desk.hands.press(named, block_id=named["block_id"], message={"ts": "1.2"})) == said
    assert counted(world) == {}


@pytest.mark.parametrize(
    "action",
    [{"block_id": "b1"}, {"block_id": "wait:x"}, {"block_id": "wait:1", "value": None}, {"block_id": "wait:1"},
     {"block_id": "wait:1", "selected_option": None}, {"block_id": "wait:1", "selected_user": None}],
)  # fmt: skip
def test_a_press_that_is_none_of_ours_is_acknowledged_and_changes_nothing(
    on: Desks, world: World, action: dict[str, Any]
) -> None:
    with on() as desk:
        pressed = {"type": "button", "action_id": "answer:on_it", **action}
        assert desk.hands.press(pressed, block_id=action["block_id"]).status == 200  # type: ignore[union-attr]
    assert (world.slack.whispers, counted(world)) == ([], {})


def at_once(world: World, *presses: tuple[str, Press]) -> list[str]:
    """What each of several people who press at the same instant is told, in the order given."""
    ctx, start = world.ctx(), Barrier(len(presses))
    said = [""] * len(presses)

    def press(place: int, user: str, what: Press) -> None:
        start.wait()
        try:
            said[place] = answer(ctx, user, what, world.now).text
        except NotKnown as error:
            said[place] = str(error)

    threads = [Thread(target=press, args=(place, *one)) for place, one in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_many_presses_of_one_button_at_once_one_counts_and_the_others_are_told(world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    said = at_once(world, *[("U0ALICE", Press(the_wait(world), "on_it"))] * 6)
    assert sorted(said) == [
        "You are on it until Monday 17:00; bob can see that.",
        *["You said so already: you are on it until Monday 17:00."] * 5,
    ]
    assert counted(world) == {("on_it", ""): 1}


def test_a_press_while_its_fact_arrives_is_answered_and_nothing_is_lost(world: World) -> None:
    for item in range(1, 9):
        world.ask("alice", item=item)
    world.clock.advance(hours=1)
    with world.engine.connect() as connection:
        ids = list(connection.execute(text("SELECT id FROM waits ORDER BY item")).scalars())
    facts = [Thread(target=world.review, args=("alice", "approved", item)) for item in range(1, 9)]
    for fact in facts:
        fact.start()
    said = at_once(world, *[("U0ALICE", Press(id_, "on_it")) for id_ in ids])
    for fact in facts:
        fact.join()
    fine = ("You are on it until Monday 17:00; bob can see that.",
            "That is settled by now (it is done); there is nothing left to do here.")  # fmt: skip
    assert set(said) <= set(fine)
    assert counted(world).get(("on_it", ""), 0) == said.count(fine[0])


# Hand over


def hosted(world: World, server: FakeGithub) -> Github:
    """A code host that has what `world.ask("alice")` tells."""
    server.now = lambda: world.now
    pull = server.repo("acme/shop").pull(1, world.now, title="Fix rounding in totals")
    pull.request("alice", world.now)
    return Github(server.url, token="t", now=lambda: world.now, sleep=lambda _: None)


@pytest.fixture
def server() -> Iterator[FakeGithub]:
    with FakeGithub() as server:
        yield server


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_where_the_token_may_the_request_is_moved_and_the_ledger_follows_at_once(
    world: World, server: FakeGithub, tmp_path: Path, door: str
) -> None:
    github = hosted(world, server)
    world.ask("alice")
    world.wait(hours=6)
    with desk_of(world, door, tmp_path, github=github) as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "Fix rounding in totals (acme/shop#1) is carol's now: they are asked on the code host in your place."
        )
        assert server.repo("acme/shop").pulls[1].people == ["carol"]
        assert shown(desk) == [f"~{ONE}~ handed on"]
        assert desk.flow("waits", "U0CAROL")["text"].startswith("1 thing waits for you.")
        assert desk.flow("waits")["text"] == "Nothing waits for you just now."
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "That is settled by now (handed on); there is nothing left to do here."
        )
    github.close()
    assert world.texts("U0BOB") == []


def the_old_id(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT id FROM waits WHERE holder = 'alice'")).scalar())


def with_a_list(id_: int) -> list[Json]:
    people = {"type": "users_select", "action_id": "answer:hand_over",
              "placeholder": {"type": "plain_text", "text": "Hand over"}}  # fmt: skip
    return [{"type": "actions", "block_id": f"wait:{id_}", "elements": [people]}]


def test_where_the_token_may_not_the_author_is_asked_to_in_their_own_hours(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', 'slack = "U0BOB"\ncalendar = {timezone = "America/New_York"}'))
    github = hosted(world, server)
    server.lacking.add("pull_requests")
    world.ask("alice")
    world.wait(hours=5, minutes=30)
    world.clock.advance(hours=1)
    world.tick()
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        world.clock.set(world.now + 17 * 3600)  # Tuesday, half past eight in Berlin, night in New York
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "I may not move the request on the code host, so I ask bob to ask carol instead for Fix rounding in totals "
            "(acme/shop#1). You hear nothing of it until Wednesday 09:00."
        )
        told = shown(desk)
        assert told[0].endswith("_You asked that carol takes it; quiet until Wednesday 09:00._ [Open]")
        assert told[1] == "[Change ▾]"
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "bob is asked already to ask carol instead for Fix rounding in totals (acme/shop#1). You hear nothing of "
            "it until Wednesday 09:00."
        )
        assert desk.hand_over(desk.dm() | {"blocks": with_a_list(the_old_id(world))}, "U0CAROL") == (
            "You handed it to carol just now; there is nothing more to do."
        )
        world.wait(hours=5)
        assert world.texts("U0BOB") == []
        world.wait(hours=1, minutes=30)
        assert look(desk.dm("U0BOB")) == [
            f"alice would like to hand the review of *{ONE}* over to carol.\n"
            "I may not move the request myself: can you ask carol for the review, in place of alice? [Open]"
        ]
        assert desk.dm("U0BOB")["text"] == (
            "alice would like to hand the review of Fix rounding in totals (acme/shop#1) over to carol. I may not move "
            "the request myself: can you ask carol for the review, in place of alice?"
        )
        world.tell(world.fact("review_requested", reviewer="carol"),
                   world.fact("review_request_removed", reviewer="alice"))  # fmt: skip
        assert shown(desk, "U0BOB") == [f"~{ONE}~ handed on"]
        assert shown(desk) == [f"~{ONE}~ handed on"]
    github.close()


def test_a_hand_over_that_is_settled_before_the_author_could_read_it_is_never_sent(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', 'slack = "U0BOB"\ncalendar = {timezone = "America/New_York"}'))
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        world.clock.set(world.now + 18 * 3600)
        desk.hand_over(desk.dm(), "U0CAROL")
        world.wait(minutes=5)
        world.review("alice", "commented")
        world.tell(world.fact("commented", "bob"), world.fact("merged", "bob"))
        world.wait(hours=9)
    assert world.texts("U0BOB") == []
    assert "moot" in world.outbox()


def test_where_the_author_can_t_be_reached_either_the_holder_is_told(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('slack = "U0BOB"', ""))
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "I may not move the request of Fix rounding in totals (acme/shop#1) on the code host, and its author, bob, "
            "can't be reached in Slack. Please ask carol there yourself, or have somebody do it who may."
        )


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ("U0ALICE", "It waits for alice already."),
        ("U0BOB", "bob wrote it, so somebody else has to review it."),
        ("U0DAVE", "I don't know yet which login on the code host is theirs. Once /flow link has told me, please hand "
                   "it over again."),
        ("U0BOT", "renovate is a bot; only people can take it over."),
    ],
)  # fmt: skip
def test_who_can_t_take_it_is_refused_with_the_reason(world: World, on: Desks, whom: str, said: str) -> None:
    world.set_policy(POLICY + '[people.renovate]\nslack = "U0BOT"\n')
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        assert desk.hand_over(desk.dm(), whom) == said
    assert counted(world) == {}


def test_from_the_menu_it_is_asked_to_whom(on: Desks, world: World) -> None:
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk:
        desk.press(desk.dm(), "On it")
        shown(desk)
        assert desk.choose(desk.dm(), "Change", "Hand over …", "U0BOB") == (
            "This is not yours to answer: it waits for alice."
        )
        assert desk.choose(desk.dm(), "Change", "Hand over …") == (
            "Who should take Fix rounding in totals (acme/shop#1) instead?"
        )
        question = desk.said
        assert look(question) == [f"Who should take {ONE} instead?", "[Hand over ▾]"]
        assert desk.hand_over(question, "U0CAROL").startswith("I may not move the request on the code host")
        assert desk.said["replace_original"] is True


def test_an_objection_that_stands_on_the_host_keeps_it_with_its_reviewer_too(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    github = hosted(world, server)
    pull = server.repo("acme/shop").pulls[1]
    world.ask("alice")
    world.review("alice", "changes_requested")
    pull.review("alice", "CHANGES_REQUESTED", world.now)
    world.clock.advance(minutes=5)
    world.tell(world.fact("pushed"))
    pull.push("second", world.now, "bob")
    world.wait(hours=3)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        assert desk.hand_over(desk.dm(), "U0CAROL") == (
            "carol is asked now to review Fix rounding in totals (acme/shop#1). An earlier review of yours still "
            "counts there, so it stays your turn too until that is dismissed; nothing more is said of it today."
        )
        assert pull.people == ["carol"]
        assert desk.flow("waits", "U0CAROL")["text"].startswith("1 thing waits for you.")
    github.close()


def test_an_author_hands_it_over_for_its_holder(world: World, server: FakeGithub, tmp_path: Path) -> None:
    github = hosted(world, server)
    world.ask("alice")
    world.clock.advance(hours=1)
    offer = {"ts": "1.2", "channel": "D0BOB", "blocks": with_a_list(the_old_id(world))}
    with desk_of(world, HTTP, tmp_path) as desk:
        assert desk.hand_over(offer, "U0CAROL", "U0BOB") == (
            "I may not move the request on the code host: please ask carol there for Fix rounding in totals "
            "(acme/shop#1) instead."
        )
    world.clock.advance(minutes=2)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        assert desk.hand_over(offer, "U0CAROL", "U0BOB") == (
            "Fix rounding in totals (acme/shop#1) is carol's now: they are asked on the code host in alice's place."
        )
    github.close()
    assert server.repo("acme/shop").pulls[1].people == ["carol"]


def test_a_press_is_acknowledged_while_the_host_takes_its_time(
    world: World, server: FakeGithub, tmp_path: Path
) -> None:
    asked: list[float] = []
    github = hosted(world, server)
    github._sleep = asked.append
    world.ask("alice")
    world.wait(hours=6)
    server.fail(503, times=9)
    with desk_of(world, HTTP, tmp_path, github=github) as desk:
        said = desk.hand_over(desk.dm(), "U0CAROL")
    github.close()
    assert asked, "it was tried more than once"
    assert said.startswith("I may not move the request on the code host, so I ask bob to ask carol instead")


# An author's own call


@pytest.mark.parametrize("door", [HTTP, SOCKET])
def test_an_author_asks_kindly_and_the_holder_hears_who_asks(world: World, tmp_path: Path, door: str) -> None:
    world.ask("alice")
    world.clock.advance(hours=1)
    with desk_of(world, door, tmp_path) as desk:
        answered = desk.flow("nudge #1", "U0BOB")
        assert answered["text"] == "I ask about Fix rounding in totals (acme/shop#1):\nalice hears of it now."
        assert look(answered) == [f"I ask about *{ONE}*:\nalice hears of it now."]
        world.wait(minutes=1)
        assert look(desk.dm()) == [
            f"*{ONE}*\nhas waited *1h* for your review (working time; 1h by the calendar; 8h agreed)\n{ASKED}\n"
            "bob asks: can you look, or hand it on? [Open]",
            "[On it] [Snooze ▾] [Hand over ▾] [Wrong ping ▾]",
        ]
        assert desk.dm()["text"].endswith("120 lines, medium. bob asks: can you look, or hand it on?")
        desk.press(desk.dm(), "On it")
        assert shown(desk)[0].endswith("_On it until Monday 17:00._ [Open]")
        assert desk.flow("nudge #1", "U0BOB")["text"] == (
            "You asked about Fix rounding in totals (acme/shop#1) today already, on Monday 10:00; once a day is "
            "enough.\nIt waits for alice."
        )
    world.wait(hours=5)
    assert len(world.texts("U0ALICE")) == 1
    world.wait(days=1)
    assert [text.split(" has waited")[1][:3] for text in world.texts("U0ALICE")] == [" 1h", " 8h"]


def test_a_second_day_brings_a_second_call(world: World, on: Desks) -> None:
    world.ask("alice")
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(hours=24)
        assert desk.flow("nudge #1", "U0BOB")["text"].startswith("I ask about")


@pytest.mark.parametrize(
    ("terms", "hour", "said"),
    [
        ("", 9, "alice hears of it from Tuesday 09:00 on."),
        ('away = [{from = "2026-03-02", until = "2026-03-04"}]', 1, "alice hears of it from Thursday 09:00 on."),
        ('mutes = [{repo = "acme/shop"}]', 1, "alice will hear of it when they are back."),
    ],
)
def test_the_author_is_told_from_when_and_never_why(world: World, on: Desks, terms: str, hour: int, said: str) -> None:
    world.set_policy(POLICY.replace('slack = "U0ALICE"', f'slack = "U0ALICE"\n{terms}'))
    world.ask("alice")
    world.clock.advance(hours=hour)
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"] == f"I ask about Fix rounding in totals (acme/shop#1):\n{said}"


def test_who_can_t_be_reached_is_named_with_what_to_do(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('[repos."acme/shop"]\nchannel = "C0TEAM"', ""))
    world.ask("alice", "dora")
    world.tell(world.fact("review_requested", team="core"))
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"].splitlines()[1:] == [
            "alice hears of it now.",
            "dora can't be reached in Slack; please ask them on the code host.",
            "The team core has no channel that I may post in, so nobody of it hears of it.",
        ]


def test_a_team_hears_in_its_channel_that_it_is_asked_for(world: World, on: Desks) -> None:
    world.ask()
    world.tell(world.fact("review_requested", team="core"))
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"].endswith("\nThe team core hears of it now.")
        world.wait(minutes=1)
        assert look(desk.channel) == [
            f"*{ONE}*\nhas waited *under 1m* for a review by core (working time; under 1m by the calendar; 8h agreed)"
            " · 120 lines, medium\nIts author asks: who can take it? [Open]",
            "[I'll take it]",
        ]


def test_a_thing_without_a_target_can_be_asked_for_too(world: World, on: Desks) -> None:
    world.set_policy(POLICY.replace('review = "8h"', ""))
    world.ask("alice")
    world.wait(hours=1)
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(minutes=1)
        [text] = world.texts("U0ALICE")
    assert text == (
        "Fix rounding in totals (acme/shop#1) has waited 1h for your review (working time; 1h by the calendar). "
        "bob asked for your review on Monday 09:00. 120 lines, medium. bob asks: can you look, or hand it on?"
    )


def test_what_was_late_before_its_history_was_read_can_be_asked_for(world: World, on: Desks) -> None:
    world.ask("alice", at=world.now - 14 * 86_400, live=False)
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    with on() as desk:
        desk.flow("nudge #1", "U0BOB")
        world.wait(minutes=1)
        [text] = world.texts("U0ALICE")
        assert text.endswith("bob asks: can you look, or hand it on?")
        desk.choose(desk.dm(), "Snooze", "An hour")
        world.wait(hours=1, minutes=1)
    assert "You wanted to hear of it again." in world.texts("U0ALICE")[1]
    world.wait(days=3)
    assert len(world.texts("U0ALICE")) == 2


@pytest.mark.parametrize(
    ("text", "user", "said"),
    [
        ("nudge #1", "U0ALICE", "Only its author can ask for it, and you did not open acme/shop#1; bob did."),
        ("nudge #1", "U0DAVE", "Only its author can ask for it, and you did not open acme/shop#1; bob did."),
        ("nudge #2", "U0BOB", "It is your own turn on acme/shop#2; nobody else can be asked. /flow why acme/shop#2 "
                              "tells more."),
        ("nudge #3", "U0BOB", "acme/shop#3 is merged: it waits for nobody any more."),
        ("nudge #4", "U0BOB", "acme/shop#4 is closed: it waits for nobody any more."),
        ("nudge #5", "U0BOB", "It is nobody's turn on acme/shop#5 just now (it is a draft, or not ready)."),
        ("nudge #9", "U0BOB", "I know of no acme/shop#9: no webhook told of it, and it was not read."),
    ],
)  # fmt: skip
def test_what_can_t_be_asked_for_is_refused_with_the_reason(
    world: World, on: Desks, text: str, user: str, said: str
) -> None:
    for item in (1, 2, 3, 4, 5):
        world.ask("alice", item=item)
    world.clock.advance(minutes=1)
    world.review("alice", item=2)
    world.tell(world.fact("merged", item=3), world.fact("closed", item=4), world.fact("converted_to_draft", item=5))
    with on() as desk:
        assert desk.flow(text, user)["text"] == said


def test_in_a_silent_repository_nobody_is_asked(world: World, on: Desks) -> None:
    world.set_policy(POLICY + "silent = true\n")
    world.ask("alice")
    with on() as desk:
        assert desk.flow("nudge #1", "U0BOB")["text"] == (
            "acme/shop is silent for now: nobody is nudged about it until its targets are switched on."
        )
    world.wait(days=1)
    assert world.slack.history() == []


def test_calls_at_once_are_one(world: World) -> None:
    world.ask("alice")
    ctx, start, said = world.ctx(), Barrier(5), []

    def ask() -> None:
        start.wait()
        said.append(flow(ctx, "U0BOB", Again("nudge #1")).text.split(" ")[0])

    threads = [Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["I", "You", "You", "You", "You"]


def test_a_press_is_answered_once_a_database_that_is_locked_is_free(on: Desks, world: World) -> None:
    if world.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has one writer")
    world.ask("alice")
    world.wait(hours=6)
    with on() as desk, world.engine.connect() as other:
        other.exec_driver_sql("ROLLBACK")
        other.exec_driver_sql("BEGIN IMMEDIATE")
        pressed = Thread(target=desk.hands.press_in, args=(desk.dm(), "On it"))
        pressed.start()
        pressed.join()  # acknowledged, though nobody can write
        assert world.slack.whispers == []
        other.exec_driver_sql("COMMIT")
        wait_until(lambda: world.slack.whispers)
    assert world.slack.whispers[0]["text"] == "You are on it until Monday 17:00; bob can see that."
    assert counted(world) == {("on_it", ""): 1}
