"""The page's desk shows each person what is theirs, as the real workspace would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from local_town import ALICE, BOB, HELLO, HERS, HIS, NOW, SHOP, Town, manifest, modal, town

from bot.clock import SetClock
from bot.local.desk import Desk, World
from bot.local.installed import Installed

Json = dict[str, Any]


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as made:
        made.slack.conversation_of(ALICE)
        made.slack.conversation_of(BOB)
        yield made


def say(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def unread(place: Town, who: str = ALICE) -> dict[str, int]:
    return {one["id"]: one["unread"] for one in place.view(who)["conversations"]}


def later(place: Town, seconds: int) -> None:
    place.slack.clock = SetClock(place.slack.clock.now() + seconds)


def test_a_view_is_shaped_as_the_page_expects_it(place: Town) -> None:
    ts = place.post(HELLO)
    view = place.view()
    assert view["messages"] == [
        {"ts": ts, "user": "U0WEIR", "name": "Weir", "is_app": True, "at": NOW, "text": "hello", "blocks": [HELLO],
         "edited": False, "private": False, "thread_ts": None, "replies": 0}
    ]  # fmt: skip
    assert (view["me"], view["in"], view["thread"], view["home"], view["modals"]) == (ALICE, SHOP, None, None, [])
    assert (view["clock"], view["host"], view["notices"]) == (None, None, [])
    assert [one["name"] for one in view["conversations"]] == ["old", "shop", "Weir"]
    assert (view["names"][ALICE], view["names"][SHOP], view["names"]["U0WEIR"]) == ("alice", "shop", "Weir")


def test_the_words_of_commands_come_with_what_they_do(place: Town) -> None:
    told = place.desk.words()["commands"][0]
    assert (told["name"], told["verbs"]) == ("/flow", [{"name": "waits", "usage": "/flow waits", "does": "lists"}])


def test_what_is_somebody_elses_is_not_in_a_view(place: Town) -> None:
    secret = "psst-for-bob"
    place.whisper(say(secret), who=BOB)
    place.post(say(secret), channel=HIS, text=secret)
    place.open(modal(say(secret)), BOB)
    place.slack.show_home(BOB, {"type": "home", "blocks": [say(secret)]})
    for channel in (SHOP, HERS, HIS, "", "C0NONE"):
        assert secret not in json.dumps(place.view(ALICE, channel, "1.1"))
    assert place.view(ALICE, HIS)["in"] == HERS
    assert HIS not in unread(place)
    for channel in (SHOP, HIS):
        assert secret in json.dumps(place.view(BOB, channel))


def test_private_metadata_stays_between_slack_and_the_app(place: Town) -> None:
    place.open(modal(private_metadata="between-us"))
    assert "between-us" not in json.dumps(place.view())


def test_what_one_has_not_seen_is_counted_for_each(place: Town) -> None:
    place.slack.say_as(ALICE, SHOP, "mine")
    place.post()
    place.post(channel=HERS)
    assert unread(place) == {"C0OLD": 0, SHOP: 1, HERS: 1}
    assert unread(place, BOB) == {"C0OLD": 0, SHOP: 2, HIS: 0}
    assert {one["id"]: one["unread"] for one in place.view()["people"]} == {ALICE: 1, BOB: 0}
    assert place.do("seen", **{"in": SHOP}) == {"ok": True}
    assert (unread(place)[SHOP], unread(place, BOB)[SHOP]) == (0, 2)
    later(place, 60)
    place.post()
    assert unread(place)[SHOP] == 1


def test_only_ones_own_conversations_are_seen(place: Town) -> None:
    assert place.do("seen", **{"in": HIS})["error"] == "That conversation is somebody else's."
    assert place.do("seen", **{"in": "C0NONE"})["ok"] is False


def test_notices_are_for_direct_messages_and_mentions_and_for_a_minute(place: Town) -> None:
    place.post(channel=HERS, text="direct :tada:")
    place.post(text="for <@U0BOB>")
    place.post(text="for nobody")
    place.do("type", BOB, **{"in": SHOP}, text="@alice and @bob")

    def notices(who: str) -> list[tuple[str, str, str]]:
        return [(one["in"], one["who"], one["text"]) for one in place.view(who)["notices"]]

    assert notices(ALICE) == [(HERS, "Weir", "direct 🎉"), (SHOP, "bob", "<@U0ALICE|alice> and <@U0BOB|bob>")]
    assert notices(BOB) == [(SHOP, "Weir", "for <@U0BOB>")]
    assert len({one["id"] for one in place.view()["notices"]}) == 2
    place.slack.machine = SetClock(NOW + 61)
    assert notices(ALICE) == []


def test_codes_of_emoji_are_characters_in_what_people_read(place: Town) -> None:
    row = {"type": "actions", "elements": [{"type": "button", "action_id": "a:tada:", "value": ":tada:",
           "text": {"type": "plain_text", "text": ":tada: go"}}]}  # fmt: skip
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "emoji", "name": "tada"}]}],
    }
    as_is = {"type": "header", "text": {"type": "plain_text", "text": ":tada:", "emoji": False}}
    place.post(say(":white_check_mark: at 10:30:45 :none_such:"), row, rich, as_is, text=":tada:")
    shown = place.view()["messages"][0]
    assert (shown["text"], shown["blocks"][0]["text"]["text"]) == ("🎉", "✅ at 10:30:45 :none_such:")
    element = shown["blocks"][1]["elements"][0]
    assert (element["text"]["text"], element["value"], element["action_id"]) == ("🎉 go", ":tada:", "a:tada:")
    assert shown["blocks"][2]["elements"][0]["elements"][0]["text"] == "🎉"
    assert shown["blocks"][3]["text"]["text"] == ":tada:"


def test_messages_stand_in_the_order_of_the_worlds_time_private_ones_too(place: Town) -> None:
    place.post(text="first")
    place.whisper(say("second"))
    later(place, 86_400)
    place.post(text="third")
    place.slack.edit(SHOP, place.slack.messages(SHOP)[0]["ts"], text="first, anew")
    shown = place.view()["messages"]
    assert [one["text"] for one in shown] == ["first, anew", "psst", "third"]
    assert [(one["edited"], one["private"]) for one in shown] == [(True, False), (False, True), (False, False)]
    assert shown[2]["at"] == NOW + 86_400


def test_the_last_hundred_are_shown_and_a_thread_in_full(place: Town) -> None:
    root = place.post(text="root")
    for number in range(120):
        place.post(text=str(number))
        place.slack.say_as(BOB, SHOP, "reply", root)
    view = place.view(thread=root)
    assert [one["text"] for one in view["messages"]] == [str(number) for number in range(20, 120)]
    assert [one["text"] for one in view["thread"]] == ["root", *["reply"] * 120]
    assert view["thread"][0]["replies"] == 120


def test_a_status_is_shown_until_it_is_over(place: Town) -> None:
    def status() -> str:
        return str(next(one["status"] for one in place.view()["people"] if one["id"] == BOB))

    place.slack.set_status(BOB, "away", ":palm_tree:", NOW + 60)
    assert status() == "🌴 away"
    later(place, 60)
    assert status() == ""
    place.slack.set_status(BOB, "for good", "")
    assert status() == "for good"


def test_times_are_peoples_own(place: Town) -> None:
    place.slack.add_user("U0CAROL", name="carol", tz="America/New_York")
    shown = {one["name"]: (one["at"], one["zone"]) for one in place.view()["people"]}
    assert shown["alice"] == ("Wed 07:13", "Europe/Berlin")
    assert shown["carol"] == ("Wed 01:13", "America/New_York")


def test_those_who_left_are_nobody_one_can_be(place: Town) -> None:
    place.slack.users[BOB]["deleted"] = True
    assert [one["id"] for one in place.view()["people"]] == [ALICE]


def test_nobody_in_particular_is_whoever_has_the_newest_unread_message(place: Town) -> None:
    assert place.view("", "")["me"] == ALICE
    place.post(channel=HIS)
    later(place, 60)
    place.post(channel=HERS)
    assert (place.view("", "")["me"], place.view("", "")["in"]) == (ALICE, HERS)
    place.do("seen", **{"in": HERS})
    assert (place.view("U0NONE", "")["me"], place.view("", "")["in"]) == (BOB, HIS)
    assert place.view("", SHOP)["in"] == SHOP


def test_a_workspace_without_people_has_a_view_too() -> None:
    with town() as place:
        place.slack.users.clear()
        place.slack.channels.clear()
        view = place.view("", "")
        assert (view["me"], view["people"], view["messages"]) == ("", [], [])


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({}, "'' is nothing that can be done; type, act, submit, close, open, seen, dismiss, clock, host are."),
        ({"do": "type", "as": "U0NONE"}, "Nobody here is called U0NONE."),
        ({"do": "type"}, "Nobody here is called nobody."),
        ({"do": "type", "as": ALICE, "in": 7}, "'in' has to be a text."),
        ({"do": 7, "as": ALICE}, "'do' has to be a text."),
        ({"do": "act", "as": ALICE, "state": []}, "There is no conversation without a name."),
        ({"do": "act", "as": ALICE, "state": [1]}, "'state' has to hold the values by block and action."),
        ({"do": "act", "as": ALICE, "state": {"row": 7}}, "'state' has to hold the values by block and action."),
        ({"do": "clock", "as": ALICE, "to": "play"}, "There is no world around this workspace."),
    ],
)
def test_what_cant_be_done_is_said_in_one_line(place: Town, told: Json, error: str) -> None:
    assert place.desk.do(told) == {"ok": False, "error": error}


def test_a_long_word_is_not_said_back_in_full(place: Town) -> None:
    assert len(place.do("x" * 10_000)["error"]) < 320


class Around(World):
    """A world that keeps what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Json]] = []

    def clock(self) -> Json:
        return {"now": NOW}

    def host(self, user: str) -> Json:
        return {"for": user}

    def do(self, user: str, told: Json) -> None:
        self.asked.append((user, told))
        if told.get("to") == "nowhere":
            raise ValueError("The clock can't\ngo there.")


def test_the_world_is_shown_and_gets_what_is_its_business_only(place: Town) -> None:
    around, app = Around(), Installed(manifest(), place.app.url, "secret")
    desk = Desk(place.slack, app, {}, around, {ALICE: "alice-on-host"})
    view = desk.view(ALICE, SHOP, None)
    assert (view["clock"], view["host"]) == ({"now": NOW}, {"for": ALICE})
    assert {one["id"]: one["login"] for one in view["people"]} == {ALICE: "alice-on-host", BOB: None}
    told = {"do": "host", "as": ALICE, "act": "approve", "repo": "acme/shop", "number": 12, "actor": "bob", "now": 1}
    assert desk.do(told) == {"ok": True}
    assert around.asked == [(ALICE, {"do": "host", "act": "approve", "repo": "acme/shop", "number": 12})]
    assert desk.do({"do": "clock", "as": ALICE, "to": "nowhere"})["error"] == "The clock can't go there."
    assert desk.do({"do": "clock", "to": "play"})["error"] == "Nobody here is called nobody."
    app.close()
