"""Slack's Web API as Weir calls it, against a Slack of the tests' own on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_slack import FakeSlack, Fault

from bot.messenger import Messenger, Passing, Undeliverable, Unknown
from bot.views.message import Message, section

HELLO = Message("hello", (section("hello"),))


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE")
        slack.add_channel("C0TEAM")
        yield slack


@pytest.fixture
def messenger(slack: FakeSlack) -> Messenger:
    return Messenger(slack.token, slack.url, timeout=2)


def test_a_message_is_posted_with_its_key_and_found_by_it(slack: FakeSlack, messenger: Messenger) -> None:
    dm = messenger.open_dm("U0ALICE")
    ts = messenger.post(dm, HELLO, "k1")
    assert messenger.find(dm, "k1", 0) == ts
    assert messenger.find(dm, "k2", 0) is None
    [message] = slack.dms("U0ALICE")
    assert message["metadata"] == {"event_type": "weir_nudge", "event_payload": {"message": "k1"}}
    assert message["blocks"] == list(HELLO.blocks)
    assert message["text"] == "hello"


def test_an_old_message_is_found_pages_back(slack: FakeSlack, messenger: Messenger) -> None:
    slack.page = 2
    first = messenger.post("C0TEAM", HELLO, "k0")
    for n in range(1, 6):
        messenger.post("C0TEAM", HELLO, f"k{n}")
    assert messenger.find("C0TEAM", "k0", 0) == first


def test_an_update_replaces_text_and_blocks(slack: FakeSlack, messenger: Messenger) -> None:
    ts = messenger.post("C0TEAM", HELLO, "k1")
    messenger.update("C0TEAM", ts, Message("bye", (section("bye"),)))
    assert [(one["text"], one["blocks"]) for one in slack.messages("C0TEAM")] == [("bye", [section("bye")])]


def test_a_lost_reply_is_unknown_and_nothing_is_posted_twice(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("lost"))
    with pytest.raises(Unknown):
        messenger.post("C0TEAM", HELLO, "k1")
    assert len(slack.messages("C0TEAM")) == 1
    assert slack.called("chat.postMessage") == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset"),
        Fault("http", 500),
        Fault("http", 503, '{"ok": false, "error": "service_unavailable"}'),
        Fault("http", 200, "<html>Welcome to the hotel</html>"),
        Fault("http", 200, "[]"),
        Fault("http", 200, "null"),
        Fault("http", 200, ""),
        Fault("error", error="internal_error"),
        Fault("error", error="fatal_error"),
        Fault("slow", seconds=3),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body[:8]}-{fault.error}",
)
def test_without_a_clear_reply_the_fate_is_unknown(slack: FakeSlack, messenger: Messenger, fault: Fault) -> None:
    slack.fail("chat.postMessage", fault)
    with pytest.raises(Unknown):
        messenger.post("C0TEAM", HELLO, "k1")


def test_a_429_says_how_long_to_wait(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("http", 429, '{"ok": false, "error": "ratelimited"}', retry_after=7))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after == 7
    assert slack.messages("C0TEAM") == []


def test_a_429_without_a_time_and_with_a_page_as_its_body_waits_a_while(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("http", 429, "<html>slow down</html>"))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after == 30


def test_a_slack_that_does_not_listen_is_a_passing_matter() -> None:
    with FakeSlack() as gone:
        url = gone.url
    with pytest.raises(Passing):
        Messenger("xoxb-good", url, timeout=2).post("C0TEAM", HELLO, "k1")


def _archive(slack: FakeSlack) -> None:
    slack.channels["C0TEAM"]["is_archived"] = True


def _kick(slack: FakeSlack) -> None:
    slack.channels["C0TEAM"]["is_member"] = False


def _drop(slack: FakeSlack) -> None:
    del slack.channels["C0TEAM"]


@pytest.mark.parametrize(
    ("harm", "reason"), [(_archive, "is_archived"), (_kick, "not_in_channel"), (_drop, "channel_not_found")]
)
def test_a_channel_that_takes_nothing_is_named_as_the_address(
    slack: FakeSlack, messenger: Messenger, harm: Any, reason: str
) -> None:
    harm(slack)
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert (found.value.reason, found.value.scope) == (reason, "address")


@pytest.mark.parametrize(
    ("user", "reason"), [("U0GONE", "user_disabled"), ("U0NEVER", "user_not_found"), ("U0BOT", "cannot_dm_bot")]
)
def test_an_account_that_takes_nothing_is_named_as_the_address(
    slack: FakeSlack, messenger: Messenger, user: str, reason: str
) -> None:
    slack.add_user("U0GONE", deleted=True)
    slack.add_user("U0BOT", is_bot=True)
    with pytest.raises(Undeliverable) as found:
        messenger.open_dm(user)
    assert (found.value.reason, found.value.scope) == (reason, "address")


@pytest.mark.parametrize("reason", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_token_that_is_refused_concerns_everything(slack: FakeSlack, messenger: Messenger, reason: str) -> None:
    slack.token_error = reason
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert (found.value.reason, found.value.scope) == (reason, "all")


def test_a_message_slack_refuses_concerns_that_message(slack: FakeSlack, messenger: Messenger) -> None:
    with pytest.raises(Undeliverable) as found:
        messenger.post("C0TEAM", Message("x", (section("y" * 3_001),)), "k1")
    assert (found.value.reason, found.value.scope) == ("invalid_blocks", "message")


def test_an_edit_of_a_message_that_was_deleted_concerns_that_message(slack: FakeSlack, messenger: Messenger) -> None:
    ts = messenger.post("C0TEAM", HELLO, "k1")
    slack.delete("C0TEAM", ts)
    with pytest.raises(Undeliverable) as found:
        messenger.update("C0TEAM", ts, HELLO)
    assert (found.value.reason, found.value.scope) == ("message_not_found", "message")


def test_an_error_slack_has_not_had_before_is_worth_another_try(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("chat.postMessage", Fault("error", error="moon_in_the_wrong_phase"))
    with pytest.raises(Passing) as found:
        messenger.post("C0TEAM", HELLO, "k1")
    assert found.value.retry_after is None


def test_the_token_tells_who_we_are_and_what_we_may(messenger: Messenger) -> None:
    me = messenger.who_am_i()
    assert (me["team"], me["user_id"]) == ("acme", "U0WEIR")
    assert {"chat:write", "im:history", "channels:history"} <= set(me["scopes"])


def test_an_answer_to_a_press_stands_beside_what_was_pressed_or_in_its_place(
    slack: FakeSlack, messenger: Messenger
) -> None:
    messenger.say(slack.response_url, HELLO)
    messenger.replace(slack.response_url, HELLO)
    blocks = [section("hello")]
    assert slack.whispers == [
        {"text": "hello", "blocks": blocks, "response_type": "ephemeral", "replace_original": False}
    ]
    assert slack.replaced == [{"text": "hello", "blocks": blocks, "replace_original": True}]


def test_a_press_without_an_address_for_answers_gets_none(messenger: Messenger) -> None:
    with pytest.raises(Undeliverable) as found:
        messenger.say("", HELLO)
    assert (found.value.reason, found.value.scope) == ("no_response_url", "message")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("http", 429), Passing),
        (Fault("http", 503), Unknown),
        (Fault("lost"), Unknown),
        (Fault("http", 404, '{"ok":false,"error":"used_url"}'), Undeliverable),
    ],
)
def test_an_answer_slack_does_not_take_is_sorted_and_not_said_again(
    slack: FakeSlack, messenger: Messenger, fault: Fault, error: type[Exception]
) -> None:
    slack.fail("respond", fault)
    with pytest.raises(error):
        messenger.say(slack.response_url, HELLO)
    assert len(slack.whispers) <= 1


def test_quiet_hours_are_told_as_a_span(slack: FakeSlack, messenger: Messenger) -> None:
    slack.set_quiet_hours("U0ALICE", 1_772_000_000, 1_772_030_000)
    assert messenger.do_not_disturb("U0ALICE") == (1_772_000_000, 1_772_030_000)


def test_a_pause_is_told_from_ever_until_its_end(slack: FakeSlack, messenger: Messenger) -> None:
    slack.set_quiet_hours("U0ALICE", 1_772_000_000, 1_772_030_000)
    slack.set_snooze("U0ALICE", 1_771_999_000)
    assert messenger.do_not_disturb("U0ALICE") == (0, 1_771_999_000)


@pytest.mark.parametrize(
    "told",
    [
        {"dnd_enabled": False, "next_dnd_start_ts": 1_772_000_000, "next_dnd_end_ts": 1_772_030_000},
        {"dnd_enabled": True, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1},
        {"dnd_enabled": True, "next_dnd_start_ts": "soon", "next_dnd_end_ts": None},
        {},
    ],
)
def test_who_set_no_quiet_hours_has_none(slack: FakeSlack, messenger: Messenger, told: dict[str, Any]) -> None:
    slack.quiet["U0ALICE"] = told
    assert messenger.do_not_disturb("U0ALICE") is None


def test_a_member_is_found_by_e_mail(slack: FakeSlack, messenger: Messenger) -> None:
    slack.add_user("U0BOB", profile={"email": "bob@acme.test"}, real_name="Bob")
    found = messenger.by_email("bob@acme.test")
    assert found is not None
    assert (found["id"], found["real_name"], found["profile"]["email"]) == ("U0BOB", "Bob", "bob@acme.test")
    assert messenger.by_email("carol@acme.test") is None
    assert messenger.by_email("") is None


def test_all_members_are_told_page_by_page(slack: FakeSlack, messenger: Messenger) -> None:
    slack.page = 2
    for name in ("U0BOB", "U0CAROL", "U0DAN", "U0EVE"):
        slack.add_user(name)
    assert [member["id"] for member in messenger.members()] == ["U0ALICE", "U0BOB", "U0CAROL", "U0DAN", "U0EVE"]
    assert [(form["limit"], form.get("cursor")) for _, form in slack.calls] == [
        ("200", None), ("200", "2"), ("200", "4"),
    ]  # fmt: skip


def all_members(messenger: Messenger) -> list[dict[str, Any]]:
    return list(messenger.members())


_OPTIONAL = [
    ("dnd.info", "dnd:read", "dnd", lambda messenger: messenger.do_not_disturb("U0ALICE")),
    ("users.lookupByEmail", "users:read.email", "email", lambda messenger: messenger.by_email("a@acme.test")),
    ("users.list", "users:read", "members", all_members),
]


@pytest.mark.parametrize(("method", "scope", "what", "call"), _OPTIONAL)
def test_a_scope_that_one_call_lacks_says_nothing_about_the_token(
    slack: FakeSlack, messenger: Messenger, method: str, scope: str, what: str, call: Any
) -> None:
    slack.scopes = ",".join(one for one in slack.scopes.split(",") if one != scope)
    with pytest.raises(Undeliverable) as found:
        call(messenger)
    assert (found.value.reason, found.value.scope) == (f"{what}_missing_scope", "message")


@pytest.mark.parametrize(("method", "scope", "what", "call"), _OPTIONAL)
def test_a_refused_token_concerns_everything_whichever_call_finds_it(
    slack: FakeSlack, messenger: Messenger, method: str, scope: str, what: str, call: Any
) -> None:
    slack.token_error = "token_revoked"
    with pytest.raises(Undeliverable) as found:
        call(messenger)
    assert (found.value.reason, found.value.scope) == ("token_revoked", "all")


_FORM = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Away"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [section("hello")],
}
_CALLS = [
    *((method, call) for method, _, _, call in _OPTIONAL),
    ("views.publish", lambda messenger: messenger.publish_home("U0ALICE", HELLO)),
    ("views.open", lambda messenger: messenger.open_modal("1.2.abc", _FORM)),
    ("views.update", lambda messenger: messenger.update_modal("V00000", _FORM)),
]


@pytest.mark.parametrize(("method", "call"), _CALLS)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("http", 429, retry_after=7), Passing),
        (Fault("http", 500), Unknown),
        (Fault("reset"), Unknown),
        (Fault("http", 200, "[]"), Unknown),
        (Fault("error", error="user_not_visible"), Undeliverable),
        (Fault("error", error="moon_in_the_wrong_phase"), Passing),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_what_goes_wrong_is_sorted_whatever_is_called_and_tried_once(
    slack: FakeSlack, messenger: Messenger, method: str, call: Any, fault: Fault, error: type[Exception]
) -> None:
    slack.fail(method, fault)
    with pytest.raises(error):
        call(messenger)
    assert slack.called(method) == 1


def test_a_home_is_shown_and_shown_anew(slack: FakeSlack, messenger: Messenger) -> None:
    messenger.publish_home("U0ALICE", HELLO)
    messenger.publish_home("U0ALICE", Message("bye", (section("bye"),)))
    assert slack.homes["U0ALICE"]["blocks"] == [section("bye")]
    assert slack.published["U0ALICE"] == 2


def test_a_home_takes_a_hundred_blocks_and_no_more(slack: FakeSlack, messenger: Messenger) -> None:
    messenger.publish_home("U0ALICE", Message("", (section("hello"),) * 100))
    with pytest.raises(Undeliverable) as found:
        messenger.publish_home("U0ALICE", Message("", (section("hello"),) * 101))
    assert (found.value.reason, found.value.scope) == ("invalid_arguments", "message")


def test_somebody_slack_does_not_know_has_no_home(messenger: Messenger) -> None:
    with pytest.raises(Undeliverable) as found:
        messenger.publish_home("U0NEVER", HELLO)
    assert (found.value.reason, found.value.scope) == ("user_not_found", "address")


def test_a_modal_opens_once_a_trigger(slack: FakeSlack, messenger: Messenger) -> None:
    messenger.open_modal("1.2.abc", _FORM)
    assert [modal["title"]["text"] for modal in slack.modals] == ["Away"]
    for trigger, reason in (("1.2.abc", "exchanged_trigger_id"), ("x", "invalid_trigger_id")):
        with pytest.raises(Undeliverable) as found:
            messenger.open_modal(trigger, _FORM)
        assert (found.value.reason, found.value.scope) == (reason, "message")
    assert len(slack.modals) == 1


def test_an_open_modal_shows_something_else(slack: FakeSlack, messenger: Messenger) -> None:
    opened = messenger.open_modal("1.2.abc", _FORM)
    messenger.update_modal(opened, {**_FORM, "blocks": [section("bye")]})
    assert [modal["blocks"] for modal in slack.modals] == [[section("bye")]]
    with pytest.raises(Undeliverable) as found:
        messenger.update_modal("V99999", _FORM)
    assert (found.value.reason, found.value.scope) == ("not_found", "message")


def test_a_trigger_that_came_too_late_concerns_that_modal(slack: FakeSlack, messenger: Messenger) -> None:
    slack.fail("views.open", Fault("error", error="expired_trigger_id"))
    with pytest.raises(Undeliverable) as found:
        messenger.open_modal("1.2.abc", _FORM)
    assert (found.value.reason, found.value.scope) == ("expired_trigger_id", "message")
