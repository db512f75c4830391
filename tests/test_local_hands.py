"""What people do in the workspace on loopback reaches the app as Slack sends it, and comes back as Slack shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_slack import FakeSlack
from local_town import (
    ALICE,
    BOB,
    HELLO,
    HERS,
    HIS,
    NOW,
    SHOP,
    Town,
    actions,
    asks,
    button,
    manifest,
    menu,
    modal,
    people,
    plain,
    town,
    words,
)
from program import wait_until
from site_on_loopback import SLACK_SECRET, serve, settings, web
from sqlalchemy import Engine
from world import World

from bot.clock import SystemClock
from bot.installing.manifest import manifest_of
from bot.local.desk import Desk
from bot.local.installed import Installed

Json = dict[str, Any]
OK = {"ok": True}


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as made:
        yield made


def typed(place: Town, text: str, who: str = ALICE, channel: str = SHOP, **more: Any) -> Json:
    return place.do("type", who, **{"in": channel}, text=text, **more)


def press(place: Town, ts: str, action: str = "go", value: Any = None, who: str = ALICE, **more: Any) -> Json:
    told = {"in": SHOP, "block": "row", "action": action, "value": value, **more}
    return place.do("act", who, ts=ts, **told)


# Commands.


def test_a_command_reaches_the_real_program_and_its_answer_is_private(sqlite_engine: Engine, tmp_path: Path) -> None:
    with FakeSlack() as slack:
        people(slack)
        ctx = replace(World(sqlite_engine, slack).ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            app = Installed(manifest_of(None), f"http://127.0.0.1:{port}/slack/events", SLACK_SECRET, in_time=30)
            desk = Desk(slack, app, {})
            assert desk.do({"do": "type", "as": ALICE, "in": SHOP, "text": "/flow waits"}) == OK
            wait_until(lambda: slack.whispered(ALICE, SHOP))
            shown = desk.view(ALICE, SHOP, None)["messages"][-1]
            assert (shown["private"], shown["is_app"], shown["name"]) == (True, True, "Weir")
            assert desk.view(BOB, SHOP, None)["messages"] == []
            app.close()


def test_a_command_comes_as_slack_sends_it(place: Town) -> None:
    place.app.will({"text": "Nothing waits.", "blocks": [HELLO]})
    assert typed(place, "  /flow   why  acme/shop#12 ") == OK
    told = place.app.told[0]
    assert (told["command"], told["text"], told["user_id"]) == ("/flow", "why  acme/shop#12", ALICE)
    assert (told["channel_id"], told["channel_name"]) == (SHOP, "shop")
    assert told["response_url"].startswith(place.slack.root)
    assert place.slack.spend_trigger(told["trigger_id"]) == ALICE
    assert [(one["text"], one["blocks"]) for one in place.slack.whispered(ALICE, SHOP)] == [("Nothing waits.", [HELLO])]


@pytest.mark.parametrize(
    ("typed_", "sent"),
    [
        ("hand to @alice", "hand to <@U0ALICE|alice>"),
        ("hand to @Alice, please", "hand to <@U0ALICE|alice>, please"),
        ("(@alice) and @bob.", "(<@U0ALICE|alice>) and <@U0BOB|bob>."),
        ("@alice's turn in #shop!", "<@U0ALICE|alice>'s turn in <#C0SHOP|shop>!"),
        ("waits #shop.", "waits <#C0SHOP|shop>."),
        ("mail bob@alice.example or x@bob", "mail bob@alice.example or x@bob"),
        ("@carol #none @alice.smith", "@carol #none @alice.smith"),
        ("acme/shop#12 #12", "acme/shop#12 #12"),
        ("a < b && <@U0BOB>", "a &lt; b &amp;&amp; &lt;@U0BOB&gt;"),
        ("@weir", "<@U0WEIR|weir>"),
    ],
)
def test_people_and_channels_come_with_their_ids(place: Town, typed_: str, sent: str) -> None:
    typed(place, f"/flow {typed_}")
    assert place.app.told[0]["text"].casefold() == sent.casefold()


def test_a_name_that_ends_in_a_sign_is_somebodys_all_the_same(place: Town) -> None:
    place.slack.add_user("U0DASH", name="bob_")
    typed(place, "/flow @bob_ @bob- @bob__")
    assert place.app.told[0]["text"] == "<@U0DASH|bob_> <@U0BOB|bob>- <@U0DASH|bob_>_"


def test_an_app_that_does_not_ask_for_ids_gets_names() -> None:
    with town(manifest(escapes=False)) as place:
        typed(place, "/flow @alice")
        assert place.app.told[0]["text"] == "@alice"


def test_an_answer_may_be_for_everybody_or_none(place: Town) -> None:
    place.app.will({"text": "all", "response_type": "in_channel"})
    place.app.will("")
    place.app.will("just text")
    assert [typed(place, "/flow") for _ in range(3)] == [OK] * 3
    assert [one["text"] for one in place.slack.messages(SHOP)] == ["all"]
    assert [one["text"] for one in place.slack.whispered(ALICE, SHOP)] == ["just text"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "There is nothing to send yet."),
        (" \n", "There is nothing to send yet."),
        ("/flop waits", "/flop is not a command here. /flow is. A message does not begin with a slash."),
        ("x" * 40_001, "That is 40,001 characters; Slack takes 40,000."),
        ("\ud800", "That holds something that is no text."),
        ("a\0b", "That holds a character that can't be sent."),
    ],
)
def test_what_cant_be_sent_is_said_in_a_line(place: Town, text: str, error: str) -> None:
    assert typed(place, text) == {"ok": False, "error": error}
    assert place.app.told == []


def test_one_types_where_one_is(place: Town) -> None:
    def error(**more: Any) -> str:
        return str(typed(place, "/flow", **more)["error"])

    place.slack.conversation_of(BOB)
    assert error(channel=HIS) == "That conversation is somebody else's."
    assert error(channel="C0NONE") == "There is no conversation C0NONE."
    assert error(channel="C0OLD") == "That channel is archived; nobody can write in it."
    assert error(who="U0NONE") == "Nobody here is called U0NONE."
    assert error(thread=place.post()) == "/flow does not work in threads, as no command of Slack's apps does."
    assert place.app.told == []
    assert typed(place, "/flow", channel=HERS) == OK


def test_an_app_that_is_too_slow_or_down_or_broken_is_said_in_a_line() -> None:
    with town(in_time=0.2) as place:
        place.app.gate.clear()
        slow = typed(place, "/flow")
        place.app.gate.set()
        assert slow == {"ok": False, "error": "/flow failed with the error “operation_timeout”."}
    with town() as place:
        place.app.will("<h1>oops</h1>", 500)
        place.app.will({"text": "x", "blocks": [{}]})
        assert typed(place, "/flow")["error"] == "/flow failed with the error “dispatch_failed (HTTP 500)”."
        shown = "/flow answered with something that Slack does not show: invalid_blocks."
        assert typed(place, "/flow")["error"] == shown
    with town() as place:
        closed = Installed(manifest(), "http://127.0.0.1:9/slack/events", "secret")
        desk = Desk(place.slack, closed, {})
        said = desk.do({"do": "type", "as": ALICE, "in": SHOP, "text": "/flow"})
        closed.close()
        again = desk.do({"do": "type", "as": ALICE, "in": SHOP, "text": "/flow"})
        assert said == again == {"ok": False, "error": "/flow failed with the error “dispatch_failed”."}


# Messages.


def test_a_message_is_said_and_told_to_those_who_asked_for_it() -> None:
    with town(manifest("message.channels", "app_mention")) as place:
        assert typed(place, "hello @Weir") == OK
        wait_until(lambda: len(place.app.told) == 2)
        kinds = {one["event"]["type"]: one for one in place.app.told}
        assert set(kinds) == {"message", "app_mention"}
        event = kinds["message"]["event"]
        assert (event["user"], event["channel"], event["text"]) == (ALICE, SHOP, "hello <@U0WEIR|Weir>")
        assert (kinds["message"]["type"], kinds["message"]["event_time"]) == ("event_callback", NOW)
        assert kinds["message"]["event_id"] != kinds["app_mention"]["event_id"]


def test_events_that_nobody_asked_for_are_not_sent(place: Town) -> None:
    assert typed(place, "hello @Weir") == OK
    assert place.do("open", **{"in": "home"}) == OK
    place.app.will("")
    typed(place, "/flow")
    assert [one.get("command") for one in place.app.told] == ["/flow"]


def test_an_event_is_sent_again_where_the_app_did_not_take_it() -> None:
    with town(manifest("app_home_opened")) as place:
        place.app.will("no", 503)
        assert place.do("open", **{"in": "home"}) == OK
        wait_until(lambda: len(place.app.headers) == 2)
        first, second = place.app.headers
        assert "X-Slack-Retry-Num" not in first
        assert (second["X-Slack-Retry-Num"], second["X-Slack-Retry-Reason"]) == ("1", "http_error")
        assert place.app.told[0] == place.app.told[1]
        assert place.app.told[0]["event"]["tab"] == "home"


def test_the_app_reads_direct_messages_only_where_its_tab_takes_them(place: Town) -> None:
    assert typed(place, "hi", channel=HERS)["error"] == "Weir does not read messages; it answers to /flow."
    with town(manifest("message.im", reads=True)) as other:
        assert typed(other, "hi", channel=HERS) == OK
        wait_until(lambda: other.app.told)
        assert other.app.told[0]["event"]["channel_type"] == "im"


def test_an_answer_in_a_thread_stands_under_its_message(place: Town) -> None:
    root = place.post()
    assert typed(place, "reply", thread=root) == OK
    shown = place.view(thread=root)
    assert [one["text"] for one in shown["messages"]] == ["hello"]
    assert shown["messages"][0]["replies"] == 1
    assert [one["text"] for one in shown["thread"]] == ["hello", "reply"]
    gone = {"ok": False, "error": "The message that this would answer is not there any more."}
    reply = shown["thread"][1]["ts"]
    assert [typed(place, "x", thread=one) for one in ("1.1", reply)] == [gone] * 2
    assert place.view(thread="1.1")["thread"] is None


# Presses.


def test_a_press_in_a_message_comes_as_slack_sends_it(place: Town) -> None:
    ts = place.post(actions(button(value="v"), menu("a", "b")))
    assert press(place, ts, state={"row": {"menu": "b"}}) == OK
    told = place.app.told[0]
    assert (told["type"], told["user"]["id"], told["channel"]["id"]) == ("block_actions", ALICE, SHOP)
    assert told["actions"][0]["value"] == "v"
    assert told["state"]["values"]["row"]["menu"]["selected_option"]["value"] == "b"
    assert (told["message"]["ts"], told["container"]["is_ephemeral"]) == (ts, False)
    assert place.slack.spend_trigger(told["trigger_id"]) == ALICE


def test_of_a_private_message_the_place_alone_is_told(place: Town) -> None:
    assert press(place, place.whisper(actions(button()))) == OK
    told = place.app.told[0]
    assert "message" not in told
    assert (told["container"]["is_ephemeral"], told["channel"]["id"]) == (True, SHOP)


def test_an_element_without_an_id_of_its_block_is_found_by_its_place(place: Town) -> None:
    block = actions(button())
    del block["block_id"]
    assert press(place, place.post(HELLO, block), block="b1") == OK


def refused(place: Town, ts: str, **more: Any) -> str:
    told = press(place, ts, **more)
    assert (told["ok"], place.app.told) == (False, [])
    return str(told["error"])


def test_a_press_on_what_is_not_there_is_refused(place: Town) -> None:
    place.slack.conversation_of(BOB)
    ts, hers = place.post(actions(button())), place.whisper(actions(button()))
    gone = "That message is not there any more."
    assert refused(place, "1.1") == gone
    assert refused(place, hers, who=BOB) == gone
    assert refused(place, hers, **{"in": HERS}) == gone
    assert refused(place, ts, **{"in": "C0OLD"}) == gone
    assert refused(place, ts, **{"in": HIS}) == "That conversation is somebody else's."
    for forged in ({"action": "other"}, {"block": "other"}):
        assert refused(place, ts, **forged).startswith("That can't be pressed: nothing with the ids")
    place.slack.delete(SHOP, ts)
    assert refused(place, ts) == gone


@pytest.mark.parametrize(
    ("element", "values"),
    [
        (menu("a"), ["b", 7, ["a"], {"value": "a"}]),
        ({**menu("a", "b"), "type": "overflow"}, ["c", None]),
        ({"type": "users_select", "action_id": "menu"}, ["U0NONE", SHOP, 1]),
        ({"type": "channels_select", "action_id": "menu"}, ["C0NONE", HERS, ALICE]),
        ({"type": "conversations_select", "action_id": "menu"}, [HIS, "x"]),
        ({"type": "datepicker", "action_id": "menu"}, ["2026-02-30", "tomorrow", "20260203", 7]),
        ({"type": "timepicker", "action_id": "menu"}, ["24:00", "9:00", "noon"]),
        ({**menu("a", "b"), "type": "checkboxes"}, ["a", ["c"], ["a", "a"], [["a"]], [{}]]),
    ],
)
def test_what_is_none_of_the_choices_is_refused(place: Town, element: Json, values: list[Any]) -> None:
    ts = place.post(actions(element))
    for value in values:
        assert "\n" not in refused(place, ts, action="menu", value=value)


@pytest.mark.parametrize(
    ("element", "value", "key"),
    [
        (menu("a"), None, "selected_option"),
        ({"type": "users_select", "action_id": "menu"}, BOB, "selected_user"),
        ({"type": "channels_select", "action_id": "menu"}, SHOP, "selected_channel"),
        ({"type": "conversations_select", "action_id": "menu"}, HERS, "selected_conversation"),
        ({"type": "datepicker", "action_id": "menu"}, "2026-02-28", "selected_date"),
        ({"type": "timepicker", "action_id": "menu"}, "09:30", "selected_time"),
    ],
)
def test_a_choice_is_told_under_the_key_of_its_kind(place: Town, element: Json, value: Any, key: str) -> None:
    assert press(place, place.post(actions(element)), "menu", value) == OK
    assert place.app.told[0]["actions"][0][key] == value


def test_an_app_that_does_not_take_a_press_is_said_in_a_line(place: Town) -> None:
    ts = place.post(actions(button()))
    place.app.will("no", 500)
    assert press(place, ts)["error"] == "Weir did not answer to that: dispatch_failed (HTTP 500)."


def test_a_press_in_the_home_tells_the_home(place: Town) -> None:
    home = place.slack.show_home(ALICE, {"type": "home", "blocks": [actions(button())]})
    told = {"view": home["id"], "block": "row", "action": "go", "value": None, "state": {}}
    assert place.do("act", **told) == OK
    assert (place.app.told[0]["view"]["type"], place.app.told[0]["container"]["type"]) == ("home", "view")
    assert place.do("act", BOB, **told)["error"] == "That window is closed already."


def test_only_the_home_and_the_messages_are_opened(place: Town) -> None:
    assert place.do("open", **{"in": "about"})["error"] == "Only the home and the messages of the app can be opened."


# Windows.


def submit(place: Town, view: str, who: str = ALICE, **held: Any) -> Json:
    return place.do("submit", who, view=view, state={"ask": held})


def test_a_window_is_sent_off_and_closed(place: Town) -> None:
    view = place.open(modal(asks(words()), private_metadata="k", callback_id="form"))
    assert submit(place, view, words="hello") == {"ok": True, "errors": {}}
    told = place.app.told[0]
    assert (told["type"], told["view"]["id"], told["view"]["private_metadata"]) == ("view_submission", view, "k")
    assert told["view"]["state"]["values"] == {"ask": {"words": {"type": "plain_text_input", "value": "hello"}}}
    assert place.view()["modals"] == []
    assert submit(place, view, words="hello")["error"] == "That window is closed already."


def test_somebody_elses_window_is_out_of_reach(place: Town) -> None:
    view = place.open(modal())
    assert place.do("submit", BOB, view=view)["ok"] is False
    assert place.do("close", BOB, view=view)["ok"] is False
    assert len(place.view()["modals"]) == 1


@pytest.mark.parametrize("held", [{}, {"words": None}, {"words": ""}])
def test_what_has_to_be_filled_in_is_asked_for_before_the_app_is(place: Town, held: Json) -> None:
    view = place.open(modal(asks(words())))
    assert submit(place, view, **held) == {"ok": True, "errors": {"ask": "Please complete this required field."}}
    assert place.app.told == []


def test_what_may_be_left_out_or_is_filled_in_already_is_not_asked_for(place: Town) -> None:
    blocks = asks(words(), optional=True), asks(menu("a", initial_option=menu("a")["options"][0]), "other")
    assert submit(place, place.open(modal(*blocks))) == {"ok": True, "errors": {}}
    values = place.app.told[0]["view"]["state"]["values"]
    assert (values["ask"]["words"]["value"], values["other"]["menu"]["selected_option"]["value"]) == (None, "a")


@pytest.mark.parametrize(
    ("element", "value", "error"),
    [
        (words(min_length=3), "ab", "Please enter 3 to 3000 characters; this is 2."),
        (words(max_length=3), "abcd", "Please enter 0 to 3 characters; this is 4."),
        ({**words(), "type": "number_input", "is_decimal_allowed": False}, "1.5", "Please enter a whole number."),
        ({**words(), "type": "number_input", "is_decimal_allowed": True}, "x", "Please enter a number."),
        (
            {**words(), "type": "number_input", "is_decimal_allowed": False, "min_value": "2"},
            "1",
            "Please enter 2 or more.",
        ),
        (
            {**words(), "type": "number_input", "is_decimal_allowed": False, "max_value": "2"},
            "3",
            "Please enter 2 or less.",
        ),
        ({**words(), "type": "email_text_input"}, "alice", "Please enter a valid email address."),
        ({**words(), "type": "url_text_input"}, "acme", "Please enter a valid URL."),
    ],
)
def test_what_an_input_does_not_take_is_said_at_it(place: Town, element: Json, value: str, error: str) -> None:
    view = place.open(modal(asks(element)))
    assert submit(place, view, words=value) == {"ok": True, "errors": {"ask": error}}
    assert place.app.told == []


def test_what_an_input_cant_hold_is_refused(place: Town) -> None:
    view = place.open(modal(asks(menu("a"))))
    for value in ("b", 7, ["a"], {}):
        assert submit(place, view, menu=value)["error"].startswith("That can't be sent off: ")


def test_the_apps_errors_are_shown_and_the_window_stays(place: Town) -> None:
    view = place.open(modal(asks(words())))
    place.app.will({"response_action": "errors", "errors": {"ask": "No."}})
    assert submit(place, view, words="x") == {"ok": True, "errors": {"ask": "No."}}
    assert [one["id"] for one in place.view()["modals"]] == [view]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"other": "No."}},
        {"response_action": "errors"},
        {"response_action": "dance"},
        {"response_action": ["x"]},
        {"response_action": "update"},
        {"response_action": "update", "view": {"type": "home", "blocks": []}},
        {"response_action": "push", "view": {}},
    ],
)
def test_an_answer_that_slack_does_not_understand_is_said_in_a_line(place: Town, answer: Json) -> None:
    view = place.open(modal(asks(words())))
    place.app.will(answer)
    told = submit(place, view, words="x")
    assert told["ok"] is False
    assert "\n" not in told["error"]
    assert [one["id"] for one in place.view()["modals"]] == [view]


def test_an_answer_shows_something_else_or_one_more_or_nothing(place: Town) -> None:
    view = place.open(modal())
    place.app.will({"response_action": "update", "view": modal(title=plain("Second"))})
    place.app.will({"response_action": "push", "view": modal(title=plain("Above"))})
    place.app.will({"response_action": "clear"})
    titles = []
    for _ in range(3):
        top = (place.view()["modals"] or [{"id": view}])[-1]["id"]
        assert submit(place, top) == {"ok": True, "errors": {}}
        titles.append([one["title"]["text"] for one in place.view()["modals"]])
    assert titles == [["Second"], ["Second", "Above"], []]
    first, _, third = (one["view"] for one in place.app.told)
    assert (first["root_view_id"], first["previous_view_id"]) == (view, None)
    assert (third["root_view_id"], third["previous_view_id"]) == (view, view)


def test_no_fourth_window_is_pushed(place: Town) -> None:
    top = [place.open(modal()) for _ in range(3)][-1]
    place.app.will({"response_action": "push", "view": modal()})
    assert submit(place, top)["error"] == "There are 3 windows on top of each other already; Slack shows no more."


def test_a_closed_window_is_told_to_those_who_want_to_know(place: Town) -> None:
    assert place.do("close", view=place.open(modal())) == OK
    assert place.app.told == []
    assert place.do("close", view=place.open(modal(notify_on_close=True))) == OK
    assert place.app.told[0]["type"] == "view_closed"
    assert place.view()["modals"] == []


def test_an_input_tells_at_once_only_where_it_says_so(place: Town) -> None:
    view = place.open(modal(asks(menu("a")), asks(menu("a"), "quick", dispatch_action=True)))
    told = {"view": view, "action": "menu", "value": "a", "state": {}}
    assert place.do("act", block="ask", **told)["error"] == "That can't be pressed: it is sent off with its form."
    assert place.do("act", block="quick", **told) == OK


def test_a_window_that_the_app_opens_while_it_answers_is_seen(place: Town) -> None:
    ts = place.post(actions(button()))
    press(place, ts)
    trigger = place.app.told[0]["trigger_id"]
    place.slack.answer("views.open", place.slack.token, {"trigger_id": trigger, "view": modal()})
    assert (len(place.view()["modals"]), place.view(BOB)["modals"]) == (1, [])


def test_a_private_message_is_sent_away_by_whoever_sees_it(place: Town) -> None:
    ts = place.whisper()
    place.do("dismiss", BOB, **{"in": SHOP}, ts=ts)
    assert len(place.view()["messages"]) == 1
    assert place.do("dismiss", **{"in": SHOP}, ts=ts) == OK
    assert place.view()["messages"] == []


def test_signatures_are_of_the_machines_time(place: Town) -> None:
    app = Installed(manifest(), place.app.url, "signing-secret", SystemClock())
    assert app.command({"command": "/flow"}).trouble is None
    assert int(place.app.headers[0]["X-Slack-Request-Timestamp"]) > NOW
    app.close()
